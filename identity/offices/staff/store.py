"""SQL of changes and leaves."""

from datetime import date, datetime, time
from typing import Any

from sqlalchemy import func, insert, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from identity.offices.staff.tables import appointment_changes, officer_leaves, officer_persons
from identity.offices.tables import officers

_C = appointment_changes.c
_L = officer_leaves.c


async def add_change(conn: AsyncConnection, **values: Any) -> None:
    await conn.execute(insert(appointment_changes).values(**values))


async def changes(conn: AsyncConnection) -> Any:
    """Undecided ones first, then the newest."""
    statement = select(appointment_changes).order_by(_C.decided_at.is_not(None), _C.id.desc()).limit(200)
    return (await conn.execute(statement)).all()


async def hold_change(conn: AsyncConnection, change_id: str) -> Any:
    """The row, and others wait until the transaction ends."""
    return (await conn.execute(select(appointment_changes).where(_C.id == change_id).with_for_update())).first()


async def decide(conn: AsyncConnection, change_id: str, **values: Any) -> None:
    await conn.execute(update(appointment_changes).where(_C.id == change_id).values(**values))


async def operators_in_force(conn: AsyncConnection, on: date) -> list[str]:
    """Accounts that hold the role of an operator on that day."""
    o = officers.c
    statement = select(o.account_id).where(
        o.ended_at.is_(None), o.from_on <= on, or_(o.until_on.is_(None), o.until_on >= on), o.roles.any("operator")
    )
    return [row.account_id for row in await conn.execute(statement)]


async def was_there_an_operator(conn: AsyncConnection) -> bool:
    """Ever; of two commands at once the second waits for the first."""
    await conn.execute(text("lock table officers in share row exclusive mode"))
    statement = select(func.count()).select_from(officers).where(officers.c.roles.any("operator"))
    return bool((await conn.execute(statement)).scalar())


async def office_of(conn: AsyncConnection, account_id: str) -> str | None:
    """Where they are appointed now."""
    o = officers.c
    statement = select(o.office_id).where(o.account_id == account_id, o.ended_at.is_(None))
    return (await conn.execute(statement)).scalar()


async def set_shift(
    conn: AsyncConnection, appointment_id: str, shift_from: time | None, shift_until: time | None
) -> None:
    statement = update(officers).where(officers.c.id == appointment_id)
    await conn.execute(statement.values(shift_from=shift_from, shift_until=shift_until))


async def add_leave(conn: AsyncConnection, **values: Any) -> None:
    await conn.execute(insert(officer_leaves).values(**values))


async def is_away(conn: AsyncConnection, account_id: str, from_on: date, until_on: date) -> bool:
    """On any of these days."""
    statement = select(_L.id).where(
        _L.account_id == account_id, _L.ended_at.is_(None), _L.from_on <= until_on, _L.until_on >= from_on
    )
    return (await conn.execute(statement)).first() is not None


async def leaves(conn: AsyncConnection, office_id: str | None) -> Any:
    """The newest first, of one office or of all."""
    statement = select(officer_leaves).order_by(_L.id.desc()).limit(200)
    if office_id is not None:
        here = select(officers.c.account_id).where(officers.c.office_id == office_id, officers.c.ended_at.is_(None))
        statement = statement.where(_L.account_id.in_(here))
    return (await conn.execute(statement)).all()


async def end_leave(conn: AsyncConnection, leave_id: str, at: datetime) -> Any:
    """The row; None when it is not there or ended already."""
    statement = update(officer_leaves).where(_L.id == leave_id, _L.ended_at.is_(None)).values(ended_at=at)
    return (await conn.execute(statement.returning(officer_leaves))).first()


async def set_person(conn: AsyncConnection, **values: Any) -> None:
    statement = upsert(officer_persons).values(**values)
    fresh = {name: statement.excluded[name] for name in values if name != "account_id"}
    await conn.execute(statement.on_conflict_do_update(index_elements=["account_id"], set_=fresh))
