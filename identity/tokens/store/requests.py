"""Authorization requests under way."""

from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from identity.tokens.store.rows import as_json, one, run


async def add_request(
    conn: AsyncConnection, *, digest: bytes, client_id: str, asked: Any, expires_at: datetime
) -> None:
    await run(
        conn,
        "insert into authorization_requests (digest, client_id, asked, expires_at)"
        " values (%(digest)s, %(client_id)s, %(asked)s, %(expires_at)s)",
        {"digest": digest, "client_id": client_id, "asked": as_json(asked), "expires_at": expires_at},
    )


async def begin_request(
    conn: AsyncConnection, digest: bytes, client_id: str, browser_digest: bytes, *, at: datetime, until: datetime
) -> Any:
    """Gives a request to the browser that came with it; begun, and lasting until then, when it first came. None when it is
    over or another's."""
    return await one(
        conn,
        "update authorization_requests set browser_digest = %(browser)s, begun_at = coalesce(begun_at, %(at)s),"
        " expires_at = case when begun_at is null then %(until)s else expires_at end"
        " where digest = %(digest)s and client_id = %(client_id)s and completed_at is null and expires_at > %(at)s"
        " returning client_id, asked, browser_digest, sign_in_id, begun_at",
        {"digest": digest, "client_id": client_id, "browser": browser_digest, "at": at, "until": until},
    )


async def request(conn: AsyncConnection, digest: bytes, *, at: datetime) -> Any:
    """A request under way."""
    return await one(
        conn,
        "select client_id, asked, browser_digest, sign_in_id, begun_at from authorization_requests"
        " where digest = %(digest)s and begun_at is not null and completed_at is null and expires_at > %(at)s",
        {"digest": digest, "at": at},
    )


async def keep_sign_in(conn: AsyncConnection, digest: bytes, sign_in_id: str | None) -> None:
    await run(
        conn,
        "update authorization_requests set sign_in_id = %(id)s where digest = %(digest)s",
        {"digest": digest, "id": sign_in_id},
    )


async def hand_over_requests(conn: AsyncConnection, before: bytes, after: bytes) -> None:
    """A browser that signs in gets another cookie; what it had begun goes on under that."""
    await run(
        conn,
        "update authorization_requests set browser_digest = %(after)s where browser_digest = %(before)s and completed_at is null",
        {"before": before, "after": after},
    )


async def complete_request(conn: AsyncConnection, digest: bytes, at: datetime) -> bool:
    """One winner, however many buttons are pressed at once."""
    return await run(
        conn,
        "update authorization_requests set completed_at = %(at)s where digest = %(digest)s and completed_at is null",
        {"digest": digest, "at": at},
    ) == 1  # fmt: skip
