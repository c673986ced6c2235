"""SQL of recoveries."""

from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from identity.accounts.recovery.tables import recoveries

MAX_TRIES = 5

_C = recoveries.c
_WAITING = _C.ready_at.is_not(None) & _C.cancelled_at.is_(None) & _C.completed_at.is_(None)


async def add(conn: AsyncConnection, **values: Any) -> None:
    await conn.execute(insert(recoveries).values(**values))


async def count_try(conn: AsyncConnection, recovery_id: str, officer_id: str, at: datetime) -> Any:
    """Takes one of the tries at the code, before it is looked at; None when there is none to take."""
    statement = update(recoveries).where(
        _C.id == recovery_id,
        _C.officer_id == officer_id,
        _C.ready_at.is_(None),
        _C.code_tries < MAX_TRIES,
        _C.code_expires_at > at,
    )
    return (await conn.execute(statement.values(code_tries=_C.code_tries + 1).returning(recoveries))).first()


async def set_waiting(conn: AsyncConnection, recovery_id: str, **values: Any) -> bool:
    """False when it waits already."""
    statement = update(recoveries).where(_C.id == recovery_id, _C.ready_at.is_(None)).values(**values)
    return (await conn.execute(statement)).rowcount == 1


async def waiting_of(conn: AsyncConnection, account_id: str) -> Any:
    return (await conn.execute(select(recoveries).where(_C.account_id == account_id, _WAITING))).first()


async def all_of(conn: AsyncConnection, account_id: str) -> Any:
    """Those that concern an account, its own and those that take a contact away from it, the newest first."""
    mine = (_C.account_id == account_id) | (_C.from_account_id == account_id)
    return (await conn.execute(select(recoveries).where(mine, _C.ready_at.is_not(None)).order_by(_C.id.desc()))).all()


async def cancel(conn: AsyncConnection, at: datetime, *, cancel_digest: bytes) -> Any:
    """The recovery, once; None when no waiting one has this code."""
    statement = update(recoveries).where(_C.cancel_digest == cancel_digest, _WAITING).values(cancelled_at=at)
    return (await conn.execute(statement.returning(recoveries))).first()


async def cancel_by(conn: AsyncConnection, at: datetime, *, recovery_id: str, account_id: str) -> Any:
    """The same by somebody signed in to an account it concerns."""
    mine = (_C.account_id == account_id) | (_C.from_account_id == account_id)
    statement = update(recoveries).where(_C.id == recovery_id, mine, _WAITING).values(cancelled_at=at)
    return (await conn.execute(statement.returning(recoveries))).first()


async def take_due(conn: AsyncConnection, recovery_id: str, at: datetime) -> Any:
    """The recovery, completed with this, once; None when it is cancelled, done or early."""
    statement = update(recoveries).where(_C.id == recovery_id, _WAITING, _C.ready_at <= at).values(completed_at=at)
    return (await conn.execute(statement.returning(recoveries))).first()


async def set_void(conn: AsyncConnection, recovery_id: str, why: str) -> None:
    await conn.execute(update(recoveries).where(_C.id == recovery_id).values(void=why))
