"""Printed values made out: days in figures and words, parts of days, closed lists, and names left alone."""

import datetime

import numpy as np
import pytest

from ocr import printed
from ocr.steps import Steps
from ocr.training.recogniser.texts import ALPHABET

from .conftest import print_of


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("17/05/1990", datetime.date(1990, 5, 17)),
        ("17-05-1990", datetime.date(1990, 5, 17)),
        ("Ngày 17 tháng 05 năm 1990", datetime.date(1990, 5, 17)),
        ("Ngày, tháng, năm: 17/05/1990", datetime.date(1990, 5, 17)),
        ("Ngày l7 tháng O5 năm 199O", datetime.date(1990, 5, 17)),
        ("17/O5/1990", None),
        ("02-11-3987", None),
        ("31/02/1990", None),
        ("17/05/19901", None),
        ("079190012345", None),
        ("٠١/٠٢/١٩٩٠", None),
    ],
)
def test_days(text: str, day: datetime.date | None) -> None:
    assert printed.day(text) == day


@pytest.mark.parametrize(("text", "part"), [("1990", "1990"), ("05/1990", "1990-05"), ("13/1990", None), ("190", None)])
def test_cards_that_know_a_month_or_a_year_only(text: str, part: str | None) -> None:
    assert printed.part_of_day(text) == part


def test_no_expiry_and_sexes() -> None:
    assert printed.no_expiry("KHÔNG THỜI HẠN")
    assert not printed.no_expiry("17/05/2030")
    assert [printed.sex(word) for word in ("Nam", "NỮ", "Nū", "Nan")] == ["male", "female", "female", None]


def test_a_date_is_read_in_a_dates_letters() -> None:
    blurred = print_of("17/o5/1990", doubts={3: ("0", 0.4)})
    assert printed.tidied("date_of_birth", blurred).text == "17/05/1990"
    assert printed.tidied("full_name", blurred).text == "17/o5/1990"


def test_each_unit_is_spelt_for_itself_where_print_and_map_differ_in_another() -> None:
    """Đắk Tăng is Đăk Tăng on the map, and plainly not so here; that keeps nobody from reading Kon Tum."""
    read = printed.on_the_map(print_of("Đắk Tăng, Kon Plông, Kon Tun", doubts={27: ("m", 0.2)}))
    assert read.text == "Đắk Tăng, Kon Plông, Kon Tum"


@pytest.mark.parametrize(
    ("text", "sure"),
    [
        ("Gia Phù, Phù Yên, Sơn La", True),
        ("Gia Phù, Phù Yên, Sơn a", False),
        ("Đắk Tăng, Kon Plông, Kon Tum", True),
        ("Xã Quí Quân, Huyện Yên Sơn, Tỉnh Tuyên Quang", True),
        ("Xã An Hưng, Huyện An Lão, Tỉnh Bình", False),
    ],
)
def test_a_unit_that_no_map_has_so_is_looked_at(text: str, sure: bool) -> None:
    """Its letter or its end may be gone, plainly; marks and y for i are customs."""
    read = printed.tidied("place_of_origin", print_of(text))
    assert read.text == text
    assert (read.confidence > 0.9) is sure


def test_what_no_map_is_like_is_as_sure_as_its_letters() -> None:
    abroad = print_of("9 Rue Monge, Caen")
    assert printed.on_the_map(abroad) == abroad


def test_a_word_of_a_closed_list_is_that_word() -> None:
    assert printed.tidied("sex", print_of("Nom", doubts={1: ("a", 0.3)})).text == "Nam"
    assert printed.tidied("sex", print_of("Hoa")).text == "Hoa", "plainly neither"
    assert printed.tidied("full_name", print_of("Nom", doubts={1: ("a", 0.3)})).text == "Nom", (
        "a name is what stands there"
    )


