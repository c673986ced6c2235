"""Rates and their intervals, against examples counted by hand and people whose true rates are known."""

import math
from statistics import NormalDist

import numpy as np
import pytest

from benchmarks.rates import city
from identity.faces import rates
from identity.faces.rates import Comparisons, Rate, Tally, draw_people, people_needed, wilson

NORMAL = NormalDist()


def strangers(scores: list[float], people: list[tuple[int, int]], count: int) -> Tally:
    far = Comparisons(np.array(scores), np.array(people, np.intp).reshape(-1, 2))
    return Tally(far, draw_people(count, seed=1), wrong="at least")


def owners(scores: list[float], people: list[int]) -> Tally:
    near = Comparisons(np.array(scores), np.array(people, np.intp)[:, None])
    return Tally(near, draw_people(max(people) + 1, seed=1), wrong="below")


def test_rates_counted_by_hand() -> None:
    far = strangers([0.1, 2.0, 3.0, 1.0], [(0, 1), (0, 2), (1, 2), (2, 1)], 3)
    assert [(far.at(t).errors, far.at(t).value) for t in (3.1, 3.0, 2.5, 1.0, 0.0)] == [
        (0, 0), (1, 0.25), (1, 0.25), (3, 0.75), (4, 1),
    ]  # fmt: skip
    near = owners([5.0, 2.0, 3.0], [0, 0, 1])
    assert [near.at(t).errors for t in (2.0, 2.1, 3.0, 3.1, 9.0)] == [0, 1, 1, 2, 3]
    assert near.at(3.1).value == pytest.approx(2 / 3)
    assert (far.worst(1), far.worst(4), near.worst(1)) == (3.0, 0.1, 2.0)


def test_the_lowest_threshold_that_keeps_a_share() -> None:
    far = strangers([float(n) for n in range(10)], [(0, 1)] * 10, 2)
    for share in (0.0, 0.1, 0.25, 0.9):
        line = rates.threshold(far, share)
        assert far.at(line).value <= share < far.at(line - 0.02).value


def test_drawing_people_draws_their_comparisons_together() -> None:
    """Three people, drawn by hand: a pair counts as often as both were drawn, a person who was not drawn takes part in none."""
    draws = np.array([[1, 1, 1], [2, 1, 0], [0, 3, 0]], np.float32)
    far = Comparisons(np.array([9.0, 0.0, 0.0]), np.array([[0, 1], [0, 2], [1, 2]], np.intp))
    tally = Tally(far, draws, wrong="at least")
    # 1 of 3; 2 of 2; and the third drawing holds no two people and is left out.
    assert np.array_equal(tally._totals, [3, 2, 0])  # pyright: ignore[reportPrivateUsage]
    assert tally.at(5).upper == pytest.approx(np.quantile([1 / 3, 1], 0.975), abs=0.05)
    near = Tally(Comparisons(np.array([0.0, 9.0]), np.array([[0], [1]], np.intp)), draws, wrong="below")
    assert np.array_equal(near._totals, [2, 3, 3])  # pyright: ignore[reportPrivateUsage]


def test_no_error_among_independent_comparisons_is_the_rule_of_three() -> None:
    """3/n at one-sided 95 %; 3.7/n at the two-sided interval's upper end, of which Wilson's is a little above."""
    for trials in (300, 3_000, 30_000):
        assert 3.6 / trials < wilson(0, trials)[1] < 3.9 / trials
    low, high = wilson(10, 100)
    assert (low, high) == (pytest.approx(0.0552, abs=1e-4), pytest.approx(0.1744, abs=1e-4))


