"""Whether print may be what another source spells: asked of the recogniser's steps, not of its text."""

import msgspec
import pytest

from ocr import comparing, tones
from ocr.finding import find
from ocr.printed import Said

from .conftest import BOX, print_of


def test_capitals_and_both_customs_of_the_tone_are_one_spelling() -> None:
    assert comparing.printed_text("Nguyễn Hoà", print_of("NGUYỄN HÒA")) == "same"
    assert tones.key("Hoà") == tones.key("HÒA")
    assert tones.key("Hoà") != tones.key("Hoa")


def test_a_blurred_mark_is_forgiven_and_a_plain_one_is_not() -> None:
    blurred = print_of("THAO", doubts={2: ("Ả", 0.2)})
    assert comparing.printed_text("Thảo", blurred) == "same"
    assert comparing.printed_text("Thảo", print_of("THAO")) == "different"


def test_between_the_two_the_print_abstains() -> None:
    faint = print_of("THAO", doubts={2: ("Ả", 0.002)})
    assert comparing.printed_text("Thảo", faint) == "unclear"


def test_a_mark_that_wear_may_have_taken_is_forgiven_more_than_a_letter() -> None:
    assert comparing.printed_text("Thảo", print_of("THAO", doubts={2: ("Ả", 5e-5)})) == "unclear"
    assert comparing.printed_text("Theo", print_of("THAO", doubts={2: ("E", 5e-5)})) == "different"


@pytest.mark.parametrize("other", ["Thanh", "Thu", "Nguyễn Thảo"])
def test_another_name_is_different(other: str) -> None:
    assert comparing.printed_text(other, print_of("THẢO")) == "different"


def test_figures_are_forgiven_less() -> None:
    assert comparing.printed_digits("079190012345", print_of("079190012345")) == "same"
    assert comparing.printed_digits("079190012346", print_of("079190012345")) == "different"
    assert comparing.printed_digits("079190012346", print_of("079190012345", doubts={11: ("6", 0.3)})) == "same"
    assert comparing.printed_digits("079190012346", print_of("079190012345", doubts={11: ("6", 0.02)})) == "unclear"


def test_without_steps_only_an_equal_text_is_the_same() -> None:
    bare = Said(text="THAO", confidence=0.9, box=BOX)
    assert comparing.printed_text("Thảo", bare) == "different"
    assert comparing.printed_text("Thao", bare) == "same"


def test_an_address_of_which_a_line_was_not_read_is_unclear() -> None:
    known = "45/12 Lê Lợi, Xã Tân An, Huyện Củ Chi"
    assert comparing.printed_address(known, Said(text="45/12 Lê Lợi, Xã Tân An", confidence=0.9, box=BOX)) == "unclear"
    assert comparing.printed_address(known, Said(text="46 Lê Lai, Xã Tân An", confidence=0.9, box=BOX)) == "different"


@pytest.mark.parametrize(
    ("known", "seen", "likeness"),
    [
        ("5 Lê Lợi, Huyện Hoàng Su Phì", "5 Lê Lợi, Huyên Hoàng Su Phì", "unclear"),  # a dot that wear took
        ("Tổ 8, Bản Pá Hốc, Yên Lập", "Tổ 8, Bản Fá Hốc, Yên Lập", "unclear"),  # half a letter
        ("Tổ 8, Bản Pá Hốc, Yên Lập", "Tổ 3, Bản Pá Hốc, Yên Lập", "different"),  # a figure
        ("Tổ 8, Bản Pá Hốc, Yên Lập", "Tổ 8, Bản Pá Hạnh, Yên Lập", "different"),  # a word
        (
            "Tổ 6, Làng Brel, Thôm Mòn, Thuận Châu, Sơn La",
            "Tổ 6, Làng Brel, Thôm Mòn, Thuận Châu, Sơn",
            "unclear",
        ),  # the last line, one word long
    ],
)
def test_what_wear_explains_is_no_contradiction_of_an_address(known: str, seen: str, likeness: str) -> None:
    assert comparing.printed_address(known, print_of(seen)) == likeness


def test_the_zone_has_no_marks_and_thirty_columns() -> None:
    assert comparing.same_zone_name("Nguyễn Thị Đào", "NGUYEN THI DAO")
    assert not comparing.same_zone_name("Nguyễn Thị Đào", "NGUYEN THI DAN")
    assert comparing.same_zone_name("Nguyễn Hoàng Trần Phương Thảo Nguyên", "NGUYEN HOANG TRAN PHUONG THAO")
    assert comparing.zone_and_print("NGUYEN THI DAO", print_of("NGUYEN THI DAO")) == "same"
    assert comparing.zone_and_print("NGUYEN THI DAO", print_of("NGUYEN THI DAN")) == "different"


@pytest.mark.parametrize(
    ("phrase", "line", "expected"),
    [
        ("Họ và tên", "Ho vå tēn / Full name:", (0, 9)),
        ("Full name", "Họ và tên / Full nane:", (12, 21)),
        ("Quê quán", "45 Lê Lợi, Phường 1", None),
        ("Số", "Sở Tư pháp", (0, 2)),
    ],
)
def test_labels_are_found_with_a_letter_wrong(phrase: str, line: str, expected: tuple[int, int] | None) -> None:
    assert find(phrase, line) == expected


def test_an_address_that_a_reflection_hides_in_part_contradicts_nobody() -> None:
    known = "67 Bàu Cát, Phường Thủ Đức, Thành phố Hồ Chí Minh"
    read = print_of("67 Bàu Cát, Phường Tân Định 8, Sơn La")
    assert comparing.printed_address(known, read) == "different"
    assert comparing.printed_address(known, msgspec.structs.replace(read, beside_glare=True)) == "unclear"
