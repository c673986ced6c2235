"""The papers a dossier ends in say what they were given."""

from datetime import UTC, date, datetime

import pypdfium2
import pytest

from dossiers import papers

HOME = "12/3 đường Nguyễn Thị Minh Khai, phường Sài Gòn, Thành phố Hồ Chí Minh"
POLICE = "Công an phường Sài Gòn, Công an Thành phố Hồ Chí Minh"


def text_of(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    try:
        assert len(document) == 1
        return " ".join(document[0].get_textpage().get_text_bounded().split())
    finally:
        document.close()


@pytest.mark.parametrize(
    ("born", "until"),
    [
        (date(2026, 1, 1), date(2032, 9, 30)),
        (date(2026, 9, 30), date(2032, 9, 30)),
        (date(2026, 10, 1), date(2032, 10, 1)),
        (date(2026, 12, 31), date(2032, 12, 31)),
        (date(2024, 2, 29), date(2030, 9, 30)),
    ],
)
def test_a_child_s_card_lasts_72_months_or_until_school(born: date, until: date) -> None:
    assert papers.insured_until(born) == until


def test_the_insurance_card() -> None:
    card = papers.HealthInsuranceCard(
        card_code="TE 1 79 7926000123",
        full_name="Nguyễn Hoàng Thuỷ Tiên",
        date_of_birth=date(2026, 11, 1),
        sex="female",
        address=HOME,
        facility="Bệnh viện Nhi Đồng 2",
        valid_from=date(2026, 11, 1),
        valid_until=date(2032, 11, 1),
        issued_by="Bảo hiểm xã hội cơ sở Sài Gòn",
        issued_on=date(2026, 11, 24),
    )
    said = text_of(papers.health_insurance_card(card, specimen=True))
    for words in (
        "THẺ BẢO HIỂM Y TẾ",
        "TE 1 79 7926000123",
        "NGUYỄN HOÀNG THUỶ TIÊN",
        "từ 01/11/2026 đến 01/11/2032",
        HOME,
    ):
        assert words in said
    assert "SPECIMEN" in said
    assert "SPECIMEN" not in text_of(papers.health_insurance_card(card, specimen=False))


def test_the_residence_confirmation() -> None:
    paper = papers.ResidenceConfirmation(
        office=POLICE,
        number="152/XN-CAP",
        full_name="Nguyễn Hoàng Thuỷ Tiên",
        date_of_birth=date(2026, 11, 1),
        sex="female",
        pin="079326000123",
        ethnicity="Kinh",
        nationality="Việt Nam",
        place_of_origin="xã Hòa Thịnh, tỉnh Đắk Lắk",
        permanent_residence=HOME,
        present_residence=HOME,
        household_head="Nguyễn Văn Quý",
        household_head_pin="079093000001",
        relationship_to_head="Con",
        members=[
            papers.HouseholdMember(
                full_name="Đặng Thị Ngọc Hoà",
                date_of_birth=date(1996, 3, 8),
                sex="female",
                pin="079196000002",
                relationship="Vợ",
            )
        ],
        registered_on=date(2026, 11, 23),
        requested_by="Nguyễn Văn Quý",
        signer_name="Phạm Minh Đức",
        signer_title="Trưởng Công an phường",
        issued_on=date(2026, 11, 24),
    )
    said = text_of(papers.residence_confirmation(paper, specimen=False))
    for words in (
        "CÔNG AN THÀNH PHỐ HỒ CHÍ MINH CÔNG AN PHƯỜNG SÀI GÒN",
        "XÁC NHẬN THÔNG TIN VỀ CƯ TRÚ",
        "Số định danh cá nhân: 079326000123",
        f"Nơi thường trú: {HOME}",
        "Quan hệ với chủ hộ: Con",
        "1 Đặng Thị Ngọc Hoà 08/03/1996 Nữ 079196000002 Vợ",
        "TRƯỞNG CÔNG AN PHƯỜNG",
    ):
        assert words in said


def test_the_appointment_says_where_when_and_what_to_bring() -> None:
    paper = papers.IdentityCardAppointment(
        office=POLICE,
        receipt_code="H29.26740-261120-0001",
        child_name="Nguyễn Hoàng Thuỷ Tiên",
        child_date_of_birth=date(2026, 11, 1),
        child_pin="079326000123",
        representative="Đặng Thị Ngọc Hoà (mẹ)",
        place="Trung tâm Phục vụ hành chính công phường Sài Gòn",
        address="45-47 Lê Duẩn",
        at=datetime(2026, 11, 27, 2, 0, tzinfo=UTC),
        bring=["Thẻ căn cước của cha hoặc mẹ"],
        officer_name="Võ Thanh Tùng",
        issued_on=date(2026, 11, 24),
    )
    said = text_of(papers.identity_card_appointment(paper, specimen=False))
    for words in (
        "GIẤY HẸN",
        "Mời đến lúc: 09 giờ 00 phút, ngày 27/11/2026",
        "45-47 Lê Duẩn",
        "– Thẻ căn cước của cha hoặc mẹ",
    ):
        assert words in said


def test_the_receipt_opens_its_own_lookup_page() -> None:
    import zxingcpp

    url = "https://motcua.example/tra-cuu?ma=H29.26740-261120-0001"
    promised = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
    paper = papers.Receipt(
        office="Trung tâm Phục vụ hành chính công phường Sài Gòn, Ủy ban nhân dân phường Sài Gòn",
        receipt_code="H29.26740-261120-0001",
        applicant="Đặng Thị Ngọc Hoà",
        procedure="Liên thông khai sinh",
        procedure_code="3.000722",
        documents=["Giấy chứng sinh số 00123.GCS.79024.26"],
        branches=[
            papers.ReceiptBranch(procedure="Đăng ký khai sinh", agency="UBND phường Sài Gòn", promised_at=promised)
        ],
        received_at=datetime(2026, 11, 20, 18, 30, tzinfo=UTC),
        promised_at=promised,
        delivery="online",
        fee_dong=1_008_000,
        lookup_url=url,
    )
    pdf = papers.receipt(paper, specimen=True)
    said = text_of(pdf)
    for words in (
        "GIẤY TIẾP NHẬN HỒ SƠ VÀ HẸN TRẢ KẾT QUẢ",
        "Mã hồ sơ: H29.26740-261120-0001",
        "Thời gian nhận hồ sơ: 01 giờ 30 phút, ngày 21/11/2026",
        "Lệ phí: 1.008.000 đồng",
        "1 Đăng ký khai sinh UBND phường Sài Gòn 17 giờ 00 phút, ngày 25/11/2026",
    ):
        assert words in said
    document = pypdfium2.PdfDocument(pdf)
    page = document[0].render(scale=3).to_pil()
    document.close()
    assert [code.text for code in zxingcpp.read_barcodes(page)] == [url]
