"""Which signatures are taken: RSA PKCS #1 v1.5, RSA-PSS with its parameters spelt out, ECDSA on named curves. No SHA-1.

ICAO 9303-12 §4; RFC 4055 (PSS), RFC 5480 (curves), RFC 5758 (ECDSA). A curve described by its own parameters is refused
even where 9303-12 asks for that form: parameters an attacker may choose are how CVE-2020-0601 worked.
"""

from typing import Final, Literal

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from ocr.chip import der
from ocr.chip.der import Element, Fields, Rejected

Digest = Literal["sha1", "sha224", "sha256", "sha384", "sha512"]
PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey

HASHES: Final[dict[Digest, hashes.HashAlgorithm]] = {
    "sha1": hashes.SHA1(),  # noqa: S303 (only for the trailer of an active authentication; see active.py)
    "sha224": hashes.SHA224(),
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
_DIGESTS: Final[dict[str, Digest]] = {
    "1.3.14.3.2.26": "sha1",
    "2.16.840.1.101.3.4.2.4": "sha224",
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}
_RSA = "1.2.840.113549.1.1.1"
_PSS = "1.2.840.113549.1.1.10"
_MGF1 = "1.2.840.113549.1.1.8"
_EC_KEY = "1.2.840.10045.2.1"
_RSA_WITH: Final[dict[str, Digest]] = {
    "1.2.840.113549.1.1.5": "sha1",
    "1.2.840.113549.1.1.14": "sha224",
    "1.2.840.113549.1.1.11": "sha256",
    "1.2.840.113549.1.1.12": "sha384",
    "1.2.840.113549.1.1.13": "sha512",
}
_ECDSA_WITH: Final[dict[str, Digest]] = {
    "1.2.840.10045.4.1": "sha1",
    "1.2.840.10045.4.3.1": "sha224",
    "1.2.840.10045.4.3.2": "sha256",
    "1.2.840.10045.4.3.3": "sha384",
    "1.2.840.10045.4.3.4": "sha512",
}
_CURVES: Final[dict[str, ec.EllipticCurve]] = {
    "1.2.840.10045.3.1.7": ec.SECP256R1(),
    "1.3.132.0.34": ec.SECP384R1(),
    "1.3.132.0.35": ec.SECP521R1(),
    "1.3.36.3.3.2.8.1.1.7": ec.BrainpoolP256R1(),
    "1.3.36.3.3.2.8.1.1.11": ec.BrainpoolP384R1(),
    "1.3.36.3.3.2.8.1.1.13": ec.BrainpoolP512R1(),
}

# Longer moduli and exponents only serve to keep a processor busy.
_LONGEST_RSA_BITS = 8_192
_LONGEST_EXPONENT_BITS = 33
# Shorter salts make PSS what it was meant to replace; 20 is the length of the oldest digest it was written for.
_SHORTEST_SALT = 20
_LONGEST_SALT = 64


class Scheme(msgspec.Struct, frozen=True):
    """How a signature was made; `salt_length` in octets, for PSS only."""

    kind: Literal["rsa-pkcs1", "rsa-pss", "ecdsa"]
    digest: Digest
    salt_length: int = 0


def digest(algorithm: Element) -> Digest:
    """The digest an AlgorithmIdentifier names. Rejected: `sha1-refused`, `digest-not-supported`."""
    parts = Fields(algorithm, "algorithm-shape")
    name = _DIGESTS.get(der.oid(parts.take(der.OID)))
    parts.take_if(der.NULL)
    parts.end()
    return _allowed(name, "digest-not-supported")


def _allowed(name: Digest | None, otherwise: str) -> Digest:
    if name == "sha1":
        raise Rejected("sha1-refused")
    if name is None:
        raise Rejected(otherwise)
    return name


def scheme(algorithm: Element, *, of_signer: Digest | None = None) -> Scheme:
    """What a signature's AlgorithmIdentifier says; `of_signer` is the digest a CMS signer names beside it (RFC 5652 §5.3).

    Rejected: `sha1-refused`, `signature-algorithm-not-supported`, `digests-differ`, `pss-…`, `algorithm-shape`.
    """
    parts = Fields(algorithm, "algorithm-shape")
    name = der.oid(parts.take(der.OID))
    if name == _PSS:
        found = _pss(parts)
    elif name in _ECDSA_WITH:
        found = Scheme("ecdsa", _allowed(_ECDSA_WITH[name], ""))
    else:
        parts.take_if(der.NULL)
        with_digest = of_signer if name == _RSA else _RSA_WITH.get(name)
        found = Scheme("rsa-pkcs1", _allowed(with_digest, "signature-algorithm-not-supported"))
    parts.end()
    if of_signer is not None and found.digest != of_signer:
        raise Rejected("digests-differ")
    return found


def _pss(parts: Fields) -> Scheme:
    """RSASSA-PSS-params (RFC 4055 §3.1). What is left out means SHA-1, so nothing may be left out."""
    given = parts.take_if(der.SEQUENCE)
    if given is None:
        raise Rejected("pss-parameters-missing")
    inner = Fields(given, "pss-parameters")
    hashed, masked, salted = inner.take_if(0xA0), inner.take_if(0xA1), inner.take_if(0xA2)
    inner.end()
    if hashed is None or masked is None or salted is None:
        raise Rejected("pss-parameters-missing")
    name = digest(der.only_child(hashed, der.SEQUENCE, "pss-parameters"))
    mask = Fields(der.only_child(masked, der.SEQUENCE, "pss-parameters"), "pss-parameters")
    if der.oid(mask.take(der.OID)) != _MGF1 or digest(mask.take(der.SEQUENCE)) != name:
        raise Rejected("pss-mask-not-supported")
    mask.end()
    salt = der.integer(der.only_child(salted, der.INTEGER, "pss-parameters"))
    if salt < _SHORTEST_SALT:
        raise Rejected("pss-salt-too-short")
    if salt > _LONGEST_SALT:
        raise Rejected("pss-salt-too-long")
    return Scheme("rsa-pss", name, salt)


def public_key(info: Element, *, shortest_rsa_bits: int = 2_048) -> PublicKey:
    """The key of a SubjectPublicKeyInfo. Rejected: `key-shape`, `key-not-supported`, `key-too-short`, `key-too-long`,
    `key-not-valid`, `curve-not-named`, `curve-not-supported`.
    """
    parts = Fields(info, "key-shape")
    algorithm = Fields(parts.take(der.SEQUENCE), "key-shape")
    kind, bits = der.oid(algorithm.take(der.OID)), der.bits(parts.take(der.BIT_STRING), "key-shape")
    parts.end()
    if kind == _RSA:
        algorithm.take(der.NULL)
        algorithm.end()
        return _rsa_key(bits, shortest_rsa_bits)
    if kind != _EC_KEY:
        raise Rejected("key-not-supported")
    named = algorithm.take_if(der.OID)
    if named is None:
        raise Rejected("curve-not-named")
    algorithm.end()
    return _ec_key(der.oid(named), bits)


def _rsa_key(bits: bytes, shortest: int) -> rsa.RSAPublicKey:
    parts = Fields(der.read(bits, longest=2_048), "key-shape")
    modulus, exponent = der.integer(parts.take(der.INTEGER)), der.integer(parts.take(der.INTEGER))
    parts.end()
    if modulus < 0 or exponent < 0:
        raise Rejected("key-not-valid")
    if modulus.bit_length() < shortest:
        raise Rejected("key-too-short")
    if modulus.bit_length() > _LONGEST_RSA_BITS or exponent.bit_length() > _LONGEST_EXPONENT_BITS:
        raise Rejected("key-too-long")
    try:
        return rsa.RSAPublicNumbers(exponent, modulus).public_key()
    except ValueError:
        raise Rejected("key-not-valid") from None


def _ec_key(curve: str, point: bytes) -> ec.EllipticCurvePublicKey:
    if curve not in _CURVES:
        raise Rejected("curve-not-supported")
    if point[:1] != b"\x04":
        raise Rejected("key-not-valid")
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(_CURVES[curve], point)
    except ValueError:
        raise Rejected("key-not-valid") from None


def holds(key: PublicKey, how: Scheme, signature: bytes, message: bytes) -> bool:
    """Whether the signature over the message is this key's, made this way."""
    algorithm = HASHES[how.digest]
    try:
        if isinstance(key, rsa.RSAPublicKey):
            if how.kind == "ecdsa":
                return False
            pad = padding.PSS(padding.MGF1(algorithm), how.salt_length) if how.kind == "rsa-pss" else padding.PKCS1v15()
            key.verify(signature, message, pad, algorithm)
        elif how.kind == "ecdsa":
            key.verify(signature, message, ec.ECDSA(algorithm))
        else:
            return False
    except (InvalidSignature, ValueError):  # a salt that does not fit the modulus is a ValueError
        return False
    return True
