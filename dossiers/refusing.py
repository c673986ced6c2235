"""Two persons for a refusal: one officer proposes it (`deciding.decide`), another confirms it or sends it back."""

from dossiers import deciding, desk, moving
from dossiers.deciding import inside
from dossiers.messages_desk import DeskBranch, Judge
from dossiers.refusals import ReasonMissing, SecondOfficerNeeded
from dossiers.standing import Stand
from kit import clock, names
from kit.actor import Actor
from procedures import bundles
from procedures.bundles import Event


async def judge(stand: Stand, actor: Actor, branch_id: str, asked: Judge, *, version: int | None) -> DeskBranch:
    """Confirmed, the refusal stands and is told; sent back, whoever proposed it goes on.

    Raises SecondOfficerNeeded, ReasonMissing, ActionNotAllowed, Stale, and what `deciding.undecided` refuses.
    """
    reason = names.nfc(asked.reason).strip()
    if asked.verdict == "send_back" and len(reason) < deciding.LEAST_REASON_LETTERS:
        raise ReasonMissing(least=deciding.LEAST_REASON_LETTERS)
    action = "refuse" if asked.verdict == "confirm" else "send_back"
    async with stand.db.begin() as conn:
        work = await deciding.undecided(stand, conn, actor, branch_id, lock=True)
        deciding.refuse_stale(work, version)
        bundles.act(stand.catalogue.lifecycle, work.branch.name, work.branch.state, action)
        proposal, now = work.branch.proposal, clock.now()
        if action == "send_back":
            await moving.move(conn, stand.catalogue, work.graph, Event(work.branch.name, action), at=now, told=inside)
        elif not work.may_judge:
            raise SecondOfficerNeeded
        else:
            await deciding.refuse(
                stand, conn, work, action, proposal["reason"],
                proposed_by=proposal["by"], confirmed_by=actor.account_id,
            )  # fmt: skip
        await desk.note(conn, work, action, reason, at=now)
        return await desk.shown(stand, conn, work)
