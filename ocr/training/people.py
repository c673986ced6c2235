"""People who do not exist, for specimens: names, numbers and addresses drawn by chance from a seed."""

import datetime
import random

from ocr.training.specimens import CardFacts, Kind

# Shares of surnames as often quoted, rounded; the rest are rarer ones and names of the ethnic minorities.
_SURNAMES = (
    ["Nguyễn"] * 19 + ["Trần"] * 6 + ["Lê"] * 5 + ["Phạm"] * 4 + ["Huỳnh", "Hoàng"] * 2 + ["Phan", "Võ", "Vũ"] * 2
    + ["Đặng", "Bùi", "Đỗ", "Hồ", "Ngô", "Dương", "Lý", "Thạch", "Kim", "Danh", "Lò", "Giàng", "Trịnh", "Đoàn", "Tưởng"]
)  # fmt: skip
_MIDDLE = {
    "female": [
        "Thị",
        "Thị Ngọc",
        "Ngọc",
        "Thanh",
        "Phương",
        "Thị Mỹ",
        "Kiều",
        "Bảo",
        "Thị Ánh",
        "Trần Diễm",
        "Quỳnh",
        "",
    ],
    "male": ["Văn", "Hữu", "Đức", "Minh", "Quốc", "Văn Thành", "Công", "Đình", "Xuân", "Tấn", "Lê Gia", ""],
}
_GIVEN = {
    "female": [
        "Hoa",
        "Thảo",
        "Hương",
        "Yến",
        "Trâm",
        "Nhã",
        "Uyên",
        "Vy",
        "Ngân",
        "Thủy",
        "Hằng",
        "Ái",
        "Tường",
        "Êm",
        "Phượng",
    ],
    "male": [
        "An",
        "Bình",
        "Dũng",
        "Đạt",
        "Hùng",
        "Khải",
        "Lộc",
        "Nghĩa",
        "Phước",
        "Quý",
        "Sơn",
        "Tự",
        "Vượng",
        "Ý",
        "Ước",
    ],
}
_RARE = ["H'Hen Niê", "Y Moan Êban", "K'Brơi", "Thạch Sô Phi", "Lò Thị Ín", "Vừ Mí Kẻ", "Siu H'Lưới", "Ksor Y Bhăm"]
_STREETS = [
    "Nguyễn Huệ",
    "Lê Lợi",
    "Trần Hưng Đạo",
    "Võ Thị Sáu",
    "Cách Mạng Tháng Tám",
    "Đồng Khởi",
    "Tôn Đức Thắng",
    "Bùi Thị Xuân",
]
_WARDS = [
    ("Phường Sài Gòn", "Thành phố Hồ Chí Minh"), ("Phường Bến Thành", "Thành phố Hồ Chí Minh"),
    ("Phường Tân Định", "Thành phố Hồ Chí Minh"), ("Xã Củ Chi", "Thành phố Hồ Chí Minh"),
    ("Xã Bình Chánh", "Thành phố Hồ Chí Minh"), ("Phường Thủ Dầu Một", "Thành phố Hồ Chí Minh"),
    ("Phường Vũng Tàu", "Thành phố Hồ Chí Minh"), ("Phường Ninh Kiều", "Thành phố Cần Thơ"),
    ("Xã Ea Kao", "Tỉnh Đắk Lắk"), ("Phường Mỹ Tho", "Tỉnh Đồng Tháp"),
]  # fmt: skip
_PROVINCES = ["079", "074", "077", "092", "066", "082", "001", "038"]


def fictional(seed: int, kind: Kind, *, portrait: bytes | None = None) -> CardFacts:
    """Card facts that hold together: number, sex, birth and dates of issue and expiry (at 25, 40 or 60) agree."""
    dice = random.Random(seed)  # noqa: S311 (fiction, not a secret)
    sex = "female" if dice.random() < 0.5 else "male"
    born = datetime.date(dice.randint(1955, 2006), dice.randint(1, 12), dice.randint(1, 28))
    first = datetime.date(2024, 7, 1) if kind == "can_cuoc_2024" else datetime.date(2021, 2, 1)
    issued = first + datetime.timedelta(days=dice.randint(0, 600))
    ages = [age for age in (25, 40, 60) if born.replace(year=born.year + age) > issued + datetime.timedelta(days=2_200)]
    expires = born.replace(year=born.year + ages[0]) if ages else None
    century_and_sex = (0 if born.year < 2000 else 2) + (1 if sex == "female" else 0)
    number = f"{dice.choice(_PROVINCES)}{century_and_sex}{born:%y}{dice.randint(0, 999_999):06d}"
    if dice.random() < 0.06:
        full_name = dice.choice(_RARE)
    else:
        words = (dice.choice(_SURNAMES), dice.choice(_MIDDLE[sex]), dice.choice(_GIVEN[sex]))
        full_name = " ".join(word for word in words if word)
    home, birthplace, origin = (dice.choice(_WARDS) for _ in range(3))
    return CardFacts(
        number=number,
        old_number=f"{dice.randint(20_000_000, 380_000_000):09d}" if dice.random() < 0.6 else None,
        full_name=full_name,
        date_of_birth=born,
        sex=sex,
        place_of_origin=", ".join(origin),
        residence=f"{dice.randint(1, 400)}/{dice.randint(1, 60)} Đường {dice.choice(_STREETS)}, {home[0]}, {home[1]}",
        place_of_birth=", ".join(birthplace),
        issued=issued,
        expires=expires,
        portrait=portrait,
    )
