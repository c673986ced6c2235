"""`/account/mandates`: whom one acts for, who acts for oneself, taking up for a child, giving a mandate back. Without JavaScript."""

import re
from typing import Annotated, Any

import msgspec
from litestar import MediaType, Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body

from identity import accounts
from identity import mandates as room
from identity.mandates import Mandates
from identity.tokens import browser
from identity.tokens.refusals import StrangeForm
from kit.actor import ANYONE, Actor
from kit.refusal import Refusal
from kit.settings import Settings
from web.pages import page
from web.signing_in import HttpRequest, cookie_of, to, trouble

_FORM = "mandates"
_PAGE = "/account/mandates"
_SMALL = 4_000


class NotHere(Refusal):
    """The page has no app behind it that could sign somebody in."""

    status = 401
    code = "not-signed-in-here"
    vi = "Bạn chưa đăng nhập trên trình duyệt này. Hãy đăng nhập qua một ứng dụng dùng Một Cửa rồi mở lại trang này."
    en = "You are not signed in on this browser. Sign in through an app that uses Một Cửa, then open this page again."


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
async def show(request: HttpRequest, settings: Settings, mandates: Mandates) -> Response[str]:
    """The lists, or that nobody is signed in here."""
    return await _page(request, settings, mandates)


@post(
    f"{_PAGE}/child",
    who=ANYONE,
    include_in_schema=False,
    media_type=MediaType.HTML,
    status_code=303,
    request_max_body_size=_SMALL,
)
async def take_up(request: HttpRequest, data: Sent, settings: Settings, mandates: Mandates) -> Response[str]:
    """For one's child, by the child's number."""
    try:
        actor = await _actor(request, settings, mandates, data)
        pin = "".join(data.pin.split())
        if not re.fullmatch(r"[0-9]{12}", pin, re.ASCII):
            raise NoNumber
        await room.take_up(mandates, actor, room.WardRequest(pin=pin))
    except StrangeForm as refusal:
        return trouble(request, settings, refusal)
    except Refusal as refusal:
        return await _page(request, settings, mandates, problem=refusal, typed=data.pin)
    return _again(request)


@post(
    f"{_PAGE}/return",
    who=ANYONE,
    include_in_schema=False,
    media_type=MediaType.HTML,
    status_code=303,
    request_max_body_size=_SMALL,
)
async def give_back(request: HttpRequest, data: Sent, settings: Settings, mandates: Mandates) -> Response[str]:
    """At once."""
    try:
        actor = await _actor(request, settings, mandates, data)
        await room.leave(mandates, actor, data.mandate)
    except StrangeForm as refusal:
        return trouble(request, settings, refusal)
    except Refusal as refusal:
        return await _page(request, settings, mandates, problem=refusal)
    return _again(request)


async def _actor(request: HttpRequest, settings: Settings, mandates: Mandates, data: Form) -> Actor:
    """Who sent the form, from this browser's own page. Refuses StrangeForm."""
    cookie = cookie_of(request, settings)
    if cookie is None or not browser.is_form_token(data.csrf, cookie, _FORM):
        raise StrangeForm
    actor = await _signed_in(mandates, cookie)
    if actor is None:
        raise NotHere
    return actor


async def _signed_in(mandates: Mandates, cookie: str | None) -> Actor | None:
    async with mandates.db.connect() as conn:
        session = None if cookie is None else await browser.session(conn, cookie)
        if session is None:
            return None
        account = await accounts.account(conn, mandates.keys, session.account_id)
    if account.kind != "person":
        return None
    return Actor(kind="citizen", account_id=account.id, level=account.level, auth_at=session.auth_time)


async def _page(
    request: HttpRequest, settings: Settings, mandates: Mandates, *, problem: Refusal | None = None, typed: str = ""
) -> Response[str]:
    cookie = cookie_of(request, settings)
    actor = await _signed_in(mandates, cookie)
    if cookie is None or actor is None:
        problem = problem or NotHere()
        shown = page(request, "mandates.html", sandbox=settings.sandbox, mine=None, problem=problem.message)
    else:
        mine = await room.my_mandates(mandates, actor)
        shown = page(
            request,
            "mandates.html",
            sandbox=settings.sandbox,
            mine=mine,
            now=[one for one in mine.held if one.state != "ended"],
            over=[one for one in mine.held if one.state == "ended"],
            csrf=browser.form_token(cookie, _FORM),
            typed=typed,
            problem=problem and problem.message,
        )
    shown.status_code = problem.status if problem else 200
    shown.headers["Cache-Control"] = "no-store"
    if problem is not None and problem.retry_after_seconds is not None:
        shown.headers["Retry-After"] = str(problem.retry_after_seconds)
    return shown


def _again(request: HttpRequest) -> Response[str]:
    asked = request.query_params.get("lang")
    return to(f"{_PAGE}?lang={asked}" if asked in ("vi", "en") else _PAGE)


route_handlers: list[Any] = [show, take_up, give_back]
