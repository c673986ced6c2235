"""/v1/desk: the officers' side. Who may do what to which branch is decided by the verbs; here only that it is an officer."""

from typing import Annotated, Any

from litestar import Response, get, post
from litestar.params import Parameter

from dossiers import correcting, deciding, desk, issuing, refiling, supplementing
from dossiers.http_versions import IfMatch, asked_version, tagged
from dossiers.messages import AskSupplement, CorrectResult, Decide, DeskBranch, Queue, Reason
from identity.mandates import Mandates
from kit.actor import Actor, officer
from kit.db import Database
from kit.keys import Keys
from kit.seals import Seals
from kit.settings import Settings
from notifications import PostOffice
from procedures import Catalogue
from uploads import Vault
from wires.population import PinIssuer

_PDF = "application/pdf"


@get(
    "/v1/desk/queue", who=officer(), tags=["desk"], summary="What waits in my office for my role, oldest promise first"
)
async def show_queue(
    db: Database,
    catalogue: Catalogue,
    actor: Actor,
    after: Annotated[str | None, Parameter(max_length=60, description="`next` of the page before")] = None,
    limit: Annotated[int, Parameter(ge=1, le=200)] = 50,
    everybodys: Annotated[bool, Parameter(query="all", description="also what colleagues have taken")] = False,
) -> Queue:
    return await desk.queue(db, catalogue, actor, after=after, limit=limit, everybodys=everybodys)


@get("/v1/desk/branches/{branch_id:str}", who=officer(), tags=["desk"], summary="One branch, its form and papers")
async def show_branch(
    branch_id: str, db: Database, keys: Keys, catalogue: Catalogue, settings: Settings, actor: Actor
) -> Response[DeskBranch]:
    return _tagged(await desk.look(db, keys, catalogue, settings, actor, branch_id))


@post(
    "/v1/desk/branches/{branch_id:str}/claim",
    who=officer(),
    tags=["desk"],
    summary="Take a branch; one officer gets it",
)
async def claim_branch(
    branch_id: str,
    db: Database,
    keys: Keys,
    catalogue: Catalogue,
    settings: Settings,
    actor: Actor,
    if_match: IfMatch = None,
) -> Response[DeskBranch]:
    version = asked_version(if_match)
    return _tagged(await deciding.claim(db, keys, catalogue, settings, actor, branch_id, version=version), 201)


@post(
    "/v1/desk/branches/{branch_id:str}/decision",
    who=officer(),
    tags=["desk"],
    summary="Approve with a result, or refuse with a reason",
)
async def decide_branch(
    branch_id: str,
    data: Decide,
    db: Database,
    keys: Keys,
    catalogue: Catalogue,
    settings: Settings,
    post_office: PostOffice,
    mandates: Mandates,
    pins: PinIssuer | None,
    actor: Actor,
    if_match: IfMatch = None,
) -> Response[DeskBranch]:
    version = asked_version(if_match)
    decided = await deciding.decide(
        db, keys, catalogue, settings, post_office, mandates, pins, actor, branch_id, data, version=version
    )
    return _tagged(decided, 201)


@post(
    "/v1/desk/branches/{branch_id:str}/receipt",
    who=officer(),
    tags=["desk"],
    summary="Say that it came in at the counter",
)
async def receive_branch(
    branch_id: str,
    db: Database,
    keys: Keys,
    catalogue: Catalogue,
    settings: Settings,
    actor: Actor,
    if_match: IfMatch = None,
) -> Response[DeskBranch]:
    version = asked_version(if_match)
    return _tagged(await deciding.receive(db, keys, catalogue, settings, actor, branch_id, version=version), 201)


@post(
    "/v1/desk/branches/{branch_id:str}/supplement-request",
    who=officer(),
    tags=["desk"],
    summary="Ask the citizen for what is missing; the clock stops",
)
async def ask_supplement(
    branch_id: str,
    data: AskSupplement,
    db: Database,
    keys: Keys,
    catalogue: Catalogue,
    settings: Settings,
    post_office: PostOffice,
    mandates: Mandates,
    actor: Actor,
    if_match: IfMatch = None,
) -> Response[DeskBranch]:
    version = asked_version(if_match)
    return _tagged(
        await supplementing.ask(
            db, keys, catalogue, settings, post_office, mandates, actor, branch_id, data, version=version
        ),
        201,
    )


