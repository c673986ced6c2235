"""An officer stops work that cannot go on for a reason outside the dossier, takes it up again, and hands a result over."""

from dossiers import deciding, desk, moving, telling
from dossiers.history import Happening
from dossiers.messages import Deliver, Reason
from dossiers.messages_desk import DeskBranch
from dossiers.refusals import ReasonMissing
from dossiers.standing import Stand
from kit import clock, names
from kit.actor import Actor
from kit.db import to_json
from kit.refusal import Words
from procedures.bundles import Event, Transition

_WAYS = {
    "counter": Words(vi="tại quầy", en="at the counter"),
    "post": Words(vi="qua bưu chính", en="by post"),
    "online": Words(vi="bản điện tử", en="on screen"),
}


async def stop(stand: Stand, actor: Actor, branch_id: str, asked: Reason, *, version: int | None) -> DeskBranch:
    """The clock stands still until the officer goes on; the citizen is told why. Raises ReasonMissing and what `deciding.decidable` refuses."""
    reason = names.nfc(asked.reason)
    if len(reason) < deciding.LEAST_REASON_LETTERS:
        raise ReasonMissing(least=deciding.LEAST_REASON_LETTERS)
    async with stand.db.begin() as conn:
        work = await deciding.decidable(stand, conn, actor, branch_id, version, "stop", lock=True)
        name, title = work.branch.name, work.procedure.name

        def told(step: Transition) -> Happening:
            said = Words(vi=f"tạm dừng xử lý. Lý do: {reason}", en=f"work on it has stopped. Reason: {reason}")
            return telling.done(actor, "stop", name, title, said, step.before, step.after)

        written = to_json(Words(vi=reason, en=reason))
        await moving.move(
            conn, stand.catalogue, work.graph, Event(name, "stop"), at=clock.now(), told=told, reason=written
        )
        messenger = await telling.messenger(stand, conn, work.dossier)
        await messenger.stopped(conn, branch_id, title, cause=work.branch.version)
        return await desk.shown(stand, conn, work)


async def resume(stand: Stand, actor: Actor, branch_id: str, *, version: int | None) -> DeskBranch:
    """Goes on with it; the promise moves by the time it stood still. Raises what `deciding.decidable` refuses."""
    async with stand.db.begin() as conn:
        work = await deciding.decidable(stand, conn, actor, branch_id, version, "resume", lock=True)
        name, title = work.branch.name, work.procedure.name

        def told(step: Transition) -> Happening:
            said = Words(vi="xử lý tiếp.", en="work on it goes on.")
            return telling.done(actor, "resume", name, title, said, step.before, step.after)

        await moving.move(conn, stand.catalogue, work.graph, Event(name, "resume"), at=clock.now(), told=told)
        return await desk.shown(stand, conn, work)


async def deliver(stand: Stand, actor: Actor, branch_id: str, asked: Deliver, *, version: int | None) -> DeskBranch:
    """The result is in the citizen's hands. The counter may say so too. Raises BranchUnknown, Stale, ActionNotAllowed."""
    async with stand.db.begin() as conn:
        work = await desk.find(stand, conn, actor, branch_id, lock=True)
        deciding.refuse_stale(work, version)
        name, title, way = work.branch.name, work.procedure.name, _WAYS[asked.by]

        def told(step: Transition) -> Happening:
            said = Words(vi=f"đã trả kết quả {way.vi}.", en=f"the result was handed over {way.en}.")
            # Who took it is sealed with the line, and not shown to whoever holds the code.
            facts = {"by": asked.by, "to": asked.to}
            return telling.done(actor, "deliver", name, title, said, step.before, step.after, **facts)

        await moving.move(conn, stand.catalogue, work.graph, Event(name, "deliver"), at=clock.now(), told=told)
        return await desk.shown(stand, conn, work)
