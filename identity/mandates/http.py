"""/v1/me/mandates, /v1/me/wards, /v1/me/enterprise-claims, /v1/enterprises; and the officers' side under /v1/desk."""

from typing import Any

from litestar import delete, get, patch, post

from identity.http import PathId
from identity.mandates import claiming, granting, guarding, locking
from identity.mandates.messages import (
    ClaimRequest,
    ClaimVerdict,
    DelegateRequest,
    DeskClaim,
    EndRequest,
    Enterprise,
    EnterpriseClaim,
    GuardianshipRequest,
    LockRequest,
    Mandate,
    MyMandates,
    NarrowRequest,
    WardRequest,
)
from identity.mandates.ways import Mandates
from kit.actor import Actor, citizen, either, officer

# An app of others' neither learns whom somebody acts for, nor changes it.
_READER = citizen("account", level=0, own=True)
_HOLDER = citizen("account", level=2, own=True)
_CHECKER = officer("identity_checker")
_REGISTRAR = officer("civil_status")
_OPERATOR = officer("operator", scope="desk")
_SMALL = 8_000


@get("/v1/me/mandates", who=_READER, summary="Whom I act for, and who acts for me", tags=["mandates"])
async def my_mandates(mandates: Mandates, actor: Actor) -> MyMandates:
    """The newest first, ended ones among them. Name one's id in the header On-Behalf-Of to act under it."""
    return await granting.my_mandates(mandates, actor)


@delete(
    "/v1/me/mandates/{mandate_id:str}", who=_READER, status_code=204, summary="Give a mandate back", tags=["mandates"]
)
async def leave(mandate_id: PathId, mandates: Mandates, actor: Actor) -> None:
    """At once. The last representative of an enterprise stays until there is a successor."""
    await granting.leave(mandates, actor, mandate_id)


@post("/v1/me/wards", who=_HOLDER, summary="Act for my child", tags=["mandates"], request_max_body_size=_SMALL)
async def take_up(data: WardRequest, mandates: Mandates, actor: Actor) -> Mandate:
    """At once where a birth entry of this city names the caller as a parent; until the day before the child is of age."""
    return await guarding.take_up(mandates, actor, data)


@post(
    "/v1/me/enterprise-claims",
    who=_HOLDER,
    summary="Claim to represent an enterprise",
    tags=["mandates"],
    request_max_body_size=_SMALL,
)
async def claim(data: ClaimRequest, mandates: Mandates, actor: Actor) -> EnterpriseClaim:
    """`confirmed` where the business register says so; `waiting` means: bring the certificate to a service desk."""
    return await claiming.claim(mandates, actor, data)


@get("/v1/me/enterprise-claims", who=_READER, summary="My claims to represent enterprises", tags=["mandates"])
async def my_claims(mandates: Mandates, actor: Actor) -> list[EnterpriseClaim]:
    """The newest first."""
    return await claiming.claims_of(mandates, actor)


@get("/v1/enterprises/{account_id:str}", who=_HOLDER, summary="An enterprise I represent", tags=["mandates"])
async def enterprise(account_id: PathId, mandates: Mandates, actor: Actor) -> Enterprise:
    """Everybody who acts or acted for it, with the record of each change."""
    return await granting.enterprise(mandates, actor, account_id)


@post(
    "/v1/enterprises/{account_id:str}/delegates",
    who=_HOLDER,
    summary="Give a delegate a mandate",
    tags=["mandates"],
    request_max_body_size=_SMALL,
)
async def grant(account_id: PathId, data: DelegateRequest, mandates: Mandates, actor: Actor) -> Mandate:
    """To a person at level 2. Needs a sign-in of the last minutes."""
    return await granting.grant(mandates, actor, account_id, data)


@patch(
    "/v1/enterprises/{account_id:str}/delegates/{mandate_id:str}",
    who=_HOLDER,
    summary="Narrow a delegate's mandate",
    tags=["mandates"],
    request_max_body_size=_SMALL,
)
async def narrow(
    account_id: PathId, mandate_id: PathId, data: NarrowRequest, mandates: Mandates, actor: Actor
) -> Mandate:
    """Never wider: for that, end it and give another."""
    return await granting.narrow(mandates, actor, account_id, mandate_id, data)


