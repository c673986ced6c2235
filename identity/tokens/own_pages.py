"""Signing in at the city's own pages, by the same steps as for an app: the client is ourselves, the answer leads back to the page."""

import secrets

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from identity.tokens import browser, clients, scopes, store
from identity.tokens.authorization import Asked
from identity.tokens.authorizing import LIFETIME
from identity.tokens.issuer import Issuer, kind_of
from identity.tokens.refusals import AccountClosed, AccountLocked, NoAppointment, PasskeyNeeded, StrangeForm
from identity.tokens.rfc7515 import b64url
from kit import clock, ids
from kit.actor import Actor
from kit.db import Database

BACK = "/account/in"
FORM = "account"
"""What forms of these pages are made for (`browser.form_token`)."""


class Door(msgspec.Struct, frozen=True):
    """The client that a part of these pages is, and what it may do in the name of who came in by it."""

    client_id: str
    name: str
    scopes: tuple[str, ...]


CITIZENS = Door(
    "city-pages", "Một Cửa", ("openid", "account", "consents", "dossiers:read", "dossiers:write", "uploads:write")
)
DESK = Door("city-desk", "Một Cửa – cán bộ", ("openid", "account", "desk"))


async def begin(
    db: Database, issuer: Issuer, *, cookie: str, page: str, door: Door = CITIZENS, again: bool = False
) -> str:
    """The handle of a sign-in that comes back to `page`; `again` asks whoever is signed in to show it once more."""
    now, handle = clock.now(), ids.secret_token("rq")
    # The code that comes back is redeemed by nobody: what counts is that this browser is signed in.
    nobodys = b64url(secrets.token_bytes(32))
    prompt = ("login",) if again else ()
    asked = Asked(redirect_uri=issuer.url + BACK, code_challenge=nobodys, scope="openid", state=page, prompt=prompt)
    async with db.begin() as conn:
        await _ourselves(conn, issuer, door)
        digest, until = ids.digest(handle), now + LIFETIME
        await store.add_request(conn, digest=digest, client_id=door.client_id, asked=asked, expires_at=until)
        await store.begin_request(conn, digest, door.client_id, ids.digest(cookie), at=now, until=until)
    return handle


async def person(conn: AsyncConnection, issuer: Issuer, cookie: str | None) -> Actor | None:
    """The citizen who is signed in at this browser, as an actor with what these pages may do."""
    session = None if cookie is None else await browser.session(conn, cookie)
    if session is None:
        return None
    try:
        bearer = await issuer.bearer(conn, session.account_id)
    except (AccountClosed, AccountLocked):
        return None
    if kind_of(bearer) != "citizen":
        return None
    return Actor(
        kind="citizen",
        account_id=session.account_id,
        client_id=CITIZENS.client_id,
        scopes=frozenset(CITIZENS.scopes),
        level=bearer.level,
        grant_id=session.id,
        auth_at=session.auth_time,
        authenticator_id=session.authenticator_id,
    )


async def officer(conn: AsyncConnection, issuer: Issuer, cookie: str | None) -> Actor | None:
    """The officer who is signed in at this browser, in a shift of theirs, with the roles they hold at this hour.

    On their first day the scope `desk` is missing: they have a passkey to register, and nothing else to do.
    """
    session = None if cookie is None else await browser.session(conn, cookie)
    # A shift ends before midnight: who signed in on another day did so for another shift.
    if session is None or session.auth_time.astimezone(clock.CITY).date() != clock.today():
        return None
    try:
        bearer = await issuer.bearer(conn, session.account_id)
        if kind_of(bearer) != "officer":
            return None
        narrowed = issuer.scope_by_proof(bearer, session.amr, None)
    except (AccountClosed, AccountLocked, NoAppointment, PasskeyNeeded):
        return None
    return Actor(
        kind="officer",
        account_id=session.account_id,
        client_id=DESK.client_id,
        scopes=frozenset(DESK.scopes if narrowed is None else scopes.names(narrowed)),
        level=bearer.level,
        office_id=bearer.office_id,
        roles=frozenset(bearer.roles),
        auth_at=session.auth_time,
        authenticator_id=session.authenticator_id,
    )


def refuse_strange(cookie: str | None, token: str) -> None:
    """Refuses StrangeForm for a form no page of ours gave this browser."""
    if cookie is None or not browser.is_form_token(token, cookie, FORM):
        raise StrangeForm


async def _ourselves(conn: AsyncConnection, issuer: Issuer, door: Door) -> None:
    """The client these pages are, made when it is first needed."""
    described = clients.described(
        client_id=door.client_id,
        name=door.name,
        kind="public",
        grants=["authorization_code"],
        scopes=door.scopes,
        redirect_uris=[issuer.url + BACK],
        first_party=True,
    )
    await store.add_client(conn, described, clock.now())
