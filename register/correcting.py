"""What a change, correction or completion does to an entry: each point held against what the book says; pure, no database."""

import re
from typing import Any

import msgspec

from kit import names
from kit.refusal import Fault, fault
from register import checking, dates
from register.messages import (
    AnyEntry,
    BirthEntry,
    Child,
    Correction,
    CorrectionFacts,
    DeathEntry,
    MarriageEntry,
    Person,
    RecognitionEntry,
)
from register.refusals import CorrectionRefused

KINDS = {"change": "Thay đổi", "correct": "Cải chính", "complete": "Bổ sung"}

_FIELDS = {
    "name": "full_name",
    "date_of_birth": "date_of_birth",
    "sex": "sex",
    "ethnicity": "ethnicity",
    "place_of_origin": "place_of_origin",
}
_SEXES = {"nam": "male", "nu": "female"}
_DAY = re.compile(r"(?:(?:(\d{2})/)?(\d{2})/)?(\d{4})", re.ASCII)


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """`changes` by the facts' paths; `said` for the note; `named` is the person as they are named from then on, with their role."""

    changes: dict[str, Any]
    said: str
    ends_marriage: bool
    named: tuple[str, Person] | None


def plan(entry: AnyEntry, facts: CorrectionFacts, person: str) -> Plan:
    """`person` is whom it concerns, by name: of two spouses the book must know which. Raises CorrectionRefused with every fault."""
    people = _people(entry)
    role = _role(people, person, facts)
    changes: dict[str, Any] = {}
    faults: list[Fault] = []
    for number, item in enumerate(facts.items):
        path = f"correction.items.{number}"
        if item.what == "marriage_ended":
            faults += _unendable(entry, path)
        elif item.what in _FIELDS:
            if role is None:
                faults.append(
                    fault(path, "which-person", "Không rõ sửa cho ai trong hai người.", "Of which of the two?")
                )
                continue
            value, wrong = _value(people[role], facts.kind, item, path)
            faults += wrong
            if not wrong:
                changes[f"{role}.{_FIELDS[item.what]}"] = value
    if faults:
        raise CorrectionRefused(faults=faults)
    said = "; ".join(
        f"{item.label}: “{item.written}” thành “{item.right}”" if item.written else f"{item.label}: “{item.right}”"
        for item in facts.items
    )
    return Plan(
        changes=changes,
        said=said,
        ends_marriage=any(item.what == "marriage_ended" for item in facts.items),
        named=None if role is None or not changes else (role, _named(people[role], role, changes, entry)),
    )


def _people(entry: AnyEntry) -> dict[str, Person | Child]:
    """Whom an entry speaks of, by the paths of its facts."""
    match entry:
        case BirthEntry():
            return {"child": entry.facts.child}
        case MarriageEntry():
            return {"husband": entry.facts.husband, "wife": entry.facts.wife}
        case DeathEntry():
            return {"deceased": entry.facts.deceased}
        case RecognitionEntry():
            return {"recogniser": entry.facts.recogniser, "recognised": entry.facts.recognised}
        case _:
            return {}


def _role(people: dict[str, Person | Child], person: str, facts: CorrectionFacts) -> str | None:
    if len(people) == 1:
        return next(iter(people))
    # The name asked for may be the right one: then what the book says of the name tells who it is.
    said = {
        names.fold(person),
        *(names.fold(item.written) for item in facts.items if item.what == "name" and item.written),
    }
    found = [role for role, who in people.items() if names.fold(who.full_name) in said]
    return found[0] if len(found) == 1 else None


def _value(who: Person | Child, kind: str, item: Correction, path: str) -> tuple[Any, list[Fault]]:
    """What the book will say of one point."""
    name = _FIELDS[item.what]
    if not hasattr(who, name):
        return None, [
            fault(path, "not-in-entry", "Loại sổ này không ghi mục ấy.", "This kind of entry does not say that.")
        ]
    now: str | None = getattr(who, name)
    written = _read(item.what, item.written) if item.written else None
    if item.written and (now is None or not _alike(item.what, written, now)):
        return None, [
            fault(
                f"{path}.written",
                "not-as-in-book",
                f"Sổ đang ghi “{_told(item.what, now)}”.",
                f"The book says “{_told(item.what, now)}”.",
            )
        ]
    if kind == "complete" and now is not None:
        return None, [
            fault(
                path,
                "already-written",
                f"Sổ đã ghi “{_told(item.what, now)}”; hãy chọn cải chính.",
                "The book says something already; choose a correction.",
            )
        ]
    right = _read(item.what, item.right)
    if right is None or (item.what == "name" and checking.name_faults("", right)):
        return None, [
            fault(
                f"{path}.right", "not-possible", "Nội dung đúng chưa đúng dạng.", "What is right is not of that kind."
            )
        ]
    return right, []


def _read(what: str, said: str) -> str | None:
    """As the register keeps it; None for what is no such thing."""
    if what == "sex":
        return _SEXES.get(names.fold(said))
    if what != "date_of_birth":
        return said
    found = _DAY.fullmatch(said)
    partial = "-".join(part for part in (found[3], found[2], found[1]) if part) if found else said
    try:
        dates.first_day(partial)
    except ValueError:
        return None
    return partial


def _alike(what: str, said: str | None, now: str) -> bool:
    return said == now if what in ("sex", "date_of_birth") else (said or "").casefold() == now.casefold()


def _told(what: str, now: str | None) -> str:
    if now is None:
        return "…"
    if what == "sex":
        return "Nam" if now == "male" else "Nữ"
    return dates.figures(now) if what == "date_of_birth" else now


def _unendable(entry: AnyEntry, path: str) -> list[Fault]:
    if isinstance(entry, MarriageEntry) and entry.stands:
        return []
    return [
        fault(path, "no-marriage", "Đây không phải việc kết hôn đang có hiệu lực.", "This is no marriage that stands.")
    ]


def _named(who: Person | Child, role: str, changes: dict[str, Any], entry: AnyEntry) -> Person:
    pin = entry.pin if isinstance(entry, BirthEntry) else getattr(who, "pin", None)
    return Person(
        full_name=changes.get(f"{role}.full_name", who.full_name),
        date_of_birth=changes.get(f"{role}.date_of_birth", who.date_of_birth),
        pin=pin,
    )
