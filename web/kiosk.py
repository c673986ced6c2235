"""The kiosk's own screen. It stands in a hall and is touched by one person after the other, so nothing of a visit is in a page's
address, in what the browser keeps, or in what a script can read; and its start is the end of whatever visit there was.

The machine signs with a key its browser keeps to itself, which takes JavaScript; so does the camera. All else is rendered here.
"""

from typing import Annotated, Any, Literal

import msgspec
from litestar import MediaType, Response, get, post
from litestar.datastructures import Cookie
from litestar.enums import RequestEncodingType
from litestar.params import Body

from dossiers import following
from dossiers.standing import Stand
from identity import accounts, offices
from identity.consents import reads
from identity.offices.kiosks import service as kiosks
from identity.offices.kiosks.messages import ApprovalRequest
from identity.tokens import Issuer, acting, visiting
from identity.tokens.rfc6749 import OAuthError
from identity.tokens.rfc7523 import ASSERTION_TYPE
from identity.tokens.service import start_device
from identity.tokens.visiting import Over, Visit, Waiting
from kit import clock
from kit.actor import ANYONE, citizen
from kit.db import Database
from kit.limits import Limits
from kit.refusal import NotFound, Refusal
from kit.settings import Settings
from web.pages import page
from web.sandbox import people
from web.signing_in import HttpRequest, to

_SMALL = 8_000
_HERE, _VISIT = "/kiosk", "/kiosk/visit"
_LONGEST_COOKIE = 4_000
_OVER_SECONDS = 20
_SEES_DOSSIERS = citizen("dossiers:read")


class NotAKiosk(Refusal):
    status = 403
    code = "not-a-kiosk"
    vi = "Máy này chưa phải là ki-ốt đã đăng ký, hoặc đã bị gỡ. Hãy báo cán bộ một cửa."
    en = "This machine is no registered kiosk, or was taken out of service. Tell an officer at the desk."


class Begun(msgspec.Struct):
    """The machine's own word that somebody stands before it (RFC 7523)."""

    assertion: Annotated[str, msgspec.Meta(max_length=2_000)] = ""


class Approved(msgspec.Struct):
    code: Annotated[str, msgspec.Meta(max_length=20)] = ""


class State(msgspec.Struct, frozen=True):
    state: Literal["waiting", "in", "over"]


@get(_HERE, who=ANYONE, include_in_schema=False, media_type=MediaType.HTML)
async def start(request: HttpRequest, settings: Settings, db: Database, issuer: Issuer) -> Response[str]:
    """Where a kiosk stands between two people: whoever was signed in here no longer is."""
    cookie = cookie_of(request, settings)
    if cookie is not None:
        await visiting.end(db, issuer, cookie)
    return _start(request, settings)


@post(
    "/kiosk/begin",
    who=ANYONE,
    include_in_schema=False,
    media_type=MediaType.HTML,
    status_code=303,
    request_max_body_size=_SMALL,
)
async def begin(
    request: HttpRequest,
    data: Annotated[Begun, Body(media_type=RequestEncodingType.URL_ENCODED)],
    settings: Settings,
    db: Database,
    issuer: Issuer,
    limits: Limits,
    address: str,
) -> Response[str]:
    """The next person: a code to compare, and the end of what the last one left."""
    sent = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": data.assertion}
    try:
        await limits.hit("token", address)
        started = await start_device(db, issuer, sent, authorization=None)
    except Refusal as refusal:
        return _start(request, settings, refusal)
    except OAuthError:
        return _start(request, settings, NotAKiosk())
    return _held(to(_spoken(request, _VISIT)), settings, started.device_code)


@get(_VISIT, who=ANYONE, include_in_schema=False, media_type=MediaType.HTML)
async def visit(
    request: HttpRequest, settings: Settings, stand: Stand, issuer: Issuer, limits: Limits
) -> Response[str]:
    """The code and its picture, or what the person came to see."""
    found = await _look(request, settings, stand.db, issuer, limits)
    if isinstance(found, Over):
        return page_of(request, settings, "kiosk_over.html", why=found.why, idle=_OVER_SECONDS)
    if isinstance(found, Waiting):
        address = f"{settings.public_url}/device?user_code={found.user_code}"
        return page_of(
            request,
            settings,
            "kiosk_waiting.html",
            waiting=found,
            picture=_picture(address),
            address=f"{settings.public_url}/device",
            idle=seconds_until(found.expires_at),
            left=seconds_until(found.expires_at),
        )
    shown = await _shown(stand, found)
    told = page_of(request, settings, "kiosk_visit.html", **shown)
    return _held(told, settings, found.cookie)


@post("/kiosk/visit/state", who=ANYONE, include_in_schema=False, status_code=200, request_max_body_size=_SMALL)
async def state(
    request: HttpRequest, settings: Settings, db: Database, issuer: Issuer, limits: Limits
) -> Response[State]:
    """Asked by the page while it waits, and when it is touched: being asked is what keeps a visit going."""
    found = await _look(request, settings, db, issuer, limits)
    match found:
        case Waiting():
            return Response(State("waiting"))
        case Over():
            return Response(State("over"))
        case Visit():
            return _held(Response(State("in")), settings, found.cookie)


