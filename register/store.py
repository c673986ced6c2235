"""The register's SQL: takes a connection in the caller's transaction, returns rows."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb
from sqlalchemy import ColumnElement, RowMapping, and_, literal_column, or_, select, text, update
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from kit import ids
from kit.db import rows, write
from register.tables import register_books, register_entries, register_extracts, register_notes, register_people


class Taken(Exception):
    """A unique rule of the entries said no; `rule` is its name in the database."""

    def __init__(self, rule: str | None) -> None:
        super().__init__(rule)
        self.rule = rule


async def hold(conn: AsyncConnection, pins: Collection[str]) -> None:
    """Until the transaction ends, nobody else writes of these persons: two offices cannot marry, or bury, one person at once."""
    for pin in sorted(pins):
        await conn.execute(
            text("select pg_advisory_xact_lock(hashtextextended(:what, 0))"), {"what": f"register:{pin}"}
        )


async def open_book(
    conn: AsyncConnection, *, office_id: str, kind: str, year: int, volume: int, at: datetime, closed: bool
) -> None:
    """Makes the book when it is not there yet; two who do so at once make one."""
    await conn.execute(
        insert(register_books)
        .values(
            id=ids.new_id("bok"),
            kind=kind,
            office_id=office_id,
            year=year,
            volume=volume,
            opened_at=at,
            closed_at=at if closed else None,
        )
        .on_conflict_do_nothing(index_elements=["office_id", "kind", "year", "volume"])
    )


async def take_number(conn: AsyncConnection, *, office_id: str, kind: str, year: int) -> RowMapping | None:
    """The next number of the open book, None when no book is open.

    Holds the book until the transaction ends; a rollback gives the number back.
    """
    return (
        (
            await conn.execute(
                update(register_books)
                .where(
                    register_books.c.office_id == office_id,
                    register_books.c.kind == kind,
                    register_books.c.year == year,
                    register_books.c.closed_at.is_(None),
                )
                .values(last_number=register_books.c.last_number + 1)
                .returning(register_books.c.id, register_books.c.volume, register_books.c.last_number)
            )
        )
        .mappings()
        .one_or_none()
    )


async def book_of(conn: AsyncConnection, *, office_id: str, kind: str, year: int, volume: int) -> str:
    """The id of a book, locked."""
    return (
        await conn.execute(
            select(register_books.c.id)
            .where(
                register_books.c.office_id == office_id,
                register_books.c.kind == kind,
                register_books.c.year == year,
                register_books.c.volume == volume,
            )
            .with_for_update()
        )
    ).scalar_one()


async def number_reached(conn: AsyncConnection, *, book_id: str, number: int) -> None:
    """An entry with its own number was copied in: the next new one comes after it."""
    await conn.execute(
        update(register_books)
        .where(register_books.c.id == book_id, register_books.c.last_number < number)
        .values(last_number=number)
    )


_LINE = """
with numbered as (
  update register_books set last_number = last_number + 1
  where office_id = %(office_id)s and kind = %(kind)s and year = %(year)s and closed_at is null returning id, volume, last_number
), added as (
  insert into register_entries (id, book_id, kind, number, page, registered_on, registration_kind, office_name, signer_name, signer_title,
    clerk_name, note, pin, facts, notification_number, likeness, entered_by, entered_at)
  select e.id, n.id, e.kind, n.last_number, n.last_number, e.registered_on, e.registration_kind, e.office_name, e.signer_name,
    e.signer_title, e.clerk_name, e.note, e.pin, e.facts, e.notification_number, e.likeness, e.entered_by, e.entered_at
  from numbered n, jsonb_populate_record(null::register_entries, %(entry)s) e on conflict do nothing returning id
), named as (
  insert into register_people (entry_id, role, pin, name_folded, date_of_birth)
  select a.id, p.role, p.pin, p.name_folded, p.date_of_birth from added a, jsonb_populate_recordset(null::register_people, %(people)s) p
)
select n.id as book_id, n.volume, n.last_number as number, a.id is not null as added from numbered n left join added a on true
"""
_GIVE_BACK = "update register_books set last_number = last_number - 1 where id = %s"


async def add_line(
    conn: AsyncConnection, *, office_id: str, year: int, entry: Mapping[str, Any], people: Sequence[Mapping[str, Any]]
) -> Any | None:
    """The next line of the open book: the entry, whose page is its number, and whom it names; book_id, volume and number of it, None
    when no book is open. Holds the book until the transaction ends; a rollback gives the number back.

    Raises Taken when PIN, notification or birth is already there; nothing is written then, and no number used up.
    """
    given = {"office_id": office_id, "kind": entry["kind"], "year": year}
    found = await rows(conn, _LINE, given | {"entry": Jsonb(dict(entry)), "people": Jsonb(list(people))})
    if not found:
        return None
    if not found[0].added:
        await write(conn, _GIVE_BACK, (found[0].book_id,))
        raise Taken(None)
    return found[0]


async def add_entry(conn: AsyncConnection, entry: dict[str, Any], people: list[dict[str, Any]]) -> None:
    """Inside a savepoint of the caller's. Raises Taken when number, PIN, notification or birth is already there."""
    try:
        await conn.execute(insert(register_entries).values(**entry))
    except IntegrityError as broken:
        diagnosis = getattr(broken.orig, "diag", None)
        raise Taken(getattr(diagnosis, "constraint_name", None)) from broken
    if people:
        await conn.execute(insert(register_people), [{**person, "entry_id": entry["id"]} for person in people])


