"""The authorization endpoint's verbs: an app's request from its first sight to the code, one transaction at a time.

What an app asked for is a row; a page's address holds its handle, and the row remembers by which browser it is gone through.
Each verb ends in a step: a page to show, or the answer to send to the app. How somebody signs in is not decided here: every
way ends in `Authenticated`.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from identity import accounts, consents
from identity.tokens import authorization, browser, clients, rfc8628, rfc8707, rfc9068, rfc9207, scopes, services, store
from identity.tokens.assurance import VerifiedAsked
from identity.tokens.authorization import Asked, NoAnswer
from identity.tokens.browser import Authenticated, Session
from identity.tokens.issuer import Issuer, kind_of
from identity.tokens.messages import Client
from identity.tokens.refusals import (
    AccountClosed,
    AnotherPersonExpected,
    BadAuthorizationRequest,
    BadScope,
    CodeNotCompared,
    NoAppointment,
    NotForCitizens,
    NotForOfficers,
    PasskeyNeeded,
    SignInPageOver,
    StrangeForm,
)
from identity.tokens.rfc6749 import OAuthError, invalid_request
from identity.tokens.rfc8628 import DeviceAnswer
from identity.tokens.rfc9207 import Answer
from kit import clock, ids
from kit.db import Database
from kit.refusal import Refusal

LIFETIME = timedelta(minutes=15)
"""From the request to the code: long enough to find the phone."""

REQUEST_URI = "urn:ietf:params:oauth:request_uri:"
_WHO_AND_WHERE = frozenset({"client_id", "redirect_uri", "request_uri"})


class Pending(msgspec.Struct, frozen=True, kw_only=True):
    """A request under way."""

    handle: str
    client: Client
    asked: Asked
    begun_at: datetime
    sign_in_id: str | None


class SignIn(msgspec.Struct, frozen=True):
    """Nobody suitable is signed in; `problem` says why who is signed in is not."""

    pending: Pending
    problem: Refusal | None = None


class AskConsent(msgspec.Struct, frozen=True):
    """Who is signed in has not decided about these items yet."""

    pending: Pending
    account_id: str
    items: tuple[str, ...]


Ended = Answer | DeviceAnswer
Step = SignIn | AskConsent | Ended


# The first sight of a request


async def begin(db: Database, issuer: Issuer, query: bytes, *, cookie: str) -> Step:
    """GET: the request of this browser. Refuses BadAuthorizationRequest where nobody may be answered."""
    async with db.begin() as conn:
        handle, found = await _received(conn, issuer, query)
        if isinstance(found, Answer):
            return found
        now = clock.now()
        row = await store.begin_request(
            conn, ids.digest(handle), found.id, ids.digest(cookie), at=now, until=now + LIFETIME
        )
        if row is None:
            raise BadAuthorizationRequest(reason="request_uri is unknown, used or expired")
        return await _next(conn, issuer, _pending(handle, found, row), await browser.session(conn, cookie))


async def keep(db: Database, issuer: Issuer, form: bytes) -> str | Answer:
    """POST: the query to go on with by GET, since a form of another site comes without our cookie."""
    async with db.begin() as conn:
        handle, found = await _received(conn, issuer, form)
        return found if isinstance(found, Answer) else f"client_id={found.id}&request_uri={REQUEST_URI}{handle}"


async def _received(conn: AsyncConnection, issuer: Issuer, sent: bytes) -> tuple[str, Client | Answer]:
    """The handle of a request, written down unless it is already, and whose it is; or what its app is told at once."""
    try:
        parameters, twice = authorization.parameters_and_twice(sent)
        if not _WHO_AND_WHERE.isdisjoint(twice):
            raise NoAnswer("invalid_request: client_id, redirect_uri or request_uri stands twice")
        client = await store.client(conn, parameters.get("client_id", ""))
        kept = parameters.get("request_uri", "")
        if client is not None and client.disabled_at is None and kept.startswith(REQUEST_URI):
            return kept.removeprefix(REQUEST_URI), client
        receiver = authorization.receiver(client, parameters)
        assert client is not None
    except NoAnswer as error:
        raise BadAuthorizationRequest(reason=str(error)) from error
    try:
        if twice:
            raise invalid_request("a parameter stands twice")
        if client.require_par:
            raise invalid_request("this application pushes its requests (RFC 9126)")
        asked = await checked(conn, issuer, client, parameters, receiver)
    except OAuthError as error:
        mode = authorization.mode_of(client, parameters)
        told = rfc9207.error_answer(receiver, mode, error, state=parameters.get("state"), issuer=issuer.url)
        return "", told
    handle = ids.secret_token("rq")
    await store.add_request(
        conn, digest=ids.digest(handle), client_id=client.id, asked=asked, expires_at=clock.now() + LIFETIME
    )
    return handle, client


async def checked(
    conn: AsyncConnection, issuer: Issuer, client: Client, parameters: Mapping[str, str], receiver: str
) -> Asked:
    """Raises OAuthError for what the client is told."""
    asked = authorization.read(client, parameters, receiver)
    wanted = list(client.scopes) if asked.scope is None else scopes.names(asked.scope)
    if beyond := [name for name in wanted if name not in client.scopes]:
        raise OAuthError("invalid_scope", f"this application may not ask for {beyond[0][:80]}")
    rfc8707.within(asked.resources, services.open_to(client, issuer.url))
    await services.aim(conn, issuer.url, asked=(), granted=asked.resources, scope=" ".join(wanted))
    for name in (*asked.userinfo_claims, *asked.id_token_claims, *_verified(asked)):
        if scopes.CLAIMS[name].scope not in client.scopes:
            raise OAuthError("invalid_scope", f"this application may not ask for the claim {name}")
    if "id_token_hint" not in parameters:
        return asked
    audience, subject = issuer.hinted(parameters["id_token_hint"])
    if audience != client.id:
        raise invalid_request("id_token_hint was issued to another application")
    return msgspec.structs.replace(asked, subject=subject)


# The pages on the way


async def look(db: Database, issuer: Issuer, handle: str, *, cookie: str | None) -> Step:
    """The step this browser stands at. Refuses SignInPageOver."""
    async with db.begin() as conn:
        pending = await _of_browser(conn, handle, cookie)
        assert cookie is not None
        return await _next(conn, issuer, pending, await browser.session(conn, cookie))


async def pending_of_form(conn: AsyncConnection, handle: str, *, cookie: str | None, token: str) -> Pending:
    """The request a page's form is about. Refuses StrangeForm for a form no page of ours gave this browser, SignInPageOver."""
    if cookie is None or not browser.is_form_token(token, cookie, handle):
        raise StrangeForm
    return await _of_browser(conn, handle, cookie)


