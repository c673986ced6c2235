"""/v1/kiosks: machines ask for themselves, operators let them in and take them out."""

from dataclasses import dataclass
from typing import Any

from litestar import Request, delete, get, post
from litestar.openapi.spec import Operation

from identity.http import PathId
from identity.offices.kiosks import service
from identity.offices.kiosks.messages import ApprovalRequest, Kiosk, KioskReply, KioskRequest
from identity.tokens import Issuer
from identity.tokens.http import dpop_header
from kit.actor import ANYONE, Actor, officer
from kit.db import Database
from kit.limits import Limits

_SMALL = 8_000
_OPERATOR = officer("operator", scope="desk")


@dataclass
class _AskOperation(Operation):
    def __post_init__(self) -> None:
        self.parameters = [*(self.parameters or []), dpop_header(required=True)]


@post(
    service.PATH,
    who=ANYONE,
    status_code=200,
    summary="Ask to be a kiosk, or how that stands",
    tags=["operators"],
    request_max_body_size=_SMALL,
    operation_class=_AskOperation,
)
async def ask(
    request: Request[Any, Any, Any], data: KioskRequest, db: Database, issuer: Issuer, limits: Limits, address: str
) -> KioskReply:
    """The machine makes a key, and shows the code until an operator has typed it. Call again every few seconds."""
    await limits.hit("kiosk", address)
    return await service.ask(db, issuer, data.key, request.headers.getall("dpop", []))


@get(service.PATH, who=_OPERATOR, summary="Kiosks, and machines that ask to be one", tags=["operators"])
async def list_kiosks(db: Database) -> list[Kiosk]:
    """Those that wait first."""
    return await service.all_kiosks(db)


@post(
    "/v1/kiosk-approvals",
    who=_OPERATOR,
    summary="Let the machine in that shows this code",
    tags=["operators"],
    request_max_body_size=_SMALL,
)
async def approve(data: ApprovalRequest, db: Database, actor: Actor) -> Kiosk:
    """Stand before it, or be on the phone with who does: the code is what ties the machine to your word."""
    async with db.begin() as conn:
        return await service.approve(conn, data, by=actor)


@delete(
    "/v1/kiosks/{kiosk_id:str}",
    who=_OPERATOR,
    status_code=204,
    summary="Take a kiosk out of service",
    tags=["operators"],
)
async def remove(kiosk_id: PathId, db: Database, actor: Actor) -> None:
    """At once; its key never comes back."""
    await service.remove(db, actor, kiosk_id)


route_handlers: list[Any] = [ask, list_kiosks, approve, remove]
