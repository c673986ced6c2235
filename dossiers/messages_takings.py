"""What is told of the cash that a counter took."""

from datetime import date, datetime

from msgspec import Struct

from dossiers.messages import OfficeView
from kit.refusal import Words


class Taking(Struct, frozen=True, kw_only=True):
    """One fee paid in cash. `branch_id` is told while the branch is this office's; `by` is the officer who took it."""

    order_id: str
    receipt: str
    at: datetime
    receipt_code: str
    procedure: Words
    reason: Words
    amount_dong: int
    by: str
    branch_id: str | None


class Cashier(Struct, frozen=True, kw_only=True):
    """All that one officer took on the day."""

    officer_id: str
    full_name: str
    count: int
    sum_dong: int


class Takings(Struct, frozen=True, kw_only=True):
    """Of one office and day. `sum_dong` is of the `lines`; `cashiers` are all that the reader may see."""

    day: date
    office: OfficeView
    sum_dong: int
    cashiers: list[Cashier]
    lines: list[Taking]
