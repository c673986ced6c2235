"""Log-out begun by an app (OpenID Connect RP-Initiated Logout 1.0): the browser's session and everything that came of it end.

Without a hint of ours that names who is signed in, the person is asked, and led nowhere: else any page could sign people out, and
send them where it likes.
"""

from urllib.parse import urlencode

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from identity.tokens import authorization, browser, store
from identity.tokens.authorization import NoAnswer
from identity.tokens.issuer import Issuer
from identity.tokens.refusals import BadAuthorizationRequest, StrangeForm
from identity.tokens.rfc6749 import OAuthError
from kit import clock
from kit.db import Database

FORM = "sign-out"
"""What the form token of the asking page is about."""


class AskFirst(msgspec.Struct, frozen=True):
    """Nobody may be signed out without their word here."""


class SignedOut(msgspec.Struct, frozen=True):
    """Done; `address` is where the app wants the browser next."""

    address: str | None = None


async def log_out(db: Database, issuer: Issuer, query: bytes, *, cookie: str | None) -> AskFirst | SignedOut:
    """What an app's request comes to. Refuses BadAuthorizationRequest for parameters that cannot be read."""
    try:
        sent = authorization.parameters(query)
    except NoAnswer as error:
        raise BadAuthorizationRequest(reason=str(error)) from error
    async with db.begin() as conn:
        session = None if cookie is None else await browser.session(conn, cookie)
        try:
            client_id, subject = issuer.hinted(sent.get("id_token_hint", ""))
        except OAuthError:
            return SignedOut() if session is None else AskFirst()
        client = await store.client(conn, client_id)
        wanted = sent.get("post_logout_redirect_uri")
        known = (
            client is not None
            and sent.get("client_id", client_id) == client_id
            and (wanted is None or wanted in client.post_logout_redirect_uris)
        )
        if client is None or not known:
            return SignedOut() if session is None else AskFirst()
        if session is not None and issuer.subject(client, session.account_id) != subject:
            return AskFirst()
        if session is not None:
            await _end(conn, session.id)
    if wanted is None:
        return SignedOut()
    state = sent.get("state")
    joint = "&" if "?" in wanted else "?"
    return SignedOut(wanted if state is None else f"{wanted}{joint}{urlencode({'state': state})}")


async def log_out_here(db: Database, *, cookie: str | None, token: str) -> None:
    """The person's own word on our page. Refuses StrangeForm."""
    if cookie is None or not browser.is_form_token(token, cookie, FORM):
        raise StrangeForm
    async with db.begin() as conn:
        session = await browser.session(conn, cookie)
        if session is not None:
            await _end(conn, session.id)


async def _end(conn: AsyncConnection, session_id: str) -> None:
    """The session, its codes and its grants."""
    await store.end_session_and_grants(conn, session_id, at=clock.now(), why="signed out")
