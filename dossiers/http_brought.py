"""/v1/desk/supplements: a request for a supplement answered at a counter of any centre; the citizen confirms on their phone or on paper."""

from typing import Annotated, Any, Final

from litestar import Response, get, patch, post, put
from litestar.params import Parameter

from dossiers import bringing
from dossiers.http_assisted import ScanForm
from dossiers.http_behalf import OnBehalfOf
from dossiers.http_versions import IfMatch, asked_version, tagged
from dossiers.messages import Prepared
from dossiers.messages_desk import AskedLines, Bring, Bringer, Brought, BroughtList, ChangeBrought
from dossiers.standing import Stand
from kit.actor import Actor, citizen, officer
from uploads import Keeper

_RECEPTION, _READ = officer("reception"), citizen("dossiers:read")
_FILE_BYTES: Final = 21 * 1024 * 1024
_FORM_BYTES: Final = 200_000
_SMALL: Final = 16_000
_PATH: Final = "/v1/desk/supplements/{branch_id:str}"


@post(
    "/v1/desk/supplement-requests",
    who=_RECEPTION,
    tags=["desk"],
    summary="What the citizen at the counter is asked for",
    status_code=200,
    request_max_body_size=_SMALL,
)
async def find_requests(data: Bringer, stand: Stand, actor: Actor) -> AskedLines:
    """By number and birthday, as their card shows them: of all that they filed, at whatever office."""
    return await bringing.waiting(stand, actor, data)


@post(
    "/v1/desk/supplements",
    who=_RECEPTION,
    tags=["desk"],
    summary="Fill in a supplement for the citizen at the counter",
    request_max_body_size=_SMALL,
)
async def begin_supplement(data: Bring, stand: Stand, actor: Actor) -> Response[Brought]:
    """Nothing is given before the citizen confirms it. What another counter began of it goes on here."""
    return _tagged(await bringing.begin(stand, actor, data), 201)


@get("/v1/desk/supplements", who=_RECEPTION, tags=["desk"], summary="Supplements my office fills in")
async def list_supplements(stand: Stand, actor: Actor) -> BroughtList:
    return await bringing.listed(stand, actor)


@get(_PATH, who=_RECEPTION, tags=["desk"], summary="A supplement my office fills in")
async def show_brought(branch_id: str, stand: Stand, actor: Actor) -> Response[Brought]:
    return _tagged(await bringing.show(stand, actor, branch_id))


@patch(
    f"{_PATH}/form",
    who=_RECEPTION,
    tags=["desk"],
    summary="Fill in what the citizen says of what was asked for",
    request_max_body_size=_FORM_BYTES,
)
async def fill_brought(
    branch_id: str, data: ChangeBrought, stand: Stand, actor: Actor, if_match: IfMatch = None
) -> Response[Brought]:
    return _tagged(await bringing.change(stand, actor, branch_id, data, version=asked_version(if_match)))


@put(
    f"{_PATH}/documents/{{kind:str}}",
    who=_RECEPTION,
    tags=["desk"],
    summary="Scan a paper that was asked for",
    request_max_body_size=_FILE_BYTES,
)
async def scan_brought(
    branch_id: str, kind: str, data: ScanForm, stand: Stand, keeper: Keeper, actor: Actor
) -> Response[Brought]:
    return _tagged(await bringing.scan(stand, keeper, actor, branch_id, kind, await data.file.read()))


@post(
    f"{_PATH}/confirmation-request",
    who=_RECEPTION,
    tags=["desk"],
    summary="Ask the citizen to confirm a supplement on their own phone",
)
async def ask_to_confirm_brought(branch_id: str, stand: Stand, actor: Actor) -> Response[Brought]:
    """They look at it and give it like any supplement of theirs; until then nothing is given."""
    return _tagged(await bringing.ask_to_confirm(stand, actor, branch_id), 201)


@post(
    f"{_PATH}/submission",
    who=_RECEPTION,
    tags=["desk"],
    summary="Give a supplement on the strength of a signed paper",
    request_max_body_size=_FILE_BYTES,
)
async def give_signed(
    branch_id: str,
    data: ScanForm,
    stand: Stand,
    keeper: Keeper,
    actor: Actor,
    idempotency_key: Annotated[
        str | None,
        Parameter(header="Idempotency-Key", max_length=1000, description="random; the same one when you retry"),
    ] = None,
    if_match: IfMatch = None,
) -> Response[Brought]:
    """The scan of what the citizen signed is kept, sealed in the history, and the citizen is told at once."""
    signed, version = await data.file.read(), asked_version(if_match)
    await bringing.give_signed(stand, keeper, actor, branch_id, signed, key=idempotency_key, version=version)
    return _tagged(await bringing.show(stand, actor, branch_id), 201)


@get(
    "/v1/dossiers/{dossier_id:str}/branches/{branch:str}/supplement",
    who=_READ,
    tags=["dossiers"],
    summary="What a counter filled in of a supplement, to look at and give",
)
async def show_prepared(
    dossier_id: str, branch: str, stand: Stand, actor: Actor, on_behalf_of: OnBehalfOf = None
) -> Prepared:
    return await bringing.prepared(stand, actor, dossier_id, branch, behalf=on_behalf_of)


def _tagged(brought: Brought, status_code: int = 200) -> Response[Brought]:
    return tagged(brought, brought.version, status_code)


route_handlers: list[Any] = [
    find_requests,
    begin_supplement,
    list_supplements,
    show_brought,
    fill_brought,
    scan_brought,
    ask_to_confirm_brought,
    give_signed,
    show_prepared,
]
