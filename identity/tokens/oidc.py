"""OpenID Connect Core: the ID token (§2) and pairwise subjects (§8.1). Pure."""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from identity.tokens import rfc7515, rfc9068

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import ec

TYP = "JWT"


def pairwise_subject(key: bytes, sector: str, account_id: str) -> str:
    """What clients of one sector know a person by: of the account's random id, never of the personal number."""
    return rfc7515.b64url(hmac.digest(key, f"{sector}\n{account_id}".encode(), hashlib.sha256))


def access_token_hash(access_token: str) -> str:
    """`at_hash`: the left half of the SHA-256 that ES256 uses (§3.1.3.6)."""
    return rfc7515.b64url(hashlib.sha256(access_token.encode("ascii")).digest()[:16])


def id_token(
    kid: str,
    key: "ec.EllipticCurvePrivateKey",
    *,
    issuer: str,
    client_id: str,
    subject: str,
    level: int,
    amr: Sequence[str],
    auth_time: datetime,
    nonce: str | None,
    access_token: str,
    at: datetime,
) -> str:
    now = int(at.timestamp())
    claims: dict[str, Any] = {
        "iss": issuer,
        "sub": subject,
        "aud": client_id,
        "iat": now,
        "exp": now + int(rfc9068.LIFETIME.total_seconds()),
        "auth_time": int(auth_time.timestamp()),
        "nonce": nonce,
        "acr": rfc9068.acr_of(level),
        "amr": list(amr),
        "at_hash": access_token_hash(access_token),
    }
    stated = {name: value for name, value in claims.items() if value is not None}
    return rfc7515.sign({"typ": TYP, "kid": kid}, stated, key)
