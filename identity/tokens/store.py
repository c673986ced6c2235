"""SQL of clients, browsers, requests, codes and grants: prepared statements on the driver's own connection, for every request passes here."""

from datetime import date, datetime, time
from typing import Any, LiteralString

import msgspec
import psycopg
from psycopg.rows import namedtuple_row
from psycopg.types.json import Jsonb
from sqlalchemy.ext.asyncio import AsyncConnection

from identity.tokens.messages import Client
from kit.db import raw, to_json
from kit.refusal import Words


async def _one(conn: AsyncConnection, query: LiteralString, values: dict[str, Any]) -> Any:
    async with (await raw(conn)).cursor(row_factory=namedtuple_row) as cursor:
        await cursor.execute(query, values, prepare=True)
        return await cursor.fetchone()


async def _run(conn: AsyncConnection, query: LiteralString, values: dict[str, Any]) -> int:
    cursor: psycopg.AsyncCursor[Any] = await (await raw(conn)).execute(query, values, prepare=True)
    return cursor.rowcount


def _json(value: Any) -> Jsonb | None:
    return None if value is None else Jsonb(to_json(value))


async def client(conn: AsyncConnection, client_id: str) -> Client | None:
    row = await _one(
        conn,
        "select id, name, kind, secret_digest, grants, scopes, redirect_uris, dpop_required, first_party, office_id, sector, purpose,"
        " response_modes, keys, require_par, fapi2, post_logout_redirect_uris, backchannel_logout_uri, disabled_at from oauth_clients where id = %(id)s",
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
        purpose=None if row.purpose is None else msgspec.convert(row.purpose, Words),
        response_modes=tuple(row.response_modes),
        keys=tuple(row.keys),
        require_par=row.require_par,
        fapi2=row.fapi2,
        post_logout_redirect_uris=tuple(row.post_logout_redirect_uris),
        backchannel_logout_uri=row.backchannel_logout_uri,
        disabled_at=row.disabled_at,
    )


async def add_client(conn: AsyncConnection, added: Client, at: datetime) -> bool:
    """False when the id is taken."""
    count = await _run(
        conn,
        "insert into oauth_clients (id, name, kind, secret_digest, grants, scopes, redirect_uris, dpop_required, first_party,"
        " office_id, sector, purpose, response_modes, keys, require_par, fapi2, post_logout_redirect_uris, backchannel_logout_uri, created_at) values (%(id)s, %(name)s, %(kind)s, %(secret_digest)s, %(grants)s,"
        " %(scopes)s, %(redirect_uris)s, %(dpop_required)s, %(first_party)s, %(office_id)s, %(sector)s, %(purpose)s,"
        " %(response_modes)s, %(keys)s, %(require_par)s, %(fapi2)s, %(post_logout_redirect_uris)s, %(backchannel_logout_uri)s, %(at)s) on conflict (id) do nothing",
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
            "purpose": _json(added.purpose),
            "response_modes": list(added.response_modes),
            "keys": _json(added.keys),
            "require_par": added.require_par,
            "fapi2": added.fapi2,
            "post_logout_redirect_uris": list(added.post_logout_redirect_uris),
            "backchannel_logout_uri": added.backchannel_logout_uri,
            "at": at,
        },
    )
    return count == 1


async def set_client_disabled(conn: AsyncConnection, client_id: str, at: datetime | None) -> bool:
    return await _run(
        conn, "update oauth_clients set disabled_at = %(at)s where id = %(id)s", {"id": client_id, "at": at}
    ) == 1  # fmt: skip


async def set_client_secret(conn: AsyncConnection, client_id: str, secret_digest: bytes) -> bool:
    """Only of a client that has one."""
    return await _run(
        conn,
        "update oauth_clients set secret_digest = %(digest)s where id = %(id)s and secret_digest is not null",
        {"id": client_id, "digest": secret_digest},
    ) == 1  # fmt: skip


# A level lapses by the calendar alone: whoever asks is told what it is on that day (`accounts.service.current_level`).
LEVEL = "case when a.level >= 2 and a.level_2_until >= %(day)s then 2 when a.level >= 1 and a.level_1_until >= %(day)s then 1 else 0 end"
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
        f"select a.kind, {LEVEL} as level, a.closed_at, a.locked_at, exists (select from passkeys p where p.account_id = a.id"  # noqa: S608 - every part is a literal of this file
        " and p.removed_at is null) as has_passkey, o.id as appointment_id, o.office_id, " + _ROLES + " from accounts a"
        " left join officers o on o.account_id = a.id and o.ended_at is null and o.from_on <= %(day)s"
        " and (o.until_on is null or o.until_on >= %(day)s)"
        " and (o.shift_from is null or (o.shift_from <= %(hour)s and %(hour)s < o.shift_until)) and not "
        + _AWAY
        + " where a.id = %(id)s",
        {"id": account_id, "day": on, "hour": hour},
    )


