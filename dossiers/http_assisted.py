"""/v1/desk/assisted: filing at a counter on a citizen's behalf. Any office's reception takes in; the form tells which agency decides."""

from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import Response, get, patch, post, put
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType
from litestar.params import Body, Parameter
from msgspec import Meta

from dossiers import assisting
from dossiers.http_desk import pdf
from dossiers.http_versions import IfMatch, asked_version, tagged
from dossiers.messages import ChangeForm, Dossier, Kind, Path, Submitted
from dossiers.messages_desk import Assist, AssistedDrafts
from dossiers.standing import Stand
from kit.actor import Actor, officer
from uploads import Keeper

_RECEPTION = officer("reception")
_FILE_BYTES: Final = 21 * 1024 * 1024
_FORM_BYTES: Final = 200_000


@dataclass
class Scan:
    """One scanned paper: PDF, JPEG, PNG or WebP, at most 20 MB."""

    file: UploadFile


@dataclass
class SortedScan(Scan):
    """One PDF of several papers. `pages` is a JSON object: by kind of paper its pages, as `1-2, 5`. Pages of no paper are refused unless
    `leave_out` is `yes`."""

    pages: Annotated[str, Meta(max_length=4000)] = "{}"
    leave_out: Literal["yes", "no"] = "no"


SortedForm = Annotated[SortedScan, Body(media_type=RequestEncodingType.MULTI_PART)]
ScanForm = Annotated[Scan, Body(media_type=RequestEncodingType.MULTI_PART)]


@post("/v1/desk/assisted", who=_RECEPTION, tags=["desk"], summary="Fill in a dossier for the citizen at the counter")
async def open_assisted(data: Assist, stand: Stand, actor: Actor) -> Response[Dossier]:
    """By number and birthday, as their card shows them. The draft is the citizen's own, and in their list too."""
    return _tagged(await assisting.open_draft(stand, actor, data), 201)


@get("/v1/desk/assisted", who=_RECEPTION, tags=["desk"], summary="Drafts my office helps with")
async def list_assisted(stand: Stand, actor: Actor) -> AssistedDrafts:
    return await assisting.drafts(stand, actor)


@get("/v1/desk/assisted/{dossier_id:str}", who=_RECEPTION, tags=["desk"], summary="A draft my office helps with")
async def show_assisted(dossier_id: str, stand: Stand, actor: Actor) -> Response[Dossier]:
    return _tagged(await assisting.show(stand, actor, dossier_id))


@patch(
    "/v1/desk/assisted/{dossier_id:str}/form",
    who=_RECEPTION,
    tags=["desk"],
    summary="Fill in what the citizen says",
    request_max_body_size=_FORM_BYTES,
)
async def fill_assisted(
    dossier_id: str, data: ChangeForm, stand: Stand, actor: Actor, if_match: IfMatch = None
) -> Response[Dossier]:
    version = asked_version(if_match)
    return _tagged(await assisting.change_form(stand, actor, dossier_id, data, version=version))


@put(
    "/v1/desk/assisted/{dossier_id:str}/documents/{kind:str}",
    who=_RECEPTION,
    tags=["desk"],
    summary="Scan a paper the citizen brought",
    request_max_body_size=_FILE_BYTES,
)
async def scan_paper(
    dossier_id: str, kind: str, data: ScanForm, stand: Stand, keeper: Keeper, actor: Actor
) -> Response[Dossier]:
    content = await data.file.read()
    return _tagged(await assisting.scan(stand, keeper, actor, dossier_id, kind, content))


@post(
    "/v1/desk/assisted/{dossier_id:str}/scans",
    who=_RECEPTION,
    tags=["desk"],
    summary="Sort one scan of everything into papers",
    request_max_body_size=_FILE_BYTES,
)
async def sort_scan(dossier_id: str, data: SortedForm, stand: Stand, keeper: Keeper, actor: Actor) -> Response[Dossier]:
    """Each named kind gets its pages as a PDF of its own; all of them are kept, or none."""
    try:
        pages = msgspec.json.decode(data.pages, type=dict[Kind, Path])
    except msgspec.DecodeError:
        pages = {}
    content, leave_out = await data.file.read(), data.leave_out == "yes"
    sorted_in = await assisting.sort_scan(stand, keeper, actor, dossier_id, content, pages, leave_out=leave_out)
    return _tagged(sorted_in, 201)


@post(
    "/v1/desk/assisted/{dossier_id:str}/confirmation-request",
    who=_RECEPTION,
    tags=["desk"],
    summary="Ask the citizen to confirm on their own phone",
)
async def ask_to_confirm(dossier_id: str, stand: Stand, actor: Actor) -> Response[Dossier]:
    """They look at it and submit it like any draft of theirs; until then nothing is filed."""
    return _tagged(await assisting.ask_to_confirm(stand, actor, dossier_id), 201)


@post(
    "/v1/desk/assisted/{dossier_id:str}/submission",
    who=_RECEPTION,
    tags=["desk"],
    summary="Submit on the strength of a signed paper",
    request_max_body_size=_FILE_BYTES,
)
async def submit_signed(
    dossier_id: str,
    data: ScanForm,
    stand: Stand,
    keeper: Keeper,
    actor: Actor,
    idempotency_key: Annotated[
        str | None,
        Parameter(header="Idempotency-Key", max_length=1000, description="random; the same one when you retry"),
    ] = None,
    if_match: IfMatch = None,
) -> Response[Submitted]:
    """The scan of the declaration with the citizen's signature; it is kept, sealed in the history, and the citizen is told at once."""
    signed, version = await data.file.read(), asked_version(if_match)
    submitted = await assisting.submit_signed(
        stand, keeper, actor, dossier_id, signed, key=idempotency_key, version=version
    )
    return Response(submitted, status_code=201)


@get(
    "/v1/desk/assisted/{dossier_id:str}/receipt",
    who=_RECEPTION,
    tags=["desk"],
    media_type="application/pdf",
    summary="The receipt to print for the citizen",
)
async def print_receipt(dossier_id: str, stand: Stand, actor: Actor) -> Response[bytes]:
    """Of what my office helped with, once it is sent in."""
    return pdf(await assisting.receipt(stand, actor, dossier_id), "giay-hen")


def _tagged(dossier: Dossier, status_code: int = 200) -> Response[Dossier]:
    return tagged(dossier, dossier.version, status_code)


route_handlers: list[Any] = [
    open_assisted,
    list_assisted,
    show_assisted,
    fill_assisted,
    scan_paper,
    sort_scan,
    ask_to_confirm,
    submit_signed,
    print_receipt,
]
