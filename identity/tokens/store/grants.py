"""Grants, which every token names, and the refresh tokens that belong to them."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, LiteralString

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from identity.tokens.store.ending import end_grants
from identity.tokens.store.people import AWAY, LEVEL, ROLES
from identity.tokens.store.rows import as_json, every, one, run
from kit.db import Direct


async def add_grant(conn: AsyncConnection, *, claims: dict[str, Any] | None, **values: Any) -> None:
    await run(
        conn,
        "insert into oauth_grants (id, kind, client_id, account_id, appointment_id, session_id, authenticator_id, browser_session_id, scope, level, jkt,"
        " claims, resources, ends_with, amr, auth_time, created_at, expires_at, idle_at) values (%(id)s, %(kind)s, %(client_id)s, %(account_id)s, %(appointment_id)s,"
        " %(session_id)s, %(authenticator_id)s, %(browser_session_id)s, %(scope)s, %(level)s, %(jkt)s, %(claims)s, %(resources)s, %(ends_with)s, %(amr)s, %(auth_time)s, %(created_at)s,"
        " %(expires_at)s, %(idle_at)s)",
        {**values, "claims": as_json(claims)},
    )


class OwnGrant(msgspec.Struct, frozen=True, kw_only=True):
    """What `grant` tells, of a client's token for itself: the client is all there is behind it."""

    kind: str
    client_id: str
    scope: str
    first_party: bool
    kiosk_office_id: str | None
    disabled_at: datetime | None
    revoked_at: datetime | None
    account_id: None = None
    session_id: None = None
    authenticator_id: None = None
    office_id: None = None
    roles: tuple[str, ...] = ()
    ends_with: tuple[str, ...] = ()
    ended_before: bool = False
    account_level: int = 0
    idle_at: None = None
    closed_at: None = None
    locked_at: None = None


async def own_grant(
    conn: AsyncConnection | Direct, grant_id: str, *, kind: str, client_id: str, scope: str
) -> OwnGrant | None:
    """Of a client's token for itself, which has a row only once it is ended; the rest is as the token states it. None without such
    a client."""
    found = await one(
        conn,
        "select c.first_party, c.office_id, c.disabled_at, g.revoked_at from oauth_clients c"
        " left join oauth_grants g on g.id = %(id)s and g.client_id = c.id where c.id = %(client_id)s",
        {"id": grant_id, "client_id": client_id},
    )
    if found is None:
        return None
    return OwnGrant(
        kind=kind,
        client_id=client_id,
        scope=scope,
        first_party=found.first_party,
        kiosk_office_id=found.office_id,
        disabled_at=found.disabled_at,
        revoked_at=found.revoked_at,
    )


async def end_own_grant(conn: AsyncConnection, *, at: datetime, why: str, **values: Any) -> None:
    """The row of a client's token for itself, which tells that it is over; `values` are as the token states them."""
    await run(
        conn,
        "insert into oauth_grants (id, kind, client_id, scope, level, created_at, expires_at, revoked_at, revoked_why)"
        " values (%(id)s, %(kind)s, %(client_id)s, %(scope)s, 0, %(created_at)s, %(expires_at)s, %(at)s, %(why)s)"
        " on conflict (id) do update set revoked_at = excluded.revoked_at, revoked_why = excluded.revoked_why"
        " where oauth_grants.client_id = excluded.client_id and oauth_grants.revoked_at is null",
        {**values, "at": at, "why": why},
    )


async def grant(conn: AsyncConnection | Direct, grant_id: str, on: date) -> Any:
    """What every request asks: is it still good, and what are the account and the appointment behind it on that day."""
    return (await grants(conn, [grant_id], on)).get(grant_id)


async def grants(conn: AsyncConnection | Direct, grant_ids: Sequence[str], on: date) -> dict[str, Any]:
    """`grant`, of those of these that there are."""
    found = await every(
        conn,
        "select g.id, g.kind, g.client_id, g.account_id, g.session_id, g.authenticator_id, g.scope, g.level, g.jkt, g.claims, g.ends_with, g.idle_at, g.revoked_at,"  # noqa: S608 - every part is a literal of this file
        " exists (select from oauth_grants p join oauth_clients pc on pc.id = p.client_id where p.id = any(g.ends_with)"
        " and (p.revoked_at is not null or pc.disabled_at is not null)) as ended_before,"
        f" c.disabled_at, c.first_party, c.office_id as kiosk_office_id, {LEVEL} as account_level, a.closed_at, a.locked_at,"
        " o.office_id, o.from_on, o.until_on, o.ended_at, o.shift_from, o.shift_until, "
        + AWAY
        + " as away, "
        + ROLES
        + " from oauth_grants g join oauth_clients c on c.id = g.client_id left join accounts a on a.id = g.account_id"
        " left join officers o on o.id = g.appointment_id where g.id = any((select %(ids)s::text[])::text[])",  # as kit.db.TEXTS
        {"ids": grant_ids, "day": on},
    )
    return {row.id: row for row in found}


