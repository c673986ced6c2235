"""What the facts of an event must satisfy before a clerk may write them down; pure, no database."""

import hashlib
from collections.abc import Iterator
from datetime import date, timedelta

from kit import names, pin
from kit.pin import Sex
from kit.refusal import Fault, fault
from register import dates
from register.messages import BirthFacts, DeathFacts, MarriageFacts, Person, RecognitionFacts, RegistrationKind

ON_TIME = timedelta(days=60)
"""From the day of birth (Luật Hộ tịch 60/2014, Đ15)."""


def registration_kind(born: date, registered: date) -> RegistrationKind:
    return "on_time" if registered - born <= ON_TIME else "late"


def birth_faults(facts: BirthFacts, child_pin: str, today: date, *, again: bool = False) -> list[Fault]:
    """Everything wrong with a birth to be registered on `today`; one registered again knows of days what the old papers say."""
    return list(_birth(facts, child_pin, today, again=again))


def marriage_faults(facts: MarriageFacts, registered: date) -> list[Fault]:
    """Everything wrong with a marriage entry copied from a book."""
    return [
        *_adult("husband", facts.husband, "male", before=registered),
        *_adult("wife", facts.wife, "female", before=registered),
        *_same_person("wife.pin", facts.husband, facts.wife),
    ]


DEATH_ON_TIME = timedelta(days=15)
"""From the day of death (Luật Hộ tịch Đ33)."""
MARRIAGEABLE_YEARS = {"husband": 20, "wife": 18}
"""Luật Hôn nhân và gia đình 52/2014 Đ8."""


def death_kind(died_on: str, registered: date) -> RegistrationKind:
    """A day known in part counts from the latest it may have been."""
    return "on_time" if registered - dates.last_day(died_on) <= DEATH_ON_TIME else "late"


def new_marriage_faults(facts: MarriageFacts, today: date) -> list[Fault]:
    """`marriage_faults`, and whether both are of age today."""
    found = marriage_faults(facts, today)
    for role, spouse in (("husband", facts.husband), ("wife", facts.wife)):
        years = MARRIAGEABLE_YEARS[role]
        born = spouse.date_of_birth
        if born is not None and _day(born) is not None and not _of_age(dates.last_day(born), years, today):
            found.append(
                fault(
                    f"{role}.date_of_birth",
                    "under-age",
                    f"Chưa đủ {years} tuổi vào ngày đăng ký.",
                    f"Not yet {years} years old on the day of registration.",
                )
            )
    return found


def marriage_again_faults(facts: MarriageFacts, today: date) -> list[Fault]:
    """What is wrong with a marriage registered again, of which the old papers say less."""
    return [
        *_adult("husband", facts.husband, "male", before=today, whole=False),
        *_adult("wife", facts.wife, "female", before=today, whole=False),
        *_same_person("wife.pin", facts.husband, facts.wife),
    ]


def death_faults(facts: DeathFacts, today: date) -> list[Fault]:
    """What is wrong with a death to be registered on `today`."""
    died = _day(facts.died_on)
    if died is None or died > today:
        return [
            fault(
                "died_on",
                "date-of-death",
                "Ngày mất phải có thật và không ở tương lai.",
                "The day of death must be a real one, not in the future.",
            )
        ]
    who = facts.deceased
    return list(_adult("deceased", who, who.sex, before=dates.last_day(facts.died_on) + timedelta(days=1), whole=False))


def recognition_faults(facts: RecognitionFacts, today: date) -> list[Fault]:
    """What is wrong with a recognition: the parent must be of the sex and the age that a parent of this child has."""
    parent, child = facts.parent, facts.child
    of_parent, of_child = ("recognised", "recogniser") if parent is facts.recognised else ("recogniser", "recognised")
    sex: Sex = "male" if facts.parent_role == "father" else "female"
    born = _day(child.date_of_birth or "")
    return [
        *_adult(of_child, child, None, before=today + timedelta(days=1)),
        *_adult(of_parent, parent, sex, before=born or today),
        *_same_person("recognised.pin", facts.recogniser, facts.recognised),
    ]


def _of_age(born: date, years: int, today: date) -> bool:
    return (today.year - born.year, today.month, today.day) >= (years, born.month, born.day)


def likeness(facts: BirthFacts) -> str | None:
    """What makes two registrations the same birth, as a digest; None when nobody knows the mother.

    Names are folded, so a retyped accent does not make a second child; twins may share a folded name (Anh, Ánh) and
    differ in order.
    """
    if facts.mother is None:
        return None
    mother = facts.mother.pin or f"{names.fold(facts.mother.full_name)}|{facts.mother.date_of_birth}"
    order = facts.birth_order if facts.multiple_birth else 1
    return _digest(mother, facts.child.date_of_birth, names.fold(facts.child.full_name), order)


def death_likeness(facts: DeathFacts) -> str:
    """What makes two registrations the same death, whether or not either knows the number."""
    who = facts.deceased
    return _digest(names.fold(who.full_name), who.date_of_birth, facts.died_on)


def _digest(*said: object) -> str:
    return hashlib.sha256("|".join(map(str, said)).encode()).hexdigest()


def _birth(facts: BirthFacts, child_pin: str, today: date, *, again: bool) -> Iterator[Fault]:
    child = facts.child
    yield from name_faults("child.full_name", child.full_name)
    born = _day(child.date_of_birth)
    if born is None or not (again or dates.is_whole(child.date_of_birth)):
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
        yield from _adult("mother", facts.mother, "female", before=born, whole=not again)
    if facts.father is not None:
        yield from _adult("father", facts.father, "male", before=born, whole=not again)
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


def _adult(role: str, person: Person, sex: Sex | None, *, before: date, whole: bool = True) -> Iterator[Fault]:
    """`whole` asks for everything the law wants of a person; else a birthday not known is left open."""
    yield from name_faults(f"{role}.full_name", person.full_name)
    if person.date_of_birth is None and not whole:
        if person.pin is not None:
            yield from pin.faults(person.pin, field=f"{role}.pin", sex=sex)
        return
    first = _day(person.date_of_birth or "")
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


def _same_person(field: str, one: Person, other: Person) -> Iterator[Fault]:
    if one.pin is not None and one.pin == other.pin:
        yield fault(field, "same-person", "Hai người trùng một số định danh.", "Both persons have one personal number.")


def name_faults(field: str, name: str) -> list[Fault]:
    """What is wrong with a name; at most one thing."""
    if names.nfc(name) and not names.unprintable(name) and not any(c.isdigit() for c in name):
        return []
    return [
        fault(
            field,
            "name",
            "Họ tên trống, có chữ số hoặc ký tự lạ.",
            "The name is empty or has digits or characters that no name needs.",
        )
    ]


def _day(partial: str) -> date | None:
    try:
        return dates.first_day(partial)
    except ValueError:
        return None
