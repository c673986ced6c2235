"""The pen all generations are drawn with: text that fits, pictures, codes, stamps, and where each of them went."""

import io
import math
import random
from functools import lru_cache
from typing import Any, Literal

import msgspec
import numpy as np
import segno
from PIL import Image, ImageDraw

from ocr.documents.layout import ASPECT, Place
from ocr.training.specimens import grounds, typefaces, wear
from ocr.training.specimens.grounds import Rgb, Tint
from ocr.training.specimens.styles import Style

WIDTH = 1_600
HEIGHT = round(WIDTH / ASPECT)

INK: Rgb = (28, 28, 32)
RED: Rgb = (176, 24, 32)
LABEL: Rgb = (44, 58, 66)
_STAMP: Rgb = (200, 40, 60)
_SPECIMEN = "SPECIMEN / MẪU"

Role = Literal["value", "value_bold", "typed", "label", "english", "heading", "zone"]
# What is printed for the one holder, as against what every card of the kind has.
_PERSONAL = frozenset({"value", "value_bold", "typed", "zone"})

# No text is set smaller than this share of its size; longer facts are refused.
_SMALLEST = 0.55
_RIGHT_EDGE = 0.97


class Printed(msgspec.Struct, frozen=True):
    """A line of print and its box in pixels of the specimen: left, top, right, bottom; `field` as in `ocr.documents`.

    A picture (portrait, qr, barcode, chip, …) is named in `field` and has no text.
    """

    field: str
    text: str
    box: tuple[int, int, int, int]


class Specimen(msgspec.Struct, frozen=True):
    """Both sides, upright, 1600 px wide, corners rounded in the alpha channel; and every line that was printed on them."""

    front: Image.Image
    back: Image.Image
    front_print: tuple[Printed, ...] = ()
    back_print: tuple[Printed, ...] = ()


