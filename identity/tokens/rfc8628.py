"""The device authorization grant (RFC 8628): a kiosk or screen shows a code, and somebody decides about it on their own phone.

What is granted becomes a row of `authorization_codes` under the device code's digest. That digest is also the challenge by S256 of
the device code itself (RFC 7636 §4.2), so the device redeems its code as an app does, with the code for a verifier: one redemption,
one way to end it. RFC 10027 asks for the rest: a short life, a client that proves who it is, and a page that says which device asks.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from identity.tokens import browser, clients, devices, rfc9068, store
from identity.tokens.authorization import Asked
from identity.tokens.issuer import Issuer
from identity.tokens.messages import Client, DeviceReply, TokenReply
from identity.tokens.refusals import BadScope, SignInPageOver, StrangeForm, UnknownUserCode
from identity.tokens.rfc6749 import OAuthError, invalid_grant, invalid_request
from identity.tokens.rfc7515 import b64url
from identity.tokens.rfc8414 import DEVICE_CODE
from kit import clock, ids
from kit.db import Database
from kit.limits import Limits, TooMany

LIFETIME = timedelta(minutes=5)
LENT_FOR = rfc9068.LIFETIME
"""One token, never refreshed."""
INTERVAL_SECONDS = 5

FORM = "device"
"""What the form that takes a code is about."""

_LETTERS = 8


class DeviceAnswer(msgspec.Struct, frozen=True):
    """The end of a request that no app waits for in this browser: the device hears of it when it asks."""

    client: Client
    allowed: bool


# The device


async def start(conn: AsyncConnection, issuer: Issuer, client: Client, sent: Mapping[str, str]) -> DeviceReply:
    """A new pair of codes (§3.2). At a kiosk it is the next person who begins: what the last one left ends. Raises OAuthError."""
    if DEVICE_CODE not in client.grants:
        raise OAuthError("unauthorized_client", "the client is not registered for this grant")
    try:
        scope = clients.allowed_scopes(client, sent.get("scope"), "citizen")
    except BadScope as refusal:
        raise OAuthError("invalid_scope", refusal.message.en) from refusal
    if not scope:
        raise OAuthError("invalid_scope", "nothing is asked of the person")
    now, device_code = clock.now(), ids.secret_token("dc")
    if client.office_id is not None:
        since = now - LENT_FOR
        await devices.end_people_at(conn, client.id, at=now, since=since, why="the next person begins at the kiosk")
    user_code = ids.spoken_code(_LETTERS)
    while not await devices.add_device_code(
        conn,
        digest=ids.digest(device_code),
        client_id=client.id,
        user_code=user_code,
        scope=" ".join(scope),
        interval_seconds=INTERVAL_SECONDS,
        expires_at=now + LIFETIME,
    ):
        user_code = ids.spoken_code(_LETTERS)
    uri = f"{issuer.url}/device"
    return DeviceReply(
        device_code=device_code,
        user_code=shown(user_code),
        verification_uri=uri,
        verification_uri_complete=f"{uri}?user_code={shown(user_code)}",
        expires_in=int(LIFETIME.total_seconds()),
        interval=INTERVAL_SECONDS,
    )


async def poll(
    conn: AsyncConnection, issuer: Issuer, client: Client, *, device_code: str | None, jkt: str | None
) -> TokenReply | OAuthError:
    """The token, once somebody allowed it (§3.4). *Returns* the error of which something is kept; raises the others."""
    if device_code is None:
        raise invalid_request("device_code is missing")
    now, digest = clock.now(), ids.digest(device_code)
    found = await devices.device_code(conn, digest, client.id)
    if found is None:
        raise invalid_grant("the device code is unknown")
    if found.expires_at <= now and found.used_at is None:
        raise OAuthError("expired_token", "the device code has expired; begin again")
    if found.allowed is None:
        return await _waits(conn, digest, found, now)
    if not found.allowed:
        raise OAuthError("access_denied", "the person refused")
    return await issuer.redeem(conn, client, code=device_code, verifier=device_code, jkt=jkt)


async def _waits(conn: AsyncConnection, digest: bytes, found: Any, now: datetime) -> OAuthError:
    interval = found.interval_seconds
    if found.polled_at is None or now >= found.polled_at + timedelta(seconds=interval):
        await devices.keep_poll(conn, digest, at=now, interval_seconds=interval)
        return OAuthError("authorization_pending", "nobody has decided yet")
    # §3.5: five seconds more for this and all that follow; more than the code's life changes nothing.
    slower = min(interval + 5, int(LIFETIME.total_seconds()))
    await devices.keep_poll(conn, digest, at=now, interval_seconds=slower)
    return OAuthError("slow_down", f"ask every {slower} seconds")


# The person


def shown(user_code: str) -> str:
    return f"{user_code[:4]}-{user_code[4:]}"


def _typed(text: str) -> str:
    """However it was typed (§6.1): lower case, with dashes, spaces or none."""
    return "".join(letter for letter in text.upper() if letter.isalnum())


async def enter(db: Database, limits: Limits, typed: str, *, cookie: str | None, token: str, address: str) -> str:
    """The handle of the request that now goes on in this browser, like an app's. Only wrong codes count against the limits.

    Refuses StrangeForm, UnknownUserCode, TooMany.
    """
    if cookie is None or not browser.is_form_token(token, cookie, FORM):
        raise StrangeForm
    user_code, now = _typed(typed), clock.now()
    await limits.hit("user-code", address)
    try:
        await limits.hit("user-code-everywhere", "")
    except TooMany:
        # Somebody guesses from many places: no code that is shown now may be hit by that.
        async with db.begin() as conn:
            await devices.end_device_codes(conn, now)
        raise
    async with db.begin() as conn:
        found = await devices.waiting_device(conn, user_code, now)
        if found is None:
            raise UnknownUserCode
        handle = ids.secret_token("rq")
        # Whatever was allowed before: this screen may be another than the one it was allowed at.
        asked = Asked(redirect_uri="", code_challenge="", scope=found.scope, prompt=("consent",), user_code=user_code)
        until = found.expires_at
        await store.add_request(
            conn, digest=ids.digest(handle), client_id=found.client_id, asked=asked, expires_at=until
        )
        await store.begin_request(conn, ids.digest(handle), found.client_id, ids.digest(cookie), at=now, until=until)
    for name, subject in (("user-code", address), ("user-code-everywhere", "")):
        await limits.forgive(name, subject)
    return handle


async def allow(
    conn: AsyncConnection,
    client: Client,
    user_code: str,
    *,
    account_id: str,
    scope: str,
    amr: Sequence[str],
    auth_time: datetime,
    authenticator_id: str | None,
    browser_session_id: str | None,
) -> DeviceAnswer:
    """The next poll gets a token. Refuses SignInPageOver for a code that is over or decided."""
    now = clock.now()
    device = await devices.decide_device(conn, user_code, allowed=True, at=now)
    if device is None:
        raise SignInPageOver
    await store.add_code(
        conn,
        digest=device.digest,
        client_id=client.id,
        account_id=account_id,
        grant_id=ids.new_id("grt"),
        code_challenge=b64url(device.digest),
        jkt=None,
        scope=scope,
        amr=list(amr),
        auth_time=auth_time,
        nonce=None,
        authenticator_id=authenticator_id,
        redirect_uri=None,
        browser_session_id=browser_session_id,
        claims=None,
        created_at=now,
        expires_at=device.expires_at,
    )
    return DeviceAnswer(client, allowed=True)


async def refuse(conn: AsyncConnection, client: Client, user_code: str) -> DeviceAnswer:
    """The next poll hears of it. Refuses SignInPageOver for a code that is over or decided."""
    if await devices.decide_device(conn, user_code, allowed=False, at=clock.now()) is None:
        raise SignInPageOver
    return DeviceAnswer(client, allowed=False)
