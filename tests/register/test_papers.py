"""The birth certificate says what the entry says."""

from datetime import date

import msgspec
import pypdfium2

import register
from register import BirthEntry
from tests.register.people import OFFICE, SIGNER, a_pin, birth, child, mother


def entry(facts: register.BirthFacts | None = None) -> BirthEntry:
    return BirthEntry(
        id="reg_1",
        book_id="bok_1",
        volume=1,
        year=2026,
        number=152,
        page=152,
        registered_on=date(2026, 11, 20),
        registration_kind="on_time",
        office=OFFICE,
        signer=SIGNER,
        pin=a_pin(123),
        facts=facts or birth(),
    )


def text_of(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    try:
        assert len(document) == 1
        # Lines break where the paper is full; the words are what counts.
        return " ".join(document[0].get_textpage().get_text_bounded().split())
    finally:
        document.close()


def test_the_certificate_says_everything_of_article_14() -> None:
    said = text_of(register.birth_certificate(entry(), specimen=False))
    for words in (
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM Độc lập – Tự do – Hạnh phúc",
        "THÀNH PHỐ HỒ CHÍ MINH ỦY BAN NHÂN DÂN PHƯỜNG SÀI GÒN",
        "GIẤY KHAI SINH",
        "Số: 152 Quyển số: 01/2026",
        "Họ, chữ đệm, tên: NGUYỄN HOÀNG THUỶ TIÊN",
        "Ngày, tháng, năm sinh: 01/11/2026",
        "Ghi bằng chữ: Ngày mùng một tháng mười một năm hai nghìn không trăm hai mươi sáu",
        "Giới tính: Nữ Dân tộc: Kinh Quốc tịch: Việt Nam",
        "Nơi sinh: Bệnh viện Từ Dũ, 284 Cống Quỳnh, phường Bến Thành, Thành phố Hồ Chí Minh",
        "Quê quán: xã Hòa Thịnh, tỉnh Đắk Lắk",
        "Số định danh cá nhân: 079326000123",
        "Họ, chữ đệm, tên người mẹ: ĐẶNG THỊ NGỌC HOÀ Năm sinh: 1996",
        "Họ, chữ đệm, tên người cha: NGUYỄN VĂN QUÝ Năm sinh: 1993",
        "Đăng ký khai sinh tại: Ủy ban nhân dân phường Sài Gòn, Thành phố Hồ Chí Minh",
        "Số, ngày đăng ký: 152, ngày 20 tháng 11 năm 2026",
        "Phó Chủ tịch Trần Quốc Hưng",
    ):
        assert words in said
    assert "SPECIMEN" not in said


def test_a_specimen_says_so_on_the_page() -> None:
    said = text_of(register.birth_certificate(entry(), specimen=True))
    assert "MẪU – SPECIMEN, dữ liệu hư cấu, không có giá trị pháp lý" in said


def test_long_lines_stay_on_one_page() -> None:
    home = (
        "số 123/45/67 hẻm 89 đường Nguyễn Thị Minh Khai nối dài, khu phố 12, " * 2
        + "phường Sài Gòn, Thành phố Hồ Chí Minh"
    )
    facts = birth(
        child=child(
            full_name="Công Tằng Tôn Nữ Hoàng Thuỷ Tiên Khánh Ngọc Quỳnh Dao", place_of_birth=home, place_of_origin=home
        ),
        mother=mother(residence=home),
    )
    facts = msgspec.structs.replace(facts, father=msgspec.structs.replace(facts.father, residence=home))
    assert home in text_of(register.birth_certificate(entry(facts), specimen=True))


def test_a_found_child_s_certificate_leaves_the_parents_open() -> None:
    said = text_of(register.birth_certificate(entry(birth(mother=None, father=None)), specimen=False))
    assert "Họ, chữ đệm, tên người mẹ: ...." in said
    assert "None" not in said
    assert "none" not in said
