"""Where fees are paid: a provider sends the payer to a page of its own and tells us, sealed, what was paid."""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Protocol, runtime_checkable
from urllib.parse import urlencode

import msgspec

from kit import clock
from kit.refusal import Refusal


class NoticeRefused(Refusal):
    status = 403
    code = "payment-notice-refused"
    vi = "Thông báo thanh toán không đúng chữ ký nên không được ghi nhận."
    en = "The payment notice is not sealed as it should be; nothing was recorded."


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be paid. The id says nothing of who pays for what: no name and no procedure goes to the provider."""

    id: str
    amount_dong: int


class Paid(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider says came in; `reference` is its own number, the same however often it tells it."""

    order_id: str
    amount_dong: int
    reference: str
    at: datetime


@runtime_checkable
class PaymentProvider(Protocol):
    """A payment gateway. Production start-up refuses an adapter with `development_only = True`.

    The national payment platform has no published interface; one adapter is written against the city's contract with its provider.
    """

    name: str
    development_only: bool

    def link(self, order: Order) -> str:
        """Where the payer pays exactly this."""
        ...

    def read(self, notice: Mapping[str, str]) -> Paid:
        """What a notice says. Raises NoticeRefused for one that the provider did not seal."""
        ...


class SandboxPayments:
    """A page with one button. Links and notices are sealed by HMAC-SHA256, so that nothing need be remembered."""

    name = "sandbox"
    development_only = True

    def __init__(self, key: bytes, public_url: str) -> None:
        self._key, self._url = key, public_url

    def link(self, order: Order) -> str:
        asked = {"amount": str(order.amount_dong), "seal": self._seal("link", order.id, order.amount_dong)}
        return f"{self._url}/sandbox/payments/{order.id}?{urlencode(asked)}"

    def pay(self, order_id: str, amount_dong: int, seal: str) -> dict[str, str]:
        """The notice of a payment made on the page behind a link. Raises NoticeRefused for a link that is not ours."""
        if not _same(seal, self._seal("link", order_id, amount_dong)):
            raise NoticeRefused
        return self.notice(
            Paid(order_id=order_id, amount_dong=amount_dong, reference=f"SBX-{order_id}", at=clock.now())
        )

    def notice(self, paid: Paid) -> dict[str, str]:
        """As the provider's server tells it."""
        said = {name: str(value) for name, value in msgspec.to_builtins(paid).items()}
        return {**said, "seal": self._seal("notice", *said.values())}

    def read(self, notice: Mapping[str, str]) -> Paid:
        said = [notice.get(name, "") for name in Paid.__struct_fields__]
        if not _same(notice.get("seal", ""), self._seal("notice", *said)):
            raise NoticeRefused
        return msgspec.convert(dict(notice), Paid, strict=False)

    def _seal(self, *said: object) -> str:
        return hmac.digest(self._key, "|".join(("payment", *map(str, said))).encode(), hashlib.sha256).hex()


def _same(seal: str, ours: str) -> bool:
    # As bytes: a seal with a letter beyond ASCII is a wrong one, no error of ours.
    return hmac.compare_digest(seal.encode(), ours.encode())
