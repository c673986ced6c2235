"""/v1/procedures: what may be asked for, as data, for anyone."""

from typing import Annotated, Any

import msgspec
from litestar import Response, get
from litestar.params import Parameter

from dossiers.messages import ProcedureList, ProcedureSummary
from kit import clock
from kit.actor import ANYONE
from procedures import Bundle, Catalogue, bundles, forms

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
    return ProcedureList(
        procedures=[
            ProcedureSummary(
                code=item.code,
                key=item.key,
                kind="bundle" if isinstance(item, Bundle) else "procedure",
                version=item.version,
                name=item.name,
                summary=item.summary,
                online=item.online,
                level_to_file=item.level_to_file,
            )
            for item in catalogue.search(q, clock.today())
        ]
    )


@get(
    "/v1/procedures/{code:str}",
    who=ANYONE,
    tags=["procedures"],
    summary="One procedure or linked group, with its sources in law",
)
async def show_procedure(code: str, catalogue: Catalogue) -> dict[str, Any]:
    said = msgspec.to_builtins(catalogue.find(code, clock.today()))
    return {name: value for name, value in said.items() if name not in _KEPT_BACK}


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
) -> Response[dict[str, Any]]:
    item = catalogue.find(code, clock.today())
    chosen = [name for name in branches.split(",") if name] or None
    if chosen is not None and isinstance(item, Bundle):
        chosen = list(bundles.choose(item, chosen))
    return Response(forms.json_schema(item.form, branches=chosen), media_type="application/schema+json")


route_handlers: list[Any] = [list_procedures, show_procedure, show_form]
