"""Tokens made by hand, so that every part of them can be wrong."""

import base64
import hashlib
import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from identity.tokens import rfc7515, rfc7638

KEY = ec.generate_private_key(ec.SECP256R1())
OTHER_KEY = ec.generate_private_key(ec.SECP256R1())


def part(value: Any) -> str:
    """Base64url of bytes, of text as it stands, or of a value as JSON."""
    if isinstance(value, bytes):
        data = value
    else:
        data = value.encode() if isinstance(value, str) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(header: Any, payload: Any, key: ec.EllipticCurvePrivateKey = KEY) -> str:
    """Signed by ES256 whatever the header says."""
    signing_input = f"{part(header)}.{part(payload)}"
    return f"{signing_input}.{part(rfc7515.signature(signing_input.encode(), key))}"


def proof(
    method: str = "POST",
    url: str = "http://127.0.0.1:8000/v1/oauth/token",
    *,
    at: float,
    key: ec.EllipticCurvePrivateKey = KEY,
    access_token: str | None = None,
    header: dict[str, Any] | None = None,
    without: str | None = None,
    **claims: Any,
) -> str:
    """A DPoP proof; `header` and `claims` replace members, `without` takes one away."""
    head: dict[str, Any] = {"typ": "dpop+jwt", "alg": "ES256", "jwk": rfc7638.public_jwk(key.public_key())}
    body: dict[str, Any] = {"jti": "j-1", "htm": method, "htu": url, "iat": int(at)}
    if access_token is not None:
        body["ath"] = part(hashlib.sha256(access_token.encode()).digest())
    head |= header or {}
    body |= claims
    for members in (head, body):
        members.pop(without or "", None)
    return token(head, body, key)