@post(
    "/v1/desk/branches/{branch_id:str}/reopening",
    who=officer(),
    tags=["desk"],
    summary="Take up again what was refused or lapsed",
)
async def reopen_branch(
    branch_id: str,
    data: Reason,
    db: Database,
    keys: Keys,
    catalogue: Catalogue,
    settings: Settings,
    post_office: PostOffice,
    mandates: Mandates,
    actor: Actor,
    if_match: IfMatch = None,
) -> Response[DeskBranch]:
    version = asked_version(if_match)
    return _tagged(
        await refiling.reopen(
            db, keys, catalogue, settings, post_office, mandates, actor, branch_id, data, version=version
        ),
        201,
    )


@post(
    "/v1/desk/branches/{branch_id:str}/corrected-result",
    who=officer(),
    tags=["desk"],
    summary="Correct what the agency stated of its paper",
)
async def correct_result(
    branch_id: str,
    data: CorrectResult,
    db: Database,
    keys: Keys,
    catalogue: Catalogue,
    settings: Settings,
    post_office: PostOffice,
    mandates: Mandates,
    actor: Actor,
    if_match: IfMatch = None,
) -> Response[DeskBranch]:
    """An entry of the civil register is not corrected here: that is a procedure of its own."""
    version = asked_version(if_match)
    return _tagged(
        await correcting.correct(
            db, keys, catalogue, settings, post_office, mandates, actor, branch_id, data, version=version
        ),
        201,
    )


@post(
    "/v1/desk/branches/{branch_id:str}/upheld-result",
    who=officer(),
    tags=["desk"],
    summary="Uphold a result that a citizen reported",
)
async def uphold_result(
    branch_id: str,
    data: Reason,
    db: Database,
    keys: Keys,
    catalogue: Catalogue,
    settings: Settings,
    post_office: PostOffice,
    mandates: Mandates,
    actor: Actor,
    if_match: IfMatch = None,
) -> Response[DeskBranch]:
    version = asked_version(if_match)
    return _tagged(
        await correcting.uphold(
            db, keys, catalogue, settings, post_office, mandates, actor, branch_id, data, version=version
        ),
        201,
    )


@get(
    "/v1/desk/branches/{branch_id:str}/documents/{kind:str}",
    who=officer(),
    tags=["desk"],
    summary="A paper handed in, re-encoded",
)
async def show_document(
    branch_id: str, kind: str, db: Database, vault: Vault, catalogue: Catalogue, actor: Actor
) -> Response[bytes]:
    content = await desk.document(db, vault, catalogue, actor, branch_id, kind)
    return Response(content.data, media_type=content.media_type, headers=content.headers)


@get(
    "/v1/desk/branches/{branch_id:str}/result",
    who=officer(),
    tags=["desk"],
    summary="The result as PDF",
    media_type=_PDF,
)
async def show_result(
    branch_id: str, db: Database, catalogue: Catalogue, settings: Settings, seals: Seals | None, actor: Actor
) -> Response[bytes]:
    dossier_id, branch = await desk.result_of(db, catalogue, actor, branch_id)
    return pdf(await issuing.paper(db, settings, seals, dossier_id, branch), branch)


def pdf(data: bytes, name: str) -> Response[bytes]:
    """A paper to keep, kept by nobody in between."""
    headers = {
        "Content-Disposition": f'attachment; filename="{name}.pdf"',
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }
    return Response(data, media_type=_PDF, headers=headers)


def _tagged(branch: DeskBranch, status_code: int = 200) -> Response[DeskBranch]:
    return tagged(branch, branch.branch.version, status_code)


route_handlers: list[Any] = [
    show_queue,
    show_branch,
    receive_branch,
    claim_branch,
    decide_branch,
    ask_supplement,
    reopen_branch,
    correct_result,
    uphold_result,
    show_document,
    show_result,
]
