"""The picture of a reading: frames where the boxes are, in the verdict's colour, and every value legible beside them."""

import io
import typing
from collections.abc import Mapping

import msgspec
import pytest
from PIL import Image, ImageColor

from kit.refusal import Words
from ocr import explaining, reading
from ocr.documents import DOCUMENTS, Side
from ocr.reading import Box, CardReading, Document, Field, Issue, Source

NUMBER = Box("front", 0.30, 0.40, 0.25, 0.06)
NAME = Box("front", 0.30, 0.60, 0.50, 0.06)
ISSUED = Box("back", 0.10, 0.20, 0.20, 0.06)
QR = Box("back", 0.60, 0.20, 0.25, 0.40)

MARGIN, CARD_HEIGHT = 36, 806
# Below the heading, whose legend shows every colour.
FIRST_CARD = 165


def read(**fields: Field) -> CardReading:
    document = Document(kind="can_cuoc_2024", sides=("front", "back"), quality={})
    return CardReading(document=document, decision="review", fields=fields)


def field(status: reading.Status, *sources: Source, value: str | None = "079190012345") -> Field:
    return Field(value=value, normal=value, confidence=0.98, status=status, sources=sources)


def printed(box: Box, value: str = "079190012345") -> Source:
    return Source("print", value, 0.97, box)


def side(colour: str = "white", width: int = 1280) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, round(width * CARD_HEIGHT / 1280)), colour).save(out, "JPEG")
    return out.getvalue()


FLAT: Mapping[Side, bytes] = {"front": side(), "back": side()}


def drawn(of: CardReading, flat: Mapping[Side, bytes] = FLAT) -> Image.Image:
    with Image.open(io.BytesIO(explaining.draw(of, flat)), formats=("PNG",)) as picture:
        return picture.convert("RGB")


def framed(picture: Image.Image, box: Box, colour: str, *, start: int = FIRST_CARD) -> bool:
    """Whether lines of this colour run along the edges of the box, wherever on the sheet its card lies."""
    wanted = ImageColor.getrgb(colour)
    x = round(MARGIN + (box.x + box.width / 2) * 1280)
    column = [picture.getpixel((x, y)) for y in range(start, picture.height)]
    return sum(pixel == wanted for pixel in column) >= 4


@pytest.mark.parametrize("status", typing.get_args(reading.Status))
def test_a_frame_has_the_colour_of_its_verdict(status: reading.Status) -> None:
    colours = {"confirmed": "#14733f", "read": "#1458b8", "conflict": "#b3261e", "missing": "#5d6977"}
    picture = drawn(read(number=field(status, printed(NUMBER))))
    assert [name for name, colour in colours.items() if framed(picture, NUMBER, colour)] == [status]


def test_each_side_has_its_own_frames_and_the_qr_one_for_all_its_fields() -> None:
    said = Source("qr", "079190012345", 0.99, QR)
    of = read(number=field("confirmed", printed(NUMBER), said), date_of_issue=field("confirmed", said, printed(ISSUED)))
    picture = drawn(of)
    gap = FIRST_CARD + CARD_HEIGHT + MARGIN // 2
    front = picture.crop((0, 0, picture.width, gap))
    assert framed(front, NUMBER, "#14733f")
    assert not framed(front, QR, "#46309b")
    assert framed(picture, QR, "#46309b", start=gap)
    assert framed(picture, ISSUED, "#14733f", start=gap)


def test_the_sides_lie_one_under_the_other_as_wide_whatever_they_were() -> None:
    picture = drawn(
        read(number=field("read", printed(NUMBER))), {"front": side("#800000", 640), "back": side("#000080")}
    )
    middles = [picture.getpixel((MARGIN + 1200, y)) for y in range(picture.height)]
    reds = sum(pixel[0] > 100 and pixel[2] < 60 for pixel in middles if isinstance(pixel, tuple))
    blues = sum(pixel[2] > 100 and pixel[0] < 60 for pixel in middles if isinstance(pixel, tuple))
    assert abs(reds - CARD_HEIGHT) < 6
    assert abs(blues - CARD_HEIGHT) < 6


def test_what_stands_nowhere_on_the_card_is_listed_all_the_same() -> None:
    """A number only the QR says, and one nobody says: both were read, or looked for."""
    without = drawn(read(number=field("read", printed(NUMBER))))
    many = {f"field_{i}": field("missing", value=None) for i in range(14)}
    with_them = drawn(
        read(number=field("read", printed(NUMBER)), old_number=field("read", Source("qr", "1", 0.9)), **many)
    )
    assert with_them.height > without.height
    assert drawn(read(number=field("read", printed(NUMBER))), {}).height > 200


def test_what_a_stranger_put_into_a_qr_neither_breaks_nor_fills_the_picture() -> None:
    odd = "\0\x1b[31m" + "W" * 3000 + "\n\u202e" + "ở" * 500
    picture = drawn(read(qr=field("conflict", Source("qr", odd, 0.9, QR), printed(ISSUED, odd), value=odd)))
    assert picture.height < 2 * CARD_HEIGHT + 1000
    wild = Box("front", -3.0, 0.9, 9.0, 9.0)
    drawn(read(number=field("read", printed(wild)), full_name=field("read", printed(Box("front", 0, 0, 0, 0)))))


def test_issues_stand_at_the_foot_in_both_languages() -> None:
    plain = read(number=field("read", printed(NUMBER)))
    issue = Issue("sources-disagree", "number", Words("Hai nguồn ghi khác nhau.", "Two sources say different things."))
    assert drawn(msgspec.structs.replace(plain, issues=(issue,))).height > drawn(plain).height + 60


def test_a_word_wider_than_its_column_is_broken_and_no_letter_lost() -> None:
    font = explaining._font("Regular", 20)  # pyright: ignore[reportPrivateUsage]
    said = "Số 45/12 Đường " + "Nguyễn" * 30 + " Phường Sài Gòn"
    lines = explaining._wrapped(said, font, 300)  # pyright: ignore[reportPrivateUsage]
    assert "".join(lines).replace(" ", "") == said.replace(" ", "")
    assert all(font.getlength(line) <= 300 for line in lines)


def test_every_word_a_reading_may_use_can_be_drawn() -> None:
    """A new field, witness or verdict without a name or a colour would only show when somebody's card has it."""
    assert set(reading.FIELDS) | {"issuer"} <= set(explaining._FIELD)  # pyright: ignore[reportPrivateUsage]
    for kind in DOCUMENTS:
        for decision in typing.get_args(reading.Decision):
            of = read(number=field("read", *(Source(w, "1", 0.5) for w in typing.get_args(reading.Witness))))
            document = msgspec.structs.replace(of.document, kind=kind)
            drawn(msgspec.structs.replace(of, decision=decision, document=document))
