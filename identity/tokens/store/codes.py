"""Authorization codes: one use each."""

from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from identity.tokens.store.rows import as_json, one, run


async def add_code(conn: AsyncConnection, *, claims: dict[str, Any] | None, **values: Any) -> None:
    await run(
        conn,
        "insert into authorization_codes (digest, client_id, account_id, grant_id, code_challenge, jkt, scope, amr, auth_time, nonce,"
        " authenticator_id, redirect_uri, browser_session_id, claims, resources, created_at, expires_at) values (%(digest)s, %(client_id)s, %(account_id)s,"
        " %(grant_id)s, %(code_challenge)s, %(jkt)s, %(scope)s, %(amr)s, %(auth_time)s, %(nonce)s, %(authenticator_id)s, %(redirect_uri)s,"
        " %(browser_session_id)s, %(claims)s, %(resources)s, %(created_at)s, %(expires_at)s)",
        {**values, "claims": as_json(claims)},
    )


async def use_code(conn: AsyncConnection, digest: bytes, client_id: str, at: datetime) -> Any:
    """Takes the code: of any number that try at once one gets the row, the others None."""
    return await one(
        conn,
        "update authorization_codes set used_at = %(at)s where digest = %(digest)s and client_id = %(client_id)s"
        " and used_at is null and expires_at > %(at)s"
        " returning account_id, grant_id, code_challenge, jkt, scope, amr, auth_time, nonce, authenticator_id, redirect_uri, browser_session_id, claims, resources",
        {"digest": digest, "client_id": client_id, "at": at},
    )


async def used_code_grant(conn: AsyncConnection, digest: bytes, client_id: str) -> str | None:
    """The grant of a code this client used before."""
    row = await one(
        conn,
        "select grant_id from authorization_codes where digest = %(digest)s and client_id = %(client_id)s and used_at is not null",
        {"digest": digest, "client_id": client_id},
    )
    return None if row is None else row.grant_id
