"""Signing out: for an app that asks (RP-Initiated Logout), and by oneself."""

from typing import Any
from urllib.parse import urlencode

from litestar import MediaType, Response, get, post

from identity.tokens import Issuer, browser, logging_out
from identity.tokens.logging_out import SignedOut
from identity.tokens.refusals import BadAuthorizationRequest
from identity.tokens.rfc6749 import FORM
from kit.actor import ANYONE
from kit.db import Database
from kit.limits import Limits
from kit.refusal import Refusal
from kit.settings import Settings
from web.pages import page
from web.signing_in import HttpRequest, Sent, cookie_of, to, trouble

_SMALL = 16_000


@get("/v1/oauth/logout", who=ANYONE, include_in_schema=False, media_type=MediaType.HTML)
async def logout(
    request: HttpRequest, settings: Settings, db: Database, issuer: Issuer, limits: Limits, address: str
) -> Response[str]:
    """Signed out and back to the app, or the question whether the person wants it."""
    cookie = cookie_of(request, settings)
    try:
        await limits.hit("authorize", address)
        done = await logging_out.log_out(db, issuer, request.scope["query_string"], cookie=cookie)
    except Refusal as refusal:
        return trouble(request, settings, refusal)
    if isinstance(done, SignedOut):
        return _told(request, settings) if done.address is None else to(done.address)
    assert cookie is not None
    csrf = browser.form_token(cookie, logging_out.FORM)
    return page(request, "sign_out.html", sandbox=settings.sandbox, csrf=csrf)


@post(
    "/v1/oauth/logout",
    who=ANYONE,
    status_code=303,
    include_in_schema=False,
    media_type=MediaType.HTML,
    request_max_body_size=_SMALL,
)
async def logout_by_form(request: HttpRequest, settings: Settings) -> Response[str]:
    """The same by a form, which another site sends without our cookie: gone on with by GET."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        return trouble(request, settings, BadAuthorizationRequest(reason=f"send {FORM}"))
    form = await request.form()
    return to(f"/v1/oauth/logout?{urlencode([(name, str(value)) for name, value in form.multi_items()])}")


@get("/sign-out", who=ANYONE, include_in_schema=False, media_type=MediaType.HTML)
async def ask(request: HttpRequest, settings: Settings) -> Response[str]:
    """The question, for who comes by themselves."""
    cookie = cookie_of(request, settings)
    if cookie is None:
        return _told(request, settings)
    csrf = browser.form_token(cookie, logging_out.FORM)
    return page(request, "sign_out.html", sandbox=settings.sandbox, csrf=csrf)


@post("/sign-out", who=ANYONE, include_in_schema=False, media_type=MediaType.HTML, status_code=200)
async def sign_out(request: HttpRequest, data: Sent, settings: Settings, db: Database) -> Response[str]:
    """The person's own word."""
    try:
        await logging_out.log_out_here(db, cookie=cookie_of(request, settings), token=data.csrf)
    except Refusal as refusal:
        return trouble(request, settings, refusal)
    return _told(request, settings)


def _told(request: HttpRequest, settings: Settings) -> Response[str]:
    shown = page(request, "sign_out.html", sandbox=settings.sandbox, csrf=None)
    shown.status_code = 200
    return shown


route_handlers: list[Any] = [logout, logout_by_form, ask, sign_out]
