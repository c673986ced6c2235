"""P-256 keys as JWK (RFC 7517, RFC 7518 §6.2) and their thumbprints (RFC 7638)."""

import hashlib
from typing import TYPE_CHECKING, Any

from identity.tokens.rfc7515 import ALG, BadJws, b64url, unb64url

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import ec

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


def jwks(keys: "dict[str, ec.EllipticCurvePrivateKey]") -> dict[str, list[dict[str, str]]]:
    """What others verify our tokens with: public halves only (RFC 7517 §5)."""
    return {
        "keys": [public_jwk(key.public_key(), kid=kid, use="sig", alg=ALG) for kid, key in keys.items()],
    }
