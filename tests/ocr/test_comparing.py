"""What a recogniser without Vietnamese letters may have meant, and what it may not."""

import pytest

from ocr import comparing
from ocr.finding import find


@pytest.mark.parametrize(
    ("known", "printed"),
    [
        ("Nguyễn Trần Phương Thảo", "NGUYÊN TRÄN PHUONG THÃO"),
        ("Nguyễn Trần Phương Thảo", "NGUYÊN TRÂN PHU'ONG THÃO"),
        ("Lê Trần Diễm Hoa", "LÊ TRÄÂN DIÊM HOA"),
        ("Đỗ Ước", "DÖ UÓC"),
        ("Nguyễn Hữu Lộc", "NGUYÊN HUru LOC"),
        ("Trịnh Ái", "TRJNH ÁI"),
    ],
)
def test_the_same_name(known: str, printed: str) -> None:
    assert comparing.same_printed_name(known, printed)


@pytest.mark.parametrize(
    ("known", "printed"),
    [
        ("Nguyễn Văn An", "NGUYEN VAN ANH"),
        ("Nguyễn Văn Nam", "NGUYEN VAN LAM"),
        ("Nguyễn Trần Phương Thanh", "NGUYÊN TRÂN PHUONG THÃO"),
        ("Lê Hoa", "LÊ HOÀNG"),
        ("Trần Thị Hà", "TRAN THI HO"),
        ("Nguyễn Thị Hoa", "NGUYEN HOA"),
    ],
)
def test_another_name(known: str, printed: str) -> None:
    assert not comparing.same_printed_name(known, printed)


HOME = "45/12 Đường Lê Thánh Tôn, Phường Sài Gòn, Thành phố Hồ Chí Minh"


@pytest.mark.parametrize(
    ("printed", "likeness"),
    [
        ("45/12 Dròng Lê Thánh Tôn, Phuòng Sài Gòn, Thành phő Hò Chí Minh", "same"),
        ("45/12 Duòng Lê Thánh Tôn, Phuòng Sài", "unclear"),
        ("45/1 Duòng Lê Thánh Tôn, Phuòng Sài", "unclear"),
        ("45/12 Duròng Lê Thánh Tôn, Phuròng", "unclear"),  # the second line was lost, and Ư twice read as UR
        ("45/12 Duòng Lê Loi, Phuòng Bên Thành", "different"),
        ("46/12 Dròng Lê Thánh Tôn, Phuòng Sài Gòn, Thành phő Hò Chí Minh", "different"),
        ("45/12 Duòng Nguyên Huê, Xã Cú Chi, Thành phő Hò Chí Minh", "different"),
    ],
)
def test_addresses(printed: str, likeness: str) -> None:
    assert comparing.printed_address(HOME, printed) == likeness


def test_zone_names_reach_as_far_as_thirty_characters() -> None:
    long_name = "Công Tằng Tôn Nữ Phương Thanh Tâm"
    assert comparing.same_zone_name(long_name, "CONG TANG TON NU PHUONG THANH")
    assert not comparing.same_zone_name("Nguyễn Thị Hoa", "NGUYEN THI HO")
    assert comparing.same_zone_and_print("CONG TANG TON NU PHUONG THANH", "CÔNG TÄNG TÔN NÜ PHUONG THANH TÂM")


def test_labels_are_found_with_letters_wrong() -> None:
    assert find("Họ và tên / Full name", "Ho vi ten/Full nare: X") == (0, 19)
    assert find("Ngày sinh / Date of birth", "Ngãy sinh/ Date of berth: 17/05/1990") == (0, 24)
    assert find("Quê quán", "Quôc tich / Nationality") is None
    assert find("Sex", "Essex") == (2, 5)
    assert find("Sex", "Se") is None
