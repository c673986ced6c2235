"""Two persons for a refusal: one officer proposes it (`deciding.decide`), another confirms it or sends it back."""

from dossiers import deciding, desk, moving
from dossiers.deciding import inside
from dossiers.messages_desk import DeskBranch, Judge
from dossiers.refusals import ReasonMissing, SecondOfficerNeeded
from identity.mandates import Mandates
from kit import clock, names
from kit.actor import Actor
from kit.db import Database
from kit.keys import Keys
from kit.settings import Settings
from notifications import PostOffice
from procedures import Catalogue, bundles
from procedures.bundles import Event


async def judge(
    db: Database,
    keys: Keys,
    catalogue: Catalogue,
    settings: Settings,
    post_office: PostOffice,
    mandates: Mandates,
    actor: Actor,
    branch_id: str,
    asked: Judge,
    *,
    version: int | None,
) -> DeskBranch:
    """Confirmed, the refusal stands and is told; sent back, whoever proposed it goes on.

    Raises SecondOfficerNeeded, ReasonMissing, ActionNotAllowed, Stale, and what `deciding.undecided` refuses.
    """
    reason = names.nfc(asked.reason).strip()
    if asked.verdict == "send_back" and len(reason) < deciding.LEAST_REASON_LETTERS:
        raise ReasonMissing(least=deciding.LEAST_REASON_LETTERS)
    action = "refuse" if asked.verdict == "confirm" else "send_back"
    async with db.begin() as conn:
        work = await deciding.undecided(conn, keys, catalogue, actor, branch_id, lock=True)
        deciding.refuse_stale(work, version)
        bundles.act(catalogue.lifecycle, work.branch.name, work.branch.state, action)
        proposal, now = work.branch.proposal, clock.now()
        if action == "send_back":
            await moving.move(conn, catalogue, work.graph, Event(work.branch.name, action), at=now, told=inside)
        elif not work.may_judge:
            raise SecondOfficerNeeded
        else:
            await deciding.refuse(
                conn, keys, catalogue, settings, post_office, mandates, work, action, proposal["reason"],
                proposed_by=proposal["by"], confirmed_by=actor.account_id,
            )  # fmt: skip
        await desk.note(conn, work, action, reason, at=now)
        return await desk.shown(conn, keys, catalogue, settings, actor, branch_id)
