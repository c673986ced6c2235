"""Pages: the front page, following a dossier, the API's page, and the sandbox's two."""

from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
from litestar import MediaType, Request, Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.static_files import create_static_files_router

from dossiers import finding
from dossiers.messages import LookUp
from dossiers.standing import Stand
from kit import clock
from kit.actor import ANYONE
from kit.db import Database
from kit.limits import Limits
from kit.refusal import NotFound, Refusal
from kit.settings import Settings
from notifications import SandboxMessage, sandbox_messages
from web.pages import page
from web.sandbox import City, people

_STATIC = Path(__file__).with_name("static")


class NoDay(Refusal):
    status = 422
    code = "no-date"
    vi = "Ngày sinh chưa đúng. Hãy nhập như 20/05/1992."
    en = "This is no date of birth. Type it like 20/05/1992."


def _only_in_the_sandbox(settings: Settings) -> None:
    if not settings.sandbox:
        raise NotFound


@get("/", who=ANYONE, include_in_schema=False, media_type=MediaType.HTML)
async def home(request: Request[Any, Any, Any], settings: Settings) -> Response[str]:
    return page(request, "home.html", sandbox=settings.sandbox)


class Asked(msgspec.Struct):
    """The form of the following page, as typed."""

    code: Annotated[str, msgspec.Meta(max_length=80)] = ""
    born: Annotated[str, msgspec.Meta(max_length=20)] = ""


@get(["/d", "/d/{code:str}"], who=ANYONE, include_in_schema=False, media_type=MediaType.HTML)
async def follow(request: Request[Any, Any, Any], settings: Settings, code: str = "") -> Response[str]:
    """Messages link here: the code stands in the link, the second fact the reader brings."""
    return page(
        request, "follow.html", sandbox=settings.sandbox, asked=Asked(code=code), problem=None, found=None, ended=()
    )


@post("/d", who=ANYONE, include_in_schema=False, media_type=MediaType.HTML, request_max_body_size=4_000)
async def followed(
    request: Request[Any, Any, Any],
    data: Annotated[Asked, Body(media_type=RequestEncodingType.URL_ENCODED)],
    settings: Settings,
    stand: Stand,
    limits: Limits,
    address: str,
) -> Response[str]:
    """The status, or the form again with what to do; never a bare error document in a browser."""
    problem: Refusal | None = None
    found = None
    born = _day(data.born)
    if born is None:
        problem = NoDay()
    else:
        try:
            look_up = LookUp(receipt_code=data.code, date_of_birth=born)
            found = await finding.by_receipt_code(stand, limits, address, look_up)
        except Refusal as refusal:
            problem = refusal
    shown = page(
        request,
        "follow.html",
        sandbox=settings.sandbox,
        asked=data,
        problem=problem and problem.message,
        found=found,
        ended=[state.name for state in stand.catalogue.lifecycle.states if state.closed],
    )
    shown.status_code = problem.status if problem else 200
    if problem is not None and problem.retry_after_seconds is not None:
        shown.headers["Retry-After"] = str(problem.retry_after_seconds)
    return shown


def _day(text: str) -> date | None:
    """`yyyy-mm-dd` as date fields send it, `dd/mm/yyyy` as people type it."""
    for shape in ("%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y"):
        try:
            return datetime.strptime(text.strip(), shape).date()  # noqa: DTZ007 - a birthday has no zone
        except ValueError:
            continue
    return None


@get("/docs", who=ANYONE, include_in_schema=False, media_type=MediaType.HTML)
async def docs(request: Request[Any, Any, Any]) -> Response[str]:
    return page(request, "docs.html")


@get("/sandbox", who=ANYONE, include_in_schema=False, media_type=MediaType.HTML)
async def sandbox(request: Request[Any, Any, Any], settings: Settings) -> Response[str]:
    _only_in_the_sandbox(settings)
    city = people()
    names = {office.id: office.name_vi for office in city.offices}
    return page(
        request,
        "sandbox.html",
        sandbox=True,
        citizens=[{"name": c.full_name, "login": c.phone, "pin": c.pin} for c in city.citizens],
        officers=[
            {"name": o.full_name, "login": o.email, "roles": o.roles, "office": names[o.office]} for o in city.officers
        ],
        clients=city.clients,
        acting=_acting(city),
    )


def _acting(city: City) -> list[dict[str, str]]:
    """Who acts for whom, a row each."""
    names = {citizen.key: citizen.full_name for citizen in city.citizens}
    return [
        *(
            {"who": names[key], "for": f"{one.legal_name} ({one.number})"}
            for one in city.enterprises
            for key in [*one.representatives, *(delegate.key for delegate in one.delegates)]
        ),
        *({"who": names[one.acts_for], "for": f"{one.facts.child.full_name} ({one.pin})"} for one in city.births),
    ]


@get("/sandbox/inbox", who=ANYONE, include_in_schema=False, media_type=MediaType.HTML)
async def inbox(request: Request[Any, Any, Any], settings: Settings, db: Database) -> Response[str]:
    _only_in_the_sandbox(settings)
    return page(request, "inbox.html", sandbox=True, messages=[_shown(letter) for letter in await _letters(db)])


@get("/sandbox/inbox.json", who=ANYONE, include_in_schema=False)
async def inbox_json(settings: Settings, db: Database) -> list[SandboxMessage]:
    _only_in_the_sandbox(settings)
    return await _letters(db)


async def _letters(db: Database) -> list[SandboxMessage]:
    async with db.connect() as conn:
        return await sandbox_messages(conn)


def _shown(letter: SandboxMessage) -> dict[str, Any]:
    local = letter.at.astimezone(clock.CITY).strftime("%H:%M:%S %d/%m/%Y")
    return {**msgspec.structs.asdict(letter), "shown_at": local}


route_handlers = [
    home,
    follow,
    followed,
    docs,
    sandbox,
    inbox,
    inbox_json,
    create_static_files_router(
        path="/static", directories=[_STATIC], opt={"who": ANYONE}, include_in_schema=False, name="static"
    ),
]
