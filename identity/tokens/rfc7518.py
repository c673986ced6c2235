"""The algorithms of JSON Web Algorithms (RFC 7518 §3, RFC 8037) that the house signs by: which one, the key says and never the token."""

from functools import cache
from typing import TYPE_CHECKING, Any, Final, cast

from identity.tokens.messages import Alg

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey
    PublicKey = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | rsa.RSAPublicKey

ALGS: Final[tuple[Alg, ...]] = ("ES256", "EdDSA", "RS256")


def alg_of(key: "PrivateKey | PublicKey") -> Alg:
    """Of a key of ours: P-256, Ed25519 or RSA."""
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    if isinstance(key, ec.EllipticCurvePublicKey | ec.EllipticCurvePrivateKey):
        return "ES256"
    return "RS256" if isinstance(key, rsa.RSAPublicKey | rsa.RSAPrivateKey) else "EdDSA"


def sign(data: bytes, key: "PrivateKey") -> bytes:
    return _algorithm(alg_of(key)).sign(data, key)


def verifies(data: bytes, signature: bytes, key: "PublicKey") -> bool:
    return cast("bool", _algorithm(alg_of(key)).verify(data, key, signature))


@cache
def _algorithm(alg: Alg) -> Any:
    # At the first token, not at import: these libraries take longer to load than the web framework.
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

    match alg:
        case "ES256":
            return ECAlgorithm(hashes.SHA256, ec.SECP256R1)
        case "EdDSA":
            return OKPAlgorithm()
        case "RS256":
            return RSAAlgorithm(RSAAlgorithm.SHA256)
