"""SQL of clients, codes and grants: prepared statements on the driver's own connection, for every request passes here."""

from datetime import date, datetime, time
from typing import Any, LiteralString

import psycopg
from psycopg.rows import namedtuple_row
from sqlalchemy.ext.asyncio import AsyncConnection

from identity.tokens.messages import Client
from kit.db import raw


async def _one(conn: AsyncConnection, query: LiteralString, values: dict[str, Any]) -> Any:
    async with (await raw(conn)).cursor(row_factory=namedtuple_row) as cursor:
        await cursor.execute(query, values, prepare=True)
        return await cursor.fetchone()


async def _run(conn: AsyncConnection, query: LiteralString, values: dict[str, Any]) -> int:
    cursor: psycopg.AsyncCursor[Any] = await (await raw(conn)).execute(query, values, prepare=True)
    return cursor.rowcount


async def client(conn: AsyncConnection, client_id: str) -> Client | None:
    row = await _one(
        conn,
        "select id, name, kind, secret_digest, grants, scopes, redirect_uris, dpop_required, first_party, office_id, sector, disabled_at"
        " from oauth_clients where id = %(id)s",
        {"id": client_id},
    )
    if row is None:
        return None
    return Client(
        id=row.id,
        name=row.name,
        kind=row.kind,
        secret_digest=row.secret_digest,
        grants=frozenset(row.grants),
        scopes=tuple(row.scopes),
        redirect_uris=tuple(row.redirect_uris),
        dpop_required=row.dpop_required,
        first_party=row.first_party,
        office_id=row.office_id,
        sector=row.sector,
        disabled_at=row.disabled_at,
    )


async def add_client(conn: AsyncConnection, added: Client, at: datetime) -> bool:
    """False when the id is taken."""
    count = await _run(
        conn,
        "insert into oauth_clients (id, name, kind, secret_digest, grants, scopes, redirect_uris, dpop_required, first_party,"
        " office_id, sector, created_at) values (%(id)s, %(name)s, %(kind)s, %(secret_digest)s, %(grants)s, %(scopes)s,"
        " %(redirect_uris)s, %(dpop_required)s, %(first_party)s, %(office_id)s, %(sector)s, %(at)s) on conflict (id) do nothing",
        {
            "id": added.id,
            "name": added.name,
            "kind": added.kind,
            "secret_digest": added.secret_digest,
            "grants": sorted(added.grants),
            "scopes": list(added.scopes),
            "redirect_uris": list(added.redirect_uris),
            "dpop_required": added.dpop_required,
            "first_party": added.first_party,
            "office_id": added.office_id,
            "sector": added.sector,
            "at": at,
        },
    )
    return count == 1


async def set_client_disabled(conn: AsyncConnection, client_id: str, at: datetime | None) -> bool:
    return await _run(
        conn, "update oauth_clients set disabled_at = %(at)s where id = %(id)s", {"id": client_id, "at": at}
    ) == 1  # fmt: skip


async def set_client_secret(conn: AsyncConnection, client_id: str, secret_digest: bytes) -> bool:
    """Only of a confidential client."""
    return await _run(
        conn,
        "update oauth_clients set secret_digest = %(digest)s where id = %(id)s and kind = 'confidential'",
        {"id": client_id, "digest": secret_digest},
    ) == 1  # fmt: skip


# Who stands in for others of the office holds their roles too, but never an operator's: those take two persons.
_ROLES = (
    "o.roles || coalesce((select array_agg(r) from officer_leaves l join officers a on a.account_id = l.account_id"
    " and a.ended_at is null and a.office_id = o.office_id cross join unnest(a.roles) r"
    " where l.substitute_id = o.account_id and l.ended_at is null and %(day)s between l.from_on and l.until_on"
    " and r <> 'operator'), '{}') as roles"
)
_AWAY = (
    "exists (select from officer_leaves l where l.account_id = o.account_id and l.ended_at is null"
    " and %(day)s between l.from_on and l.until_on)"
)


async def bearer_of(conn: AsyncConnection, account_id: str, on: date, hour: time) -> Any:
    """kind, level, closed_at, locked_at, has_passkey of an account; appointment_id, office_id, roles of the appointment it holds at
    that day and hour of the city, and is not on leave from."""
    return await _one(
        conn,
        "select a.kind, a.level, a.closed_at, a.locked_at, exists (select from passkeys p where p.account_id = a.id"  # noqa: S608 - every part is a literal of this file
        " and p.removed_at is null) as has_passkey, o.id as appointment_id, o.office_id, " + _ROLES + " from accounts a"
        " left join officers o on o.account_id = a.id and o.ended_at is null and o.from_on <= %(day)s"
        " and (o.until_on is null or o.until_on >= %(day)s)"
        " and (o.shift_from is null or (o.shift_from <= %(hour)s and %(hour)s < o.shift_until)) and not "
        + _AWAY
        + " where a.id = %(id)s",
        {"id": account_id, "day": on, "hour": hour},
    )


async def add_code(conn: AsyncConnection, **values: Any) -> None:
    await _run(
        conn,
        "insert into authorization_codes (digest, client_id, account_id, grant_id, code_challenge, jkt, scope, amr, auth_time, nonce,"
        " authenticator_id, created_at, expires_at) values (%(digest)s, %(client_id)s, %(account_id)s, %(grant_id)s, %(code_challenge)s, %(jkt)s,"
        " %(scope)s, %(amr)s, %(auth_time)s, %(nonce)s, %(authenticator_id)s, %(created_at)s, %(expires_at)s)",
        values,
    )


