"""The token of a code, and of a refresh: what a person's sign-in becomes."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from identity.consents import reads
from identity.tokens import acting, claims, oidc, rfc7636, rfc9068, scopes, services, store
from identity.tokens.issuer import Issuer, kind_of, reply_of
from identity.tokens.messages import Client, TokenReply
from identity.tokens.rfc6749 import OAuthError, invalid_grant
from identity.tokens.services import Aim
from kit import clock, ids
from kit.actor import Actor
from kit.refusal import Refusal

REFRESH_LIFETIME = timedelta(days=30)
"""An app that is not opened for so long signs in again."""
GRANT_LIFETIME = timedelta(days=90)
"""However often it refreshes."""


async def redeem(
    conn: AsyncConnection,
    issuer: Issuer,
    client: Client,
    *,
    code: str,
    verifier: str | None,
    jkt: str | None,
    redirect_uri: str | None = None,
    resources: Sequence[str] = (),
) -> TokenReply | OAuthError:
    """The token of a code. A second use ends the token of the first and *returns* the error, so that the caller commits it.

    Raises OAuthError for what must leave no trace: a wrong verifier or key does not burn the code, for a stranger
    who saw it go by must not be able to end a sign-in.
    """
    now = clock.now()
    taken = await store.use_code(conn, ids.digest(code), client.id, now)
    if taken is None:
        used = await store.used_code_grant(conn, ids.digest(code), client.id)
        if used is not None:
            await store.revoke_grant(conn, used, client_id=client.id, at=now, why="its code was used twice")
        return invalid_grant("the code is unknown, expired or used")
    if not rfc7636.matches(verifier, taken.code_challenge):
        raise invalid_grant("code_verifier does not fit the code")
    if taken.jkt is not None and taken.jkt != jkt:
        raise invalid_grant("the code was asked for with another device key")
    # OAuth 2.1 no longer asks for it: PKCE does its work. Who sends it sends the right one.
    if redirect_uri is not None and taken.redirect_uri not in (None, redirect_uri):
        raise invalid_grant("redirect_uri is not the one the code was sent to")
    try:
        bearer = await issuer.bearer(conn, taken.account_id)
    except Refusal as refusal:
        raise invalid_grant(refusal.message.en) from refusal
    return await _person_token(conn, issuer, client, taken, bearer, jkt, now, resources)


async def _person_token(
    conn: AsyncConnection,
    issuer: Issuer,
    client: Client,
    taken: Any,
    bearer: Any,
    jkt: str | None,
    now: datetime,
    resources: Sequence[str],
) -> TokenReply:
    officer = kind_of(bearer) == "officer"
    granted = scopes.names(taken.scope)
    stays = "refresh_token" in client.grants and (client.first_party or "offline_access" in granted)
    until = now + (GRANT_LIFETIME if stays else rfc9068.LIFETIME)
    await issuer.keep_grant(
        conn,
        gid=taken.grant_id,
        kind=kind_of(bearer),
        client_id=client.id,
        scope=taken.scope,
        jkt=jkt,
        now=now,
        until=until,
        account_id=taken.account_id,
        browser_session_id=taken.browser_session_id,
        claims=taken.claims,
        resources=taken.resources,
        amr=taken.amr,
        auth_time=taken.auth_time,
        appointment_id=bearer.appointment_id if officer else None,
        authenticator_id=taken.authenticator_id,
        level=bearer.level,
        # A client with an office is a kiosk: whoever signed in there may walk away.
        idle_at=None if client.office_id is None else now + acting.IDLE,
    )
    return await _person_reply(
        conn,
        issuer,
        client,
        taken,
        bearer,
        gid=taken.grant_id,
        scope=taken.scope,
        resources=resources,
        jkt=jkt,
        now=now,
        nonce=taken.nonce,
        refresh_until=until if stays else None,
    )


async def token_again(
    conn: AsyncConnection,
    issuer: Issuer,
    client: Client,
    grant: Any,
    bearer: Any,
    *,
    scope: str,
    resources: Sequence[str],
    jkt: str | None,
    now: datetime,
) -> TokenReply:
    """The tokens of a refresh: of the same grant, from the same sign-in."""
    return await _person_reply(
        conn,
        issuer,
        client,
        grant,
        bearer,
        gid=grant.id,
        scope=scope,
        resources=resources,
        jkt=jkt,
        now=now,
        nonce=None,
        refresh_until=grant.expires_at,
    )


async def _person_reply(
    conn: AsyncConnection,
    issuer: Issuer,
    client: Client,
    behind: Any,
    bearer: Any,
    *,
    gid: str,
    scope: str,
    resources: Sequence[str],
    jkt: str | None,
    now: datetime,
    nonce: str | None,
    refresh_until: datetime | None,
) -> TokenReply:
    """Tokens for a person; `behind` is the code or grant with account_id, amr, auth_time, claims and resources of the sign-in."""
    aim = await services.aim(conn, issuer.url, asked=resources, granted=behind.resources, scope=scope)
    told = await _asked_for(conn, issuer, client, behind, bearer) if is_identified(scope) else None
    reply = person_reply(
        issuer,
        client,
        behind,
        bearer,
        gid=gid,
        aim=aim,
        jkt=jkt,
        now=now,
        nonce=nonce,
        told=told,
        refreshed=refresh_until is not None,
    )
    if reply.refresh_token is not None and refresh_until is not None:
        until = min(refresh_until, now + REFRESH_LIFETIME)
        await store.add_refresh_token(conn, digest=ids.digest(reply.refresh_token), grant_id=gid, expires_at=until)
    return reply


def person_reply(
    issuer: Issuer,
    client: Client,
    behind: Any,
    bearer: Any,
    *,
    gid: str,
    aim: Aim,
    jkt: str | None,
    now: datetime,
    nonce: str | None,
    told: dict[str, Any] | None,
    refreshed: bool,
) -> TokenReply:
    """The same, written nowhere yet: `told` is what the ID token says of the person beside who it is, None where there is none;
    `refreshed` asks for a refresh token. Refuses NoSuchKey."""
    pairwise = issuer.subject(client, behind.account_id)
    officer = kind_of(bearer) == "officer"
    token = issuer.access_token(
        gid=gid,
        kind=kind_of(bearer),
        client_id=client.id,
        subject=_subject(issuer, client, behind.account_id, aim),
        scope=aim.scope,
        jkt=jkt,
        now=now,
        level=bearer.level,
        amr=tuple(behind.amr),
        auth_time=behind.auth_time,
        office=bearer.office_id if officer else None,
        roles=tuple(dict.fromkeys(bearer.roles)) if officer else (),
        audience=aim.audience,
    )
    refresh = ids.secret_token("rt") if refreshed else None
    identity = None
    if told is not None:
        identity = oidc.id_token(
            *issuer.signing(now, client.id_token_alg),
            issuer=issuer.url,
            client_id=client.id,
            subject=pairwise,
            level=bearer.level,
            amr=behind.amr,
            auth_time=behind.auth_time,
            nonce=nonce,
            access_token=token,
            at=now,
            sid=None if behind.browser_session_id is None else issuer.session_name(client, behind.browser_session_id),
            more=told,
        )
    return reply_of(token, jkt, rfc9068.LIFETIME, aim.scope, identity, refresh)


def is_identified(scope: str) -> bool:
    """Whether an ID token goes with it (OpenID Connect Core §3.1.2.1)."""
    return "openid" in scopes.names(scope)


def tells_more(behind: Any) -> bool:
    """Whether the ID token says of the person what was asked for by the `claims` parameter."""
    asked = behind.claims or {}
    return bool(asked.get("id_token") or asked.get("verified_id_token"))


async def _asked_for(conn: AsyncConnection, issuer: Issuer, client: Client, behind: Any, bearer: Any) -> dict[str, Any]:
    """What the `claims` parameter wants in the ID token, and was allowed."""
    asked = behind.claims or {}
    plain = await claims.known(conn, issuer.keys, behind.account_id, asked.get("id_token", {}))
    requests = asked.get("verified_id_token", ())
    if plain and not client.first_party:
        app = Actor(kind="citizen", account_id=behind.account_id, client_id=client.id)
        items = [scopes.item_of(name) for name in plain]
        await reads.record(conn, app, "id_token", behind.account_id, items=items)
    return plain | await claims.verified(conn, issuer.keys, behind.account_id, requests, level=bearer.level)


def _subject(issuer: Issuer, client: Client, account_id: str, aim: Aim) -> str:
    """Apps of the city's own name the account, to the city alone; a service of others knows people by names of its own."""
    if aim.sector is not None:
        return issuer.subject_at(aim.sector, account_id)
    return account_id if client.first_party and aim.audience == (issuer.url,) else issuer.subject(client, account_id)
