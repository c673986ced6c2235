"""A citizen's own page: where they are signed in, what they allowed whom, who read their data; and taking it back."""

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
from web.pages import page
from web.signed_in import AT, AtBrowser, Verb

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
    "/account/sessions-end",
    who=ANYONE,
    include_in_schema=False,
    media_type=MediaType.HTML,
    status_code=303,
    dependencies=AT,
)
async def end_other_sessions(at: AtBrowser, data: Button, stand: Stand) -> Response[str]:
    """All but this browser."""

    async def verb(actor: Actor) -> None:
        await authenticators.end_others(stand.db, actor)

    return await _done(at, data, stand, verb)


@get("/account/sign-ins", who=ANYONE, include_in_schema=False, media_type=MediaType.HTML, dependencies=AT)
async def sign_ins(
    at: AtBrowser, stand: Stand, before: Annotated[str | None, Parameter(pattern="^sil_[0-9a-z]{26}$")] = None
) -> Response[str]:
    """Every try at this account; page by page."""
    actor = await at.citizen()
    if actor is None:
        return await at.sign_in_first()
    log = await authenticators.sign_ins(stand.db, actor, before=before)
    return page(at.request, "account_sign_ins.html", sandbox=at.settings.sandbox, log=log, here="/account/sign-ins")


async def _done(at: AtBrowser, data: Pressed, stand: Stand, verb: Verb) -> Response[str]:
    """What every button of the page does: what it says, and back to the page; or the page with what stands against it."""

    async def refused(actor: Actor, refusal: Refusal) -> Response[str]:
        return await _shown(at, stand, actor, problem=refusal)

    return await at.pressed(data.csrf, "/account", verb, refused)


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


route_handlers: list[Any] = [account, reads, sign_ins, withdraw, end_session, end_other_sessions]
