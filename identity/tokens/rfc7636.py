"""Proof Key for Code Exchange (RFC 7636), S256 only: `plain` protects nobody."""

import hashlib
import hmac
import re

from identity.tokens.rfc7515 import b64url

METHOD = "S256"

# §4.2 with S256: 32 bytes are always 43 letters, and the last of them has no spare bits.
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]", re.ASCII)
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}", re.ASCII)


def acceptable(challenge: str | None, method: str | None) -> bool:
    """Whether a code may be issued for this challenge; a missing one is refused (RFC 9700 §2.1.1)."""
    return method == METHOD and challenge is not None and _CHALLENGE.fullmatch(challenge) is not None


def matches(verifier: str | None, challenge: str) -> bool:
    """Whether who holds the verifier asked for the code (§4.6)."""
    if verifier is None or not _VERIFIER.fullmatch(verifier):
        return False
    return hmac.compare_digest(b64url(hashlib.sha256(verifier.encode()).digest()), challenge)
