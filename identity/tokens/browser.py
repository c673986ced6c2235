"""A browser that is signed in: a row, and a cookie of which the row keeps the digest only."""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from identity.tokens import store
from identity.tokens.rfc7515 import b64url
from kit import clock, ids

LIFETIME = timedelta(hours=8)
"""A working day: on a shared computer a forgotten sign-in does not wait for the next morning's user."""


class Authenticated(msgspec.Struct, frozen=True):
    """What any way of signing in ends in: whose it is, and how it was shown (RFC 8176)."""

    account_id: str
    amr: Sequence[str]
    authenticator_id: str | None = None


class Session(msgspec.Struct, frozen=True):
    id: str
    account_id: str
    amr: tuple[str, ...]
    authenticator_id: str | None
    auth_time: datetime


def cookie_name(public_url: str) -> str:
    """`__Host-` ties the cookie to this very host and to https; only a loopback of development goes without."""
    return "__Host-motcua" if public_url.startswith("https://") else "motcua"


def new_cookie() -> str:
    """Before anybody is signed in it only tells one browser from another."""
    return ids.secret_token("bs")


def form_token(cookie: str, handle: str) -> str:
    """What a page's form carries, so that no other site can send it: who has not the cookie cannot make one."""
    return b64url(hmac.digest(cookie.encode(), f"form {handle}".encode(), hashlib.sha256))


def is_form_token(shown: str, cookie: str, handle: str) -> bool:
    return hmac.compare_digest(shown.encode(), form_token(cookie, handle).encode())


async def session(conn: AsyncConnection, cookie: str) -> Session | None:
    """The session of a browser that is signed in to an account that is open."""
    row = await store.browser_session(conn, ids.digest(cookie), clock.now())
    if row is None:
        return None
    return Session(
        id=row.id,
        account_id=row.account_id,
        amr=tuple(row.amr),
        authenticator_id=row.authenticator_id,
        auth_time=row.auth_time,
    )


async def sign_in(conn: AsyncConnection, cookie: str, who: Authenticated) -> str:
    """The cookie from now on. The old one is worth nothing, so that nobody can have planted it. Who signs in again goes on with
    the same session; anybody else ends it."""
    now, after = clock.now(), new_cookie()
    session = {
        "digest": ids.digest(after),
        "account_id": who.account_id,
        "amr": list(who.amr),
        "authenticator_id": who.authenticator_id,
        "auth_time": now,
        "expires_at": now + LIFETIME,
    }
    if not await store.renew_browser_session(conn, ids.digest(cookie), at=now, **session):
        await store.end_browser_session(conn, ids.digest(cookie), at=now, why="somebody else signs in")
        await store.add_browser_session(conn, id=ids.new_id("bss"), **session)
    await store.hand_over_requests(conn, ids.digest(cookie), ids.digest(after))
    return after