# The notes with the entry, in one statement: one snapshot of both.
_NOTES: ColumnElement[Any] = literal_column(
    "(select coalesce(jsonb_agg(to_jsonb(n) order by n.seq), '[]') from register_notes n"
    " where n.entry_id = register_entries.id)",
    JSONB,
)

_WHOLE = select(
    register_entries,
    register_books.c.volume,
    register_books.c.year,
    register_books.c.office_id,
    _NOTES.label("notes"),
).join_from(register_entries, register_books, register_entries.c.book_id == register_books.c.id)


async def entry(conn: AsyncConnection, entry_id: str) -> RowMapping | None:
    return (await conn.execute(_WHOLE.where(register_entries.c.id == entry_id))).mappings().one_or_none()


async def lock_entry(conn: AsyncConnection, entry_id: str) -> None:
    """Notes on one entry come one after another. What is read before is older than the lock: read the entry after it."""
    await conn.execute(select(register_entries.c.id).where(register_entries.c.id == entry_id).with_for_update())


async def add_note(conn: AsyncConnection, note: dict[str, Any], people: list[dict[str, Any]]) -> None:
    await conn.execute(insert(register_notes).values(**note))
    if people:
        named = [{**person, "entry_id": note["entry_id"], "note": note["seq"]} for person in people]
        await conn.execute(insert(register_people), named)


async def found(
    conn: AsyncConnection,
    *,
    kind: str,
    name_folded: str,
    born_year: str | None,
    number: int | None,
    year: int | None,
    limit: int,
) -> Sequence[RowMapping]:
    """Entries that name, or named, such a person born in that year, of this number and book's year where they are known; and what
    stands under number and year, whomever it names."""
    people, entries, books = register_people.c, register_entries.c, register_books.c
    of_name = select(people.entry_id).where(people.name_folded == name_folded)
    if born_year is not None:
        of_name = of_name.where(or_(people.date_of_birth.is_(None), people.date_of_birth.startswith(born_year)))
    query = _WHOLE.where(entries.kind == kind).order_by(entries.id).limit(limit)
    query = query if number is None else query.where(entries.number == number)
    query = query if year is None else query.where(books.year == year)
    if number is None or year is None:
        query = query.where(entries.id.in_(of_name))
    return (await conn.execute(query)).mappings().all()


async def death_of(conn: AsyncConnection, *, pin: str | None, likeness: str | None = None) -> RowMapping | None:
    """By number; by likeness where the book, or whoever asks, has no number: of two numbers each is its own person."""
    entries = register_entries.c
    same: list[ColumnElement[bool]] = [entries.pin == pin] if pin is not None else []
    if likeness is not None:
        alike = entries.likeness == likeness
        same.append(alike if pin is None else and_(alike, entries.pin.is_(None)))
    if not same:
        return None
    query = _WHOLE.where(entries.kind == "death", or_(*same)).order_by(entries.id).limit(1)
    return (await conn.execute(query)).mappings().one_or_none()


