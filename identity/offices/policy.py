"""Numbers of the room, as `policy.toml` has them, strictly read."""

import tomllib
from functools import cache
from pathlib import Path

import msgspec

FILE = Path(__file__).with_name("policy.toml")


class Breaches(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    notice_hours: int
    warn_hours_left: tuple[int, ...]
    source: str


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    breaches: Breaches


@cache
def policy() -> Policy:
    """Raises msgspec.ValidationError for a file that says too much or too little."""
    return msgspec.convert(tomllib.loads(FILE.read_text(encoding="utf-8")), Policy)
