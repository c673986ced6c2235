"""A picture of how a card was read: each flattened side with the places looked at, and beside it what they say.

Colours are verdicts, and the verdict stands in words too; a number ties a frame on the card to its field beside it.
"""

import functools
import io
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from kit import fonts
from kit.refusal import Words
from ocr.documents import DOCUMENTS
from ocr.documents.layout import Side
from ocr.reading import Box, CardReading, Field, Source

_CARD_PX: Final = 1_280
_PANEL_PX: Final = 820
_MARGIN_PX: Final = 36
# Whatever a stranger's QR holds: this much of it is shown.
_LONGEST: Final = 200

_PAPER, _INK, _FAINT, _RULE = "#f6f7f9", "#16202c", "#5d6977", "#d9dee5"
_WITNESS_INK: Final = "#46309b"
_STATUS: Final = {
    "confirmed": ("#14733f", Words("đã khớp", "confirmed")),
    "read": ("#1458b8", Words("đã đọc", "read")),
    "conflict": ("#b3261e", Words("mâu thuẫn", "conflict")),
    "missing": ("#5d6977", Words("không có", "missing")),
}
_DECISION: Final = {
    "accept": ("#14733f", Words("Chấp nhận", "accept")),
    "review": ("#9a5b00", Words("Cần người xem", "review")),
    "retake": ("#b3261e", Words("Chụp lại", "retake")),
}
_SIDE: Final = {"front": Words("Mặt trước", "front"), "back": Words("Mặt sau", "back")}
_WITNESS: Final = {
    "print": Words("chữ in", "print"),
    "qr": Words("QR", "QR"),
    "mrz": Words("MRZ", "MRZ"),
    "chip": Words("chip", "chip"),
    "number": Words("từ số", "number"),
}
_FIELD: Final = {
    "number": Words("Số", "number"),
    "old_number": Words("Số cũ", "old number"),
    "full_name": Words("Họ và tên", "full name"),
    "date_of_birth": Words("Ngày sinh", "date of birth"),
    "sex": Words("Giới tính", "sex"),
    "nationality": Words("Quốc tịch", "nationality"),
    "ethnicity": Words("Dân tộc", "ethnicity"),
    "place_of_origin": Words("Quê quán", "place of origin"),
    "place_of_residence": Words("Nơi cư trú", "place of residence"),
    "place_of_birth": Words("Nơi đăng ký khai sinh", "place of birth"),
    "date_of_issue": Words("Ngày cấp", "date of issue"),
    "date_of_expiry": Words("Có giá trị đến", "date of expiry"),
    "issuer": Words("Nơi cấp", "issuer"),
    "mrz": Words("Vùng đọc máy", "MRZ"),
    "qr": Words("Mã QR", "QR"),
}


def draw(reading: CardReading, flat: Mapping[Side, bytes]) -> bytes:
    """PNG. `flat` holds the flattened sides (JPEG) the boxes of `reading` are fractions of; a side may be missing.

    Fields that stand in no place of their own, because only the QR, the zone or the chip says them, or nobody does, are
    listed beside the last side.
    """
    numbered = {name: (number, field) for number, (name, field) in enumerate(reading.fields.items(), 1)}
    sides: list[Side] = [side for side in ("front", "back") if side in flat]
    strips = [_heading(reading)]
    for side in sides:
        here = {name: pair for name, pair in numbered.items() if _side_of(pair[1], sides) == side}
        nowhere = {name: pair for name, pair in numbered.items() if _side_of(pair[1], sides) is None}
        panel = _panel(side, here, nowhere if side == sides[-1] else {})
        strips.append(_beside(_marked(flat[side], side, numbered), panel))
    if not sides:
        strips.append(_panel(None, {}, numbered))
    if reading.issues:
        strips.append(_issues(reading))
    out = io.BytesIO()
    _stacked(strips).save(out, "PNG", optimize=True)
    return out.getvalue()


def _side_of(field: Field, sides: Sequence[Side]) -> Side | None:
    """Where its print stands, else where anything that says it does."""
    boxes = [source.box for source in sorted(field.sources, key=lambda source: source.source != "print") if source.box]
    return next((box.side for box in boxes if box.side in sides), None)


def _marked(jpeg: bytes, side: Side, numbered: Mapping[str, tuple[int, Field]]) -> Image.Image:
    """The card, a frame in the verdict's colour around each printed value, and one around each QR and zone."""
    with Image.open(io.BytesIO(jpeg), formats=("JPEG", "PNG")) as opened:
        card = opened.convert("RGB")
    card = card.resize((_CARD_PX, round(card.height * _CARD_PX / card.width)), Image.Resampling.LANCZOS)
    pen = ImageDraw.Draw(card, "RGBA")
    shared: dict[Box, str] = {}
    for number, field in numbered.values():
        colour, _ = _STATUS[field.status]
        for source in field.sources:
            if source.box is None or source.box.side != side:
                continue
            if source.source == "print":
                _frame(pen, card.size, source.box, colour, str(number))
            else:
                shared.setdefault(source.box, _WITNESS[source.source].en)
    for box, witness in shared.items():
        _frame(pen, card.size, box, _WITNESS_INK, witness)
    return card


