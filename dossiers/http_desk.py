"""/v1/desk/branches: what an officer does to one. Who may do what to which branch is decided by the verbs; here only that it is an officer."""

from typing import Any

from litestar import Response, get, post

from dossiers import correcting, deciding, desk, extending, issuing, lateness, refiling, refusing, supplementing
from dossiers.http_versions import IfMatch, asked_version, tagged
from dossiers.messages import AskSupplement, CorrectResult, Decide, Reason
from dossiers.messages_desk import Apologise, DeskBranch, Judge
from dossiers.standing import Stand
from kit.actor import Actor, officer
from kit.seals import Seals
from uploads import Vault

_PDF = "application/pdf"
APOLOGY, SUPPLEMENT, CASH = "phieu-xin-loi", "phieu-yeu-cau-bo-sung", "bien-lai"
"""What letters are called when they are saved."""


@get("/v1/desk/branches/{branch_id:str}", who=officer(), tags=["desk"], summary="One branch, its form and papers")
async def show_branch(branch_id: str, stand: Stand, actor: Actor) -> Response[DeskBranch]:
    return tagged_branch(await desk.look(stand, actor, branch_id))


@post(
    "/v1/desk/branches/{branch_id:str}/claim",
    who=officer(),
    tags=["desk"],
    summary="Take a branch; one officer gets it",
)
async def claim_branch(branch_id: str, stand: Stand, actor: Actor, if_match: IfMatch = None) -> Response[DeskBranch]:
    await deciding.claim(stand, actor, branch_id, version=asked_version(if_match))
    return tagged_branch(await desk.look(stand, actor, branch_id), 201)


@post(
    "/v1/desk/branches/{branch_id:str}/decision",
    who=officer(),
    tags=["desk"],
    summary="Approve with a result, or propose to refuse with a reason",
)
async def decide_branch(
    branch_id: str, data: Decide, stand: Stand, actor: Actor, if_match: IfMatch = None
) -> Response[DeskBranch]:
    await deciding.decide(stand, actor, branch_id, data, version=asked_version(if_match))
    return tagged_branch(await desk.look(stand, actor, branch_id), 201)


@post(
    "/v1/desk/branches/{branch_id:str}/refusal-verdict",
    who=officer(),
    tags=["desk"],
    summary="Confirm the refusal a colleague proposed, or send it back",
)
async def judge_refusal(
    branch_id: str, data: Judge, stand: Stand, actor: Actor, if_match: IfMatch = None
) -> Response[DeskBranch]:
    """A refusal stands, and is told to the citizen, once a second officer confirms it."""
    version = asked_version(if_match)
    judged = await refusing.judge(stand, actor, branch_id, data, version=version)
    return tagged_branch(judged, 201)


@post(
    "/v1/desk/branches/{branch_id:str}/receipt",
    who=officer(),
    tags=["desk"],
    summary="Say that it came in at the counter",
)
async def receive_branch(branch_id: str, stand: Stand, actor: Actor, if_match: IfMatch = None) -> Response[DeskBranch]:
    version = asked_version(if_match)
    return tagged_branch(await deciding.receive(stand, actor, branch_id, version=version), 201)


@post(
    "/v1/desk/branches/{branch_id:str}/supplement-request",
    who=officer(),
    tags=["desk"],
    summary="Ask the citizen for what is missing; the clock stops",
)
async def ask_supplement(
    branch_id: str, data: AskSupplement, stand: Stand, actor: Actor, if_match: IfMatch = None
) -> Response[DeskBranch]:
    version = asked_version(if_match)
    return tagged_branch(await supplementing.ask(stand, actor, branch_id, data, version=version), 201)


@post(
    "/v1/desk/branches/{branch_id:str}/extension",
    who=officer(),
    tags=["desk"],
    summary="Take longer, for facts must be verified",
)
async def extend(
    branch_id: str, data: Reason, stand: Stand, actor: Actor, if_match: IfMatch = None
) -> Response[DeskBranch]:
    """Once, before the promise has passed, where the catalogue has a longer term for it; the citizen is told the new date and why."""
    version = asked_version(if_match)
    return tagged_branch(await extending.extend(stand, actor, branch_id, data, version=version), 201)


@post(
    "/v1/desk/branches/{branch_id:str}/apology",
    who=officer(),
    tags=["desk"],
    summary="Apologise for a promise not kept, with a new date",
)
async def apologise(
    branch_id: str, data: Apologise, stand: Stand, actor: Actor, if_match: IfMatch = None
) -> Response[DeskBranch]:
    """Once, from the working day before it falls due; the citizen is told both dates and why."""
    version = asked_version(if_match)
    return tagged_branch(await lateness.apologise(stand, actor, branch_id, data, version=version), 201)


