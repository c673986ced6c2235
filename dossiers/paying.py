"""A fee is asked for, the clock stops, the provider tells what came, a counter takes it in cash or an agency at its own; the officer goes on. The amount is the table's, nobody's guess."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from dossiers import (
    charging,
    deciding,
    desk,
    interests,
    moving,
    store,
    store_paying,
    telling,
    views,
    whose,
)
from dossiers.history import Happening
from dossiers.messages import AskPayment, PaymentView, TakeCash
from dossiers.messages_desk import DeskBranch
from dossiers.refusals import (
    FeeExempt,
    NoPaymentProvider,
    NothingToPay,
    PaidOtherwise,
    PaymentDiffers,
    PaymentUnknown,
    RoleMissing,
)
from dossiers.standing import Stand
from kit import clock, ids
from kit.actor import Actor
from kit.db import to_json
from kit.refusal import Words
from procedures import bundles
from procedures.bundles import Event, Transition
from wires.payments import Order, Paid, PaymentProvider


async def ask(stand: Stand, actor: Actor, branch_id: str, asked: AskPayment, *, version: int | None) -> DeskBranch:
    """The fee by the day of submission, the channel and the person's class; the branch then waits as for a supplement.

    Raises FeeNotKnown where the table does not say, NothingToPay where it says nothing is due, FeeExempt where nothing is for this class
    of person alone, and what `deciding.decidable` refuses.
    """
    async with stand.db.begin() as conn:
        work = await deciding.decidable(stand, conn, actor, branch_id, version, "ask_payment", lock=True)
        now, dossier, branch = clock.now(), work.dossier, work.branch
        fee = charging.fee_of(
            work.procedure, dossier, branch.position, channel=asked.channel, person_classes=asked.person_classes
        )
        if fee.amount_dong == 0 and charging.owed(work.procedure, dossier, branch.position, channel=asked.channel):
            raise FeeExempt(reason=fee.reason.vi, reason_en=fee.reason.en)
        if fee.amount_dong == 0:
            raise NothingToPay(reason=fee.reason.vi, reason_en=fee.reason.en)
        due = stand.catalogue.calendar.due(now, stand.catalogue.lifecycle.supplement)
        day, amount = f"{views.day_of(due):%d/%m/%Y}", charging.dong(fee.amount_dong)

        def told(step: Transition) -> Happening:
            said = Words(
                vi=f"cần nộp {amount} đồng trước ngày {day}. {fee.reason.vi}",
                en=f"{amount} đồng are to be paid by {day}. {fee.reason.en}",
            )
            facts = {"amount_dong": fee.amount_dong}
            return telling.done(
                actor, "ask_payment", branch.name, work.procedure.name, said, step.before, step.after, **facts
            )

        order = ids.new_id("pay")
        row = {"id": order, "dossier_id": dossier.id, "branch": branch.name, "amount_dong": fee.amount_dong}
        await store_paying.add_payment(
            conn, {**row, "reason": to_json(fee.reason), "asked_by": actor.account_id, "asked_at": now}
        )
        wanted = {"reason": fee.reason.vi, "reason_en": fee.reason.en, "amount_dong": fee.amount_dong}
        event = Event(branch.name, "ask_payment")
        await moving.move(conn, stand.catalogue, work.graph, event, at=now, told=told, asked=wanted, lapses_at=due)
        messenger = await telling.messenger(stand, conn, dossier)
        await messenger.payment_requested(conn, branch.id, work.procedure.name, day=day, cause=branch.version)
        return await desk.shown(stand, conn, work)


async def shown(
    stand: Stand,
    provider: PaymentProvider | None,
    actor: Actor,
    dossier_id: str,
    branch: str,
    *,
    behalf: str | None = None,
) -> PaymentView:
    """The newest fee of a branch: where to pay it, or its receipt. Raises PaymentUnknown, NoPaymentProvider and what `whose.filed` does."""
    async with stand.db.begin() as conn:
        side = await whose.side(conn, stand.mandates, actor, behalf)
        dossier = await whose.filed(conn, side, dossier_id)
        await whose.record_read(conn, side, dossier)
        row = await store_paying.payment_of(conn, dossier_id, branch)
        if row is None:
            raise PaymentUnknown
        waits = any(
            one.name == branch and one.state == "payment_requested"
            for one in await store.branches_of(conn, [dossier_id])
        )
    pay_at: str | None = None
    if row.paid_at is None and waits:
        if provider is None:
            raise NoPaymentProvider
        pay_at = provider.link(Order(id=row.id, amount_dong=row.amount_dong))
    return views.payment(row, pay_at=pay_at)


async def of_dossier(
    stand: Stand, provider: PaymentProvider | None, filer: whose.Filer, dossier_id: str
) -> dict[str, list[PaymentView]]:
    """By branch, the oldest first: what was paid, and what is waited for, with where to pay it if a provider is connected.

    For whoever filed it. Raises what `whose.filed` does.
    """
    async with stand.db.connect() as conn:
        await whose.filed(conn, await whose.side(conn, stand.mandates, filer.actor, filer.behalf), dossier_id)
        rows = await store_paying.payments_of(conn, dossier_id)
        branches = await store.branches_of(conn, [dossier_id]) if rows else []
    waiting = {one.name for one in branches if one.state == "payment_requested"}
    newest = {row.branch: row.id for row in rows}
    found: dict[str, list[PaymentView]] = {}
    for row in rows:
        waits = row.paid_at is None and row.branch in waiting and row.id == newest[row.branch]
        if waits or row.paid_at is not None:
            pay_at = provider.link(Order(id=row.id, amount_dong=row.amount_dong)) if waits and provider else None
            found.setdefault(row.branch, []).append(views.payment(row, pay_at=pay_at))
    return found


async def settle(stand: Stand, paid: Paid) -> None:
    """What a provider said came in, kept once; the branch that waited for it goes on.

    Money for a branch that closed meanwhile is kept and told in the dossier, for the office to give back. Raises PaymentUnknown,
    PaymentDiffers, and PaidOtherwise for a second payment of one fee, or one payment of two.
    """
    async with stand.db.begin() as conn:
        order = await store_paying.payment(conn, paid.order_id)
        if order is None:
            raise PaymentUnknown
        dossier = await store.dossier(conn, order.dossier_id, lock=True)
        assert dossier is not None
        order = await store_paying.payment(conn, paid.order_id)
        assert order is not None, "orders never go"
        if paid.amount_dong != order.amount_dong:
            raise PaymentDiffers(paid=paid.amount_dong, amount=order.amount_dong)
        if order.reference == paid.reference:
            return
        if order.paid_at is not None or await store_paying.is_told(conn, paid.reference):
            raise PaidOtherwise
        receipt = _receipt(order)
        await store_paying.paid(conn, order.id, at=paid.at, reference=paid.reference, receipt=receipt)
        await _go_on(stand, conn, dossier, order, receipt)


async def take_cash(stand: Stand, actor: Actor, branch_id: str, asked: TakeCash, *, version: int | None) -> DeskBranch:
    """The fee that was asked for, paid over the counter of the office that waits for it, to who receives there or heads it: the same one
    payment as a provider's, with its receipt; the branch goes on.

    Raises BranchUnknown, RoleMissing, Stale, ActionNotAllowed where no fee is waited for, OwnDossier, PaymentDiffers, PaidOtherwise.
    """
    async with stand.db.begin() as conn:
        work = await desk.find(stand, conn, actor, branch_id, lock=True)
        if not actor.roles & desk.MAY_LOOK:
            raise RoleMissing(role="reception")
        deciding.refuse_stale(work, version)
        name, title, now = work.branch.name, work.procedure.name, clock.now()
        bundles.act(stand.catalogue.lifecycle, name, work.branch.state, "pay")
        await interests.refuse_own(conn, stand.keys, work.dossier, work.seat, parties=work.branch.parties)
        order = await store_paying.payment_of(conn, work.dossier.id, name)
        assert order is not None, "it is waited for"
        if order.paid_at is not None:
            raise PaidOtherwise
        if asked.amount_dong != order.amount_dong:
            raise PaymentDiffers(paid=asked.amount_dong, amount=order.amount_dong)
        receipt, amount, office = _receipt(order), charging.dong(order.amount_dong), work.office.name
        how = {"reference": f"cash:{order.id}", "taken_by": work.seat.account_id, "taken_at_office": work.office.id}
        await store_paying.paid(conn, order.id, at=now, receipt=receipt, **how)

        def told(step: Transition) -> Happening:
            said = Words(
                vi=f"đã nộp {amount} đồng tiền mặt tại quầy, biên lai {receipt}. Nơi thu: {office.vi}.",
                en=f"{amount} đồng were paid in cash at the counter of {office.en}, receipt {receipt}.",
            )
            facts = {"amount_dong": order.amount_dong, "receipt": receipt, "cash": True}
            return telling.done(actor, "pay", name, title, said, step.before, step.after, **facts)

        await moving.move(conn, stand.catalogue, work.graph, Event(name, "pay"), at=now, told=told, asked=None)
        messenger = await telling.messenger(stand, conn, work.dossier)
        await messenger.fee_received(conn, work.dossier.id, order.id, title)
        return await desk.shown(stand, conn, work)


async def taken_by_agency(
    stand: Stand, actor: Actor, branch_id: str, *, amount_dong: int, receipt: str, at: datetime
) -> None:
    """The fee, taken by the agency that decides, at its own counter and under its own receipt: the one payment of the branch, kept once. It
    is in no cash of the city's.

    Raises FeeNotKnown, NothingToPay, PaymentDiffers, PaidOtherwise for a second payment of one fee or one receipt of two, and what
    `deciding.decidable` refuses.
    """
    async with stand.db.begin() as conn:
        work = await desk.find(stand, conn, actor, branch_id, lock=True)
        name, title, dossier, reference = work.branch.name, work.procedure.name, work.dossier, f"agency:{receipt}"
        paid = [row for row in await store_paying.payments_of(conn, dossier.id) if row.branch == name and row.paid_at]
        if any((row.reference, row.amount_dong) == (reference, amount_dong) for row in paid):
            return
        if paid or await store_paying.is_told(conn, reference):
            raise PaidOtherwise
        # Where a fee may be asked for it may be taken: while who takes it has the branch in review.
        work = await deciding.decidable(stand, conn, actor, branch_id, None, "ask_payment", lock=True)
        fee = charging.fee_of(work.procedure, dossier, work.branch.position, channel=charging.channel_of(dossier))
        if fee.amount_dong == 0:
            raise NothingToPay(reason=fee.reason.vi, reason_en=fee.reason.en)
        if fee.amount_dong != amount_dong:
            raise PaymentDiffers(paid=amount_dong, amount=fee.amount_dong)
        order = ids.new_id("pay")
        row = {"id": order, "dossier_id": dossier.id, "branch": name, "amount_dong": amount_dong}
        await store_paying.add_payment(
            conn, {**row, "reason": to_json(fee.reason), "asked_by": actor.account_id, "asked_at": at}
        )
        await store_paying.paid(conn, order, at=at, reference=reference, receipt=receipt)
        amount, office, state = charging.dong(amount_dong), work.office.name, work.branch.state
        said = Words(
            vi=f"đã nộp {amount} đồng tại quầy của {office.vi}, biên lai {receipt}.",
            en=f"{amount} đồng were paid at the counter of {office.en}, receipt {receipt}.",
        )
        facts = {"amount_dong": amount_dong, "receipt": receipt}
        line = telling.done(actor, "pay", name, title, said, state, state, **facts)
        await telling.record(conn, dossier, [line], at=clock.now(), status=dossier.status)


def _receipt(order: views.Row) -> str:
    return f"BL-{order.id.removeprefix('pay_').upper()}"


async def _go_on(stand: Stand, conn: AsyncConnection, dossier: views.Row, order: views.Row, receipt: str) -> None:
    held, now = await moving.graph(conn, stand.catalogue, dossier), clock.now()
    row, title = held.row(order.branch), held.procedures[order.branch].name
    amount = charging.dong(order.amount_dong)
    said = Words(vi=f"đã nộp {amount} đồng, biên lai {receipt}.", en=f"{amount} đồng were paid, receipt {receipt}.")
    payer = Actor(kind="citizen", account_id=dossier.account_id)

    def told(step: Transition) -> Happening:
        facts = {"amount_dong": order.amount_dong, "receipt": receipt}
        return telling.done(payer, "pay", order.branch, title, said, step.before, step.after, **facts)

    newest = await store_paying.payment_of(conn, dossier.id, order.branch)
    waits = "pay" in bundles.allowed(stand.catalogue.lifecycle, row.state)
    if waits and newest is not None and newest.id == order.id:
        await moving.move(conn, stand.catalogue, held, Event(order.branch, "pay"), at=now, told=told, asked=None)
        return
    late = Words(vi=f"{said.vi} Thủ tục không còn chờ nộp; cơ quan hoàn lại.", en=f"{said.en} It was not waited for any more; the office gives it back.")  # fmt: skip
    line = telling.done(payer, "pay", order.branch, title, late, row.state, row.state, receipt=receipt)
    await telling.record(conn, dossier, [line], at=now, status=dossier.status)
