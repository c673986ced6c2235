"""The payload of the QR: what DOMAIN §1 publishes is read, everything else is not a card's."""

import datetime

import pytest

from ocr import qr

GOOD = "079303000001|024680135|Nguyễn Thị Hoa|15012003|Nữ|12 Lê Lợi, Phường Sài Gòn, Thành phố Hồ Chí Minh|12082022"


def test_seven_parts() -> None:
    said = qr.parse(GOOD)
    assert said is not None
    assert (said.number, said.old_number, said.full_name, said.sex) == (
        "079303000001",
        "024680135",
        "Nguyễn Thị Hoa",
        "female",
    )
    assert (said.date_of_birth, said.issued) == (datetime.date(2003, 1, 15), datetime.date(2022, 8, 12))
    assert said.extra == ()


def test_six_parts_no_old_number_and_slashes() -> None:
    said = qr.parse("079303000001||Nguyễn Thị Hoa|15/01/2003|Nữ|Phường Sài Gòn")
    assert said is not None
    assert said.old_number is None
    assert said.issued is None


def test_more_parts_are_kept_in_order() -> None:
    """TT 16/2024 names more contents (cancelled number, parents) but publishes no order."""
    said = qr.parse(GOOD + "|079303999999|Nguyễn Văn A|Trần Thị B")
    assert said is not None
    assert said.extra == ("079303999999", "Nguyễn Văn A", "Trần Thị B")


def test_decomposed_letters_are_composed() -> None:
    import unicodedata

    said = qr.parse(unicodedata.normalize("NFD", GOOD))
    assert said is not None
    assert said.full_name == "Nguyễn Thị Hoa"


@pytest.mark.parametrize("name", ["H'Hen Niê", "K’Brơi", "Y", "Êban", "Lò-Văn Ín"])
def test_real_odd_names_pass(name: str) -> None:
    said = qr.parse(GOOD.replace("Nguyễn Thị Hoa", name))
    assert said is not None
    assert said.full_name == name


@pytest.mark.parametrize(
    "text",
    [
        "",
        "https://example.org/079303000001",
        GOOD.replace("|", ";"),
        GOOD.replace("079303000001", "07930300000"),
        GOOD.replace("079303000001", "０７９３０３０００００１"),
        GOOD.replace("15012003", "31022003"),
        GOOD.replace("15012003", "2003-01-15"),
        GOOD.replace("|Nữ|", "|X|"),
        GOOD.replace("Nguyễn Thị Hoa", "<script>alert(1)</script>"),
        GOOD.replace("Nguyễn Thị Hoa", "Nguyễn\u202eThị Hoa"),
        GOOD.replace("Nguyễn Thị Hoa", ""),
        GOOD.replace("024680135", "1234"),
        GOOD.replace("12082022", "soon"),
        GOOD + "|" + "x" * 3_000,
    ],
)
def test_anything_else_is_not_a_cards(text: str) -> None:
    assert qr.parse(text) is None
