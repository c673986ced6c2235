"""How often comparing people goes wrong, and how far the figure can be trusted: arithmetic on scores, no faces.

A person takes part in many comparisons, so comparisons are no independent trials. Each interval comes from drawing
*people* anew, with replacement (bootstrap; of two people drawn u and v times their comparison counts u·v times), and is
widened to Wilson's at the effective number of comparisons (n over the design effect, as Korn and Graubard 1998 do for
samples in clusters): few errors, or none, leave the bootstrap nothing to draw. Where people do not differ, u·v varies up
to three times as much as it should; the intervals are then too wide, never too narrow.
"""

import math
from collections.abc import Iterable, Iterator
from statistics import NormalDist
from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

CONFIDENCE: Final = 0.95
# Below this many people a drawing of people says little about other people.
LEAST_PEOPLE: Final = 30
_Z: Final = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
# From this many errors on their spread over people is their own (the "rule of 30"); with fewer, that of the worst 30
# comparisons stands for it, which is more cautious: rarer events are shared by fewer people.
_ENOUGH_ERRORS: Final = 30
# What drawing people makes of comparisons of people who do not differ; see above.
_LEAST_EXPECTED_EFFECT: Final = 3.0
_BLOCK: Final = 4096


class Comparisons(NamedTuple):
    """`scores`, (n,), more is more alike; `people`, (n, 1) or (n, 2): whose, numbered from 0."""

    scores: NDArray[np.float64]
    people: NDArray[np.intp]


class Rate(NamedTuple):
    """Errors among comparisons, with the ends of the interval of `CONFIDENCE` and how far comparisons depend on each other."""

    errors: int
    comparisons: int
    lower: float
    upper: float
    design_effect: float

    @property
    def value(self) -> float:
        """The share itself; not a number when nothing was compared."""
        return self.errors / self.comparisons if self.comparisons else math.nan

    @property
    def independent(self) -> float:
        """So many independent comparisons would say as much."""
        return self.comparisons / self.design_effect


def draw_people(count: int, *, seed: int, times: int = 1000) -> NDArray[np.float32]:
    """How often each of `count` people was drawn, (times, count)."""
    chance = np.random.default_rng(seed)
    return chance.multinomial(count, np.full(count, 1 / count), size=times).astype(np.float32)


