"""Conditions written in the catalogue, held against values: no expression language, only named tests."""

import re
from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, TypeVar, cast

import msgspec

from procedures.messages import Item, Validity, When

I = TypeVar("I", bound=Item)  # noqa: E741 - an Item

MONTHS_A_YEAR = 12

_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})|([0-9]{2})/([0-9]{2})/([0-9]{4})", re.ASCII)
_DAY_LENGTH = 10


def at(values: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path, or None; Structs on the way are read by attribute."""
    found: Any = values
    for step in path.split("."):
        kind = type(found)
        if kind is dict or issubclass(kind, Mapping):  # nearly always the first, which is asked in a tenth of the time
            found = found.get(step)
        elif issubclass(kind, msgspec.Struct):
            found = getattr(found, step, None)
        else:
            return None
    return found


def is_given(value: Any) -> bool:
    """Whether a person answered: not null, not blank, not an empty table or list."""
    if value is None:
        return False
    if isinstance(value, str):
        return bool(value) and not value.isspace()
    if isinstance(value, (dict, Mapping)):
        return any(is_given(part) for part in cast("Mapping[str, Any]", value).values())
    if isinstance(value, list):
        return any(is_given(part) for part in cast("list[Any]", value))
    return True


def put(values: dict[str, Any], path: str, value: Any) -> None:
    """Write a value at a dotted path, making the tables on the way."""
    *parents, last = path.split(".")
    for step in parents:
        inner = values.get(step)
        if not isinstance(inner, dict):
            inner = values[step] = {}
        values = cast("dict[str, Any]", inner)
    values[last] = value


def holds(when: When, values: Mapping[str, Any], *, today: date, branches: Collection[str] | None = None) -> bool:
    """Whether every named part of a condition is true of the values; `branches` None means all are chosen."""
    if when.branch is not None and branches is not None and when.branch not in branches:
        return False
    if when.every and not all(holds(part, values, today=today, branches=branches) for part in when.every):
        return False
    if when.some and not any(holds(part, values, today=today, branches=branches) for part in when.some):
        return False
    if when.negated is not None and holds(when.negated, values, today=today, branches=branches):
        return False
    return when.field is None or _field_holds(when, at(values, when.field), values, today)


def _field_holds(when: When, value: Any, values: Mapping[str, Any], today: date) -> bool:
    if when.given is not None and is_given(value) != when.given:
        return False
    if when.equals is not None and value != when.equals:
        return False
    if when.one_of is not None and value not in when.one_of:
        return False
    if when.same_as is not None and (not is_given(value) or value != at(values, when.same_as)):
        return False
    if when.older_than_days is not None:
        day = as_date(value)
        return day is not None and today - day > timedelta(days=when.older_than_days)
    return True


def as_answered(item: I, values: Mapping[str, Any], *, today: date) -> I:
    """The item with the deadline that its answers ask for, and without another."""
    for other in item.deadline.instead:
        if holds(other.when, values, today=today):
            days = other.working_days
            kept = msgspec.structs.replace(item.deadline, working_days=days, extended_working_days=None, instead=())
            return msgspec.structs.replace(item, deadline=kept)
    return item


def as_date(value: Any) -> date | None:
    """A day from a date, `yyyy-mm-dd` or `dd/mm/yyyy`; None when it is none of these."""
    if isinstance(value, str):
        return _day_of(value) if len(value) == _DAY_LENGTH else None
    if isinstance(value, datetime):
        return value.date()
    return value if isinstance(value, date) else None


@lru_cache(maxsize=4096)
def _day_of(text: str) -> date | None:
    """Of one form's answers each day is asked for several times over, and of all forms on a day there are few."""
    match = _DAY.fullmatch(text)
    if match is None:
        return None
    year, month, day = (match[1], match[2], match[3]) if match[1] else (match[6], match[5], match[4])
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def valid_until(validity: Validity, born: date) -> date:
    """The last day a child's paper holds: the end of the month the age is reached in, or a later day named."""
    months = born.year * MONTHS_A_YEAR + born.month - 1 + validity.months_of_age
    year, month = divmod(months, MONTHS_A_YEAR)
    following = date(year + (month + 1) // MONTHS_A_YEAR, (month + 1) % MONTHS_A_YEAR + 1, 1)
    last = following - timedelta(days=1)
    if validity.not_before is None:
        return last
    floor_month, floor_day = (int(part) for part in validity.not_before.split("-"))
    return max(last, date(last.year, floor_month, floor_day))
