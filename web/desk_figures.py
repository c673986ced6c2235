"""`/desk/figures`: how an office does, for its head: on time, what waits, where it takes long, what had to be asked for, what citizens say;
and who of the office does what. Without JavaScript."""

from datetime import date
from typing import Any

from litestar import MediaType, Response, get, post

from dossiers import figures, handing
from dossiers.messages_desk import Skills
from kit import clock
from kit.actor import ANYONE, Actor
from kit.refusal import Refusal, Words
from procedures import Catalogue
from web.at_desk import HEAD, HERE, QUEUE, SMALL, AtDesk
from web.sent import Sent

_FIGURES, _OFFICERS = f"{QUEUE}/figures", f"{QUEUE}/officers"


@get(_FIGURES, who=ANYONE, include_in_schema=False, media_type=MediaType.HTML, dependencies=HERE)
async def show(here: AtDesk) -> Response[str]:
    """Of the last thirty days, or of the days the address names."""
    actor = await here.let_in(who=HEAD)
    if isinstance(actor, Response):
        return actor
    query = here.at.request.query_params
    since, until = _day(query.get("since")), _day(query.get("until"))
    problem: Refusal | None = None
    try:
        found = await figures.figures(here.stand, actor, since=since, until=until)
    except Refusal as refusal:
        problem = refusal
        found = await figures.figures(here.stand, actor, since=None, until=None)
    steps = {step.state: step.name for step in found.steps}
    return here.page(
        "desk_figures.html", actor, problem=problem, found=found, steps=steps, labels=_labels(here.stand.catalogue)
    )


@get(_OFFICERS, who=ANYONE, include_in_schema=False, media_type=MediaType.HTML, dependencies=HERE)
async def officers(here: AtDesk) -> Response[str]:
    """Who is in the office today, what they have in hand, and what of their roles' work they do."""
    actor = await here.let_in(who=HEAD)
    return actor if isinstance(actor, Response) else await _officers(here, actor)


@post(
    f"{_OFFICERS}/{{officer_id:str}}/skills",
    who=ANYONE,
    include_in_schema=False,
    media_type=MediaType.HTML,
    status_code=303,
    request_max_body_size=SMALL,
    dependencies=HERE,
)
async def set_skills(here: AtDesk, officer_id: str) -> Response[str]:
    """What was ticked; nothing ticked is everything."""

    async def verb(actor: Actor, sent: Sent) -> str:
        asked = Skills(skills=tuple(skill[:120] for skill in sent.many("skill")[:100]) or None)
        await handing.set_skills(here.stand, actor, officer_id, asked)
        return here.address(_OFFICERS, done="skills")

    async def refused(actor: Actor, sent: Sent, refusal: Refusal) -> Response[str]:
        return await _officers(here, actor, problem=refusal)

    return await here.pressed(_OFFICERS, verb, refused, who=HEAD)


async def _officers(here: AtDesk, actor: Actor, *, problem: Refusal | None = None) -> Response[str]:
    found = await handing.colleagues(here.stand, actor)
    names = {one.id: one.full_name for one in found.officers}
    procedures = [one for one in here.stand.catalogue.procedures if one.until is None or one.until >= clock.today()]
    return here.page(
        "desk_officers.html",
        actor,
        problem=problem,
        officers=found.officers,
        names=names,
        fields={
            one.id: sorted({p.field.vi for p in procedures if p.officer_role in one.roles} | set(one.skills or ()))
            for one in found.officers
        },
        done=problem is None and here.at.request.query_params.get("done") == "skills",
    )


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None


def _labels(catalogue: Catalogue) -> dict[str, Words]:
    """What fields and papers are called, by path and kind; of several versions the newest says."""
    found: dict[str, Words] = {}
    for item in (*catalogue.procedures, *catalogue.bundles):
        found |= {
            f"{section.name}.{field.name}": field.label for section in item.form.sections for field in section.fields
        }
    for procedure in catalogue.procedures:
        found |= {paper.kind: paper.name for paper in procedure.documents}
    return found


route_handlers: list[Any] = [show, officers, set_skills]
