"""What a confidence is worth, and when a printed value needs no other witness."""

import math

import pytest

from ocr import calibrating


@pytest.mark.parametrize("kind", ["digits", "text"])
def test_probabilities_fall_with_doubt(kind: calibrating.Kind) -> None:
    shares = [calibrating.probability(math.exp(-doubt), kind) for doubt in (0, 0.01, 0.1, 1, 10, 100)]
    assert shares == sorted(shares, reverse=True)
    assert 0 < shares[-1] < shares[0] < 1


@pytest.mark.parametrize("kind", ["digits", "text"])
def test_a_value_is_sure_up_to_a_doubt(kind: calibrating.Kind) -> None:
    limit = getattr(calibrating.current(), kind).sure_below
    assert calibrating.is_sure(math.exp(-0.9 * limit), kind)
    assert not calibrating.is_sure(math.exp(-1.1 * limit), kind)


def test_a_figure_is_not_sure_where_blur_makes_another_likely() -> None:
    """A 6 that is a 6 with 0.9 is a 5 or an 8 with the rest."""
    assert not calibrating.is_sure(0.9, "digits")
