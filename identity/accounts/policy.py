"""Numbers of the room, as `policy.toml` has them, strictly read; pure decisions on values."""

import tomllib
from collections.abc import Collection
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Literal

import msgspec

FILE = Path(__file__).with_name("policy.toml")


class Pace(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How one lane slows down: `free` failures, then waits that double, then one try in `row_seconds`."""

    free: int
    first_seconds: int
    most_seconds: int
    row: int
    row_seconds: int
    source: str

    def wait(self, failures: int) -> timedelta:
        """How long after this many failures in a row the next try is looked at."""
        if failures < self.free:
            return timedelta()
        if failures >= self.row:
            return timedelta(seconds=self.row_seconds)
        # Capped before it is doubled out of all bounds.
        doublings = min(failures - self.free, self.most_seconds.bit_length())
        return timedelta(seconds=min(self.first_seconds << doublings, self.most_seconds))


class Throttling(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    own_device: Pace
    address: Pace
    everywhere: Pace


class Devices(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    known_days: int
    source: str


class Log(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    kept_days: int
    network_days: int
    strangers_days: int
    source: str


class Passkeys(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    most: int
    source: str


Act = Literal["ways_in", "export", "close", "applications", "mandates", "file", "consent"]


class StepUp(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How lately whoever does an act signed in, everywhere or for some things only."""

    fresh_minutes: int
    source: str
    only: frozenset[str] | None = None

    def asked_for(self, what: Collection[str]) -> bool:
        return self.only is None or not self.only.isdisjoint(what)


class Sessions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    most_contacts: int
    source: str


class RecoveryRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    wait_hours: int
    level_after: int
    source: str


class Recovery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    second_factor: RecoveryRule
    in_person: RecoveryRule


class Leaving(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    acknowledge_working_days: int
    export_days: int
    correct_days: int
    object_days: int
    delete_days: int
    most_open: int
    source: str


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    throttling: Throttling
    devices: Devices
    log: Log
    passkeys: Passkeys
    sessions: Sessions
    acts: dict[Act, StepUp]
    recovery: Recovery
    leaving: Leaving


@cache
def policy() -> Policy:
    """Raises msgspec.ValidationError for a file that says too much or too little."""
    return msgspec.convert(tomllib.loads(FILE.read_text(encoding="utf-8")), Policy)
