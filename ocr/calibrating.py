"""From the recogniser's own confidence to the probability that a printed value is right, measured on specimens.

The map is data beside the weights it was measured for (`ocr/models/calibration.toml`, written by `benchmarks/cards.py
--calibrate`): pairs of the recogniser's doubt (minus the logarithm of its confidence) and the share that was right.
"""

import math
import tomllib
from bisect import bisect_right
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Literal

import msgspec

FILE = Path(__file__).parent / "models" / "calibration.toml"

Kind = Literal["digits", "text"]


class Curve(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`right[i]` of the values read with a doubt of about `doubt[i]` were right; doubts rise, shares fall.

    A value read with more doubt than `sure_below` is shown as unsure, since another witness is lacking: a limit in nats, for
    the best shares lie too near to one another to be told apart.
    """

    doubt: tuple[float, ...]
    right: tuple[float, ...]
    sure_below: float

    def probability(self, confidence: float) -> float:
        return _between(self.doubt, self.right, _doubt(confidence))


class Calibration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    measured_on: str
    digits: Curve
    text: Curve


@cache
def current() -> Calibration:
    return msgspec.convert(tomllib.loads(FILE.read_text(encoding="utf-8")), Calibration)


def probability(confidence: float, kind: Kind) -> float:
    """That a printed value which the recogniser reads with this confidence is right in every letter."""
    return getattr(current(), kind).probability(confidence)


def is_sure(confidence: float, kind: Kind) -> bool:
    """Whether a printed value that the recogniser reads with this confidence needs no other witness."""
    return _doubt(confidence) <= getattr(current(), kind).sure_below


def _doubt(confidence: float) -> float:
    return -math.log(max(confidence, 1e-12))


def _between(xs: Sequence[float], ys: Sequence[float], x: float) -> float:
    at = bisect_right(xs, x)
    if at == 0 or at == len(xs):
        return ys[min(at, len(ys) - 1)]
    share = (x - xs[at - 1]) / (xs[at] - xs[at - 1])
    return ys[at - 1] + share * (ys[at] - ys[at - 1])
