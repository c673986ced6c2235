"""Căn cước công dân with a two-dimensional barcode: TT 61/2015/TT-BCA, from 01/01/2016 until the chip. Vietnamese only, no MRZ."""

import datetime

from ocr.documents.layout import ENGLISH, Document, Label, Layout, Place

DOCUMENT = Document(
    kind="cccd_barcode_2016",
    name_vi="Căn cước công dân mã vạch",
    name_en="Citizen Identity Card with a barcode",
    front=Layout(
        side="front",
        marks=("CĂN CƯỚC CÔNG DÂN", "Ngày, tháng, năm sinh", "Có giá trị đến"),
        labels=(
            Label("number", "Số", ""),
            Label("full_name", "Họ và tên", "", many_lines=True),
            Label("date_of_birth", "Ngày, tháng, năm sinh", ""),
            Label("sex", "Giới tính", ""),
            Label("nationality", "Quốc tịch", ""),
            Label("place_of_origin", "Quê quán", "", many_lines=True),
            Label("place_of_residence", "Nơi thường trú", "", many_lines=True),
            Label("date_of_expiry", "Có giá trị đến", ""),
        ),
        portrait=Place(0.035, 0.34, 0.235, 0.50),
        never=(*ENGLISH, "CHỨNG MINH NHÂN DÂN", "Họ, chữ đệm và tên khai sinh"),
    ),
    back=Layout(
        side="back",
        marks=("CỤC TRƯỞNG CỤC CẢNH SÁT", "ĐKQL CƯ TRÚ VÀ DLQG VỀ DÂN CƯ", "Đặc điểm nhận dạng"),
        labels=(
            Label("", "Ngón trỏ trái", ""),
            Label("", "Ngón trỏ phải", ""),
            Label("", "Đặc điểm nhận dạng", "", many_lines=True),
            Label("date_of_issue", "Ngày tháng năm", "", value="among"),
            Label("", "CỤC TRƯỞNG CỤC CẢNH SÁT", ""),
            # Until TT 33/2018/TT-BCA renamed the department.
            Label("", "ĐKQL CƯ TRÚ VÀ DLQG VỀ DÂN CƯ", ""),
            Label("", "QUẢN LÝ HÀNH CHÍNH VỀ TRẬT TỰ XÃ HỘI", ""),
        ),
        barcode=Place(0.04, 0.045, 0.92, 0.20),
        never=(*ENGLISH, "DẤU VẾT RIÊNG VÀ DỊ HÌNH", "GIÁM ĐỐC CÔNG AN"),
    ),
    first_issued=datetime.date(2016, 1, 1),
    last_issued=datetime.date(2021, 1, 31),
    issuer_vi="Cục Cảnh sát quản lý hành chính về trật tự xã hội",
    issuer_en="Police Department for Administrative Management of Social Order",
)
