"""Finds the entry somebody means, in every book of the city, by what they remember of it; never guesses between two."""

import re
from collections.abc import Sequence

from kit import names
from kit.db import AsyncConnection
from register import dates, store, writing
from register.messages import (
    AnyEntry,
    BirthEntry,
    DeathEntry,
    MarriageEntry,
    Person,
    RecognitionEntry,
    Sought,
)
from register.refusals import EntryAmbiguous, EntryNotFound

_LOOKED_AT = 200
_TOLD = 5
_BOOK = re.compile(r"(?:(\d{1,3})/)?(\d{4})", re.ASCII)
_OFFICE = re.compile(r"^(?:ubnd|uy ban nhan dan)\s+")


async def find(conn: AsyncConnection, sought: Sought) -> AnyEntry:
    """The one entry that fits everything remembered. A name alone is nobody: it takes a birthday, a day of registration, or number and book.

    Raises EntryNotFound, EntryAmbiguous.
    """
    volume, year = _book(sought.book)
    rows = await store.found(
        conn,
        kind=sought.kind,
        name_folded=names.fold(sought.full_name),
        born_year=sought.date_of_birth[:4] if sought.date_of_birth else None,
        number=sought.number,
        year=int(sought.registered_on[:4]) if year is None and sought.registered_on else year,
        limit=_LOOKED_AT,
    )
    if len(rows) == _LOOKED_AT:
        # The one that is meant may be beyond those looked at.
        raise ambiguous([writing.decode(row) for row in rows])
    entries = [(writing.decode(row, notes=0), writing.decode(row)) for row in rows]
    fitting = [now for first, now in entries if _fits(first, now, sought, volume, year)]
    if not fitting:
        raise EntryNotFound
    if len(fitting) > 1:
        fitting = _of_office(fitting, sought.registered_at) or fitting
    certain = sought.date_of_birth or sought.registered_on or (sought.number and year)
    if len(fitting) > 1 or not certain:
        raise ambiguous(fitting)
    return fitting[0]


def ambiguous(entries: Sequence[AnyEntry]) -> EntryAmbiguous:
    """Names the places of the candidates, nobody's facts."""
    told = [f"số {entry.number}, quyển {entry.book}, {entry.office.name}" for entry in entries[:_TOLD]]
    return EntryAmbiguous(candidates="; ".join(told) + ("; …" if len(entries) > _TOLD else ""))


def people_of(entry: AnyEntry) -> list[Person]:
    """Whom an entry is about; the parents of a child are not among them."""
    match entry:
        case BirthEntry():
            child = entry.facts.child
            return [Person(full_name=child.full_name, date_of_birth=child.date_of_birth, pin=entry.pin)]
        case MarriageEntry():
            return [entry.facts.husband, entry.facts.wife]
        case DeathEntry():
            return [entry.facts.deceased]
        case RecognitionEntry():
            return [entry.facts.recogniser, entry.facts.recognised]
        case _:
            return []


def _fits(first: AnyEntry, now: AnyEntry, sought: Sought, volume: int | None, year: int | None) -> bool:
    if sought.number is not None and sought.number != now.number:
        return False
    if (year is not None and year != now.year) or (volume is not None and volume != now.volume):
        return False
    if sought.registered_on is not None and not _overlap(sought.registered_on, now.registered_on.isoformat()):
        return False
    wanted = names.fold(sought.full_name)
    named = [who for who in (*people_of(now), *people_of(first)) if names.fold(who.full_name) == wanted]
    if not named:
        # The name asked for may be the right one, not yet in the book: number and book then say which entry.
        return sought.number is not None and year is not None
    born = sought.date_of_birth
    return born is None or any(who.date_of_birth is None or _overlap(born, who.date_of_birth) for who in named)


def _of_office(entries: list[AnyEntry], registered_at: str | None) -> list[AnyEntry]:
    ward = _OFFICE.sub("", names.fold(registered_at or "").split(",")[0].strip())
    return [entry for entry in entries if ward and ward in names.fold(entry.office.name)]


def _book(said: str | None) -> tuple[int | None, int | None]:
    """Volume and year of `01/1995` or `1995`; what is no such thing says nothing."""
    found = _BOOK.fullmatch((said or "").strip())
    return (int(found[1]) if found and found[1] else None, int(found[2]) if found else None)


def _overlap(one: str, other: str) -> bool:
    """Whether two partial dates may be one day."""
    return dates.first_day(one) <= dates.last_day(other) and dates.first_day(other) <= dates.last_day(one)
