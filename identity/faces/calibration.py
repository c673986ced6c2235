"""From two models' figures to one score, and from the score to a decision; the figures stand in `calibration.toml`."""

import math
from array import array
from datetime import date
from functools import cache
from pathlib import Path
from statistics import NormalDist
from typing import Literal

import msgspec

from identity.faces.messages import Decision, Template


class Spread(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How one model scores strangers and the same person: means and standard deviations, in its own unit."""

    impostor_mean: float
    impostor_deviation: float
    genuine_mean: float
    genuine_deviation: float

    def above_strangers(self, value: float) -> float:
        """Distance from the strangers' mean towards the same person's, in the strangers' deviations."""
        towards = math.copysign(1.0, self.genuine_mean - self.impostor_mean)
        return towards * (value - self.impostor_mean) / self.impostor_deviation


class OneToOne(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The lines between match, unsure and no match, for a stated rate of false matches."""

    false_match_rate: float
    match_from: float
    unsure_from: float


class OneToMany(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The line of a search: all strangers of the gallery together give a false answer at `false_positive_rate`."""

    false_positive_rate: float
    least_gallery: int
    margin: float


class Calibration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Figures of one `model`; `status` says whether they were measured on the people they are used for."""

    id: str
    status: Literal["assumption", "measured"]
    model: str
    measured_on: date
    source: str
    impostor_comparisons: int
    genuine_comparisons: int
    sface: Spread
    dlib: Spread
    one_to_one: OneToOne
    one_to_many: OneToMany

    def score(self, a: Template, b: Template) -> float:
        """Both eyes' distance above strangers, averaged; no probability. Raises ValueError on another model's."""
        if not a.model == b.model == self.model:
            raise ValueError(f"templates by {a.model} and {b.model} under a calibration of {self.model}")
        cosine = sum(x * y for x, y in zip(vector(a.sface), vector(b.sface), strict=True))
        distance = math.dist(vector(a.dlib), vector(b.dlib))
        return (self.sface.above_strangers(cosine) + self.dlib.above_strangers(distance)) / 2

    def decide(self, score: float) -> Decision:
        """One to one."""
        if score >= self.one_to_one.match_from:
            return "match"
        return "unsure" if score >= self.one_to_one.unsure_from else "no_match"

    def search_line(self, gallery_size: int) -> float:
        """The least score a search may answer with, in a gallery of this size."""
        size = max(gallery_size, self.one_to_many.least_gallery)
        return NormalDist().inv_cdf(1 - self.one_to_many.false_positive_rate / size)


def vector(packed: bytes) -> "array[float]":
    """The numbers of a template: float32, as packed by this machine (little-endian wherever the models run)."""
    return array("f", packed)


@cache
def default() -> Calibration:
    """The calibration the house ships."""
    file = Path(__file__).with_name("calibration.toml")
    return msgspec.toml.decode(file.read_bytes(), type=Calibration)
