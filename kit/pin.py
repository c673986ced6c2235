"""The 12-digit personal identification number `PPP G YY NNNNNN` (TT 59/2021/TT-BCA): structure only, it has no check digit."""

import re
from typing import Literal

import msgspec

from kit.refusal import Fault, fault

Sex = Literal["male", "female"]

# Annex 1 of TT 07/2016/TT-BCA; the mergers of 2025 renumbered nobody.
PROVINCES = {
    "001": "Hà Nội", "002": "Hà Giang", "004": "Cao Bằng", "006": "Bắc Kạn", "008": "Tuyên Quang", "010": "Lào Cai",
    "011": "Điện Biên", "012": "Lai Châu", "014": "Sơn La", "015": "Yên Bái", "017": "Hòa Bình", "019": "Thái Nguyên",
    "020": "Lạng Sơn", "022": "Quảng Ninh", "024": "Bắc Giang", "025": "Phú Thọ", "026": "Vĩnh Phúc", "027": "Bắc Ninh",
    "030": "Hải Dương", "031": "Hải Phòng", "033": "Hưng Yên", "034": "Thái Bình", "035": "Hà Nam", "036": "Nam Định",
    "037": "Ninh Bình", "038": "Thanh Hóa", "040": "Nghệ An", "042": "Hà Tĩnh", "044": "Quảng Bình", "045": "Quảng Trị",
    "046": "Thừa Thiên Huế", "048": "Đà Nẵng", "049": "Quảng Nam", "051": "Quảng Ngãi", "052": "Bình Định",
    "054": "Phú Yên", "056": "Khánh Hòa", "058": "Ninh Thuận", "060": "Bình Thuận", "062": "Kon Tum", "064": "Gia Lai",
    "066": "Đắk Lắk", "067": "Đắk Nông", "068": "Lâm Đồng", "070": "Bình Phước", "072": "Tây Ninh", "074": "Bình Dương",
    "075": "Đồng Nai", "077": "Bà Rịa - Vũng Tàu", "079": "Thành phố Hồ Chí Minh", "080": "Long An", "082": "Tiền Giang",
    "083": "Bến Tre", "084": "Trà Vinh", "086": "Vĩnh Long", "087": "Đồng Tháp", "089": "An Giang", "091": "Kiên Giang",
    "092": "Cần Thơ", "093": "Hậu Giang", "094": "Sóc Trăng", "095": "Bạc Liêu", "096": "Cà Mau",
}  # fmt: skip

# 100 and above: registered abroad; the list of countries was not found, so any such code passes.
_FIRST_FOREIGN_CODE = 100

_SHAPE = re.compile(r"[0-9]{12}", re.ASCII)


class Pin(msgspec.Struct, frozen=True):
    """What a number says of its holder."""

    number: str
    province_code: str
    sex: Sex
    birth_year: int


def parse(number: str) -> Pin | None:
    """The number's own statement, or None when its structure is impossible."""
    if not _SHAPE.fullmatch(number):
        return None
    province = number[:3]
    if province not in PROVINCES and int(province) < _FIRST_FOREIGN_CODE:
        return None
    century_and_sex = int(number[3])
    return Pin(
        number=number,
        province_code=province,
        sex="male" if century_and_sex % 2 == 0 else "female",
        birth_year=1900 + 100 * (century_and_sex // 2) + int(number[4:6]),
    )


def faults(number: str, *, field: str = "pin", sex: Sex | None = None, birth_year: int | None = None) -> list[Fault]:
    """Everything wrong with a number, held against the sex and birth year it should state."""
    if not _SHAPE.fullmatch(number):
        return [
            fault(
                field,
                "pin-shape",
                "Số định danh cá nhân có đúng 12 chữ số.",
                "A personal number has exactly 12 digits.",
            )
        ]
    said = parse(number)
    if said is None:
        return [
            fault(
                field,
                "pin-province",
                "Ba số đầu không phải mã tỉnh nào.",
                "The first three digits are no province's code.",
            )
        ]
    found: list[Fault] = []
    if sex is not None and said.sex != sex:
        found.append(fault(field, "pin-sex", "Số định danh không khớp giới tính.", "The number does not fit the sex."))
    if birth_year is not None and said.birth_year != birth_year:
        found.append(
            fault(field, "pin-year", "Số định danh không khớp năm sinh.", "The number does not fit the birth year.")
        )
    return found


def mask(number: str) -> str:
    """`079*******01`, for logs and screens others may see."""
    return f"{number[:3]}{'*' * max(0, len(number) - 5)}{number[-2:]}"
