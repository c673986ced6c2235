"""A citizen's dossiers at a browser: the list, the receipt and the papers to keep, and each line of the history as it is written."""

from typing import Annotated, Any

from litestar import MediaType, Response, get
from litestar.params import Parameter
from litestar.response import Stream

from dossiers import confirming, following, http_desk, issuing, watching
from dossiers.watching import Feed
from kit.actor import ANYONE
from kit.refusal import Refusal
from kit.seals import Seals
from web.filing import HERE
from web.filling import Filing
from web.pages import page

_PAPER: dict[str, Any] = {
    "who": ANYONE,
    "include_in_schema": False,
    "media_type": "application/pdf",
    "dependencies": HERE,
}


@get("/dossiers", who=ANYONE, include_in_schema=False, media_type=MediaType.HTML, dependencies=HERE)
async def show_all(here: Filing) -> Response[str]:
    """Drafts to go on with, what is under way, what has ended; and how many people ask for this person's consent."""
    actor = await here.at.citizen()
    if actor is None:
        return await here.at.sign_in_first()
    found = await following.dossiers(here.stand, actor, pin=None)
    asked = await confirming.invitations(here.stand, actor)
    groups = [
        (status, [one for one in found.dossiers if one.status == status]) for status in ("draft", "open", "closed")
    ]
    return page(
        here.at.request,
        "my_dossiers.html",
        sandbox=here.at.settings.sandbox,
        groups=[(status, rows) for status, rows in groups if rows],
        invitations=len(asked.invitations),
    )


@get("/dossiers/{dossier_id:str}/receipt", **_PAPER)
async def receipt(here: Filing, dossier_id: str) -> Response[Any]:
    """The receipt as PDF, with its QR."""
    filer = await here.filer(dossier_id)
    if filer is None:
        return await here.at.sign_in_first(f"/dossiers/{dossier_id}")
    try:
        data = await following.receipt(here.stand, filer.actor, dossier_id, behalf=filer.behalf)
    except Refusal as refusal:
        return here.trouble(refusal)
    return http_desk.pdf(data, "giay-hen")


@get("/dossiers/{dossier_id:str}/results/{branch:str}", **_PAPER)
async def result(here: Filing, seals: Seals | None, dossier_id: str, branch: str) -> Response[Any]:
    """The paper of one procedure."""
    filer = await here.filer(dossier_id)
    if filer is None:
        return await here.at.sign_in_first(f"/dossiers/{dossier_id}")
    try:
        data = await following.result(here.stand, seals, filer.actor, dossier_id, branch, behalf=filer.behalf)
    except Refusal as refusal:
        return here.trouble(refusal)
    return http_desk.pdf(data, branch)


@get("/dossiers/{dossier_id:str}/apologies/{branch:str}", **_PAPER)
async def apology(here: Filing, seals: Seals | None, dossier_id: str, branch: str) -> Response[Any]:
    """The letter of an office that is late with one procedure."""
    return await _letter(here, seals, dossier_id, branch, issuing.apology, http_desk.APOLOGY)


@get("/dossiers/{dossier_id:str}/supplement-requests/{branch:str}", **_PAPER)
async def supplement_request(here: Filing, seals: Seals | None, dossier_id: str, branch: str) -> Response[Any]:
    """What was asked for last in one procedure."""
    return await _letter(here, seals, dossier_id, branch, issuing.supplement_request, http_desk.SUPPLEMENT)


@get("/dossiers/{dossier_id:str}/cash-receipts/{branch:str}/{order_id:str}", **_PAPER)
async def cash_receipt(here: Filing, seals: Seals | None, dossier_id: str, branch: str, order_id: str) -> Response[Any]:
    """Of a fee that a counter took in cash."""
    return await _letter(here, seals, dossier_id, branch, issuing.cash_receipt(order_id), http_desk.CASH)


async def _letter(
    here: Filing, seals: Seals | None, dossier_id: str, branch: str, which: issuing.Letter, name: str
) -> Response[Any]:
    filer = await here.filer(dossier_id)
    if filer is None:
        return await here.at.sign_in_first(f"/dossiers/{dossier_id}")
    try:
        return http_desk.pdf(
            await following.letter(here.stand, seals, filer.actor, dossier_id, branch, which, behalf=filer.behalf), name
        )
    except Refusal as refusal:
        return here.trouble(refusal)


@get(
    "/dossiers/{dossier_id:str}/events",
    who=ANYONE,
    include_in_schema=False,
    media_type="text/event-stream",
    dependencies=HERE,
)
async def events(
    here: Filing,
    feed: Feed,
    dossier_id: str,
    after: Annotated[int, Parameter(ge=0, le=1_000_000)] = 0,
    last_event_id: Annotated[int | None, Parameter(header="Last-Event-ID", ge=0, le=1_000_000)] = None,
) -> Response[Any] | Stream:
    """For the page's own script: a line tells that there is more to see. 204 to whoever may not follow it: a browser then stops asking."""
    filer = await here.filer(dossier_id)
    if filer is None:
        return Response(None, status_code=204)
    try:
        await following.refuse_strangers(here.stand, filer.actor, dossier_id, behalf=filer.behalf)
    except Refusal:
        return Response(None, status_code=204)
    lines = watching.lines(here.stand.db, feed, dossier_id, after=after if last_event_id is None else last_event_id)
    headers = {"Cache-Control": "private, no-store", "X-Accel-Buffering": "no"}
    return Stream((watching.told(new) async for new in lines), media_type="text/event-stream", headers=headers)


route_handlers: list[Any] = [show_all, receipt, result, apology, supplement_request, cash_receipt, events]
