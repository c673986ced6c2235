"""`/desk/branches/{id}`: one branch to decide, the form beside the papers, and what may be done with it (`desk_buttons.py`)."""

from typing import Any

import msgspec
from litestar import MediaType, Response, get

from dossiers import around, desk, issuing
from dossiers.http_desk import pdf
from dossiers.messages import DeskBranch, DocumentView
from dossiers.refusals import BranchUnknown
from kit import clock
from kit.actor import ANYONE, Actor
from kit.refusal import Refusal, Words
from kit.seals import Seals
from procedures import Bundle, Procedure
from uploads import Vault
from web import form_reading
from web.at_desk import HERE, QUEUE, AtDesk
from web.form_showing import Shower
from web.pages import language
from web.sent import Sent

BRANCH = f"{QUEUE}/branches/{{branch_id:str}}"

# What was just done, as the page says it; the name stands in the address.
_DONE = ("claim", "receive", "approve", "refuse", "ask", "reopen", "correct", "uphold")


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
        content = await desk.document(here.db, vault, here.catalogue, actor, branch_id, kind)
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
        dossier_id, branch = await desk.result_of(here.db, here.catalogue, actor, branch_id)
        data = await issuing.paper(here.db, here.at.settings, seals, dossier_id, branch)
    except Refusal as refusal:
        return here.trouble(refusal, actor)
    return pdf(data, branch)


# --- the page ---------------------------------------------------------------------------------------------------------


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
        branch = await desk.look(*here.stand, actor, branch_id)
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
        stated |= {name: value for name, value in answers(here, branch, sent).items() if value is not None}
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


def answers(here: AtDesk, branch: DeskBranch, sent: Sent) -> dict[str, Any]:
    """What a form states of the agency's paper; None where an input was left blank."""
    lists = {form_reading.COUNTRIES: here.catalogue.codes(form_reading.COUNTRIES)}
    return {
        field.name: form_reading.answer(field, f"r.{field.name}", sent.texts, lists) for field in branch.result_fields
    }


def address_of(branch_id: str) -> str:
    return f"{QUEUE}/branches/{branch_id}"


route_handlers: list[Any] = [show, paper, result]
