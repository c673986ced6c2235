"""Lines made into values: labels, columns, pieces of lines; no picture is read here."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from ocr import labelling, reading, transcribing
from ocr.documents import DOCUMENTS
from ocr.documents.layout import Place
from ocr.engine import Box, Line, made_whole
from ocr.printed import Said

from .conftest import print_of


def box(left: float, top: float, right: float, bottom: float) -> Box:
    return Box(((left, top), (right, top), (right, bottom), (left, bottom)))


def line(left: float, top: float, text: str, *, letter_px: float = 13, high: float = 30) -> Line:
    return Line(text=text, confidence=0.9, box=box(left, top, left + letter_px * len(text), top + high))


def values(kind: str, *lines: Line) -> dict[str, str]:
    document = DOCUMENTS[kind]
    read = labelling.printed_values(lines, document.front, digits=document.number_digits)
    return {name: said.text for name, said in read.items()}


def test_what_stands_behind_a_date_on_its_line_is_another_value() -> None:
    """On the chip card the second line of the residence begins right behind "Không thời hạn"."""
    read = values(
        "cccd_chip_2021",
        line(383, 640, "Nơi thường trú / Place of residence: 5 Lê Lợi,"),
        line(37, 690, "Có giá trị đến: Không thời hạn Bến Nghé, Quận 1, TP. Hồ Chí Minh", letter_px=12),
    )
    assert read["date_of_expiry"] == "Không thời hạn"
    assert read["place_of_residence"] == "5 Lê Lợi, Bến Nghé, Quận 1, TP. Hồ Chí Minh"


def test_a_line_found_in_two_pieces_is_read_from_left_to_right() -> None:
    read = values(
        "cmnd_9",
        line(384, 587, "Nơi ĐKHK thường trú 262 Võ Văn Vân, Phường"),
        line(470, 645, "Tam, Thành phố Vũng Tàu"),
        line(385, 646, "Thắng"),
    )
    assert read["place_of_residence"] == "262 Võ Văn Vân, Phường Thắng Tam, Thành phố Vũng Tàu"


def test_the_edge_of_the_next_box_is_no_date() -> None:
    read = values("cccd_chip_2021", line(33, 686, "Có giá trị đến: k", letter_px=9), line(189, 688, "Không thời hạn"))
    assert read["date_of_expiry"] == "Không thời hạn"


def test_a_short_label_is_a_word_of_its_own() -> None:
    """ "Ksor" holds the letters of "Số"."""
    read = values("cccd_chip_2021", line(389, 360, "Họ và tên / Full name:"), line(388, 402, "KSOR H'NIÊ"))
    assert read["full_name"] == "KSOR H'NIÊ"


def test_a_stray_sign_is_no_value() -> None:
    read = values(
        "cccd_chip_2021", line(385, 510, "Quốc tịch / Nationality:"), line(380, 545, "3"), line(400, 545, "Việt Nam")
    )
    assert read["nationality"] == "Việt Nam"


def test_what_is_like_a_label_is_none_where_the_label_itself_stands() -> None:
    read = values(
        "cccd_chip_2021",
        line(387, 510, "Giới tính / Sex: Nam"),
        line(383, 640, "Nơi thường trú / Place of residence: Xã Trần Phán, Huyện Đầm"),
        line(383, 686, "Dơi, Tỉnh Cà Mau"),
    )
    assert read["sex"] == "Nam"
    assert read["place_of_residence"] == "Xã Trần Phán, Huyện Đầm Dơi, Tỉnh Cà Mau"


def test_a_short_last_line_is_not_lost() -> None:
    """The box of "An" is lower than that of a line with marks."""
    lines = (line(385, 595, "Nơi ĐKHK thường trú Đức Hòa, Long"), line(389, 655, "An", high=21))
    assert values("cmnd_9", *lines)["place_of_residence"] == "Đức Hòa, Long An"


def test_a_piece_of_a_stamp_below_a_value_is_no_part_of_it() -> None:
    lines = (line(384, 474, "Nguyên quán Bến Thành, Quận 1"), line(420, 506, "AC1U", high=67))
    assert values("cmnd_9", *lines)["place_of_origin"] == "Bến Thành, Quận 1"


def test_two_letters_are_no_country() -> None:
    lines = (line(385, 510, "Quốc tịch / Nationality:"), line(385, 545, "Ce"))
    assert "nationality" not in values("cccd_chip_2021", *lines)


def test_a_dotted_line_read_as_signs_is_no_value() -> None:
    read = values(
        "cmnd_9", line(384, 474, "Nguyên quán Bến Thành, Quận 1"), line(400, 512, "4*8*<444"), line(384, 540, "Tân An")
    )
    assert read["place_of_origin"] == "Bến Thành, Quận 1 Tân An"


class Careful:
    """A reader that reads every line it is asked for again as one text."""

    image = None

    def __init__(self, text: str) -> None:
        self.text, self.asked = text, list[Box]()

    def recognise_again(self, image: object, boxes: Sequence[Box]) -> list[Line]:
        self.asked += boxes
        return [Line(text=self.text, confidence=0.999, box=one) for one in boxes]


def test_only_what_is_not_plain_is_read_again() -> None:
    layout = DOCUMENTS["cccd_chip_2021"].front
    plain = msgspec.structs.replace(line(388, 405, "TRẦN MỸ BÍCH"), confidence=0.999)
    label, faint = line(388, 362, "Họ và tên / Full name:"), line(387, 515, "Quốc tịch / Nationality: Việt Narn")
    careful: Any = Careful("Quốc tịch / Nationality: Việt Nam")
    values = labelling.printed_values([label, plain, faint], layout)
    heard, lines = transcribing.heard_again(careful, careful, [label, plain, faint], values, layout, 12)
    assert (heard["full_name"].text, heard["nationality"].text) == ("TRẦN MỸ BÍCH", "Việt Nam")
    assert careful.asked == [faint.box]
    assert [one.text for one in lines] == [label.text, plain.text, careful.text]


class Whole:
    """Reads a line that is cut out whole as this text, and its pieces as they were."""

    def __init__(self, text: str, *pieces: Line) -> None:
        self.text, self.pieces = text, pieces
        self.image = None

    def recognise_again(self, image: object, boxes: Sequence[Box]) -> list[Line]:
        known = {piece.box: piece for piece in self.pieces}
        return [known.get(one) or Line(text=self.text, confidence=0.99, box=one) for one in boxes]


@pytest.mark.parametrize(
    ("whole", "address"),
    [
        ("Nguyên quán Phường 4, Thành phố Trà Vinh, Tỉnh", "Phường 4, Thành phố Trà Vinh, Tỉnh Trà Vinh"),
        ("Nguyên quán Phường 4, Thinh phố", "Phường Thành phố Trà Vinh, Tỉnh Trà Vinh"),  # another text
    ],
)
def test_a_figure_between_two_pieces_of_a_line_is_read_with_both(whole: str, address: str) -> None:
    """A typed "Phường 4, Thành phố Trà Vinh" was found without its figure, read as "Phường Trà Vinh", and not flagged."""
    layout = DOCUMENTS["cmnd_9"].front
    lines = [
        line(387, 473, "Nguyên quán Phường", letter_px=17, high=33),
        line(748, 473, "Thành phố Trà Vinh, Tỉnh", letter_px=18, high=33),
        line(389, 531, "Trà Vinh", high=33),
    ]
    reader: Any = Whole(whole, *lines)
    read = labelling.printed_values(lines, layout)
    heard, _ = transcribing.with_whole_lines(reader, reader, lines, read, layout)
    assert heard["place_of_origin"].text == address
    assert (heard["place_of_origin"].confidence > 0.9 * 0.9) is ("Phường 4, Thành" in whole), (
        "pieces may be plain and lack a figure"
    )


def test_a_figure_found_alone_between_two_pieces_is_read_once() -> None:
    layout = DOCUMENTS["cmnd_9"].front
    lines = [
        line(387, 471, "Nguyên quán Phường", letter_px=17, high=40),
        line(691, 480, "5", letter_px=30, high=23),
        line(744, 473, "Đông Hà, Quảng Trị", letter_px=18, high=37),
    ]
    reader: Any = Whole("Nguyên quán Phường 5, Đông Hà, Quảng Trị", *lines)
    read = labelling.printed_values(lines, layout)
    assert read["place_of_origin"].text == "Phường Đông Hà, Quảng Trị", "a stray figure is no value"
    heard, _ = transcribing.with_whole_lines(reader, reader, lines, read, layout)
    assert heard["place_of_origin"].text == "Phường 5, Đông Hà, Quảng Trị"


def test_another_column_is_no_piece_of_a_line() -> None:
    read = values("cmnd_9", line(387, 473, "Nguyên quán Long Tân"), line(715, 473, "Mẫu"))
    assert read["place_of_origin"] == "Long Tân"


def test_a_date_in_words_found_in_pieces() -> None:
    back = DOCUMENTS["cmnd_9"].back
    pieces = [line(506, 329, "Ngày 10 tháng 03 năm"), line(807, 327, "2007")]
    read = labelling.printed_values(pieces, back)["date_of_issue"]
    assert read.text == "Ngày 10 tháng 03 năm 2007"
    assert read.confidence < 0.5 * 0.9, "a figure between the pieces may not have been found"


class Closer:
    """A flattened card and a reader that finds one word, in pixels of the closer picture, wherever it is asked to look."""

    def __init__(self, word: str) -> None:
        self.word, self.asked = word, list[Place]()
        self.image = None

    def closer(self, place: Place, scale: float) -> None:
        self.asked.append(place)

    def boxes(self, image: object) -> list[Box]:
        return [box(20, 30, 70, 75)]

    def recognise(self, image: object, boxes: Sequence[Box]) -> list[Line]:
        return [Line(text=self.word, confidence=0.9, box=one, steps=print_of(self.word).steps) for one in boxes]

    def recognise_again(self, image: object, boxes: Sequence[Box]) -> list[Line]:
        return []


@pytest.mark.parametrize(
    ("word", "address"),
    [
        ("La", "Thôm Mòn, Thuận Châu, Sơn La"),
        ("XIV", "Thôm Mòn, Thuận Châu, Sơn"),  # on no map
    ],
)
def test_a_single_last_word_is_looked_for_from_closer_by(word: str, address: str) -> None:
    layout = DOCUMENTS["cccd_chip_2021"].front
    lines = [line(385, 645, "Nơi thường trú / Place of residence: Thôm Mòn, Thuận Châu, Sơn", high=27)]
    closer: Any = Closer(word)
    found = transcribing.with_last_words(closer, closer, lines, labelling.printed_values(lines, layout), layout)
    assert found["place_of_residence"].text == address
    assert len(closer.asked) == 1


def test_a_letter_that_the_map_mends_once_the_last_word_is_known() -> None:
    """ "Đắk Clei, Tỉnh Kon" is nowhere, "Đắk Clei, Tỉnh Kon Tum" is in Đắk Glei: the longer text no longer begins with the other."""
    layout = DOCUMENTS["cccd_chip_2021"].front
    text = "Xã Mường Hoong, Huyện Đắk Clei, Tỉnh Kon"
    told = print_of(text, doubts={text.index("Clei"): ("G", 0.01)})
    lines = [
        line(385, 605, "Nơi thường trú / Place of residence:", high=27),
        msgspec.structs.replace(line(385, 645, text, high=27), steps=told.steps),
    ]
    closer: Any = Closer("Tum")
    found = transcribing.with_last_words(closer, closer, lines, labelling.printed_values(lines, layout), layout)
    assert found["place_of_residence"].text == "Xã Mường Hoong, Huyện Đắk Glei, Tỉnh Kon Tum"


class Longer(Closer):
    """Finds nothing below; a line cut with room behind it reads as this text."""

    def boxes(self, image: object) -> list[Box]:
        return []

    def recognise_again(self, image: object, boxes: Sequence[Box]) -> list[Line]:
        return [Line(text=self.word, confidence=0.9, box=one) for one in boxes]


@pytest.mark.parametrize(
    ("longer", "address"),
    [
        ("Phường 4, Tỉnh Bà Rịa - Vũng Tàu", "Phường 4, Tỉnh Bà Rịa - Vũng Tàu"),
        ("Phường 4, Tỉnh Bà Rịa - Vũng 19", "Phường 4, Tỉnh Bà Rịa - Vũng"),  # nowhere
    ],
)
def test_a_line_that_was_found_to_end_too_soon_is_cut_longer(longer: str, address: str) -> None:
    """A stamp stood beside its last word; the stamp itself is as tall as two lines, and not the line's end."""
    layout = DOCUMENTS["can_cuoc_2024"].back
    lines = [
        line(56, 174, "Nơi đăng ký khai sinh / Place of birth:", letter_px=8),
        line(52, 207, "Phường 4, Tỉnh Bà Rịa - Vũng"),
        line(766, 146, "ẪU", letter_px=60, high=116),
    ]
    reader: Any = Longer(longer)
    found = transcribing.with_last_words(reader, reader, lines, labelling.printed_values(lines, layout), layout)
    assert found["place_of_birth"].text == address


