"""Keys as JWK (RFC 7517, RFC 7518 §6, RFC 8037) and thumbprints of P-256 keys (RFC 7638)."""

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from identity.tokens import rfc7518
from identity.tokens.rfc7515 import BadJws, b64url, unb64url

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import ec

    from identity.tokens.rfc7518 import PrivateKey, PublicKey

_COORDINATE_BYTES = 32


def public_jwk(key: "ec.EllipticCurvePublicKey", **members: str) -> dict[str, str]:
    """The public half of a P-256 key, with further members such as kid, use and alg."""
    numbers = key.public_numbers()
    x, y = (b64url(number.to_bytes(_COORDINATE_BYTES, "big")) for number in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y, **members}


def key_of(jwk: Any) -> "ec.EllipticCurvePublicKey":
    """The P-256 public key a JWK states; raises BadJws for any other kind, a private key, or a point off the curve."""
    if not isinstance(jwk, dict) or jwk.get("kty") != "EC" or jwk.get("crv") != "P-256":
        raise BadJws("the key is not EC P-256")
    if "d" in jwk or "k" in jwk:
        raise BadJws("the key is private")
    x, y = jwk.get("x"), jwk.get("y")
    if not isinstance(x, str) or not isinstance(y, str):
        raise BadJws("the key has no coordinates")
    coordinates = [unb64url(x), unb64url(y)]
    if any(len(coordinate) != _COORDINATE_BYTES for coordinate in coordinates):
        raise BadJws("a coordinate has not 32 bytes")
    from cryptography.hazmat.primitives.asymmetric import ec

    try:
        return ec.EllipticCurvePublicNumbers(
            int.from_bytes(coordinates[0], "big"), int.from_bytes(coordinates[1], "big"), ec.SECP256R1()
        ).public_key()
    except ValueError as error:
        raise BadJws("the key is no point of P-256") from error


def thumbprint(key: "ec.EllipticCurvePublicKey") -> str:
    """`jkt`: SHA-256 over the required members in lexical order, without spaces (RFC 7638 §3)."""
    jwk = public_jwk(key)
    canonical = f'{{"crv":"P-256","kty":"EC","x":"{jwk["x"]}","y":"{jwk["y"]}"}}'
    return b64url(hashlib.sha256(canonical.encode()).digest())


def jwks(keys: "Mapping[str, PrivateKey]") -> dict[str, list[dict[str, str]]]:
    """What others verify our tokens with: public halves only (RFC 7517 §5)."""
    return {"keys": [_shown(kid, key.public_key()) for kid, key in keys.items()]}


def _shown(kid: str, key: "PublicKey") -> dict[str, str]:
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    members = {"kid": kid, "use": "sig", "alg": rfc7518.alg_of(key)}
    if isinstance(key, ec.EllipticCurvePublicKey):
        return public_jwk(key, **members)
    if isinstance(key, rsa.RSAPublicKey):
        numbers = key.public_numbers()
        n, e = (b64url(number.to_bytes((number.bit_length() + 7) // 8, "big")) for number in (numbers.n, numbers.e))
        return {"kty": "RSA", "n": n, "e": e, **members}
    return {"kty": "OKP", "crv": "Ed25519", "x": b64url(key.public_bytes_raw()), **members}
