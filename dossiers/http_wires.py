"""/v1/wires/{wire}/statuses: what agencies at the far end say. The message's signature is who calls."""

from typing import Annotated, Any

from litestar import Request, post
from litestar.params import Parameter

from dossiers import wired
from kit.actor import ANYONE
from kit.db import Database
from wires import StatusReport, Wire, WireOffice
from wires.messages import Answer

_BODY_BYTES = 64_000


@post(
    "/v1/wires/{wire:str}/statuses",
    who=ANYONE,
    tags=["wires"],
    summary="An agency tells what became of a dossier",
    request_max_body_size=_BODY_BYTES,
    status_code=200,
)
async def take_status(
    wire: Annotated[str, Parameter(pattern="^[a-z0-9-]{1,40}$", description="the wire's name")],
    request: Request[Any, Any, Any],
    db: Database,
    wires: WireOffice,
) -> Answer:
    """Signed (RFC 9421, tag `motcua-wire`) over method, address, content type and digest, `Idempotency-Key` and `Message-Sequence`.

    The body is a status report in the published names. `Message-Sequence` counts a dossier's messages from 1 without a gap: a later one
    before an earlier one is answered 409 and sent again. The same message again has no effect and the same answer.
    """
    house = request.app.state.house

    async def apply(end: Wire, report: StatusReport) -> None:
        await wired.apply(house, end, report)

    path = request.scope["raw_path"].decode("latin-1")
    query = request.scope.get("query_string", b"").decode("latin-1")
    headers = dict(request.headers.items())
    return await wires.receive(db, wire, f"{path}?{query}" if query else path, headers, await request.body(), apply)


route_handlers: list[Any] = [take_status]
