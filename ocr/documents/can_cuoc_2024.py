"""Căn cước: TT 16/2024/TT-BCA, issued from 01/07/2024 to people of six years and more."""

import datetime

from ocr.documents.layout import Document, Label, Layout, Place

DOCUMENT = Document(
    kind="can_cuoc_2024",
    name_vi="Thẻ căn cước",
    name_en="Identity Card",
    front=Layout(
        side="front",
        marks=(
            "Số định danh cá nhân",
            "Personal identification number",
            "Họ, chữ đệm và tên khai sinh",
        ),
        labels=(
            Label("number", "Số định danh cá nhân", "Personal identification number"),
            Label("full_name", "Họ, chữ đệm và tên khai sinh", "Full name"),
            Label("date_of_birth", "Ngày, tháng, năm sinh", "Date of birth"),
            Label("sex", "Giới tính", "Sex"),
            Label("nationality", "Quốc tịch", "Nationality"),
        ),
        portrait=Place(0.035, 0.36, 0.245, 0.47),
    ),
    back=Layout(
        side="back",
        marks=("Nơi cư trú", "Nơi đăng ký khai sinh", "Place of birth", "Date of issue", "MINISTRY OF PUBLIC SECURITY"),
        labels=(
            Label("place_of_residence", "Nơi cư trú", "Place of residence", many_lines=True),
            Label("place_of_birth", "Nơi đăng ký khai sinh", "Place of birth", many_lines=True),
            Label("date_of_issue", "Ngày, tháng, năm cấp", "Date of issue"),
            Label("date_of_expiry", "Ngày, tháng, năm hết hạn", "Date of expiry"),
            Label("", "BỘ CÔNG AN", "MINISTRY OF PUBLIC SECURITY"),
        ),
        qr=Place(0.72, 0.24, 0.25, 0.38),
        has_mrz=True,
    ),
    first_issued=datetime.date(2024, 7, 1),
    youngest=6,  # with a portrait: Luật Căn cước 2023 Đ23
    issuer_vi="Bộ Công an",
    issuer_en="Ministry of Public Security",
)
