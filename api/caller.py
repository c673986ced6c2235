"""An app's side of the conversation: a device key, a proof per call (RFC 9449), PKCE. For the demo, benchmarks and tests."""

import base64
import hashlib
import secrets
import time
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm


class Device:
    """A phone: a P-256 key and the proofs made with it."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        public = ECAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        self.jwk = {name: public[name] for name in ("kty", "crv", "x", "y")}

    def proof(self, method: str, url: str, token: str | None = None, **claims: Any) -> str:
        """One proof for one call; `claims` override, for those who test what is refused."""
        payload: dict[str, Any] = {
            "jti": secrets.token_urlsafe(12),
            "htm": method,
            "htu": url.split("?")[0],
            "iat": int(time.time()),
        }
        if token is not None:
            payload["ath"] = _b64(hashlib.sha256(token.encode()).digest())
        return jwt.encode(payload | claims, self.key, "ES256", headers={"typ": "dpop+jwt", "jwk": self.jwk})

    def headers(self, method: str, url: str, token: str | None = None) -> dict[str, str]:
        """What a call carries: the proof, and the token when there is one."""
        sent = {"DPoP": self.proof(method, url, token)}
        return sent if token is None else sent | {"Authorization": f"DPoP {token}"}


class Pkce:
    """A verifier and its S256 challenge (RFC 7636)."""

    def __init__(self) -> None:
        self.verifier = secrets.token_urlsafe(48)
        self.challenge = _b64(hashlib.sha256(self.verifier.encode()).digest())


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
