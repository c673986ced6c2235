"""Which syllables Vietnamese spells, and their siblings."""

import random

import pytest

from ocr import syllables
from ocr.training import syllables as drawn


def test_syllables_put_together_by_the_rules_are_spelt() -> None:
    dice = random.Random(3)
    unknown = {word for word in (drawn.syllable(dice) for _ in range(5_000)) if not syllables.is_spelt(word)}
    assert all(word.startswith("y") for word in unknown), unknown


@pytest.mark.parametrize(
    "word", ["nguyễn", "gì", "giếng", "quý", "quá", "hoà", "hòa", "khuya", "xoong", "huỳnh", "yến"]
)
def test_spelt(word: str) -> None:
    assert syllables.is_spelt(word)


@pytest.mark.parametrize("word", ["nguyẽn", "thuât", "kmăl", "brơi", "lânh", "lap", "f"])
def test_not_spelt(word: str) -> None:
    assert not syllables.is_spelt(word)


def test_siblings_differ_in_marks_alone_and_keep_capitals() -> None:
    assert "NGUYỄN" in syllables.siblings("NGUYẼN")
    assert set(syllables.siblings("Thuât")) == {"Thuất", "Thuật"}
    assert syllables.siblings("Kmăl") == ()
    assert "Dân" not in syllables.siblings("Đan"), "d and đ are two letters"


def test_what_is_too_long_to_be_a_syllable_costs_nothing() -> None:
    """Thirty vowels in a row are 3^30 shapes."""
    assert syllables.siblings("aoeu" * 8) == ()
    assert "nghiêng" in syllables.siblings("nghiêng")
