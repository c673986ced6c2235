"""What the facts of an event must satisfy before a clerk may write them down; pure, no database."""

import hashlib
from collections.abc import Iterator
from datetime import date, timedelta

from kit import names, pin
from kit.pin import Sex
from kit.refusal import Fault, fault
from register import dates
from register.messages import BirthFacts, MarriageFacts, Parent, RegistrationKind, Spouse

ON_TIME = timedelta(days=60)
"""From the day of birth (Luật Hộ tịch 60/2014, Đ15)."""


def registration_kind(born: date, registered: date) -> RegistrationKind:
    return "on_time" if registered - born <= ON_TIME else "late"


def birth_faults(facts: BirthFacts, child_pin: str, today: date) -> list[Fault]:
    """Everything wrong with a birth to be registered on `today`."""
    return list(_birth(facts, child_pin, today))


def marriage_faults(facts: MarriageFacts, registered: date) -> list[Fault]:
    """Everything wrong with a marriage entry copied from a book."""
    return [
        *_adult("husband", facts.husband, "male", before=registered),
        *_adult("wife", facts.wife, "female", before=registered),
        *_same_person("wife.pin", facts.husband, facts.wife),
    ]


def likeness(facts: BirthFacts) -> str | None:
    """What makes two registrations the same birth, as a digest; None when nobody knows the mother.

    Names are folded, so a retyped accent does not make a second child; twins may share a folded name (Anh, Ánh) and
    differ in order.
    """
    if facts.mother is None:
        return None
    mother = facts.mother.pin or f"{names.fold(facts.mother.full_name)}|{facts.mother.date_of_birth}"
    order = facts.birth_order if facts.multiple_birth else 1
    said = f"{mother}|{facts.child.date_of_birth}|{names.fold(facts.child.full_name)}|{order}"
    return hashlib.sha256(said.encode()).hexdigest()


def _birth(facts: BirthFacts, child_pin: str, today: date) -> Iterator[Fault]:
    child = facts.child
    yield from _name("child.full_name", child.full_name)
    born = _day(child.date_of_birth)
    if born is None or not dates.is_whole(child.date_of_birth):
        yield fault(
            "child.date_of_birth",
            "date-of-birth",
            "Ngày sinh của trẻ phải đủ ngày, tháng, năm và có thật.",
            "The child's date of birth must be a real, whole date.",
        )
        return
    if born > today:
        yield fault(
            "child.date_of_birth", "in-the-future", "Ngày sinh ở tương lai.", "The date of birth is in the future."
        )
    yield from pin.faults(child_pin, field="pin", sex=child.sex, birth_year=born.year)
    if facts.mother is not None:
        yield from _adult("mother", facts.mother, "female", before=born)
    if facts.father is not None:
        yield from _adult("father", facts.father, "male", before=born)
    if facts.mother is not None and facts.father is not None:
        yield from _same_person("father.pin", facts.mother, facts.father)
    for role, parent in (("mother", facts.mother), ("father", facts.father)):
        if parent is not None and parent.pin == child_pin:
            yield fault(
                f"{role}.pin", "same-as-child", "Trùng số định danh của trẻ.", "This is the child's own number."
            )
    if facts.notification is not None and facts.notification.issued_on is not None:
        if facts.notification.issued_on < born:
            yield fault(
                "notification.issued_on",
                "before-birth",
                "Giấy chứng sinh cấp trước ngày sinh.",
                "The birth notification is dated before the birth.",
            )
        if facts.notification.issued_on > today:
            yield fault(
                "notification.issued_on",
                "in-the-future",
                "Ngày cấp giấy chứng sinh ở tương lai.",
                "The birth notification is dated in the future.",
            )
    if facts.birth_order > 1 and not facts.multiple_birth:
        yield fault(
            "birth_order",
            "not-multiple",
            "Thứ tự sinh lớn hơn 1 chỉ dùng cho sinh đôi, sinh ba.",
            "An order of birth above 1 is for twins and triplets only.",
        )


def _adult(role: str, person: Parent | Spouse, sex: Sex, *, before: date) -> Iterator[Fault]:
    yield from _name(f"{role}.full_name", person.full_name)
    first = _day(person.date_of_birth)
    if first is None:
        yield fault(
            f"{role}.date_of_birth", "date-of-birth", "Ngày sinh không có thật.", "The date of birth is no real date."
        )
        return
    if first >= before:
        yield fault(
            f"{role}.date_of_birth",
            "born-after",
            "Ngày sinh không trước sự kiện được đăng ký.",
            "The date of birth is not before the event registered.",
        )
    if person.pin is not None:
        yield from pin.faults(person.pin, field=f"{role}.pin", sex=sex, birth_year=first.year)


def _same_person(field: str, one: Parent | Spouse, other: Parent | Spouse) -> Iterator[Fault]:
    if one.pin is not None and one.pin == other.pin:
        yield fault(field, "same-person", "Hai người trùng một số định danh.", "Both persons have one personal number.")


def _name(field: str, name: str) -> Iterator[Fault]:
    if not names.nfc(name) or names.unprintable(name) or any(c.isdigit() for c in name):
        yield fault(
            field,
            "name",
            "Họ tên trống, có chữ số hoặc ký tự lạ.",
            "The name is empty or has digits or characters that no name needs.",
        )


def _day(partial: str) -> date | None:
    try:
        return dates.first_day(partial)
    except ValueError:
        return None
