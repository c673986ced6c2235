"""The sandbox's payment provider, as its payer sees it: a page behind the link of an order, with one button."""

from typing import Annotated, Any

from litestar import MediaType, Request, Response, get, post
from litestar.params import Parameter

from dossiers import paying
from dossiers.standing import Stand
from kit.actor import ANYONE
from kit.refusal import NotFound
from web.pages import page
from wires.payments import SandboxPayments

Amount = Annotated[int, Parameter(ge=1, le=1_000_000_000)]
Seal = Annotated[str, Parameter(max_length=64)]


def _provider(request: Request[Any, Any, Any]) -> SandboxPayments:
    provider = request.app.state.house.payments
    if not isinstance(provider, SandboxPayments):
        raise NotFound
    return provider


@get("/sandbox/payments/{order_id:str}", who=ANYONE, include_in_schema=False, media_type=MediaType.HTML)
async def show_order(request: Request[Any, Any, Any], order_id: str, amount: Amount, seal: Seal) -> Response[str]:
    """Raises NoticeRefused for a link that is not the provider's own."""
    _provider(request).pay(order_id, amount, seal)
    return _page(request, order_id, amount, seal, paid=False)


@post(
    "/sandbox/payments/{order_id:str}",
    who=ANYONE,
    include_in_schema=False,
    media_type=MediaType.HTML,
    status_code=200,
)
async def pay_order(
    request: Request[Any, Any, Any], order_id: str, amount: Amount, seal: Seal, stand: Stand
) -> Response[str]:
    """The notice goes the way a real provider's would: sealed, read again, settled once."""
    provider = _provider(request)
    await paying.settle(stand, provider.read(provider.pay(order_id, amount, seal)))
    return _page(request, order_id, amount, seal, paid=True)


def _page(request: Request[Any, Any, Any], order_id: str, amount: int, seal: str, *, paid: bool) -> Response[str]:
    return page(
        request,
        "pay.html",
        sandbox=True,
        order_id=order_id,
        amount_dong=amount,
        seal=seal,
        paid=paid,
    )


route_handlers: list[Any] = [show_order, pay_order]
