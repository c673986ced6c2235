"""`/account/mandates`: whom one acts for, who acts for oneself, taking up for a child, giving a mandate back. Without JavaScript."""

import re
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import msgspec
from litestar import MediaType, Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body

from identity import mandates as room
from identity.mandates import Mandates
from kit.actor import ANYONE, Actor
from kit.refusal import Refusal
from web.pages import page
from web.signed_in import AT, AtBrowser
from web.signing_in import HttpRequest, to, trouble

_PAGE = "/account/mandates"
_SMALL = 4_000


class NoNumber(Refusal):
    status = 422
    code = "no-personal-number"
    vi = "Số định danh có đúng 12 chữ số, ghi trên Giấy khai sinh của trẻ."
    en = "A personal number has exactly 12 digits; it stands on the child's birth certificate."


class Form(msgspec.Struct):
    """What the page's forms send; each sends some of it."""

    csrf: Annotated[str, msgspec.Meta(max_length=100)] = ""
    mandate: Annotated[str, msgspec.Meta(max_length=60, pattern="^[0-9a-z_]*$")] = ""
    pin: Annotated[str, msgspec.Meta(max_length=40)] = ""


Sent = Annotated[Form, Body(media_type=RequestEncodingType.URL_ENCODED)]


@get(_PAGE, who=ANYONE, include_in_schema=False, media_type=MediaType.HTML, dependencies=AT)
async def show(at: AtBrowser, mandates: Mandates) -> Response[str]:
    """The lists; first signing in, where nobody is."""
    actor = await at.citizen()
    if actor is None:
        return await at.sign_in_first()
    return await _page(at, mandates, actor)


@post(
    f"{_PAGE}/child",
    who=ANYONE,
    include_in_schema=False,
    media_type=MediaType.HTML,
    status_code=303,
    request_max_body_size=_SMALL,
    dependencies=AT,
)
async def take_up(at: AtBrowser, data: Sent, mandates: Mandates) -> Response[str]:
    """For one's child, by the child's number."""

    async def verb(actor: Actor) -> None:
        pin = "".join(data.pin.split())
        if not re.fullmatch(r"[0-9]{12}", pin, re.ASCII):
            raise NoNumber
        await room.take_up(mandates, actor, room.WardRequest(pin=pin))

    return await _done(at, data, mandates, verb)


@post(
    f"{_PAGE}/return",
    who=ANYONE,
    include_in_schema=False,
    media_type=MediaType.HTML,
    status_code=303,
    request_max_body_size=_SMALL,
    dependencies=AT,
)
async def give_back(at: AtBrowser, data: Sent, mandates: Mandates) -> Response[str]:
    """At once."""

    async def verb(actor: Actor) -> None:
        await room.leave(mandates, actor, data.mandate)

    return await _done(at, data, mandates, verb)


async def _done(
    at: AtBrowser, data: Form, mandates: Mandates, verb: Callable[[Actor], Awaitable[None]]
) -> Response[str]:
    """What a button says, and back to the page; or the page with what stands against it."""
    try:
        at.refuse_strange(data.csrf)
    except Refusal as refusal:
        return trouble(at.request, at.settings, refusal)
    actor = await at.citizen()
    if actor is None:
        return to(_PAGE)
    try:
        await verb(actor)
    except Refusal as refusal:
        return await _page(at, mandates, actor, problem=refusal, typed=data.pin)
    return _again(at.request)


async def _page(
    at: AtBrowser, mandates: Mandates, actor: Actor, *, problem: Refusal | None = None, typed: str = ""
) -> Response[str]:
    mine = await room.my_mandates(mandates, actor)
    shown = page(
        at.request,
        "mandates.html",
        sandbox=at.settings.sandbox,
        mine=mine,
        now=[one for one in mine.held if one.state != "ended"],
        over=[one for one in mine.held if one.state == "ended"],
        csrf=at.form_token(),
        typed=typed,
        problem=problem and problem.message,
    )
    shown.status_code = problem.status if problem else 200
    if problem is not None and problem.retry_after_seconds is not None:
        shown.headers["Retry-After"] = str(problem.retry_after_seconds)
    return shown


def _again(request: HttpRequest) -> Response[str]:
    asked = request.query_params.get("lang")
    return to(f"{_PAGE}?lang={asked}" if asked in ("vi", "en") else _PAGE)


route_handlers: list[Any] = [show, take_up, give_back]
