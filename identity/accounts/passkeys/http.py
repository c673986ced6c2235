"""/v1/me/passkeys and /v1/passkey-sign-ins."""

from dataclasses import dataclass
from typing import Any

from litestar import Request, get, patch, post
from litestar.openapi.spec import Operation

from identity.accounts.passkeys import service
from identity.accounts.passkeys.messages import (
    AssertionAnswer,
    CeremonyReply,
    NameRequest,
    Passkey,
    PasskeySignInRequest,
    RegistrationAnswer,
)
from identity.accounts.passkeys.service import Ways
from identity.http import PathId
from identity.tokens import AuthorizationReply, Issuer
from identity.tokens.http import dpop_header
from kit.actor import ANYONE, Actor, citizen, either, officer
from kit.db import Database
from kit.keys import Keys
from kit.limits import Limits
from kit.settings import Settings
from notifications import PostOffice

_SMALL = 32_000
_ONESELF = either(citizen("account", level=0), officer(scope="account"))


async def ways(
    db: Database, keys: Keys, settings: Settings, post_office: PostOffice, issuer: Issuer, limits: Limits
) -> Ways:
    """What the verbs stand on."""
    return Ways(db=db, keys=keys, settings=settings, post_office=post_office, issuer=issuer, limits=limits)


@dataclass
class _StartOperation(Operation):
    def __post_init__(self) -> None:
        self.parameters = [*(self.parameters or []), dpop_header(required=False)]


@post(
    "/v1/passkey-sign-ins",
    who=ANYONE,
    dependencies={"ways": ways},
    summary="Ask for a passkey",
    tags=["accounts"],
    request_max_body_size=_SMALL,
    operation_class=_StartOperation,
)
async def start(
    request: Request[Any, Any, Any],
    data: PasskeySignInRequest,
    ways: Ways,
    limits: Limits,
    issuer: Issuer,
    address: str,
) -> CeremonyReply:
    """Options for `navigator.credentials.get`. Send a DPoP header to bind what follows to that key."""
    await limits.hit("sign-in-address", address)
    proofs = request.headers.getall("dpop", [])
    jkt = await issuer.check_proof(proofs, method="POST", path="/v1/passkey-sign-ins") if proofs else None
    return await service.begin_sign_in(
        ways,
        client_id=data.client_id,
        code_challenge=data.code_challenge,
        method=data.code_challenge_method,
        scope=data.scope,
        nonce=data.nonce,
        jkt=jkt,
    )


@post(
    "/v1/passkey-sign-ins/{challenge_id:str}/assertion",
    who=ANYONE,
    status_code=200,
    dependencies={"ways": ways},
    summary="Sign in with a passkey",
    tags=["accounts"],
    request_max_body_size=_SMALL,
)
async def finish(challenge_id: PathId, data: AssertionAnswer, ways: Ways, address: str) -> AuthorizationReply:
    """The authorization code is redeemed at the token endpoint with the code_verifier, as after a one-time code."""
    return await service.finish_sign_in(ways, challenge_id, data, address=address)


@post(
    "/v1/me/passkey-registrations",
    who=_ONESELF,
    dependencies={"ways": ways},
    summary="Begin to register a passkey",
    tags=["accounts"],
)
async def begin_registration(ways: Ways, actor: Actor) -> CeremonyReply:
    """Options for `navigator.credentials.create`; answered by the same app with the same device key within five minutes."""
    return await service.begin_registration(ways, actor)


@post(
    "/v1/me/passkey-registrations/{challenge_id:str}/credential",
    who=_ONESELF,
    dependencies={"ways": ways},
    summary="Register the passkey",
    tags=["accounts"],
    request_max_body_size=_SMALL,
)
async def register(challenge_id: PathId, data: RegistrationAnswer, ways: Ways, actor: Actor) -> Passkey:
    """Told on every contact of the account."""
    return await service.finish_registration(ways, actor, challenge_id, data)


@get("/v1/me/passkeys", who=_ONESELF, summary="One's passkeys", tags=["accounts"])
async def list_passkeys(db: Database, actor: Actor) -> list[Passkey]:
    """The oldest first."""
    return await service.passkeys_of(db, actor)


@patch("/v1/me/passkeys/{passkey_id:str}", who=_ONESELF, summary="Name a passkey", tags=["accounts"])
async def rename(passkey_id: PathId, data: NameRequest, db: Database, actor: Actor) -> Passkey:
    """What its owner knows it by; nobody else sees it."""
    return await service.rename(db, actor, passkey_id, data.name)


route_handlers: list[Any] = [start, finish, begin_registration, register, list_passkeys, rename]