async def keep_sign_in(conn: AsyncConnection, pending: Pending, sign_in_id: str | None) -> None:
    """Which sign-in by one-time code this request waits for."""
    await store.keep_sign_in(conn, ids.digest(pending.handle), sign_in_id)


async def sign_in(
    conn: AsyncConnection, issuer: Issuer, pending: Pending, *, cookie: str, who: Authenticated
) -> tuple[Step, str]:
    """The next step after somebody showed who they are, and the browser's new cookie; in the transaction that used up the proof."""
    await keep_sign_in(conn, pending, None)
    after = await browser.sign_in(conn, cookie, who)
    return await _next(conn, issuer, pending, await browser.session(conn, after)), after


async def switch(db: Database, handle: str, *, cookie: str | None, token: str) -> None:
    """Somebody else wants to sign in: whoever was signed in in this browser no longer is."""
    async with db.begin() as conn:
        pending = await pending_of_form(conn, handle, cookie=cookie, token=token)
        assert cookie is not None
        await keep_sign_in(conn, pending, None)
        await store.end_browser_session(conn, ids.digest(cookie), at=clock.now(), why="somebody else signs in")


async def consent(
    db: Database,
    issuer: Issuer,
    handle: str,
    *,
    cookie: str | None,
    token: str,
    ticked: Collection[str],
    compared: bool,
) -> Step:
    """What the person decided, kept, and the answer; the page again when by now somebody else is signed in. `compared` says that
    the device in front of them shows the page's code. Refuses StrangeForm, SignInPageOver, CodeNotCompared."""
    async with db.begin() as conn:
        pending = await pending_of_form(conn, handle, cookie=cookie, token=token)
        assert cookie is not None
        session = await browser.session(conn, cookie)
        step = await _next(conn, issuer, pending, session)
        if not isinstance(step, AskConsent):
            return step
        assert session is not None
        at_device = pending.asked.user_code is not None
        if at_device and not compared:
            raise CodeNotCompared
        # Being recognised is what signing in is; all else was ticked or is not allowed.
        allowed = {item for item in step.items if item == "openid" or item in ticked}
        if not allowed:
            nothing = OAuthError("access_denied", "the person allowed nothing of what was asked")
            return await _answered(conn, issuer, pending, nothing)
        await consents.give(
            conn,
            account_id=session.account_id,
            client_id=pending.client.id,
            asked=step.items,
            allowed=allowed,
            purpose=pending.client.purpose,
            at=clock.now(),
            lasts=rfc8628.LENT_FOR if at_device else consents.LASTS,
        )
        return await _granted(conn, issuer, pending, session, allowed)


