"""From the figures of a model's eyes to one score, and from the score to a decision.

The figures stand in `calibration.toml`, or in the file an operator measured (`MOTCUA_FACE_CALIBRATION`).
"""

import math
from array import array
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from statistics import NormalDist
from typing import TYPE_CHECKING, Literal, TypeVar

import msgspec

from identity.faces import models
from identity.faces.messages import Decision, Template
from identity.faces.models import Measure, Model
from kit.settings import BadSetting, load, variable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Value = TypeVar("Value", float, "NDArray[np.float64]")


class BadCalibration(Exception):
    """A calibration file cannot be used; the sentence says what is wrong with it."""


class Spread(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How one eye sees strangers and the same person: means and standard deviations of what it measures."""

    measure: Measure
    impostor_mean: float
    impostor_deviation: float
    genuine_mean: float
    genuine_deviation: float

    def __post_init__(self) -> None:
        _refuse_unless_finite(self)
        if min(self.impostor_deviation, self.genuine_deviation) <= 0:
            raise ValueError("deviations must be greater than 0")
        if self.measure == "cosine" and not -1 <= self.impostor_mean < self.genuine_mean <= 1:
            raise ValueError("means of a cosine: strangers' below the same person's, both from -1 to 1")
        if self.measure == "distance" and not self.impostor_mean > self.genuine_mean >= 0:
            raise ValueError("means of a distance: strangers' above the same person's, none below 0")

    def score(self, a: bytes, b: bytes) -> float:
        """Of two vectors by this eye."""
        one, other = vector(a), vector(b)
        if self.measure == "distance":
            return self.above_strangers(math.dist(one, other))
        return self.above_strangers(sum(x * y for x, y in zip(one, other, strict=True)))

    def above_strangers(self, value: Value) -> Value:
        """Distance from the strangers' mean towards the same person's, in the strangers' deviations."""
        towards = math.copysign(1.0, self.genuine_mean - self.impostor_mean)
        return towards * (value - self.impostor_mean) / self.impostor_deviation


class OneToOne(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The lines between match, unsure and no match, for a stated rate of false matches."""

    false_match_rate: float
    match_from: float
    unsure_from: float

    def __post_init__(self) -> None:
        _refuse_unless_finite(self)
        if not 0 < self.false_match_rate <= 0.1:
            raise ValueError("false_match_rate must be greater than 0 and at most 0.1")
        if not max(0.0, self.unsure_from) <= self.match_from or self.match_from == 0:
            raise ValueError("match_from must be greater than 0, where strangers score, and at least unsure_from")


class OneToMany(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The line of a search: all strangers of the gallery together give a false answer at `false_positive_rate`."""

    false_positive_rate: float
    least_gallery: int
    margin: float

    def __post_init__(self) -> None:
        _refuse_unless_finite(self)
        if not 0 < self.false_positive_rate <= 0.1 or self.least_gallery < 1 or self.margin < 0:
            raise ValueError("false_positive_rate must be in (0, 0.1], least_gallery at least 1, margin at least 0")


class Share(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Errors among comparisons, and the ends of the interval their rate lies in."""

    errors: int
    comparisons: int
    lower: float
    upper: float

    def __post_init__(self) -> None:
        _refuse_unless_finite(self)
        if self.comparisons < 1 or not 0 <= self.lower <= self.errors / self.comparisons <= self.upper <= 1:
            raise ValueError("errors among comparisons must lie between lower and upper, and these between 0 and 1")


class Evidence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a measurement found at `match_from`, and of whom; intervals of `confidence`, by drawing people."""

    people: int
    photos: int
    unused_photos: int
    confidence: float
    seed: int
    false_matches: Share
    false_non_matches: Share


class Calibration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Figures of one `model`; `status` says whether they were measured on the people they are used for."""

    id: str
    status: Literal["assumption", "measured"]
    model: str
    measured_on: date
    source: str
    impostor_comparisons: int
    genuine_comparisons: int
    eyes: Mapping[str, Spread]
    one_to_one: OneToOne
    one_to_many: OneToMany
    evidence: Evidence | None = None
    alone: OneToOne | None = None
    """The lines of a single eye of several; the shipped one's only."""

    def __post_init__(self) -> None:
        if self.status == "measured":
            # The word alone must not make figures measured ones.
            if self.evidence is None:
                raise ValueError("what is measured needs its evidence")
            if self.evidence.false_matches.upper > self.one_to_one.false_match_rate:
                raise ValueError("its evidence does not show the false_match_rate it states")

    def score(self, a: Template, b: Template) -> float:
        """Every eye's distance above strangers, averaged; no probability. Raises ValueError on another model's."""
        if not a.model == b.model == self.model:
            raise ValueError(f"templates by {a.model} and {b.model} under a calibration of {self.model}")
        return sum(eye.score(a.vectors[name], b.vectors[name]) for name, eye in self.eyes.items()) / len(self.eyes)

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


def _refuse_unless_finite(figures: msgspec.Struct) -> None:
    for name in figures.__struct_fields__:
        value = getattr(figures, name)
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError(f"{name} must be a finite number")


@cache
def shipped() -> Calibration:
    """The calibration the house ships, of its two eyes."""
    return _decode(Path(__file__).with_name("calibration.toml"), models.TWO_EYES)


@cache
def by_one_eye(model: Model) -> Calibration:
    """The shipped figures of the one eye of this model, with the lines it has when it is alone: always an assumption."""
    whole, (eye,) = shipped(), model.eyes
    assert whole.alone is not None
    return msgspec.structs.replace(
        whole,
        id=f"{whole.id}-{model.name}",
        model=model.id,
        eyes={eye.name: whole.eyes[eye.name]},
        one_to_one=whole.alone,
        alone=None,
    )


def read(file: Path, model: Model) -> Calibration:
    """An operator's calibration of this model, as `motcua faces calibrate` writes it. Raises BadCalibration."""
    try:
        return _decode(file, model)
    # TOML that is none is a ValueError too, and so are bytes that are no UTF-8.
    except (OSError, ValueError) as error:
        raise BadCalibration(str(error)) from error


def _decode(file: Path, model: Model) -> Calibration:
    found = msgspec.toml.decode(file.read_bytes(), type=Calibration)
    if found.model != model.id:
        raise ValueError(f"it is for the model {found.model}; the one at hand is {model.id}")
    if {name: eye.measure for name, eye in found.eyes.items()} != {eye.name: eye.measure for eye in model.eyes}:
        asked = ", ".join(f"{eye.name} by {eye.measure}" for eye in model.eyes)
        raise ValueError(f"its eyes must be {asked}")
    return found


@cache
def default() -> Calibration:
    """The calibration this process decides by: the operator's, else the one the house ships. Raises BadSetting.

    Read from the settings here, for inference workers are told nothing else than their environment.
    """
    file, model, name = load()[0].face_calibration, models.default(), variable("face_calibration")
    if file is None:
        if model.brought is not None:
            raise BadSetting(
                f"{variable('face_model')}={model.brought.file} needs a calibration of its own, for {model.id}: measure "
                f"one with `motcua faces calibrate` and name it in {name}."
            )
        return shipped()
    try:
        return read(file, model)
    except BadCalibration as error:
        raise BadSetting(f"{name}={file} cannot be used: {error}. Correct the file or unset {name}.") from error
