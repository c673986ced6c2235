"""Active authentication (ICAO 9303-11 §6.1): the chip signs a nonce with a key that cannot be read out of it.

Passive authentication shows that the data are the issuer's; only this shows that they come from the chip they were written to.
"""

import secrets
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from ocr.chip import signatures
from ocr.chip.der import Rejected
from ocr.chip.reading import ActiveReply
from ocr.chip.signatures import Digest, PublicKey, Scheme

NONCE_OCTETS: Final = 8
# ISO/IEC 10118 numbers of the digests, before the octet CC of a trailer of two.
_TRAILERS: Final[dict[int, Digest]] = {0x33: "sha1", 0x34: "sha256", 0x35: "sha512", 0x36: "sha384", 0x38: "sha224"}


def new_nonce() -> bytes:
    """Eight random octets for one chip, once; keep them no longer than 60 seconds."""
    return secrets.token_bytes(NONCE_OCTETS)


def verify(key: PublicKey, digest: Digest | None, reply: ActiveReply) -> None:
    """Returns when the reply is this key's answer to this nonce; `digest` is what DG14 names, for ECDSA.

    Rejected: `active-nonce-length`, `active-signature-length`, `active-signature-wrong`, `active-digest-not-named`,
    `sha1-refused`.
    """
    if len(reply.nonce) != NONCE_OCTETS:
        raise Rejected("active-nonce-length")
    if isinstance(key, rsa.RSAPublicKey):
        _verify_rsa(key, reply)
    else:
        _verify_ecdsa(key, digest, reply)


def _verify_rsa(key: rsa.RSAPublicKey, reply: ActiveReply) -> None:
    """ISO/IEC 9796-2 scheme 1, partial recovery: `6A ‖ M1 ‖ H(M1 ‖ nonce) ‖ trailer`, M1 chosen by the chip.

    SHA-1 is taken here: the octet BC alone means it, and a collision is of no use against a nonce made a moment ago.
    """
    numbers = key.public_numbers()
    octets = (numbers.n.bit_length() + 7) // 8
    value = int.from_bytes(reply.signature, "big")
    if len(reply.signature) != octets:
        raise Rejected("active-signature-length")
    if value >= numbers.n:
        raise Rejected("active-signature-wrong")
    opened = pow(value, numbers.e, numbers.n)
    if opened & 0xF != 0xC:
        opened = numbers.n - opened  # the signer may send the smaller of s and n - s
    block = opened.to_bytes(octets, "big")
    if block[-1] == 0xBC:
        digest, trailer = "sha1", 1
    elif block[-1] == 0xCC and block[-2] in _TRAILERS:
        digest, trailer = _TRAILERS[block[-2]], 2
    else:
        raise Rejected("active-signature-wrong")
    ends = octets - trailer - signatures.HASHES[digest].digest_size
    if block[0] != 0x6A or ends < 1:
        raise Rejected("active-signature-wrong")
    hashed = hashes.Hash(signatures.HASHES[digest])
    hashed.update(block[1:ends] + reply.nonce)
    if hashed.finalize() != block[ends : octets - trailer]:
        raise Rejected("active-signature-wrong")


def _verify_ecdsa(key: ec.EllipticCurvePublicKey, digest: Digest | None, reply: ActiveReply) -> None:
    """Plain signatures (BSI TR-03111 §5.2.1): r and s, each as long as the order of the curve."""
    if digest is None:
        raise Rejected("active-digest-not-named")
    if digest == "sha1":
        raise Rejected("sha1-refused")
    octets = (key.curve.group_order.bit_length() + 7) // 8
    if len(reply.signature) != 2 * octets:
        raise Rejected("active-signature-length")
    r, s = (int.from_bytes(half, "big") for half in (reply.signature[:octets], reply.signature[octets:]))
    if not signatures.holds(key, Scheme("ecdsa", digest), encode_dss_signature(r, s), reply.nonce):
        raise Rejected("active-signature-wrong")
