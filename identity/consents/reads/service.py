"""Recording a read, inside the transaction that reads: what cannot be recorded is not shown."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from identity.consents.reads import store
from identity.consents.reads.messages import OfDossier, ReadKind
from identity.consents.reads.policy import policy
from kit import clock, ids
from kit.actor import Actor
from kit.db import Database


async def record(
    conn: AsyncConnection,
    actor: Actor,
    kind: ReadKind,
    about: str | OfDossier,
    *,
    items: Sequence[str] = (),
    at: datetime | None = None,
) -> None:
    """`actor` is shown something of `about`: an account, or a dossier and so of all whom it names; now, unless it is told late."""
    await _add(conn, actor, kind, [about], items=items, once=False, at=at)


async def record_many(
    conn: AsyncConnection, actor: Actor, kind: ReadKind, about: Sequence[str] | Sequence[OfDossier]
) -> None:
    """Lists, which are refreshed all day: for each office, or who acts for another, one row a day and thing listed."""
    if about:
        await _add(conn, actor, kind, about, items=(), once=True, at=None)


async def record_app(db: Database, actor: Actor, scope: str) -> None:
    """An app that is not the city's own calls in a citizen's name, with what this scope allows."""
    assert actor.account_id is not None
    async with db.begin() as conn:
        await record(conn, actor, "app", actor.account_id, items=[scope] if scope else [])


async def forget(conn: AsyncConnection, at: datetime) -> None:
    """What the law's term is over for."""
    await store.forget(conn, at - timedelta(days=policy().kept.days))


async def _add(
    conn: AsyncConnection,
    actor: Actor,
    kind: ReadKind,
    about: Sequence[str | OfDossier],
    *,
    items: Sequence[str],
    once: bool,
    at: datetime | None,
) -> None:
    now = at or clock.now()
    dossiers = [one if isinstance(one, OfDossier) else None for one in about]
    accounts = [one.account_id if isinstance(one, OfDossier) else one for one in about]
    named = [one.id if isinstance(one, OfDossier) else one for one in about]
    holder_id = actor.account_id if kind == "mandate" else None
    day = f"{kind} {holder_id or actor.office_id or actor.client_id} {now.astimezone(clock.CITY).date()}"
    await store.add(
        conn,
        at=now,
        kind=kind,
        items=list(items),
        client_id=actor.client_id,
        office_id=actor.office_id,
        officer_id=actor.account_id if actor.kind == "officer" else None,
        holder_id=holder_id,
        ids=[ids.new_id("rd") for _ in about],
        accounts=accounts,
        dossiers=[None if one is None else one.id for one in dossiers],
        codes=[None if one is None else one.receipt_code for one in dossiers],
        onces=[f"{day} {name}" if once else None for name in named],
    )
