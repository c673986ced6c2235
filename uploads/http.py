"""POST /v1/uploads and what its owner may see of a file."""

from dataclasses import dataclass
from typing import Annotated, Any

from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType
from litestar.params import Body, Parameter

from kit.actor import Actor, citizen
from kit.db import Database
from kit.limits import Limits
from uploads import http_tus, service
from uploads.messages import Upload
from uploads.service import Keeper
from uploads.vault import Vault

# The file, and the multipart envelope around it.
_BODY_BYTES = service.MAX_BYTES + 64 * 1024


IdempotencyKey = Annotated[
    str | None, Parameter(header="Idempotency-Key", max_length=1000, description="random; the same one when you retry")
]


@dataclass
class UploadForm:
    """One file: PDF, JPEG, PNG or WebP, at most 20 MB."""

    file: UploadFile


@post(
    "/v1/uploads",
    who=citizen("uploads:write"),
    request_max_body_size=_BODY_BYTES,
    summary="Send a file for a dossier",
    tags=["uploads"],
)
async def send_file(
    data: Annotated[UploadForm, Body(media_type=RequestEncodingType.MULTI_PART)],
    db: Database,
    keeper: Keeper,
    limits: Limits,
    actor: Actor,
    idempotency_key: IdempotencyKey = None,
) -> Upload:
    """Told by its content, its name is not kept. Unless a dossier names it, it is erased after 30 days.

    On a bad line send an Idempotency-Key: the same key and file give the same upload, however often they arrive.
    """
    assert actor.account_id is not None
    await limits.hit("upload", actor.account_id)
    return await service.receive(
        db, keeper, account_id=actor.account_id, data=await data.file.read(), key=idempotency_key
    )


@get("/v1/uploads/{upload_id:str}", who=citizen("uploads:write"), summary="A file of mine", tags=["uploads"])
async def my_file(upload_id: str, db: Database, actor: Actor) -> Upload:
    """What is known of it."""
    assert actor.account_id is not None
    async with db.connect() as conn:
        return await service.own_upload(conn, upload_id, actor.account_id)


@get(
    "/v1/uploads/{upload_id:str}/content",
    who=citizen("uploads:write"),
    summary="See a file of mine",
    tags=["uploads"],
)
async def my_file_content(upload_id: str, db: Database, vault: Vault, actor: Actor) -> Response[bytes]:
    """Pictures re-encoded, without the camera's metadata; PDFs to save."""
    assert actor.account_id is not None
    async with db.connect() as conn:
        await service.own_upload(conn, upload_id, actor.account_id)
        shown = await service.content(conn, vault, upload_id)
    return Response(shown.data, media_type=shown.media_type, headers=shown.headers)


route_handlers: list[Any] = [send_file, my_file, my_file_content, *http_tus.route_handlers]
