"""SQL of the messages."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from kit.db import rows
from notifications.tables import deliveries, messages, sandbox_messages

Rows = Sequence[Any]


_MESSAGE = """
insert into messages (id, once_key, event, account_id, locale, fields, secrets_sealed, created_at, expires_at)
values (%(id)s, %(once_key)s, %(event)s, %(account_id)s, %(locale)s, %(fields)s, %(secrets_sealed)s, %(created_at)s, %(expires_at)s)
on conflict (once_key) do nothing returning id
"""


async def add_message(conn: AsyncConnection, **values: Any) -> bool:
    """False when the cause has sent its message already."""
    return bool(await rows(conn, _MESSAGE, values | {"fields": Jsonb(values["fields"])}))


async def add_deliveries(conn: AsyncConnection, rows: Sequence[dict[str, Any]]) -> None:
    await conn.execute(insert(deliveries), rows)


async def take_waiting(conn: AsyncConnection, *, at: datetime, leased_until: datetime, limit: int) -> Rows:
    """Takes due letters for one worker until `leased_until`; a worker that dies leaves them to the next one then."""
    due = (
        select(deliveries.c.id)
        .where(deliveries.c.state == "waiting", deliveries.c.next_attempt_at <= at)
        .order_by(deliveries.c.next_attempt_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    taken = (
        update(deliveries)
        .where(deliveries.c.id.in_(select(due.c.id)))
        .values(attempts=deliveries.c.attempts + 1, next_attempt_at=leased_until)
        .returning(
            deliveries.c.id,
            deliveries.c.message_id,
            deliveries.c.channel,
            deliveries.c.contact_sealed,
            deliveries.c.attempts,
        )
        .cte("taken")
    )
    rows = await conn.execute(
        select(
            taken,
            messages.c.event,
            messages.c.locale,
            messages.c.fields,
            messages.c.secrets_sealed,
            messages.c.expires_at,
        )
        .join(messages, messages.c.id == taken.c.message_id)
        .order_by(taken.c.id)
    )
    return rows.all()


async def end_delivery(
    conn: AsyncConnection, delivery_id: str, *, state: str, error: str | None, delivered_at: datetime | None
) -> None:
    """The letter has left or was given up: its address is forgotten."""
    await conn.execute(
        update(deliveries)
        .where(deliveries.c.id == delivery_id)
        .values(state=state, last_error=error, delivered_at=delivered_at, contact_sealed=None)
    )


async def put_off(conn: AsyncConnection, delivery_id: str, *, error: str, next_attempt_at: datetime) -> None:
    await conn.execute(
        update(deliveries)
        .where(deliveries.c.id == delivery_id)
        .values(last_error=error, next_attempt_at=next_attempt_at)
    )


async def blank_secrets(conn: AsyncConnection, message_id: str) -> None:
    """Forgets the one-time code of a message once none of its letters waits any more."""
    waiting = select(deliveries.c.id).where(deliveries.c.message_id == message_id, deliveries.c.state == "waiting")
    await conn.execute(
        update(messages).where(messages.c.id == message_id, ~waiting.exists()).values(secrets_sealed=None)
    )


async def inbox(
    conn: AsyncConnection, account_id: str, *, events: Sequence[str], before: str | None, limit: int
) -> Rows:
    statement = (
        select(messages.c.id, messages.c.event, messages.c.fields, messages.c.created_at)
        .where(messages.c.account_id == account_id, messages.c.event.in_(events))
        .order_by(messages.c.id.desc())
        .limit(limit)
    )
    if before is not None:
        statement = statement.where(messages.c.id < before)
    return (await conn.execute(statement)).all()


async def waiting(conn: AsyncConnection) -> int:
    """Letters that have not left yet."""
    return (await conn.scalar(select(func.count()).where(deliveries.c.state == "waiting"))) or 0


async def forget_before(conn: AsyncConnection, at: datetime) -> None:
    """Messages older than this are of no more use to anyone."""
    old = select(messages.c.id).where(messages.c.created_at < at)
    await conn.execute(delete(deliveries).where(deliveries.c.message_id.in_(old)))
    await conn.execute(delete(messages).where(messages.c.created_at < at))


async def keep_in_sandbox(conn: AsyncConnection, **values: Any) -> None:
    """Once per letter, however often it is tried."""
    await conn.execute(upsert(sandbox_messages).values(**values).on_conflict_do_nothing(index_elements=["id"]))


async def sandbox(conn: AsyncConnection, *, limit: int) -> Rows:
    """By when they were written: letters of one batch leave in any order."""
    newest = select(sandbox_messages).order_by(sandbox_messages.c.id.desc()).limit(limit)
    return (await conn.execute(newest)).all()
