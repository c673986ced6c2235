"""Days as forms hold them: whole (2026-11-06) or, where papers know no more, partial (11/1962, 1962)."""

import re
from calendar import monthrange
from datetime import date
from typing import Any

from procedures import rules

_PARTIAL_DATE = re.compile(r"(?:(?:([0-9]{2})/)?([0-9]{2})/)?([0-9]{4})", re.ASCII)
_EARLIEST_YEAR = 1880


def earliest(value: Any) -> date | None:
    """The first day a date or partial date can mean; None when it is no date."""
    return _bounds(value)[0]


def latest(value: Any) -> date | None:
    """The last day a date or partial date can mean; None when it is no date."""
    return _bounds(value)[1]


def _bounds(value: Any) -> tuple[date | None, date | None]:
    day = rules.as_date(value)
    if day is not None:
        return (day, day) if day.year >= _EARLIEST_YEAR else (None, None)
    match = _PARTIAL_DATE.fullmatch(value) if isinstance(value, str) else None
    if match is None or match[1] is not None or int(match[3]) < _EARLIEST_YEAR:
        return None, None
    year = int(match[3])
    if match[2] is None:
        return date(year, 1, 1), date(year, 12, 31)
    month = int(match[2])
    if not 1 <= month <= 12:
        return None, None
    return date(year, month, 1), date(year, month, monthrange(year, month)[1])
