"""Ending what was issued."""

from sqlalchemy.ext.asyncio import AsyncConnection

from identity.tokens import store
from kit import clock


async def revoke_tokens(conn: AsyncConnection, *, account_id: str, reason: str) -> int:
    """Ends every token, unused code and browser session of an account, as of this transaction; returns how many tokens."""
    return await store.revoke_account(conn, account_id, at=clock.now(), why=reason)


async def revoke_tokens_of_client(conn: AsyncConnection, account_id: str, client_id: str, *, reason: str) -> None:
    """Ends what one app holds of an account."""
    await store.revoke_account_of_client(conn, account_id, client_id, at=clock.now(), why=reason)
