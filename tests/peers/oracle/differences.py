"""The differences that are meant, each with the sentence that allows it: read from `differences.toml`."""

import tomllib
from pathlib import Path
from typing import NamedTuple

import msgspec

_FILE = Path(__file__).with_name("differences.toml")


class Found(NamedTuple):
    """One part of one answer that differs; "" where it is absent."""

    request: str
    part: str
    ours: str
    theirs: str


class Difference(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One reason, and all it explains: `answers` are [part, ours, theirs], for each of the `requests`."""

    why: str
    source: str
    says: str
    requests: list[str]
    answers: list[tuple[str, str, str]]


class _Listed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    difference: list[Difference] = []


def reasons() -> list[Difference]:
    return msgspec.convert(tomllib.loads(_FILE.read_text(encoding="utf-8")), _Listed).difference


def listed() -> set[Found]:
    """Every difference that has its reason; one has one reason only."""
    every = [Found(request, *answer) for one in reasons() for request in one.requests for answer in one.answers]
    assert len(every) == len(set(every)), "a difference is listed twice"
    return set(every)
