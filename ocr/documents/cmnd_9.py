"""Giấy chứng minh nhân dân of nine digits: QĐ 143-CP of 1976, NĐ 05/1999/NĐ-CP. Typed or written by hand, dates with hyphens.

No card is valid since 01/01/2025 (Luật Căn cước 2023 Đ46); its number lives on as the old number of newer ones.
"""

import datetime

from ocr.documents.layout import ENGLISH, Document, Label, Layout, Place

DOCUMENT = Document(
    kind="cmnd_9",
    name_vi="Giấy chứng minh nhân dân 9 số",
    name_en="9-digit People's Identity Card",
    front=Layout(
        side="front",
        marks=("GIẤY CHỨNG MINH NHÂN DÂN", "Nguyên quán", "Nơi ĐKHK thường trú", "Sinh ngày"),
        labels=(
            Label("number", "SỐ", ""),
            Label("full_name", "Họ tên", "", many_lines=True),
            Label("date_of_birth", "Sinh ngày", ""),
            Label("place_of_origin", "Nguyên quán", "", many_lines=True),
            Label("place_of_residence", "Nơi ĐKHK thường trú", "", many_lines=True),
        ),
        portrait=Place(0.035, 0.37, 0.235, 0.56),
        never=(*ENGLISH, "Họ và tên khai sinh", "CĂN CƯỚC CÔNG DÂN"),
    ),
    back=Layout(
        side="back",
        marks=("DẤU VẾT RIÊNG VÀ DỊ HÌNH", "Tôn giáo", "Dân tộc", "GIÁM ĐỐC CA"),
        labels=(
            Label("ethnicity", "Dân tộc", ""),
            Label("", "Tôn giáo", ""),
            Label("", "NGÓN TRỎ TRÁI", ""),
            Label("", "NGÓN TRỎ PHẢI", ""),
            Label("", "DẤU VẾT RIÊNG VÀ DỊ HÌNH", "", many_lines=True),
            Label("date_of_issue", "Ngày tháng năm", "", value="among"),
            Label("issuer", "GIÁM ĐỐC CA", ""),
        ),
        never=(*ENGLISH, "Đặc điểm nhận dạng"),
        has_colour=False,
    ),
    # Older ones exist, on paper; NĐ 05/1999 made them fifteen years valid.
    first_issued=datetime.date(1976, 8, 9),
    # Luật Căn cước công dân 2014 Đ39: provinces without the machines went on to the end of 2019, some beyond it.
    last_issued=datetime.date(2020, 12, 31),
    issuer_vi="Công an tỉnh, thành phố",
    issuer_en="Provincial police",
    issuer_is_printed=True,
    number_digits=9,
    date_mark="-",
    years_valid=15,
)
