"""Kinds that are recognised in order to be refused by name; reading them is planned, guessing them is not."""

from ocr.documents.layout import Unsupported

# What every bilingual generation prints and no older one does.
_BILINGUAL = (
    "SOCIALIST REPUBLIC OF VIET NAM",
    "Citizen Identity Card",
    "Full name",
    "Date of birth",
    "Personal identification",
)

UNDER_6 = Unsupported(
    kind="can_cuoc_2024_under_6",
    name_vi="thẻ căn cước của trẻ dưới 6 tuổi (không có ảnh)",
    name_en="an identity card of a child under six (without a portrait)",
    marks=(),  # printed like the card for adults: known by the missing portrait and the dates
)

UNSUPPORTED = (
    Unsupported(
        kind="cccd_barcode_2016",
        name_vi="thẻ căn cước công dân mã vạch",
        name_en="a citizen identity card with a barcode (2016)",
        marks=(("CĂN CƯỚC CÔNG DÂN",), ("Đặc điểm nhận dạng",)),
        never=_BILINGUAL,
    ),
    Unsupported(
        kind="cmnd_12",
        name_vi="chứng minh nhân dân 12 số",
        name_en="a 12-digit people's identity card (CMND)",
        marks=(("CHỨNG MINH NHÂN DÂN", "Họ và tên khai sinh"),),
        never=_BILINGUAL,
    ),
    Unsupported(
        kind="cmnd_9",
        name_vi="chứng minh nhân dân 9 số",
        name_en="a 9-digit people's identity card (CMND)",
        marks=(("CHỨNG MINH NHÂN DÂN",), ("DẤU VẾT RIÊNG VÀ DỊ HÌNH",), ("Dân tộc", "Tôn giáo")),
        never=_BILINGUAL,
    ),
)
