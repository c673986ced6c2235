"""Pages of what can be asked for: search, one procedure in plain words, life events. For anyone, in both languages."""

from typing import Annotated, Any

from litestar import MediaType, Request, Response, get
from litestar.params import Parameter

from identity.tokens import browser
from kit import clock
from kit.actor import ANYONE
from kit.refusal import Refusal
from kit.settings import Settings
from procedures import Bundle, Catalogue, Procedure
from procedures.refusals import NotInForce, UnknownLifeEvent, UnknownProcedure
from web.filing import START
from web.pages import page
from web.signed_in import AT, AtBrowser
from web.signing_in import cookie_of

HttpRequest = Request[Any, Any, Any]


@get("/procedures", who=ANYONE, include_in_schema=False, media_type=MediaType.HTML)
async def search(
    request: HttpRequest,
    settings: Settings,
    catalogue: Catalogue,
    q: Annotated[str, Parameter(max_length=200)] = "",
) -> Response[str]:
    found = catalogue.search(q, clock.today())
    return page(
        request, "procedures.html", sandbox=settings.sandbox, q=q, found=found, events=() if q else catalogue.events
    )


@get("/procedures/{code:str}", who=ANYONE, include_in_schema=False, media_type=MediaType.HTML, dependencies=AT)
async def show(
    at: AtBrowser, request: HttpRequest, settings: Settings, catalogue: Catalogue, code: str
) -> Response[str]:
    """One procedure: what it is for, what to have at hand, how long, how much, and where each of that is written."""
    try:
        item = catalogue.find(code, clock.today())
    except (UnknownProcedure, NotInForce) as refusal:
        return _not_found(request, settings, catalogue, refusal)
    parts, cookie = catalogue.branch_procedures(item, clock.today()), cookie_of(request, settings)
    return page(
        request,
        "procedure.html",
        sandbox=settings.sandbox,
        item=item,
        parts=parts.values(),
        papers=catalogue.documents(item, clock.today()),
        fees=[(part, _fees(part)) for part in parts.values()],
        unnamed=_unnamed,
        agencies=catalogue.codes("agency"),
        versions=catalogue.versions(item.key),
        is_group=isinstance(item, Bundle),
        signed_in=await at.citizen() is not None,
        csrf=browser.form_token(cookie, START) if cookie is not None else "",
    )


@get("/life-events/{key:str}", who=ANYONE, include_in_schema=False, media_type=MediaType.HTML)
async def life_event(request: HttpRequest, settings: Settings, catalogue: Catalogue, key: str) -> Response[str]:
    try:
        event = catalogue.event(key)
    except UnknownLifeEvent as refusal:
        return _not_found(request, settings, catalogue, refusal)
    return page(
        request,
        "life_event.html",
        sandbox=settings.sandbox,
        event=event,
        found=catalogue.of_event(event, clock.today()),
    )


def _fees(part: Procedure) -> list[Any]:
    """The rows of the fee table that speak of today."""
    today = clock.today()
    return [row for row in part.fees if row.since <= today and (row.until is None or today <= row.until)]


def _unnamed(rows: list[Any]) -> bool:
    """Whether there are cases of which no row speaks: the office tells what those cost."""
    return all(row.channels or row.person_classes or row.when for row in rows)


def _not_found(request: HttpRequest, settings: Settings, catalogue: Catalogue, refusal: Refusal) -> Response[str]:
    """The search again, with what is wrong: never a bare error document in a browser."""
    shown = page(
        request,
        "procedures.html",
        sandbox=settings.sandbox,
        q="",
        found=catalogue.in_force(clock.today()),
        events=catalogue.events,
        problem=refusal.message,
    )
    shown.status_code = refusal.status
    return shown


route_handlers: list[Any] = [search, show, life_event]
