"""The linked software's way (agencies): one signed message after the other (RFC 9421), answered in plain Vietnamese."""

from typing import Any, ClassVar

from kit.calling import Caller
from wires import vocabulary
from wires.messages import Wire
from wires.protocol import Heard, text_of
from wires.signing import Message, Signer

TAG = "motcua-wire"


class Linked:
    """`signer` is our end's key; the far end's own is used on what it sends us."""

    first_makes: ClassVar[int | None] = vocabulary.SENT

    def __init__(self, signer: Signer, caller: Caller) -> None:
        self._signer, self._caller = signer, caller

    async def carry(self, wire: Wire, row: Any) -> Heard:
        message = Message(
            "POST",
            wire.url,
            {
                "content-type": "application/json",
                "idempotency-key": row.id,
                "message-sequence": str(row.sequence),
            },
        )
        self._signer.sign(message, row.body, tag=TAG)
        reply = await self._caller.post(wire.url, content=row.body, headers=message.headers)
        words = text_of(reply)
        return Heard(
            vocabulary.meaning(reply.status, words),
            f"{reply.status} {vocabulary.told(words)}",
            reply.retry_after_seconds,
        )
