"""/v1/desk/branches/{id}/…: stop, go on, ask for a fee, hand over; /v1/dossiers/…/payment: the fee; /v1/payments/notices: what came in."""

from typing import Any, Final

from litestar import Request, Response, get, post

from dossiers import halting, paying, waiving
from dossiers.http_behalf import OnBehalfOf
from dossiers.http_versions import IfMatch, asked_version, tagged
from dossiers.messages import AskPayment, Deliver, PaymentView, Reason, TakeCash, WaiveFee
from dossiers.messages_desk import DeskBranch
from dossiers.refusals import NoPaymentProvider
from dossiers.standing import Stand
from kit.actor import ANYONE, Actor, citizen, officer

_SMALL: Final = 16_000


@post(
    "/v1/desk/branches/{branch_id:str}/stop",
    who=officer(),
    tags=["desk"],
    summary="Stop work on a branch with a written reason; the clock stops",
    request_max_body_size=_SMALL,
)
async def stop_branch(
    branch_id: str, data: Reason, stand: Stand, actor: Actor, if_match: IfMatch = None
) -> Response[DeskBranch]:
    version = asked_version(if_match)
    return _tagged(await halting.stop(stand, actor, branch_id, data, version=version))


@post(
    "/v1/desk/branches/{branch_id:str}/resumption",
    who=officer(),
    tags=["desk"],
    summary="Go on with a branch that was stopped",
)
async def resume_branch(branch_id: str, stand: Stand, actor: Actor, if_match: IfMatch = None) -> Response[DeskBranch]:
    version = asked_version(if_match)
    return _tagged(await halting.resume(stand, actor, branch_id, version=version))


@post(
    "/v1/desk/branches/{branch_id:str}/payment-request",
    who=officer(),
    tags=["desk"],
    summary="Ask for the fee that the table names; the clock stops",
    request_max_body_size=_SMALL,
)
async def ask_payment(
    branch_id: str, data: AskPayment, stand: Stand, actor: Actor, if_match: IfMatch = None
) -> Response[DeskBranch]:
    version = asked_version(if_match)
    return _tagged(await paying.ask(stand, actor, branch_id, data, version=version))


@post(
    "/v1/desk/branches/{branch_id:str}/fee-waiver",
    who=officer(),
    tags=["desk"],
    summary="Let off the fee that the table names, with a written reason",
    request_max_body_size=_SMALL,
)
async def waive_fee(
    branch_id: str, data: WaiveFee, stand: Stand, actor: Actor, if_match: IfMatch = None
) -> Response[DeskBranch]:
    version = asked_version(if_match)
    return _tagged(await waiving.waive(stand, actor, branch_id, data, version=version))


@post(
    "/v1/desk/branches/{branch_id:str}/cash-payment",
    who=officer(),
    tags=["desk"],
    summary="Take the fee in cash at the counter",
    request_max_body_size=_SMALL,
)
async def take_cash(
    branch_id: str, data: TakeCash, stand: Stand, actor: Actor, if_match: IfMatch = None
) -> Response[DeskBranch]:
    """What was asked for, by reception or the head of the office; one fee is paid once, whichever way."""
    version = asked_version(if_match)
    return _tagged(await paying.take_cash(stand, actor, branch_id, data, version=version))


@post(
    "/v1/desk/branches/{branch_id:str}/delivery",
    who=officer(),
    tags=["desk"],
    summary="Say that the result was handed over",
    request_max_body_size=_SMALL,
)
async def deliver_result(
    branch_id: str, data: Deliver, stand: Stand, actor: Actor, if_match: IfMatch = None
) -> Response[DeskBranch]:
    version = asked_version(if_match)
    return _tagged(await halting.deliver(stand, actor, branch_id, data, version=version))


@get(
    "/v1/dossiers/{dossier_id:str}/branches/{branch:str}/payment",
    who=citizen("dossiers:read"),
    tags=["dossiers"],
    summary="The fee asked for: where to pay it, or its receipt",
)
async def show_payment(
    dossier_id: str,
    branch: str,
    request: Request[Any, Any, Any],
    stand: Stand,
    actor: Actor,
    on_behalf_of: OnBehalfOf = None,
) -> PaymentView:
    provider = request.app.state.house.payments
    return await paying.shown(stand, provider, actor, dossier_id, branch, behalf=on_behalf_of)


@post(
    "/v1/payments/notices",
    who=ANYONE,
    tags=["wires"],
    summary="The payment provider tells what came in; its seal is who calls",
    status_code=204,
    request_max_body_size=_SMALL,
)
async def take_payment(data: dict[str, str], request: Request[Any, Any, Any], stand: Stand) -> None:
    """The same payment told again changes nothing."""
    provider = request.app.state.house.payments
    if provider is None:
        raise NoPaymentProvider
    await paying.settle(stand, provider.read(data))


def _tagged(branch: DeskBranch) -> Response[DeskBranch]:
    return tagged(branch, branch.branch.version, 201)


route_handlers: list[Any] = [
    stop_branch,
    resume_branch,
    ask_payment,
    waive_fee,
    take_cash,
    deliver_result,
    show_payment,
    take_payment,
]
