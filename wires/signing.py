"""Signed HTTP messages: RFC 9421 with Ed25519, over a digest of the body (RFC 9530). The only file that knows the library."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import msgspec

from kit import clock
from kit.refusal import Refusal

COVERED = ("@method", "@target-uri", "content-type", "content-digest", "idempotency-key", "message-sequence")
"""What every message of a wire signs: where it goes, what it says, which one it is and which place it has."""

FRESH_FOR = timedelta(minutes=5)
_SKEW_SECONDS = 60


class NotSigned(Refusal):
    status = 401
    code = "not-signed"
    vi = "Thông điệp không có chữ ký hợp lệ của bên gửi."
    en = "This message does not carry a valid signature of its sender."


class Message(msgspec.Struct):
    """A request as the signature sees it: method, the whole address, headers."""

    method: str
    url: str
    headers: dict[str, str]


class Signer:
    """Our end of every wire: one Ed25519 key, whose seed is the house's key `wires`."""

    def __init__(self, seed: bytes) -> None:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = self._private.public_key().public_bytes_raw()
        self.key_id = key_id(self.public)

    def sign(self, message: Message, body: bytes, *, tag: str, covered: Sequence[str] = COVERED) -> None:
        """Adds Content-Digest, Signature-Input and Signature to the headers."""
        from http_message_signatures.signatures import HTTPMessageSigner

        now = clock.now()
        HTTPMessageSigner(signature_algorithm=_ed25519(), key_resolver=_resolver({self.key_id: self._private})).sign(
            message,
            key_id=self.key_id,
            created=now,
            expires=now + FRESH_FOR,
            label="sig1",
            tag=tag,
            covered_component_ids=covered,
            body=body,
        )


def check(
    message: Message, body: bytes, *, tag: str, keys: Mapping[str, bytes], covered: Sequence[str] = COVERED
) -> str:
    """Whose key it was. `keys`: 32 bytes of Ed25519 by key id. Raises NotSigned, which never says why."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from http_message_signatures.exceptions import HTTPMessageSignaturesException
    from http_message_signatures.signatures import HTTPMessageVerifier

    class Verifier(HTTPMessageVerifier):
        def validate_created_and_expires(self, sig_input: Any, max_age: Any = None) -> None:
            """By the house's own clock, below."""

    known = {name: Ed25519PublicKey.from_public_bytes(key) for name, key in keys.items()}
    verifier = Verifier(signature_algorithm=_ed25519(), key_resolver=_resolver(known))
    try:
        (result,) = verifier.verify(message, max_age=None, expect_tag=tag, require_components=[*covered], body=body)
        now, created = clock.now().timestamp(), float(result.parameters["created"])
        expires = float(result.parameters.get("expires", created + FRESH_FOR.total_seconds()))
        if not created - _SKEW_SECONDS <= now <= min(expires, created + FRESH_FOR.total_seconds()) + _SKEW_SECONDS:
            raise NotSigned
        return str(result.parameters["keyid"])
    except (HTTPMessageSignaturesException, KeyError, ValueError, TypeError, RecursionError):
        # The library answers a malformed header with errors of its parser too; all mean the same to whoever sent it.
        raise NotSigned from None


def key_id(public: bytes) -> str:
    """The name of a key: the beginning of its SHA-256."""
    return f"ed25519-{hashlib.sha256(public).hexdigest()[:16]}"


def _ed25519() -> Any:
    from http_message_signatures import algorithms

    return vars(algorithms)["ED25519"]


def _resolver(keys: Mapping[str, Any]) -> Any:
    from http_message_signatures.resolvers import MappingKeyResolver

    return MappingKeyResolver(private_keys=dict(keys), public_keys=dict(keys))
