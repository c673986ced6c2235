"""Căn cước công dân with a chip, TT 06/2021/TT-BCA."""

from ocr.documents import DOCUMENTS
from ocr.documents.layout import Place
from ocr.training.specimens import facts
from ocr.training.specimens.facts import Told
from ocr.training.specimens.headings import bilingual
from ocr.training.specimens.pen import LABEL, Side, Specimen
from ocr.training.specimens.styles import Style

_LAYOUT = DOCUMENTS["cccd_chip_2021"].front


def draw(told: Told, style: Style) -> Specimen:
    front, back = _front(told, style), _back(told, style)
    return Specimen(front.finished(), back.finished(), tuple(front.printed), tuple(back.printed))


def _front(told: Told, style: Style) -> Side:
    says = told.printed
    side = Side(style, ((214, 234, 226), (246, 240, 206)), says.seed)
    bilingual(side, "CĂN CƯỚC CÔNG DÂN", "Citizen Identity Card", x=0.515, until=0.79, title_until=0.735)
    side.emblem(0.155, 0.17, 200)
    side.chip_sign(0.745, 0.245)
    if _LAYOUT.portrait and says.portrait:
        side.picture(says.portrait, _LAYOUT.portrait)
    side.qr(facts.payload(told.code), 0.80, 0.055, 270)
    x = 0.305
    end = side.text(x, 0.365, "Số / No.: ", 36, role="heading")
    side.text(end + 0.01, 0.352, says.number, 50, role="value_bold", field="number")
    side.label(x, 0.442, "Họ và tên", "Full name")
    side.text(x, 0.494, says.full_name.upper(), 42, role="value_bold", field="full_name")
    end = side.label(x, 0.575, "Ngày sinh", "Date of birth")
    side.text(end + 0.01, 0.568, facts.day(says.date_of_birth), 36, field="date_of_birth")
    end = side.label(x, 0.633, "Giới tính", "Sex")
    end = side.text(end + 0.01, 0.626, says.sex_word, 36, field="sex")
    end = side.label(max(end + 0.03, 0.56), 0.633, "Quốc tịch", "Nationality", until=0.86)
    side.text(end + 0.01, 0.626, says.nationality, 36, field="nationality")
    side.label(x, 0.691, "Quê quán", "Place of origin")
    side.paragraph(x, 0.733, says.place_of_origin, 34, field="place_of_origin", lines=1)
    end = side.label(x, 0.796, "Nơi thường trú", "Place of residence")
    side.paragraph(x, 0.789, says.residence, 34, field="place_of_residence", lines=3, first_x=end + 0.01)
    end = side.label(0.03, 0.852, "Có giá trị đến", size=24, until=0.155)
    side.text(max(end + 0.005, 0.155), 0.848, facts.until(says.expires), 27, until=0.295, field="date_of_expiry")
    side.text(0.03, 0.89, "Date of expiry", 22, role="english", ink=LABEL, until=0.295)
    side.stamp(0.62, 0.60)
    side.small_stamp(0.155, 0.33)
    return side


def _back(told: Told, style: Style) -> Side:
    says = told.printed
    side = Side(style, ((220, 234, 224), (246, 238, 208)), says.seed + 1)
    x = 0.045
    side.label(x, 0.045, "Đặc điểm nhận dạng", "Personal identification", until=0.615)
    side.text(x, 0.09, says.marks, 32, until=0.615)
    end = side.label(x, 0.165, "Ngày, tháng, năm", "Date, month, year", until=0.48)
    side.text(end + 0.01, 0.16, facts.day(says.issued), 32, until=0.615, field="date_of_issue")
    for y, size, line in (
        (0.222, 24, "CỤC TRƯỞNG CỤC CẢNH SÁT"),
        (0.262, 24, "QUẢN LÝ HÀNH CHÍNH VỀ TRẬT TỰ XÃ HỘI"),
    ):
        side.text(0.30, y, line, size, role="heading", anchor="m", until=0.57)
    for y, line in (
        (0.299, "DIRECTOR GENERAL OF THE POLICE DEPARTMENT"),
        (0.326, "FOR ADMINISTRATIVE MANAGEMENT OF SOCIAL ORDER"),
    ):
        side.text(0.30, y, line, 18, role="label", anchor="m", until=0.57)
    side.chip(0.06, 0.38)
    side.signature(0.33, 0.46)
    for x, vi, en, seed in (
        (0.64, "Ngón trỏ trái", "Left index finger", says.seed),
        (0.83, "Ngón trỏ phải", "Right index finger", says.seed + 7),
    ):
        side.text(x + 0.075, 0.04, vi, 23, role="label", ink=LABEL, anchor="m", until=x + 0.16)
        side.text(x + 0.075, 0.075, en, 20, role="english", ink=LABEL, anchor="m", until=x + 0.16)
        side.finger(Place(x, 0.115, 0.15, 0.42), seed)
    side.zone(facts.zone(told.zone), 0.70)
    side.stamp(0.42, 0.40, angle=14, size=120)
    side.small_stamp(0.735, 0.60)
    return side
