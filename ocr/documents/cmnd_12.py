"""Chứng minh nhân dân of twelve digits: TT 27/2012/TT-BCA, from 01/07/2012, in the provinces that had the machines."""

import datetime

from ocr.documents.layout import ENGLISH, Document, Label, Layout, Place

DOCUMENT = Document(
    kind="cmnd_12",
    name_vi="Chứng minh nhân dân 12 số",
    name_en="12-digit People's Identity Card",
    front=Layout(
        side="front",
        marks=("CHỨNG MINH NHÂN DÂN", "Họ và tên khai sinh", "Họ và tên gọi khác", "Dân tộc"),
        labels=(
            Label("number", "Số", ""),
            Label("full_name", "Họ và tên khai sinh", "", many_lines=True),
            Label("", "Họ và tên gọi khác", ""),
            Label("date_of_birth", "Ngày, tháng, năm sinh", ""),
            Label("date_of_birth", "Ngày sinh", ""),
            Label("sex", "Giới tính", ""),
            Label("ethnicity", "Dân tộc", ""),
            Label("place_of_origin", "Quê quán", "", many_lines=True),
            Label("place_of_residence", "Nơi thường trú", "", many_lines=True),
        ),
        portrait=Place(0.035, 0.36, 0.235, 0.56),
        # The mark "Họ và tên khai sinh" is two words short of the 2024 card's label.
        never=(*ENGLISH, "Nơi ĐKHK", "Họ, chữ đệm và tên khai sinh", "CĂN CƯỚC CÔNG DÂN"),
    ),
    back=Layout(
        side="back",
        # Who signs is what tells this back from that of 2016 (assumption: no regulation seen prints the signer's title).
        marks=("GIÁM ĐỐC CÔNG AN", "Đặc điểm nhận dạng"),
        labels=(
            Label("", "Ngón trỏ trái", ""),
            Label("", "Ngón trỏ phải", ""),
            Label("", "Đặc điểm nhận dạng", "", many_lines=True),
            # Printed until TT 57/2013/TT-BCA took them off.
            Label("", "Họ và tên cha", ""),
            Label("", "Họ và tên mẹ", ""),
            Label("date_of_issue", "Ngày tháng năm", "", value="among"),
            Label("issuer", "GIÁM ĐỐC CÔNG AN", ""),
        ),
        barcode=Place(0.04, 0.045, 0.92, 0.20),
        never=(*ENGLISH, "DẤU VẾT RIÊNG VÀ DỊ HÌNH", "CỤC TRƯỞNG CỤC CẢNH SÁT"),
        has_colour=False,
    ),
    first_issued=datetime.date(2012, 7, 1),
    last_issued=datetime.date(2016, 12, 31),
    issuer_vi="Công an tỉnh, thành phố",
    issuer_en="Provincial police",
    issuer_is_printed=True,
    years_valid=15,
)
