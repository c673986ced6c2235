"""/v1/procedures: what may be asked for, as data, for anyone."""

from datetime import date
from typing import Annotated, Any

import msgspec
from litestar import Response, get
from litestar.params import Parameter

from dossiers.messages_catalogue import (
    CodeListNames,
    LifeEventList,
    LifeEventSummary,
    LifeEventView,
    PlaceCandidate,
    ProcedureList,
    ProcedureSummary,
    ResolvedAddress,
)
from kit import clock, places
from kit.actor import ANYONE
from procedures import Bundle, Catalogue, CodeList, Procedure, bundles, forms

OnDay = Annotated[date | None, Parameter(description="as in force on that day; today when it is left out")]

# Worked cases and examples are for jurists and tests; the form has an address of its own.
_KEPT_BACK = frozenset({"cases", "form"})


@get(
    "/v1/procedures",
    who=ANYONE,
    tags=["procedures"],
    summary="Everything that can be asked for, or what plain words mean",
)
async def list_procedures(
    catalogue: Catalogue,
    q: Annotated[str, Parameter(max_length=200, description="plain words, diacritics not needed")] = "",
) -> ProcedureList:
    return ProcedureList(procedures=[_summary(item) for item in catalogue.search(q, clock.today())])


def _summary(item: Procedure | Bundle) -> ProcedureSummary:
    return ProcedureSummary(
        code=item.code,
        key=item.key,
        kind="bundle" if isinstance(item, Bundle) else "procedure",
        version=item.version,
        name=item.name,
        summary=item.summary,
        online=item.online,
        level_to_file=item.level_to_file,
        source=item.source,
    )


@get(
    "/v1/procedures/{code:str}",
    who=ANYONE,
    tags=["procedures"],
    summary="One procedure or linked group, with its sources in law",
)
async def show_procedure(code: str, catalogue: Catalogue, on: OnDay = None) -> dict[str, Any]:
    """Every table says whether it was read in a public source or is our assumption; `assumed` names what in it is ours all the same."""
    item = catalogue.find(code, on or clock.today())
    said = msgspec.to_builtins(item)
    versions = [
        {"code": one.code, "version": one.version, "from": one.since, "until": one.until}
        for one in catalogue.versions(item.key)
    ]
    return {**{name: value for name, value in said.items() if name not in _KEPT_BACK}, "versions": versions}


@get(
    "/v1/procedures/{code:str}/form",
    who=ANYONE,
    tags=["procedures"],
    summary="Its form as JSON Schema",
    media_type="application/schema+json",
)
async def show_form(
    code: str,
    catalogue: Catalogue,
    branches: Annotated[
        str, Parameter(max_length=300, description="names of the chosen branches, comma-separated")
    ] = "",
    on: OnDay = None,
) -> Response[dict[str, Any]]:
    """JSON Schema 2020-12 of the answers, nested by section, blanks left out. It accepts what a submission accepts, but for
    what hangs on the day or holds two answers against each other (`x-checked-by-the-server`)."""
    item = catalogue.find(code, on or clock.today())
    chosen = [name for name in branches.split(",") if name] or None
    if chosen is not None and isinstance(item, Bundle):
        chosen = list(bundles.choose(item, chosen))
    return Response(forms.json_schema(item.form, branches=chosen), media_type="application/schema+json")


@get("/v1/life-events", who=ANYONE, tags=["procedures"], summary="What happens in a life, and asks for procedures")
async def list_life_events(catalogue: Catalogue) -> LifeEventList:
    return LifeEventList(events=[LifeEventSummary(key=e.key, name=e.name, summary=e.summary) for e in catalogue.events])


@get("/v1/life-events/{key:str}", who=ANYONE, tags=["procedures"], summary="What to do about one, in order")
async def show_life_event(key: str, catalogue: Catalogue) -> LifeEventView:
    event = catalogue.event(key)
    return LifeEventView(
        key=event.key,
        name=event.name,
        summary=event.summary,
        guide=list(event.guide),
        procedures=[_summary(item) for item in catalogue.of_event(event, clock.today())],
    )


@get("/v1/code-lists", who=ANYONE, tags=["procedures"], summary="The closed lists that forms use, by name")
async def list_code_lists(catalogue: Catalogue) -> CodeListNames:
    return CodeListNames(lists=[found.name for found in catalogue.code_lists()])


@get(
    "/v1/code-lists/{name:str}", who=ANYONE, tags=["procedures"], summary="One list, in both languages, with its source"
)
async def show_code_list(name: str, catalogue: Catalogue) -> CodeList:
    """`wards` are the 168 communes of the city."""
    return catalogue.codes(name)


@get("/v1/places/resolution", who=ANYONE, tags=["procedures"], summary="What a printed address may name, on both maps")
async def resolve_address(
    printed: Annotated[
        str, Parameter(query="address", min_length=1, max_length=300, description="as printed, on either map")
    ],
) -> ResolvedAddress:
    """A ward of before July 2025 may lie in several of today's: then all are candidates and none is chosen for you."""
    found = places.resolve(printed)
    return ResolvedAddress(
        detail=found.detail,
        ward=found.ward_code,
        until_2025=[_candidate(one) for one in found.old],
        today=[_candidate(one) for one in found.new],
    )


def _candidate(found: places.Candidate) -> PlaceCandidate:
    return PlaceCandidate(map=found.map, code=found.code, name=found.name, match=found.match, via=found.via)


route_handlers: list[Any] = [
    list_procedures,
    show_procedure,
    show_form,
    list_life_events,
    show_life_event,
    list_code_lists,
    show_code_list,
    resolve_address,
]
