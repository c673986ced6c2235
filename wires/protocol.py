"""The seam of the wires: what a way of speaking to the far end must do. One file per way (`linked.py`, `national.py`)."""

from typing import Any, ClassVar, Protocol

import msgspec

from kit.calling import Reply
from wires.vocabulary import Meaning


class Heard(msgspec.Struct, frozen=True):
    """What the far end answered: what that asks of us, and in which words an operator may read it."""

    meaning: Meaning
    words: str = ""
    retry_after_seconds: int | None = None


class WireProtocol(Protocol):
    """How one message is carried. Which message, when, how often and after which one is the wire office's."""

    first_makes: ClassVar[int | None]
    """The status of a case whose first message arrived; None: the protocol has none."""

    async def carry(self, wire: Any, row: Any) -> Heard:
        """Hands over one row of `wire_messages`. Raises NoReply when nobody answered."""
        ...


def text_of(reply: Reply) -> str:
    """The words of a reply: a JSON text, the texts of a JSON object, or the body as it is."""
    value = reply.json()
    if isinstance(value, str):
        return value
    if isinstance(value, dict) and value:
        return " ".join(str(word) for word in value.values() if isinstance(word, str))
    return reply.body.decode("utf-8", "replace")
