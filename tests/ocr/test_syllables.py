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


def test_words_without_their_gaps_are_taken_apart() -> None:
    assert syllables.apart("THUÚT") == ("THU ÚT",)
    assert syllables.apart("BÙITRUNGLỢI") == ("BÙI TRUNG LỢI",)
    assert syllables.apart("Rahlan") == syllables.apart("K'Brơi") == syllables.apart("ao" * 20) == ()


@pytest.mark.parametrize(
    ("read", "meant"),
    [
        ("KhOa", "Khoa"),
        ("vÀ", "VÀ"),
        ("Xã Đá Bạc, Huyện Châu ĐứC,", "Xã Đá Bạc, Huyện Châu Đức,"),
        ("GIÁM ĐốC CA: 304", "GIÁM ĐỐC CA: 304"),
        ("GIÁM Đốc CA: 304", "GIÁM ĐỐC CA: 304"),
        ("80 Đinh ĐỨC Thiện", "80 Đinh Đức Thiện"),
        ("SỐ Đốc CA Số", "SỐ Đốc CA Số"),
        ("Kiều, Thành phố cần Thơ", "Kiều, Thành phố Cần Thơ"),
        ("củ Chi, Xã đa Lộc, tỉnh ủy", "củ Chi, Xã đa Lộc, tỉnh ủy"),
        ("Huyện KBang", "Huyện KBang"),
        ("số: SỐ Số ĐốC", "số: SỐ Số ĐốC"),
        ("", ""),
    ],
)
def test_letters_alike_in_both_sizes_are_as_large_as_their_neighbours(read: str, meant: str) -> None:
    assert syllables.in_one_case(read) == meant
