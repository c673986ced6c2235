"""The authorization endpoint and the pages behind it: signing in, deciding what an app may do, going back to the app.

Nothing here needs JavaScript. A page's address holds the request's handle; every form holds a token only this browser's page has.
"""

from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec
from litestar import MediaType, Request, Response, get, post
from litestar.datastructures import Cookie
from litestar.enums import RequestEncodingType
from litestar.params import Body

from identity import accounts, consents, offices
from identity.accounts import by_browser
from identity.accounts.passkeys import by_browser as passkeys
from identity.accounts.passkeys.http import ways
from identity.accounts.passkeys.messages import CeremonyReply
from identity.accounts.passkeys.service import Ways
from identity.accounts.refusals import SignInOver
from identity.tokens import Issuer, authorizing, browser, rfc8628, words_of
from identity.tokens.authorizing import AskConsent, Ended, Pending, Step
from identity.tokens.refusals import BadAuthorizationRequest, SignInPageOver, StrangeForm
from identity.tokens.rfc6749 import FORM
from identity.tokens.rfc8628 import DeviceAnswer
from identity.tokens.rfc9207 import Answer
from kit import clock
from kit.actor import ANYONE
from kit.db import Database
from kit.keys import Keys
from kit.limits import Limits
from kit.refusal import Refusal
from kit.settings import Settings
from notifications import PostOffice
from web.pages import Lang, language, page

_SMALL = 16_000

# After these there is no page to go back to.
_OVER = (BadAuthorizationRequest, SignInPageOver, StrangeForm)

HttpRequest = Request[Any, Any, Any]


class Form(msgspec.Struct):
    """What the pages' forms send; each sends some of it."""

    csrf: Annotated[str, msgspec.Meta(max_length=100)] = ""
    login: Annotated[str, msgspec.Meta(max_length=254)] = ""
    code: Annotated[str, msgspec.Meta(max_length=20)] = ""
    same: Annotated[str, msgspec.Meta(max_length=10)] = ""
    challenge: Annotated[str, msgspec.Meta(max_length=60)] = ""
    credential: Annotated[str, msgspec.Meta(max_length=12_000)] = ""
    # A form's one tick arrives as a text, two as a list.
    allow: list[str] | str = []

    @property
    def ticked(self) -> list[str]:
        return [self.allow] if isinstance(self.allow, str) else self.allow


Sent = Annotated[Form, Body(media_type=RequestEncodingType.URL_ENCODED)]


@get("/v1/oauth/authorize", who=ANYONE, include_in_schema=False, media_type=MediaType.HTML)
async def authorize(
    request: HttpRequest, settings: Settings, db: Database, issuer: Issuer, limits: Limits, address: str
) -> Response[str]:
    """RFC 6749 §4.1.1, OpenID Connect Core §3.1.2.1: the answer at once, or the way to the pages."""
    cookie = cookie_of(request, settings)
    shown = cookie or browser.new_cookie()
    try:
        await limits.hit("authorize", address)
        step = await authorizing.begin(db, issuer, request.scope["query_string"], cookie=shown)
    except Refusal as refusal:
        return trouble(request, settings, refusal)
    told = _go_on(request, settings, step)
    return told if cookie is not None else with_cookie(told, settings, shown)


@post(
    "/v1/oauth/authorize",
    who=ANYONE,
    status_code=303,
    include_in_schema=False,
    media_type=MediaType.HTML,
    request_max_body_size=_SMALL,
)
async def authorize_by_form(
    request: HttpRequest, settings: Settings, db: Database, issuer: Issuer, limits: Limits, address: str
) -> Response[str]:
    """The same by a form, which another site sends without our cookie: kept, and gone on with by GET."""
    try:
        await limits.hit("authorize", address)
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
            raise BadAuthorizationRequest(reason=f"send {FORM}")
        kept = await authorizing.keep(db, issuer, await request.body())
    except Refusal as refusal:
        return trouble(request, settings, refusal)
    return _answer(request, settings, kept) if isinstance(kept, Answer) else to(f"/v1/oauth/authorize?{kept}")