async def add_code(conn: AsyncConnection, *, claims: dict[str, Any] | None, **values: Any) -> None:
    await _run(
        conn,
        "insert into authorization_codes (digest, client_id, account_id, grant_id, code_challenge, jkt, scope, amr, auth_time, nonce,"
        " authenticator_id, redirect_uri, browser_session_id, claims, created_at, expires_at) values (%(digest)s, %(client_id)s, %(account_id)s,"
        " %(grant_id)s, %(code_challenge)s, %(jkt)s, %(scope)s, %(amr)s, %(auth_time)s, %(nonce)s, %(authenticator_id)s, %(redirect_uri)s,"
        " %(browser_session_id)s, %(claims)s, %(created_at)s, %(expires_at)s)",
        {**values, "claims": _json(claims)},
    )


async def use_code(conn: AsyncConnection, digest: bytes, client_id: str, at: datetime) -> Any:
    """Takes the code: of any number that try at once one gets the row, the others None."""
    return await _one(
        conn,
        "update authorization_codes set used_at = %(at)s where digest = %(digest)s and client_id = %(client_id)s"
        " and used_at is null and expires_at > %(at)s"
        " returning account_id, grant_id, code_challenge, jkt, scope, amr, auth_time, nonce, authenticator_id, redirect_uri, browser_session_id, claims",
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


async def add_grant(conn: AsyncConnection, *, claims: dict[str, Any] | None, **values: Any) -> None:
    await _run(
        conn,
        "insert into oauth_grants (id, kind, client_id, account_id, appointment_id, session_id, authenticator_id, browser_session_id, scope, level, jkt,"
        " claims, amr, auth_time, created_at, expires_at) values (%(id)s, %(kind)s, %(client_id)s, %(account_id)s, %(appointment_id)s,"
        " %(session_id)s, %(authenticator_id)s, %(browser_session_id)s, %(scope)s, %(level)s, %(jkt)s, %(claims)s, %(amr)s, %(auth_time)s, %(created_at)s,"
        " %(expires_at)s)",
        {**values, "claims": _json(claims)},
    )


async def add_own_grant(conn: AsyncConnection, **values: Any) -> None:
    """Of a client's token for itself."""
    await _run(
        conn,
        "insert into oauth_grants (id, kind, client_id, scope, level, jkt, created_at, expires_at)"
        " values (%(id)s, %(kind)s, %(client_id)s, %(scope)s, 0, %(jkt)s, %(created_at)s, %(expires_at)s)",
        values,
    )


async def grant(conn: AsyncConnection, grant_id: str, on: date) -> Any:
    """What every request asks: is it still good, and what are the account and the appointment behind it on that day."""
    return await _one(
        conn,
        "select g.kind, g.client_id, g.account_id, g.session_id, g.authenticator_id, g.scope, g.level, g.jkt, g.claims, g.revoked_at,"  # noqa: S608 - every part is a literal of this file
        f" c.disabled_at, c.first_party, c.office_id as kiosk_office_id, {LEVEL} as account_level, a.closed_at, a.locked_at,"
        " o.office_id, o.from_on, o.until_on, o.ended_at, o.shift_from, o.shift_until, "
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


async def add_refresh_token(conn: AsyncConnection, *, digest: bytes, grant_id: str, expires_at: datetime) -> None:
    await _run(
        conn,
        "insert into refresh_tokens (digest, grant_id, expires_at) values (%(digest)s, %(grant_id)s, %(expires_at)s)",
        {"digest": digest, "grant_id": grant_id, "expires_at": expires_at},
    )


async def use_refresh_token(
    conn: AsyncConnection, digest: bytes, client_id: str, *, at: datetime, used_for: bytes
) -> Any:
    """Takes the token of a grant in force: of any number that try at once one gets the grant, the others None."""
    return await _one(
        conn,
        "update refresh_tokens r set used_at = %(at)s, used_for = %(used_for)s from oauth_grants g"
        " where r.digest = %(digest)s and g.id = r.grant_id and g.client_id = %(client_id)s and g.revoked_at is null"
        " and g.expires_at > %(at)s and r.used_at is null and r.expires_at > %(at)s"
        " returning g.id, g.account_id, g.scope, g.jkt, g.claims, g.amr, g.auth_time, g.expires_at, g.browser_session_id",
        {"digest": digest, "client_id": client_id, "at": at, "used_for": used_for},
    )


async def refresh_token(conn: AsyncConnection, digest: bytes) -> Any:
    """A refresh token, used or not, and the grant it belongs to."""
    return await _one(
        conn,
        "select r.grant_id, r.expires_at, r.used_at, r.used_for, r.answer_sealed, g.client_id, g.account_id, g.scope, g.revoked_at"
        " from refresh_tokens r join oauth_grants g on g.id = r.grant_id where r.digest = %(digest)s",
        {"digest": digest},
    )


async def keep_answer(
    conn: AsyncConnection, digest: bytes, grant_id: str, sealed: bytes, *, forget_before: datetime
) -> None:
    """Keeps the answer to this use, and forgets those nobody may ask for again."""
    await _run(
        conn,
        "update refresh_tokens set answer_sealed = case when digest = %(digest)s then %(sealed)s::bytea end"
        " where grant_id = %(grant_id)s and (digest = %(digest)s or (answer_sealed is not null and used_at < %(before)s))",
        {"digest": digest, "grant_id": grant_id, "sealed": sealed, "before": forget_before},
    )


# The session of the browser that the grant `but` was given in goes on.
_NOT_BEHIND = " and id is distinct from (select browser_session_id from oauth_grants where id = %(but)s::text)"


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
    await _run(
        conn,
        "update browser_sessions set ended_at = %(at)s, ended_why = %(why)s where account_id = %(account)s"  # noqa: S608 - every part is a literal of this file
        " and authenticator_id = %(id)s and ended_at is null" + _NOT_BEHIND,
        values,
    )


async def revoke_account(
    conn: AsyncConnection, account_id: str, *, at: datetime, why: str, but: str | None = None
) -> int:
    """Every token of an account, its browsers, and the codes that could still become one; `but` names a grant that stays."""
    values = {"id": account_id, "at": at, "why": why, "but": but}
    await _run(
        conn,
        "update authorization_codes set used_at = %(at)s where account_id = %(id)s and used_at is null",
        values,
    )
    await _run(
        conn,
        "update browser_sessions set ended_at = %(at)s, ended_why = %(why)s where account_id = %(id)s and ended_at is null"  # noqa: S608 - as above
        + _NOT_BEHIND,
        values,
    )
    return await _run(
        conn,
        "update oauth_grants set revoked_at = %(at)s, revoked_why = %(why)s"
        " where account_id = %(id)s and revoked_at is null and id is distinct from %(but)s::text",
        values,
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


async def revoke_account_of_client(
    conn: AsyncConnection, account_id: str, client_id: str, *, at: datetime, why: str
) -> None:
    """Every token one client holds of an account, and the codes that could still become one."""
    values = {"id": account_id, "client_id": client_id, "at": at, "why": why}
    await _run(
        conn,
        "update authorization_codes set used_at = %(at)s where account_id = %(id)s and client_id = %(client_id)s and used_at is null",
        values,
    )
    await _run(
        conn,
        "update oauth_grants set revoked_at = %(at)s, revoked_why = %(why)s"
        " where account_id = %(id)s and client_id = %(client_id)s and revoked_at is null",
        values,
    )


async def add_browser_session(conn: AsyncConnection, **values: Any) -> None:
    await _run(
        conn,
        "insert into browser_sessions (id, digest, account_id, amr, authenticator_id, auth_time, expires_at)"
        " values (%(id)s, %(digest)s, %(account_id)s, %(amr)s, %(authenticator_id)s, %(auth_time)s, %(expires_at)s)",
        values,
    )


async def renew_browser_session(conn: AsyncConnection, before: bytes, *, at: datetime, **values: Any) -> bool:
    """Goes on with the session of this cookie if it is this account's and in force."""
    return await _run(
        conn,
        "update browser_sessions set digest = %(digest)s, amr = %(amr)s, authenticator_id = %(authenticator_id)s,"
        " auth_time = %(auth_time)s, expires_at = %(expires_at)s"
        " where digest = %(before)s and account_id = %(account_id)s and ended_at is null and expires_at > %(at)s",
        {**values, "before": before, "at": at},
    ) == 1  # fmt: skip


async def browser_session(conn: AsyncConnection, digest: bytes, at: datetime) -> Any:
    """id, account_id, amr, authenticator_id, auth_time of the browser that is signed in with this cookie, to an account that is open and not locked."""
    return await _one(
        conn,
        "select s.id, s.account_id, s.amr, s.authenticator_id, s.auth_time from browser_sessions s join accounts a on a.id = s.account_id"
        " where s.digest = %(digest)s and s.ended_at is null and s.expires_at > %(at)s and a.closed_at is null and a.locked_at is null",
        {"digest": digest, "at": at},
    )


async def end_browser_session(conn: AsyncConnection, digest: bytes, *, at: datetime, why: str) -> None:
    await _run(
        conn,
        "update browser_sessions set ended_at = %(at)s, ended_why = %(why)s where digest = %(digest)s and ended_at is null",
        {"digest": digest, "at": at, "why": why},
    )


async def clients_of_session(conn: AsyncConnection, session_id: str) -> list[Any]:
    """client_id and account_id of the apps that hold something of a browser's session and want to hear of its end."""
    async with (await raw(conn)).cursor(row_factory=namedtuple_row) as cursor:
        await cursor.execute(
            "select distinct g.client_id, g.account_id from oauth_grants g join oauth_clients c on c.id = g.client_id"
            " where g.browser_session_id = %(id)s and g.revoked_at is null and c.backchannel_logout_uri is not null",
            {"id": session_id},
            prepare=True,
        )
        return await cursor.fetchall()


async def end_session_and_grants(conn: AsyncConnection, session_id: str, *, at: datetime, why: str) -> None:
    """The session, what came of it, and the codes that could still become something."""
    values = {"id": session_id, "at": at, "why": why}
    for query in (
        "update browser_sessions set ended_at = %(at)s, ended_why = %(why)s where id = %(id)s and ended_at is null",
        "update authorization_codes set used_at = %(at)s where browser_session_id = %(id)s and used_at is null",
        "update oauth_grants set revoked_at = %(at)s, revoked_why = %(why)s where browser_session_id = %(id)s and revoked_at is null",
    ):
        await _run(conn, query, values)


async def add_request(
    conn: AsyncConnection, *, digest: bytes, client_id: str, asked: Any, expires_at: datetime
) -> None:
    await _run(
        conn,
        "insert into authorization_requests (digest, client_id, asked, expires_at)"
        " values (%(digest)s, %(client_id)s, %(asked)s, %(expires_at)s)",
        {"digest": digest, "client_id": client_id, "asked": _json(asked), "expires_at": expires_at},
    )


async def begin_request(
    conn: AsyncConnection, digest: bytes, client_id: str, browser_digest: bytes, *, at: datetime, until: datetime
) -> Any:
    """Gives a request to the browser that came with it; begun, and lasting until then, when it first came. None when it is
    over or another's."""
    return await _one(
        conn,
        "update authorization_requests set browser_digest = %(browser)s, begun_at = coalesce(begun_at, %(at)s),"
        " expires_at = case when begun_at is null then %(until)s else expires_at end"
        " where digest = %(digest)s and client_id = %(client_id)s and completed_at is null and expires_at > %(at)s"
        " returning client_id, asked, browser_digest, sign_in_id, begun_at",
        {"digest": digest, "client_id": client_id, "browser": browser_digest, "at": at, "until": until},
    )


async def request(conn: AsyncConnection, digest: bytes, *, at: datetime) -> Any:
    """A request under way."""
    return await _one(
        conn,
        "select client_id, asked, browser_digest, sign_in_id, begun_at from authorization_requests"
        " where digest = %(digest)s and begun_at is not null and completed_at is null and expires_at > %(at)s",
        {"digest": digest, "at": at},
    )


async def keep_sign_in(conn: AsyncConnection, digest: bytes, sign_in_id: str | None) -> None:
    await _run(
        conn,
        "update authorization_requests set sign_in_id = %(id)s where digest = %(digest)s",
        {"digest": digest, "id": sign_in_id},
    )


async def hand_over_requests(conn: AsyncConnection, before: bytes, after: bytes) -> None:
    """A browser that signs in gets another cookie; what it had begun goes on under that."""
    await _run(
        conn,
        "update authorization_requests set browser_digest = %(after)s where browser_digest = %(before)s and completed_at is null",
        {"before": before, "after": after},
    )


async def complete_request(conn: AsyncConnection, digest: bytes, at: datetime) -> bool:
    """One winner, however many buttons are pressed at once."""
    return await _run(
        conn,
        "update authorization_requests set completed_at = %(at)s where digest = %(digest)s and completed_at is null",
        {"digest": digest, "at": at},
    ) == 1  # fmt: skip


async def add_device_code(conn: AsyncConnection, **values: Any) -> bool:
    """False when another screen shows, or showed lately, the same user code."""
    return await _run(
        conn,
        "insert into device_codes (digest, client_id, user_code, scope, interval_seconds, expires_at)"
        " values (%(digest)s, %(client_id)s, %(user_code)s, %(scope)s, %(interval_seconds)s, %(expires_at)s)"
        " on conflict (user_code) do nothing",
        values,
    ) == 1  # fmt: skip


async def device_code(conn: AsyncConnection, digest: bytes, client_id: str) -> Any:
    """How it stands with a client's device code, for one poll at a time; `used_at` of the code it became."""
    return await _one(
        conn,
        "select d.interval_seconds, d.polled_at, d.expires_at, d.allowed, c.used_at from device_codes d"
        " left join authorization_codes c on c.digest = d.digest"
        " where d.digest = %(digest)s and d.client_id = %(client_id)s for update of d",
        {"digest": digest, "client_id": client_id},
    )


async def keep_poll(conn: AsyncConnection, digest: bytes, *, at: datetime, interval_seconds: int) -> None:
    await _run(
        conn,
        "update device_codes set polled_at = %(at)s, interval_seconds = %(interval)s where digest = %(digest)s",
        {"digest": digest, "at": at, "interval": interval_seconds},
    )


async def waiting_device(conn: AsyncConnection, user_code: str, at: datetime) -> Any:
    """client_id, scope, expires_at of the device that shows this code and waits."""
    return await _one(
        conn,
        "select d.client_id, d.scope, d.expires_at from device_codes d join oauth_clients c on c.id = d.client_id"
        " where d.user_code = %(code)s and d.decided_at is null and d.expires_at > %(at)s and c.disabled_at is null",
        {"code": user_code, "at": at},
    )


async def decide_device(conn: AsyncConnection, user_code: str, *, allowed: bool, at: datetime) -> Any:
    """digest and expires_at for the one who decides first, while it waits."""
    return await _one(
        conn,
        "update device_codes set decided_at = %(at)s, allowed = %(allowed)s"
        " where user_code = %(code)s and decided_at is null and expires_at > %(at)s returning digest, expires_at",
        {"code": user_code, "allowed": allowed, "at": at},
    )


async def end_device_codes(conn: AsyncConnection, at: datetime) -> None:
    """All that wait, wherever they are shown."""
    await _run(
        conn,
        "update device_codes set expires_at = %(at)s where decided_at is null and expires_at > %(at)s",
        {"at": at},
    )


async def end_people_at(conn: AsyncConnection, client_id: str, *, at: datetime, since: datetime, why: str) -> None:
    """What people lent a device by codes that expired after `since`, and its codes that could still become something."""
    values = {"client_id": client_id, "at": at, "since": since, "why": why}
    theirs = " from device_codes d join authorization_codes c on c.digest = d.digest where d.client_id = %(client_id)s and d.expires_at > %(since)s"
    # The client's row first: two that begin at once do so one after the other.
    await _one(conn, "select from oauth_clients where id = %(client_id)s for no key update", values)
    for query in (
        "update device_codes set expires_at = %(at)s where client_id = %(client_id)s and expires_at > %(at)s",
        "update authorization_codes set used_at = %(at)s where used_at is null and digest in (select d.digest" + theirs + ")",  # noqa: S608 - every part is a literal of this file
        "update oauth_grants set revoked_at = %(at)s, revoked_why = %(why)s where revoked_at is null and id in (select c.grant_id" + theirs + ")",  # noqa: S608 - as above
    ):  # fmt: skip
        await _run(conn, query, values)


async def forget_before(conn: AsyncConnection, at: datetime) -> None:
    await _run(conn, "delete from device_codes where expires_at < %(at)s", {"at": at})
    await _run(conn, "delete from sign_ins where expires_at < %(at)s", {"at": at})
    await _run(conn, "delete from authorization_codes where expires_at < %(at)s", {"at": at})
    await _run(conn, "delete from authorization_requests where expires_at < %(at)s", {"at": at})
    await _run(
        conn,
        "delete from refresh_tokens r using oauth_grants g where g.id = r.grant_id and g.expires_at < %(at)s",
        {"at": at},
    )
    await _run(conn, "delete from oauth_grants where expires_at < %(at)s", {"at": at})
    await _run(
        conn,
        "delete from browser_sessions s where expires_at < %(at)s"
        " and not exists (select from oauth_grants where browser_session_id = s.id)"
        " and not exists (select from authorization_codes where browser_session_id = s.id)",
        {"at": at},
    )
