"""The registrar's verbs, in the caller's transaction: a dossier's decision and the book's line stand or fall as one."""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any, TypeVar

import msgspec

from kit import clock, ids, names
from kit.actor import Actor
from kit.db import AsyncConnection, to_json
from kit.refusal import Invalid
from register import checking, store
from register.messages import (
    BirthEntry,
    BirthFacts,
    Kind,
    MarriageEntry,
    MarriageFacts,
    Office,
    Parent,
    Signer,
    Spouse,
)
from register.refusals import (
    BirthAlreadyRegistered,
    BookClosed,
    EntryUnknown,
    NotificationUsed,
    NotTheRegistrar,
    PinTaken,
    PlaceTaken,
)

_REGISTRARS = {"civil_status", "head"}

_Row = Mapping[Any, Any]
_Facts = TypeVar("_Facts", BirthFacts, MarriageFacts)


async def register_birth(
    conn: AsyncConnection, *, actor: Actor, office: Office, signer: Signer, pin: str, facts: BirthFacts, at: datetime
) -> BirthEntry:
    """Writes a birth in the office's open book of the year and gives the entry (Luật Hộ tịch Đ14, Đ16).

    Raises NotTheRegistrar, Invalid with every fault, PinTaken, NotificationUsed, BirthAlreadyRegistered or BookClosed.
    The book stays locked until the caller's transaction ends, so numbers have no gaps: keep what follows short.
    """
    if actor.kind != "officer" or actor.office_id != office.id or not actor.roles & _REGISTRARS:
        raise NotTheRegistrar
    today = at.astimezone(clock.CITY).date()
    facts = _as_written(facts, BirthFacts)
    if faults := checking.birth_faults(facts, pin, today):
        raise Invalid(faults=faults)
    notification = facts.notification.number if facts.notification else None
    likeness = checking.likeness(facts)

    async def refuse_the_known() -> None:
        rows = await store.birth_like(conn, pin=pin, notification_number=notification, likeness=likeness)
        _refuse_the_known([_birth(row) for row in rows], notification, likeness)

    await refuse_the_known()
    try:
        # A caller who catches a refusal and asks again in one transaction must not find a number used up.
        async with conn.begin_nested():
            book_id, volume, number = await _next_place(conn, office.id, "birth", today.year, at)
            entry = BirthEntry(
                id=ids.new_id("reg"),
                book_id=book_id,
                volume=volume,
                year=today.year,
                number=number,
                page=number,
                registered_on=today,
                registration_kind=checking.registration_kind(date.fromisoformat(facts.child.date_of_birth), today),
                office=office,
                signer=signer,
                pin=pin,
                facts=facts,
            )
            row = {
                **_common(entry, "birth", at),
                "pin": pin,
                "notification_number": notification,
                "likeness": likeness,
                "entered_by": actor.account_id,
            }
            await store.add_entry(conn, row, _people_of_birth(entry))
    except store.Taken:
        # Two offices at once: the other one committed between our look and our line.
        await refuse_the_known()
        raise
    return entry


async def enter_marriage(
    conn: AsyncConnection,
    *,
    office: Office,
    signer: Signer,
    registered_on: date,
    number: int,
    facts: MarriageFacts,
    volume: int = 1,
    page: int | None = None,
) -> MarriageEntry:
    """Copies a marriage from its book, with the number it has there. Raises Invalid or PlaceTaken."""
    now = clock.now()
    facts = _as_written(facts, MarriageFacts)
    if faults := checking.marriage_faults(facts, registered_on):
        raise Invalid(faults=faults)
    book_id = await _book_copied(conn, office.id, "marriage", registered_on, volume, now)
    entry = MarriageEntry(
        id=ids.new_id("reg"),
        book_id=book_id,
        volume=volume,
        year=registered_on.year,
        number=number,
        page=page or number,
        registered_on=registered_on,
        registration_kind="new",
        office=office,
        signer=signer,
        facts=facts,
    )
    people = [_adult("husband", facts.husband), _adult("wife", facts.wife)]
    await _copy(conn, entry, _common(entry, "marriage", now), people)
    return entry


async def marriage_of(conn: AsyncConnection, pin: str) -> MarriageEntry | None:
    """The latest marriage entry that names this person as husband or wife.

    The entry is the fact that they married; a divorce noted later is a correction, which this does not read.
    """
    row = await store.latest_marriage(conn, pin)
    return None if row is None else _marriage(row)


async def enter_birth(
    conn: AsyncConnection,
    *,
    office: Office,
    signer: Signer,
    registered_on: date,
    number: int,
    pin: str,
    facts: BirthFacts,
    volume: int = 1,
    page: int | None = None,
) -> BirthEntry:
    """Copies a birth from its book, with the number it has there. Raises Invalid, PlaceTaken, PinTaken, NotificationUsed or
    BirthAlreadyRegistered."""
    now = clock.now()
    facts = _as_written(facts, BirthFacts)
    if faults := checking.birth_faults(facts, pin, registered_on):
        raise Invalid(faults=faults)
    notification = facts.notification.number if facts.notification else None
    likeness = checking.likeness(facts)
    rows = await store.birth_like(conn, pin=pin, notification_number=notification, likeness=likeness)
    _refuse_the_known([_birth(row) for row in rows], notification, likeness)
    book_id = await _book_copied(conn, office.id, "birth", registered_on, volume, now)
    entry = BirthEntry(
        id=ids.new_id("reg"),
        book_id=book_id,
        volume=volume,
        year=registered_on.year,
        number=number,
        page=page or number,
        registered_on=registered_on,
        registration_kind=checking.registration_kind(date.fromisoformat(facts.child.date_of_birth), registered_on),
        office=office,
        signer=signer,
        pin=pin,
        facts=facts,
    )
    row = {**_common(entry, "birth", now), "pin": pin, "notification_number": notification, "likeness": likeness}
    await _copy(conn, entry, row, _people_of_birth(entry))
    return entry


