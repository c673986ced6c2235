"""SQL of breaches."""

from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from identity.offices.breaches.tables import breach_events, breaches
from identity.offices.tables import officers

_C = breaches.c


async def add(conn: AsyncConnection, **values: Any) -> None:
    await conn.execute(insert(breaches).values(**values))


async def add_event(conn: AsyncConnection, **values: Any) -> None:
    await conn.execute(insert(breach_events).values(**values))


async def all_of_them(conn: AsyncConnection) -> Any:
    """The newest first."""
    return (await conn.execute(select(breaches).order_by(_C.id.desc()))).all()


async def one(conn: AsyncConnection, breach_id: str) -> Any:
    return (await conn.execute(select(breaches).where(_C.id == breach_id))).first()


async def events_of(conn: AsyncConnection, breach_id: str) -> Any:
    """In their order."""
    statement = select(breach_events).where(breach_events.c.breach_id == breach_id).order_by(breach_events.c.id)
    return (await conn.execute(statement)).all()


async def set_notified(conn: AsyncConnection, breach_id: str, reference: str, at: datetime) -> bool:
    """False when it was, or is not there."""
    statement = update(breaches).where(_C.id == breach_id, _C.notified_at.is_(None))
    return (await conn.execute(statement.values(notified_at=at, notice_reference=reference))).rowcount == 1


async def set_closed(conn: AsyncConnection, breach_id: str, outcome: str, at: datetime) -> bool:
    """False when it is closed, not notified, or not there."""
    statement = update(breaches).where(_C.id == breach_id, _C.notified_at.is_not(None), _C.closed_at.is_(None))
    return (await conn.execute(statement.values(closed_at=at, closed_with=outcome))).rowcount == 1


async def unnotified(conn: AsyncConnection) -> Any:
    """Those whose clock runs, the most urgent first."""
    return (await conn.execute(select(breaches).where(_C.notified_at.is_(None)).order_by(_C.deadline_at))).all()


async def operators(conn: AsyncConnection) -> list[str]:
    """Accounts that hold the role now."""
    statement = select(officers.c.account_id).where(officers.c.ended_at.is_(None), officers.c.roles.any("operator"))
    return [row.account_id for row in await conn.execute(statement)]
