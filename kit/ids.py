"""Identifiers that sort by time, and secrets that show their kind."""

import hashlib
import os
import secrets
import time
from functools import lru_cache

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford base 32: no i, l, o, u
# A random byte for a random letter: each of the 32 stands for eight of the 256.
_LETTERS = (_ALPHABET * 8).encode()


def new_id(prefix: str) -> str:
    """`prefix_` and 26 letters: 48 bits of milliseconds, then 80 random bits, so ids sort by birth."""
    return f"{prefix}_{_moment(time.time_ns() // 1_000_000)}{os.urandom(16).translate(_LETTERS).decode()}"


@lru_cache(maxsize=2)
def _moment(milliseconds: int) -> str:
    """Ten letters; kept, for many ids are born in one millisecond."""
    return "".join([_ALPHABET[milliseconds >> shift & 31] for shift in range(45, -1, -5)])


def secret_token(kind: str) -> str:
    """`mc_kind_` and 256 random bits; store only its `digest`."""
    return f"mc_{kind}_{secrets.token_urlsafe(32)}"


def one_time_code(digits: int = 6) -> str:
    """A code a person types, uniformly random."""
    return f"{secrets.randbelow(10**digits):0{digits}d}"


def spoken_code(letters: int = 8) -> str:
    """A code a person reads out: twenty consonants (RFC 8628 §6.1), about 4.3 bits a letter."""
    return "".join(secrets.choice("BCDFGHJKLMNPQRSTVWXZ") for _ in range(letters))


def digest(token: str) -> bytes:
    """SHA-256 of a secret: what the database keeps instead."""
    return hashlib.sha256(token.encode()).digest()
