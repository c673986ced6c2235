"""The lines of liveness as data; the figures stand in `policy.toml`."""

from datetime import date
from functools import cache
from pathlib import Path
from typing import Literal

import msgspec

Answer = Literal["not_live", "unsure"]
Code = Literal[
    "frames-missing",
    "face-unclear",
    "several-faces",
    "not-ahead",
    "step-missed",
    "step-unasked",
    "another-person",
    "moves-flat",
    "frames-repeated",
    "frames-still",
    "screen-grid",
    "light-unanswered",
    "light-flat",
]


class Frames(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    most_gap_ms: int
    most_residual: float
    most_unclear_share: float
    most_crowded_share: float
    least_ahead: int


class Steps(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    late_ms: int
    least_frames: int
    turn_degrees: float
    nod_degrees: float
    blink_share: float
    smile_share: float
    mouth_gap: float
    unasked_times: float


class Solid(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    least_parallax: float


class Same(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    least_likeness: float


class Still(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    least_shift_px: float
    most_share: float


class Display(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    most_grid: float


class Light(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    least_correlation: float
    most_beside: float


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`status` says whether the lines were measured on people before cameras and on real attacks."""

    id: str
    status: Literal["assumption", "measured"]
    set_on: date
    source: str
    frames: Frames
    steps: Steps
    solid: Solid
    same: Same
    still: Still
    display: Display
    light: Light
    answers: dict[Code, Answer]


@cache
def default() -> Policy:
    """The policy the house ships."""
    file = Path(__file__).with_name("policy.toml")
    return msgspec.toml.decode(file.read_bytes(), type=Policy)
