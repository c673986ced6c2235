"""DPoP proofs already used, in Valkey, for as long as they could be used again. Without Valkey the call is refused."""

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
        name = hashlib.sha256(f"{proof.jkt}|{proof.jti}".encode()).hexdigest()
        try:
            first = await self._valkey.first(f"dpop:{name}", kept_seconds=_KEPT_SECONDS)
        except ValkeyGone as error:
            raise ReplayCheckUnavailable(retry_after_seconds=30) from error
        if not first:
            raise BadProof("the proof was used before; make a new one for each request")
