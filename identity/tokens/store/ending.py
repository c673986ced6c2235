"""Ending what came of an account, a way in or a browser's session, and forgetting what is long over."""

from datetime import datetime
from typing import Any, LiteralString

from sqlalchemy.ext.asyncio import AsyncConnection

from identity.tokens.store.rows import one, run
from kit.jobs import deferred

TELL = "identity.tokens.tell_logout"
"""The job that tells an app of the end of a session (`identity.tokens.backchannel`)."""

# The session of the browser that the grant `but` was given in goes on, or the one that `but` names.
_NOT_BEHIND = (
    " and id is distinct from (select browser_session_id from oauth_grants where id = %(but)s::text)"
    " and id is distinct from %(but)s::text"
)


_END: LiteralString = (
    "with ended as (update oauth_grants g set revoked_at = %(at)s, revoked_why = %(why)s where revoked_at is null and "
)
# Each app that asked to hear of it, once for each browser's session, unless another grant of its goes on in there.
_TELLING: LiteralString = deferred(
    "jsonb_build_object('client_id', e.client_id, 'account_id', e.account_id, 'session_id', e.browser_session_id)"
)
_TOLD: LiteralString = (
    " returning g.id, g.client_id, g.account_id, g.browser_session_id), told as (select "  # noqa: S608 - our own words
    + _TELLING
    + " from (select distinct client_id, account_id, browser_session_id from ended where browser_session_id is not null) e"
    " join oauth_clients c on c.id = e.client_id where c.backchannel_logout_uri is not null"
    " and not exists (select from oauth_grants o where o.browser_session_id = e.browser_session_id and o.client_id = e.client_id"
    " and o.revoked_at is null and o.expires_at > %(at)s and o.id not in (select id from ended)))"
    " select (select count(*) from ended) as ended, (select count(*) from told) as told"
)


async def end_grants(conn: AsyncConnection, which: LiteralString, values: dict[str, Any]) -> int:
    """How many of these ended; their apps hear of it once that is committed. `which` is SQL about `oauth_grants g`, `values` have `at` and `why` too."""
    return (await one(conn, _END + which + _TOLD, values | {"job": TELL})).ended


async def end_grants_by(
    conn: AsyncConnection, account_id: str, authenticator_id: str, *, at: datetime, why: str, but: str | None
) -> None:
    """What a contact or passkey signed in, and the codes that could still become that; `but` names a grant or a browser's session that stays."""
    values = {"account": account_id, "id": authenticator_id, "at": at, "why": why, "but": but}
    await run(
        conn,
        "update authorization_codes set used_at = %(at)s"
        " where account_id = %(account)s and authenticator_id = %(id)s and used_at is null",
        values,
    )
    await end_grants(
        conn, "account_id = %(account)s and authenticator_id = %(id)s and id is distinct from %(but)s::text", values
    )
    await run(
        conn,
        "update browser_sessions set ended_at = %(at)s, ended_why = %(why)s where account_id = %(account)s"  # noqa: S608 - every part is a literal of this file
        " and authenticator_id = %(id)s and ended_at is null" + _NOT_BEHIND,
        values,
    )


async def revoke_account(
    conn: AsyncConnection, account_id: str, *, at: datetime, why: str, but: str | None = None
) -> int:
    """Every token of an account, its browsers, and the codes that could still become one; `but` names a grant or a browser's session that stays."""
    values = {"id": account_id, "at": at, "why": why, "but": but}
    await run(
        conn,
        "update authorization_codes set used_at = %(at)s where account_id = %(id)s and used_at is null",
        values,
    )
    await run(
        conn,
        "update browser_sessions set ended_at = %(at)s, ended_why = %(why)s where account_id = %(id)s and ended_at is null"  # noqa: S608 - as above
        + _NOT_BEHIND,
        values,
    )
    return await end_grants(conn, "account_id = %(id)s and id is distinct from %(but)s::text", values)


async def revoke_account_of_client(
    conn: AsyncConnection, account_id: str, client_id: str, *, at: datetime, why: str
) -> None:
    """Every token one client holds of an account, and the codes that could still become one."""
    values = {"id": account_id, "client_id": client_id, "at": at, "why": why}
    await run(
        conn,
        "update authorization_codes set used_at = %(at)s where account_id = %(id)s and client_id = %(client_id)s and used_at is null",
        values,
    )
    await end_grants(conn, "account_id = %(id)s and client_id = %(client_id)s", values)


async def end_session_and_grants(conn: AsyncConnection, session_id: str, *, at: datetime, why: str) -> None:
    """The session, what came of it, and the codes that could still become something."""
    values = {"id": session_id, "at": at, "why": why}
    for query in (
        "update browser_sessions set ended_at = %(at)s, ended_why = %(why)s where id = %(id)s and ended_at is null",
        "update authorization_codes set used_at = %(at)s where browser_session_id = %(id)s and used_at is null",
    ):
        await run(conn, query, values)
    await end_grants(conn, "browser_session_id = %(id)s", values)


async def forget_before(conn: AsyncConnection, at: datetime) -> None:
    await run(conn, "delete from device_codes where expires_at < %(at)s", {"at": at})
    await run(conn, "delete from sign_ins where expires_at < %(at)s", {"at": at})
    await run(conn, "delete from authorization_codes where expires_at < %(at)s", {"at": at})
    await run(conn, "delete from authorization_requests where expires_at < %(at)s", {"at": at})
    await run(
        conn,
        "delete from refresh_tokens r using oauth_grants g where g.id = r.grant_id and g.expires_at < %(at)s",
        {"at": at},
    )
    await run(conn, "delete from oauth_grants where expires_at < %(at)s", {"at": at})
    await run(
        conn,
        "delete from browser_sessions s where expires_at < %(at)s"
        " and not exists (select from oauth_grants where browser_session_id = s.id)"
        " and not exists (select from authorization_codes where browser_session_id = s.id)",
        {"at": at},
    )
