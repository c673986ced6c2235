"""SQL of device codes (RFC 8628), and of what they became."""

from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from identity.tokens.sql import one, run


async def add_device_code(conn: AsyncConnection, **values: Any) -> bool:
    """False when another screen shows, or showed lately, the same user code."""
    return await run(
        conn,
        "insert into device_codes (digest, client_id, user_code, scope, interval_seconds, expires_at)"
        " values (%(digest)s, %(client_id)s, %(user_code)s, %(scope)s, %(interval_seconds)s, %(expires_at)s)"
        " on conflict (user_code) do nothing",
        values,
    ) == 1  # fmt: skip


async def device_code(conn: AsyncConnection, digest: bytes, client_id: str) -> Any:
    """How it stands with a client's device code, for one poll at a time; `used_at` of the code it became."""
    return await one(
        conn,
        "select d.interval_seconds, d.polled_at, d.expires_at, d.allowed, c.used_at from device_codes d"
        " left join authorization_codes c on c.digest = d.digest"
        " where d.digest = %(digest)s and d.client_id = %(client_id)s for update of d",
        {"digest": digest, "client_id": client_id},
    )


async def device_of(conn: AsyncConnection, digest: bytes) -> Any:
    """client_id, user_code, scope, expires_at, allowed, sign_in_id of a device code, for one who holds it at a time."""
    return await one(
        conn,
        "select client_id, user_code, scope, expires_at, allowed, sign_in_id from device_codes where digest = %(digest)s for update",
        {"digest": digest},
    )


async def keep_device_sign_in(conn: AsyncConnection, digest: bytes, sign_in_id: str) -> None:
    await run(
        conn,
        "update device_codes set sign_in_id = %(id)s where digest = %(digest)s",
        {"digest": digest, "id": sign_in_id},
    )


async def end_device(conn: AsyncConnection, digest: bytes, *, at: datetime, why: str) -> None:
    """One device code, and whatever it became."""
    values = {"digest": digest, "at": at, "why": why}
    for query in (
        "update device_codes set expires_at = %(at)s where digest = %(digest)s and expires_at > %(at)s",
        "update authorization_codes set used_at = %(at)s where digest = %(digest)s and used_at is null",
        "update oauth_grants set revoked_at = %(at)s, revoked_why = %(why)s where revoked_at is null"
        " and id = (select grant_id from authorization_codes where digest = %(digest)s)",
    ):
        await run(conn, query, values)


async def keep_poll(conn: AsyncConnection, digest: bytes, *, at: datetime, interval_seconds: int) -> None:
    await run(
        conn,
        "update device_codes set polled_at = %(at)s, interval_seconds = %(interval)s where digest = %(digest)s",
        {"digest": digest, "at": at, "interval": interval_seconds},
    )


async def waiting_device(conn: AsyncConnection, user_code: str, at: datetime) -> Any:
    """client_id, scope, expires_at of the device that shows this code and waits."""
    return await one(
        conn,
        "select d.client_id, d.scope, d.expires_at from device_codes d join oauth_clients c on c.id = d.client_id"
        " where d.user_code = %(code)s and d.decided_at is null and d.expires_at > %(at)s and c.disabled_at is null",
        {"code": user_code, "at": at},
    )


async def decide_device(conn: AsyncConnection, user_code: str, *, allowed: bool, at: datetime) -> Any:
    """digest and expires_at for the one who decides first, while it waits."""
    return await one(
        conn,
        "update device_codes set decided_at = %(at)s, allowed = %(allowed)s"
        " where user_code = %(code)s and decided_at is null and expires_at > %(at)s returning digest, expires_at",
        {"code": user_code, "allowed": allowed, "at": at},
    )


async def end_device_codes(conn: AsyncConnection, at: datetime) -> None:
    """All that wait, wherever they are shown."""
    await run(
        conn,
        "update device_codes set expires_at = %(at)s where decided_at is null and expires_at > %(at)s",
        {"at": at},
    )


async def end_people_at(conn: AsyncConnection, client_id: str, *, at: datetime, since: datetime, why: str) -> None:
    """What people lent a device by codes that expired after `since`, and its codes that could still become something."""
    values = {"client_id": client_id, "at": at, "since": since, "why": why}
    theirs = " from device_codes d join authorization_codes c on c.digest = d.digest where d.client_id = %(client_id)s and d.expires_at > %(since)s"
    # The client's row first: two that begin at once do so one after the other.
    await one(conn, "select from oauth_clients where id = %(client_id)s for no key update", values)
    for query in (
        "update device_codes set expires_at = %(at)s where client_id = %(client_id)s and expires_at > %(at)s",
        "update authorization_codes set used_at = %(at)s where used_at is null and digest in (select d.digest" + theirs + ")",  # noqa: S608 - every part is a literal of this file
        "update oauth_grants set revoked_at = %(at)s, revoked_why = %(why)s where revoked_at is null and id in (select c.grant_id" + theirs + ")",  # noqa: S608 - as above
    ):  # fmt: skip
        await run(conn, query, values)
