"""Locking an enterprise's account: at once by who represents it, or by an operator with a reason; unlocked by an operator alone.

While it is locked every mandate rests. Whoever got hold of a representative's phone can lock, and no more: opening again takes the desk.
"""

from typing import Any, Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from identity.mandates import changing, granting, store
from identity.mandates.messages import LockRequest
from identity.mandates.refusals import EnterpriseLocked, EnterpriseNotLocked
from identity.mandates.ways import Mandates
from kit import clock, ids
from kit.actor import Actor
from kit.refusal import NotFound, Words

_TOLD = {
    "locked": Words(
        vi="tài khoản của doanh nghiệp đã bị khoá, mọi uỷ quyền tạm ngưng",
        en="an enterprise's account was locked, and every mandate of it rests",
    ),
    "unlocked": Words(vi="tài khoản của doanh nghiệp đã được mở khoá", en="an enterprise's account was unlocked"),
}


async def lock(ways: Mandates, actor: Actor, account_id: str) -> None:
    """By a representative. Refuses NotFound, also for an enterprise that is locked: nobody represents it meanwhile."""
    async with ways.db.begin() as conn:
        await granting.represented(conn, actor, account_id)
        await _change(conn, ways, account_id, "locked", actor, "")


async def lock_by_operator(ways: Mandates, operator: Actor, number: str, asked: LockRequest) -> None:
    """Refuses NotFound, EnterpriseLocked."""
    async with ways.db.begin() as conn:
        enterprise = await _held(conn, number)
        if enterprise.locked_at is not None:
            raise EnterpriseLocked
        await _change(conn, ways, enterprise.account_id, "locked", operator, asked.reason)


async def unlock_by_operator(ways: Mandates, operator: Actor, number: str, asked: LockRequest) -> None:
    """Refuses NotFound, EnterpriseNotLocked."""
    async with ways.db.begin() as conn:
        enterprise = await _held(conn, number)
        if enterprise.locked_at is None:
            raise EnterpriseNotLocked
        await _change(conn, ways, enterprise.account_id, "unlocked", operator, asked.reason)


async def _held(conn: AsyncConnection, number: str) -> Any:
    """The enterprise of this number, open and held. Refuses NotFound."""
    account_id = await store.enterprise_of(conn, number)
    enterprise = None if account_id is None else await store.hold_enterprise(conn, account_id)
    if enterprise is None or enterprise.closed_at is not None:
        raise NotFound
    return enterprise


async def _change(
    conn: AsyncConnection,
    ways: Mandates,
    account_id: str,
    what: Literal["locked", "unlocked"],
    by: Actor,
    said: str,
) -> None:
    """The account, a line of its history, and a notice to all who act for it."""
    now = clock.now()
    await store.set_locked(conn, account_id, now if what == "locked" else None)
    await store.add_lock_event(
        conn,
        id=ids.new_id("lck"),
        enterprise_id=account_id,
        at=now,
        what=what,
        by_id=by.account_id,
        office_id=by.office_id,
        said=said,
    )
    holders = {row.holder_id for row in await store.of_principal(conn, account_id, still_open=True)}
    await changing.tell(conn, ways, holders, _TOLD[what])