async def entries_of(
    conn: AsyncConnection, *, kind: str, roles: Collection[str], pin: str | None, alike: tuple[str, str] | None
) -> Sequence[str]:
    """Ids of the entries of a kind that name in one of the roles this number, or somebody of this folded name and birthday."""
    people = register_people.c
    if pin is not None:
        same: ColumnElement[bool] = people.pin == pin
    elif alike is not None:
        same = and_(people.name_folded == alike[0], people.date_of_birth == alike[1])
    else:
        return []
    query = (
        select(people.entry_id)
        .join(register_entries, register_entries.c.id == people.entry_id)
        .where(register_entries.c.kind == kind, people.role.in_(roles), same)
        .distinct()
        .order_by(people.entry_id)
    )
    return (await conn.scalars(query)).all()


async def marriages(conn: AsyncConnection, pin: str) -> Sequence[RowMapping]:
    """Every marriage of a person, the oldest first."""
    of_person = select(register_people.c.entry_id).where(
        register_people.c.pin == pin, register_people.c.role.in_(("husband", "wife"))
    )
    query = _WHOLE.where(register_entries.c.id.in_(of_person)).order_by(
        register_entries.c.registered_on, register_entries.c.id
    )
    return (await conn.execute(query)).mappings().all()


async def add_extract(conn: AsyncConnection, row: dict[str, Any]) -> None:
    await conn.execute(insert(register_extracts).values(**row))


async def extract(conn: AsyncConnection, extract_id: str) -> RowMapping | None:
    query = (
        select(register_extracts, register_books.c.year, register_books.c.office_id)
        .join(register_books, register_books.c.id == register_extracts.c.book_id)
        .where(register_extracts.c.id == extract_id)
    )
    return (await conn.execute(query)).mappings().one_or_none()


# Each by its own index, whatever the planner thinks of all three together.
_BIRTH_KNOWN = """
select exists (select from register_entries where kind = 'birth' and pin = %(pin)s)
  or exists (select from register_entries where kind = 'birth' and notification_number = %(notification_number)s)
  or exists (select from register_entries where kind = 'birth' and likeness = %(likeness)s) as known
"""


async def birth_known(
    conn: AsyncConnection, *, pin: str, notification_number: str | None, likeness: str | None
) -> bool:
    """Whether `birth_like` would find one."""
    same = {"pin": pin, "notification_number": notification_number, "likeness": likeness}
    return (await rows(conn, _BIRTH_KNOWN, same))[0].known


async def birth_like(
    conn: AsyncConnection, *, pin: str, notification_number: str | None, likeness: str | None
) -> Sequence[RowMapping]:
    """Births that share the PIN, the notification or the likeness."""
    same = [register_entries.c.pin == pin]
    if notification_number is not None:
        same.append(register_entries.c.notification_number == notification_number)
    if likeness is not None:
        same.append(register_entries.c.likeness == likeness)
    return (await conn.execute(_WHOLE.where(register_entries.c.kind == "birth", or_(*same)))).mappings().all()


async def birth_of(conn: AsyncConnection, pin: str) -> RowMapping | None:
    query = _WHOLE.where(register_entries.c.kind == "birth", register_entries.c.pin == pin)
    return (await conn.execute(query)).mappings().one_or_none()


async def deceased(conn: AsyncConnection, pins: Collection[str]) -> Sequence[str]:
    query = select(register_people.c.pin).where(register_people.c.pin.in_(pins), register_people.c.role == "deceased")
    return (await conn.scalars(query)).all()


_KIN = text(
    """
    with own as (select entry_id, role from register_people where pin = :pin),
    near as (select p.pin, p.role, o.role as mine from own o join register_people p on p.entry_id = o.entry_id),
    parents as (select pin from near where mine = 'child' and role in ('mother', 'father') and pin is not null)
    select pin from near where pin is not null and pin <> :pin
    union
    select c.pin from parents join register_people p on p.pin = parents.pin and p.role in ('mother', 'father')
      join register_people c on c.entry_id = p.entry_id and c.role = 'child' where c.pin is not null and c.pin <> :pin
    """
)


async def kin(conn: AsyncConnection, pin: str) -> Sequence[str]:
    return (await conn.scalars(_KIN, {"pin": pin})).all()
