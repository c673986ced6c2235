"""The one clock: instants are aware UTC; days are the city's days."""

from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

CITY = ZoneInfo("Asia/Ho_Chi_Minh")

_offset = timedelta()


def now() -> datetime:
    """The present instant, aware, UTC."""
    return datetime.now(UTC) + _offset


def today() -> date:
    """The present day in the city."""
    return now().astimezone(CITY).date()


@contextmanager
def shifted(by: timedelta) -> Generator[None]:
    """Tests move time for the whole process with this; nothing else does."""
    global _offset
    before = _offset
    _offset = before + by
    try:
        yield
    finally:
        _offset = before


@contextmanager
def frozen_near(at: datetime) -> Generator[None]:
    """Tests make it be about `at` (time still runs) for the whole process."""
    with shifted(at - now()):
        yield