def test_an_address_that_ends_amid_its_provinces_name_is_looked_for_further() -> None:
    """District and ward are on the map for themselves; what is left of the province is not."""
    layout = DOCUMENTS["can_cuoc_2024"].back
    text = "Xã An Hưng, Huyện An Lão, Tỉnh Bình"
    lines = [line(56, 174, "Nơi đăng ký khai sinh / Place of birth:", letter_px=8), line(52, 207, text)]
    reader: Any = Longer(f"{text} Định")
    found = transcribing.with_last_words(reader, reader, lines, labelling.printed_values(lines, layout), layout)
    assert found["place_of_birth"].text == f"{text} Định"


def test_an_address_on_the_map_is_looked_for_no_further() -> None:
    layout = DOCUMENTS["cccd_chip_2021"].front
    lines = [line(385, 645, "Nơi thường trú / Place of residence: Thôm Mòn, Thuận Châu, Sơn La")]
    closer: Any = Closer("La")
    transcribing.with_last_words(closer, closer, lines, labelling.printed_values(lines, layout), layout)
    assert not closer.asked


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Số / No.: 07/0224683853", None),
        ("Số / No.: 079 224 683 853", "079224683853"),
        ("Số / No.: 30/07/2024", None),
        ("Số / No.: 0792246838533", None),
    ],
)
def test_only_so_many_digits_are_a_number(text: str, number: str | None) -> None:
    """A slash read for a 7 is read again in digits only; without the steps of the recogniser it is dropped, and nothing is left."""
    assert values("cccd_chip_2021", line(387, 296, text)).get("number") == number