@pytest.mark.parametrize(
    ("text", "doubts", "told"),
    [
        ("Kỳ Anh, Hà Tỉnh", {12: ("ĩ", 0.3)}, "Kỳ Anh, Hà Tĩnh"),
        ("12 Lê Lợi, Phường Bền Nghé, Quận 1", {19: ("ế", 0.2)}, "12 Lê Lợi, Phường Bến Nghé, Quận 1"),
        ("12 Lê Lợi, Phường Bền Nghé, Quận 1, TP.HCM", {}, "12 Lê Lợi, Phường Bền Nghé, Quận 1, TP.HCM"),
        ("Long Tân Long Đất, Bà Rịa Vũng Tàu", {}, "Long Tân, Long Đất, Bà Rịa - Vũng Tàu"),
        ("Xã Phú Sơn Lâm Hà, Tỉnh Lâm Đồng", {}, "Xã Phú Sơn Lâm Hà, Tỉnh Lâm Đồng"),
        ("Buôn Dur Kmãl, Kỳ Anh, Hà Tĩnh", {10: ("ă", 0.4)}, "Buôn Dur Kmãl, Kỳ Anh, Hà Tĩnh"),
    ],
)
def test_places_are_spelt_as_on_the_map_when_the_print_may_say_so(
    text: str, doubts: dict[int, tuple[str, float]], told: str
) -> None:
    """Units only, and never a letter that is plainly another; hamlets and streets stay as read."""
    assert printed.tidied("place_of_origin", print_of(text, doubts=doubts)).text == told
    assert printed.tidied("full_name", print_of(text, doubts=doubts)).text == text


@pytest.mark.parametrize(
    ("text", "doubts", "told"),
    [
        ("NGUYẼN THẢO", {4: ("Ễ", 0.2)}, "NGUYỄN THẢO"),
        ("Xã Thiện Thuât", {12: ("ậ", 0.1)}, "Xã Thiện Thuật"),
        ("QUYỂN THẢO", {3: ("Ễ", 0.4)}, "QUYỂN THẢO"),  # a syllable, too
        ("Buôn Dur Kmãl", {11: ("ă", 0.4)}, "Buôn Dur Kmãl"),  # no marks make it one
        ("LIÊNG JRANG SRỐI", {14: ("Ổ", 0.4)}, "LIÊNG JRANG SRỐI"),
        ("K'Brơi", {4: ("ờ", 0.4)}, "K'Brơi"),
        ("Ksor Lap", {}, "Ksor Lap"),  # plainly so, whatever Vietnamese spells
        ("TRầN THẢo", {}, "TRầN THẢO"),
        ("Buôn Dur KmălI", {13: ("~", 0.3)}, "Buôn Dur Kmăl"),
        ("Buôn Dur KmălI", {}, "Buôn Dur KmălI"),
    ],
)
def test_marks_that_no_syllable_has_are_read_as_others(
    text: str, doubts: dict[int, tuple[str, float]], told: str
) -> None:
    assert printed.spelt(print_of(text, doubts=doubts)).text == told


@pytest.mark.parametrize(
    ("text", "doubts", "told"),
    [
        ("Bến Nghé, Quận~~, TP. Hồ Chí Minh", {14: (" ", 0.5), 15: ("1", 0.05)}, "Bến Nghé, Quận 1, TP. Hồ Chí Minh"),
        ("Bến Nghé, Quận~~, TP. Hồ Chí Minh", {14: (" ", 0.5), 15: ("1", 1e-6)}, "Bến Nghé, Quận, TP. Hồ Chí Minh"),
    ],
)
def test_a_figure_that_was_lost_behind_a_kind(text: str, doubts: dict[int, tuple[str, float]], told: str) -> None:
    """ "Quận 1" was read "Quận": the figure is due there, and is taken where the print may well have it; else nothing is sure."""
    read = printed.tidied("place_of_origin", print_of(text, doubts=doubts))
    assert read.text == told
    assert read.confidence < 0.5


@pytest.mark.parametrize("text", ["12 Lê Lợi, Phường Bùi Thị Xuân, Thành phố Quy Nhơn", "Phường 4, Quận 5"])
def test_a_kind_with_a_name_lacks_no_figure(text: str) -> None:
    read = print_of(text)
    assert printed.with_figures(read).text == text
    assert printed.tidied("place_of_origin", read).confidence > 0.9


def test_a_gap_that_was_lost_between_two_syllables_is_set_again_where_the_print_may_have_one() -> None:
    logs = np.full((8, 1 + len(ALPHABET)), 1e-7)
    for at, letter in enumerate("THU~ÚT"):
        logs[at, 0 if letter == "~" else 1 + ALPHABET.index(letter)] = 0.9
    logs[3, 1 + ALPHABET.index(" ")] = 0.05
    logs[6:, 0] = 0.9
    steps = Steps.of(logs, ALPHABET)
    read = printed.Said(text="THUÚT", confidence=0.5, box=None, steps=steps)
    assert printed.spelt(read).text == "THU ÚT"
    assert printed.spelt(print_of("THUÚT")).text == "THUÚT", "no room for one"


