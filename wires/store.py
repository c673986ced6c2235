"""SQL of the wires."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from kit.db import Backlog, backlog
from wires.tables import webhook_events, webhooks, wire_cases, wire_messages, wire_received, wires
from wires.vocabulary import NEW

Rows = Sequence[Any]


async def add_wire(conn: AsyncConnection, row: dict[str, Any]) -> bool:
    """False when there is one of the name, or an open one to the agency."""
    made = await conn.execute(upsert(wires).values(**row).on_conflict_do_nothing().returning(wires.c.name))
    return made.first() is not None


async def wire(conn: AsyncConnection, name: str) -> Any | None:
    return (await conn.execute(select(wires).where(wires.c.name == name, wires.c.closed_at.is_(None)))).one_or_none()


async def wire_to(conn: AsyncConnection, agency: str) -> Any | None:
    query = select(wires).where(wires.c.agency == agency, wires.c.closed_at.is_(None))
    return (await conn.execute(query)).one_or_none()


async def open_wires(conn: AsyncConnection) -> Rows:
    return (await conn.execute(select(wires).where(wires.c.closed_at.is_(None)).order_by(wires.c.name))).all()


async def close_wire(conn: AsyncConnection, name: str, at: datetime) -> bool:
    done = await conn.execute(
        update(wires).where(wires.c.name == name, wires.c.closed_at.is_(None)).values(closed_at=at)
    )
    return done.rowcount == 1


# --- out -------------------------------------------------------------------------------------------------------------


async def next_sequence(conn: AsyncConnection, case_id: str, wire: str, *, status: int, becomes: int | None) -> int:
    """The number of the next message of a case; the first makes it, in `status`. Messages of one case are put one after the other.

    `becomes` is the case's status from now on, None: as it was. A branch that begins afresh after it had ended may be taken in hand
    again; the counting goes on.
    """
    statement = upsert(wire_cases).values(case_id=case_id, wire=wire, status=status, sent_sequence=1)
    counted = statement.on_conflict_do_update(
        index_elements=["case_id"],
        set_={
            "sent_sequence": wire_cases.c.sent_sequence + 1,
            "status": wire_cases.c.status if becomes is None else becomes,
        },
    )
    return (await conn.execute(counted.returning(wire_cases.c.sent_sequence))).scalar_one()


async def case(conn: AsyncConnection, case_id: str) -> Any | None:
    return (await conn.execute(select(wire_cases).where(wire_cases.c.case_id == case_id))).one_or_none()


async def add_message(conn: AsyncConnection, row: dict[str, Any]) -> None:
    await conn.execute(insert(wire_messages).values(**row))


async def take_waiting(conn: AsyncConnection, wire: str, *, at: datetime, leased_until: datetime, limit: int) -> Rows:
    """Of each case the first that is not over yet, when it is due: never a later one before it."""
    earlier = wire_messages.alias()
    unfinished = select(earlier.c.id).where(
        earlier.c.case_id == wire_messages.c.case_id,
        earlier.c.sequence < wire_messages.c.sequence,
        earlier.c.state.in_(("waiting", "dead")),
    )
    due = (
        select(wire_messages.c.id)
        .where(
            wire_messages.c.wire == wire,
            wire_messages.c.state == "waiting",
            wire_messages.c.next_attempt_at <= at,
            ~unfinished.exists(),
        )
        .order_by(wire_messages.c.next_attempt_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    taken = (
        update(wire_messages)
        .where(wire_messages.c.id.in_(select(due.c.id)))
        .values(attempts=wire_messages.c.attempts + 1, next_attempt_at=leased_until)
        .returning(wire_messages)
    )
    return (await conn.execute(taken)).all()


async def end_message(conn: AsyncConnection, message_id: str, at: datetime, *, first_makes: int | None) -> None:
    """The other side has it: what it said is forgotten here. The first one turns a new case into `first_makes`."""
    done = update(wire_messages).where(wire_messages.c.id == message_id, wire_messages.c.state == "waiting")
    row = (
        await conn.execute(
            done.values(state="sent", sent_at=at, body=None, last_error=None).returning(
                wire_messages.c.case_id, wire_messages.c.sequence
            )
        )
    ).one_or_none()
    if row is not None and row.sequence == 1 and first_makes is not None:
        await conn.execute(
            update(wire_cases)
            .where(wire_cases.c.case_id == row.case_id, wire_cases.c.status == NEW)
            .values(status=first_makes)
        )


async def put_off(conn: AsyncConnection, message_id: str, **values: Any) -> None:
    await conn.execute(
        update(wire_messages)
        .where(wire_messages.c.id == message_id, wire_messages.c.state == "waiting")
        .values(**values)
    )


async def dead(conn: AsyncConnection, *, before: str | None, limit: int) -> Rows:
    """Newest first, each with how many of its case wait behind it."""
    later = wire_messages.alias()
    behind = (
        select(func.count())
        .where(
            later.c.case_id == wire_messages.c.case_id,
            later.c.sequence > wire_messages.c.sequence,
            later.c.state == "waiting",
        )
        .scalar_subquery()
    )
    query = (
        select(wire_messages, behind.label("waiting_behind"))
        .where(wire_messages.c.state == "dead")
        .order_by(wire_messages.c.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(wire_messages.c.id < before)
    return (await conn.execute(query)).all()


async def revive(conn: AsyncConnection, message_id: str, at: datetime) -> bool:
    done = await conn.execute(
        update(wire_messages)
        .where(wire_messages.c.id == message_id, wire_messages.c.state == "dead")
        .values(state="waiting", attempts=0, next_attempt_at=at)
    )
    return done.rowcount == 1


async def set_aside(conn: AsyncConnection, message_id: str) -> bool:
    done = await conn.execute(
        update(wire_messages)
        .where(wire_messages.c.id == message_id, wire_messages.c.state == "dead")
        .values(state="set_aside", body=None)
    )
    return done.rowcount == 1


async def waiting(conn: AsyncConnection) -> Backlog:
    return await backlog(conn, wire_messages)


# --- in --------------------------------------------------------------------------------------------------------------


class Held(Exception):
    """Another transaction has this case."""


async def lock_case(conn: AsyncConnection, wire: str, case_id: str) -> Any | None:
    """A case of this wire, held until the transaction ends. Raises Held at once where another message of it is being worked on."""
    query = select(wire_cases).where(wire_cases.c.case_id == case_id, wire_cases.c.wire == wire)
    found = (await conn.execute(query.with_for_update(skip_locked=True, key_share=True))).one_or_none()
    if found is None and (there := await case(conn, case_id)) is not None and there.wire == wire:
        raise Held
    return found


async def received(conn: AsyncConnection, wire: str, message_id: str) -> bytes | None:
    """The digest of what came under this id."""
    query = select(wire_received.c.body_digest).where(
        wire_received.c.wire == wire, wire_received.c.message_id == message_id
    )
    return await conn.scalar(query)


async def keep_received(conn: AsyncConnection, wire: str, message_id: str, digest: bytes, at: datetime) -> None:
    await conn.execute(
        insert(wire_received).values(wire=wire, message_id=message_id, body_digest=digest, received_at=at)
    )


async def advance(conn: AsyncConnection, case_id: str, *, status: int, sequence: int, at: datetime) -> None:
    """They speak of it, so they have it: what of ours still waits for a lost reply is over."""
    await conn.execute(
        update(wire_cases).where(wire_cases.c.case_id == case_id).values(status=status, received_sequence=sequence)
    )
    await conn.execute(
        update(wire_messages)
        .where(wire_messages.c.case_id == case_id, wire_messages.c.sequence == 1, wire_messages.c.state == "waiting")
        .values(state="sent", sent_at=at, body=None, last_error=None)
    )


async def forget_received(conn: AsyncConnection, before: datetime) -> None:
    await conn.execute(delete(wire_received).where(wire_received.c.received_at < before))


# --- partners --------------------------------------------------------------------------------------------------------


async def webhook(conn: AsyncConnection, client_id: str) -> Any | None:
    return (await conn.execute(select(webhooks).where(webhooks.c.client_id == client_id))).one_or_none()


async def put_webhook(conn: AsyncConnection, row: dict[str, Any]) -> Any:
    """One endpoint a client; another address takes the place of the one before and keeps its cursor."""
    statement = upsert(webhooks).values(**row)
    fresh = {name: statement.excluded[name] for name in ("url", "next_attempt_at")}
    fresh |= {"parked": False, "attempts": 0, "last_error": None}
    kept = statement.on_conflict_do_update(index_elements=["client_id"], set_=fresh)
    return (await conn.execute(kept.returning(webhooks))).one()


async def change_webhook(conn: AsyncConnection, webhook_id: str, **values: Any) -> None:
    await conn.execute(update(webhooks).where(webhooks.c.id == webhook_id).values(**values))


async def move_cursor(conn: AsyncConnection, webhook_id: str, *, since: int, to: int, at: datetime) -> None:
    """Unless somebody asked for a replay meanwhile."""
    await conn.execute(
        update(webhooks)
        .where(webhooks.c.id == webhook_id, webhooks.c.cursor == since)
        .values(cursor=to, attempts=0, last_error=None, next_attempt_at=at)
    )


async def drop_webhook(conn: AsyncConnection, client_id: str) -> bool:
    return (await conn.execute(delete(webhooks).where(webhooks.c.client_id == client_id))).rowcount == 1


async def take_webhooks(conn: AsyncConnection, *, at: datetime, leased_until: datetime) -> Rows:
    """Endpoints that are due and have events to take; each goes to one worker."""
    news = select(webhook_events.c.cursor).where(
        webhook_events.c.client_id == webhooks.c.client_id, webhook_events.c.cursor > webhooks.c.cursor
    )
    due = (
        select(webhooks.c.id)
        .where(~webhooks.c.parked, webhooks.c.next_attempt_at <= at, news.exists())
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    taken = update(webhooks).where(webhooks.c.id.in_(select(due.c.id))).values(next_attempt_at=leased_until)
    return (await conn.execute(taken.returning(webhooks))).all()


async def add_event(conn: AsyncConnection, client_id: str, at: datetime, body: dict[str, Any]) -> None:
    await conn.execute(insert(webhook_events).values(client_id=client_id, at=at, body=body))


async def events_after(conn: AsyncConnection, client_id: str, cursor: int, limit: int) -> Rows:
    query = (
        select(webhook_events)
        .where(webhook_events.c.client_id == client_id, webhook_events.c.cursor > cursor)
        .order_by(webhook_events.c.cursor)
        .limit(limit)
    )
    return (await conn.execute(query)).all()


async def newest_event(conn: AsyncConnection) -> int:
    return (await conn.scalar(select(func.max(webhook_events.c.cursor)))) or 0


async def forget_events(conn: AsyncConnection, before: datetime) -> None:
    await conn.execute(delete(webhook_events).where(webhook_events.c.at < before))
