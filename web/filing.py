"""Filing at a browser, without an app and without JavaScript: the form, its papers, the submission. Each page is one step."""

from collections.abc import Awaitable, Callable
from typing import Any

from litestar import MediaType, Response, get, post

from dossiers import drafting, following, paying, submitting
from dossiers.messages import OpenDraft
from dossiers.standing import Stand
from dossiers.whose import Filer
from identity.accounts.refusals import SignInTooOld
from identity.tokens.refusals import StrangeForm
from kit import clock
from kit.actor import ANYONE
from kit.refusal import Refusal
from uploads import Keeper
from web import filling
from web.filling import Filing
from web.sent import Sent
from web.signed_in import AT, AtBrowser
from web.signing_in import to

START = "start"
"""What the token of the button that opens a draft is for."""


async def filing(at: AtBrowser, stand: Stand) -> Filing:
    return Filing(at, stand)


HERE: dict[str, Any] = {**AT, "here": filing}


@post(
    "/procedures/{code:str}/start",
    who=ANYONE,
    include_in_schema=False,
    media_type=MediaType.HTML,
    status_code=303,
    request_max_body_size=4_000,
    dependencies=HERE,
)
async def start(here: Filing, code: str) -> Response[str]:
    """A draft, filled with what is known; first signing in, where nobody is, or where it was too long ago for this procedure."""
    actor = await here.at.citizen()
    if actor is None:
        return await here.at.sign_in_first(f"/procedures/{code}")
    try:
        sent = await here.sent(START)
        item = here.stand.catalogue.find(code, clock.today())
        asked = OpenDraft(procedure=code, options=filling.options(item, sent))
        draft = await drafting.open_draft(here.stand, actor, asked)
    except SignInTooOld:
        return await here.at.sign_in_first(f"/procedures/{code}", again=True)
    except Refusal as refusal:
        return here.trouble(refusal)
    return to(here.address(draft.id))


@get("/dossiers/{dossier_id:str}", who=ANYONE, include_in_schema=False, media_type=MediaType.HTML, dependencies=HERE)
async def show(here: Filing, dossier_id: str) -> Response[str]:
    """The form of a draft, on whatever device it is opened; how it stands, once it is in."""
    filer = await here.filer(dossier_id)
    if filer is None:
        return await here.at.sign_in_first()
    try:
        dossier = await here.dossier(filer, dossier_id)
    except Refusal as refusal:
        return here.trouble(refusal)
    asked = here.at.request.query_params
    if dossier.status != "draft":
        mine = await following.may_change(here.stand, filer, dossier_id)
        provider = here.at.request.app.state.house.payments
        states = here.stand.catalogue.lifecycle.states
        return here.page(
            "dossier.html",
            dossier.id,
            dossier=dossier,
            ended=[state.name for state in states if state.closed],
            halted=[state.name for state in states if state.clock_stopped],
            is_new="new" in asked,
            mine=mine,
            fees=await paying.of_dossier(here.stand, provider, filer, dossier_id) if mine else {},
        )
    return filling.form(
        here, dossier, faults=dossier.faults if "check" in asked else [], contesting=asked.get("contest")
    )


@post(
    "/dossiers/{dossier_id:str}/form",
    who=ANYONE,
    include_in_schema=False,
    media_type=MediaType.HTML,
    status_code=303,
    request_max_body_size=filling.FORM_BYTES,
    dependencies=HERE,
)
async def save(here: Filing, dossier_id: str) -> Response[str]:
    """What can be kept of the form is, whatever the button."""
    filer = await here.filer(dossier_id)
    if filer is None:
        return await here.at.sign_in_first(f"/dossiers/{dossier_id}")
    return await filling.save(here, filer, dossier_id)


@get(
    "/dossiers/{dossier_id:str}/papers",
    who=ANYONE,
    include_in_schema=False,
    media_type=MediaType.HTML,
    dependencies=HERE,
)
async def papers(here: Filing, dossier_id: str) -> Response[str]:
    """The papers, what is still missing anywhere, and the button that submits."""
    filer = await here.filer(dossier_id)
    if filer is None:
        return await here.at.sign_in_first()
    return await filling.papers(here, filer, dossier_id)


@post(
    "/dossiers/{dossier_id:str}/papers",
    who=ANYONE,
    include_in_schema=False,
    media_type=MediaType.HTML,
    status_code=303,
    request_max_body_size=filling.PAPER_BYTES,
    dependencies=HERE,
)
async def hand_in(here: Filing, keeper: Keeper, dossier_id: str) -> Response[str]:
    """One file becomes one paper, or one is taken out again."""

    async def verb(filer: Filer, sent: Sent) -> None:
        await filling.hand_in(here, keeper, filer, dossier_id, sent)

    return await _pressed(here, dossier_id, verb, then="/papers")


@post(
    "/dossiers/{dossier_id:str}/submission",
    who=ANYONE,
    include_in_schema=False,
    media_type=MediaType.HTML,
    status_code=303,
    request_max_body_size=4_000,
    dependencies=HERE,
)
async def submit(here: Filing, dossier_id: str) -> Response[str]:
    """In, once: the page's own key makes a second press the same submission."""

    async def verb(filer: Filer, sent: Sent) -> None:
        await submitting.submit(
            here.stand, filer.actor, dossier_id, behalf=filer.behalf, key=sent.one("key"), version=None
        )

    return await _pressed(here, dossier_id, verb, then="", more="&new=1")


async def _pressed(
    here: Filing, dossier_id: str, verb: Callable[[Filer, Sent], Awaitable[None]], *, then: str, more: str = ""
) -> Response[str]:
    """What a button of the papers' page does, and on; or that page with what stands against it."""
    filer = await here.filer(dossier_id)
    if filer is None:
        return await here.at.sign_in_first(f"/dossiers/{dossier_id}/papers")
    try:
        await verb(filer, await here.sent(dossier_id))
    except StrangeForm as refusal:
        return here.trouble(refusal)
    except Refusal as refusal:
        return await filling.papers(here, filer, dossier_id, problem=refusal)
    return to(here.address(dossier_id, then) + more)


route_handlers: list[Any] = [start, show, save, papers, hand_in, submit]
