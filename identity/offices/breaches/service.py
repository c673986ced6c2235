"""The verbs of the register. Each owns its transaction; every step is an appended row with who took it."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from identity.accounts import account
from identity.offices.breaches import store
from identity.offices.breaches.messages import Breach, BreachEvent, BreachRequest
from identity.offices.breaches.refusals import BreachNotReady, KnownInFuture
from identity.offices.policy import policy
from kit import clock, ids
from kit.actor import Actor
from kit.db import Database
from kit.keys import Keys
from kit.refusal import NotFound
from kit.settings import Settings
from notifications import PostOffice, Recipient


async def enter(db: Database, actor: Actor, asked: BreachRequest) -> Breach:
    """The clock runs from when it was known, however late it is entered. Refuses KnownInFuture."""
    breach_id, now = ids.new_id("brc"), clock.now()
    if asked.known_at > now:
        raise KnownInFuture
    async with db.begin() as conn:
        await store.add(
            conn,
            id=breach_id,
            what=asked.what,
            affected=asked.affected,
            known_at=asked.known_at,
            deadline_at=asked.known_at + timedelta(hours=policy().breaches.notice_hours),
        )
        await _append(conn, breach_id, "entered", asked.what, actor, now)
        return await _told(conn, await store.one(conn, breach_id))


async def all_breaches(db: Database) -> list[Breach]:
    """The newest first."""
    async with db.connect() as conn:
        return [await _told(conn, row) for row in await store.all_of_them(conn)]


async def note(db: Database, actor: Actor, breach_id: str, said: str) -> Breach:
    """What was done or learned. Refuses NotFound."""
    async with db.begin() as conn:
        await _there(conn, breach_id)
        await _append(conn, breach_id, "noted", said, actor, clock.now())
        return await _told(conn, await store.one(conn, breach_id))


async def notify(db: Database, actor: Actor, breach_id: str, reference: str) -> Breach:
    """The authority was told, under this reference; late is late, and shows. Refuses NotFound, BreachNotReady."""
    async with db.begin() as conn:
        await _there(conn, breach_id)
        now = clock.now()
        if not await store.set_notified(conn, breach_id, reference, now):
            raise BreachNotReady
        await _append(conn, breach_id, "notified", reference, actor, now)
        return await _told(conn, await store.one(conn, breach_id))


async def close(db: Database, actor: Actor, breach_id: str, outcome: str) -> Breach:
    """Refuses NotFound, BreachNotReady."""
    async with db.begin() as conn:
        await _there(conn, breach_id)
        now = clock.now()
        if not await store.set_closed(conn, breach_id, outcome, now):
            raise BreachNotReady
        await _append(conn, breach_id, "closed", outcome, actor, now)
        return await _told(conn, await store.one(conn, breach_id))


async def warn(db: Database, keys: Keys, post_office: PostOffice, settings: Settings) -> None:
    """Every operator hears of each clock that has used up another share of its time; once a share, however often this runs."""
    async with db.begin() as conn:
        now = clock.now()
        for breach in await store.unnotified(conn):
            due = [
                hours
                for hours in policy().breaches.warn_hours_left
                if now >= breach.deadline_at - timedelta(hours=hours)
            ]
            if not due:
                continue
            local = breach.deadline_at.astimezone(clock.CITY)
            told = False
            for account_id in await store.operators(conn):
                holder = await account(conn, keys, account_id)
                told |= await post_office.send(
                    conn,
                    event="breach-deadline",
                    to=Recipient(
                        account_id=account_id,
                        contacts=tuple(one.contact for one in holder.contacts),
                        locale=holder.locale,
                    ),
                    fields={"time": f"{local:%H:%M}", "day": f"{local:%d/%m/%Y}", "link": settings.public_url},
                    once_key=f"{breach.id}:{min(due)}:{account_id}",
                )
            if told:
                await _append(conn, breach.id, "warned", f"{min(due)} h", None, now)


async def _there(conn: AsyncConnection, breach_id: str) -> None:
    if await store.one(conn, breach_id) is None:
        raise NotFound


async def _append(
    conn: AsyncConnection, breach_id: str, what: str, said: str, actor: Actor | None, at: datetime
) -> None:
    await store.add_event(
        conn,
        id=ids.new_id("bre"),
        breach_id=breach_id,
        at=at,
        what=what,
        said=said,
        officer_id=None if actor is None else actor.account_id,
        office_id=None if actor is None else actor.office_id,
    )


async def _told(conn: AsyncConnection, row: Any) -> Breach:
    return Breach(
        id=row.id,
        what=row.what,
        affected=row.affected,
        known_at=row.known_at,
        deadline_at=row.deadline_at,
        overdue=(row.notified_at or clock.now()) > row.deadline_at,
        notified_at=row.notified_at,
        notice_reference=row.notice_reference,
        closed_at=row.closed_at,
        closed_with=row.closed_with,
        events=[
            BreachEvent(at=one.at, what=one.what, said=one.said, officer_id=one.officer_id)
            for one in await store.events_of(conn, row.id)
        ],
    )
