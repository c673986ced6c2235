"""DPoP proofs and client assertions already used, in Valkey, for as long as they could be used again. Without Valkey the call is refused."""

import hashlib

from identity.tokens.refusals import ReplayCheckUnavailable
from identity.tokens.rfc9449 import WINDOW, BadProof, Proof
from kit.valkey import Valkey, ValkeyGone

# From the earliest acceptance of a proof dated ahead to its last: both sides of the window.
_KEPT_SECONDS = 2 * WINDOW.seconds + 1


class Replays:
    """One per deployment: every process asks the same store (RFC 9449 §11.1)."""

    def __init__(self, valkey: Valkey) -> None:
        self._valkey = valkey

    async def use(self, proof: Proof) -> None:
        """Marks the proof as used. Raises BadProof when it was, ReplayCheckUnavailable when nobody can tell."""
        if not await self.first_use(f"{proof.jkt}|{proof.jti}", kept_seconds=_KEPT_SECONDS):
            raise BadProof("the proof was used before; make a new one for each request")

    async def first_use(self, name: str, *, kept_seconds: int) -> bool:
        """Whether nobody used what has this name before. Raises ReplayCheckUnavailable when nobody can tell."""
        key = hashlib.sha256(name.encode()).hexdigest()
        try:
            return await self._valkey.first(f"used:{key}", kept_seconds=kept_seconds)
        except ValkeyGone as error:
            raise ReplayCheckUnavailable(retry_after_seconds=30) from error