async def birth_of(conn: AsyncConnection, pin: str) -> BirthEntry | None:
    """The entry of this person's birth."""
    row = await store.birth_of(conn, pin)
    return None if row is None else _birth(row)


async def dead_among(conn: AsyncConnection, pins: Collection[str]) -> frozenset[str]:
    """Those of these persons whose death is in the books."""
    return frozenset(await store.deceased(conn, pins))


async def entry(conn: AsyncConnection, entry_id: str) -> BirthEntry | MarriageEntry:
    """One entry of a book. Raises EntryUnknown."""
    row = await store.entry(conn, entry_id)
    if row is None:
        raise EntryUnknown
    return _birth(row) if row["kind"] == "birth" else _marriage(row)


async def _next_place(
    conn: AsyncConnection, office_id: str, kind: Kind, year: int, at: datetime
) -> tuple[str, int, int]:
    place = await store.take_number(conn, office_id=office_id, kind=kind, year=year)
    if place is None:
        await store.open_book(conn, office_id=office_id, kind=kind, year=year, volume=1, at=at, closed=False)
        place = await store.take_number(conn, office_id=office_id, kind=kind, year=year)
    if place is None:
        raise BookClosed(year=year)
    return place.id, place.volume, place.last_number


async def _book_copied(
    conn: AsyncConnection, office_id: str, kind: Kind, registered_on: date, volume: int, at: datetime
) -> str:
    """The book an entry is copied from, opened when it is not there yet."""
    # A book is closed on the last day of its year (Luật Hộ tịch Đ58); a further volume of this year is a paper one.
    closed, year = registered_on.year < clock.today().year or volume > 1, registered_on.year
    await store.open_book(conn, office_id=office_id, kind=kind, year=year, volume=volume, at=at, closed=closed)
    return await store.book_of(conn, office_id=office_id, kind=kind, year=year, volume=volume)


async def _copy(
    conn: AsyncConnection, entry: BirthEntry | MarriageEntry, row: dict[str, Any], people: list[dict[str, Any]]
) -> None:
    try:
        async with conn.begin_nested():
            await store.add_entry(conn, row, people)
    except store.Taken as taken:
        raise PlaceTaken(number=entry.number, book=entry.book) from taken
    await store.number_reached(conn, book_id=entry.book_id, number=entry.number)


def _refuse_the_known(known: list[BirthEntry], notification: str | None, likeness: str | None) -> None:
    """The most telling reason first: a number may be asked anew, a child may not be registered anew."""
    for entry in known:
        if notification is not None and entry.facts.notification and entry.facts.notification.number == notification:
            raise NotificationUsed(number=notification, entry_number=entry.number, book=entry.book)
    for entry in known:
        if likeness is not None and checking.likeness(entry.facts) == likeness:
            raise BirthAlreadyRegistered
    for entry in known:
        raise PinTaken(pin=entry.pin)


def _as_written(facts: _Facts, kind: type[_Facts]) -> _Facts:
    """Every text composed (NFC) and without stray spaces: what goes into the book and onto paper."""
    return msgspec.convert(_tidy(to_json(facts)), kind)


def _tidy(value: Any) -> Any:
    if isinstance(value, str):
        return names.nfc(value)
    if isinstance(value, dict):
        return {key: _tidy(item) for key, item in value.items()}
    return value


def _people_of_birth(entry: BirthEntry) -> list[dict[str, Any]]:
    facts = entry.facts
    parents = [
        _adult(role, who) for role, who in (("mother", facts.mother), ("father", facts.father)) if who is not None
    ]
    return [_person("child", facts.child.full_name, facts.child.date_of_birth, entry.pin), *parents]


def _person(role: str, full_name: str, date_of_birth: str, pin: str | None) -> dict[str, Any]:
    return {"role": role, "pin": pin, "name_folded": names.fold(full_name), "date_of_birth": date_of_birth}


def _adult(role: str, who: Parent | Spouse) -> dict[str, Any]:
    return _person(role, who.full_name, who.date_of_birth, who.pin)


def _common(entry: BirthEntry | MarriageEntry, kind: Kind, at: datetime) -> dict[str, Any]:
    return {
        "id": entry.id,
        "book_id": entry.book_id,
        "kind": kind,
        "number": entry.number,
        "page": entry.page,
        "registered_on": entry.registered_on,
        "registration_kind": entry.registration_kind,
        "office_name": entry.office.name,
        "signer_name": entry.signer.full_name,
        "signer_title": entry.signer.title,
        "clerk_name": entry.signer.clerk,
        "note": entry.note,
        "facts": to_json(entry.facts),
        "entered_at": at,
    }


def _fields(row: _Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "book_id": row["book_id"],
        "volume": row["volume"],
        "year": row["year"],
        "number": row["number"],
        "page": row["page"],
        "registered_on": row["registered_on"],
        "registration_kind": row["registration_kind"],
        "office": Office(id=row["office_id"], name=row["office_name"]),
        "signer": Signer(full_name=row["signer_name"], title=row["signer_title"], clerk=row["clerk_name"]),
        "note": row["note"],
    }


def _birth(row: _Row) -> BirthEntry:
    return BirthEntry(**_fields(row), pin=row["pin"], facts=msgspec.convert(row["facts"], BirthFacts))


def _marriage(row: _Row) -> MarriageEntry:
    return MarriageEntry(**_fields(row), facts=msgspec.convert(row["facts"], MarriageFacts))
