"""Partial dates: `2026-11-01`, `2026-11` or `2026`. Old books know no more of some people."""

import calendar
from datetime import date


def parts(partial: str) -> tuple[int, int | None, int | None]:
    """Year, month, day. Raises ValueError for a day that never was."""
    numbers = [int(piece) for piece in partial.split("-")]
    year, month, day = (*numbers, None, None)[:3]
    assert year is not None
    first_day(partial)
    return year, month, day


def first_day(partial: str) -> date:
    """The earliest day it may mean. Raises ValueError for a day that never was."""
    numbers = [int(piece) for piece in partial.split("-")]
    return date(*(*numbers, 1, 1)[:3])


def last_day(partial: str) -> date:
    """The latest day it may mean."""
    year, month, day = parts(partial)
    month = month or 12
    return date(year, month, day or calendar.monthrange(year, month)[1])


def is_whole(partial: str) -> bool:
    return len(partial) == len("2026-11-01")


def figures(partial: str | date) -> str:
    """As papers print it: `01/11/2026`, `11/2026`, `2026`."""
    return "/".join(reversed(str(partial).split("-")))
