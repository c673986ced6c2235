"""/v1/me/data-requests, /v1/me/export, /v1/me/closure; /v1/data-requests for operators."""

from typing import Any

from litestar import get, post

from identity.accounts.leaving import service
from identity.accounts.leaving.messages import (
    ClosureReply,
    DataRequest,
    DecisionRequest,
    Export,
    NewRequest,
    StepRequest,
)
from identity.accounts.leaving.service import Ways
from identity.faces import FaceStore
from identity.http import PathId
from identity.mandates import Mandates
from kit.actor import Actor, citizen, officer
from kit.db import Database
from kit.keys import Keys
from kit.settings import Settings
from notifications import PostOffice
from procedures import Catalogue

_ONESELF = citizen("account", level=0)
_OPERATOR = officer("operator", scope="desk")
_ONE = "/v1/data-requests/{request_id:str}"


async def ways(db: Database, keys: Keys, settings: Settings, post_office: PostOffice, catalogue: Catalogue) -> Ways:
    """What the verbs stand on."""
    return Ways(db=db, keys=keys, settings=settings, post_office=post_office, catalogue=catalogue)


_WAYS = {"ways": ways}


@post(
    "/v1/me/data-requests",
    who=_ONESELF,
    dependencies=_WAYS,
    summary="Ask to correct, restrict or delete, or object",
    tags=["accounts"],
)
async def ask(data: NewRequest, ways: Ways, actor: Actor) -> DataRequest:
    """Acknowledged within two working days; corrected within ten days, restricted or an objection answered within fifteen, deleted
    within twenty. Told in a message when something is done."""
    return await service.ask(ways, actor, data)


@get("/v1/me/data-requests", who=_ONESELF, summary="One's requests", tags=["accounts"])
async def mine(db: Database, actor: Actor) -> list[DataRequest]:
    """With every step and its clock, the newest first."""
    return await service.requests_of(db, actor)


@post("/v1/me/export", who=_ONESELF, dependencies=_WAYS, status_code=200, summary="One's data", tags=["accounts"])
async def export(ways: Ways, faces: FaceStore, mandates: Mandates, actor: Actor) -> Export:
    """At once, unmasked; that it was given out is recorded. Needs a sign-in of the last minutes."""
    return await service.export(ways, faces, mandates, actor)


@post(
    "/v1/me/closure", who=_ONESELF, dependencies=_WAYS, status_code=200, summary="Close the account", tags=["accounts"]
)
async def close(ways: Ways, faces: FaceStore, mandates: Mandates, actor: Actor) -> ClosureReply:
    """Now, for good; what is known is erased within twenty days. Needs a sign-in of the last minutes."""
    return await service.close(ways, faces, mandates, actor)


@get("/v1/data-requests", who=_OPERATOR, summary="Requests that wait", tags=["operators"])
async def waiting(db: Database, actor: Actor) -> list[DataRequest]:
    """The most urgent first."""
    return await service.waiting(db, actor)


@post(
    f"{_ONE}/acknowledgement",
    who=_OPERATOR,
    status_code=200,
    dependencies=_WAYS,
    summary="Acknowledge a request",
    tags=["operators"],
)
async def acknowledge(request_id: PathId, ways: Ways, actor: Actor) -> DataRequest:
    """Within two working days."""
    return await service.acknowledge(ways, actor, request_id)


@post(
    f"{_ONE}/extension",
    who=_OPERATOR,
    status_code=200,
    dependencies=_WAYS,
    summary="Extend a request's clock",
    tags=["operators"],
)
async def extend(request_id: PathId, data: StepRequest, ways: Ways, actor: Actor) -> DataRequest:
    """Once, by as long again, with the reason the person is told."""
    return await service.extend(ways, actor, request_id, data.said)


@post(
    f"{_ONE}/verdict",
    who=_OPERATOR,
    status_code=200,
    dependencies=_WAYS,
    summary="Answer a request",
    tags=["operators"],
)
async def decide(request_id: PathId, data: DecisionRequest, ways: Ways, actor: Actor) -> DataRequest:
    """What was done, or why not."""
    return await service.decide(ways, actor, request_id, data)


route_handlers: list[Any] = [ask, mine, export, close, waiting, acknowledge, extend, decide]
