"""Whether a mandate stands today and what it covers: decided from its row each time somebody acts, never remembered."""

from datetime import date
from typing import Any

from identity.accounts import current_level
from identity.mandates.messages import Act, State
from identity.mandates.policy import policy


def state_of(row: Any, today: date, *, dead: bool = False) -> State:
    """Of a row with holder and principal; `dead` says that the civil register holds the death of either."""
    gone = (
        row.ended_at is not None
        or (row.until_on is not None and row.until_on < today)
        or row.closed_at is not None
        or row.enterprise_closed_at is not None
        or dead
    )
    if gone:
        return "ended"
    if row.from_on > today:
        return "not_begun"
    level, _ = current_level(row, today)
    if row.locked_at is not None or row.enterprise_locked_at is not None or level < policy().holder.level:
        return "resting"
    return "standing"


def covers(row: Any, act: Act, procedure: str) -> bool:
    return act in row.acts and (row.procedures is None or procedure in row.procedures)
