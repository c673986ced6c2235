"""Giving consent and asking whether it stands; inside the caller's transaction."""

from collections.abc import Collection
from datetime import datetime, timedelta

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from identity.consents import store
from identity.consents.messages import Consent
from kit import ids
from kit.db import to_json
from kit.refusal import Words

LASTS = timedelta(days=365)
"""A consent that is not renewed is not one for life."""


async def standing(conn: AsyncConnection, account_id: str, client_id: str, at: datetime) -> Consent | None:
    """The decision in force, if there is one."""
    row = await store.standing(conn, account_id, client_id)
    if row is None or row.expires_at <= at:
        return None
    return Consent(
        id=row.id,
        asked=frozenset(row.asked),
        allowed=frozenset(row.allowed),
        purpose=None if row.purpose is None else msgspec.convert(row.purpose, Words),
        given_at=row.given_at,
        expires_at=row.expires_at,
    )


async def readers(
    conn: AsyncConnection, account_ids: Collection[str], scope: str, at: datetime
) -> dict[str, list[str]]:
    """Of each of these persons who lets some, the apps that may do what the scope names."""
    found = dict[str, list[str]]()
    for row in await store.readers(conn, account_ids, scope, at):
        found.setdefault(row.account_id, []).append(row.client_id)
    return found


async def give(
    conn: AsyncConnection,
    *,
    account_id: str,
    client_id: str,
    asked: Collection[str],
    allowed: Collection[str],
    purpose: Words | None,
    at: datetime,
    lasts: timedelta = LASTS,
) -> datetime:
    """Keeps the decision in place of the one before; returns until when it holds."""
    await store.lock_account(conn, account_id)
    await store.end_standing(conn, account_id, client_id, at=at, why="replaced")
    await store.add(
        conn,
        id=ids.new_id("cns"),
        account_id=account_id,
        client_id=client_id,
        asked=sorted(asked),
        allowed=sorted(allowed),
        purpose=None if purpose is None else to_json(purpose),
        given_at=at,
        expires_at=at + lasts,
    )
    return at + lasts
