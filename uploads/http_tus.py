"""/v1/uploads/resumable: tus 1.0.0 with creation, creation-with-upload, checksum, expiration and termination.

The protocol itself, `begin`, `stand` and `append`, knows no route: the city's own pages speak it under an address of their own.
"""

import base64
import binascii
from collections.abc import AsyncIterator, Generator
from contextlib import contextmanager
from email.utils import format_datetime
from typing import Annotated, Any, Final

from litestar import Request, Response, delete, head, patch, post, route
from litestar.enums import HttpMethod
from litestar.params import Parameter

from kit.actor import ANYONE, Actor, citizen
from kit.db import Database
from kit.limits import Limits
from kit.refusal import Refusal
from uploads import resuming, service
from uploads.messages import Resumable
from uploads.refusals import NotTus, OtherTusVersion
from uploads.service import Keeper

_PATH: Final = "/v1/uploads/resumable"
_VERSION: Final = "1.0.0"
_PIECES: Final = "application/offset+octet-stream"
_ALGORITHMS: Final = ("sha256", "sha1")
_WHO = citizen("uploads:write")
BODY_BYTES: Final = service.MAX_BYTES + 64 * 1024

Version = Annotated[str | None, Parameter(header="Tus-Resumable", max_length=20)]
Length = Annotated[int | None, Parameter(header="Upload-Length", ge=0, le=2**40)]
Offset = Annotated[int | None, Parameter(header="Upload-Offset", ge=0, le=2**40)]
Metadata = Annotated[str | None, Parameter(header="Upload-Metadata", max_length=4000)]
HttpRequest = Request[Any, Any, Any]


@route(_PATH, http_method=[HttpMethod.OPTIONS], who=ANYONE, include_in_schema=False, status_code=204)
async def options() -> Response[None]:
    """tus 1.0, OPTIONS: what is spoken here."""
    return Response(
        None,
        status_code=204,
        headers={
            "Tus-Resumable": _VERSION,
            "Tus-Version": _VERSION,
            "Tus-Extension": "creation,creation-with-upload,checksum,expiration,termination",
            "Tus-Max-Size": str(service.MAX_BYTES),
            "Tus-Checksum-Algorithm": ",".join(_ALGORITHMS),
        },
    )


@post(_PATH, who=_WHO, summary="Begin a resumable upload (tus 1.0)", tags=["uploads"], request_max_body_size=BODY_BYTES)
async def create(
    request: HttpRequest,
    db: Database,
    keeper: Keeper,
    limits: Limits,
    actor: Actor,
    tus_resumable: Version = None,
    upload_length: Length = None,
    upload_metadata: Metadata = None,
) -> Response[None]:
    """`Location` is where to send it; whole, it is the upload of that id. In `Upload-Metadata`, `sha256` (hexadecimal) is held
    against what comes; other names are read and not kept."""
    assert actor.account_id is not None
    with speaking(tus_resumable):
        return await begin(
            request, db, keeper, limits, actor.account_id, at=_PATH, length=upload_length, metadata=upload_metadata
        )


@head(f"{_PATH}/{{upload_id:str}}", who=_WHO, summary="How much of it is here", tags=["uploads"])
async def look(
    upload_id: str, db: Database, keeper: Keeper, actor: Actor, tus_resumable: Version = None
) -> Response[None]:
    """`Upload-Offset` is where to go on from."""
    assert actor.account_id is not None
    with speaking(tus_resumable):
        return await stand(db, keeper, actor.account_id, upload_id)


@patch(
    f"{_PATH}/{{upload_id:str}}",
    who=_WHO,
    summary="Send on from an offset",
    tags=["uploads"],
    status_code=204,
    request_max_body_size=BODY_BYTES,
)
async def send_on(
    request: HttpRequest,
    upload_id: str,
    db: Database,
    keeper: Keeper,
    actor: Actor,
    tus_resumable: Version = None,
    upload_offset: Offset = None,
) -> Response[None]:
    """What has come is kept, also when the line breaks in the middle; ask by HEAD how much that is."""
    assert actor.account_id is not None
    with speaking(tus_resumable):
        return await append(request, db, keeper, actor.account_id, upload_id, offset=upload_offset)


