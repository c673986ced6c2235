"""SQL for several token requests at once: each statement takes columns of values, and what it passes over goes the ordinary way."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from psycopg import AsyncConnection as AsyncDriver
from psycopg.rows import namedtuple_row
from sqlalchemy.ext.asyncio import AsyncConnection

from identity.tokens.messages import Client
from identity.tokens.store import clients
from identity.tokens.store.people import LEVEL
from kit.db import raw

Row = Mapping[str, Any]
Connection = AsyncDriver[Any]
"""Of a `Line`: each of these is one statement."""


async def client_and_version(conn: AsyncConnection, client_id: str) -> tuple[Client, str] | None:
    """A client, and the version its row had then or, if it changes this moment, before: such a pair is known to be old."""
    cursor = await (await raw(conn)).execute(
        "select xmin::text from oauth_clients where id = %s", (client_id,), prepare=True
    )
    version = await cursor.fetchone()
    found = await clients.client(conn, client_id)  # asked either way: an unknown client costs the same work
    return None if version is None or found is None else (found, version[0])


def _columns(rows: Sequence[Row], *names: str) -> dict[str, list[Any]]:
    return {name: [row[name] for row in rows] for name in names}


async def add_grants(conn: Connection, rows: Sequence[Row], *, resources: Sequence[str]) -> set[str]:
    """Grants of clients' own tokens, all for these `resources`, of clients whose row still has this `version`; the ids of those that
    were written."""
    cursor = await conn.execute(
        "insert into oauth_grants (id, kind, client_id, scope, level, jkt, resources, created_at, expires_at)"
        " select u.id, u.kind, u.client_id, u.scope, 0, u.jkt, %(resources)s::text[], u.created_at, u.expires_at from unnest(%(id)s::text[], %(kind)s::text[],"
        " %(client_id)s::text[], %(scope)s::text[], %(jkt)s::text[], %(created_at)s::timestamptz[], %(expires_at)s::timestamptz[],"
        " %(version)s::text[]) u (id, kind, client_id, scope, jkt, created_at, expires_at, version)"
        " join oauth_clients c on c.id = u.client_id and c.xmin::text = u.version returning id",
        {
            **_columns(rows, "id", "kind", "client_id", "scope", "jkt", "created_at", "expires_at", "version"),
            "resources": list(resources),
        },
        prepare=True,
    )
    return {row[0] for row in await cursor.fetchall()}


async def take_refresh_tokens(conn: Connection, rows: Sequence[Row], *, at: datetime, day: Any) -> dict[bytes, Any]:
    """By digest those that are good beyond doubt, locked: a citizen's whose account is open, of a grant that nobody can walk away from
    and a consent in force, unused, and of a client whose row still has this `version`. Each with what `store.use_refresh_token` and `store.bearer_of` tell."""
    async with conn.cursor(row_factory=namedtuple_row) as cursor:
        await cursor.execute(
            "select r.digest, g.id, g.account_id, g.scope, g.jkt, g.claims, g.resources, g.amr, g.auth_time, g.expires_at, g.browser_session_id,"  # noqa: S608 - every part is a literal
            f" a.kind, {LEVEL} as level from unnest(%(digest)s::bytea[], %(client_id)s::text[], %(version)s::text[]) u (digest, client_id, version)"
            " join oauth_clients c on c.id = u.client_id and c.xmin::text = u.version"
            " join refresh_tokens r on r.digest = u.digest and r.used_at is null and r.expires_at > %(at)s"
            " join oauth_grants g on g.id = r.grant_id and g.client_id = u.client_id and g.revoked_at is null and g.expires_at > %(at)s"
            " and g.idle_at is null"
            " join accounts a on a.id = g.account_id and a.kind <> 'officer' and a.closed_at is null and a.locked_at is null"
            " where c.first_party or exists (select from consents s where s.account_id = a.id and s.client_id = c.id"
            " and s.ended_at is null and s.expires_at > %(at)s) order by r.digest for update of r",
            {**_columns(rows, "digest", "client_id", "version"), "at": at, "day": day},
            prepare=True,
        )
        found: list[Any] = await cursor.fetchall()
        return {bytes(row.digest): row for row in found}


async def change_refresh_tokens(
    conn: Connection, rows: Sequence[Row], *, at: datetime, forget_before: datetime
) -> None:
    """Uses up each `digest` and writes its `successor`; answers nobody may ask for again are forgotten."""
    await conn.execute(
        "with used as (update refresh_tokens r set used_at = %(at)s, used_for = u.used_for, answer_sealed = u.sealed"
        " from unnest(%(digest)s::bytea[], %(used_for)s::bytea[], %(sealed)s::bytea[]) u (digest, used_for, sealed) where r.digest = u.digest),"
        " forgotten as (update refresh_tokens set answer_sealed = null where grant_id = any(%(grant_id)s::text[])"
        " and answer_sealed is not null and used_at < %(before)s)"
        " insert into refresh_tokens (digest, grant_id, expires_at)"
        " select * from unnest(%(successor)s::bytea[], %(grant_id)s::text[], %(until)s::timestamptz[])",
        {
            **_columns(rows, "digest", "used_for", "sealed", "grant_id", "successor", "until"),
            "at": at,
            "before": forget_before,
        },
        prepare=True,
    )
