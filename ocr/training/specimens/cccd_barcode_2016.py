"""Căn cước công dân with a barcode, TT 61/2015/TT-BCA."""

import datetime

from ocr.documents import DOCUMENTS
from ocr.training.specimens import facts
from ocr.training.specimens.barcode_back import draw_back
from ocr.training.specimens.facts import Told
from ocr.training.specimens.headings import vietnamese
from ocr.training.specimens.pen import Side, Specimen
from ocr.training.specimens.styles import Style

_DOCUMENT = DOCUMENTS["cccd_barcode_2016"]
# TT 33/2018/TT-BCA; from which day cards bore the new name was not found (assumption).
_RENAMED = datetime.date(2019, 1, 1)


def draw(told: Told, style: Style) -> Specimen:
    front = _front(told, style)
    early = told.printed.issued < _RENAMED
    department = "ĐKQL CƯ TRÚ VÀ DLQG VỀ DÂN CƯ" if early else "QUẢN LÝ HÀNH CHÍNH VỀ TRẬT TỰ XÃ HỘI"
    back = draw_back(
        told,
        Side(style, ((210, 230, 232), (240, 240, 222)), told.printed.seed + 1),
        _DOCUMENT.back,
        (("CỤC TRƯỞNG CỤC CẢNH SÁT", ""), (department, "")),
    )
    return Specimen(front.finished(), back.finished(), tuple(front.printed), tuple(back.printed))


def _front(told: Told, style: Style) -> Side:
    says = told.printed
    side = Side(style, ((206, 228, 232), (240, 240, 220)), says.seed)
    vietnamese(side, "CĂN CƯỚC CÔNG DÂN", x=0.625, until=0.97, size=58)
    side.emblem(0.1525, 0.165, 200)
    if _DOCUMENT.front.portrait and says.portrait:
        side.picture(says.portrait, _DOCUMENT.front.portrait)
    x = 0.305
    end = side.label(0.40, 0.290, "Số", size=38)
    side.text(end + 0.012, 0.278, says.number, 50, role="value_bold", field="number")
    side.label(x, 0.382, "Họ và tên", size=29)
    side.text(x, 0.428, says.full_name.upper(), 42, role="value_bold", field="full_name")
    end = side.label(x, 0.522, "Ngày, tháng, năm sinh", size=29)
    side.text(end + 0.01, 0.516, facts.day(says.date_of_birth), 36, field="date_of_birth")
    end = side.label(x, 0.586, "Giới tính", size=29)
    side.text(end + 0.01, 0.580, says.sex_word, 36, field="sex")
    end = side.label(0.58, 0.586, "Quốc tịch", size=29)
    side.text(end + 0.01, 0.580, says.nationality, 36, field="nationality")
    for y, vi, field, value, lines in (
        (0.650, "Quê quán", "place_of_origin", says.place_of_origin, 2),
        (0.778, "Nơi thường trú", "place_of_residence", says.residence, 3),
    ):
        end = side.label(x, y, vi, size=29)
        side.paragraph(x, y - 0.005, value, 34, field=field, lines=lines, first_x=end + 0.01, leading=0.061)
    end = side.label(0.03, 0.874, "Có giá trị đến", size=24, until=0.16)
    side.text(end + 0.006, 0.871, facts.until(says.expires), 27, until=0.295, field="date_of_expiry")
    side.stamp(0.62, 0.60)
    side.small_stamp(0.1525, 0.305)
    return side
