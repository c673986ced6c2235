"""Căn cước, TT 16/2024/TT-BCA: from six years on, and for children under six, whose card has no portrait."""

from ocr.documents import DOCUMENTS
from ocr.documents.layout import Layout
from ocr.training.specimens import facts
from ocr.training.specimens.facts import Told
from ocr.training.specimens.headings import bilingual
from ocr.training.specimens.pen import RED, Side, Specimen
from ocr.training.specimens.styles import Style


def draw(told: Told, style: Style) -> Specimen:
    return _draw(told, style, DOCUMENTS["can_cuoc_2024"].front)


def draw_under_6(told: Told, style: Style) -> Specimen:
    return _draw(told, style, DOCUMENTS["can_cuoc_2024_under_6"].front)


def _draw(told: Told, style: Style, layout: Layout) -> Specimen:
    front, back = _front(told, style, layout), _back(told, style)
    return Specimen(front.finished(), back.finished(), tuple(front.printed), tuple(back.printed))


def _front(told: Told, style: Style, layout: Layout) -> Side:
    says = told.printed
    side = Side(style, ((206, 230, 238), (240, 232, 214)), says.seed)
    bilingual(side, "CĂN CƯỚC", "IDENTITY CARD", x=0.58, until=0.93, title_until=0.85)
    side.emblem(0.155, 0.17, 200)
    side.chip_sign(0.86, 0.245)
    if layout.portrait and says.portrait:
        side.picture(says.portrait, layout.portrait)
    x = 0.32
    side.label(x, 0.375, "Số định danh cá nhân", "Personal identification number")
    side.text(x, 0.418, says.number, 52, role="value_bold", field="number")
    side.label(x, 0.500, "Họ, chữ đệm và tên khai sinh", "Full name")
    side.text(x, 0.552, says.full_name.upper(), 44, role="value_bold", field="full_name")
    side.label(x, 0.638, "Ngày, tháng, năm sinh", "Date of birth", until=0.70)
    side.text(x, 0.68, facts.day(says.date_of_birth), 38, field="date_of_birth")
    side.label(0.72, 0.638, "Giới tính", "Sex")
    side.text(0.72, 0.68, says.sex_word, 38, field="sex")
    side.label(x, 0.765, "Quốc tịch", "Nationality")
    side.text(x, 0.807, says.nationality, 38, field="nationality")
    side.stamp(0.62, 0.58)
    side.small_stamp(0.155, 0.88)
    return side


def _back(told: Told, style: Style) -> Side:
    says = told.printed
    side = Side(style, ((210, 230, 236), (242, 234, 216)), says.seed + 1)
    x = 0.045
    side.label(x, 0.04, "Nơi cư trú", "Place of residence", until=0.67)
    side.paragraph(x, 0.085, says.residence, 33, field="place_of_residence", lines=2, until=0.665)
    side.label(x, 0.21, "Nơi đăng ký khai sinh", "Place of birth", until=0.67)
    side.paragraph(x, 0.255, says.place_of_birth, 33, field="place_of_birth", lines=2, until=0.665)
    side.chip(0.055, 0.39)
    side.qr(facts.payload(told.code), 0.742, 0.27, 336)
    side.label(0.225, 0.385, "Ngày, tháng, năm cấp", "Date of issue", size=24, until=0.72)
    side.text(0.225, 0.425, facts.day(says.issued), 34, field="date_of_issue")
    side.label(0.225, 0.495, "Ngày, tháng, năm hết hạn", "Date of expiry", size=24, until=0.72)
    side.text(0.225, 0.535, facts.until(says.expires), 34, field="date_of_expiry")
    side.text(0.83, 0.05, "BỘ CÔNG AN", 34, role="heading", ink=RED, anchor="m", until=0.98)
    side.text(0.83, 0.10, "MINISTRY OF PUBLIC SECURITY", 24, role="label", anchor="m", until=0.98)
    side.zone(facts.zone(told.zone), 0.70)
    side.stamp(0.40, 0.36, angle=14, size=120)
    side.small_stamp(0.60, 0.64)
    return side
