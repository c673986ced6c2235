"""The register's SQL: takes a connection in the caller's transaction, returns rows."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from psycopg.errors import UniqueViolation
from psycopg.types.json import Jsonb
from sqlalchemy import RowMapping, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from kit import ids
from kit.db import rows, select_from, write
from register.tables import register_books, register_entries, register_people


class Taken(Exception):
    """A unique rule of the entries said no; `rule` is its name in the database."""

    def __init__(self, rule: str | None) -> None:
        super().__init__(rule)
        self.rule = rule


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


async def take_number(conn: AsyncConnection, *, office_id: str, kind: str, year: int) -> Any | None:
    """`id`, `volume` and `last_number` of the open book with its next number, None when no book is open.

    Holds the book until the transaction ends; a rollback gives the number back.
    """
    return next(iter(await rows(conn, _NUMBER, (office_id, kind, year))), None)


_NUMBER = """
update register_books set last_number = last_number + 1 where office_id = %s and kind = %s and year = %s and closed_at is null
returning id, volume, last_number
"""


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


async def add_entry(conn: AsyncConnection, entry: dict[str, Any], people: list[dict[str, Any]]) -> None:
    """Inside a savepoint of the caller's. Raises Taken when number, PIN, notification or birth is already there."""
    whole = {column.name: entry.get(column.name) for column in register_entries.columns}
    try:
        await write(conn, _ENTRY, whole | {"facts": Jsonb(entry["facts"]), "people": Jsonb(people)})
    except UniqueViolation as broken:
        raise Taken(broken.diag.constraint_name) from broken


_ENTRY = """
with people as (
  insert into register_people (entry_id, role, pin, name_folded, date_of_birth)
  select %(id)s::text, p.role, p.pin, p.name_folded, p.date_of_birth
  from jsonb_to_recordset(%(people)s) as p (role text, pin text, name_folded text, date_of_birth text)
)
insert into register_entries (id, book_id, kind, number, page, registered_on, registration_kind, office_name, signer_name,
  signer_title, clerk_name, note, pin, facts, notification_number, likeness, entered_by, entered_at)
values (%(id)s::text, %(book_id)s, %(kind)s, %(number)s, %(page)s, %(registered_on)s, %(registration_kind)s, %(office_name)s,
  %(signer_name)s, %(signer_title)s, %(clerk_name)s, %(note)s, %(pin)s, %(facts)s, %(notification_number)s, %(likeness)s,
  %(entered_by)s, %(entered_at)s)
"""


_WHOLE = select(
    register_entries,
    register_books.c.volume,
    register_books.c.year,
    register_books.c.office_id,
).join_from(register_entries, register_books, register_entries.c.book_id == register_books.c.id)


async def entry(conn: AsyncConnection, entry_id: str) -> RowMapping | None:
    return (await conn.execute(_WHOLE.where(register_entries.c.id == entry_id))).mappings().one_or_none()


async def birth_like(
    conn: AsyncConnection, *, pin: str, notification_number: str | None, likeness: str | None
) -> list[dict[str, Any]]:
    """Births that share the PIN, the notification or the likeness."""
    return [row._asdict() for row in await rows(conn, _BIRTH_LIKE, (pin, notification_number, likeness))]


_BIRTH_LIKE = select_from(
    register_entries,
    "join register_books b on b.id = register_entries.book_id"
    " where register_entries.kind = 'birth' and (pin = %s or notification_number = %s or likeness = %s)",
    more=", b.volume, b.year, b.office_id",
)


async def birth_of(conn: AsyncConnection, pin: str) -> RowMapping | None:
    query = _WHOLE.where(register_entries.c.kind == "birth", register_entries.c.pin == pin)
    return (await conn.execute(query)).mappings().one_or_none()


async def deceased(conn: AsyncConnection, pins: Collection[str]) -> Sequence[str]:
    query = select(register_people.c.pin).where(register_people.c.pin.in_(pins), register_people.c.role == "deceased")
    return (await conn.scalars(query)).all()


async def latest_marriage(conn: AsyncConnection, pin: str) -> RowMapping | None:
    return (
        (
            await conn.execute(
                _WHOLE.join(register_people, register_people.c.entry_id == register_entries.c.id)
                .where(register_people.c.pin == pin, register_people.c.role.in_(("husband", "wife")))
                .order_by(register_entries.c.registered_on.desc(), register_entries.c.id.desc())
                .limit(1)
            )
        )
        .mappings()
        .one_or_none()
    )
