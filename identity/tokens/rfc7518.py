"""The algorithms of JSON Web Algorithms (RFC 7518 §3, RFC 8037) that the house signs by: which one, the key says and never the token."""

from functools import cache
from typing import TYPE_CHECKING, Final, cast

from identity.tokens.messages import Alg

if TYPE_CHECKING:
    from collections.abc import Callable

    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

    PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey
    PublicKey = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | rsa.RSAPublicKey

ALGS: Final[tuple[Alg, ...]] = ("ES256", "EdDSA", "RS256")


def alg_of(key: "PrivateKey | PublicKey") -> Alg:
    """Of a key of ours: P-256, Ed25519 or RSA."""
    return _alg_of(type(key))


@cache
def _alg_of(kind: type) -> Alg:
    # Kept by class: to ask an abstract class who is of it takes longer than to encode a header.
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    if issubclass(kind, ec.EllipticCurvePublicKey | ec.EllipticCurvePrivateKey):
        return "ES256"
    return "RS256" if issubclass(kind, rsa.RSAPublicKey | rsa.RSAPrivateKey) else "EdDSA"


# RFC 7518 §3.4: a signature by ES256 is R and S, each of 32 bytes; the library speaks DER.
_HALF = 32


def sign(data: bytes, key: "PrivateKey") -> bytes:
    """The signature as it stands in a token: 64 bytes by ES256 and EdDSA, as long as the modulus by RS256."""
    match alg_of(key):
        case "ES256":
            r, s = _two_numbers()(cast("ec.EllipticCurvePrivateKey", key).sign(data, _es256()))
            return r.to_bytes(_HALF, "big") + s.to_bytes(_HALF, "big")
        case "RS256":
            return cast("rsa.RSAPrivateKey", key).sign(data, *_rs256())
        case "EdDSA":
            return cast("ed25519.Ed25519PrivateKey", key).sign(data)


def verifies(data: bytes, signature: bytes, key: "PublicKey") -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            if len(signature) != 2 * _HALF:
                return False
            r, s = (int.from_bytes(half, "big") for half in (signature[:_HALF], signature[_HALF:]))
            key.verify(encode_dss_signature(r, s), data, _es256())
        elif isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, data, *_rs256())
        else:
            key.verify(signature, data)
    except InvalidSignature:
        return False
    return True


@cache
def _two_numbers() -> "Callable[[bytes], tuple[int, int]]":
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    return decode_dss_signature


@cache
def _es256() -> "ec.ECDSA":
    # At the first token, not at import: these libraries take longer to load than the web framework.
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.ECDSA(hashes.SHA256())


@cache
def _rs256() -> "tuple[padding.PKCS1v15, hashes.SHA256]":
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    return padding.PKCS1v15(), hashes.SHA256()