def test_what_is_left_of_a_labels_own_words_is_no_date() -> None:
    """The SPECIMEN across the card had the label found in two pieces."""
    read = values(
        "can_cuoc_2024",
        line(405, 515, "Ngày, tháng, năm sinh / Date of i", letter_px=8),
        line(672, 519, "f birth:", letter_px=7, high=24),
        line(407, 553, "16/06/1984"),
    )
    assert read["date_of_birth"] == "16/06/1984"


def test_words_before_a_colon_are_the_labels() -> None:
    """However little of its English was read."""
    lines = (line(394, 604, "Quốe tịch Naworaiợ:"), line(403, 656, "Việt Nam", high=40))
    assert values("can_cuoc_2024", *lines)["nationality"] == "Việt Nam"


def test_a_date_that_is_none_is_not_made_out() -> None:
    assert "date_of_birth" not in values("cccd_chip_2021", line(387, 466, "Ngày sinh / Date of birth: 22/05/197:"))


def test_a_shortened_kind_keeps_its_stop_where_a_line_ends() -> None:
    read = values(
        "cmnd_9",
        line(384, 587, "Nơi ĐKHK thường trú 8 Lê Lợi, Quận 1, TP."),
        line(385, 646, "Hồ Chí Minh."),
    )
    assert read["place_of_residence"] == "8 Lê Lợi, Quận 1, TP. Hồ Chí Minh"


