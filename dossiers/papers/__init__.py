"""The papers a dossier ends in, and the receipt it begins with. Rendering blocks: call by `asyncio.to_thread`."""

import io
from collections.abc import Mapping
from datetime import date, datetime, time
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import msgspec

from kit import clock, pdf
from kit.pades import Signed
from kit.pin import Sex

_HERE = Path(__file__).parent
_SEX = {"male": "Nam", "female": "Nữ"}


class HealthInsuranceCard(msgspec.Struct, frozen=True, kw_only=True):
    """Thẻ bảo hiểm y tế. `card_code` as printed: `TE 1 79 7926000123`."""

    card_code: str
    full_name: str
    date_of_birth: date
    sex: Sex
    address: str
    facility: str
    """Where the holder is registered for first care."""
    valid_from: date
    valid_until: date
    issued_by: str
    issued_on: date


class HouseholdMember(msgspec.Struct, frozen=True, kw_only=True):
    full_name: str
    date_of_birth: date
    sex: Sex
    pin: str
    relationship: str
    """To the head of the household, in the form's words: "Con"."""


class ResidenceConfirmation(msgspec.Struct, frozen=True, kw_only=True):
    """Xác nhận thông tin về cư trú, after form CT07 (TT 66/2023/TT-BCA)."""

    office: str
    number: str
    full_name: str
    date_of_birth: date
    sex: Sex
    pin: str
    ethnicity: str
    nationality: str
    place_of_origin: str
    permanent_residence: str | None
    temporary_residence: str | None = None
    present_residence: str
    household_head: str
    household_head_pin: str
    relationship_to_head: str
    members: list[HouseholdMember] = []
    registered_on: date
    requested_by: str
    signer_name: str
    signer_title: str
    issued_on: date


class IdentityCardAppointment(msgspec.Struct, frozen=True, kw_only=True):
    """Giấy hẹn for the identity card of a child under 6; `office` is the ward police, `place` where to come."""

    office: str
    receipt_code: str
    child_name: str
    child_date_of_birth: date
    child_pin: str
    representative: str
    place: str
    address: str
    at: datetime
    bring: list[str]
    phone: str | None = None
    officer_name: str
    issued_on: date


class NoticeLine(msgspec.Struct, frozen=True):
    label: str
    value: str


class ResultNotice(msgspec.Struct, frozen=True, kw_only=True):
    """Thông báo kết quả: what an agency states of a result that it makes itself; the result's own paper is the agency's."""

    office: str
    number: str
    receipt_code: str
    procedure: str
    result: str
    requested_by: str
    lines: list[NoticeLine]
    signer_name: str
    signer_title: str
    issued_on: date


class Apology(msgspec.Struct, frozen=True, kw_only=True):
    """Phiếu xin lỗi và hẹn lại ngày trả kết quả, after form 04 of TT 01/2018/TT-VPCP."""

    office: str
    receipt_code: str
    procedure: str
    requested_by: str
    was_due_at: datetime
    due_at: datetime
    reason: str
    signer_name: str
    signer_title: str
    issued_on: date


class Marked(msgspec.Struct, frozen=True):
    """A field of the form, or a paper, that is asked for; `note` is the officer's sentence to it, or nothing."""

    name: str
    note: str


class SupplementRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Phiếu yêu cầu bổ sung, hoàn thiện hồ sơ, after form 02 of TT 01/2018/TT-VPCP. `answer_at` is the page to answer at."""

    office: str
    receipt_code: str
    procedure: str
    requested_by: str
    reason: str
    fields: list[Marked]
    documents: list[Marked]
    due_at: datetime
    answer_at: str
    signer_name: str
    signer_title: str
    issued_on: date


class CashReceipt(msgspec.Struct, frozen=True, kw_only=True):
    """Biên lai thu phí, lệ phí, with what NĐ 123/2020/NĐ-CP, Đ32 wants on one (assumption: `number` is of the city's own series)."""

    office: str
    number: str
    receipt_code: str
    procedure: str
    requested_by: str
    amount_dong: int
    amount_in_words: str
    reason: str
    paid_at: datetime
    signer_name: str
    issued_on: date


class ReceiptBranch(msgspec.Struct, frozen=True, kw_only=True):
    procedure: str
    agency: str
    promised_at: datetime


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """Giấy tiếp nhận hồ sơ và hẹn trả kết quả, after form 01 of TT 01/2018/TT-VPCP. The QR opens `lookup_url`."""

    office: str
    receipt_code: str
    applicant: str
    filed_by: str | None = None
    """Who filed it under a mandate, where that is not the applicant."""
    phone: str | None = None
    email: str | None = None
    procedure: str
    procedure_code: str
    documents: list[str]
    branches: list[ReceiptBranch]
    received_at: datetime
    promised_at: datetime
    delivery: Literal["online", "counter", "post"]
    fee_dong: int | None
    """None where the table of fees does not say: the office does."""
    lookup_url: str
    note: str = ""
    """One sentence about this bundle, such as which branch waits for which."""


_DELIVERY = {"online": "Bản điện tử trên tài khoản", "counter": "Tại quầy một cửa", "post": "Qua bưu chính công ích"}


_UNKNOWN_FEE = "Theo thông báo của cơ quan giải quyết"


def insured_until(date_of_birth: date) -> date:
    """A child's card ends on the day of 72 months, or 30 September of that year if school begins later.

    NĐ 146/2018/NĐ-CP, Đ13.
    """
    year = date_of_birth.year + 6
    before_school = date(year, 9, 30)
    # By comparing month and day, a child of 29 February needs no day that 72 months later does not exist.
    if (date_of_birth.month, date_of_birth.day) <= (9, 30):
        return before_school
    return date_of_birth.replace(year=year)


def health_insurance_card(card: HealthInsuranceCard, *, specimen: bool, signed: Signed | None = None) -> bytes:
    """The card on one page twice its true size (85.6 × 54 mm)."""
    return _paper("health-insurance-card.typ", card, on=card.issued_on, specimen=specimen, signed=signed)


def residence_confirmation(paper: ResidenceConfirmation, *, specimen: bool, signed: Signed | None = None) -> bytes:
    return _paper("residence-confirmation.typ", paper, on=paper.issued_on, specimen=specimen, signed=signed)


def identity_card_appointment(paper: IdentityCardAppointment, *, specimen: bool, signed: Signed | None = None) -> bytes:
    return _paper("identity-card-appointment.typ", paper, on=paper.issued_on, specimen=specimen, signed=signed)


def result_notice(paper: ResultNotice, *, specimen: bool, signed: Signed | None = None) -> bytes:
    return _paper("result-notice.typ", paper, on=paper.issued_on, specimen=specimen, signed=signed)


def apology(paper: Apology, *, specimen: bool, signed: Signed | None = None) -> bytes:
    return _paper("apology.typ", paper, on=paper.issued_on, specimen=specimen, signed=signed)


def supplement_request(paper: SupplementRequest, *, specimen: bool, signed: Signed | None = None) -> bytes:
    """With the QR of the page to answer at."""
    more = {"qr": _qr(paper.answer_at)}
    return _paper("supplement-request.typ", paper, on=paper.issued_on, specimen=specimen, signed=signed, more=more)


def cash_receipt(paper: CashReceipt, *, specimen: bool, signed: Signed | None = None) -> bytes:
    more = {"amount": _dong(paper.amount_dong)}
    return _paper("cash-receipt.typ", paper, on=paper.issued_on, specimen=specimen, signed=signed, more=more)


def receipt(paper: Receipt, *, specimen: bool) -> bytes:
    """With the QR of the lookup page."""
    more = {
        "qr": _qr(paper.lookup_url),
        "delivery": _DELIVERY[paper.delivery],
        "fee": _UNKNOWN_FEE if paper.fee_dong is None else _dong(paper.fee_dong),
    }
    return _paper(
        "receipt.typ", paper, on=paper.received_at.astimezone(clock.CITY).date(), specimen=specimen, more=more
    )


def _paper(
    template: str,
    paper: msgspec.Struct,
    *,
    on: date,
    specimen: bool,
    signed: Signed | None = None,
    more: Mapping[str, str] = MappingProxyType({}),
) -> bytes:
    data = {**_printed(paper), **more, "specimen": specimen, "sealed": None if signed is None else signed.printed()}
    return pdf.render(_HERE / template, data, at=datetime.combine(on, time(), clock.CITY))


def _qr(address: str) -> str:
    """As SVG."""
    # Takes longer to import than all of this room.
    import segno

    qr = io.BytesIO()
    segno.make(address, error="m", micro=False).save(qr, kind="svg", border=2, xmldecl=False)
    return qr.getvalue().decode()


def _dong(amount: int) -> str:
    return f"{amount:,} đồng".replace(",", ".")


def _printed(value: Any) -> Any:
    """A Struct as the templates want it: days as on paper, instants in the city's time, sexes in words."""
    if isinstance(value, msgspec.Struct):
        return {name: _printed(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, list):
        return [_printed(item) for item in value]
    if isinstance(value, datetime):
        return f"{value.astimezone(clock.CITY):%H giờ %M phút, ngày %d/%m/%Y}"
    if isinstance(value, date):
        return f"{value:%d/%m/%Y}"
    return _SEX.get(value, value) if isinstance(value, str) else value