@get("/sign-in/{handle:str}", who=ANYONE, include_in_schema=False, media_type=MediaType.HTML)
async def sign_in(
    request: HttpRequest, settings: Settings, db: Database, keys: Keys, issuer: Issuer, handle: str
) -> Response[str]:
    """The step this browser stands at."""
    return await _stand(request, settings, db, keys, issuer, handle)


@post("/sign-in/{handle:str}/login", who=ANYONE, include_in_schema=False, media_type=MediaType.HTML, status_code=303)
async def login(
    request: HttpRequest,
    data: Sent,
    settings: Settings,
    db: Database,
    keys: Keys,
    issuer: Issuer,
    limits: Limits,
    post_office: PostOffice,
    address: str,
    handle: str,
) -> Response[str]:
    """A phone or address: a code goes there."""
    cookie = cookie_of(request, settings)
    try:
        await by_browser.ask_for_code(
            db, keys, limits, post_office, handle, cookie=cookie, token=data.csrf, login=data.login, address=address
        )
    except Refusal as refusal:
        return await _again(request, settings, db, keys, issuer, handle, refusal, typed=data.login)
    return to_page(request, handle)


@post("/sign-in/{handle:str}/code", who=ANYONE, include_in_schema=False, media_type=MediaType.HTML, status_code=303)
async def code(
    request: HttpRequest,
    data: Sent,
    settings: Settings,
    db: Database,
    keys: Keys,
    issuer: Issuer,
    limits: Limits,
    address: str,
    handle: str,
) -> Response[str]:
    """The code that was sent."""
    cookie, typed = cookie_of(request, settings), "".join(data.code.split())
    try:
        step, after = await by_browser.enter_code(
            db, keys, issuer, limits, handle, cookie=cookie, token=data.csrf, code=typed, address=address
        )
    except SignInOver as refusal:
        await by_browser.ask_for_another_code(db, handle, cookie=cookie, token=data.csrf)
        return await _again(request, settings, db, keys, issuer, handle, refusal)
    except Refusal as refusal:
        return await _again(request, settings, db, keys, issuer, handle, refusal)
    return with_cookie(_go_on(request, settings, step), settings, after)


@post(
    "/sign-in/{handle:str}/passkey-options",
    who=ANYONE,
    include_in_schema=False,
    status_code=200,
    request_max_body_size=_SMALL,
    dependencies={"ways": ways},
)
async def passkey_options(data: Sent, request: HttpRequest, ways: Ways, address: str, handle: str) -> CeremonyReply:
    """For the page's script, which asks when a browser can: the one step that needs any."""
    cookie = cookie_of(request, ways.settings)
    return await passkeys.ask(ways, handle, cookie=cookie, token=data.csrf, address=address)


@post(
    "/sign-in/{handle:str}/passkey",
    who=ANYONE,
    include_in_schema=False,
    media_type=MediaType.HTML,
    status_code=303,
    request_max_body_size=_SMALL,
    dependencies={"ways": ways},
)
async def passkey(
    request: HttpRequest,
    data: Sent,
    settings: Settings,
    db: Database,
    keys: Keys,
    issuer: Issuer,
    ways: Ways,
    address: str,
    handle: str,
) -> Response[str]:
    """What the passkey signed."""
    cookie = cookie_of(request, settings)
    try:
        step, after = await passkeys.answer(
            ways, handle, data.challenge, data.credential, cookie=cookie, token=data.csrf, address=address
        )
    except Refusal as refusal:
        return await _again(request, settings, db, keys, issuer, handle, refusal)
    return with_cookie(_go_on(request, settings, step), settings, after)


@post("/sign-in/{handle:str}/other", who=ANYONE, include_in_schema=False, media_type=MediaType.HTML, status_code=303)
async def other(request: HttpRequest, data: Sent, settings: Settings, db: Database, handle: str) -> Response[str]:
    """Another person than the one signed in."""
    try:
        await authorizing.switch(db, handle, cookie=cookie_of(request, settings), token=data.csrf)
    except Refusal as refusal:
        return trouble(request, settings, refusal)
    return to_page(request, handle)


