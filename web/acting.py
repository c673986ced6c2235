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
from identity.tokens import Issuer, browser, own_pages
from kit.actor import ANYONE, Actor
from kit.limits import Limits
from kit.refusal import Refusal
from kit.settings import Settings
from web.account import sign_in_first, signed_in
from web.pages import page
from web.signing_in import HttpRequest, cookie_of, to, trouble

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


@get(_PAGE, who=ANYONE, include_in_schema=False, media_type=MediaType.HTML)
async def show(
    request: HttpRequest, settings: Settings, mandates: Mandates, issuer: Issuer, limits: Limits, address: str
) -> Response[str]:
    """The lists; first signing in, where nobody is."""
    actor = await signed_in(request, settings, mandates.db, issuer)
    if actor is None:
        return await sign_in_first(request, settings, mandates.db, issuer, limits, address)
    return await _page(request, settings, mandates, actor)


@post(
    f"{_PAGE}/child",
    who=ANYONE,
    include_in_schema=False,
    media_type=MediaType.HTML,
    status_code=303,
    request_max_body_size=_SMALL,
)
async def take_up(
    request: HttpRequest, data: Sent, settings: Settings, mandates: Mandates, issuer: Issuer
) -> Response[str]:
    """For one's child, by the child's number."""

    async def verb(actor: Actor) -> None:
        pin = "".join(data.pin.split())
        if not re.fullmatch(r"[0-9]{12}", pin, re.ASCII):
            raise NoNumber
        await room.take_up(mandates, actor, room.WardRequest(pin=pin))

    return await _done(request, data, settings, mandates, issuer, verb)


@post(
    f"{_PAGE}/return",
    who=ANYONE,
    include_in_schema=False,
    media_type=MediaType.HTML,
    status_code=303,
    request_max_body_size=_SMALL,
)
async def give_back(
    request: HttpRequest, data: Sent, settings: Settings, mandates: Mandates, issuer: Issuer
) -> Response[str]:
    """At once."""

    async def verb(actor: Actor) -> None:
        await room.leave(mandates, actor, data.mandate)

    return await _done(request, data, settings, mandates, issuer, verb)


async def _done(
    request: HttpRequest,
    data: Form,
    settings: Settings,
    mandates: Mandates,
    issuer: Issuer,
    verb: Callable[[Actor], Awaitable[None]],
) -> Response[str]:
    """What a button says, and back to the page; or the page with what stands against it."""
    try:
        own_pages.refuse_strange(cookie_of(request, settings), data.csrf)
    except Refusal as refusal:
        return trouble(request, settings, refusal)
    actor = await signed_in(request, settings, mandates.db, issuer)
    if actor is None:
        return to(_PAGE)
    try:
        await verb(actor)
    except Refusal as refusal:
        return await _page(request, settings, mandates, actor, problem=refusal, typed=data.pin)
    return _again(request)


async def _page(
    request: HttpRequest,
    settings: Settings,
    mandates: Mandates,
    actor: Actor,
    *,
    problem: Refusal | None = None,
    typed: str = "",
) -> Response[str]:
    cookie = cookie_of(request, settings)
    assert cookie is not None
    mine = await room.my_mandates(mandates, actor)
    shown = page(
        request,
        "mandates.html",
        sandbox=settings.sandbox,
        mine=mine,
        now=[one for one in mine.held if one.state != "ended"],
        over=[one for one in mine.held if one.state == "ended"],
        csrf=browser.form_token(cookie, own_pages.FORM),
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
