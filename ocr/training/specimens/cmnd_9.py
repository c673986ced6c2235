"""Giấy chứng minh nhân dân of nine digits: the form is printed, the values are typed onto its dotted lines."""

from ocr.documents import DOCUMENTS
from ocr.documents.layout import Place
from ocr.training.specimens import facts
from ocr.training.specimens.facts import Told
from ocr.training.specimens.headings import vietnamese
from ocr.training.specimens.pen import RED, Side, Specimen
from ocr.training.specimens.styles import Style

_LAYOUT = DOCUMENTS["cmnd_9"].front


def draw(told: Told, style: Style) -> Specimen:
    front, back = _front(told, style), _back(told, style)
    return Specimen(front.finished(), back.finished(), tuple(front.printed), tuple(back.printed))


def _front(told: Told, style: Style) -> Side:
    says = told.printed
    side = Side(style, ((204, 222, 204), (234, 236, 214)), says.seed)
    vietnamese(side, "GIẤY CHỨNG MINH NHÂN DÂN", x=0.625, until=0.97, size=50)
    side.emblem(0.1525, 0.19, 200)
    if _LAYOUT.portrait and says.portrait:
        side.picture(says.portrait, _LAYOUT.portrait)
    x = 0.305
    end = side.text(0.44, 0.262, "SỐ", 40, role="heading", ink=RED)
    side.text(end + 0.02, 0.25, says.number, 52, role="value_bold", ink=RED, field="number")
    for row in (0.428, 0.500, 0.572, 0.644, 0.716, 0.788, 0.860, 0.932):
        side.dots(x, row)
    end = side.label(x, 0.374, "Họ tên", mark="", size=30)
    side.paragraph(
        x,
        0.366,
        says.full_name.upper(),
        36,
        field="full_name",
        lines=2,
        first_x=end + 0.02,
        leading=0.072,
        role="typed",
    )
    end = side.label(x, 0.518, "Sinh ngày", mark="", size=30)
    side.text(end + 0.02, 0.512, facts.day(says.date_of_birth, "-"), 36, role="typed", field="date_of_birth")
    for y, vi, field, value, lines in (
        (0.590, "Nguyên quán", "place_of_origin", says.place_of_origin, 2),
        (0.734, "Nơi ĐKHK thường trú", "place_of_residence", says.residence, 3),
    ):
        end = side.label(x, y, vi, mark="", size=30)
        side.paragraph(
            x, y - 0.006, value, 35, field=field, lines=lines, first_x=end + 0.02, leading=0.072, role="typed"
        )
    side.stamp(0.62, 0.60)
    side.small_stamp(0.1525, 0.335)
    return side


def _back(told: Told, style: Style) -> Side:
    says = told.printed
    side = Side(style, ((206, 222, 206), (232, 236, 216)), says.seed + 1)
    end = side.label(0.045, 0.048, "Dân tộc", size=32)
    side.text(end + 0.012, 0.043, says.ethnicity, 36, role="typed", until=0.47, field="ethnicity")
    end = side.label(0.50, 0.048, "Tôn giáo", size=32)
    side.text(end + 0.012, 0.043, says.religion, 36, role="typed")
    for y, finger, seed in ((0.145, "NGÓN TRỎ TRÁI", says.seed), (0.545, "NGÓN TRỎ PHẢI", says.seed + 7)):
        side.text(0.145, y, finger, 24, role="label", anchor="m", until=0.245)
        side.finger(Place(0.06, y + 0.045, 0.17, 0.335), seed)
    side.text(0.625, 0.145, "DẤU VẾT RIÊNG VÀ DỊ HÌNH", 32, role="heading", anchor="m", until=0.97)
    side.dots(0.305, 0.272)
    side.dots(0.305, 0.344)
    side.paragraph(0.305, 0.211, says.marks, 35, field="", lines=2, leading=0.072, role="typed")
    x = 0.40
    for word, value in (("Ngày", f"{says.issued:%d}"), ("tháng", f"{says.issued:%m}"), ("năm", f"{says.issued:%Y}")):
        end = side.text(x, 0.400, word, 30, role="label")
        x = 0.012 + side.text(end + 0.012, 0.394, value, 36, role="typed", field="date_of_issue")
    end = side.text(0.335, 0.470, "GIÁM ĐỐC CA", 32, role="heading")
    side.text(end + 0.01, 0.470, says.issuer_place.upper(), 32, role="heading", field="issuer")
    side.signature(0.56, 0.63)
    side.text(0.645, 0.80, "Lê Văn Mẫu", 32, role="value", anchor="m", until=0.9)
    side.stamp(0.62, 0.56, angle=18, size=120)
    side.small_stamp(0.645, 0.92)
    return side
