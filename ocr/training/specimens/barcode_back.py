"""The back that CMND of twelve digits and CCCD with a barcode share: barcode on top, fingers left, marks and signature right."""

from collections.abc import Sequence

from ocr.documents.layout import Layout, Place
from ocr.training.specimens import facts
from ocr.training.specimens.facts import Told
from ocr.training.specimens.pen import Side


def draw_back(told: Told, side: Side, layout: Layout, signed_by: Sequence[tuple[str, str]]) -> Side:
    """`signed_by` are the lines of the signer's title, each with the field it says or an empty one."""
    says = told.printed
    if layout.barcode:
        side.barcode(facts.payload(told.code), layout.barcode)
    for y, finger, seed in ((0.275, "Ngón trỏ trái", says.seed), (0.615, "Ngón trỏ phải", says.seed + 7)):
        side.text(0.145, y, finger, 25, role="label", anchor="m", until=0.245)
        side.finger(Place(0.07, y + 0.045, 0.15, 0.275), seed)
    end = side.label(0.305, 0.285, "Đặc điểm nhận dạng", size=29)
    side.paragraph(0.305, 0.281, says.marks, 34, field="", lines=2, first_x=end + 0.01, leading=0.061)
    x = 0.42
    for word, value in (("Ngày", f"{says.issued:%d}"), ("tháng", f"{says.issued:%m}"), ("năm", f"{says.issued:%Y}")):
        end = side.text(x, 0.425, word, 29, role="label")
        x = 0.010 + side.text(end + 0.010, 0.420, value, 34, field="date_of_issue")
    for row, (line, field) in enumerate(signed_by):
        side.text(0.625, 0.490 + row * 0.052, line, 30, role="heading", anchor="m", until=0.965, field=field)
    side.signature(0.54, 0.69)
    side.text(0.625, 0.80, "Trần Thị Mẫu", 32, anchor="m", until=0.9)
    side.stamp(0.62, 0.58, angle=14, size=110)
    side.small_stamp(0.625, 0.92)
    return side
