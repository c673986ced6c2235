"""Fictional cards of two generations, front and back, each stamped SPECIMEN / MẪU. No real person, no real card.

Only what the regulations publish is imitated (headings, labels, what stands where); security printing is not.
"""

import datetime
import io
import math
import random
from typing import Literal

import msgspec
import numpy as np
import segno
from PIL import Image, ImageDraw, ImageFont

from kit import fonts, pin
from ocr import mrz, qr
from ocr.documents import DOCUMENTS
from ocr.documents.layout import ASPECT, Place

Kind = Literal["can_cuoc_2024", "cccd_chip_2021"]

WIDTH = 1_600
HEIGHT = round(WIDTH / ASPECT)

_INK = (28, 28, 32)
_RED = (176, 24, 32)
_LABEL = (44, 58, 66)


class CardFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a specimen prints. `portrait` is an encoded picture; None leaves it out, as on an under-six card."""

    number: str
    old_number: str | None = None
    full_name: str
    date_of_birth: datetime.date
    sex: pin.Sex
    nationality: str = "Việt Nam"
    place_of_origin: str
    residence: str
    place_of_birth: str
    issued: datetime.date
    expires: datetime.date | None
    portrait: bytes | None = None


class Specimen(msgspec.Struct, frozen=True):
    """Both sides, upright, 1600 px wide, corners rounded in the alpha channel."""

    front: Image.Image
    back: Image.Image


def render(
    kind: Kind, facts: CardFacts, *, qr_facts: CardFacts | None = None, mrz_facts: CardFacts | None = None
) -> Specimen:
    """A specimen of these facts; a tampered one when the QR or the machine-readable zone is given facts of its own."""
    draw = _draw_2024 if kind == "can_cuoc_2024" else _draw_2021
    return draw(facts, qr_facts or facts, mrz_facts or facts)


def drawn_face(seed: int = 0) -> bytes:
    """A cartoon head, JPEG of 480x640: something where a portrait stands, when no photograph may be used."""
    shades = random.Random(seed)  # noqa: S311 (a drawing, not a secret)
    image = Image.new("RGB", (480, 640), (214, 226, 236))
    pen = ImageDraw.Draw(image)
    skin = (shades.randint(196, 232), shades.randint(160, 186), shades.randint(126, 152))
    hair = (shades.randint(18, 60), shades.randint(14, 42), shades.randint(12, 34))
    pen.ellipse((30, 500, 450, 820), fill=(shades.randint(40, 110), shades.randint(50, 110), shades.randint(80, 150)))
    pen.rectangle((195, 420, 285, 540), fill=tuple(c - 18 for c in skin))
    pen.ellipse((110, 90, 370, 430), fill=hair)
    pen.ellipse((130, 140, 350, 460), fill=skin)
    for x in (195, 285):
        pen.ellipse((x - 26, 270, x + 26, 298), fill=(250, 250, 250))
        pen.ellipse((x - 12, 271, x + 12, 297), fill=(40, 28, 22))
        pen.arc((x - 34, 232, x + 34, 276), 200, 340, fill=hair, width=8)
    pen.line((240, 290, 228, 350, 250, 352), fill=tuple(c - 40 for c in skin), width=5)
    pen.arc((195, 350, 285, 405), 20, 160, fill=(168, 74, 74), width=8)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=90)
    return out.getvalue()


class _Card:
    """A pen over a guilloche, in fractions of the card."""

    def __init__(self, tint: tuple[tuple[int, int, int], tuple[int, int, int]], seed: int) -> None:
        self.image = _guilloche(tint, seed)
        self.pen = ImageDraw.Draw(self.image)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: int,
        *,
        face: str = "NotoSans-Regular.ttf",
        ink: tuple[int, int, int] = _INK,
        anchor: str = "la",
    ) -> float:
        """Writes and returns the x where the text ends."""
        font = ImageFont.truetype(str(fonts.path(face)), size)
        self.pen.text((x * WIDTH, y * HEIGHT), text, font=font, fill=ink, anchor=anchor)
        return x + font.getlength(text) / WIDTH

    def label(self, x: float, y: float, vi: str, en: str, *, size: int = 27, colon: bool = True) -> float:
        end = self.text(x, y, f"{vi} / ", size, ink=_LABEL)
        return self.text(end, y, en + (":" if colon else ""), size, face="NotoSerif-Italic.ttf", ink=_LABEL)

    def paragraph(
        self,
        x: float,
        y: float,
        text: str,
        size: int,
        *,
        width: float,
        first_width: float | None = None,
        first_x: float | None = None,
    ) -> None:
        """Wraps at words; the first line may stand elsewhere (after its label)."""
        font = ImageFont.truetype(str(fonts.path("NotoSans-Regular.ttf")), size)
        line, room, words = "", first_width or width, text.split(" ")
        lines: list[str] = []
        for word in words:
            tried = f"{line} {word}".strip()
            if font.getlength(tried) > room * WIDTH and (line or not lines):
                lines.append(line)
                line, room = word, width
            else:
                line = tried
        lines.append(line)
        if first_x is not None:
            if lines[0]:
                self.text(first_x, y, lines[0], size)
            lines, y = lines[1:], y + 0.058
        for row in lines:
            self.text(x, y, row, size)
            y += 0.056

    def picture(self, encoded: bytes, place: Place) -> None:
        box = (round(place.width * WIDTH), round(place.height * HEIGHT))
        photo = Image.open(io.BytesIO(encoded), formats=["JPEG", "PNG", "WEBP"]).convert("RGB")
        photo = _cover(photo, box)
        self.image.paste(photo, (round(place.x * WIDTH), round(place.y * HEIGHT)))

    def qr(self, payload: str, x: float, y: float, side_px: int) -> None:
        code = segno.make(payload, error="m", micro=False, encoding="utf-8")
        modules = np.array([list(row) for row in code.matrix_iter(border=1)], dtype=np.uint8)
        ink = Image.fromarray(np.where(modules > 0, 24, 250).astype(np.uint8))
        self.image.paste(
            ink.resize((side_px, side_px), Image.Resampling.NEAREST).convert("RGB"),
            (round(x * WIDTH), round(y * HEIGHT)),
        )

    def emblem(self, x: float, y: float, size: int) -> None:
        """A plain star on a disc; the state emblem itself is not copied."""
        cx, cy, r = x * WIDTH, y * HEIGHT, size / 2
        self.pen.ellipse((cx - r, cy - r, cx + r, cy + r), fill=(196, 38, 40), outline=(222, 178, 60), width=5)
        points = [
            (
                cx + (r * 0.62 if i % 2 == 0 else r * 0.26) * math.sin(i * math.pi / 5),
                cy - (r * 0.62 if i % 2 == 0 else r * 0.26) * math.cos(i * math.pi / 5),
            )
            for i in range(10)
        ]
        self.pen.polygon(points, fill=(246, 212, 70))

    def chip(self, x: float, y: float) -> None:
        left, top = x * WIDTH, y * HEIGHT
        box = (left, top, left + 0.135 * WIDTH, top + 0.185 * HEIGHT)
        self.pen.rounded_rectangle(box, 18, fill=(214, 186, 112), outline=(140, 116, 58), width=3)
        width, height = box[2] - left, box[3] - top
        for share in (1 / 3, 2 / 3):
            self.pen.line(
                (left, top + height * share, left + width, top + height * share), fill=(140, 116, 58), width=3
            )
        self.pen.rounded_rectangle(
            (left + width * 0.3, top + height * 0.2, left + width * 0.7, top + height * 0.8),
            10,
            outline=(140, 116, 58),
            width=3,
            fill=(224, 198, 128),
        )

    def chip_sign(self, x: float, y: float) -> None:
        left, top = x * WIDTH, y * HEIGHT
        self.pen.rounded_rectangle((left, top, left + 66, top + 40), 6, outline=_RED, width=4)
        self.pen.ellipse((left + 22, top + 9, left + 44, top + 31), outline=_RED, width=4)
        self.pen.line((left, top + 20, left + 22, top + 20), fill=_RED, width=4)
        self.pen.line((left + 44, top + 20, left + 66, top + 20), fill=_RED, width=4)

    def zone(self, lines: tuple[str, str, str], y: float) -> None:
        """OCR-B, 30 columns spread evenly over the width of the card, as ICAO 9303-5 spaces them."""
        font = ImageFont.truetype(str(fonts.path("OCRB.otf")), 62)
        left, step = 0.055 * WIDTH, 0.89 * WIDTH / 30
        self.pen.rectangle((0, (y - 0.02) * HEIGHT, WIDTH, HEIGHT), fill=(244, 244, 238))
        for row, line in enumerate(lines):
            for column, character in enumerate(line):
                self.pen.text(
                    (left + (column + 0.5) * step, (y + 0.045 + row * 0.092) * HEIGHT),
                    character,
                    font=font,
                    fill=_INK,
                    anchor="mm",
                )

    def stamp(self, x: float, y: float, *, angle: float = 24, size: int = 150) -> None:
        """Large and pale: nobody takes it for a card, and every field under it stays legible."""
        font = ImageFont.truetype(str(fonts.path("NotoSans-Bold.ttf")), size)
        layer = Image.new("RGBA", self.image.size, (0, 0, 0, 0))
        ImageDraw.Draw(layer).text(
            (x * WIDTH, y * HEIGHT), "SPECIMEN / MẪU", font=font, fill=(200, 40, 60, 38), anchor="mm"
        )
        layer = layer.rotate(angle, resample=Image.Resampling.BICUBIC, center=(x * WIDTH, y * HEIGHT))
        self.image = Image.alpha_composite(self.image.convert("RGBA"), layer).convert("RGB")
        self.pen = ImageDraw.Draw(self.image)

    def small_stamp(self, x: float, y: float) -> None:
        self.text(x, y, "SPECIMEN / MẪU", 24, face="NotoSans-Bold.ttf", ink=(200, 40, 60), anchor="mm")

    def finished(self) -> Image.Image:
        mask = Image.new("L", self.image.size, 0)
        ImageDraw.Draw(mask).rounded_rectangle((0, 0, WIDTH - 1, HEIGHT - 1), round(WIDTH * 3.18 / 85.6), fill=255)
        self.image.putalpha(mask)
        return self.image

    def headings(self, title_vi: str, title_en: str, *, x: float) -> None:
        self.text(x, 0.035, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", 36, face="NotoSans-Bold.ttf", anchor="ma")
        self.text(x, 0.088, "Độc lập - Tự do - Hạnh phúc", 29, face="NotoSans-Bold.ttf", anchor="ma")
        self.text(x, 0.135, "SOCIALIST REPUBLIC OF VIET NAM", 26, anchor="ma")
        self.text(x, 0.172, "Independence - Freedom - Happiness", 25, anchor="ma")
        self.text(x, 0.215, title_vi, 56, face="NotoSans-Bold.ttf", ink=_RED, anchor="ma")
        self.text(x, 0.298, title_en, 31, face="NotoSerif-Italic.ttf", ink=_RED, anchor="ma")


def _draw_2021(facts: CardFacts, qr_facts: CardFacts, mrz_facts: CardFacts) -> Specimen:
    layout = DOCUMENTS["cccd_chip_2021"].front
    seed = int(facts.number[-6:])
    card = _Card(((214, 234, 226), (246, 240, 206)), seed)
    card.headings("CĂN CƯỚC CÔNG DÂN", "Citizen Identity Card", x=0.515)
    card.emblem(0.155, 0.17, 200)
    card.chip_sign(0.745, 0.245)
    if layout.portrait and facts.portrait:
        card.picture(facts.portrait, layout.portrait)
    card.qr(_payload(qr_facts), 0.80, 0.055, 270)
    x = 0.305
    end = card.text(x, 0.365, "Số / No.: ", 36, face="NotoSans-Bold.ttf")
    card.text(end + 0.01, 0.352, facts.number, 50, face="NotoSans-Bold.ttf")
    card.label(x, 0.45, "Họ và tên", "Full name")
    card.text(x, 0.492, facts.full_name.upper(), 42, face="NotoSans-Bold.ttf")
    end = card.label(x, 0.575, "Ngày sinh", "Date of birth")
    card.text(end + 0.01, 0.568, _day(facts.date_of_birth), 36)
    end = card.label(x, 0.633, "Giới tính", "Sex")
    end = card.text(end + 0.01, 0.626, "Nam" if facts.sex == "male" else "Nữ", 36)
    end = card.label(max(end + 0.03, 0.56), 0.633, "Quốc tịch", "Nationality")
    card.text(end + 0.01, 0.626, facts.nationality, 36)
    card.label(x, 0.691, "Quê quán", "Place of origin")
    card.paragraph(x, 0.733, facts.place_of_origin, 34, width=0.66)
    end = card.label(x, 0.796, "Nơi thường trú", "Place of residence")
    card.paragraph(x, 0.789, facts.residence, 34, width=0.66, first_x=end + 0.01, first_width=0.97 - end - 0.01)
    card.label(0.03, 0.852, "Có giá trị đến", "", size=24, colon=False)
    card.text(0.155, 0.848, _until(facts.expires), 27)
    card.text(0.03, 0.89, "Date of expiry", 22, face="NotoSerif-Italic.ttf", ink=_LABEL)
    card.stamp(0.62, 0.60)
    card.small_stamp(0.155, 0.33)
    front = card.finished()

    card = _Card(((220, 234, 224), (246, 238, 208)), seed + 1)
    x = 0.045
    card.label(x, 0.045, "Đặc điểm nhận dạng", "Personal identification")
    card.text(x, 0.09, "Nốt ruồi C. 1 cm dưới sau mép phải", 32)
    end = card.label(x, 0.165, "Ngày, tháng, năm", "Date, month, year")
    card.text(end + 0.01, 0.16, _day(facts.issued), 32)
    card.text(0.30, 0.225, "CỤC TRƯỞNG CỤC CẢNH SÁT", 24, face="NotoSans-Bold.ttf", anchor="ma")
    card.text(0.30, 0.26, "QUẢN LÝ HÀNH CHÍNH VỀ TRẬT TỰ XÃ HỘI", 24, face="NotoSans-Bold.ttf", anchor="ma")
    card.text(0.30, 0.297, "DIRECTOR GENERAL OF THE POLICE DEPARTMENT", 18, anchor="ma")
    card.text(0.30, 0.324, "FOR ADMINISTRATIVE MANAGEMENT OF SOCIAL ORDER", 18, anchor="ma")
    card.chip(0.06, 0.38)
    _signature(card, 0.33, 0.46)
    _finger(card, 0.64, 0.115, "Ngón trỏ trái", "Left index finger", seed)
    _finger(card, 0.83, 0.115, "Ngón trỏ phải", "Right index finger", seed + 7)
    card.zone(_zone(mrz_facts), 0.70)
    card.stamp(0.42, 0.40, angle=14, size=120)
    card.small_stamp(0.735, 0.60)
    return Specimen(front=front, back=card.finished())


def _draw_2024(facts: CardFacts, qr_facts: CardFacts, mrz_facts: CardFacts) -> Specimen:
    document = DOCUMENTS["can_cuoc_2024"]
    seed = int(facts.number[-6:])
    card = _Card(((206, 230, 238), (240, 232, 214)), seed)
    card.headings("CĂN CƯỚC", "IDENTITY CARD", x=0.58)
    card.emblem(0.155, 0.17, 200)
    card.chip_sign(0.86, 0.245)
    if document.front.portrait and facts.portrait:
        card.picture(facts.portrait, document.front.portrait)
    x = 0.32
    card.label(x, 0.375, "Số định danh cá nhân", "Personal identification number")
    card.text(x, 0.418, facts.number, 52, face="NotoSans-Bold.ttf")
    card.label(x, 0.508, "Họ, chữ đệm và tên khai sinh", "Full name")
    card.text(x, 0.55, facts.full_name.upper(), 44, face="NotoSans-Bold.ttf")
    card.label(x, 0.638, "Ngày, tháng, năm sinh", "Date of birth")
    card.text(x, 0.68, _day(facts.date_of_birth), 38)
    card.label(0.72, 0.638, "Giới tính", "Sex")
    card.text(0.72, 0.68, "Nam" if facts.sex == "male" else "Nữ", 38)
    card.label(x, 0.765, "Quốc tịch", "Nationality")
    card.text(x, 0.807, facts.nationality, 38)
    card.stamp(0.62, 0.58)
    card.small_stamp(0.155, 0.88)
    front = card.finished()

    card = _Card(((210, 230, 236), (242, 234, 216)), seed + 1)
    x = 0.045
    card.label(x, 0.04, "Nơi cư trú", "Place of residence")
    card.paragraph(x, 0.085, facts.residence, 33, width=0.62)
    card.label(x, 0.21, "Nơi đăng ký khai sinh", "Place of birth")
    card.paragraph(x, 0.255, facts.place_of_birth, 33, width=0.62)
    card.chip(0.055, 0.39)
    card.qr(_payload(qr_facts), 0.742, 0.27, 336)
    card.label(0.225, 0.385, "Ngày, tháng, năm cấp", "Date of issue", size=24)
    card.text(0.225, 0.425, _day(facts.issued), 34)
    card.label(0.225, 0.495, "Ngày, tháng, năm hết hạn", "Date of expiry", size=24)
    card.text(0.225, 0.535, _until(facts.expires), 34)
    card.text(0.83, 0.05, "BỘ CÔNG AN", 34, face="NotoSans-Bold.ttf", ink=_RED, anchor="ma")
    card.text(0.83, 0.10, "MINISTRY OF PUBLIC SECURITY", 24, anchor="ma")
    card.zone(_zone(mrz_facts), 0.70)
    card.stamp(0.40, 0.36, angle=14, size=120)
    card.small_stamp(0.60, 0.64)
    return Specimen(front=front, back=card.finished())


def _payload(facts: CardFacts) -> str:
    return qr.write(
        number=facts.number,
        old_number=facts.old_number,
        full_name=facts.full_name,
        date_of_birth=facts.date_of_birth,
        sex=facts.sex,
        address=facts.residence,
        issued=facts.issued,
    )


def _zone(facts: CardFacts) -> tuple[str, str, str]:
    return mrz.write(
        number=facts.number,
        date_of_birth=facts.date_of_birth,
        sex=facts.sex,
        date_of_expiry=facts.expires,
        full_name=facts.full_name,
    )


def _day(day: datetime.date) -> str:
    return f"{day:%d/%m/%Y}"


def _until(day: datetime.date | None) -> str:
    return _day(day) if day else "Không thời hạn"


def _guilloche(tint: tuple[tuple[int, int, int], tuple[int, int, int]], seed: int) -> Image.Image:
    """A gradient under two families of fine waves."""
    shades = random.Random(seed)  # noqa: S311 (a pattern, not a secret)
    x = np.linspace(0.0, 1.0, WIDTH, dtype=np.float32)[None, :, None]
    y = np.linspace(0.0, 1.0, HEIGHT, dtype=np.float32)[:, None, None]
    one, two = (np.array(colour, dtype=np.float32) for colour in tint)
    mix = 0.5 + 0.5 * np.sin(math.pi * (x * 0.9 + y * 0.6 - 0.35))
    field = one * (1 - mix) + two * mix
    for wave in range(2):
        phase, pitch = shades.uniform(0, 6.28), shades.uniform(26, 34)
        bend = 0.06 * np.sin(2 * math.pi * x * shades.uniform(1.4, 2.6) + phase) + 0.02 * np.sin(
            2 * math.pi * x * 9 + phase
        )
        lines = np.cos(2 * math.pi * pitch * (y + (bend if wave else -bend)))
        field = field - np.clip(lines - 0.86, 0, 1) * 120
    return Image.fromarray(np.clip(field, 0, 255).astype(np.uint8))


def _finger(card: _Card, x: float, y: float, vi: str, en: str, seed: int) -> None:
    card.text(x + 0.075, y - 0.075, vi, 23, ink=_LABEL, anchor="ma")
    card.text(x + 0.075, y - 0.04, en, 20, face="NotoSerif-Italic.ttf", ink=_LABEL, anchor="ma")
    left, top, width, height = x * WIDTH, y * HEIGHT, 0.15 * WIDTH, 0.42 * HEIGHT
    card.pen.rectangle((left, top, left + width, top + height), fill=(250, 250, 246), outline=(150, 150, 150))
    whorl = random.Random(seed)  # noqa: S311
    cx, cy = left + width / 2 + whorl.uniform(-12, 12), top + height / 2 + whorl.uniform(-20, 20)
    for ring in range(3, 22):
        rx, ry = ring * 4.6, ring * 7.0
        card.pen.arc(
            (cx - rx, cy - ry, cx + rx, cy + ry),
            whorl.uniform(0, 40),
            whorl.uniform(300, 358),
            fill=(92, 84, 88),
            width=3,
        )


def _signature(card: _Card, x: float, y: float) -> None:
    points = [
        (x * WIDTH + t * 4.2, y * HEIGHT + 40 * math.sin(t / 3.1) * math.cos(t / 11) + 16 * math.sin(t * 1.3))
        for t in range(64)
    ]
    card.pen.line(points, fill=(40, 52, 140), width=4, joint="curve")


def _cover(photo: Image.Image, box: tuple[int, int]) -> Image.Image:
    """Scaled and cropped to fill the box, the upper part kept (heads are there)."""
    scale = max(box[0] / photo.width, box[1] / photo.height)
    photo = photo.resize((math.ceil(photo.width * scale), math.ceil(photo.height * scale)), Image.Resampling.LANCZOS)
    left, top = (photo.width - box[0]) // 2, (photo.height - box[1]) // 3
    return photo.crop((left, top, left + box[0], top + box[1]))