class Tally:
    """Comparisons of one kind, the worst first, under the same draws of people, (times, people)."""

    def __init__(
        self, comparisons: Comparisons, draws: NDArray[np.float32], *, wrong: Literal["at least", "below"]
    ) -> None:
        """`wrong`: a stranger's score is an error when it is at least the threshold, an owner's when it is below."""
        self._sign = -1.0 if wrong == "at least" else 1.0
        order = np.argsort(self._sign * comparisons.scores, kind="stable")
        self._keys = self._sign * comparisons.scores[order]
        self._people = comparisons.people[order]
        # A row a person: what a few comparisons need then lies together.
        self._drawn = np.ascontiguousarray(draws.T)
        self._totals = self._all_comparisons()
        # Too few people to see how they differ: however many photos, each (or each two) of them counts once.
        self._least_effect = self._early_effect = 1.0
        if len(self) and len(np.unique(self._people)) < LEAST_PEOPLE:
            self._least_effect = len(self) / len(np.unique(np.sort(self._people, axis=1), axis=0))
        if len(self):
            self._early_effect = next(self.rates([min(_ENOUGH_ERRORS, len(self) // 2)])).design_effect

    def __len__(self) -> int:
        return len(self._keys)

    def worst(self, errors: int) -> float:
        """The score of the `errors`-th worst comparison, counted from 1."""
        return float(self._sign * self._keys[errors - 1])

    def errors_at(self, threshold: float) -> int:
        """How many comparisons are errors at this threshold."""
        side = "right" if self._sign < 0 else "left"
        return int(np.searchsorted(self._keys, self._sign * threshold, side=side))

    def at(self, threshold: float) -> Rate:
        """The rate at a threshold."""
        return next(self.rates([self.errors_at(threshold)]))

    def rates(self, errors: Iterable[int]) -> Iterator[Rate]:
        """The rate when the worst so many comparisons are errors, for each of `errors`, which must not fall."""
        seen, sums = 0, np.zeros(len(self._totals))
        drawn = self._totals > 0
        for count in errors:
            while seen < count:
                upto = min(count, seen + _BLOCK)
                sums += self._weights(seen, upto)
                seen = upto
            if not len(self):
                yield Rate(0, 0, 0.0, 1.0, 1.0)
                continue
            yield self._rate(count, sums[drawn] / self._totals[drawn])

    def _rate(self, errors: int, drawn: NDArray[np.float64]) -> Rate:
        """`drawn`: the rates of the drawings."""
        share = errors / len(self)
        chance = share * (1 - share) / len(self)
        effect = max(self._least_effect, float(drawn.var()) / chance if chance and len(drawn) else 1.0)
        if errors < _ENOUGH_ERRORS:
            effect = max(effect, self._early_effect)
        low, high = wilson(errors / effect, len(self) / effect)
        if len(drawn):
            tail = (1 - CONFIDENCE) / 2
            drawn_low, drawn_high = np.quantile(drawn, [tail, 1 - tail])
            low, high = min(low, float(drawn_low)), max(high, float(drawn_high))
        return Rate(errors, len(self), low, min(1.0, high), effect)

    def _weights(self, start: int, end: int) -> NDArray[np.float64]:
        """How often the comparisons from `start` to `end` were drawn together, (times,)."""
        weights = self._drawn[self._people[start:end, 0]]
        if self._people.shape[1] == 2:
            weights = weights * self._drawn[self._people[start:end, 1]]
        return weights.sum(axis=0, dtype=np.float64)

    def _all_comparisons(self) -> NDArray[np.float64]:
        """As `_weights` of all, by way of a matrix of people, for there are many comparisons."""
        count = len(self._drawn)
        if self._people.shape[1] == 1:
            return np.bincount(self._people[:, 0], minlength=count).astype(np.float64) @ self._drawn
        pairs = np.zeros((count, count), np.float32)
        np.add.at(pairs, (self._people[:, 0], self._people[:, 1]), 1)
        return np.einsum("ij,ij->j", pairs @ self._drawn, self._drawn, dtype=np.float64)


class Lines(NamedTuple):
    """At `match_from` even the upper end of the interval keeps the rate; below `unsure_from` not even the lower end does."""

    match_from: float
    unsure_from: float


def lines(strangers: Tally, target: float) -> Lines | None:
    """Both lines for a rate of false matches, to 0.01; None when too little was compared to keep it at any threshold.

    The upper end falls as the threshold rises, so choosing the line by the interval costs nothing of its confidence.
    """
    kept: int | None = None
    failed, broken = False, len(strangers)
    for rate in strangers.rates(_steps(len(strangers))):
        failed = failed or rate.upper > target
        if not failed:
            kept = rate.errors
        if rate.lower > target:
            broken = rate.errors
            break
    if kept is None or kept == len(strangers):
        return None
    return Lines(math.floor(strangers.worst(kept + 1) * 100 + 1) / 100, math.floor(strangers.worst(broken) * 100) / 100)


def threshold(strangers: Tally, target: float) -> float:
    """The lowest threshold at which the share seen, whatever its interval, is at most `target`; to 0.01."""
    return math.floor(strangers.worst(math.floor(target * len(strangers)) + 1) * 100 + 1) / 100


def people_needed(nothing_wrong: Rate, people: int, target: float) -> int:
    """How many people in all might show `target`, had they as many photos each and no false match; at the least.

    `nothing_wrong` is the rate of the people there are at a threshold that no stranger reaches.
    """
    if people < 2 or not nothing_wrong.comparisons:
        return LEAST_PEOPLE
    independent = nothing_wrong.comparisons / max(nothing_wrong.design_effect, _LEAST_EXPECTED_EFFECT)
    needed = _Z**2 * (1 - target) / target
    return max(LEAST_PEOPLE, math.ceil(people * math.sqrt(needed / independent)))


def wilson(errors: float, trials: float) -> tuple[float, float]:
    """Wilson's interval (1927) of `CONFIDENCE`; neither need be whole. With no error its upper end is about 3.8/trials."""
    centre = (errors + _Z**2 / 2) / (trials + _Z**2)
    half = _Z / (trials + _Z**2) * math.sqrt(errors * (trials - errors) / trials + _Z**2 / 4)
    return max(0.0, centre - half), min(1.0, centre + half)


def _steps(most: int) -> Iterator[int]:
    """0, 1, 2, … in steps of half a percent once there are many."""
    count = 0
    while count <= most:
        yield count
        count += max(1, count // 200)
