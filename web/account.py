"""A citizen's own page: where they are signed in, how they get in, what they allowed whom, who read their data; and taking it back."""

import re
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import msgspec
from litestar import MediaType, Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body, Parameter

from dossiers import following
from identity import accounts
from identity.accounts.authenticators import service as authenticators
from identity.consents import withdrawing
from identity.http import PathId
from identity.tokens import Issuer, browser, own_pages
from kit.actor import ANYONE, Actor
from kit.db import Database
from kit.keys import Keys
from kit.limits import Limits
from kit.refusal import Refusal
from kit.settings import Settings
from notifications import PostOffice
from web.pages import page
from web.signing_in import HttpRequest, cookie_of, to, to_page, trouble, with_cookie

_OURS = re.compile(r"/(account|developers)(/[a-z-]+)*")
_SHOWN_SIGN_INS = 10


class Pressed(msgspec.Struct):
    """A form with one button."""

    csrf: Annotated[str, msgspec.Meta(max_length=100)] = ""


Button = Annotated[Pressed, Body(media_type=RequestEncodingType.URL_ENCODED)]


async def signed_in(request: HttpRequest, settings: Settings, db: Database, issuer: Issuer) -> Actor | None:
    """Who is at this browser."""
    async with db.connect() as conn:
        return await own_pages.person(conn, issuer, cookie_of(request, settings))


async def sign_in_first(
    request: HttpRequest,
    settings: Settings,
    db: Database,
    issuer: Issuer,
    limits: Limits,
    address: str,
    *,
    again: bool = False,
) -> Response[str]:
    """The way through signing in, back to this page."""
    try:
        # Each writes a row, as an app's request does.
        await limits.hit("authorize", address)
    except Refusal as refusal:
        return trouble(request, settings, refusal)
    cookie = cookie_of(request, settings)
    shown = cookie or browser.new_cookie()
    path = request.url.path
    handle = await own_pages.begin(
        db, issuer, cookie=shown, page=path if _OURS.fullmatch(path) else "/account", again=again
    )
    told = to_page(request, handle)
    return told if cookie is not None else with_cookie(told, settings, shown)


@get(own_pages.BACK, who=ANYONE, include_in_schema=False, media_type=MediaType.HTML)
async def came_back(request: HttpRequest) -> Response[str]:
    """From signing in: to the page it was for, and nowhere else."""
    state = request.query_params.get("state", "")
    return to(state if _OURS.fullmatch(state) else "/account")


@get("/account", who=ANYONE, include_in_schema=False, media_type=MediaType.HTML)
async def account(
    request: HttpRequest, settings: Settings, db: Database, keys: Keys, issuer: Issuer, limits: Limits, address: str
) -> Response[str]:
    actor = await signed_in(request, settings, db, issuer)
    if actor is None:
        return await sign_in_first(request, settings, db, issuer, limits, address)
    return await _shown(request, settings, db, keys, actor)


@get("/account/reads", who=ANYONE, include_in_schema=False, media_type=MediaType.HTML)
async def reads(
    request: HttpRequest,
    settings: Settings,
    db: Database,
    keys: Keys,
    issuer: Issuer,
    limits: Limits,
    address: str,
    before: Annotated[str | None, Parameter(pattern="^rd_[0-9a-z]{26}$")] = None,
) -> Response[str]:
    """Who read my data, and why; page by page."""
    actor = await signed_in(request, settings, db, issuer)
    if actor is None:
        return await sign_in_first(request, settings, db, issuer, limits, address)
    found = await following.who_read(db, keys, actor, before=before)
    return page(request, "account_reads.html", sandbox=settings.sandbox, found=found, here="/account/reads")


