"""Căn cước of a child under six: TT 16/2024/TT-BCA. Printed like the card from six years on, without a portrait."""

import msgspec

from ocr.documents import can_cuoc_2024

DOCUMENT = msgspec.structs.replace(
    can_cuoc_2024.DOCUMENT,
    kind="can_cuoc_2024_under_6",
    name_vi="Thẻ căn cước của trẻ dưới 6 tuổi",
    name_en="Identity Card of a child under six",
    front=msgspec.structs.replace(can_cuoc_2024.DOCUMENT.front, portrait=None),
    variant_of="can_cuoc_2024",
    youngest=0,
    below=6,
)
