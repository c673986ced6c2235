"""`/desk/branches/{id}`: one branch to decide, the form beside the papers, and what may be done with it. Without JavaScript."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from litestar import MediaType, Response, get, post

from dossiers import around, correcting, deciding, desk, following, refiling, refusing, supplementing
from dossiers.http_desk import pdf
from dossiers.messages import AskSupplement, CorrectResult, Decide, Reason
from dossiers.messages_desk import DeskBranch, Judge
from dossiers.refusals import BranchUnknown
from identity.mandates import Mandates
from kit import clock
from kit.actor import ANYONE, Actor
from kit.refusal import Refusal
from notifications import PostOffice
from procedures import Bundle, Procedure
from uploads import Vault
from web import desk as queue
from web import form_reading
from web.at_desk import HERE, QUEUE, SMALL, AtDesk
from web.form_showing import Shower
from web.pages import language
from web.sent import Sent
from wires.population import PinIssuer

_BRANCH = f"{QUEUE}/branches/{{branch_id:str}}"
_KIND = re.compile(r"[a-z0-9_]{1,60}")
_MOST_REASON = 2000

# What was just done, as the page says it; the name stands in the address.
_DONE = ("claim", "receive", "approve", "refuse", "confirm", "send_back", "ask", "reopen", "correct", "uphold")

_BUTTON: dict[str, Any] = {
    "who": ANYONE,
    "include_in_schema": False,
    "media_type": MediaType.HTML,
    "status_code": 303,
    "request_max_body_size": SMALL,
    "dependencies": HERE,
}


@get(_BRANCH, who=ANYONE, include_in_schema=False, media_type=MediaType.HTML, dependencies=HERE)
async def show(here: AtDesk, branch_id: str) -> Response[str]:
    actor = await here.let_in()
    return actor if isinstance(actor, Response) else await _page(here, actor, branch_id)


@get(f"{_BRANCH}/papers/{{kind:str}}", who=ANYONE, include_in_schema=False, dependencies=HERE)
async def paper(here: AtDesk, vault: Vault, branch_id: str, kind: str) -> Response[Any]:
    """As it was re-encoded when it came in; a PDF is saved, never shown."""
    actor = await here.let_in(address_of(branch_id))
    if isinstance(actor, Response):
        return actor
    try:
        content = await desk.document(here.db, vault, here.catalogue, actor, branch_id, kind)
    except Refusal as refusal:
        return here.trouble(refusal, actor)
    return Response(content.data, media_type=content.media_type, headers=content.headers)


@get(f"{_BRANCH}/result", who=ANYONE, include_in_schema=False, dependencies=HERE)
async def result(here: AtDesk, branch_id: str) -> Response[Any]:
    """The result as PDF."""
    actor = await here.let_in(address_of(branch_id))
    if isinstance(actor, Response):
        return actor
    try:
        dossier_id, branch = await desk.result_of(here.db, here.catalogue, actor, branch_id)
    except Refusal as refusal:
        return here.trouble(refusal, actor)
    return pdf(await following.paper(here.db, here.at.settings, dossier_id, branch), branch)


# --- the buttons ------------------------------------------------------------------------------------------------------


@post(f"{_BRANCH}/claim", **_BUTTON)
async def claim(here: AtDesk, branch_id: str) -> Response[str]:
    """Taken by one; who comes second is shown the queue as it is now."""

    async def verb(actor: Actor, sent: Sent) -> str:
        await deciding.claim(
            here.db, here.keys, here.catalogue, here.at.settings, actor, branch_id, version=sent.version
        )
        return here.address(address_of(branch_id), done="claim")

    async def refused(actor: Actor, sent: Sent, refusal: Refusal) -> Response[str]:
        return await queue.shown(here, actor, problem=refusal)

    return await here.pressed(address_of(branch_id), verb, refused)


@post(f"{_BRANCH}/receipt", **_BUTTON)
async def receive(here: AtDesk, branch_id: str) -> Response[str]:
    async def verb(actor: Actor, sent: Sent) -> None:
        await deciding.receive(
            here.db, here.keys, here.catalogue, here.at.settings, actor, branch_id, version=sent.version
        )

    return await _pressed(here, branch_id, verb, "receive")


@post(f"{_BRANCH}/decision", **_BUTTON)
async def decide(
    here: AtDesk, branch_id: str, post_office: PostOffice, mandates: Mandates, pins: PinIssuer | None
) -> Response[str]:
    """Approved with what the agency states, or refused with a reason: by which button was pressed."""

    async def approve(actor: Actor, sent: Sent) -> None:
        await decided(actor, sent, Decide(outcome="approved", result=await _stated(here, actor, branch_id, sent)))

    async def refuse(actor: Actor, sent: Sent) -> None:
        await decided(actor, sent, Decide(outcome="refused", reason=_reason(sent)))

    async def decided(actor: Actor, sent: Sent, asked: Decide) -> None:
        await deciding.decide(
            here.db, here.keys, here.catalogue, here.at.settings, post_office, mandates, pins, actor, branch_id, asked,
            version=sent.version,
        )  # fmt: skip

    async def verb(actor: Actor, sent: Sent) -> str:
        what = "approve" if sent.one("do") == "approve" else "refuse"
        await (approve if what == "approve" else refuse)(actor, sent)
        return here.address(address_of(branch_id), done=what)

    return await here.pressed(address_of(branch_id), verb, _with_problem(here, branch_id))


@post(f"{_BRANCH}/refusal-verdict", **_BUTTON)
async def judge(here: AtDesk, branch_id: str, post_office: PostOffice, mandates: Mandates) -> Response[str]:
    """A second officer confirms what a colleague proposed, or sends it back: by which button was pressed."""

    async def verb(actor: Actor, sent: Sent) -> str:
        confirms = sent.one("do") == "confirm"
        asked = Judge(verdict="confirm") if confirms else Judge(verdict="send_back", reason=_reason(sent))
        await refusing.judge(
            here.db, here.keys, here.catalogue, here.at.settings, post_office, mandates, actor, branch_id, asked,
            version=sent.version,
        )  # fmt: skip
        return here.address(address_of(branch_id), done="confirm" if confirms else "send_back")

    return await here.pressed(address_of(branch_id), verb, _with_problem(here, branch_id))


@post(f"{_BRANCH}/supplement-request", **_BUTTON)
async def ask_supplement(here: AtDesk, branch_id: str, post_office: PostOffice, mandates: Mandates) -> Response[str]:
    """The very fields and papers that were ticked, and why."""

    async def verb(actor: Actor, sent: Sent) -> None:
        days = sent.one("working_days")
        asked = AskSupplement(
            reason=_reason(sent),
            fields=tuple(sent.many("field"))[:50],
            documents=tuple(sent.many("document"))[:20],
            working_days=int(days) if re.fullmatch(r"[1-9]|[12][0-9]|30", days) else None,
        )
        await supplementing.ask(
            here.db, here.keys, here.catalogue, here.at.settings, post_office, mandates, actor, branch_id, asked,
            version=sent.version,
        )  # fmt: skip

    return await _pressed(here, branch_id, verb, "ask")


@post(f"{_BRANCH}/reopening", **_BUTTON)
async def reopen(here: AtDesk, branch_id: str, post_office: PostOffice, mandates: Mandates) -> Response[str]:
    async def verb(actor: Actor, sent: Sent) -> None:
        await refiling.reopen(
            here.db, here.keys, here.catalogue, here.at.settings, post_office, mandates, actor, branch_id,
            Reason(reason=_reason(sent)), version=sent.version,
        )  # fmt: skip

    return await _pressed(here, branch_id, verb, "reopen")


@post(f"{_BRANCH}/corrected-result", **_BUTTON)
async def correct(here: AtDesk, branch_id: str, post_office: PostOffice, mandates: Mandates) -> Response[str]:
    """With what the agency states now; what is left as it was changes nothing."""

    async def verb(actor: Actor, sent: Sent) -> None:
        asked = CorrectResult(reason=_reason(sent), result=await _stated(here, actor, branch_id, sent))
        await correcting.correct(
            here.db, here.keys, here.catalogue, here.at.settings, post_office, mandates, actor, branch_id, asked,
            version=sent.version,
        )  # fmt: skip

    return await _pressed(here, branch_id, verb, "correct")


@post(f"{_BRANCH}/upheld-result", **_BUTTON)
async def uphold(here: AtDesk, branch_id: str, post_office: PostOffice, mandates: Mandates) -> Response[str]:
    async def verb(actor: Actor, sent: Sent) -> None:
        await correcting.uphold(
            here.db, here.keys, here.catalogue, here.at.settings, post_office, mandates, actor, branch_id,
            Reason(reason=_reason(sent)), version=sent.version,
        )  # fmt: skip

    return await _pressed(here, branch_id, verb, "uphold")


def address_of(branch_id: str) -> str:
    return f"{QUEUE}/branches/{branch_id}"


async def _pressed(
    here: AtDesk, branch_id: str, verb: Callable[[Actor, Sent], Awaitable[None]], done: str
) -> Response[str]:
    """A button of the branch's page: back to it, with what was done; or the page with what stands against it and all that was typed."""

    async def then(actor: Actor, sent: Sent) -> str:
        await verb(actor, sent)
        return here.address(address_of(branch_id), done=done)

    return await here.pressed(address_of(branch_id), then, _with_problem(here, branch_id))


