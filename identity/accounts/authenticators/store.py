"""SQL of confirmations and of what happened to accounts."""

from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, update
from sqlalchemy.ext.asyncio import AsyncConnection

from identity.accounts.authenticators.tables import account_events, contact_confirmations

MAX_TRIES = 5


async def add_confirmation(conn: AsyncConnection, **values: Any) -> None:
    await conn.execute(insert(contact_confirmations).values(**values))


async def count_try(conn: AsyncConnection, confirmation_id: str, account_id: str, at: datetime) -> Any:
    """Takes one of the tries, before the code is looked at; None when there is none to take."""
    c = contact_confirmations.c
    statement = update(contact_confirmations).where(
        c.id == confirmation_id,
        c.account_id == account_id,
        c.used_at.is_(None),
        c.tries < MAX_TRIES,
        c.expires_at > at,
    )
    statement = statement.values(tries=c.tries + 1).returning(contact_confirmations)
    return (await conn.execute(statement)).first()


async def use_confirmation(conn: AsyncConnection, confirmation_id: str, at: datetime) -> bool:
    """One winner, however many enter the right code at once."""
    c = contact_confirmations.c
    statement = update(contact_confirmations).where(c.id == confirmation_id, c.used_at.is_(None)).values(used_at=at)
    return (await conn.execute(statement)).rowcount == 1


async def forget_confirmations(conn: AsyncConnection, before: datetime) -> None:
    await conn.execute(delete(contact_confirmations).where(contact_confirmations.c.expires_at < before))


async def add_event(conn: AsyncConnection, **values: Any) -> None:
    await conn.execute(insert(account_events).values(**values))
