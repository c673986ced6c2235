"""A citizen's own page: where they are signed in, how they get in, what they allowed whom, who read their data; and taking it back."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import msgspec
from litestar import MediaType, Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body, Parameter

from dossiers import following
from dossiers.standing import Stand
from identity import accounts
from identity.accounts.authenticators import service as authenticators
from identity.consents import withdrawing
from identity.http import PathId
from kit.actor import ANYONE, Actor
from kit.refusal import Refusal
from notifications import PostOffice
from web.pages import page
from web.signed_in import AT, AtBrowser
from web.signing_in import to, trouble

_SHOWN_SIGN_INS = 10


class Pressed(msgspec.Struct):
    """A form with one button."""

    csrf: Annotated[str, msgspec.Meta(max_length=100)] = ""


Button = Annotated[Pressed, Body(media_type=RequestEncodingType.URL_ENCODED)]


@get("/account", who=ANYONE, include_in_schema=False, media_type=MediaType.HTML, dependencies=AT)
async def account(at: AtBrowser, stand: Stand) -> Response[str]:
    actor = await at.citizen()
    if actor is None:
        return await at.sign_in_first()
    return await _shown(at, stand, actor)


@get("/account/reads", who=ANYONE, include_in_schema=False, media_type=MediaType.HTML, dependencies=AT)
async def reads(
    at: AtBrowser, stand: Stand, before: Annotated[str | None, Parameter(pattern="^rd_[0-9a-z]{26}$")] = None
) -> Response[str]:
    """Who read my data, and why; page by page."""
    actor = await at.citizen()
    if actor is None:
        return await at.sign_in_first()
    found = await following.who_read(stand, actor, before=before)
    return page(at.request, "account_reads.html", sandbox=at.settings.sandbox, found=found, here="/account/reads")


@post(
    "/account/consents/{consent_id:str}/withdrawal",
    who=ANYONE,
    include_in_schema=False,
    media_type=MediaType.HTML,
    status_code=303,
    dependencies=AT,
)
async def withdraw(at: AtBrowser, data: Button, stand: Stand, consent_id: PathId) -> Response[str]:
    """The app's tokens stop with its next call."""

    async def verb(actor: Actor) -> None:
        await withdrawing.withdraw(stand.db, authenticators.holder_of(actor), consent_id)

    return await _done(at, data, stand, verb)


@post(
    "/account/sessions/{session_id:str}/end",
    who=ANYONE,
    include_in_schema=False,
    media_type=MediaType.HTML,
    status_code=303,
    dependencies=AT,
)
async def end_session(at: AtBrowser, data: Button, stand: Stand, session_id: PathId) -> Response[str]:
    """One app is signed out."""

    async def verb(actor: Actor) -> None:
        await authenticators.end_one(stand.db, actor, session_id)

    return await _done(at, data, stand, verb)


@post(
    "/account/ways/{authenticator_id:str}/lock",
    who=ANYONE,
    include_in_schema=False,
    media_type=MediaType.HTML,
    status_code=303,
    dependencies=AT,
)
async def lock(
    at: AtBrowser, data: Button, stand: Stand, post_office: PostOffice, authenticator_id: PathId
) -> Response[str]:
    """A lost phone or key signs nobody in any more."""
    ways = authenticators.Ways(
        db=stand.db, keys=stand.keys, settings=at.settings, post_office=post_office, limits=at.limits
    )

    async def verb(actor: Actor) -> None:
        await authenticators.lock(ways, actor, authenticator_id)

    return await _done(at, data, stand, verb)


async def _done(at: AtBrowser, data: Pressed, stand: Stand, verb: Callable[[Actor], Awaitable[None]]) -> Response[str]:
    """What every button of the page does: what it says, and back to the page; or the page with what stands against it."""
    try:
        at.refuse_strange(data.csrf)
    except Refusal as refusal:
        return trouble(at.request, at.settings, refusal)
    actor = await at.citizen()
    if actor is None:
        return to("/account")
    try:
        await verb(actor)
    except Refusal as refusal:
        return await _shown(at, stand, actor, problem=refusal)
    asked = at.request.query_params.get("lang")
    return to(f"/account?lang={asked}" if asked in ("vi", "en") else "/account")


async def _shown(at: AtBrowser, stand: Stand, actor: Actor, *, problem: Refusal | None = None) -> Response[str]:
    account_id = authenticators.holder_of(actor)
    log = await authenticators.sign_ins(stand.db, actor, before=None)
    async with stand.db.connect() as conn:
        me = await accounts.account(conn, stand.keys, account_id)
        ways = await authenticators.held(conn, stand.keys, account_id)
        decisions = await withdrawing.all_of(conn, account_id)
    told = page(
        at.request,
        "account.html",
        sandbox=at.settings.sandbox,
        here="/account",
        csrf=at.form_token(),
        problem=problem and problem.message,
        me=me,
        level=actor.level,
        sessions=await authenticators.sessions(stand.db, actor),
        ways=ways,
        consents=[one for one in decisions if one.state == "standing"],
        ended=[one for one in decisions if one.state != "standing"],
        reads=(await following.who_read(stand, actor, before=None)).reads[:_SHOWN_SIGN_INS],
        sign_ins=log.entries[:_SHOWN_SIGN_INS],
    )
    told.status_code = problem.status if problem else 200
    return told


route_handlers: list[Any] = [account, reads, withdraw, end_session, lock]