def _with_problem(here: AtDesk, branch_id: str) -> Callable[[Actor, Sent, Refusal], Awaitable[Response[str]]]:
    async def refused(actor: Actor, sent: Sent, refusal: Refusal) -> Response[str]:
        return await _page(here, actor, branch_id, problem=refusal, sent=sent)

    return refused


# --- what a form said -------------------------------------------------------------------------------------------------


def _reason(sent: Sent) -> str:
    """As much as may be written; browsers send line ends as two characters and count one."""
    return sent.one("reason").replace("\r\n", "\n")[:_MOST_REASON]


async def _stated(here: AtDesk, actor: Actor, branch_id: str, sent: Sent) -> dict[str, Any]:
    """The result's fields of the page's form. Raises BranchUnknown."""
    branch = await desk.look(here.db, here.keys, here.catalogue, here.at.settings, actor, branch_id)
    return _answers(here, branch, sent)


def _answers(here: AtDesk, branch: DeskBranch, sent: Sent) -> dict[str, Any]:
    lists = {form_reading.COUNTRIES: here.catalogue.codes(form_reading.COUNTRIES)}
    return {
        field.name: form_reading.answer(field, f"r.{field.name}", sent.texts, lists) for field in branch.result_fields
    }


# --- the page ---------------------------------------------------------------------------------------------------------