def _frame(pen: ImageDraw.ImageDraw, size: tuple[int, int], box: Box, colour: str, tag: str) -> None:
    """Around the place, a little off the letters; the tag behind it, where a line's label never stands, if there is room."""
    left, top = box.x * size[0] - 5, box.y * size[1] - 4
    right, bottom = (box.x + box.width) * size[0] + 5, (box.y + box.height) * size[1] + 4
    pen.rounded_rectangle((left, top, right, bottom), 7, fill=f"{colour}1c", outline=colour, width=3)
    font = _font("Bold", 20)
    width = max(28.0, font.getlength(tag) + 14)
    x, y = right + 4, (top + bottom) / 2 - 14
    if x + width > size[0] - 2:
        # As wide as the card: on its upper edge.
        x, y = (left - width - 4, y) if left > width + 6 else (max(2.0, left), max(2.0, top - 30))
    pen.rounded_rectangle((x, y, x + width, y + 28), 14, fill=colour)
    pen.text((x + width / 2, y + 14), tag, "white", font, anchor="mm")


class _Column:
    """Text set downwards on a sheet of paper that grows no longer than what is written."""

    def __init__(self, width: int) -> None:
        self.width, self.y = width, 0
        self._orders: list[Callable[[ImageDraw.ImageDraw], None]] = []

    def text(
        self,
        x: int,
        said: str,
        colour: str,
        font: ImageFont.FreeTypeFont,
        *,
        leading: float = 1.35,
        room: int | None = None,
    ) -> None:
        """A paragraph from `x` to the right edge, or as wide as `room`."""
        for line in _wrapped(said, font, self.width - x if room is None else room):
            self._at((x, self.y), line, colour, font, "la")
            self.y += round(font.size * leading)

    def beside(self, x: int, said: str, colour: str, font: ImageFont.FreeTypeFont, anchor: str = "la") -> int:
        """One word on the line that is being written; returns where it ends."""
        self._at((x, self.y), said, colour, font, anchor)
        return x + round(font.getlength(said))

    def badge(self, x: int, said: str, colour: str, *, size: int = 20) -> int:
        """White letters on a colour, on the line that is being written; returns where it ends."""
        font, top = _font("Bold", size), self.y
        width = max(size + 10, round(font.getlength(said)) + size)

        def order(pen: ImageDraw.ImageDraw) -> None:
            pen.rounded_rectangle((x, top, x + width, top + size + 10), (size + 10) / 2, fill=colour)
            pen.text((x + width / 2, top + (size + 10) / 2), said, "white", font, anchor="mm")

        self._orders.append(order)
        return x + width

    def rule(self) -> None:
        y = self.y
        self._orders.append(lambda pen: pen.line((0, y, self.width, y), _RULE, 2))

    def drawn(self) -> Image.Image:
        sheet = Image.new("RGB", (self.width, max(1, self.y)), _PAPER)
        pen = ImageDraw.Draw(sheet)
        for order in self._orders:
            order(pen)
        return sheet

    def _at(self, place: tuple[int, int], said: str, colour: str, font: ImageFont.FreeTypeFont, anchor: str) -> None:
        self._orders.append(lambda pen: pen.text(place, said, colour, font, anchor=anchor))


def _heading(reading: CardReading) -> Image.Image:
    """What card it is, what may be done with it, and what the colours mean."""
    column = _Column(_CARD_PX + _MARGIN_PX + _PANEL_PX)
    known = DOCUMENTS.get(reading.document.kind)
    end = column.beside(0, known.name_vi if known else reading.document.kind, _INK, _font("Bold", 40))
    column.y += 17
    column.beside(end + 18, reading.document.kind, _FAINT, _font("Regular", 24))
    column.y -= 12
    colour, words = _DECISION[reading.decision]
    said = f"{words.vi} · {words.en}"
    column.badge(column.width - round(_font("Bold", 28).getlength(said)) - 28, said, colour, size=28)
    column.y += 62
    x = 0
    for colour, words in _STATUS.values():
        x = column.badge(x, words.vi, colour) + 8
        column.y += 3
        x = column.beside(x, words.en, _FAINT, _font("Regular", 20)) + 30
        column.y -= 3
    column.badge(x, "QR, MRZ", _WITNESS_INK)
    column.y += 36
    return column.drawn()