@get(["/kiosk/code", "/kiosk/face"], who=ANYONE, include_in_schema=False, media_type=MediaType.HTML)
async def find(request: HttpRequest, settings: Settings) -> Response[str]:
    """Without signing in: by receipt code, or by face. What is found is drawn by script and was never a page."""
    by_face = request.url.path.endswith("/face")
    template = "kiosk_face.html" if by_face else "kiosk_code.html"
    return page_of(request, settings, template, idle=_idle(), issuer=settings.public_url)


@post(
    "/sandbox/kiosk",
    who=ANYONE,
    include_in_schema=False,
    media_type=MediaType.HTML,
    status_code=303,
    request_max_body_size=_SMALL,
)
async def approve_in_the_sandbox(
    request: HttpRequest,
    data: Annotated[Approved, Body(media_type=RequestEncodingType.URL_ENCODED)],
    settings: Settings,
    db: Database,
) -> Response[str]:
    """There an operator would do it; whoever tries the sandbox is one."""
    if not settings.sandbox:
        raise NotFound
    office = people().offices[0]
    asked = ApprovalRequest(code=data.code, office_id=office.id, name="Ki-ốt sảnh chính (sandbox)")
    try:
        async with db.begin() as conn:
            await kiosks.approve(conn, asked, by=None)
    except Refusal as refusal:
        return _start(request, settings, refusal)
    return to(_spoken(request, _HERE))


def _start(request: HttpRequest, settings: Settings, problem: Refusal | None = None) -> Response[str]:
    shown = page_of(request, settings, "kiosk.html", issuer=settings.public_url, problem=problem and problem.message)
    shown.status_code = problem.status if problem else 200
    # The pages a visit went through leave the cache, the one for the back button with it.
    shown.headers["Clear-Site-Data"] = '"cache"'
    return _held(shown, settings, "")


def page_of(request: HttpRequest, settings: Settings, template: str, **values: Any) -> Response[str]:
    """In Vietnamese for everybody who begins, whatever the machine's own browser speaks; in English for who asks."""
    lang = "en" if request.query_params.get("lang") == "en" else "vi"
    return page(request, template, lang=lang, sandbox=settings.sandbox, **values)


async def _look(
    request: HttpRequest, settings: Settings, db: Database, issuer: Issuer, limits: Limits
) -> Waiting | Visit | Over:
    cookie = cookie_of(request, settings)
    if cookie is None:
        return Over("ended")
    await limits.hit("kiosk", cookie)
    return await visiting.look(db, issuer, cookie, path=request.url.path)


async def _shown(stand: Stand, found: Visit) -> dict[str, Any]:
    """What the person allowed this screen to show, and no more."""
    actor = found.actor
    assert actor.account_id is not None
    assert actor.office_id is not None
    sees_dossiers = _SEES_DOSSIERS.answer(actor) == "yes"
    async with stand.db.begin() as conn:
        office = await offices.office(conn, actor.office_id)
        person = await accounts.account(conn, stand.keys, actor.account_id) if "profile" in actor.scopes else None
        told = [*(["profile"] if person else []), *(["dossiers:read"] if sees_dossiers else [])]
        await reads.record(conn, actor, "app", actor.account_id, items=told)
    listed = None
    if sees_dossiers:
        mine = await following.dossiers(stand, actor, pin=None)
        listed = [one for one in mine.dossiers if one.submitted_at is not None]
    return {
        "person": person and person.full_name,
        "office": office,
        "dossiers": listed,
        "ended": [one.name for one in stand.catalogue.lifecycle.states if one.closed],
        "idle": _idle(),
        "left": seconds_until(found.expires_at),
    }


def _picture(address: str) -> Any:
    """A QR code as SVG of our own page: no service sees who signs in where."""
    import segno
    from markupsafe import Markup

    # Every letter is segno's own but the address, which it draws.
    return Markup(segno.make(address, error="m", micro=False).svg_inline(border=4, omitsize=True, light="#fff"))  # noqa: S704


def _idle() -> int:
    return int(acting.IDLE.total_seconds())


def seconds_until(until: Any) -> int:
    return max(0, int((until - clock.now()).total_seconds()))


def _spoken(request: HttpRequest, path: str) -> str:
    return f"{path}?lang=en" if request.query_params.get("lang") == "en" else path


def cookie_of(request: HttpRequest, settings: Settings) -> str | None:
    shown = request.cookies.get(visiting.cookie_name(settings.public_url), "")
    return shown if 0 < len(shown) < _LONGEST_COOKIE else None


def _held(response: Response[Any], settings: Settings, value: str) -> Response[Any]:
    """The browser holds this from now on; nothing when empty. Strict: no other site's link leads into a visit."""
    response.set_cookie(
        Cookie(
            key=visiting.cookie_name(settings.public_url),
            value=value,
            path="/",
            httponly=True,
            secure=settings.public_url.startswith("https://"),
            samesite="strict",
            max_age=None if value else 0,
        )
    )
    return response


route_handlers: list[Any] = [start, begin, visit, state, find, approve_in_the_sandbox]
