"""A visit at a kiosk whose screen is our own page: the page's side of RFC 8628.

The browser holds one cookie no script can read: first the device code, then the token that came of it. Whatever ends either ends
the visit, and the rows behind them are the truth: a cookie that stays behind opens nothing.
"""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Literal

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from identity import consents
from identity.tokens import clients, redeeming, rfc8628, store
from identity.tokens.browser import Authenticated
from identity.tokens.issuer import Issuer
from identity.tokens.messages import Client
from identity.tokens.refusals import InvalidToken, KioskVisitOver, TokenExpired, TokenRevoked
from identity.tokens.rfc6749 import OAuthError
from kit import clock, ids
from kit.actor import Actor
from kit.db import Database

_CODE = "mc_dc_"


class Waiting(msgspec.Struct, frozen=True):
    """Nobody has decided yet: what the screen shows."""

    user_code: str
    client_name: str
    expires_at: datetime


class Visit(msgspec.Struct, frozen=True):
    """Somebody is signed in; `cookie` is what the browser holds from now on."""

    actor: Actor
    cookie: str
    expires_at: datetime


class Over(msgspec.Struct, frozen=True):
    why: Literal["refused", "ended"]


def cookie_name(public_url: str) -> str:
    """As `browser.cookie_name`."""
    return "__Host-motcua-kiosk" if public_url.startswith("https://") else "motcua-kiosk"


async def look(db: Database, issuer: Issuer, cookie: str, *, path: str) -> Waiting | Visit | Over:
    """How it stands with the visit of this cookie. To look is to be there: it moves the idle end of the token on."""
    if cookie.startswith(_CODE):
        found = await _redeemed(db, issuer, cookie)
        if not isinstance(found, str):
            return found
        cookie = found
    try:
        actor = await issuer.actor(db, authorization=[f"Bearer {cookie}"], dpop=[], method="GET", path=path)
    except (InvalidToken, TokenExpired, TokenRevoked):
        return Over("ended")
    claims = issuer.claims_in_force(cookie)
    # Nobody's own app, and no kiosk for itself: the screen shows what a person lent to a kiosk.
    lent = actor.kind == "citizen" and actor.office_id is not None
    return (
        Over("ended") if claims is None or not lent else Visit(actor, cookie, datetime.fromtimestamp(claims.exp, UTC))
    )


class AtKiosk(msgspec.Struct, frozen=True):
    """A kiosk with somebody before it who has not shown yet who they are."""

    digest: bytes
    client: Client
    user_code: str
    items: tuple[str, ...]
    expires_at: datetime
    sign_in_id: str | None


async def undecided(conn: AsyncConnection, cookie: str | None) -> AtKiosk:
    """The visit of this cookie while nobody has decided; `items` are what may be lent. Refuses KioskVisitOver."""
    digest = ids.digest(cookie or "")
    device = await store.device_of(conn, digest)
    if device is None or device.allowed is not None or device.expires_at <= clock.now():
        raise KioskVisitOver
    client = await store.client(conn, device.client_id)
    if client is None or client.disabled_at is not None or client.office_id is None:
        raise KioskVisitOver
    items = clients.allowed_scopes(client, device.scope, "citizen")
    return AtKiosk(digest, client, device.user_code, tuple(items), device.expires_at, device.sign_in_id)


async def keep_sign_in(conn: AsyncConnection, visit: AtKiosk, sign_in_id: str) -> None:
    """Which one-time code whoever stands there waits for."""
    await store.keep_device_sign_in(conn, visit.digest, sign_in_id)


async def lend(conn: AsyncConnection, visit: AtKiosk, who: Authenticated, ticked: Collection[str]) -> None:
    """What somebody allowed who showed at the kiosk itself who they are; in the transaction that used up the proof. Refuses
    SignInPageOver when it was decided meanwhile."""
    now = clock.now()
    allowed = [item for item in visit.items if item == "openid" or item in ticked]
    await consents.give(
        conn,
        account_id=who.account_id,
        client_id=visit.client.id,
        asked=visit.items,
        allowed=allowed,
        purpose=visit.client.purpose,
        at=now,
        lasts=rfc8628.LENT_FOR,
    )
    await rfc8628.allow(
        conn,
        visit.client,
        visit.user_code,
        account_id=who.account_id,
        scope=" ".join(allowed),
        resources=(),
        amr=who.amr,
        auth_time=now,
        authenticator_id=who.authenticator_id,
        browser_session_id=None,
    )


async def end(db: Database, issuer: Issuer, cookie: str) -> None:
    """Finished, or left: the token, or the code that could still become one, is worth nothing from now on."""
    now = clock.now()
    async with db.begin() as conn:
        if cookie.startswith(_CODE):
            await store.end_device(conn, ids.digest(cookie), at=now, why="the visit at the kiosk ended")
        elif (claims := issuer.claims_in_force(cookie)) is not None:
            why = "the visit at the kiosk ended"
            await store.revoke_grant(conn, claims.gid, client_id=claims.client_id, at=now, why=why)


async def _redeemed(db: Database, issuer: Issuer, device_code: str) -> str | Waiting | Over:
    """The token of a device code that was allowed, once: a reply that was lost on the way is begun again, never given twice."""
    async with db.begin() as conn:
        device = await store.device_of(conn, ids.digest(device_code))
        if device is None or (device.allowed is None and device.expires_at <= clock.now()):
            return Over("ended")
        client = await store.client(conn, device.client_id)
        assert client is not None
        if client.disabled_at is not None:
            return Over("ended")
        if device.allowed is None:
            return Waiting(rfc8628.shown(device.user_code), client.name, device.expires_at)
        if not device.allowed:
            return Over("refused")
        try:
            reply = await redeeming.redeem(conn, issuer, client, code=device_code, verifier=device_code, jkt=None)
        except OAuthError:
            return Over("ended")
    return Over("ended") if isinstance(reply, OAuthError) else reply.access_token