async def cancel(db: Database, issuer: Issuer, handle: str, *, cookie: str | None, token: str) -> Ended:
    """The person does not want to."""
    async with db.begin() as conn:
        pending = await pending_of_form(conn, handle, cookie=cookie, token=token)
        return await _answered(conn, issuer, pending, OAuthError("access_denied", "the person cancelled"))


async def _of_browser(conn: AsyncConnection, handle: str, cookie: str | None) -> Pending:
    row = await store.request(conn, ids.digest(handle), at=clock.now())
    if row is None or cookie is None or bytes(row.browser_digest) != ids.digest(cookie):
        raise SignInPageOver
    client = await store.client(conn, row.client_id)
    if client is None or client.disabled_at is not None:
        raise SignInPageOver
    return _pending(handle, client, row)


def _pending(handle: str, client: Client, row: Any) -> Pending:
    return Pending(
        handle=handle,
        client=client,
        asked=msgspec.convert(row.asked, Asked),
        begun_at=row.begun_at,
        sign_in_id=row.sign_in_id,
    )


# What comes next


async def _next(conn: AsyncConnection, issuer: Issuer, pending: Pending, session: Session | None) -> Step:
    """The one place that decides: sign in, be asked, or be answered."""
    asked = pending.asked
    problem = await _unsuitable(conn, issuer, pending, session)
    if session is None or problem is not None or _stale(pending, session):
        if "none" in asked.prompt:
            return await _answered(conn, issuer, pending, OAuthError("login_required", "nobody suitable is signed in"))
        return SignIn(pending, problem)
    bearer = await issuer.bearer(conn, session.account_id)
    if asked.acr and rfc9068.acr_of(bearer.level) not in asked.acr:
        unmet = OAuthError("unmet_authentication_requirements", "the account has not the assurance level asked for")
        return await _answered(conn, issuer, pending, unmet)
    try:
        scope = issuer.scope_by_proof(bearer, session.amr, asked.scope)
        wanted = _items(asked, clients.allowed_scopes(pending.client, scope, kind_of(bearer)), issuer.url)
    except BadScope as refusal:
        return await _answered(conn, issuer, pending, OAuthError("invalid_scope", refusal.message.en))
    allowed = frozenset(wanted) if pending.client.first_party else await _allowed(conn, pending, session, wanted)
    if allowed is not None and asked.resources and not _at(asked, allowed, issuer.url):
        # As where nothing of what is asked was allowed: the person is asked again.
        allowed = None
    if allowed is None or "consent" in asked.prompt:
        if "none" in asked.prompt:
            return await _answered(conn, issuer, pending, OAuthError("consent_required", "the person has not decided"))
        # What weighs more than the rest is given by who signed in lately; having done so for this very request suffices.
        if session.auth_time < pending.begun_at and accounts.is_stale(session.auth_time, "consent", *wanted):
            return SignIn(pending)
        return AskConsent(pending, session.account_id, wanted)
    return await _granted(conn, issuer, pending, session, allowed)


async def _allowed(
    conn: AsyncConnection, pending: Pending, session: Session, wanted: Collection[str]
) -> frozenset[str] | None:
    """What the person allowed of this before; None when something was never asked, or for another purpose, or nothing of it allowed."""
    decided = await consents.standing(conn, session.account_id, pending.client.id, clock.now())
    if decided is None or decided.purpose != pending.client.purpose or not decided.asked.issuperset(wanted):
        return None
    return decided.allowed.intersection(wanted) or None


async def _unsuitable(
    conn: AsyncConnection, issuer: Issuer, pending: Pending, session: Session | None
) -> Refusal | None:
    """Why the account that is signed in cannot answer this app."""
    if session is None:
        return None
    try:
        bearer = await issuer.bearer(conn, session.account_id)
        clients.refuse_wrong_desk(pending.client, kind_of(bearer))
        issuer.scope_by_proof(bearer, session.amr, None)
    except (AccountClosed, NoAppointment, NotForCitizens, NotForOfficers, PasskeyNeeded) as refusal:
        return refusal
    expected = pending.asked.subject
    if expected is not None and expected != issuer.subject(pending.client, session.account_id):
        return AnotherPersonExpected()
    return None


def _stale(pending: Pending, session: Session) -> bool:
    """Whether the app wants it shown again who this is; having signed in for this very request always suffices."""
    if session.auth_time >= pending.begun_at:
        return False
    asked = pending.asked
    if "login" in asked.prompt or "select_account" in asked.prompt:
        return True
    return asked.max_age is not None and session.auth_time + timedelta(seconds=asked.max_age) < clock.now()


