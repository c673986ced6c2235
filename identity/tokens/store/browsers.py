"""Browsers that are signed in."""

from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from identity.tokens.store.rows import one, run


async def add_browser_session(conn: AsyncConnection, **values: Any) -> None:
    await run(
        conn,
        "insert into browser_sessions (id, digest, account_id, amr, authenticator_id, auth_time, expires_at)"
        " values (%(id)s, %(digest)s, %(account_id)s, %(amr)s, %(authenticator_id)s, %(auth_time)s, %(expires_at)s)",
        values,
    )


async def renew_browser_session(conn: AsyncConnection, before: bytes, *, at: datetime, **values: Any) -> bool:
    """Goes on with the session of this cookie if it is this account's and in force."""
    return await run(
        conn,
        "update browser_sessions set digest = %(digest)s, amr = %(amr)s, authenticator_id = %(authenticator_id)s,"
        " auth_time = %(auth_time)s, expires_at = %(expires_at)s"
        " where digest = %(before)s and account_id = %(account_id)s and ended_at is null and expires_at > %(at)s",
        {**values, "before": before, "at": at},
    ) == 1  # fmt: skip


async def browser_session(conn: AsyncConnection, digest: bytes, at: datetime) -> Any:
    """id, account_id, amr, authenticator_id, auth_time of the browser that is signed in with this cookie, to an account that is open and not locked."""
    return await one(
        conn,
        "select s.id, s.account_id, s.amr, s.authenticator_id, s.auth_time from browser_sessions s join accounts a on a.id = s.account_id"
        " where s.digest = %(digest)s and s.ended_at is null and s.expires_at > %(at)s and a.closed_at is null and a.locked_at is null",
        {"digest": digest, "at": at},
    )


async def end_browser_session(conn: AsyncConnection, digest: bytes, *, at: datetime, why: str) -> None:
    await run(
        conn,
        "update browser_sessions set ended_at = %(at)s, ended_why = %(why)s where digest = %(digest)s and ended_at is null",
        {"digest": digest, "at": at, "why": why},
    )


async def is_browser_session_of(conn: AsyncConnection, account_id: str, session_id: str, at: datetime) -> bool:
    """Whether it is this account's, and in force."""
    found = await one(
        conn,
        "select from browser_sessions where id = %(id)s and account_id = %(account)s and ended_at is null and expires_at > %(at)s",
        {"id": session_id, "account": account_id, "at": at},
    )
    return found is not None
