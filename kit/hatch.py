"""What machines ask all day, answered beside the server's door: all that came in one turn of the event loop together, without the framework,
the server's cycle and a task for each (decision 0048)."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

SMALL = 16_000
"""Bytes of a body; what is larger is not taken."""

Headers = tuple[tuple[bytes, bytes], ...]


class Call(Protocol):
    """A whole small request, of whose headers none stands twice."""

    headers: Mapping[bytes, bytes]
    """By name in small letters."""
    body: bytes
    address: str
    """What limits count the caller by."""
    request_id: str

    def answer(self, status: int, headers: Headers, body: bytes) -> None:
        """Once. `headers` are without the body's length and what every answer says. Who is gone hears nothing."""
        ...


Verb = Callable[[list[Call]], Awaitable[None]]
"""Answers each of them, before it returns or later."""
