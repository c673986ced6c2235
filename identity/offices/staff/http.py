"""/v1/officers, /v1/officer-changes and /v1/officer-leaves: for operators, leaves for heads of offices too."""

from typing import Any

from litestar import delete, get, post, put

from identity.http import PathId
from identity.offices.staff import service
from identity.offices.staff.messages import (
    Appointment,
    Change,
    Leave,
    LeaveRequest,
    OfficerRequest,
    PersonRequest,
    VerdictRequest,
)
from kit.actor import Actor, either, officer
from kit.db import Database
from kit.keys import Keys
from kit.settings import Settings
from notifications import PostOffice

_OPERATOR = officer("operator", scope="desk")
_LEADER = either(_OPERATOR, officer("head", scope="desk"))


@post("/v1/officers", who=_OPERATOR, summary="Create an officer", tags=["operators"])
async def create(data: OfficerRequest, db: Database, keys: Keys, actor: Actor) -> Change:
    """The account is there at once; its roles hold once a second operator approves them."""
    return await service.create_officer(db, keys, actor, data)


@post("/v1/officers/{account_id:str}/changes", who=_OPERATOR, summary="Propose other roles", tags=["operators"])
async def propose(account_id: PathId, data: Appointment, db: Database, keys: Keys, actor: Actor) -> Change:
    """What holds now holds until a second operator approves."""
    return await service.propose(db, keys, actor, account_id, data)


@delete(
    "/v1/officers/{account_id:str}/appointment",
    who=_OPERATOR,
    status_code=204,
    summary="Take an officer's roles away",
    tags=["operators"],
)
async def end(account_id: PathId, db: Database) -> None:
    """At once, by one operator: the tokens stop with the next request."""
    await service.end_now(db, account_id)


@put(
    "/v1/officers/{account_id:str}/person",
    who=_OPERATOR,
    status_code=204,
    summary="Enter which person an officer is",
    tags=["operators"],
)
async def set_person(account_id: PathId, data: PersonRequest, db: Database, keys: Keys, actor: Actor) -> None:
    """Kept sealed and shown to nobody: by it nobody decides a matter of their own, or of their family."""
    await service.set_person(db, keys, actor, account_id, data)


@delete(
    "/v1/officers/{account_id:str}/passkeys",
    who=_OPERATOR,
    status_code=204,
    summary="Remove the passkeys of an officer who lost them",
    tags=["operators"],
)
async def reset_passkeys(
    account_id: PathId, db: Database, keys: Keys, post_office: PostOffice, settings: Settings, actor: Actor
) -> None:
    """Never one's own. Sessions end, the officer is told, and registers another by a one-time code."""
    await service.reset_passkeys(db, keys, post_office, settings, actor, account_id)


@get("/v1/officer-changes", who=_OPERATOR, summary="Changes of roles", tags=["operators"])
async def list_changes(db: Database, keys: Keys) -> list[Change]:
    """Those that wait first."""
    return await service.all_changes(db, keys)


@post(
    "/v1/officer-changes/{change_id:str}/verdict",
    who=_OPERATOR,
    status_code=200,
    summary="Decide a change of roles",
    tags=["operators"],
)
async def decide(change_id: PathId, data: VerdictRequest, db: Database, keys: Keys, actor: Actor) -> Change:
    """By neither who proposed it nor whom it is for. The officer's sessions end, and begin with the new roles."""
    return await service.decide(db, keys, actor, change_id, data)


@post("/v1/officers/{account_id:str}/leaves", who=_LEADER, summary="Enter a leave", tags=["operators"])
async def enter_leave(account_id: PathId, data: LeaveRequest, db: Database, actor: Actor) -> Leave:
    """In those days the officer is not let in, and the substitute holds the roles."""
    return await service.enter_leave(db, actor, account_id, data)


@get("/v1/officer-leaves", who=_LEADER, summary="Leaves", tags=["operators"])
async def list_leaves(db: Database, actor: Actor) -> list[Leave]:
    """An operator sees all, a head those of the office."""
    return await service.leaves(db, actor)


@delete(
    "/v1/officer-leaves/{leave_id:str}", who=_LEADER, status_code=204, summary="End a leave early", tags=["operators"]
)
async def end_leave(leave_id: PathId, db: Database, actor: Actor) -> None:
    """Roles return to whose they are."""
    await service.end_leave(db, actor, leave_id)


route_handlers: list[Any] = [
    create,
    propose,
    end,
    set_person,
    reset_passkeys,
    list_changes,
    decide,
    enter_leave,
    list_leaves,
    end_leave,
]
