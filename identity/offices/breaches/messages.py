"""Breaches as operators enter and see them."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

_WRITTEN = "^[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f\\u202a-\\u202e\\u2066-\\u2069]*$"

Said = Annotated[str, Meta(min_length=1, max_length=4000, pattern=_WRITTEN)]


class BreachEvent(msgspec.Struct, frozen=True):
    """One step; `officer_id` is null where the clock itself warned."""

    at: datetime
    what: str
    said: str
    officer_id: str | None


class Breach(msgspec.Struct, frozen=True, kw_only=True):
    """`deadline_at` is when the authority (A05) must have been told; `overdue` when that has passed in silence."""

    id: str
    what: str
    affected: str
    known_at: datetime
    deadline_at: datetime
    overdue: bool
    notified_at: datetime | None
    notice_reference: str | None
    closed_at: datetime | None
    closed_with: str | None
    events: list[BreachEvent]


class BreachRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    what: Annotated[Said, Meta(description="what happened; no personal data")]
    affected: Annotated[Said, Meta(description="whose data and which kinds; no personal data")]
    known_at: Annotated[datetime, Meta(tz=True, description="when somebody here first knew: the clock runs from then")]


class BreachStep(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    said: Annotated[Said, Meta(description="the authority's reference, what was done, or how it ended")]