def test_a_dotted_line_read_as_unlikely_letters_is_no_value() -> None:
    row = Line(text="e%+Phoo6aeĐeoceoosonnahcrh", confidence=1e-15, box=box(400, 512, 900, 530))
    read = values("cmnd_9", line(384, 474, "Nguyên quán Bến Thành, Quận 1"), row, line(384, 540, "Tân An"))
    assert read["place_of_origin"] == "Bến Thành, Quận 1 Tân An"


def test_a_hyphen_at_the_end_of_a_line_is_kept() -> None:
    read = values(
        "cmnd_9", line(384, 474, "Nguyên quán Long Tân, Tỉnh Bà Rịa -"), line(386, 512, "Vũng Tàu", letter_px=14)
    )
    assert read["place_of_origin"] == "Long Tân, Tỉnh Bà Rịa - Vũng Tàu"


@pytest.mark.parametrize(
    ("second", "count"),
    [
        (box(212, 100, 400, 130), 1),  # across a hyphen
        (box(180, 98, 400, 132), 1),  # overlapping by less than the line's height
        (box(240, 100, 400, 130), 2),  # a column
        (box(205, 120, 400, 150), 2),  # the next line
        (box(205, 85, 400, 145), 2),  # twice as high
    ],
)
def test_pieces_of_one_line_are_joined(second: Box, count: int) -> None:
    assert len(made_whole([box(100, 100, 200, 130), second])) == count


@pytest.mark.parametrize(
    ("place", "sure"),
    [
        (Place(0.50, 0.05, 0.05, 0.10), False),  # where the line ends
        (Place(0.20, 0.08, 0.05, 0.02), False),  # over it
        (Place(0.70, 0.08, 0.05, 0.05), True),  # far behind it
        (Place(0.20, 0.30, 0.05, 0.05), True),  # below
    ],
)
def test_what_a_reflection_may_have_swallowed_is_not_sure(place: Place, sure: bool) -> None:
    """Over the end of an address the letters that are left may be perfectly plain."""
    address = Said(text="Xã Thủ Thừa", confidence=0.99, box=reading.Box("back", 0.04, 0.08, 0.44, 0.05))
    assert (transcribing.beside_glare(address, [place]).confidence > 0.9) is sure