@delete(
    "/v1/enterprises/{account_id:str}/delegates/{mandate_id:str}",
    who=_HOLDER,
    status_code=204,
    summary="End a delegate's mandate",
    tags=["mandates"],
)
async def end_delegate(account_id: PathId, mandate_id: PathId, mandates: Mandates, actor: Actor) -> None:
    """At once: what the delegate does next is refused."""
    await granting.end_delegate(mandates, actor, account_id, mandate_id)


@post(
    "/v1/enterprises/{account_id:str}/closure",
    who=_HOLDER,
    status_code=204,
    summary="Close an enterprise's account",
    tags=["mandates"],
)
async def close(account_id: PathId, mandates: Mandates, actor: Actor) -> None:
    """With every mandate. Its dossiers stay with the State. Needs a sign-in of the last minutes."""
    await granting.close(mandates, actor, account_id)


@post(
    "/v1/enterprises/{account_id:str}/lock",
    who=_HOLDER,
    status_code=204,
    summary="Lock an enterprise's account",
    tags=["mandates"],
)
async def lock(account_id: PathId, mandates: Mandates, actor: Actor) -> None:
    """At once, and for everybody: every mandate rests until an operator unlocks it. All who act for it are told."""
    await locking.lock(mandates, actor, account_id)


@post(
    "/v1/enterprise-accounts/{number:str}/lock",
    who=_OPERATOR,
    status_code=204,
    summary="Lock an enterprise's account, by its number",
    tags=["operators"],
    request_max_body_size=_SMALL,
)
async def lock_by_operator(number: PathId, data: LockRequest, mandates: Mandates, actor: Actor) -> None:
    """With the reason, which is kept."""
    await locking.lock_by_operator(mandates, actor, number, data)


@post(
    "/v1/enterprise-accounts/{number:str}/unlock",
    who=_OPERATOR,
    status_code=204,
    summary="Unlock an enterprise's account, by its number",
    tags=["operators"],
    request_max_body_size=_SMALL,
)
async def unlock_by_operator(number: PathId, data: LockRequest, mandates: Mandates, actor: Actor) -> None:
    """With the reason, which is kept. Mandates stand again as they were."""
    await locking.unlock_by_operator(mandates, actor, number, data)


@get("/v1/desk/enterprise-claims", who=_CHECKER, summary="Claims that wait", tags=["desk"])
async def waiting(mandates: Mandates, actor: Actor) -> list[DeskClaim]:
    """The oldest first."""
    return await claiming.waiting(mandates, actor)


@post(
    "/v1/desk/enterprise-claims/{claim_id:str}/verdict",
    who=_CHECKER,
    status_code=200,
    summary="Decide a claim, the person and the certificate before you",
    tags=["desk"],
    request_max_body_size=_SMALL,
)
async def decide(claim_id: PathId, data: ClaimVerdict, mandates: Mandates, actor: Actor) -> EnterpriseClaim:
    """The claimant is told, and whoever represents the enterprise already."""
    return await claiming.decide(mandates, actor, claim_id, data)


@post(
    "/v1/desk/guardianships",
    who=_REGISTRAR,
    summary="Record a guardian, with the paper",
    tags=["desk"],
    request_max_body_size=_SMALL,
)
async def record(data: GuardianshipRequest, mandates: Mandates, actor: Actor) -> Mandate:
    """A court's decision, a registered guardianship, a recognition. A child's ends with childhood, whatever is stated."""
    return await guarding.record(mandates, actor, data)


@post(
    "/v1/desk/mandates/{mandate_id:str}/end",
    who=either(_REGISTRAR, _CHECKER),
    status_code=204,
    summary="End a mandate by a decision or a death",
    tags=["desk"],
    request_max_body_size=_SMALL,
)
async def end(mandate_id: PathId, data: EndRequest, mandates: Mandates, actor: Actor) -> None:
    """Of any kind, the last representative's too. Both sides are told."""
    await guarding.end_by_officer(mandates, actor, mandate_id, data)


route_handlers: list[Any] = [
    my_mandates,
    leave,
    take_up,
    claim,
    my_claims,
    enterprise,
    grant,
    narrow,
    end_delegate,
    close,
    lock,
    lock_by_operator,
    unlock_by_operator,
    waiting,
    decide,
    record,
    end,
]