def _items(asked: Asked, wanted: Collection[str], city: str) -> tuple[str, ...]:
    """What a consent is about: scopes, claims that no scope among them tells, or that are told with their evidence, and services of
    others."""
    # In our order: the database keeps the members of an object in its own.
    told = (asked.userinfo_claims, asked.id_token_claims)
    names = dict.fromkeys(name for each in told for name in scopes.CLAIMS if name in each)
    alone = [scopes.item_of(name) for name in names if scopes.CLAIMS[name].scope not in wanted]
    alone += [scopes.item_verified(name) for name in _verified(asked)]
    return (*wanted, *alone, *(scopes.item_at(uri) for uri in asked.resources if uri != city))


def _at(asked: Asked, allowed: Collection[str], city: str) -> tuple[str, ...]:
    """The services asked for that the token may be for: of those of others, the ones that were allowed."""
    return tuple(uri for uri in asked.resources if uri == city or scopes.item_at(uri) in allowed)


def _verified(asked: Asked) -> list[str]:
    """The claims asked for with their evidence, each once."""
    each = (*asked.verified_userinfo, *asked.verified_id_token)
    return list(dict.fromkeys(name for one in each for name in scopes.CLAIMS if name in one.claims))


def _plain(names: Mapping[str, Any], granted: Collection[str], allowed: Collection[str]) -> dict[str, Any]:
    return {
        name: condition
        for name, condition in names.items()
        if scopes.CLAIMS[name].scope in granted or scopes.item_of(name) in allowed
    }


def _with_evidence(requests: Collection[VerifiedAsked], allowed: Collection[str]) -> list[VerifiedAsked]:
    """What is left of each request; nothing of a request none of whose claims was allowed."""
    left = [
        VerifiedAsked(one.verification, {n: c for n, c in one.claims.items() if scopes.item_verified(n) in allowed})
        for one in requests
    ]
    return [one for one in left if one.claims]


async def _granted(
    conn: AsyncConnection, issuer: Issuer, pending: Pending, session: Session, allowed: Collection[str]
) -> Ended:
    """The code and the end of the request, together."""
    asked, client = pending.asked, pending.client
    bearer = await issuer.bearer(conn, session.account_id)
    scope = issuer.scope_by_proof(bearer, session.amr, asked.scope)
    granted = [name for name in clients.allowed_scopes(client, scope, kind_of(bearer)) if name in allowed]

    claims = {
        "userinfo": _plain(asked.userinfo_claims, granted, allowed),
        "id_token": _plain(asked.id_token_claims, granted, allowed),
        "verified_userinfo": _with_evidence(asked.verified_userinfo, allowed),
        "verified_id_token": _with_evidence(asked.verified_id_token, allowed),
    }
    at = _at(asked, allowed, issuer.url)
    if asked.resources and not at:
        # Without any the token would be for the city's own service, which nobody asked for.
        return await _answered(conn, issuer, pending, OAuthError("access_denied", "the person allowed no service"))
    if not await store.complete_request(conn, ids.digest(pending.handle), clock.now()):
        raise SignInPageOver
    if asked.user_code is not None:
        return await rfc8628.allow(
            conn,
            client,
            asked.user_code,
            account_id=session.account_id,
            scope=" ".join(granted),
            resources=at,
            amr=session.amr,
            auth_time=session.auth_time,
            authenticator_id=session.authenticator_id,
            browser_session_id=session.id,
        )
    code = await issuer.add_code(
        conn,
        client_id=client.id,
        account_id=session.account_id,
        code_challenge=asked.code_challenge,
        jkt=asked.jkt,
        scope=" ".join(granted),
        amr=session.amr,
        auth_time=session.auth_time,
        nonce=asked.nonce,
        authenticator_id=session.authenticator_id,
        redirect_uri=asked.redirect_uri,
        browser_session_id=session.id,
        claims=claims if any(claims.values()) else None,
        resources=at,
    )
    return rfc9207.code_answer(asked.redirect_uri, asked.mode, code=code, state=asked.state, issuer=issuer.url)


async def _answered(conn: AsyncConnection, issuer: Issuer, pending: Pending, error: OAuthError) -> Ended:
    """The no that ends a request."""
    if not await store.complete_request(conn, ids.digest(pending.handle), clock.now()):
        raise SignInPageOver
    asked = pending.asked
    if asked.user_code is not None:
        return await rfc8628.refuse(conn, pending.client, asked.user_code)
    return rfc9207.error_answer(asked.redirect_uri, asked.mode, error, state=asked.state, issuer=issuer.url)
