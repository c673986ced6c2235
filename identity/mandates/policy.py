"""Numbers of the room, as `policy.toml` has them, strictly read; days counted in years."""

import calendar
import tomllib
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import msgspec

FILE = Path(__file__).with_name("policy.toml")


class Majority(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    years: int
    source: str


class Delegate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    years_without_term: int
    source: str


class Holder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    level: int
    source: str


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    majority: Majority
    delegate: Delegate
    holder: Holder


@cache
def policy() -> Policy:
    """Raises msgspec.ValidationError for a file that says too much or too little."""
    return msgspec.convert(tomllib.loads(FILE.read_text(encoding="utf-8")), Policy)


def years_after(day: date, years: int) -> date:
    """The corresponding day; where there is none, the last of that month (Bộ luật Dân sự Đ148)."""
    year = day.year + years
    return day.replace(year=year, day=min(day.day, calendar.monthrange(year, day.month)[1]))


def of_age_on(born: date) -> date:
    """The first day on which nobody acts for them as for a child."""
    return years_after(born, policy().majority.years)


def last_day_of_childhood(born: date) -> date:
    return of_age_on(born) - timedelta(days=1)


def whole_day(partial: str) -> date | None:
    """A register's `YYYY-MM-DD`; None for a month or a year alone, of which no day is guessed."""
    return date.fromisoformat(partial) if len(partial) == len("YYYY-MM-DD") else None