class Paper(msgspec.Struct, frozen=True):
    """A paper that the procedure takes, and what was handed in of it."""

    kind: str
    name: Any
    given: Any


async def _page(
    here: AtDesk, actor: Actor, branch_id: str, *, problem: Refusal | None = None, sent: Sent | None = None
) -> Response[str]:
    """The branch as it stands now, whatever the officer last saw; gone from this office, the way back to the queue."""
    try:
        branch = await desk.look(here.db, here.keys, here.catalogue, here.at.settings, actor, branch_id)
        beside = await around.look(here.db, here.keys, here.catalogue, actor, branch_id)
    except BranchUnknown as refusal:
        return here.trouble(refusal, actor)
    item: Procedure | Bundle = here.catalogue.find(branch.procedure.code, beside.opened_on)
    shower = Shower(
        item,
        branch.form,
        today=clock.today(),
        branches=beside.branches,
        lang=language(here.at.request),
        sources=here.catalogue.codes("sources"),
        countries=here.catalogue.codes(form_reading.COUNTRIES),
        faults=problem.faults if problem else [],
    )
    pressed = sent.one("do") if sent is not None else ""
    stated = dict(branch.known_result)
    if sent is not None and pressed in ("approve", "correct"):
        stated |= {name: value for name, value in _answers(here, branch, sent).items() if value is not None}
    given = {paper.kind: paper for paper in branch.documents}
    asked = here.at.request.query_params.get("done")
    mine = branch.claimed_by_me
    may = set(branch.branch.actions)
    return here.page(
        "desk_branch.html",
        actor,
        problem=problem,
        at=address_of(branch_id),
        desk=branch,
        beside=beside,
        form=shower.page(),
        papers=[Paper(one.kind, one.name, given.get(one.kind)) for one in beside.papers],
        result=shower.stated(branch.result_fields, stated),
        wards=shower.lists.get("ward", []),
        can={
            "claim": "claim" in may and not branch.claimed,
            "receive": "receive" in may,
            "decide": branch.may_decide,
            "judge": branch.may_judge,
            "send_back": "send_back" in may
            and (branch.may_judge or (branch.proposal is not None and branch.proposal.by_me)),
            "ask": mine and "ask_supplement" in may,
            "reopen": "reopen" in may,
            "correct": "correct" in may and bool(branch.result_fields),
            "uphold": "uphold" in may,
        },
        pressed=pressed,
        reason=sent.one("reason") if sent is not None else "",
        ticked=set(sent.many("field")) if sent is not None else set[str](),
        ticked_papers=set(sent.many("document")) if sent is not None else set[str](),
        done=asked if problem is None and asked in _DONE else None,
    )


route_handlers: list[Any] = [
    show, paper, result, claim, receive, decide, judge, ask_supplement, reopen, correct, uphold,
]  # fmt: skip
