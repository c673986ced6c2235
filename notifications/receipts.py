"""What providers tell later: did the letter arrive. Who says so must show that they are the provider."""

import hashlib
import hmac
import re

import msgspec

from kit.refusal import Refusal

_TICKET_BYTES = 16
_ID = re.compile(r"dlv_[0-9a-z]{26}", re.ASCII)


class NotFromProvider(Refusal):
    """Told apart from nothing else: whoever guesses learns nothing."""

    status = 401
    code = "receipt-not-signed"
    vi = "Xác nhận gửi tin này không phải do nhà cung cấp gửi."
    en = "This delivery receipt does not come from the provider."


class Receipt(msgspec.Struct, frozen=True):
    """`arrived` False: the provider gave the letter up, and the next way is tried."""

    delivery_id: str
    arrived: bool
    told: str = ""


def ticket(key: bytes, delivery_id: str) -> str:
    """The last part of a callback's address: the letter's id and a proof that we made it (HMAC-SHA256, 128 bits)."""
    proof = hmac.digest(key, b"receipt:" + delivery_id.encode(), hashlib.sha256)[:_TICKET_BYTES]
    return f"{delivery_id}.{proof.hex()}"


def of_esms(key: bytes, shown: str, query: dict[str, str]) -> Receipt | None:
    """eSMS's callback: a GET without signature, so its address must be the one we gave. None: nothing final yet.

    `SendStatus`: 1 waits for approval, 2 waits, 4 refused, 5 done (then `SendSuccess` and `SendFailed` count), 7 at the network. Raises NotFromProvider.
    """
    delivery_id = shown.partition(".")[0]
    if not _ID.fullmatch(delivery_id) or not hmac.compare_digest(ticket(key, delivery_id), shown):
        raise NotFromProvider
    match query.get("SendStatus"):
        case "4":
            return Receipt(delivery_id, False, "refused by the provider")
        case "5":
            arrived = query.get("SendSuccess", "0") not in ("", "0")
            return Receipt(delivery_id, arrived, "" if arrived else "the network did not deliver it")
        case _:
            return None


class _Message(msgspec.Struct, frozen=True):
    tracking_id: str = ""


class _Event(msgspec.Struct, frozen=True):
    event_name: str
    app_id: str
    timestamp: str
    message: _Message = _Message()


def of_zalo(app_id: str, secret: str, body: bytes, signature: str) -> Receipt | None:
    """Zalo's webhook: `X-ZEvent-Signature: mac=sha256(app_id + body + timestamp + secret)`. None: another event than ours.

    Raises NotFromProvider. A replay says again what is known, and has no effect.
    """
    try:
        event = msgspec.json.decode(body, type=_Event, strict=False)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise NotFromProvider from None
    proof = hashlib.sha256(app_id.encode() + body + event.timestamp.encode() + secret.encode()).hexdigest()
    if event.app_id != app_id or not hmac.compare_digest(signature.removeprefix("mac=").encode(), proof.encode()):
        raise NotFromProvider
    if event.event_name != "user_received_message" or not _ID.fullmatch(event.message.tracking_id):
        return None
    return Receipt(event.message.tracking_id, True)
