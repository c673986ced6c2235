"""A branch takes longer because facts must be verified: once, before its promise has passed, and by the term the law gives for that."""

from dossiers import deciding, desk, moving, telling, views
from dossiers.history import Happening
from dossiers.messages import Reason
from dossiers.messages_desk import DeskBranch
from dossiers.refusals import ApologisedAlready, ExtendedAlready, NotExtendable, PromisePassed, ReasonMissing
from dossiers.standing import Stand
from kit import clock, names
from kit.actor import Actor
from kit.db import to_json
from kit.refusal import Words
from procedures.bundles import Event, Transition


async def extend(stand: Stand, actor: Actor, branch_id: str, asked: Reason, *, version: int | None) -> DeskBranch:
    """The day follows from the catalogue's longer term, counted from the same receipt; the citizen is told it, and why.

    Raises ReasonMissing, NotExtendable, ExtendedAlready, ApologisedAlready, PromisePassed, and what `deciding.decidable` refuses.
    """
    reason = names.nfc(asked.reason).strip()
    if len(reason) < deciding.LEAST_REASON_LETTERS:
        raise ReasonMissing(least=deciding.LEAST_REASON_LETTERS)
    async with stand.db.begin() as conn:
        work = await deciding.decidable(stand, conn, actor, branch_id, version, "extend", lock=True)
        branch, rule, now = work.branch, work.procedure.deadline, clock.now()
        if rule.extended_working_days is None:
            raise NotExtendable
        if branch.extension is not None:
            raise ExtendedAlready
        if branch.apology is not None:
            raise ApologisedAlready
        if now > branch.due_at:
            raise PromisePassed(due=branch.due_at.astimezone(clock.CITY))
        paused = moving.closed_pauses(branch.pauses)
        promise = stand.catalogue.calendar.promise(branch.started_at, rule, extended=True, paused=paused)
        day, was = (f"{views.day_of(at):%d/%m/%Y}" for at in (promise.due_at, branch.due_at))
        extension = {
            "reason": reason, "was_due_at": branch.due_at, "due_at": promise.due_at, "steps": promise.steps, "at": now,
            "by": actor.account_id,
        }  # fmt: skip

        def told(step: Transition) -> Happening:
            said = Words(
                vi=f"cần xác minh nên hẹn trả ngày {day} thay cho ngày {was}. Lý do: {reason}",
                en=f"facts must be verified, so it is promised for {day} instead of {was}. Reason: {reason}",
            )
            facts = {"was_due_at": to_json(branch.due_at), "due_at": to_json(promise.due_at)}
            return telling.done(
                actor, "extend", branch.name, work.procedure.name, said, step.before, step.after, **facts
            )

        await moving.move(
            conn, stand.catalogue, work.graph, Event(branch.name, "extend"), at=now, told=told,
            extension=to_json(extension), due_at=promise.due_at, warned=0,
        )  # fmt: skip
        messenger = await telling.messenger(stand, conn, work.dossier)
        await messenger.extended(conn, branch.id, work.procedure.name, branch.state, day=day, cause=branch.version)
        return await desk.shown(stand, conn, work)
