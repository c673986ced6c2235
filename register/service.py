"""Births and marriages: registered, copied from old books, looked up; in the caller's transaction: a dossier's decision and the
book's line stand or fall as one."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from kit import clock, ids
from kit.actor import Actor
from kit.db import AsyncConnection
from kit.refusal import Invalid
from register import checking, store, writing
from register.messages import (
    AnyEntry,
    BirthEntry,
    BirthFacts,
    BookKind,
    MarriageEntry,
    MarriageFacts,
    Office,
    Person,
    Signer,
)
from register.refusals import (
    BirthAlreadyRegistered,
    EntryStillHeld,
    EntryUnknown,
    NotificationUsed,
    PinTaken,
    PlaceTaken,
)


async def register_birth(
    conn: AsyncConnection,
    *,
    actor: Actor,
    office: Office,
    signer: Signer,
    pin: str,
    facts: BirthFacts,
    at: datetime,
    again: str | None = None,
) -> BirthEntry:
    """Writes a birth in the office's open book of the year and gives the entry (Luật Hộ tịch Đ14, Đ16).

    `again` says where the lost entry stood: what the old papers leave open may then be missing, and an entry still in the books is not
    made anew. Raises NotTheRegistrar, Invalid with every fault, PinTaken, NotificationUsed, BirthAlreadyRegistered, EntryStillHeld or
    BookClosed. The book stays locked until the caller's transaction ends, so numbers have no gaps: keep what follows short.
    """
    desk = writing.Desk(actor=actor, office=office, signer=signer, at=at)
    desk.refuse_others()
    facts = writing.as_written(facts)
    if faults := checking.birth_faults(facts, pin, desk.today, again=again is not None):
        raise Invalid(faults=faults)
    notification = facts.notification.number if facts.notification else None
    likeness = checking.likeness(facts)

    async def refuse_the_known() -> None:
        same: dict[str, Any] = {"pin": pin, "notification_number": notification, "likeness": likeness}
        if not await store.birth_known(conn, **same):
            return
        rows = await store.birth_like(conn, **same)
        if again is not None and rows:
            raise still_held(writing.decode(rows[0]))
        _refuse_the_known(rows, notification, likeness)

    await refuse_the_known()
    try:
        return await writing.write(
            conn,
            desk,
            BirthEntry,
            facts=facts,
            registration_kind="again"
            if again is not None
            else checking.registration_kind(date.fromisoformat(facts.child.date_of_birth), desk.today),
            people=_people_of_birth(facts, pin),
            note=again,
            pin=pin,
            likeness=likeness,
            notification_number=notification,
        )
    except store.Taken:
        # Two offices at once: the other one committed between our look and our line.
        await refuse_the_known()
        raise


def still_held(entry: AnyEntry) -> EntryStillHeld:
    """Why it is not registered again."""
    return EntryStillHeld(number=entry.number, book=entry.book, office=entry.office.name)


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
    facts = writing.as_written(facts)
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
    people: dict[str, Person] = {"husband": facts.husband, "wife": facts.wife}
    await _copy(conn, entry, writing.columns(entry, "marriage", now), people)
    return entry


async def marriage_of(conn: AsyncConnection, pin: str) -> MarriageEntry | None:
    """The latest marriage entry that names this person as husband or wife: that they married, whether it `stands` or not."""
    found = await marriages_of(conn, pin)
    return found[-1] if found else None


async def marriages_of(conn: AsyncConnection, pin: str) -> list[MarriageEntry]:
    """Every marriage of a person, the oldest first."""
    entries = [writing.decode(row) for row in await store.marriages(conn, pin)]
    return [entry for entry in entries if isinstance(entry, MarriageEntry)]


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
    facts = writing.as_written(facts)
    if faults := checking.birth_faults(facts, pin, registered_on):
        raise Invalid(faults=faults)
    notification = facts.notification.number if facts.notification else None
    likeness = checking.likeness(facts)
    rows = await store.birth_like(conn, pin=pin, notification_number=notification, likeness=likeness)
    _refuse_the_known(rows, notification, likeness)
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
    row = {
        **writing.columns(entry, "birth", now),
        "pin": pin,
        "notification_number": notification,
        "likeness": likeness,
    }
    await _copy(conn, entry, row, _people_of_birth(facts, pin))
    return entry


async def birth_of(conn: AsyncConnection, pin: str) -> BirthEntry | None:
    """The entry of this person's birth, as its notes leave it."""
    row = await store.birth_of(conn, pin)
    if row is None:
        return None
    entry = writing.decode(row)
    assert isinstance(entry, BirthEntry)
    return entry


async def dead_among(conn: AsyncConnection, pins: Collection[str]) -> frozenset[str]:
    """Those of these persons whose death is in the books."""
    return frozenset(await store.deceased(conn, pins))


async def kin_of(conn: AsyncConnection, pin: str) -> frozenset[str]:
    """Whom the books name with this person: spouses, parents, children and their other parents, and brothers and sisters."""
    return frozenset(await store.kin(conn, pin))


async def entry(conn: AsyncConnection, entry_id: str) -> AnyEntry:
    """One entry of a book, as its notes leave it. Raises EntryUnknown."""
    return await _entry(conn, entry_id, None)


async def as_registered(conn: AsyncConnection, entry_id: str) -> AnyEntry:
    """One entry as it was first written: what the paper of that day says. Raises EntryUnknown."""
    return await _entry(conn, entry_id, 0)


async def _entry(conn: AsyncConnection, entry_id: str, notes: int | None) -> AnyEntry:
    row = await store.entry(conn, entry_id)
    if row is None:
        raise EntryUnknown
    return writing.decode(row, notes=notes)


async def _book_copied(
    conn: AsyncConnection, office_id: str, kind: BookKind, registered_on: date, volume: int, at: datetime
) -> str:
    """The book an entry is copied from, opened when it is not there yet."""
    # A book is closed on the last day of its year (Luật Hộ tịch Đ58); a further volume of this year is a paper one.
    closed, year = registered_on.year < clock.today().year or volume > 1, registered_on.year
    await store.open_book(conn, office_id=office_id, kind=kind, year=year, volume=volume, at=at, closed=closed)
    return await store.book_of(conn, office_id=office_id, kind=kind, year=year, volume=volume)


async def _copy(
    conn: AsyncConnection, entry: BirthEntry | MarriageEntry, row: dict[str, Any], people: dict[str, Person]
) -> None:
    try:
        async with conn.begin_nested():
            await store.add_entry(conn, row, [writing.person(role, who) for role, who in people.items()])
    except store.Taken as taken:
        raise PlaceTaken(number=entry.number, book=entry.book) from taken
    await store.number_reached(conn, book_id=entry.book_id, number=entry.number)


def _refuse_the_known(known: Collection[writing.Row], notification: str | None, likeness: str | None) -> None:
    """The most telling reason first: a number may be asked anew, a child may not be registered anew."""
    for row in known:
        if notification is not None and row["notification_number"] == notification:
            entry = writing.decode(row)
            raise NotificationUsed(number=notification, entry_number=entry.number, book=entry.book)
    for row in known:
        if likeness is not None and row["likeness"] == likeness:
            raise BirthAlreadyRegistered
    for row in known:
        raise PinTaken(pin=row["pin"])


def _people_of_birth(facts: BirthFacts, pin: str) -> dict[str, Person]:
    child = Person(full_name=facts.child.full_name, date_of_birth=facts.child.date_of_birth, pin=pin)
    named = {"child": child, "mother": facts.mother, "father": facts.father}
    return {role: who for role, who in named.items() if who is not None}
