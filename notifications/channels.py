"""The seam through which messages leave; one file per adapter (`email.py`, `sms.py`, `zalo.py`, `fcm.py`, `apns.py`, `sandbox.py`)."""

from typing import Protocol, runtime_checkable

from notifications.messages import ChannelKind, Letter


@runtime_checkable
class Channel(Protocol):
    """One way out. An adapter with `development_only = True` is refused in production.

    `at_once` is how many letters it lets out at the same time; the others wait their turn, and their time does not run meanwhile.
    `receipts` says that the other side tells later whether the letter arrived; what comes after in the fall-back order waits for that.
    """

    name: str
    kind: ChannelKind
    development_only: bool
    at_once: int
    receipts: bool

    async def send(self, letter: Letter) -> str | None:
        """Hands the letter over; what the other side calls it, where it calls it anything.

        Raises Undeliverable for good, TryLater when told for how long; whatever else it raises means: later again.
        """
        ...


class Undeliverable(Exception):
    """The other side will never take this letter (no such mailbox, message refused)."""


class TryLater(Exception):
    """Not now; `after_seconds` when the other side said for how long."""

    def __init__(self, told: str, after_seconds: int | None = None) -> None:
        super().__init__(told)
        self.after_seconds = after_seconds
