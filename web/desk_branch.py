"""`/desk/branches/{id}`: one branch to decide, the form beside the papers, and what may be done with it (`desk_buttons.py`)."""

from typing import Any

import msgspec
from litestar import MediaType, Response, get

from dossiers import around, desk, handing, http_desk, issuing
from dossiers.messages import BranchView, DocumentView
from dossiers.messages_desk import DeskBranch
from dossiers.refusals import BranchUnknown
from identity import offices
from kit import clock
from kit.actor import ANYONE, Actor
from kit.refusal import Refusal, Words
from kit.seals import Seals
from procedures import Bundle, Procedure, bundles
from uploads import Vault
from web import form_reading
from web.at_desk import HEAD, HERE, QUEUE, AtDesk
from web.form_showing import Shower
from web.pages import language
from web.sent import Sent

BRANCH = f"{QUEUE}/branches/{{branch_id:str}}"

# What was just done, as the page says it; the name stands in the address.
_DONE = (
    "claim", "receive", "approve", "propose", "confirm", "send_back", "ask", "reopen", "correct", "uphold", "give_back", "escalate",
    "assign", "extend", "apologise", "ask_payment", "waive_fee", "take_cash", "stop", "resume", "deliver",
)  # fmt: skip
# After these an officer goes on to the next piece of work.
_OFF_THE_DESK = ("approve", "propose", "confirm", "ask", "give_back", "escalate", "assign", "ask_payment", "stop")


@get(BRANCH, who=ANYONE, include_in_schema=False, media_type=MediaType.HTML, dependencies=HERE)
async def show(here: AtDesk, branch_id: str) -> Response[str]:
    actor = await here.let_in()
    return actor if isinstance(actor, Response) else await shown(here, actor, branch_id)


@get(f"{BRANCH}/papers/{{kind:str}}", who=ANYONE, include_in_schema=False, dependencies=HERE)
async def paper(here: AtDesk, vault: Vault, branch_id: str, kind: str) -> Response[Any]:
    """As it was re-encoded when it came in; a PDF is saved, never shown."""
    actor = await here.let_in(address_of(branch_id))
    if isinstance(actor, Response):
        return actor
    try:
        content = await desk.document(here.stand, vault, actor, branch_id, kind)
    except Refusal as refusal:
        return here.trouble(refusal, actor)
    return Response(content.data, media_type=content.media_type, headers=content.headers)


@get(f"{BRANCH}/result", who=ANYONE, include_in_schema=False, dependencies=HERE)
async def result(here: AtDesk, branch_id: str, seals: Seals | None) -> Response[Any]:
    """The result as PDF."""
    actor = await here.let_in(address_of(branch_id))
    if isinstance(actor, Response):
        return actor
    try:
        dossier_id, branch = await desk.result_of(here.stand, actor, branch_id)
        data = await issuing.paper(here.stand.db, here.at.settings, seals, dossier_id, branch)
    except Refusal as refusal:
        return here.trouble(refusal, actor)
    return http_desk.pdf(data, branch)


@get(f"{BRANCH}/apology", who=ANYONE, include_in_schema=False, dependencies=HERE)
async def apology(here: AtDesk, branch_id: str, seals: Seals | None) -> Response[Any]:
    """The letter as PDF."""
    return await _letter(here, branch_id, seals, issuing.apology, http_desk.APOLOGY)


@get(f"{BRANCH}/supplement-request", who=ANYONE, include_in_schema=False, dependencies=HERE)
async def supplement_request(here: AtDesk, branch_id: str, seals: Seals | None) -> Response[Any]:
    """What was asked for last, as PDF."""
    return await _letter(here, branch_id, seals, issuing.supplement_request, http_desk.SUPPLEMENT)


@get(f"{BRANCH}/payments/{{order_id:str}}/receipt", who=ANYONE, include_in_schema=False, dependencies=HERE)
async def cash_receipt(here: AtDesk, branch_id: str, order_id: str, seals: Seals | None) -> Response[Any]:
    """For the citizen at the counter, as PDF."""
    return await _letter(here, branch_id, seals, issuing.cash_receipt(order_id), http_desk.CASH)


async def _letter(here: AtDesk, branch_id: str, seals: Seals | None, which: issuing.Letter, name: str) -> Response[Any]:
    actor = await here.let_in(address_of(branch_id))
    if isinstance(actor, Response):
        return actor
    try:
        return http_desk.pdf(await desk.letter(here.stand, seals, actor, branch_id, which), name)
    except Refusal as refusal:
        return here.trouble(refusal, actor)


# --- the page ---------------------------------------------------------------------------------------------------------


# Lines of an office that are no action of the lifecycle.
_ACTS = {
    "assign": Words(vi="Giao cho đồng nghiệp", en="Hand over to a colleague"),
    "apologise": Words(vi="Xin lỗi và hẹn lại", en="Apologise, with a new date"),
}


class Paper(msgspec.Struct, frozen=True):
    """A paper that the procedure takes, and what was handed in of it."""

    kind: str
    name: Words
    given: DocumentView | None


