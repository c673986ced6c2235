"""What the head of an office is told of it."""

from datetime import date, datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from kit.refusal import Words


class ByProcedure(Struct, frozen=True, kw_only=True):
    procedure: str
    title: Words
    decided: int
    on_time: int


class Ageing(Struct, frozen=True, kw_only=True):
    """How long ago what is open began, each counted once."""

    to_1_day: int
    to_3_days: int
    to_7_days: int
    to_30_days: int
    older: int


class Waiting(Struct, frozen=True, kw_only=True):
    """What is open now; whose clock stands still is neither due soon nor overdue."""

    open: int
    free: int
    overdue: int
    due_soon: int
    extended: int
    promised_anew: int
    ageing: Ageing


class StepTimes(Struct, frozen=True, kw_only=True):
    """Stays in a step that ended; `late` against `allowed_working_days` of the office's own process, or the promise where that is sooner."""

    state: str
    name: Words
    allowed_working_days: Annotated[int | None, Meta(description="null where the time is not the office's")]
    stays: int
    late: int
    mean_hours: float
    p90_hours: float


class Asked(Struct, frozen=True, kw_only=True):
    """How often a field or a paper had to be asked for after the submission."""

    kind: Literal["field", "document"]
    what: str
    asked: int


class LowScore(Struct, frozen=True, kw_only=True):
    """`step` is what the citizen named, or the one that was late or slowest; whose it is, is not told."""

    score: int
    comment: str
    step: str | None
    late: bool
    procedure: str
    at: datetime


class Ratings(Struct, frozen=True, kw_only=True):
    given: int
    mean: float | None
    scores: Annotated[list[int], Meta(description="how often 1, 2, 3, 4 and 5 were given")]
    low_by_step: dict[str, int]
    low: list[LowScore]


class Figures(Struct, frozen=True, kw_only=True):
    """On time is against the promise, the longer one where facts had to be verified, whatever new date was set with an apology since."""

    since: date
    until: date
    decided: int
    on_time: int
    on_time_ratio: float | None
    procedures: list[ByProcedure]
    waiting: Waiting
    steps: list[StepTimes]
    bottleneck: str | None
    supplements: list[Asked]
    ratings: Ratings
