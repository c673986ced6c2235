"""What an account is signed in with, and ending it."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from identity.tokens import store
from kit import clock


async def sessions_of(conn: AsyncConnection, *, account_id: str) -> list[Any]:
    """id, client (its name; None for a browser at the city's own pages), created_at, expires_at, level of each, the newest first."""
    return await store.sessions(conn, account_id, clock.now())


async def end_session(conn: AsyncConnection, *, account_id: str, session_id: str) -> bool:
    """An app's, or a browser's with all that came of it; False when the account has no such session."""
    now, why = clock.now(), "its holder ended it"
    if await store.is_browser_session_of(conn, account_id, session_id, now):
        await store.end_session_and_grants(conn, session_id, at=now, why=why)
        return True
    return await store.end_grant_of(conn, account_id, session_id, at=now, why=why)


async def end_other_sessions(conn: AsyncConnection, *, account_id: str, session_id: str | None) -> int:
    """All but one, and the codes that could still become one."""
    return await store.revoke_account(conn, account_id, at=clock.now(), why="its holder ended it", but=session_id)


async def end_sessions_by(conn: AsyncConnection, *, account_id: str, authenticator_id: str, but: str | None) -> None:
    """All that a contact or passkey signed in, but one."""
    why = "the way in was locked or removed"
    await store.end_grants_by(conn, account_id, authenticator_id, at=clock.now(), why=why, but=but)


async def revoke_tokens(conn: AsyncConnection, *, account_id: str, reason: str) -> int:
    """Ends every token, unused code and browser session of an account, as of this transaction; returns how many tokens."""
    return await store.revoke_account(conn, account_id, at=clock.now(), why=reason)


async def revoke_tokens_of_client(conn: AsyncConnection, account_id: str, client_id: str, *, reason: str) -> None:
    """Ends what one app holds of an account."""
    await store.revoke_account_of_client(conn, account_id, client_id, at=clock.now(), why=reason)
