"""Authenticated encryption of what lies on disks (AES-256-GCM, NIST SP 800-38D)."""

import secrets

_NONCE_BYTES = 12


class Tampered(Exception):
    """The sealed bytes are not what was sealed, or not for this owner, or under another key."""


def new_key() -> bytes:
    """32 random bytes."""
    return secrets.token_bytes(32)


def seal(key: bytes, plain: bytes, aad: bytes) -> bytes:
    """Nonce and ciphertext; `aad` ties them to their owner, so swapped rows do not open."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, aad)


def unseal(key: bytes, sealed: bytes, aad: bytes) -> bytes:
    """The plain bytes; raises Tampered."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    if len(sealed) < _NONCE_BYTES:
        raise Tampered("the sealed bytes are cut off")
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], aad)
    except InvalidTag as error:
        raise Tampered("the sealed bytes do not open") from error
