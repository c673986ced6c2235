"""An officer lets off a fee, with a reason."""

from dossiers import charging, deciding, desk, moving, telling
from dossiers.history import Happening
from dossiers.messages import WaiveFee
from dossiers.messages_desk import DeskBranch
from dossiers.refusals import NothingToPay, ReasonMissing
from dossiers.standing import Stand
from kit import clock, names
from kit.actor import Actor
from kit.refusal import Words
from procedures.bundles import Event, Transition


async def waive(stand: Stand, actor: Actor, branch_id: str, asked: WaiveFee, *, version: int | None) -> DeskBranch:
    """The fee that the table names is let off, with a written reason, which the citizen reads; asked for already, it is not waited for.

    Raises ReasonMissing, NothingToPay, FeeNotKnown, and what `deciding.decidable` refuses.
    """
    reason = names.nfc(asked.reason)
    if len(reason) < deciding.LEAST_REASON_LETTERS:
        raise ReasonMissing(least=deciding.LEAST_REASON_LETTERS)
    async with stand.db.begin() as conn:
        work = await deciding.decidable(stand, conn, actor, branch_id, version, charging.WAIVED, lock=True)
        branch, title = work.branch, work.procedure.name
        fee = charging.fee_of(work.procedure, work.dossier, branch.position, channel=asked.channel)
        if fee.amount_dong == 0:
            raise NothingToPay(reason=fee.reason.vi, reason_en=fee.reason.en)
        amount = charging.dong(fee.amount_dong)

        def told(step: Transition) -> Happening:
            said = Words(
                vi=f"được miễn nộp {amount} đồng. Lý do: {reason}", en=f"{amount} đồng are waived. Reason: {reason}"
            )
            facts = {"amount_dong": fee.amount_dong}
            return telling.done(actor, charging.WAIVED, branch.name, title, said, step.before, step.after, **facts)

        event = Event(branch.name, charging.WAIVED)
        await moving.move(conn, stand.catalogue, work.graph, event, at=clock.now(), told=told, asked=None)
        return await desk.shown(stand, conn, work)
