"""What a filing costs by the table; no result is given before that is paid or waived, where the catalogue says so."""

from sqlalchemy.ext.asyncio import AsyncConnection

from dossiers import known, store_paying, views
from dossiers.desk import Work
from dossiers.messages import FeeView
from dossiers.refusals import FeeUnpaid
from procedures import Catalogue, Procedure, fees
from procedures.messages import Channel, PersonClass
from procedures.refusals import FeeNotKnown

WAIVED = "waive_fee"
"""The action, and the kind of its line in the history."""


def channel_of(dossier: views.Row) -> Channel:
    """How it came in: on a paper signed at a counter, or sent in online."""
    return "counter" if views.signed_at_counter(dossier) else "online"


def fee_of(
    procedure: Procedure,
    dossier: views.Row,
    position: int,
    *,
    channel: Channel,
    person_classes: tuple[PersonClass, ...] = (),
) -> fees.Fee:
    """By the day of submission; copies are of the first branch's result. Raises FeeNotKnown where the table does not say."""
    values = known.values_of(dossier.form)
    copies = values.get("copies", {}).get("count", 0) if position == 0 else 0
    day = views.day_of(dossier.submitted_at)
    return fees.fee(procedure, day, channel, person_classes, values=values, copies=copies)


def owed(procedure: Procedure, dossier: views.Row, position: int, *, channel: Channel) -> fees.Fee | None:
    """What it costs whoever is exempt from nothing; None where that is nothing, or the table does not say."""
    try:
        fee = fee_of(procedure, dossier, position, channel=channel)
    except FeeNotKnown:
        return None
    return fee if fee.amount_dong else None


async def shown(conn: AsyncConnection, catalogue: Catalogue, dossier: views.Row) -> list[FeeView]:
    """Every fee that is due or was, and what became of it; nothing is asked of the database where nothing costs anything."""
    procedures = views.procedures_of(catalogue, views.item_of(catalogue, dossier), dossier)
    due: dict[str, fees.Fee] = {}
    for position, (name, procedure) in enumerate(procedures.items()):
        fee = owed(procedure, dossier, position, channel=channel_of(dossier))
        if fee is not None:
            due[name] = fee
    if not due:
        return []
    paid = {row.branch for row in await store_paying.payments_of(conn, dossier.id) if row.paid_at is not None}
    waived = await store_paying.waivers_of(conn, dossier.id, WAIVED)
    return [
        FeeView(
            branch=name,
            amount_dong=fee.amount_dong,
            reason=fee.reason,
            state="paid" if name in paid else "waived" if name in waived else "due",
        )
        for name, fee in due.items()
    ]


async def refuse_unpaid(conn: AsyncConnection, work: Work) -> None:
    """Raises FeeUnpaid where the catalogue wants the fee first and the table names one. What the table does not name holds nothing up."""
    if not work.procedure.paid_before_result:
        return
    branch = work.branch
    fee = owed(work.procedure, work.dossier, branch.position, channel=channel_of(work.dossier))
    if fee is None:
        return
    for row in await store_paying.payments_of(conn, work.dossier.id):
        if row.branch == branch.name and row.paid_at is not None:
            return
    if branch.name not in await store_paying.waivers_of(conn, work.dossier.id, WAIVED):
        raise FeeUnpaid(amount=dong(fee.amount_dong), reason=fee.reason.vi, reason_en=fee.reason.en)


def dong(amount: int) -> str:
    return f"{amount:,}".replace(",", ".")
