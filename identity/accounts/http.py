"""/v1/sign-ins and /v1/me: signing in by one-time code, and who is signed in."""

from dataclasses import dataclass
from typing import Any

from litestar import Request, get, post
from litestar.openapi.spec import Operation

from identity import offices
from identity.accounts import contact as contacts
from identity.accounts import service, signing_in
from identity.accounts.messages import CodeRequest, Me, MyContact, MyOffice, SignInReply, SignInRequest
from identity.tokens import AuthorizationReply, Issuer
from identity.tokens.http import dpop_header
from identity.tokens.rfc9068 import acr_of
from kit import pin
from kit.actor import ANYONE, Actor, citizen, either, officer
from kit.db import Database
from kit.keys import Keys
from kit.limits import Limits
from notifications import PostOffice

_SMALL = 8_000


@dataclass
class _StartOperation(Operation):
    def __post_init__(self) -> None:
        self.parameters = [*(self.parameters or []), dpop_header(required=False)]


@post(
    "/v1/sign-ins",
    who=ANYONE,
    summary="Ask for a one-time code",
    tags=["accounts"],
    request_max_body_size=_SMALL,
    operation_class=_StartOperation,
)
async def start(
    request: Request[Any, Any, Any],
    data: SignInRequest,
    db: Database,
    keys: Keys,
    limits: Limits,
    post_office: PostOffice,
    issuer: Issuer,
    address: str,
) -> SignInReply:
    """The reply is the same whether or not anybody has this login. Send a DPoP header to bind what follows to that key."""
    # First, by the caller alone: one address does not try every phone of the city, nor make us check proofs for nothing.
    await limits.hit("sign-in-address", address)
    proofs = request.headers.getall("dpop", [])
    jkt = await issuer.check_proof(proofs, method="POST", path="/v1/sign-ins") if proofs else None
    return await signing_in.start_sign_in(db, keys, limits, post_office, data, address=address, jkt=jkt)


@post(
    "/v1/sign-ins/{sign_in_id:str}/code",
    who=ANYONE,
    status_code=200,
    summary="Enter the one-time code",
    tags=["accounts"],
    request_max_body_size=_SMALL,
)
async def enter_code(
    sign_in_id: str, data: CodeRequest, db: Database, keys: Keys, issuer: Issuer, limits: Limits, address: str
) -> AuthorizationReply:
    """The authorization code is redeemed at the token endpoint with the code_verifier, and the same DPoP key if one was shown."""
    return await signing_in.finish_sign_in(db, keys, issuer, limits, sign_in_id, data.code, address=address)


# A partner's app asks /v1/oauth/userinfo: what stands here would name one person to all of them.
@get(
    "/v1/me",
    who=either(citizen("profile", level=0, own=True), officer()),
    summary="Who is signed in",
    tags=["accounts"],
)
async def me(db: Database, keys: Keys, actor: Actor) -> Me:
    assert actor.account_id is not None
    async with db.connect() as conn:
        account = await service.account(conn, keys, actor.account_id)
        office = None if actor.office_id is None else await offices.office(conn, actor.office_id)
    return Me(
        account_id=account.id,
        kind=account.kind,
        full_name=account.full_name,
        date_of_birth=account.date_of_birth,
        sex=account.sex,
        pin_masked=None if account.pin is None else pin.mask(account.pin),
        level=actor.level,
        acr=acr_of(actor.level),
        level_until=account.level_until,
        locale=account.locale,
        contacts=[MyContact(one.kind, contacts.mask(one.contact), one.verified_at) for one in account.contacts],
        office=None if office is None else MyOffice(office.id, office.name, sorted(actor.roles)),
    )


route_handlers: list[Any] = [start, enter_code, me]
