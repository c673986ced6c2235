"""The seam through which messages leave; one file per adapter (`email.py`, `sandbox.py`)."""

from typing import Protocol, runtime_checkable

from notifications.messages import ChannelKind, Letter


@runtime_checkable
class Channel(Protocol):
    """One way out. An adapter with `development_only = True` is refused in production."""

    name: str
    kind: ChannelKind
    development_only: bool

    async def send(self, letter: Letter) -> None:
        """Hands the letter over. Raises Undeliverable for good; whatever else it raises means: later again."""
        ...


class Undeliverable(Exception):
    """The other side will never take this letter (no such mailbox, message refused)."""
