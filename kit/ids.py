"""Identifiers that sort by time, and secrets that show their kind."""

import hashlib
import secrets
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford base 32: no i, l, o, u
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]


def new_id(prefix: str) -> str:
    """`prefix_` and 26 letters: 48 bits of milliseconds, then 80 random bits, so ids sort by birth."""
    number = (time.time_ns() // 1_000_000 << 80) | secrets.randbits(80)
    return f"{prefix}_{''.join([_PAIRS[number >> shift & 1023] for shift in range(120, -1, -10)])}"


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
