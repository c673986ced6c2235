"""SMS under a brand name through eSMS (`SendMultipleMessage_V4_post_json`, developers.esms.vn).

Published: the request's names, `CodeResult` and its table, the callback's query. Assumed: that a code missing from the table means "try later".
"""

from kit.calling import Caller
from notifications.channels import TryLater, Undeliverable
from notifications.messages import ChannelKind, Letter
from notifications.receipts import ticket

URL = "https://rest.esms.vn/MainService.svc/json/SendMultipleMessage_V4_post_json/"

_CUSTOMER_CARE = "2"
_TAKEN = "100"
# The same RequestId again: a retry after a lost reply, and the letter is on its way already.
_TAKEN_BEFORE = "124"
_NEVER = {
    "99": "the number is blocked at the provider",
    "108": "the provider calls the number malformed",
    "118": "the provider refuses this kind of message",
    "146": "the text is not the approved template",
    "177": "the number's network is not registered for the brand name",
}


class EsmsChannel:
    """`RequestId` is the letter's id, so that eSMS drops a twin; the callback's address carries a proof only we can make."""

    name = "esms"
    kind: ChannelKind = "sms"
    development_only = False
    at_once = 50
    receipts = True

    def __init__(
        self,
        caller: Caller,
        *,
        api_key: str,
        secret_key: str,
        brand: str,
        public_url: str,
        receipt_key: bytes,
        url: str = URL,
    ) -> None:
        self._caller, self._url, self._public_url, self._receipt_key = caller, url, public_url, receipt_key
        self._account = {"ApiKey": api_key, "SecretKey": secret_key, "Brandname": brand}

    async def send(self, letter: Letter) -> str | None:
        reply = await self._caller.post_json(
            self._url,
            {
                **self._account,
                "Phone": national(letter.to),
                "Content": letter.text,
                "SmsType": _CUSTOMER_CARE,
                "IsUnicode": "0",
                "Sandbox": "0",
                "campaignid": letter.event,
                "RequestId": letter.id,
                "CallbackUrl": f"{self._public_url}/v1/messages/receipts/esms/{ticket(self._receipt_key, letter.id)}",
            },
        )
        told = reply.json()
        code = str(told.get("CodeResult", "")) if isinstance(told, dict) else ""
        if code in (_TAKEN, _TAKEN_BEFORE):
            return str(told.get("SMSID") or "") or None
        if code in _NEVER:
            raise Undeliverable(_NEVER[code])
        # 101 wrong keys, 103 no money left, 104 no such brand, 140 our address is not listed: an operator's to mend, and then it leaves.
        raise TryLater(f"eSMS {reply.status} {code[:8]}", reply.retry_after_seconds)


def national(phone: str) -> str:
    """+84901234567 as the provider's samples write it: 0901234567."""
    return "0" + phone.removeprefix("+84") if phone.startswith("+84") else phone.removeprefix("+")
