"""What a counter took in cash on a day: for the head of the office all of it, for who receives there their own."""

import csv
import io
from collections.abc import Iterable
from datetime import date, datetime, time

from dossiers import desk, store_paying, views
from dossiers.messages_takings import Cashier, Taking, Takings
from dossiers.refusals import RoleMissing
from dossiers.standing import Stand
from identity import accounts, offices
from kit import clock
from kit.actor import Actor
from kit.refusal import Words

_HEADINGS = ("Số biên lai", "Thời điểm", "Mã hồ sơ", "Thủ tục", "Khoản thu", "Số tiền (đồng)", "Người thu")
# What a spreadsheet would take for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


async def of_day(stand: Stand, actor: Actor, day: date | None, *, by: str | None = None) -> Takings:
    """Of the officer's own office on the city's day, today unless told, in order; `by` is one officer. Nobody's name is told but the
    cashiers'. Raises RoleMissing for what colleagues took, unless the officer is the head.
    """
    assert actor.office_id is not None
    assert actor.account_id is not None
    if desk.HEAD not in actor.roles:
        if by not in (None, actor.account_id):
            raise RoleMissing(role=desk.HEAD)
        by = actor.account_id
    day = day or clock.today()
    since, until = (datetime.combine(day, edge, clock.CITY) for edge in (time.min, time.max))
    async with stand.db.snapshot() as conn:
        rows = await store_paying.cash_of(conn, actor.office_id, since=since, until=until)
        seen = [row for row in rows if desk.HEAD in actor.roles or row.taken_by == by]
        office = await offices.office(conn, actor.office_id)
        names = await accounts.names_of(conn, {row.taken_by for row in seen})
    lines = [row for row in seen if by in (None, row.taken_by)]
    return Takings(
        day=day,
        office=views.office_of(office),
        sum_dong=_sum(lines),
        cashiers=[_cashier(one, names[one], seen) for one in sorted(names, key=lambda one: names[one])],
        lines=[
            Taking(
                order_id=row.id,
                receipt=row.receipt,
                at=row.paid_at,
                receipt_code=row.receipt_code,
                procedure=stand.catalogue.procedure(row.procedure, views.opened_on(row)).name,
                reason=Words(**row.reason),
                amount_dong=row.amount_dong,
                by=names[row.taken_by],
                branch_id=row.branch_id if row.office_id == actor.office_id else None,
            )
            for row in lines
        ],
    )


def as_csv(found: Takings) -> bytes:
    """A spreadsheet's file: UTF-8 with a mark by which it is known as such, the sum in the last row."""
    file = io.StringIO()
    rows = csv.writer(file)
    rows.writerow(_HEADINGS)
    for one in found.lines:
        at = f"{one.at.astimezone(clock.CITY):%d/%m/%Y %H:%M}"
        said = (one.receipt, at, one.receipt_code, one.procedure.vi, one.reason.vi, one.amount_dong, one.by)
        rows.writerow([f"'{cell}" if str(cell).startswith(_FORMULA) else cell for cell in said])
    rows.writerow(["Tổng cộng", f"{found.day:%d/%m/%Y}", found.office.name.vi, "", "", found.sum_dong, ""])
    return file.getvalue().encode("utf-8-sig")


def _cashier(account_id: str, name: str, rows: Iterable[views.Row]) -> Cashier:
    own = [row for row in rows if row.taken_by == account_id]
    return Cashier(officer_id=account_id, full_name=name, count=len(own), sum_dong=_sum(own))


def _sum(rows: Iterable[views.Row]) -> int:
    return sum(row.amount_dong for row in rows)