@post(
    "/v1/desk/branches/{branch_id:str}/reopening",
    who=officer(),
    tags=["desk"],
    summary="Take up again what was refused or lapsed",
)
async def reopen_branch(
    branch_id: str, data: Reason, stand: Stand, actor: Actor, if_match: IfMatch = None
) -> Response[DeskBranch]:
    version = asked_version(if_match)
    return tagged_branch(await refiling.reopen(stand, actor, branch_id, data, version=version), 201)


@post(
    "/v1/desk/branches/{branch_id:str}/corrected-result",
    who=officer(),
    tags=["desk"],
    summary="Correct what the agency stated of its paper",
)
async def correct_result(
    branch_id: str, data: CorrectResult, stand: Stand, actor: Actor, if_match: IfMatch = None
) -> Response[DeskBranch]:
    """An entry of the civil register is not corrected here: that is a procedure of its own."""
    version = asked_version(if_match)
    return tagged_branch(await correcting.correct(stand, actor, branch_id, data, version=version), 201)


@post(
    "/v1/desk/branches/{branch_id:str}/upheld-result",
    who=officer(),
    tags=["desk"],
    summary="Uphold a result that a citizen reported",
)
async def uphold_result(
    branch_id: str, data: Reason, stand: Stand, actor: Actor, if_match: IfMatch = None
) -> Response[DeskBranch]:
    version = asked_version(if_match)
    return tagged_branch(await correcting.uphold(stand, actor, branch_id, data, version=version), 201)


@get(
    "/v1/desk/branches/{branch_id:str}/documents/{kind:str}",
    who=officer(),
    tags=["desk"],
    summary="A paper handed in, re-encoded",
)
async def show_document(branch_id: str, kind: str, stand: Stand, vault: Vault, actor: Actor) -> Response[bytes]:
    content = await desk.document(stand, vault, actor, branch_id, kind)
    return Response(content.data, media_type=content.media_type, headers=content.headers)


@get(
    "/v1/desk/branches/{branch_id:str}/result",
    who=officer(),
    tags=["desk"],
    summary="The result as PDF",
    media_type=_PDF,
)
async def show_result(branch_id: str, stand: Stand, seals: Seals | None, actor: Actor) -> Response[bytes]:
    dossier_id, branch = await desk.result_of(stand, actor, branch_id)
    return pdf(await issuing.paper(stand.db, stand.settings, seals, dossier_id, branch), branch)


@get(
    "/v1/desk/branches/{branch_id:str}/apology",
    who=officer(),
    tags=["desk"],
    summary="The letter of apology as PDF",
    media_type=_PDF,
)
async def show_apology(branch_id: str, stand: Stand, seals: Seals | None, actor: Actor) -> Response[bytes]:
    return pdf(await desk.letter(stand, seals, actor, branch_id, issuing.apology), APOLOGY)


@get(
    "/v1/desk/branches/{branch_id:str}/supplement-request",
    who=officer(),
    tags=["desk"],
    summary="The last request for a supplement as PDF",
    media_type=_PDF,
)
async def show_supplement_request(branch_id: str, stand: Stand, seals: Seals | None, actor: Actor) -> Response[bytes]:
    """To print for who has no phone; answered already, it is still there."""
    return pdf(await desk.letter(stand, seals, actor, branch_id, issuing.supplement_request), SUPPLEMENT)


@get(
    "/v1/desk/branches/{branch_id:str}/payments/{order_id:str}/receipt",
    who=officer(),
    tags=["desk"],
    summary="The receipt of a fee taken in cash, as PDF",
    media_type=_PDF,
)
async def show_cash_receipt(
    branch_id: str, order_id: str, stand: Stand, seals: Seals | None, actor: Actor
) -> Response[bytes]:
    return pdf(await desk.letter(stand, seals, actor, branch_id, issuing.cash_receipt(order_id)), CASH)


def pdf(data: bytes, name: str) -> Response[bytes]:
    """A paper to keep, kept by nobody in between."""
    headers = {
        "Content-Disposition": f'attachment; filename="{name}.pdf"',
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }
    return Response(data, media_type=_PDF, headers=headers)


def tagged_branch(branch: DeskBranch, status_code: int = 200) -> Response[DeskBranch]:
    return tagged(branch, branch.branch.version, status_code)


route_handlers: list[Any] = [
    show_branch,
    receive_branch,
    claim_branch,
    decide_branch,
    judge_refusal,
    ask_supplement,
    extend,
    apologise,
    reopen_branch,
    correct_result,
    uphold_result,
    show_document,
    show_result,
    show_apology,
    show_supplement_request,
    show_cash_receipt,
]
