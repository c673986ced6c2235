"""/v1/me/authenticators, /v1/me/sessions, /v1/me/sign-ins and /v1/me/lock."""

from typing import Annotated, Any

from litestar import delete, get, post, put
from litestar.params import Parameter

from identity.accounts.authenticators import service
from identity.accounts.authenticators.messages import (
    Authenticator,
    ConfirmationReply,
    ContactRequest,
    Session,
    SignInLog,
    UnlockRequest,
)
from identity.accounts.authenticators.service import Ways
from identity.accounts.messages import CodeRequest
from identity.http import PathId
from kit.actor import Actor, citizen, either, officer
from kit.db import Database
from kit.keys import Keys
from kit.limits import Limits
from kit.settings import Settings
from notifications import PostOffice

_ONESELF = either(citizen("account", level=0), officer(scope="account"))
_ONE = "/v1/me/authenticators/{authenticator_id:str}"


async def ways(db: Database, keys: Keys, settings: Settings, post_office: PostOffice, limits: Limits) -> Ways:
    """What the verbs stand on."""
    return Ways(db=db, keys=keys, settings=settings, post_office=post_office, limits=limits)


_WAYS = {"ways": ways}


@get("/v1/me/authenticators", who=_ONESELF, dependencies=_WAYS, summary="One's ways in", tags=["accounts"])
async def authenticators(ways: Ways, actor: Actor) -> list[Authenticator]:
    """Phones, addresses and passkeys; at least one that needs no biometrics is always there."""
    return await service.authenticators_of(ways, actor)


@post("/v1/me/contacts", who=_ONESELF, dependencies=_WAYS, summary="Begin to add a phone or address", tags=["accounts"])
async def begin_contact(data: ContactRequest, ways: Ways, actor: Actor) -> ConfirmationReply:
    """A code goes there; the answer does not tell whether somebody else has it. Needs a sign-in of the last minutes."""
    return await service.begin_contact(ways, actor, data.contact)


@post(
    "/v1/me/contacts/{confirmation_id:str}/code",
    who=_ONESELF,
    status_code=200,
    dependencies=_WAYS,
    summary="Add the phone or address",
    tags=["accounts"],
)
async def confirm_contact(confirmation_id: PathId, data: CodeRequest, ways: Ways, actor: Actor) -> list[Authenticator]:
    """From now on it signs in. Told on every contact of the account."""
    return await service.confirm_contact(ways, actor, confirmation_id, data.code)


@put(f"{_ONE}/lock", who=_ONESELF, dependencies=_WAYS, summary="Lock one way in", tags=["accounts"])
async def lock(authenticator_id: PathId, ways: Ways, actor: Actor) -> list[Authenticator]:
    """It signs nobody in until it is unlocked by somebody who came in another way."""
    return await service.lock(ways, actor, authenticator_id)


@delete(f"{_ONE}/lock", who=_ONESELF, status_code=200, dependencies=_WAYS, summary="Unlock one", tags=["accounts"])
async def unlock(authenticator_id: PathId, ways: Ways, actor: Actor) -> list[Authenticator]:
    """Needs a sign-in that is newer than the lock, and of the last minutes."""
    return await service.unlock(ways, actor, authenticator_id)


@delete(_ONE, who=_ONESELF, status_code=204, dependencies=_WAYS, summary="Remove one way in", tags=["accounts"])
async def remove(authenticator_id: PathId, ways: Ways, actor: Actor) -> None:
    """The one that one came in by, and never the last that needs no biometrics. Told on every contact, the removed one too."""
    await service.remove(ways, actor, authenticator_id)


@post("/v1/me/lock", who=_ONESELF, status_code=204, dependencies=_WAYS, summary="Lock one's account", tags=["accounts"])
async def lock_account(ways: Ways, actor: Actor) -> None:
    """Every session ends, this one too, and nobody signs in; an officer unlocks it at a desk."""
    await service.lock_account(ways, actor)


@post(
    "/v1/desk/account-unlocks",
    who=officer("identity_checker", scope="desk"),
    status_code=204,
    dependencies=_WAYS,
    summary="Unlock the account of the person at the desk",
    tags=["desk"],
)
async def unlock_account(data: UnlockRequest, ways: Ways, actor: Actor) -> None:
    """After the papers were checked; the reason is kept with the officer's name."""
    await service.unlock_account(ways, actor, data.pin, data.reason)


@get("/v1/me/sessions", who=_ONESELF, summary="Where one is signed in", tags=["accounts"])
async def sessions(db: Database, actor: Actor) -> list[Session]:
    """The newest first."""
    return await service.sessions(db, actor)


@delete("/v1/me/sessions", who=_ONESELF, status_code=204, summary="End all other sessions", tags=["accounts"])
async def end_others(db: Database, actor: Actor) -> None:
    """All but the one that asks."""
    await service.end_others(db, actor)


@delete("/v1/me/sessions/{session_id:str}", who=_ONESELF, status_code=204, summary="End a session", tags=["accounts"])
async def end_session(session_id: PathId, db: Database, actor: Actor) -> None:
    """Its token stops with the next request."""
    await service.end_one(db, actor, session_id)


@get("/v1/me/sign-ins", who=_ONESELF, summary="The log of sign-ins", tags=["accounts"])
async def sign_ins(
    db: Database,
    actor: Actor,
    before: Annotated[
        str | None, Parameter(pattern="^sil_[0-9a-z]{26}$", description="the id of the last entry seen")
    ] = None,
) -> SignInLog:
    """Every try at this account: when, how, by which app, from which network, and whether it succeeded."""
    return await service.sign_ins(db, actor, before=before)


route_handlers: list[Any] = [
    authenticators,
    begin_contact,
    confirm_contact,
    lock,
    unlock,
    remove,
    lock_account,
    unlock_account,
    sessions,
    end_others,
    end_session,
    sign_ins,
]
