"""/v1/breaches: the register of breaches, for operators."""

from typing import Any

from litestar import get, post

from identity.http import PathId
from identity.offices.breaches import service
from identity.offices.breaches.messages import Breach, BreachRequest, BreachStep
from kit.actor import Actor, officer
from kit.db import Database

_OPERATOR = officer("operator", scope="desk")
_ONE = "/v1/breaches/{breach_id:str}"


@post("/v1/breaches", who=_OPERATOR, summary="Enter a breach", tags=["operators"])
async def enter(data: BreachRequest, db: Database, actor: Actor) -> Breach:
    """The authority must be told within 72 hours of when it was known."""
    return await service.enter(db, actor, data)


@get("/v1/breaches", who=_OPERATOR, summary="The register of breaches", tags=["operators"])
async def list_breaches(db: Database) -> list[Breach]:
    """The newest first, each with every step and who took it."""
    return await service.all_breaches(db)


@post(f"{_ONE}/notes", who=_OPERATOR, summary="Add what was done or learned", tags=["operators"])
async def note(breach_id: PathId, data: BreachStep, db: Database, actor: Actor) -> Breach:
    """Appended, never edited."""
    return await service.note(db, actor, breach_id, data.said)


@post(f"{_ONE}/notice", who=_OPERATOR, summary="The authority was told", tags=["operators"])
async def notify(breach_id: PathId, data: BreachStep, db: Database, actor: Actor) -> Breach:
    """With its reference; the clock stops."""
    return await service.notify(db, actor, breach_id, data.said)


@post(f"{_ONE}/closure", who=_OPERATOR, summary="Close a breach", tags=["operators"])
async def close(breach_id: PathId, data: BreachStep, db: Database, actor: Actor) -> Breach:
    """Once the authority was told."""
    return await service.close(db, actor, breach_id, data.said)


route_handlers: list[Any] = [enter, list_breaches, note, notify, close]