@delete(f"{_PATH}/{{upload_id:str}}", who=_WHO, summary="Give up an upload", tags=["uploads"], status_code=204)
async def give_up(
    upload_id: str, db: Database, keeper: Keeper, actor: Actor, tus_resumable: Version = None
) -> Response[None]:
    """What was kept as a file stays; only what is on its way goes."""
    assert actor.account_id is not None
    with speaking(tus_resumable):
        await resuming.forget(db, keeper.vault, upload_id, actor.account_id)
        return Response(None, status_code=204, headers={"Tus-Resumable": _VERSION})


# --- the protocol, for whoever was let in ------------------------------------------------------------------------------


async def begin(
    request: HttpRequest,
    db: Database,
    keeper: Keeper,
    limits: Limits,
    account_id: str,
    *,
    at: str,
    length: int | None,
    metadata: str | None,
) -> Response[None]:
    """201, with `Location` below `at`. Refuses NotTus, the limit of uploads, and what `resuming.create` and `receive` do."""
    if length is None:
        raise NotTus(header="Upload-Length")
    await limits.hit("upload", account_id)
    made = await resuming.create(db, account_id=account_id, length=length, sha256=_sha256(metadata))
    if request.headers.get("content-type", "").startswith(_PIECES):
        made = await resuming.receive(
            db, keeper, made.id, account_id, offset=0, body=request.stream(), checksum=_checksum(request)
        )
    return _answer(made, 201, {"Location": f"{at}/{made.id}"})


async def stand(db: Database, keeper: Keeper, account_id: str, upload_id: str) -> Response[None]:
    """200, with how much is here. Refuses what `resuming.look` does."""
    found = await resuming.look(db, keeper, upload_id, account_id)
    return _answer(found, 200, {"Upload-Length": str(found.length)})


async def append(
    request: HttpRequest, db: Database, keeper: Keeper, account_id: str, upload_id: str, *, offset: int | None
) -> Response[None]:
    """204. Refuses NotTus and what `resuming.receive` does."""
    if not request.headers.get("content-type", "").startswith(_PIECES):
        raise NotTus(header="Content-Type")
    if offset is None:
        raise NotTus(header="Upload-Offset")
    body: AsyncIterator[bytes] = request.stream()
    come = await resuming.receive(
        db, keeper, upload_id, account_id, offset=offset, body=body, checksum=_checksum(request)
    )
    return _answer(come, 204)


@contextmanager
def speaking(version: str | None) -> Generator[None]:
    """Both sides name the version, in refusals too. Refuses OtherTusVersion."""
    try:
        if version != _VERSION:
            raise OtherTusVersion(headers={"Tus-Version": _VERSION})
        yield
    except Refusal as refusal:
        refusal.headers |= {"Tus-Resumable": _VERSION, "Cache-Control": "no-store"}
        raise


def _answer(upload: Resumable, status: int, more: dict[str, str] | None = None) -> Response[None]:
    headers = {
        "Tus-Resumable": _VERSION,
        "Upload-Offset": str(upload.received),
        "Upload-Expires": format_datetime(upload.expires_at, usegmt=True),
        "Cache-Control": "no-store",
    }
    return Response(None, status_code=status, headers=headers | (more or {}))


def _sha256(metadata: str | None) -> bytes | None:
    """Of `Upload-Metadata`, the digest the client names. Refuses NotTus."""
    for pair in (metadata or "").split(","):
        name, _, value = pair.strip().partition(" ")
        if name == "sha256":
            try:
                digest = bytes.fromhex(base64.b64decode(value, validate=True).decode("ascii"))
            except (ValueError, binascii.Error) as error:
                raise NotTus(header="Upload-Metadata") from error
            if len(digest) != 32:
                raise NotTus(header="Upload-Metadata")
            return digest
    return None


def _checksum(request: Request[Any, Any, Any]) -> tuple[str, bytes] | None:
    """`Upload-Checksum`: the algorithm and the digest of this body. Refuses NotTus."""
    said = request.headers.get("upload-checksum")
    if said is None:
        return None
    algorithm, _, value = said.strip().partition(" ")
    try:
        digest = base64.b64decode(value, validate=True)
    except (ValueError, binascii.Error) as error:
        raise NotTus(header="Upload-Checksum") from error
    if algorithm not in _ALGORITHMS:
        raise NotTus(header="Upload-Checksum")
    return algorithm, digest


route_handlers: list[Any] = [options, create, look, send_on, give_up]
