"""The page a kiosk or screen sends people to (RFC 8628 §3.3): they enter its code, and go on as they would for an app."""

from typing import Any

from litestar import MediaType, Response, get, post

from identity.tokens import browser, rfc8628
from identity.tokens.refusals import StrangeForm
from kit.actor import ANYONE
from kit.db import Database
from kit.limits import Limits
from kit.refusal import Refusal
from kit.settings import Settings
from web.pages import page
from web.signing_in import HttpRequest, Sent, cookie_of, to_page, trouble, with_cookie

_MOST = 20


@get("/device", who=ANYONE, include_in_schema=False, media_type=MediaType.HTML)
async def device(request: HttpRequest, settings: Settings) -> Response[str]:
    """The form. A code in the address is filled in and not looked up: who follows a link has said nothing yet."""
    cookie = cookie_of(request, settings)
    held = cookie or browser.new_cookie()
    told = _form(request, settings, held, typed=request.query_params.get("user_code", "")[:_MOST])
    return told if cookie is not None else with_cookie(told, settings, held)


@post(
    "/device",
    who=ANYONE,
    include_in_schema=False,
    media_type=MediaType.HTML,
    status_code=303,
    request_max_body_size=4_000,
)
async def entered(
    request: HttpRequest, data: Sent, settings: Settings, db: Database, limits: Limits, address: str
) -> Response[str]:
    """The code, typed or confirmed: on to signing in, or the form with what is wrong."""
    cookie = cookie_of(request, settings)
    try:
        handle = await rfc8628.enter(db, limits, data.code, cookie=cookie, token=data.csrf, address=address)
    except StrangeForm as refusal:
        return trouble(request, settings, refusal)
    except Refusal as refusal:
        assert cookie is not None
        return _form(request, settings, cookie, typed=data.code, problem=refusal)
    return to_page(request, handle)


def _form(
    request: HttpRequest, settings: Settings, cookie: str, *, typed: str, problem: Refusal | None = None
) -> Response[str]:
    shown = page(
        request,
        "device.html",
        sandbox=settings.sandbox,
        typed=typed,
        csrf=browser.form_token(cookie, rfc8628.FORM),
        problem=problem and problem.message,
    )
    shown.status_code = problem.status if problem else 200
    if problem is not None and problem.retry_after_seconds is not None:
        shown.headers["Retry-After"] = str(problem.retry_after_seconds)
    return shown


route_handlers: list[Any] = [device, entered]
