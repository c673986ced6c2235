"""Căn cước công dân with a chip: TT 06/2021/TT-BCA, issued from 23/01/2021 to 30/06/2024."""

import datetime

from ocr.documents.layout import Document, Label, Layout, Place

DOCUMENT = Document(
    kind="cccd_chip_2021",
    name_vi="Căn cước công dân gắn chip",
    name_en="Citizen Identity Card with a chip",
    front=Layout(
        side="front",
        marks=("CĂN CƯỚC CÔNG DÂN", "Citizen Identity Card", "Place of origin"),
        labels=(
            Label("number", "Số", "No."),
            Label("full_name", "Họ và tên", "Full name"),
            Label("date_of_birth", "Ngày sinh", "Date of birth"),
            Label("sex", "Giới tính", "Sex"),
            Label("nationality", "Quốc tịch", "Nationality"),
            Label("place_of_origin", "Quê quán", "Place of origin", many_lines=True),
            Label("place_of_residence", "Nơi thường trú", "Place of residence", many_lines=True),
            Label("date_of_expiry", "Có giá trị đến", "Date of expiry"),
        ),
        qr=Place(0.79, 0.05, 0.18, 0.29),
        portrait=Place(0.035, 0.36, 0.245, 0.47),
    ),
    back=Layout(
        side="back",
        marks=("Personal identification", "Đặc điểm nhận dạng", "Left index finger", "Right index finger"),
        labels=(
            Label("", "Đặc điểm nhận dạng", "Personal identification"),
            Label("date_of_issue", "Ngày, tháng, năm", "Date, month, year"),
            Label("", "CỤC TRƯỞNG CỤC CẢNH SÁT", "DIRECTOR GENERAL OF THE POLICE DEPARTMENT"),
            Label("", "Ngón trỏ trái", "Left index finger"),
            Label("", "Ngón trỏ phải", "Right index finger"),
        ),
        has_mrz=True,
    ),
    # The first bear dates before the circular's own.
    first_issued=datetime.date(2021, 1, 1),
    last_issued=datetime.date(2024, 6, 30),
    youngest=14,  # Luật Căn cước công dân 2014 Đ19
    issuer_vi="Cục Cảnh sát quản lý hành chính về trật tự xã hội",
    issuer_en="Police Department for Administrative Management of Social Order",
)