async def shown(
    here: AtDesk, actor: Actor, branch_id: str, *, problem: Refusal | None = None, sent: Sent | None = None
) -> Response[str]:
    """The branch as it stands now, whatever the officer last saw; gone from this office, the way back to the queue."""
    try:
        branch = await desk.look(here.stand, actor, branch_id)
        beside = await around.look(here.stand, actor, branch_id)
    except BranchUnknown as refusal:
        return here.trouble(refusal, actor)
    item: Procedure | Bundle = here.stand.catalogue.find(branch.procedure.code, beside.opened_on)
    shower = Shower(
        item,
        branch.form,
        today=clock.today(),
        branches=beside.branches,
        lang=language(here.at.request),
        sources=here.stand.catalogue.codes("sources"),
        countries=here.stand.catalogue.codes(form_reading.COUNTRIES),
        faults=problem.faults if problem else [],
    )
    typed = sent or Sent([])
    pressed, stated = typed.one("do"), dict(branch.known_result)
    if sent is not None and pressed in ("approve", "correct"):
        stated |= {name: value for name, value in answers(here, branch, sent).items() if value is not None}
    given = {paper.kind: paper for paper in branch.documents}
    asked = here.at.request.query_params.get("done")
    procedure = here.stand.catalogue.procedure(branch.branch.procedure, beside.opened_on)
    can = _can(here, actor, branch, procedure)
    colleagues = (await handing.colleagues(here.stand, actor)).officers if can["assign"] else []
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
        can=can,
        longer=procedure.deadline.extended_working_days,
        colleagues=[
            one
            for one in colleagues
            if not one.away and one.id != actor.account_id and {procedure.officer_role, "head"} & set(one.roles)
        ],
        acts=[
            (act, _ACTS.get(act.kind) or here.stand.catalogue.lifecycle.action(act.kind).label) for act in branch.acts
        ],
        stands_still=here.stand.catalogue.lifecycle.state(branch.branch.state).clock_stopped,
        pressed=pressed,
        typed=typed,
        reason=typed.one("reason"),
        ticked=set(typed.many("field")),
        ticked_papers=set(typed.many("document")),
        done=asked if problem is None and asked in _DONE else None,
        on=asked in _OFF_THE_DESK,
    )


@get(f"{BRANCH}/forwarding", who=ANYONE, include_in_schema=False, media_type=MediaType.HTML, dependencies=HERE)
async def forwarding(here: AtDesk, branch_id: str) -> Response[str]:
    """To which office, and why: a page of its own, since a city has many."""
    actor = await here.let_in()
    return actor if isinstance(actor, Response) else await forwarding_shown(here, actor, branch_id)


async def forwarding_shown(
    here: AtDesk, actor: Actor, branch_id: str, *, problem: Refusal | None = None, sent: Sent | None = None
) -> Response[str]:
    try:
        branch = await desk.look(here.stand, actor, branch_id)
    except BranchUnknown as refusal:
        return here.trouble(refusal, actor)
    async with here.stand.db.connect() as conn:
        here_now = await offices.office(conn, branch.branch.office.id)
        others = await offices.all_offices(conn, agency=here_now.agency)
    return here.page(
        "desk_forwarding.html",
        actor,
        problem=problem,
        at=address_of(branch_id),
        desk=branch,
        offices=[one for one in others if one.id != here_now.id],
        chosen=sent.one("office") if sent is not None else "",
        reason=sent.one("reason") if sent is not None else "",
    )


def _can(here: AtDesk, actor: Actor, branch: DeskBranch, procedure: Procedure) -> dict[str, bool]:
    """Which buttons the page has: what the verbs would not refuse for who asks and how the branch stands. They look again."""
    row, may, mine = branch.branch, set(branch.branch.actions), branch.claimed_by_me
    head = HEAD.answer(actor) == "yes"
    trade = head or procedure.officer_role in actor.roles
    hold = trade and (mine or (head and branch.claimed))
    running = row.decided_at is None and not here.stand.catalogue.lifecycle.state(row.state).clock_stopped
    near = row.due_at is not None and row.due_at <= desk.soon(here.stand.catalogue, clock.now())
    return {
        "claim": trade and "claim" in may and not branch.claimed and (head or branch.escalated_at is None),
        "receive": "receive" in may,
        "decide": branch.may_decide,
        "propose": branch.may_decide and "propose_refusal" in may,
        "judge": branch.may_judge,
        "take_back": branch.proposal is not None and branch.proposal.by_me,
        "ask": trade and mine and "ask_supplement" in may,
        "ask_payment": trade and mine and "ask_payment" in may,
        "waive_fee": trade and mine and "waive_fee" in may,
        # To look, one heads the office or receives there, or is of the trade; who decides takes no money.
        "take_cash": "pay" in bundles.allowed(here.stand.catalogue.lifecycle, row.state)
        and bool(actor.roles & desk.MAY_LOOK),
        "stop": trade and mine and "stop" in may,
        "resume": trade and mine and "resume" in may,
        "deliver": "deliver" in may,
        "give_back": hold and "give_back" in may,
        "escalate": trade and mine and not head and "escalate" in may,
        "assign": hold and row.decided_at is None,
        "forward": trade and "forward" in may and (not branch.claimed or hold),
        "extend": trade and mine and "extend" in may and _may_take_longer(row, procedure),
        "apologise": trade and (mine or head) and running and near and row.apology is None,
        "reopen": trade and "reopen" in may,
        "correct": trade and "correct" in may and bool(branch.result_fields),
        "uphold": trade and "uphold" in may,
    }


def _may_take_longer(row: BranchView, procedure: Procedure) -> bool:
    """Once, while the promise runs, where the law has a longer term."""
    running = row.due_at is not None and clock.now() <= row.due_at
    longer = procedure.deadline.extended_working_days is not None
    return longer and running and row.extension is None and row.apology is None


def answers(here: AtDesk, branch: DeskBranch, sent: Sent) -> dict[str, Any]:
    """What a form states of the agency's paper; None where an input was left blank."""
    lists = {form_reading.COUNTRIES: here.stand.catalogue.codes(form_reading.COUNTRIES)}
    return {
        field.name: form_reading.answer(field, f"r.{field.name}", sent.texts, lists) for field in branch.result_fields
    }


def address_of(branch_id: str) -> str:
    return f"{QUEUE}/branches/{branch_id}"


route_handlers: list[Any] = [show, paper, result, apology, supplement_request, cash_receipt, forwarding]
