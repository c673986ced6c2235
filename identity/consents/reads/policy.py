"""How long reads are kept, and what each kind is for, as `policy.toml` has it, strictly read."""

import tomllib
from functools import cache
from pathlib import Path

import msgspec

from identity.consents.reads.messages import ReadKind
from kit.refusal import Words

FILE = Path(__file__).with_name("policy.toml")


class Kept(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    days: int
    source: str


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    kept: Kept
    why: dict[ReadKind, Words]


@cache
def policy() -> Policy:
    return msgspec.convert(tomllib.loads(FILE.read_text(encoding="utf-8")), Policy)
