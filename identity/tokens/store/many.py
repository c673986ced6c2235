"""SQL for several token requests at once, each statement one question to a `Line`; what it passes over goes the ordinary way."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from identity.tokens.messages import Client
from identity.tokens.store import clients
from identity.tokens.store.people import LEVEL
from kit.db import raw
from kit.line import Line


async def client_and_version(conn: AsyncConnection, client_id: str) -> tuple[Client, str] | None:
    """A client, and the version its row had then or, if it changes this moment, before: such a pair is known to be old."""
    cursor = await (await raw(conn)).execute(
        "select xmin::text from oauth_clients where id = %s", (client_id,), prepare=True
    )
    version = await cursor.fetchone()
    found = await clients.client(conn, client_id)  # asked either way: an unknown client costs the same work
    return None if version is None or found is None else (found, version[0])


_names = msgspec.json.Decoder(set[str])
_digests = msgspec.json.Decoder(set[bytes])


async def unchanged(line: Line, versions: Mapping[str, str]) -> set[str]:
    """Which of these clients, each with the version its row was read in, still have that version."""
    told = await line.ask(
        "select coalesce(json_agg(c.id), '[]') from json_each_text($1) u"
        " cross join lateral (select c.id from oauth_clients c where c.id = u.key and c.xmin::text = u.value offset 0) c",
        versions,
    )
    return _names.decode(told)


class Standing(msgspec.Struct, frozen=True):
    """What `store.use_refresh_token` and `store.bearer_of` tell of a refresh token's grant and its bearer."""

    digest: bytes
    id: str
    account_id: str
    scope: str
    jkt: str | None
    claims: dict[str, Any] | None
    resources: list[str]
    amr: list[str]
    auth_time: datetime
    expires_at: datetime
    browser_session_id: str | None
    kind: str
    level: int


_standing = msgspec.json.Decoder(list[Standing])


class Shown(msgspec.Struct, frozen=True):
    """A refresh token, and the client that shows it with the version its row was read in."""

    digest: bytes
    client_id: str
    version: str


async def good_refresh_tokens(line: Line, shown: Sequence[Shown], *, at: datetime, day: date) -> dict[bytes, Standing]:
    """By digest those that are good beyond doubt: a citizen's whose account is open, of a grant that nobody can walk away from and a
    consent in force, unused, and of a client whose row still has this version."""
    told = await line.ask(
        # From each token to its grant and on (a subquery in `lateral` goes nowhere else): no plan goes by all grants of a client, or through
        # all tokens there are, whatever the statistics say and however few there were when it was made.
        "select coalesce(json_agg(t), '[]') from json_to_record($1) now (at timestamptz, day date)"  # noqa: S608 - every part is a literal
        " cross join json_to_recordset($2) u (digest text, client_id text, version text)"
        " cross join lateral (select r.grant_id from refresh_tokens r where r.digest = decode(u.digest, 'base64')"
        " and r.used_at is null and r.expires_at > now.at offset 0) r"
        " cross join lateral (select g.* from oauth_grants g where g.id = r.grant_id and g.client_id = u.client_id"
        " and g.revoked_at is null and g.expires_at > now.at and g.idle_at is null offset 0) g"
        " cross join lateral (select c.id, c.first_party from oauth_clients c where c.id = u.client_id and c.xmin::text = u.version offset 0) c"
        " cross join lateral (select a.* from accounts a where a.id = g.account_id and a.kind <> 'officer' and a.closed_at is null"
        " and a.locked_at is null offset 0) a"
        " cross join lateral (select u.digest, g.id, g.account_id, g.scope, g.jkt, g.claims, g.resources, g.amr, g.auth_time, g.expires_at,"
        f" g.browser_session_id, a.kind, {LEVEL.replace('%(day)s', 'now.day')} as level) t"
        " where c.first_party or exists (select from consents s where s.account_id = a.id and s.client_id = c.id"
        " and s.ended_at is null and s.expires_at > now.at)",
        {"at": at, "day": day},
        shown,
    )
    return {one.digest: one for one in _standing.decode(told)}


class Change(msgspec.Struct, frozen=True):
    """A refresh token that is used up, for what, the answer to who shows it again, and the digest of its successor."""

    digest: bytes
    grant_id: str
    used_for: bytes
    sealed: bytes
    successor: bytes
    until: datetime


async def change_refresh_tokens(
    line: Line, changes: Sequence[Change], *, at: datetime, forget_before: datetime
) -> set[bytes]:
    """The digests of those that were still unused and are used up now, their successors written; of many who try at once one has it.
    Answers nobody may ask for again are forgotten."""
    told = await line.ask(
        "with sent as materialized (select decode(u.digest, 'base64') as digest, u.grant_id, decode(u.used_for, 'base64') as used_for,"
        " decode(u.sealed, 'base64') as sealed, decode(u.successor, 'base64') as successor, u.until, now.at, now.before"
        " from json_to_record($1) now (at timestamptz, before timestamptz) cross join json_to_recordset($2)"
        " u (digest text, grant_id text, used_for text, sealed text, successor text, until timestamptz)),"
        # In one order, for two that hold each other's tokens must not wait for each other. What is written goes on from step to step: to
        # find it again among what was sent would be to compare each with all. A row is held by its place (ctid) once it was found.
        " taken as materialized (select s.*, r.place from (select * from sent order by digest) s cross join lateral"
        " (select r.ctid as place from refresh_tokens r where r.digest = s.digest and r.used_at is null for update) r),"
        " used as (update refresh_tokens r set used_at = t.at, used_for = t.used_for, answer_sealed = t.sealed"
        " from taken t where r.ctid = t.place returning r.digest, r.grant_id, t.successor, t.until, t.before),"
        " forgotten as (update refresh_tokens r set answer_sealed = null from used u cross join lateral (select f.ctid as place"
        " from refresh_tokens f where f.grant_id = u.grant_id and f.answer_sealed is not null and f.used_at < u.before offset 0) f"
        " where r.ctid = f.place),"
        " written as (insert into refresh_tokens (digest, grant_id, expires_at) select successor, grant_id, until from used)"
        " select coalesce(json_agg(encode(digest, 'base64')), '[]') from used",
        {"at": at, "before": forget_before},
        changes,
    )
    return _digests.decode(told)
