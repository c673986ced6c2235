"""/v1/me/clients and /v1/me/client-applications for partners; /v1/client-applications for operators."""

from typing import Any

from litestar import delete, get, post, put

from identity.http import OnBehalfOf, PathId
from identity.mandates import Mandates
from identity.partners import service
from identity.partners.messages import (
    Application,
    DecisionRequest,
    MyClient,
    MyClients,
    NewSecret,
    PublicKeys,
    WaitingApplication,
    Wanted,
)
from identity.partners.service import Ways
from kit.actor import Actor, citizen, officer
from kit.db import Database
from kit.keys import Keys
from kit.settings import Settings
from notifications import PostOffice

# Whoever receives people's data is somebody whose card an officer has seen.
_PARTNER = citizen("account", level=2, own=True)
_OPERATOR = officer("operator", scope="desk")
_ONE = "/v1/me/clients/{client_id:str}"


async def ways(db: Database, keys: Keys, settings: Settings, post_office: PostOffice, mandates: Mandates) -> Ways:
    """What the verbs stand on."""
    return Ways(db=db, keys=keys, settings=settings, post_office=post_office, mandates=mandates)


_WAYS = {"ways": ways}


@post(
    "/v1/me/client-applications",
    who=_PARTNER,
    dependencies=_WAYS,
    summary="Ask to register an app, or to change one",
    tags=["partners"],
)
async def apply(data: Wanted, ways: Ways, actor: Actor, on_behalf_of: OnBehalfOf = None) -> Application:
    """An operator decides; a sandbox says yes at once. Needs a sign-in of the last minutes. Who represents an enterprise asks on its
    behalf, and looks after its apps likewise."""
    return await service.apply(ways, actor, data, behalf=on_behalf_of)


@get(
    "/v1/me/clients",
    who=_PARTNER,
    dependencies=_WAYS,
    summary="My apps, and what I asked for",
    tags=["partners"],
)
async def mine(ways: Ways, actor: Actor, on_behalf_of: OnBehalfOf = None) -> MyClients:
    """As they are registered, and what operators said."""
    return await service.clients_of(ways, actor, behalf=on_behalf_of)


@post(f"{_ONE}/secret", who=_PARTNER, dependencies=_WAYS, summary="A new secret of an app", tags=["partners"])
async def renew_secret(client_id: PathId, ways: Ways, actor: Actor, on_behalf_of: OnBehalfOf = None) -> NewSecret:
    """Shown this once; the one before is taken for seven days more. Also how the first one is got."""
    return await service.renew_secret(ways, actor, client_id, behalf=on_behalf_of)


@delete(f"{_ONE}/old-secret", who=_PARTNER, dependencies=_WAYS, summary="End the secret before", tags=["partners"])
async def end_old_secret(client_id: PathId, ways: Ways, actor: Actor, on_behalf_of: OnBehalfOf = None) -> None:
    """At once: for one that got out, or once every server has the new one."""
    await service.end_old_secret(ways, actor, client_id, behalf=on_behalf_of)


@put(f"{_ONE}/keys", who=_PARTNER, dependencies=_WAYS, summary="The keys an app signs with", tags=["partners"])
async def replace_keys(
    client_id: PathId, data: PublicKeys, ways: Ways, actor: Actor, on_behalf_of: OnBehalfOf = None
) -> MyClient:
    """Public halves (private_key_jwt, ES256); send the old and the new one together while servers change over."""
    return await service.replace_keys(ways, actor, client_id, data.public_keys, behalf=on_behalf_of)


@get(
    "/v1/client-applications",
    who=_OPERATOR,
    dependencies=_WAYS,
    summary="Apps that wait for a decision",
    tags=["operators"],
)
async def waiting(ways: Ways, actor: Actor) -> list[WaitingApplication]:
    """The oldest first, with who asks and what the app is now."""
    return await service.waiting(ways, actor)


@post(
    "/v1/client-applications/{application_id:str}/verdict",
    who=_OPERATOR,
    status_code=200,
    dependencies=_WAYS,
    summary="Decide about an app",
    tags=["operators"],
)
async def decide(application_id: PathId, data: DecisionRequest, ways: Ways, actor: Actor) -> Application:
    """Once, with the reason the partner is told; never one's own."""
    return await service.decide(ways, actor, application_id, data)


route_handlers: list[Any] = [apply, mine, renew_secret, end_old_secret, replace_keys, waiting, decide]