def test_comparisons_of_the_same_people_are_not_as_many_as_they_seem() -> None:
    """Ten photos a person made a hundred comparisons of one pair, and they counted as a hundred people."""
    chance = np.random.default_rng(3)
    card, selfie = np.nonzero(np.triu(np.ones((40, 40), bool), 1))
    once = chance.normal(0, 1, len(card))
    scores, pairs = np.repeat(once, 10), np.repeat(np.stack([card, selfie], axis=1), 10, axis=0)
    draws = draw_people(40, seed=1)
    one = Tally(Comparisons(once, np.stack([card, selfie], axis=1)), draws, wrong="at least").at(1.6)
    ten = Tally(Comparisons(scores, pairs), draws, wrong="at least").at(1.6)
    assert ten.errors == 10 * one.errors
    assert ten.independent == pytest.approx(one.independent, rel=0.01)
    assert (ten.lower, ten.upper) == (pytest.approx(one.lower, rel=0.01), pytest.approx(one.upper, rel=0.01))


@pytest.mark.parametrize(("people", "rate", "alike"), [(60, 1e-2, 0.0), (60, 1e-2, 0.4), (150, 2e-3, 0.3)])
def test_the_interval_covers_the_true_rate(people: int, rate: float, alike: float) -> None:
    """Of 60 cities at least 54 intervals hold the truth: with a true coverage of 95 % fewer come about 1 time in 50."""
    at = NORMAL.inv_cdf(1 - rate)
    cities = [city(people, seed=seed, alike=alike, missed=at - NORMAL.inv_cdf(0.05)) for seed in range(60)]
    matches, misses = zip(*((far.at(at), near.at(at)) for far, near in cities), strict=True)
    assert sum(found.lower <= rate <= found.upper for found in matches) >= 54
    assert sum(found.lower <= 0.05 <= found.upper for found in misses) >= 54


def test_the_lines_keep_what_they_claim() -> None:
    claims = [rates.lines(city(80, seed=seed)[0], 1e-2) for seed in range(25)]
    assert all(claims)
    true = [(1 - NORMAL.cdf(one.match_from), 1 - NORMAL.cdf(one.unsure_from)) for one in claims if one]
    assert sum(match > 1e-2 for match, _ in true) <= 2
    assert sum(unsure < 1e-2 for _, unsure in true) <= 2
    assert all(one.match_from > one.unsure_from for one in claims if one)


def test_the_line_lies_just_above_the_strangers_it_keeps_out() -> None:
    far, _ = city(80, seed=1)
    found = rates.lines(far, 1e-2)
    assert found
    assert far.at(found.match_from).upper <= 1e-2 < far.at(found.match_from - 0.1).upper
    assert far.at(found.unsure_from).lower > 1e-2 >= far.at(found.unsure_from + 0.1).lower


def test_too_few_people_show_nothing_and_are_told_how_many_would() -> None:
    far, _ = city(40, seed=1)
    assert rates.lines(far, 1e-3) is None
    needed = people_needed(next(far.rates([0])), 40, 1e-3)
    assert 100 < needed < 200
    assert rates.lines(city(round(needed * 1.2), seed=2)[0], 1e-3) is not None
    # 29,956 independent comparisons are the least for 1e-4 at one-sided 95 %: of 40 people's no line can be drawn.
    assert people_needed(next(far.rates([0])), 40, 1e-4) > 300


def test_three_photos_of_one_stranger_are_one_stranger() -> None:
    """Three comparisons of the same two people gave an interval as if six people had been compared."""
    once, thrice = strangers([0.0], [(0, 1)], 2).at(9), strangers([0.0, 0.1, 0.2], [(0, 1), (0, 1), (1, 0)], 2).at(9)
    assert thrice.upper == pytest.approx(once.upper)
    assert once.upper > 0.7


def test_nobody_to_compare_is_no_rate() -> None:
    nothing = strangers([], [], 2)
    assert (nothing.at(0).lower, nothing.at(0).upper) == (0, 1)
    assert math.isnan(nothing.at(0).value)
    assert rates.lines(nothing, 1e-2) is None
    assert people_needed(Rate(0, 0, 0, 1, 1), 0, 1e-2) == rates.LEAST_PEOPLE


def test_the_same_seed_gives_the_same_interval() -> None:
    assert city(30, seed=4)[0].at(1) == city(30, seed=4)[0].at(1)
    assert np.array_equal(draw_people(5, seed=2).sum(axis=1), np.full(1000, 5))
