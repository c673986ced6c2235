"""Ending what was issued."""

from sqlalchemy.ext.asyncio import AsyncConnection

from identity.tokens import store
from kit import clock


async def revoke_tokens(conn: AsyncConnection, *, account_id: str, reason: str) -> int:
    """Ends every token and unused code of an account, as of this transaction; returns how many tokens."""
    return await store.revoke_account(conn, account_id, at=clock.now(), why=reason)
