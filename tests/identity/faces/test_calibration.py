"""The shipped calibration: its arithmetic is what its comments say."""

import math
from statistics import NormalDist

import pytest

from identity.faces import dlib_eye, sface_eye
from identity.faces.calibration import default
from identity.faces.messages import Template

SHIPPED = default()


def test_it_is_for_the_models_at_hand_and_says_it_is_an_assumption() -> None:
    assert SHIPPED.model == f"{dlib_eye.MODEL}+{sface_eye.MODEL}"
    assert SHIPPED.status == "assumption"


def test_the_lines_follow_from_the_stated_rate() -> None:
    quantile = NormalDist().inv_cdf(1 - SHIPPED.one_to_one.false_match_rate)
    assert SHIPPED.one_to_one.match_from == pytest.approx(quantile, abs=0.005)
    assert SHIPPED.one_to_one.unsure_from == pytest.approx(quantile / math.sqrt(2), abs=0.005)


@pytest.mark.parametrize(
    ("score", "decision"),
    [(3.09, "match"), (3.0899, "unsure"), (2.19, "unsure"), (2.1899, "no_match"), (-1.0, "no_match")],
)
def test_a_decision_falls_on_its_line(score: float, decision: str) -> None:
    assert SHIPPED.decide(score) == decision


def test_strangers_score_nothing_and_owners_their_mean() -> None:
    for spread in (SHIPPED.sface, SHIPPED.dlib):
        assert spread.above_strangers(spread.impostor_mean) == 0
        assert spread.above_strangers(spread.genuine_mean) > 4


def test_a_larger_gallery_asks_for_more() -> None:
    lines = [SHIPPED.search_line(size) for size in (0, 100, 10_000, 1_000_000)]
    assert lines[0] == lines[1] < lines[2] < lines[3]
    assert lines[0] > SHIPPED.one_to_one.match_from


def test_templates_of_different_models_are_never_compared() -> None:
    ours, theirs = (Template(model=model, dlib=bytes(512), sface=bytes(512)) for model in (SHIPPED.model, "other"))
    with pytest.raises(ValueError, match="other"):
        SHIPPED.score(ours, theirs)
    with pytest.raises(ValueError, match="other"):
        SHIPPED.score(theirs, theirs)