def _panel(
    side: Side | None, here: Mapping[str, tuple[int, Field]], nowhere: Mapping[str, tuple[int, Field]]
) -> Image.Image:
    column = _Column(_PANEL_PX)
    if side is not None:
        end = column.beside(0, _SIDE[side].vi, _INK, _font("Bold", 26))
        column.y += 5
        column.beside(end + 12, _SIDE[side].en, _FAINT, _font("Regular", 20))
        column.y += 37
    for name, (number, field) in here.items():
        _write_field(column, name, number, field)
    if nowhere:
        column.y += 10
        end = column.beside(0, "Không có khung trên ảnh", _INK, _font("Bold", 26))
        column.y += 5
        column.beside(end + 12, "no place of their own", _FAINT, _font("Regular", 20))
        column.y += 37
    for name, (number, field) in nowhere.items():
        _write_field(column, name, number, field)
    return column.drawn()


def _write_field(column: _Column, name: str, number: int, field: Field) -> None:
    """Its number, name and verdict; the value; who says it, each in its own words where they differ."""
    colour, status = _STATUS[field.status]
    words = _FIELD.get(name, Words(name, name.replace("_", " ")))
    indent = 48
    column.rule()
    column.y += 9
    column.badge(0, str(number), colour, size=18)
    column.y += 1
    end = column.beside(indent, words.vi, _INK, _font("Bold", 20))
    column.beside(end + 10, words.en, _FAINT, _font("Regular", 20))
    verdict = status.vi if field.status == "missing" else f"{status.vi} · {_percent(field.confidence)}"
    column.beside(column.width, verdict, colour, _font("Bold", 20), "ra")
    column.y += 30
    value = _shown(field.value)
    # A zone or the text of a QR is for comparing, not for reading out.
    column.text(indent, value or "–", _INK if value else _FAINT, _font("Regular", 26 if len(value) <= 90 else 18))
    if all(_shown(source.value) == value for source in field.sources):
        said = " · ".join(f"{_WITNESS[source.source].vi} {_percent(source.confidence)}" for source in field.sources)
        if said:
            column.text(indent, said, _FAINT, _font("Regular", 18))
    else:
        for source in field.sources:
            _write_source(column, indent, source)
    column.y += 9


def _write_source(column: _Column, indent: int, source: Source) -> None:
    column.beside(indent, _WITNESS[source.source].vi, _WITNESS_INK, _font("Bold", 18))
    column.beside(column.width, _percent(source.confidence), _FAINT, _font("Regular", 18), "ra")
    column.text(indent + 76, _shown(source.value), _FAINT, _font("Regular", 18), room=column.width - indent - 76 - 70)


def _issues(reading: CardReading) -> Image.Image:
    """What a person should see, in both languages."""
    column = _Column(_CARD_PX + _MARGIN_PX + _PANEL_PX)
    for issue in reading.issues:
        column.rule()
        column.y += 10
        column.text(0, issue.message.vi, _INK, _font("Bold", 22))
        column.text(0, f"{issue.message.en}  ({issue.code})", _FAINT, _font("Regular", 20))
        column.y += 8
    return column.drawn()


def _beside(card: Image.Image, panel: Image.Image) -> Image.Image:
    sheet = Image.new("RGB", (_CARD_PX + _MARGIN_PX + _PANEL_PX, max(card.height, panel.height)), _PAPER)
    corners = Image.new("L", card.size, 0)
    ImageDraw.Draw(corners).rounded_rectangle((0, 0, card.width - 1, card.height - 1), 22, fill=255)
    sheet.paste(card, (0, 0), corners)
    sheet.paste(panel, (_CARD_PX + _MARGIN_PX, 0))
    return sheet


def _stacked(strips: Sequence[Image.Image]) -> Image.Image:
    height = sum(strip.height + _MARGIN_PX for strip in strips) + _MARGIN_PX
    sheet = Image.new("RGB", (_CARD_PX + _PANEL_PX + 3 * _MARGIN_PX, height), _PAPER)
    y = _MARGIN_PX
    for strip in strips:
        sheet.paste(strip, (_MARGIN_PX, y))
        y += strip.height + _MARGIN_PX
    return sheet


def _shown(value: str | None) -> str:
    """One line, cut: a QR may hold three kilobytes of anything."""
    text = "".join(c if c.isprintable() else " " for c in value or "")
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _percent(confidence: float) -> str:
    """Rounded down: nothing short of certain is shown as a hundred."""
    return f"{int(confidence * 100)} %"


def _wrapped(said: str, font: ImageFont.FreeTypeFont, room: float) -> list[str]:
    """Lines no wider than `room`, broken between words, within a word that is wider."""
    lines: list[str] = []
    for word in said.split(" "):
        together = f"{lines[-1]} {word}" if lines else word
        if lines and font.getlength(together) <= room:
            lines[-1] = together
            continue
        while font.getlength(word) > room:
            fits = next(n for n in range(len(word) - 1, 0, -1) if font.getlength(word[:n]) <= room)
            lines.append(word[:fits])
            word = word[fits:]
        lines.append(word)
    return lines


@functools.cache
def _font(weight: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(fonts.path(f"NotoSans-{weight}.ttf")), size)