@post("/sign-in/{handle:str}/again", who=ANYONE, include_in_schema=False, media_type=MediaType.HTML, status_code=303)
async def again(request: HttpRequest, data: Sent, settings: Settings, db: Database, handle: str) -> Response[str]:
    """A mistyped login, a code that never came."""
    try:
        await by_browser.ask_for_another_code(db, handle, cookie=cookie_of(request, settings), token=data.csrf)
    except Refusal as refusal:
        return trouble(request, settings, refusal)
    return to_page(request, handle)


@post("/sign-in/{handle:str}/consent", who=ANYONE, include_in_schema=False, media_type=MediaType.HTML, status_code=303)
async def consent(
    request: HttpRequest, data: Sent, settings: Settings, db: Database, keys: Keys, issuer: Issuer, handle: str
) -> Response[str]:
    """What the person ticked, and no more."""
    cookie, same = cookie_of(request, settings), data.same == "yes"
    try:
        step = await authorizing.consent(
            db, issuer, handle, cookie=cookie, token=data.csrf, ticked=data.ticked, compared=same
        )
    except Refusal as refusal:
        return await _again(request, settings, db, keys, issuer, handle, refusal)
    return _go_on(request, settings, step)


@post("/sign-in/{handle:str}/cancel", who=ANYONE, include_in_schema=False, media_type=MediaType.HTML, status_code=303)
async def cancel(
    request: HttpRequest, data: Sent, settings: Settings, db: Database, issuer: Issuer, handle: str
) -> Response[str]:
    """Back to the app, or the device left, with nothing."""
    try:
        answer = await authorizing.cancel(db, issuer, handle, cookie=cookie_of(request, settings), token=data.csrf)
    except Refusal as refusal:
        return trouble(request, settings, refusal)
    return _answer(request, settings, answer)


# What a step looks like


async def _stand(
    request: HttpRequest,
    settings: Settings,
    db: Database,
    keys: Keys,
    issuer: Issuer,
    handle: str,
    *,
    problem: Refusal | None = None,
    typed: str | None = None,
) -> Response[str]:
    cookie = cookie_of(request, settings)
    try:
        step = await authorizing.look(db, issuer, handle, cookie=cookie)
    except Refusal as refusal:
        return trouble(request, settings, refusal)
    if isinstance(step, Ended):
        return _answer(request, settings, step)
    assert cookie is not None
    lang = _language(request, step.pending)
    values: dict[str, Any] = {
        "sandbox": settings.sandbox,
        "client": step.pending.client,
        "back_to": urlsplit(step.pending.asked.redirect_uri).hostname,
        "here": f"/sign-in/{handle}",
        "csrf": browser.form_token(cookie, handle),
        "device": await _device(db, step.pending),
        "problem": None,
    }
    if isinstance(step, AskConsent):
        async with db.connect() as conn:
            account = await accounts.account(conn, keys, step.account_id)
        values["person"] = account.full_name
        values["items"] = [(item, words_of(item)) for item in step.items if item != "openid"]
        values["recognised"] = words_of("openid") if "openid" in step.items else None
        values["until"] = clock.now() + (rfc8628.LENT_FOR if values["device"] else consents.LASTS)
        template = "consent.html"
    else:
        template = "sign_in.html" if step.pending.sign_in_id is None else "sign_in_code.html"
        values["typed"] = (step.pending.asked.login_hint or "") if typed is None else typed
        problem = problem or step.problem
    if problem is not None:
        values["problem"] = problem.message
    shown = page(request, template, lang=lang, form_action=_source(step.pending.asked.redirect_uri), **values)
    if problem is not None:
        shown.status_code = problem.status
        if problem.retry_after_seconds is not None:
            shown.headers["Retry-After"] = str(problem.retry_after_seconds)
    else:
        shown.status_code = 200
    return shown


