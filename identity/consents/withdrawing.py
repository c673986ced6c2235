"""A citizen's own list of consents, and taking one back: what the app holds stops with the next call."""

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from identity.consents import store
from identity.consents.messages import Allowed, MyConsent, State
from identity.tokens import revoke_tokens_of_client, words_of
from kit import clock
from kit.db import Database
from kit.refusal import NotFound, Words


async def all_of(conn: AsyncConnection, account_id: str) -> list[MyConsent]:
    """Newest first, ended ones among them."""
    now = clock.now()
    return [_mine(row, now) for row in await store.of_account(conn, account_id)]


async def withdraw(db: Database, account_id: str, consent_id: str) -> None:
    """Ends the consent and every token it stands behind; withdrawing twice is once. Refuses NotFound."""
    async with db.begin() as conn:
        client_id = await store.end(conn, account_id, consent_id, at=clock.now())
        if client_id is None:
            raise NotFound
        if await store.standing(conn, account_id, client_id) is None:
            await revoke_tokens_of_client(conn, account_id, client_id, reason="the consent was withdrawn")


def _mine(row: Any, now: datetime) -> MyConsent:
    state: State = row.ended_why or ("standing" if now < row.expires_at else "expired")
    return MyConsent(
        id=row.id,
        client_id=row.client_id,
        client_name=row.client_name,
        purpose=None if row.purpose is None else msgspec.convert(row.purpose, Words),
        allowed=[Allowed(name, words_of(name)) for name in row.allowed],
        refused=[Allowed(name, words_of(name)) for name in row.asked if name not in row.allowed],
        given_at=row.given_at,
        expires_at=row.expires_at,
        ended_at=row.ended_at,
        state=state,
    )
