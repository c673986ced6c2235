"""Identifiers that sort by time, and secrets that show their kind."""

import hashlib
import os
import secrets
import time
from functools import lru_cache

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford base 32: no i, l, o, u
# A random byte for a random letter: each of the 32 stands for eight of the 256.
_LETTERS = (_ALPHABET * 8).encode()
_SPOKEN = "BCDFGHJKLMNPQRSTVWXZ"


def new_id(prefix: str) -> str:
    """`prefix_` and 26 letters: 48 bits of milliseconds, then 80 random bits, so ids sort by birth."""
    return f"{prefix}_{_moment(time.time_ns() // 1_000_000)}{_sixteen_letters()}"


_letters: list[str] = []
# What a child process is born with would be its parent's letters again.
os.register_at_fork(after_in_child=_letters.clear)


def _sixteen_letters() -> str:
    """Drawn in advance: the system is asked for randomness once for many ids. Nobody's secret: those are drawn one by one."""
    try:
        return _letters.pop()
    except IndexError:
        drawn = os.urandom(16 * 64).translate(_LETTERS).decode()
        _letters.extend(drawn[at : at + 16] for at in range(16, len(drawn), 16))
        return drawn[:16]


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
    number, found = secrets.randbelow(len(_SPOKEN) ** letters), ""
    for _ in range(letters):
        number, letter = divmod(number, len(_SPOKEN))
        found += _SPOKEN[letter]
    return found


def digest(token: str) -> bytes:
    """SHA-256 of a secret: what the database keeps instead."""
    return hashlib.sha256(token.encode()).digest()