async def _again(
    request: HttpRequest,
    settings: Settings,
    db: Database,
    keys: Keys,
    issuer: Issuer,
    handle: str,
    refusal: Refusal,
    *,
    typed: str | None = None,
) -> Response[str]:
    """The page with what is wrong, or the end where there is no page."""
    if isinstance(refusal, _OVER):
        return trouble(request, settings, refusal)
    return await _stand(request, settings, db, keys, issuer, handle, problem=refusal, typed=typed)


def _go_on(request: HttpRequest, settings: Settings, step: Step) -> Response[str]:
    return _answer(request, settings, step) if isinstance(step, Ended) else to_page(request, step.pending.handle)


async def _device(db: Database, pending: Pending) -> dict[str, Any] | None:
    """The code on the screen of the device that asks, and the office a kiosk stands in."""
    if pending.asked.user_code is None:
        return None
    office = None
    if pending.client.office_id is not None:
        async with db.connect() as conn:
            office = await offices.office(conn, pending.client.office_id)
    return {"code": rfc8628.shown(pending.asked.user_code), "office": office}


def _answer(request: HttpRequest, settings: Settings, answer: Ended) -> Response[str]:
    """To the app: by a redirect that turns into GET, or by a form that posts itself (OAuth 2.0 Form Post Response Mode). A device
    asks by itself, so the person is told to look at it (RFC 8628 §3.3)."""
    if isinstance(answer, DeviceAnswer):
        told = page(request, "device_done.html", answer=answer, sandbox=settings.sandbox)
        told.status_code = 200
        return told
    if answer.mode == "query":
        return to(answer.address)
    told = page(request, "form_post.html", form_action=_source(answer.redirect_uri), answer=answer, sandbox=False)
    told.status_code = 200
    return told


def trouble(request: HttpRequest, settings: Settings, refusal: Refusal) -> Response[str]:
    """A page that leads nowhere: who cannot be trusted with an answer is not sent one."""
    told = page(request, "sign_in_trouble.html", problem=refusal.message, sandbox=settings.sandbox)
    told.status_code = refusal.status
    if refusal.retry_after_seconds is not None:
        told.headers["Retry-After"] = str(refusal.retry_after_seconds)
    return told


def to(address: str) -> Response[str]:
    # 303: what comes next is a GET, whatever this was; 307 would send a typed code on to the app (RFC 9700 §4.12).
    return Response("", status_code=303, headers={"Location": address}, media_type=MediaType.HTML)


def to_page(request: HttpRequest, handle: str) -> Response[str]:
    asked = request.query_params.get("lang")
    return to(f"/sign-in/{handle}?lang={asked}" if asked in ("vi", "en") else f"/sign-in/{handle}")


def _language(request: HttpRequest, pending: Pending) -> Lang:
    """What the reader chose on the page, else what the app says the reader prefers, else what the browser says."""
    if "lang" not in request.query_params and pending.asked.ui_locale is not None:
        return "en" if pending.asked.ui_locale == "en" else "vi"
    return language(request)


def _source(redirect_uri: str) -> str:
    """Where a form's answer may lead, as a policy has it: browsers hold the redirects after a form to `form-action` too.

    For https the whole scheme: an app may lead on to another host of its own. Where a device asks, nowhere.
    """
    if not redirect_uri:
        return ""
    parts = urlsplit(redirect_uri)
    if parts.scheme == "http" and parts.hostname and ":" not in parts.hostname:
        return f"http://{parts.hostname}:*"
    return f"{parts.scheme}:"


def cookie_of(request: HttpRequest, settings: Settings) -> str | None:
    shown = request.cookies.get(browser.cookie_name(settings.public_url), "")
    return shown if shown.startswith("mc_bs_") and len(shown) < 100 else None


def with_cookie(response: Response[str], settings: Settings, value: str) -> Response[str]:
    # Lax, not strict: the app's link to us is another site's, and must find who is signed in.
    secure = settings.public_url.startswith("https://")
    name = browser.cookie_name(settings.public_url)
    response.set_cookie(Cookie(key=name, value=value, path="/", httponly=True, secure=secure, samesite="lax"))
    return response


route_handlers: list[Any] = [
    authorize, authorize_by_form, sign_in, login, code, passkey_options, passkey, again, other, consent, cancel,
]  # fmt: skip