@post(
    "/account/consents/{consent_id:str}/withdrawal",
    who=ANYONE,
    include_in_schema=False,
    media_type=MediaType.HTML,
    status_code=303,
)
async def withdraw(
    request: HttpRequest, data: Button, settings: Settings, db: Database, keys: Keys, issuer: Issuer, consent_id: PathId
) -> Response[str]:
    """The app's tokens stop with its next call."""

    async def verb(actor: Actor) -> None:
        await withdrawing.withdraw(db, authenticators.holder_of(actor), consent_id)

    return await _done(request, data, settings, db, keys, issuer, verb)


@post(
    "/account/sessions/{session_id:str}/end",
    who=ANYONE,
    include_in_schema=False,
    media_type=MediaType.HTML,
    status_code=303,
)
async def end_session(
    request: HttpRequest, data: Button, settings: Settings, db: Database, keys: Keys, issuer: Issuer, session_id: PathId
) -> Response[str]:
    """One app is signed out."""

    async def verb(actor: Actor) -> None:
        await authenticators.end_one(db, actor, session_id)

    return await _done(request, data, settings, db, keys, issuer, verb)


@post(
    "/account/ways/{authenticator_id:str}/lock",
    who=ANYONE,
    include_in_schema=False,
    media_type=MediaType.HTML,
    status_code=303,
)
async def lock(
    request: HttpRequest,
    data: Button,
    settings: Settings,
    db: Database,
    keys: Keys,
    issuer: Issuer,
    post_office: PostOffice,
    limits: Limits,
    authenticator_id: PathId,
) -> Response[str]:
    """A lost phone or key signs nobody in any more."""
    ways = authenticators.Ways(db=db, keys=keys, settings=settings, post_office=post_office, limits=limits)

    async def verb(actor: Actor) -> None:
        await authenticators.lock(ways, actor, authenticator_id)

    return await _done(request, data, settings, db, keys, issuer, verb)


async def _done(
    request: HttpRequest,
    data: Pressed,
    settings: Settings,
    db: Database,
    keys: Keys,
    issuer: Issuer,
    verb: Callable[[Actor], Awaitable[None]],
) -> Response[str]:
    """What every button of the page does: what it says, and back to the page; or the page with what stands against it."""
    try:
        own_pages.refuse_strange(cookie_of(request, settings), data.csrf)
    except Refusal as refusal:
        return trouble(request, settings, refusal)
    actor = await signed_in(request, settings, db, issuer)
    if actor is None:
        return to("/account")
    try:
        await verb(actor)
    except Refusal as refusal:
        return await _shown(request, settings, db, keys, actor, problem=refusal)
    asked = request.query_params.get("lang")
    return to(f"/account?lang={asked}" if asked in ("vi", "en") else "/account")


async def _shown(
    request: HttpRequest,
    settings: Settings,
    db: Database,
    keys: Keys,
    actor: Actor,
    *,
    problem: Refusal | None = None,
) -> Response[str]:
    account_id, cookie = authenticators.holder_of(actor), cookie_of(request, settings)
    assert cookie is not None
    log = await authenticators.sign_ins(db, actor, before=None)
    async with db.connect() as conn:
        me = await accounts.account(conn, keys, account_id)
        ways = await authenticators.held(conn, keys, account_id)
        decisions = await withdrawing.all_of(conn, account_id)
    told = page(
        request,
        "account.html",
        sandbox=settings.sandbox,
        here="/account",
        csrf=browser.form_token(cookie, own_pages.FORM),
        problem=problem and problem.message,
        me=me,
        level=actor.level,
        sessions=await authenticators.sessions(db, actor),
        ways=ways,
        consents=[one for one in decisions if one.state == "standing"],
        ended=[one for one in decisions if one.state != "standing"],
        reads=(await following.who_read(db, keys, actor, before=None)).reads[:_SHOWN_SIGN_INS],
        sign_ins=log.entries[:_SHOWN_SIGN_INS],
    )
    told.status_code = problem.status if problem else 200
    return told


route_handlers: list[Any] = [came_back, account, reads, withdraw, end_session, lock]
