"""/v1/desk: the queue, and branches that change hands within an office and between offices."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from litestar import Response, get, post, put
from litestar.params import Parameter

from dossiers import figures, handing, queueing, takings
from dossiers.http_desk import tagged_branch
from dossiers.http_versions import IfMatch, asked_version
from dossiers.messages_desk import Assign, Because, Colleagues, DeskBranch, Forward, Queue, QueueFilter, Skills
from dossiers.messages_figures import Figures
from dossiers.messages_takings import Takings
from dossiers.standing import Stand
from kit.actor import Actor, either, officer

_HEAD = officer("head")
_CASHIERS = either(officer("head"), officer("reception"))

Day = Annotated[date | None, Parameter(description="of the city's calendar")]
By = Annotated[str | None, Parameter(max_length=60, description="only what this officer took")]


@get(
    "/v1/desk/queue", who=officer(), tags=["desk"], summary="What waits in my office for my roles, oldest promise first"
)
async def show_queue(
    stand: Stand,
    actor: Actor,
    after: Annotated[str | None, Parameter(pattern=queueing.CURSOR, description="`next` of the page before")] = None,
    limit: Annotated[int, Parameter(ge=1, le=200)] = 50,
    in_state: Annotated[str | None, Parameter(query="state", max_length=60, description="only in this state")] = None,
    procedure: Annotated[
        str | None, Parameter(max_length=120, description="only this procedure's, or this field's, as skills are named")
    ] = None,
    role: Annotated[str | None, Parameter(max_length=60, description="only this role's")] = None,
    due: Annotated[
        Literal["overdue", "soon"] | None,
        Parameter(description="past its promise, or to be kept by the end of the next working day"),
    ] = None,
    due_before: Annotated[datetime | None, Parameter(description="only what is promised for before")] = None,
    escalated: Annotated[
        bool | None, Parameter(description="only what waits for the head, or only what does not")
    ] = None,
    everybodys: Annotated[bool, Parameter(query="all", description="also what colleagues have, and do")] = False,
) -> Queue:
    asked = QueueFilter(
        role=role,
        due=due,
        state=in_state,
        procedure=procedure,
        due_before=due_before,
        escalated=escalated,
        everybodys=everybodys,
    )
    return await queueing.queue(stand, actor, asked, after=after, limit=limit)


@post("/v1/desk/claims", who=officer(), tags=["desk"], summary="Take the next branch of my roles and skills")
async def claim_next(stand: Stand, actor: Actor) -> Response[DeskBranch]:
    """The oldest promise that is free; no two officers are given the same one."""
    return tagged_branch(await queueing.claim_next(stand, actor), 201)


@post(
    "/v1/desk/branches/{branch_id:str}/return-to-queue",
    who=officer(),
    tags=["desk"],
    summary="Give back what I have",
)
async def give_back(
    branch_id: str, data: Because, stand: Stand, actor: Actor, if_match: IfMatch = None
) -> Response[DeskBranch]:
    version = asked_version(if_match)
    return tagged_branch(await handing.give_back(stand, actor, branch_id, data, version=version), 201)


@post(
    "/v1/desk/branches/{branch_id:str}/escalation",
    who=officer(),
    tags=["desk"],
    summary="Pass what I have to the head of the office",
)
async def escalate(
    branch_id: str, data: Because, stand: Stand, actor: Actor, if_match: IfMatch = None
) -> Response[DeskBranch]:
    version = asked_version(if_match)
    return tagged_branch(await handing.escalate(stand, actor, branch_id, data, version=version), 201)


@post(
    "/v1/desk/branches/{branch_id:str}/assignment",
    who=officer(),
    tags=["desk"],
    summary="Pass what is taken to a colleague",
)
async def assign(
    branch_id: str, data: Assign, stand: Stand, actor: Actor, if_match: IfMatch = None
) -> Response[DeskBranch]:
    """By who has it, or by the head."""
    version = asked_version(if_match)
    return tagged_branch(await handing.assign(stand, actor, branch_id, data, version=version), 201)


@post(
    "/v1/desk/branches/{branch_id:str}/forwarding",
    who=officer(),
    tags=["desk"],
    summary="Forward to another office of the same agency",
)
async def forward(
    branch_id: str, data: Forward, stand: Stand, actor: Actor, if_match: IfMatch = None
) -> Response[DeskBranch]:
    """The promise stays; the citizen is told. Answers with the branch as it was left."""
    version = asked_version(if_match)
    return tagged_branch(await handing.forward(stand, actor, branch_id, data, version=version), 201)


@get("/v1/desk/figures", who=_HEAD, tags=["desk"], summary="How my office does")
async def show_figures(stand: Stand, actor: Actor, since: date | None = None, until: date | None = None) -> Figures:
    """Both days counted; the last 30 days unless told."""
    return await figures.figures(stand, actor, since=since, until=until)


@get("/v1/desk/takings", who=_CASHIERS, tags=["desk"], summary="What my counter took in cash on a day")
async def show_takings(stand: Stand, actor: Actor, day: Day = None, by: By = None) -> Takings:
    """Today unless told. The head sees all of the office, or what one officer took; who receives sees their own."""
    return await takings.of_day(stand, actor, day, by=by)


@get(
    "/v1/desk/takings/spreadsheet",
    who=_CASHIERS,
    tags=["desk"],
    summary="The same as a file for spreadsheets",
    media_type="text/csv",
)
async def save_takings(stand: Stand, actor: Actor, day: Day = None, by: By = None) -> Response[bytes]:
    return spreadsheet(await takings.of_day(stand, actor, day, by=by))


def spreadsheet(found: Takings) -> Response[bytes]:
    """To save, kept by nobody in between."""
    headers = {
        "Content-Disposition": f'attachment; filename="thu-tien-mat-{found.day}.csv"',
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }
    return Response(takings.as_csv(found), media_type="text/csv; charset=utf-8", headers=headers)


@get("/v1/desk/officers", who=officer(), tags=["desk"], summary="Who is in my office, what they do and have")
async def list_officers(stand: Stand, actor: Actor) -> Colleagues:
    return await handing.colleagues(stand, actor)


@put(
    "/v1/desk/officers/{officer_id:str}/skills", who=_HEAD, tags=["desk"], summary="What of their roles an officer does"
)
async def set_skills(officer_id: str, data: Skills, stand: Stand, actor: Actor) -> Colleagues:
    """Their queue holds no other work from then on; what their roles may decide is not changed by it."""
    return await handing.set_skills(stand, actor, officer_id, data)


route_handlers: list[Any] = [
    show_queue,
    claim_next,
    give_back,
    escalate,
    assign,
    forward,
    show_figures,
    show_takings,
    save_takings,
    list_officers,
    set_skills,
]
