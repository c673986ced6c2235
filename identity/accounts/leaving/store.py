"""SQL of requests about one's data, and of closing an account."""

from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from identity.accounts.leaving.tables import data_requests
from identity.accounts.passkeys.tables import passkeys
from identity.accounts.recovery.tables import recoveries
from identity.accounts.tables import account_claims, accounts, contacts

_C = data_requests.c


async def add(conn: AsyncConnection, **values: Any) -> None:
    await conn.execute(insert(data_requests).values(**values))


async def one(conn: AsyncConnection, request_id: str) -> Any:
    """Held until the transaction ends."""
    return (await conn.execute(select(data_requests).where(_C.id == request_id).with_for_update())).first()


async def all_of(conn: AsyncConnection, account_id: str) -> Any:
    """The newest first."""
    return (await conn.execute(select(data_requests).where(_C.account_id == account_id).order_by(_C.id.desc()))).all()


async def waiting(conn: AsyncConnection) -> Any:
    """Undecided ones, the most urgent first."""
    return (await conn.execute(select(data_requests).where(_C.decided_at.is_(None)).order_by(_C.due_at))).all()


async def change(conn: AsyncConnection, request_id: str, step: dict[str, Any], **values: Any) -> None:
    """With the step that says who and why."""
    await conn.execute(update(data_requests).where(_C.id == request_id).values(steps=_C.steps.concat([step]), **values))


async def close(conn: AsyncConnection, account_id: str, at: datetime) -> bool:
    """False when it is closed. Contacts are free again, passkeys are gone."""
    statement = update(accounts).where(accounts.c.id == account_id, accounts.c.closed_at.is_(None)).values(closed_at=at)
    if (await conn.execute(statement)).rowcount != 1:
        return False
    for table in (contacts, passkeys):
        held = update(table).where(table.c.account_id == account_id, table.c.removed_at.is_(None))
        await conn.execute(held.values(removed_at=at))
    return True


async def due_closures(conn: AsyncConnection, at: datetime) -> Any:
    """Closed accounts whose data is to be gone by now."""
    statement = select(data_requests).where(_C.kind == "close", _C.decided_at.is_(None), _C.due_at <= at)
    return (await conn.execute(statement.with_for_update(skip_locked=True))).all()


async def erase(conn: AsyncConnection, account_id: str) -> None:
    """What was proven, how to reach the person and what they wrote; the sealed values cannot be read any more, the personal number stays as a keyed
    hash, so that the same person does not open a second account in somebody's hand."""
    nobody = {"full_name": "", "pin_sealed": b"", "date_of_birth": None, "sex": None, "level_evidence": []}
    await conn.execute(update(accounts).where(accounts.c.id == account_id).values(nobody))
    await conn.execute(delete(account_claims).where(account_claims.c.account_id == account_id))
    await conn.execute(
        update(contacts).where(contacts.c.account_id == account_id).values(value_sealed=b"", value_digest=b"")
    )
    brought = update(recoveries).where(recoveries.c.account_id == account_id)
    await conn.execute(brought.values(contact_kind=None, contact_sealed=None, shown=None))
    await conn.execute(update(data_requests).where(_C.account_id == account_id).values(said=""))


async def claims_of(conn: AsyncConnection, account_id: str) -> Any:
    """Every one ever proven, the oldest first."""
    statement = select(account_claims).where(account_claims.c.account_id == account_id).order_by(account_claims.c.id)
    return (await conn.execute(statement)).all()
