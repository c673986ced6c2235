"""Chứng minh nhân dân of twelve digits, TT 27/2012/TT-BCA, as amended in 2013 (without the parents' names)."""

from ocr.documents import DOCUMENTS
from ocr.training.specimens import facts
from ocr.training.specimens.barcode_back import draw_back
from ocr.training.specimens.facts import Told
from ocr.training.specimens.headings import vietnamese
from ocr.training.specimens.pen import Side, Specimen
from ocr.training.specimens.styles import Style

_DOCUMENT = DOCUMENTS["cmnd_12"]


def draw(told: Told, style: Style) -> Specimen:
    front = _front(told, style)
    back = draw_back(
        told,
        Side(style, ((224, 236, 226), (244, 244, 230)), told.printed.seed + 1),
        _DOCUMENT.back,
        (("GIÁM ĐỐC CÔNG AN", ""), (told.printed.issuer_place.upper(), "issuer")),
    )
    return Specimen(front.finished(), back.finished(), tuple(front.printed), tuple(back.printed))


def _front(told: Told, style: Style) -> Side:
    says = told.printed
    side = Side(style, ((222, 236, 226), (244, 244, 228)), says.seed)
    vietnamese(side, "CHỨNG MINH NHÂN DÂN", x=0.625, until=0.97)
    side.emblem(0.1525, 0.185, 200)
    if _DOCUMENT.front.portrait and says.portrait:
        side.picture(says.portrait, _DOCUMENT.front.portrait)
    x = 0.305
    end = side.label(0.42, 0.268, "Số", size=36)
    side.text(end + 0.012, 0.256, says.number, 48, role="value_bold", field="number")
    end = side.label(x, 0.350, "Họ và tên khai sinh", size=29)
    name = says.full_name.upper()
    side.paragraph(x, 0.344, name, 37, field="full_name", lines=2, first_x=end + 0.01, leading=0.062, role="value_bold")
    end = side.label(x, 0.474, "Họ và tên gọi khác", size=29)
    if says.other_name:
        side.text(end + 0.01, 0.470, says.other_name.upper(), 34)
    end = side.label(x, 0.536, "Ngày sinh", size=29)
    side.text(end + 0.01, 0.531, facts.day(says.date_of_birth), 35, field="date_of_birth")
    end = side.label(0.68, 0.536, "Giới tính", size=29)
    side.text(end + 0.01, 0.531, says.sex_word, 35, field="sex")
    end = side.label(x, 0.598, "Dân tộc", size=29)
    side.text(end + 0.01, 0.593, says.ethnicity, 35, field="ethnicity")
    for y, vi, field, value, lines in (
        (0.660, "Quê quán", "place_of_origin", says.place_of_origin, 2),
        (0.784, "Nơi thường trú", "place_of_residence", says.residence, 3),
    ):
        end = side.label(x, y, vi, size=29)
        side.paragraph(x, y - 0.004, value, 34, field=field, lines=lines, first_x=end + 0.01, leading=0.061)
    side.stamp(0.62, 0.60)
    side.small_stamp(0.1525, 0.325)
    return side
