"""The register's SQL: takes a connection in the caller's transaction, returns rows."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from kit import ids
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


async def add_entry(conn: AsyncConnection, entry: dict[str, Any], people: list[dict[str, Any]]) -> None:
    """Inside a savepoint of the caller's. Raises Taken when number, PIN, notification or birth is already there."""
    try:
        await conn.execute(insert(register_entries).values(**entry))
    except IntegrityError as broken:
        diagnosis = getattr(broken.orig, "diag", None)
        raise Taken(getattr(diagnosis, "constraint_name", None)) from broken
    await conn.execute(insert(register_people), [{**person, "entry_id": entry["id"]} for person in people])


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