async def stay(conn: AsyncConnection, grant_id: str, *, at: datetime, until: datetime) -> None:
    """Moves the idle end of a grant on; one that was left has ended for good."""
    await run(
        conn,
        "update oauth_grants set idle_at = %(until)s where id = %(id)s and idle_at > %(at)s",
        {"id": grant_id, "at": at, "until": until},
    )


async def revoke_grant(conn: AsyncConnection, grant_id: str, *, client_id: str, at: datetime, why: str) -> None:
    await run(
        conn,
        "update oauth_grants set revoked_at = %(at)s, revoked_why = %(why)s"
        " where id = %(id)s and client_id = %(client_id)s and revoked_at is null",
        {"id": grant_id, "client_id": client_id, "at": at, "why": why},
    )


async def sessions(conn: AsyncConnection, account_id: str, at: datetime) -> list[Any]:
    """id, client (an app's name, None for a browser), created_at, expires_at, level of what an account is signed in with, the newest first."""
    return await every(
        conn,
        "select g.id, c.name as client, g.created_at, g.expires_at, g.level from oauth_grants g"
        " join oauth_clients c on c.id = g.client_id"
        " where g.account_id = %(id)s and g.revoked_at is null and g.expires_at > %(at)s and coalesce(g.idle_at > %(at)s, true)"
        " union all select s.id, null, s.auth_time, s.expires_at, a.level from browser_sessions s join accounts a on a.id = s.account_id"
        " where s.account_id = %(id)s and s.ended_at is null and s.expires_at > %(at)s order by created_at desc, id desc",
        {"id": account_id, "at": at},
    )


async def ended_since(conn: AsyncConnection, since: datetime) -> list[str]:
    """Grants that ended after then, and those of clients that were disabled after then but for what these had for themselves."""
    rows = await every(
        conn,
        "select id from oauth_grants where revoked_at > %(since)s union"
        " select g.id from oauth_grants g join oauth_clients c on c.id = g.client_id"
        " where c.disabled_at > %(since)s and g.expires_at > %(since)s order by 1",
        {"since": since},
    )
    return [row.id for row in rows]


async def disabled_since(conn: AsyncConnection, since: datetime) -> list[str]:
    """Clients that were disabled after then."""
    rows = await every(conn, "select id from oauth_clients where disabled_at > %(since)s order by id", {"since": since})
    return [row.id for row in rows]


async def end_grant_of(conn: AsyncConnection, account_id: str, grant_id: str, *, at: datetime, why: str) -> bool:
    """False when the account has no such grant that could still be ended."""
    which: LiteralString = "id = %(grant)s and account_id = %(id)s and expires_at > %(at)s"
    return await end_grants(conn, which, {"id": account_id, "grant": grant_id, "at": at, "why": why}) == 1


async def add_refresh_token(conn: AsyncConnection, *, digest: bytes, grant_id: str, expires_at: datetime) -> None:
    await run(
        conn,
        "insert into refresh_tokens (digest, grant_id, expires_at) values (%(digest)s, %(grant_id)s, %(expires_at)s)",
        {"digest": digest, "grant_id": grant_id, "expires_at": expires_at},
    )


async def use_refresh_token(
    conn: AsyncConnection, digest: bytes, client_id: str, *, at: datetime, used_for: bytes
) -> Any:
    """Takes the token of a grant in force: of any number that try at once one gets the grant, the others None."""
    return await one(
        conn,
        "update refresh_tokens r set used_at = %(at)s, used_for = %(used_for)s from oauth_grants g"
        " where r.digest = %(digest)s and g.id = r.grant_id and g.client_id = %(client_id)s and g.revoked_at is null"
        " and g.expires_at > %(at)s and coalesce(g.idle_at > %(at)s, true) and r.used_at is null and r.expires_at > %(at)s"
        " returning g.id, g.account_id, g.scope, g.jkt, g.claims, g.resources, g.amr, g.auth_time, g.expires_at, g.browser_session_id",
        {"digest": digest, "client_id": client_id, "at": at, "used_for": used_for},
    )


async def refresh_token(conn: AsyncConnection, digest: bytes) -> Any:
    """A refresh token, used or not, and the grant it belongs to."""
    return await one(
        conn,
        "select r.grant_id, r.expires_at, r.used_at, r.used_for, r.answer_sealed, g.client_id, g.account_id, g.scope, g.revoked_at, g.idle_at"
        " from refresh_tokens r join oauth_grants g on g.id = r.grant_id where r.digest = %(digest)s",
        {"digest": digest},
    )


async def keep_answer(
    conn: AsyncConnection, digest: bytes, grant_id: str, sealed: bytes, *, forget_before: datetime
) -> None:
    """Keeps the answer to this use, and forgets those nobody may ask for again."""
    await run(
        conn,
        "update refresh_tokens set answer_sealed = case when digest = %(digest)s then %(sealed)s::bytea end"
        " where grant_id = %(grant_id)s and (digest = %(digest)s or (answer_sealed is not null and used_at < %(before)s))",
        {"digest": digest, "grant_id": grant_id, "sealed": sealed, "before": forget_before},
    )
