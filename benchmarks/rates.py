"""Error rates of faces: do the intervals hold the truth, and how many people does it take to show a rate?

Cities of numbers, not of faces: strangers' scores are normal, so that the true rate is known; some people look like many.
The people it takes are those of the interval without a false match; docs/howto/calibrate-faces.md quotes them.
"""

import math
import statistics
from statistics import NormalDist

import numpy as np
from rich.progress import track

from benchmarks.reporting import Row, arguments, tell
from identity.faces import rates
from identity.faces.rates import Comparisons, Tally, draw_people

NORMAL = NormalDist()
# People, the true rate, and how much they look like many: twice its square is the share of the strangers' variance.
CITIES = ((40, 5e-2, 0.0), (60, 1e-2, 0.0), (60, 1e-2, 0.4), (100, 5e-3, 0.3), (150, 2e-3, 0.3), (150, 2e-3, 0.5))
TARGETS = (1e-2, 1e-3, 1e-4)


def city(people: int, *, seed: int, alike: float = 0.3, missed: float = 3.0) -> tuple[Tally, Tally]:
    """One card and one selfie each: strangers' scores are normal (0, 1), owners' normal (`missed`, 1)."""
    chance = np.random.default_rng(seed)
    own = chance.normal(0, alike, people)
    card, selfie = np.nonzero(~np.eye(people, dtype=bool))
    rest = math.sqrt((1 - 2 * alike**2) / 2)
    both = chance.normal(0, rest, (people, people))
    scores = own[card] + own[selfie] + both[np.minimum(card, selfie), np.maximum(card, selfie)]
    scores += chance.normal(0, rest, len(card))
    draws = draw_people(people, seed=seed, times=300)
    far = Tally(Comparisons(scores, np.stack([card, selfie], axis=1)), draws, wrong="at least")
    near = Comparisons(chance.normal(missed, 1, people), np.arange(people)[:, None])
    return far, Tally(near, draws, wrong="below")


def coverage(people: int, rate: float, alike: float, cities: int) -> list[Row]:
    """How often the interval of a rate holds the truth, and how often a line drawn from it breaks what it claims."""
    at, held, drawn, broken = NORMAL.inv_cdf(1 - rate), 0, 0, 0
    what = f"{people} people, {'alike' if alike else 'not alike'} ({alike:g}), rate {rate:g}"
    for seed in track(range(cities), what):
        far, _ = city(people, seed=seed, alike=alike)
        found, lines = far.at(at), rates.lines(far, rate)
        held += found.lower <= rate <= found.upper
        if lines is not None:
            drawn += 1
            broken += 1 - NORMAL.cdf(lines.match_from) > rate
    rows = [Row(name=f"{what}: intervals that hold the truth", value=100 * held / cities, unit="%", goal="≥ 93 %",
                holds=held >= 0.93 * cities)]  # fmt: skip
    if drawn:
        rows += [Row(name=f"{what}: lines that break their claim", value=100 * broken / drawn, unit="%", goal="≤ 7 %",
                     holds=broken <= 0.07 * drawn)]  # fmt: skip
    return rows


def people(target: float, alike: float) -> Row:
    """The median over nine small cities of what each is told it would take."""
    needed = [
        rates.people_needed(next(city(120, seed=seed, alike=alike)[0].rates([0])), 120, target) for seed in range(9)
    ]
    name = f"people it takes for {target:g}, card and selfie each, {'alike' if alike else 'not alike'} ({alike:g})"
    return Row(name=name, value=statistics.median(needed), unit="people")


def main() -> None:
    given = arguments(__doc__ or "").parse_args()
    rows = [row for one in CITIES for row in coverage(*one, cities=20 if given.quick else 100)]
    rows += [people(target, alike) for target in TARGETS for alike in (0.0, 0.5)]
    tell("rates of faces", rows, given.json)


if __name__ == "__main__":
    main()