def test_what_is_no_syllable_and_could_be_one_is_not_sure() -> None:
    """Wear takes the dot from under ậ altogether: what is left is perfectly plain."""
    worn = print_of("Thiện Thuât")
    assert printed.spelt(worn).text == "Thiện Thuât"
    assert printed.spelt(worn).confidence < 0.5 * worn.confidence
    assert printed.spelt(print_of("Buôn Dur Kmăl")).confidence > 0.9


@pytest.mark.parametrize(
    ("name", "sure"),
    [
        ("NGUYÊN TRUNG KHẢI", False),
        ("NGUYỄN TRUNG KHẢI", True),
        ("LÊ NGUYÊN KHẢI", True),
        ("Nguyễn Trung Nguyên", True),
    ],
)
def test_a_nguyen_without_its_tilde_is_looked_at(name: str, sure: bool) -> None:
    """NGUYÊN was read, plainly, where the tilde of NGUYỄN was worn away: the name stays, for some are called so."""
    read = printed.tidied("full_name", print_of(name))
    assert read.text == name
    assert (read.confidence > 0.9) is sure


@pytest.mark.parametrize(
    ("text", "doubts", "told"),
    [
        ("NGUYÊN THẢO", {4: ("Ễ", 0.01)}, "NGUYỄN THẢO"),
        ("Cha: NGUYẼN THẢO", {9: ("Ễ", 0.01)}, "Cha: NGUYỄN THẢO"),
        ("NGUYÊN THẢO", {4: ("Ễ", 1e-5)}, "NGUYÊN THẢO"),  # plainly so
        ("LÊ NGUYÊN AN", {7: ("Ễ", 0.4)}, "LÊ NGUYÊN AN"),  # as given names are
        ("Nguyên Bình, Cao Bằng", {4: ("ễ", 0.4)}, "Nguyên Bình, Cao Bằng"),
        ("NGUYÊN BÌNH, CAO BẰNG", {4: ("Ễ", 0.4)}, "NGUYÊN BÌNH, CAO BẰNG"),  # a district
    ],
)
def test_a_family_name_that_may_be_nguyen_is_taken_for_it_and_looked_at(
    text: str, doubts: dict[int, tuple[str, float]], told: str
) -> None:
    read = printed.spelt(print_of(text, doubts=doubts))
    assert read.text == told
    assert told == text or read.confidence < 0.3


@pytest.mark.parametrize(
    ("text", "doubts", "told"),
    [
        ("Ba -na", {2: ("~", 0.1)}, "Ba-na"),
        ("LIÊNG K' THOẼM", {8: ("~", 0.1)}, "LIÊNG K'THOẼM"),
        ("Bà Rịa -~Vũng Tàu", {8: (" ", 0.1)}, "Bà Rịa - Vũng Tàu"),
        ("Bà Rịa - Vũng Tàu", {8: ("~", 0.4)}, "Bà Rịa - Vũng Tàu"),
        ("Ba -na", {}, "Ba -na"),  # plainly so
        ("Tổ 5 -A", {4: ("~", 0.1)}, "Tổ 5 -A"),
    ],
)
def test_signs_with_a_gap_on_one_side(text: str, doubts: dict[int, tuple[str, float]], told: str) -> None:
    assert printed.spelt(print_of(text, doubts=doubts)).text == told


@pytest.mark.parametrize(
    ("text", "doubts", "told"),
    [
        ("236/5I đường Xóm Đất", {5: ("1", 0.1)}, "236/51 đường Xóm Đất"),
        ("20/1I/20I2", {4: ("1", 0.01), 8: ("1", 0.01)}, "20/11/2012"),
        ("25/08I2022", {5: ("/", 0.1)}, "25/08/2022"),
        ("Lô 25/08I22", {8: ("/", 0.1)}, "Lô 25/08I22"),  # no date
        ("Tổ 2O", {4: ("0", 1e-6)}, "Tổ 2O"),  # plainly so
        ("475B/77 KIÊN", {}, "475B/77 KIÊN"),
        ("07422399101 1", {11: ("~", 0.1)}, "074223991011"),
        ("1 1/08/1 986", {1: ("~", 0.1), 8: ("~", 0.1)}, "11/08/1986"),
        ("Tổ 1 2", {4: ("~", 0.1)}, "Tổ 1 2"),  # two figures, as far as we know
    ],
)
def test_letters_and_gaps_between_figures(text: str, doubts: dict[int, tuple[str, float]], told: str) -> None:
    assert printed.spelt(print_of(text, doubts=doubts)).text == told