async def use_code(conn: AsyncConnection, digest: bytes, client_id: str, at: datetime) -> Any:
    """Takes the code: of any number that try at once one gets the row, the others None."""
    return await _one(
        conn,
        "update authorization_codes set used_at = %(at)s where digest = %(digest)s and client_id = %(client_id)s"
        " and used_at is null and expires_at > %(at)s"
        " returning account_id, grant_id, code_challenge, jkt, scope, amr, auth_time, nonce, authenticator_id",
        {"digest": digest, "client_id": client_id, "at": at},
    )


async def used_code_grant(conn: AsyncConnection, digest: bytes, client_id: str) -> str | None:
    """The grant of a code this client used before."""
    row = await _one(
        conn,
        "select grant_id from authorization_codes where digest = %(digest)s and client_id = %(client_id)s and used_at is not null",
        {"digest": digest, "client_id": client_id},
    )
    return None if row is None else row.grant_id


async def add_grant(conn: AsyncConnection, **values: Any) -> None:
    await _run(
        conn,
        "insert into oauth_grants (id, kind, client_id, account_id, appointment_id, session_id, authenticator_id, scope, level,"
        " jkt, created_at, expires_at) values (%(id)s, %(kind)s, %(client_id)s, %(account_id)s, %(appointment_id)s, %(session_id)s,"
        " %(authenticator_id)s, %(scope)s, %(level)s, %(jkt)s, %(created_at)s, %(expires_at)s)",
        values,
    )


async def grant(conn: AsyncConnection, grant_id: str, on: date) -> Any:
    """What every request asks: is it still good, and what are the account and the appointment behind it now."""
    return await _one(
        conn,
        "select g.kind, g.client_id, g.account_id, g.session_id, g.authenticator_id, g.scope, g.level, g.jkt, g.revoked_at, c.disabled_at,"  # noqa: S608 - every part is a literal of this file
        " c.office_id as kiosk_office_id, a.level as account_level, a.closed_at, a.locked_at, o.office_id, o.from_on, o.until_on, o.ended_at,"
        " o.shift_from, o.shift_until, "
        + _AWAY
        + " as away, "
        + _ROLES
        + " from oauth_grants g join oauth_clients c on c.id = g.client_id left join accounts a on a.id = g.account_id"
        " left join officers o on o.id = g.appointment_id where g.id = %(id)s",
        {"id": grant_id, "day": on},
    )


async def revoke_grant(conn: AsyncConnection, grant_id: str, *, client_id: str, at: datetime, why: str) -> None:
    await _run(
        conn,
        "update oauth_grants set revoked_at = %(at)s, revoked_why = %(why)s"
        " where id = %(id)s and client_id = %(client_id)s and revoked_at is null",
        {"id": grant_id, "client_id": client_id, "at": at, "why": why},
    )


async def end_grants_by(
    conn: AsyncConnection, account_id: str, authenticator_id: str, *, at: datetime, why: str, but: str | None
) -> None:
    """What a contact or passkey signed in, and the codes that could still become that; `but` names a grant that stays."""
    values = {"account": account_id, "id": authenticator_id, "at": at, "why": why, "but": but}
    await _run(
        conn,
        "update authorization_codes set used_at = %(at)s"
        " where account_id = %(account)s and authenticator_id = %(id)s and used_at is null",
        values,
    )
    await _run(
        conn,
        "update oauth_grants set revoked_at = %(at)s, revoked_why = %(why)s where account_id = %(account)s"
        " and authenticator_id = %(id)s and revoked_at is null and id is distinct from %(but)s::text",
        values,
    )


async def revoke_account(
    conn: AsyncConnection, account_id: str, *, at: datetime, why: str, but: str | None = None
) -> int:
    """Every token of an account, and the codes that could still become one; `but` names a grant that stays."""
    await _run(
        conn,
        "update authorization_codes set used_at = %(at)s where account_id = %(id)s and used_at is null",
        {"id": account_id, "at": at},
    )
    return await _run(
        conn,
        "update oauth_grants set revoked_at = %(at)s, revoked_why = %(why)s"
        " where account_id = %(id)s and revoked_at is null and id is distinct from %(but)s::text",
        {"id": account_id, "at": at, "why": why, "but": but},
    )


async def sessions(conn: AsyncConnection, account_id: str, at: datetime) -> list[Any]:
    """id, client (its name), created_at, expires_at, level of what an account is signed in with, the newest first."""
    async with (await raw(conn)).cursor(row_factory=namedtuple_row) as cursor:
        await cursor.execute(
            "select g.id, c.name as client, g.created_at, g.expires_at, g.level from oauth_grants g"
            " join oauth_clients c on c.id = g.client_id"
            " where g.account_id = %(id)s and g.revoked_at is null and g.expires_at > %(at)s order by g.id desc",
            {"id": account_id, "at": at},
            prepare=True,
        )
        return await cursor.fetchall()


async def end_grant_of(conn: AsyncConnection, account_id: str, grant_id: str, *, at: datetime, why: str) -> bool:
    """False when the account has no such grant that could still be ended."""
    return await _run(
        conn,
        "update oauth_grants set revoked_at = %(at)s, revoked_why = %(why)s"
        " where id = %(grant)s and account_id = %(id)s and revoked_at is null and expires_at > %(at)s",
        {"id": account_id, "grant": grant_id, "at": at, "why": why},
    ) == 1  # fmt: skip


async def forget_before(conn: AsyncConnection, at: datetime) -> None:
    await _run(conn, "delete from sign_ins where expires_at < %(at)s", {"at": at})
    await _run(conn, "delete from authorization_codes where expires_at < %(at)s", {"at": at})
    await _run(conn, "delete from oauth_grants where expires_at < %(at)s", {"at": at})
