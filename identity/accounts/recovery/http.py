"""/v1/me/recoveries, /v1/desk/recoveries and /v1/recovery-cancellations."""

from typing import Any

from litestar import delete, get, post

from identity.accounts.messages import CodeRequest
from identity.accounts.recovery import service
from identity.accounts.recovery.messages import (
    CancellationRequest,
    DeskRecoveryReply,
    DeskRecoveryRequest,
    Recovery,
    RecoveryRequest,
)
from identity.accounts.recovery.service import Ways
from identity.http import PathId
from kit.actor import ANYONE, Actor, citizen, officer
from kit.db import Database
from kit.jobs import Jobs
from kit.keys import Keys
from kit.limits import Limits
from kit.settings import Settings
from notifications import PostOffice

_ONESELF = citizen("account", level=0)
_DESK = officer("identity_checker", scope="desk")


async def ways(
    db: Database, keys: Keys, settings: Settings, post_office: PostOffice, limits: Limits, jobs: Jobs
) -> Ways:
    """What the verbs stand on."""
    return Ways(db=db, keys=keys, settings=settings, post_office=post_office, limits=limits, jobs=jobs)


_WAYS = {"ways": ways}


@post("/v1/me/recoveries", who=_ONESELF, dependencies=_WAYS, summary="Say that a way in is lost", tags=["accounts"])
async def begin(data: RecoveryRequest, ways: Ways, actor: Actor) -> Recovery:
    """By somebody who came in another way. It takes effect after a wait in which every old channel can stop it."""
    return await service.begin_by_second_factor(ways, actor, data)


@get("/v1/me/recoveries", who=_ONESELF, summary="Recoveries of one's account", tags=["accounts"])
async def recoveries(db: Database, actor: Actor) -> list[Recovery]:
    """Also those that take a recycled number away; the newest first."""
    return await service.recoveries_of(db, actor)


@delete(
    "/v1/me/recoveries/{recovery_id:str}",
    who=_ONESELF,
    status_code=204,
    dependencies=_WAYS,
    summary="Stop a recovery",
    tags=["accounts"],
)
async def cancel_mine(recovery_id: PathId, ways: Ways, actor: Actor) -> None:
    """By anybody signed in to an account it concerns."""
    await service.cancel_signed_in(ways, actor, recovery_id)


@post(
    "/v1/recovery-cancellations",
    who=ANYONE,
    status_code=204,
    dependencies=_WAYS,
    summary="Stop a recovery by the code of its notice",
    tags=["accounts"],
)
async def cancel(data: CancellationRequest, ways: Ways, address: str) -> None:
    """By whoever reads an old phone or mailbox; no sign-in, for that may be what was lost."""
    await service.cancel(ways, data.code, address=address)


@post("/v1/desk/recoveries", who=_DESK, dependencies=_WAYS, summary="Begin a recovery in person", tags=["desk"])
async def begin_in_person(data: DeskRecoveryRequest, ways: Ways, actor: Actor) -> DeskRecoveryReply:
    """The person and their card are at the desk; a code goes to the phone or address they hold now."""
    return await service.begin_in_person(ways, actor, data)


@post(
    "/v1/desk/recoveries/{recovery_id:str}/code",
    who=_DESK,
    status_code=200,
    dependencies=_WAYS,
    summary="Enter the code the person reads out",
    tags=["desk"],
)
async def confirm_in_person(recovery_id: PathId, data: CodeRequest, ways: Ways, actor: Actor) -> Recovery:
    """By the officer who began it; the wait begins, and every old channel is told."""
    return await service.confirm_in_person(ways, actor, recovery_id, data.code)


route_handlers: list[Any] = [begin, recoveries, cancel_mine, cancel, begin_in_person, confirm_in_person]