@pytest.mark.parametrize(
    ("text", "doubts", "told"),
    [
        ("Tõ 5, Ấp Chợ", {1: ("ổ", 0.1)}, "Tổ 5, Ấp Chợ"),
        ("Sõ 12 Lê Lợi", {1: ("ố", 0.1)}, "Số 12 Lê Lợi"),
        ("Tõ 5, Ấp Chợ", {}, "Tõ 5, Ấp Chợ"),
        ("Tô Hiệu", {1: ("ổ", 0.4)}, "Tô Hiệu"),
        ("Tân Định, Quận I", {15: ("1", 0.2)}, "Tân Định, Quận 1"),
    ],
)
def test_words_before_figures_and_figures_behind_words(
    text: str, doubts: dict[int, tuple[str, float]], told: str
) -> None:
    assert printed.with_figures(print_of(text, doubts=doubts)).text == told


@pytest.mark.parametrize(
    ("text", "doubts", "told"),
    [
        ("65/09/1966", {0: ("0", 0.2)}, "05/09/1966"),
        ("65/09/1966", {}, "65/09/1966"),  # plainly a 6
        ("65/09/1966", {0: ("0", 0.2), 1: ("6", 0.3)}, "05/09/1966"),
        ("05/09/1966", {0: ("1", 0.4)}, "05/09/1966"),  # a date as it stands
    ],
)
def test_a_date_that_is_none_is_the_one_that_it_may_be(
    text: str, doubts: dict[int, tuple[str, float]], told: str
) -> None:
    assert printed.tidied("date_of_birth", print_of(text, doubts=doubts)).text == told


def test_a_mark_of_a_place_is_given_up_more_easily_than_a_letter() -> None:
    worn = print_of("Huyên Hoàng Su Phì, Tỉnh Hà Giang", doubts={3: ("ệ", 5e-5)})
    assert printed.tidied("place_of_origin", worn).text == "Huyện Hoàng Su Phì, Tỉnh Hà Giang"
    other = print_of("Huyện Hoàng Su Phú, Tỉnh Hà Giang", doubts={17: ("ì", 5e-5)})
    assert printed.tidied("place_of_origin", other).text == "Huyện Hoàng Su Phú, Tỉnh Hà Giang"


def test_figures_among_the_words_of_a_date_are_figures() -> None:
    read = printed.dated_in_words(print_of("Ngày 02 tháng C2 năm 2007", doubts={14: ("0", 0.2)}))
    assert read is not None
    assert printed.day(read.text) == datetime.date(2007, 2, 2)
    assert printed.dated_in_words(print_of("GIÁM ĐỐC CA")) is None


@pytest.mark.parametrize(
    ("field", "text", "made_out"),
    [
        ("date_of_birth", "25/02/202", False),
        ("date_of_birth", "1990", True),
        ("date_of_expiry", "Khóng thời hạn", True),
        ("sex", "Hoa", False),
        ("full_name", "25/02/202", True),
    ],
)
def test_what_is_made_out_at_all(field: str, text: str, made_out: bool) -> None:
    assert printed.is_made_out(field, text) is made_out


def test_a_confidence_is_of_the_text_and_not_of_one_path() -> None:
    """Each letter may begin a step sooner or later: many ways, none of them likely, all of one text."""
    ways = np.full((8, 1 + len(ALPHABET)), 1e-6, np.float32)
    for step, letter in enumerate("AAAAnnnn"):
        ways[step, [0, 1 + ALPHABET.index(letter)]] = (0.45, 0.55) if step in (0, 3, 4, 7) else (0.01, 0.99)
    steps = Steps.of(ways, ALPHABET)
    read = printed.Said(text="An", confidence=steps.best()[1], box=None, steps=steps)
    assert read.confidence < 0.2
    assert printed.tidied("full_name", read).confidence > 0.9