class Side:
    """One side while it is drawn. Places are fractions of the card, sizes pixels at 1600 px."""

    def __init__(self, style: Style, tint: Tint, seed: int) -> None:
        self.style = style
        self.printed: list[Printed] = []
        self._dice = random.Random(seed * 31 + style.seed)  # noqa: S311 (a drawing, not a secret)
        self._noise = np.random.default_rng(seed * 31 + style.seed)
        self._image = Image.fromarray(
            grounds.lay(
                style.ground,
                style.tint or tint,
                seed,
                size=(WIDTH, HEIGHT),
                pitch=style.ground_pitch,
                strength=style.ground_strength,
            )
        )
        self._pen = ImageDraw.Draw(self._image)
        # Masks of ink: one for each colour and whether it is personal.
        self._inks: dict[tuple[Rgb, bool], Image.Image] = {}
        # A printer's feed is off by so much for all that it prints on one card.
        self._shift = tuple(self._dice.uniform(-1, 1) * style.jitter for _ in range(2))

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: int,
        *,
        role: Role = "value",
        ink: Rgb = INK,
        anchor: Literal["l", "m"] = "l",
        until: float = _RIGHT_EDGE,
        field: str = "",
    ) -> float:
        """One line, smaller where it would pass `until`; `y` is the top of a line of this size. Returns where it ends."""
        room = until - x if anchor == "l" else 2 * (until - x)
        fitted, _ = self._fitted(text, size, role, (room,))
        return self._write(x, y, text, size, fitted, role, ink, anchor, field)

    def label(
        self, x: float, y: float, vi: str, en: str = "", *, size: int = 27, until: float = _RIGHT_EDGE, mark: str = ":"
    ) -> float:
        """The words before a value; Vietnamese and English, or Vietnamese only."""
        if not en:
            return self.text(x, y, vi + mark, size, role="label", ink=LABEL, until=until)
        whole = self._length(f"{vi} / ", size, "label") + self._length(en + mark, size, "english")
        size = max(1, math.floor(size * min(1.0, (until - x) / whole)))
        end = self.text(x, y, f"{vi} / ", size, role="label", ink=LABEL, until=1)
        return self.text(end, y, en + mark, size, role="english", ink=LABEL, until=1)

    def paragraph(
        self,
        x: float,
        y: float,
        text: str,
        size: int,
        *,
        field: str,
        lines: int,
        first_x: float | None = None,
        until: float = _RIGHT_EDGE,
        leading: float = 0.057,
        role: Role = "value",
    ) -> None:
        """Wraps at words into at most so many lines, smaller where that is needed; the first may stand after a label."""
        start = x if first_x is None else first_x
        rooms = (until - start, *[until - x] * (lines - 1))
        fitted, rows = self._fitted(text, size, role, rooms)
        for i, row in enumerate(rows):
            if row:
                self._write(x if i else start, y + i * leading, row, size, fitted, role, INK, "l", field)

    def picture(self, encoded: bytes, place: Place) -> None:
        box = (round(place.width * WIDTH), round(place.height * HEIGHT))
        photo = Image.open(io.BytesIO(encoded), formats=["JPEG", "PNG", "WEBP"]).convert("RGB")
        self._image.paste(_cover(photo, box), (round(place.x * WIDTH), round(place.y * HEIGHT)))
        self._reserve("portrait", place)

    def qr(self, payload: str, x: float, y: float, side_px: int) -> None:
        code = segno.make(payload, error="m", micro=False, encoding="utf-8")
        modules = np.array([list(row) for row in code.matrix_iter(border=1)], dtype=np.uint8)
        ink = Image.fromarray(np.where(modules > 0, 24, 250).astype(np.uint8))
        self._image.paste(
            ink.resize((side_px, side_px), Image.Resampling.NEAREST).convert("RGB"),
            (round(x * WIDTH), round(y * HEIGHT)),
        )
        self._reserve("qr", Place(x, y, side_px / WIDTH, side_px / HEIGHT))

    def barcode(self, payload: str, place: Place) -> None:
        """PDF417 (ISO/IEC 15438) as wide as its place, whole pixels a module."""
        import zxingcpp

        code = zxingcpp.create_barcode(payload, zxingcpp.BarcodeFormat.PDF417, columns=14)
        modules = Image.fromarray(np.array(code.to_image(scale=1, add_quiet_zones=False)))
        width, height = round(place.width * WIDTH), round(place.height * HEIGHT)
        scale = width // modules.width
        modules = modules.resize((modules.width * scale, height - 24), Image.Resampling.NEAREST)
        strip = Image.new("L", (width, height), 250)
        strip.paste(modules.point([24] * 128 + [250] * 128), ((width - modules.width) // 2, 12))
        self._image.paste(strip.convert("RGB"), (round(place.x * WIDTH), round(place.y * HEIGHT)))
        self._reserve("barcode", place)

    def emblem(self, x: float, y: float, size: int) -> None:
        """A plain star on a disc; the state emblem itself is not copied."""
        cx, cy, r = x * WIDTH, y * HEIGHT, size / 2
        self._pen.ellipse((cx - r, cy - r, cx + r, cy + r), fill=(196, 38, 40), outline=(222, 178, 60), width=5)
        points = [
            (
                cx + (r * 0.62 if i % 2 == 0 else r * 0.26) * math.sin(i * math.pi / 5),
                cy - (r * 0.62 if i % 2 == 0 else r * 0.26) * math.cos(i * math.pi / 5),
            )
            for i in range(10)
        ]
        self._pen.polygon(points, fill=(246, 212, 70))
        self._reserve("emblem", Place(x - r / WIDTH, y - r / HEIGHT, size / WIDTH, size / HEIGHT))

    def chip(self, x: float, y: float) -> None:
        left, top = x * WIDTH, y * HEIGHT
        width, height = 0.135 * WIDTH, 0.185 * HEIGHT
        edge = (140, 116, 58)
        self._pen.rounded_rectangle((left, top, left + width, top + height), 18, (214, 186, 112), edge, 3)
        for share in (1 / 3, 2 / 3):
            self._pen.line((left, top + height * share, left + width, top + height * share), edge, 3)
        middle = (left + width * 0.3, top + height * 0.2, left + width * 0.7, top + height * 0.8)
        self._pen.rounded_rectangle(middle, 10, (224, 198, 128), edge, 3)
        self._reserve("chip", Place(x, y, 0.135, 0.185))

    def chip_sign(self, x: float, y: float) -> None:
        left, top = x * WIDTH, y * HEIGHT
        self._pen.rounded_rectangle((left, top, left + 66, top + 40), 6, outline=RED, width=4)
        self._pen.ellipse((left + 22, top + 9, left + 44, top + 31), outline=RED, width=4)
        self._pen.line((left, top + 20, left + 22, top + 20), RED, 4)
        self._pen.line((left + 44, top + 20, left + 66, top + 20), RED, 4)
        self._reserve("chip_sign", Place(x, y, 66 / WIDTH, 40 / HEIGHT))

    def dots(self, x: float, y: float, until: float = _RIGHT_EDGE) -> None:
        """The dotted line under a typed value."""
        for left in range(round(x * WIDTH), round(until * WIDTH), 9):
            self._pen.rectangle((left, y * HEIGHT, left + 2, y * HEIGHT + 2), LABEL)

    def finger(self, place: Place, seed: int) -> None:
        """A fingerprint's frame and a whorl of arcs in it: nobody's finger."""
        left, top, width, height = place.x * WIDTH, place.y * HEIGHT, place.width * WIDTH, place.height * HEIGHT
        frame = (left, top, left + width, top + height)
        self._pen.rectangle(frame, fill=(250, 250, 246), outline=(150, 150, 150))
        whorl = random.Random(seed)  # noqa: S311
        step = min(width / 52, height / 61)
        cx, cy = left + width / 2 + whorl.uniform(-12, 12), top + height / 2 + whorl.uniform(-20, 20) * height / 424
        for ring in range(3, 22):
            rx, ry = ring * step, ring * step * 1.52 * min(1.0, height / width / 1.76)
            box = (cx - rx, cy - ry, cx + rx, cy + ry)
            self._pen.arc(box, whorl.uniform(0, 40), whorl.uniform(300, 358), (92, 84, 88), 3)
        self._reserve("finger", place)

    def signature(self, x: float, y: float) -> None:
        points = [
            (x * WIDTH + t * 4.2, y * HEIGHT + 40 * math.sin(t / 3.1) * math.cos(t / 11) + 16 * math.sin(t * 1.3))
            for t in range(64)
        ]
        self._pen.line(points, fill=(40, 52, 140), width=4, joint="curve")
        self._reserve("signature", Place(x, y - 0.052, 270 / WIDTH, 0.104))

    def zone(self, lines: tuple[str, str, str], y: float) -> None:
        """OCR-B, 30 columns spread evenly over the width of the card, as ICAO 9303-5 spaces them."""
        font = typefaces.at("OCRB.otf", 62)
        left, step = 0.055 * WIDTH, 0.89 * WIDTH / 30
        self._pen.rectangle((0, (y - 0.02) * HEIGHT, WIDTH, HEIGHT), fill=(244, 244, 238))
        pen = self._ink(INK, personal=True)
        for row, line in enumerate(lines):
            middle = (y + 0.045 + row * 0.092) * HEIGHT
            for column, character in enumerate(line):
                pen.text((left + (column + 0.5) * step, middle), character, font=font, fill=255, anchor="mm")
            box = (round(left), round(middle - 28), round(left + 30 * step), round(middle + 28))
            self.printed.append(Printed("mrz", line, box))

    def stamp(self, x: float, y: float, *, angle: float = 24, size: int = 150) -> None:
        """Large and pale: nobody takes it for a card, and every field under it stays legible."""
        font = typefaces.at("NotoSans-Bold.ttf", size)
        bounds = font.getbbox(_SPECIMEN, anchor="mm")
        half = (math.ceil(bounds[2]) + 2, math.ceil(max(-bounds[1], bounds[3])) + 2)
        mask = Image.new("L", (2 * half[0], 2 * half[1]), 0)
        ImageDraw.Draw(mask).text(half, _SPECIMEN, font=font, fill=self.style.stamp_opacity, anchor="mm")
        mask = mask.rotate(angle, resample=Image.Resampling.BICUBIC, expand=True)
        self._flow()
        corner = (round(x * WIDTH - mask.width / 2), round(y * HEIGHT - mask.height / 2))
        self._image.paste(_STAMP, (*corner, corner[0] + mask.width, corner[1] + mask.height), mask)

    def small_stamp(self, x: float, y: float) -> None:
        self.text(x, y - 0.018, _SPECIMEN, 24, role="heading", ink=_STAMP, anchor="m")

    def finished(self) -> Image.Image:
        """The side as it leaves the printer's and its owner's hands."""
        self._flow()
        if self.style.scratches:
            pixels = np.array(self._image)
            wear.scratch(pixels, self._noise, self.style.scratches)
            self._image = Image.fromarray(pixels)
        mask = Image.new("L", self._image.size, 0)
        ImageDraw.Draw(mask).rounded_rectangle((0, 0, WIDTH - 1, HEIGHT - 1), round(WIDTH * 3.18 / 85.6), fill=255)
        self._image.putalpha(mask)
        return self._image

    def _reserve(self, name: str, place: Place) -> None:
        left, top = round(place.x * WIDTH), round(place.y * HEIGHT)
        right, bottom = round((place.x + place.width) * WIDTH), round((place.y + place.height) * HEIGHT)
        self.printed.append(Printed(name, "", (left, top, right, bottom)))

    def _face(self, role: Role) -> str:
        style = self.style
        return {
            "value": style.value_face,
            "value_bold": style.value_bold_face,
            "typed": style.typed_face,
            "label": style.label_face,
            "english": style.english_face,
            "heading": style.heading_face,
            "zone": "OCRB.otf",
        }[role]

    def _length(self, text: str, size: int, role: Role) -> float:
        """In fractions of the card's width."""
        return float(typefaces.at(self._face(role), self._scaled(size)).getlength(text)) / WIDTH

    def _scaled(self, size: int) -> int:
        return max(1, round(size * self.style.size))

    def _fitted(self, text: str, size: int, role: Role, rooms: tuple[float, ...]) -> tuple[int, list[str]]:
        """The largest size, and the lines, in which a text stays within these rooms, one room a line."""
        for tried in range(size, math.floor(size * _SMALLEST) - 1, -1):
            rows = self._wrapped(text, tried, role, rooms)
            if rows is not None:
                return tried, rows
        raise ValueError(f"{text!r} does not fit into {len(rooms)} lines of a card")

    def _wrapped(self, text: str, size: int, role: Role, rooms: tuple[float, ...]) -> list[str] | None:
        if len(rooms) == 1:
            return [text] if self._length(text, size, role) <= rooms[0] else None
        rows = [""]
        for word in text.split(" "):
            tried = f"{rows[-1]} {word}".strip()
            while self._length(tried, size, role) > rooms[len(rows) - 1]:
                if len(rows) == len(rooms) or (len(rows) > 1 and not rows[-1]):
                    return None
                rows.append("")
                tried = word
            rows[-1] = tried
        return rows

    def _write(
        self, x: float, y: float, text: str, size: int, fitted: int, role: Role, ink: Rgb, anchor: str, field: str
    ) -> float:
        """Onto the mask of its ink, its baseline where Noto's would be for `size`. Returns the x where it ends."""
        font: Any = typefaces.at(self._face(role), self._scaled(fitted))
        personal = role in _PERSONAL
        left, baseline = x * WIDTH, y * HEIGHT + _ascent(size)
        if personal and self.style.jitter:
            left += (self._shift[0] + self._dice.uniform(-0.3, 0.3) * self.style.jitter) * HEIGHT
            baseline += (self._shift[1] + self._dice.uniform(-0.3, 0.3) * self.style.jitter) * HEIGHT
        self._ink(ink, personal=personal).text((left, baseline), text, font=font, fill=255, anchor=f"{anchor}s")
        bounds = font.getbbox(text.rstrip(), anchor=f"{anchor}s")
        box = (
            math.floor(left + bounds[0]),
            math.floor(baseline + bounds[1]),
            math.ceil(left + bounds[2]),
            math.ceil(baseline + bounds[3]),
        )
        self.printed.append(Printed(field, text.rstrip(), box))
        return x + float(font.getlength(text)) / WIDTH

    def _ink(self, ink: Rgb, *, personal: bool) -> ImageDraw.ImageDraw:
        key = (ink, personal)
        if key not in self._inks:
            self._inks[key] = Image.new("L", self._image.size, 0)
        return ImageDraw.Draw(self._inks[key])

    def _flow(self) -> None:
        """What was written so far onto the card, worn as the style says."""
        style = self.style
        for (ink, personal), written in self._inks.items():
            box = written.getbbox()
            if box is None:
                continue
            box = (max(0, box[0] - 4), max(0, box[1] - 4), min(WIDTH, box[2] + 4), min(HEIGHT, box[3] + 4))
            mask = written.crop(box)
            if style.is_worn and personal:
                cover = np.asarray(mask, dtype=np.float32) / 255
                cover = wear.worn(cover, self._noise, spread_px=style.spread_px, broken=style.broken, fade=style.fade)
                mask = Image.fromarray((cover * 255).astype(np.uint8))
            self._image.paste(ink, box, mask)
        self._inks = {}
        self._pen = ImageDraw.Draw(self._image)


@lru_cache(maxsize=256)
def _ascent(size: int) -> int:
    """Of the typeface that the places were measured with."""
    return typefaces.at("NotoSans-Regular.ttf", size).getmetrics()[0]


def _cover(photo: Image.Image, box: tuple[int, int]) -> Image.Image:
    """Scaled and cropped to fill the box, the upper part kept (heads are there)."""
    scale = max(box[0] / photo.width, box[1] / photo.height)
    photo = photo.resize((math.ceil(photo.width * scale), math.ceil(photo.height * scale)), Image.Resampling.LANCZOS)
    left, top = (photo.width - box[0]) // 2, (photo.height - box[1]) // 3
    return photo.crop((left, top, left + box[0], top + box[1]))
