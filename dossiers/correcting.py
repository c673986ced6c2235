"""A result with a mistake in it: the citizen reports it, the agency corrects the paper or upholds it; the old one is kept."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from dossiers import amending, deciding, desk, moving, store, telling
from dossiers.history import Happening, seal
from dossiers.messages import CorrectResult, Dossier, Reason
from dossiers.messages_desk import DeskBranch
from dossiers.refusals import CorrectedInRegister, ReasonMissing
from dossiers.standing import Stand
from dossiers.whose import Side
from kit import clock, names
from kit.actor import Actor
from kit.db import to_json
from kit.refusal import Words
from procedures import bundles
from procedures.bundles import Event, Transition


async def report(
    stand: Stand,
    actor: Actor,
    dossier_id: str,
    branch: str,
    asked: Reason,
    *,
    behalf: str | None = None,
    key: str | None,
    version: int | None,
) -> Dossier:
    """The result is looked at again; it holds until it is corrected. Raises ReasonMissing, NotInDossier, ActionNotAllowed,
    and what `amending.amend` refuses."""
    mistake = _written(asked.reason)

    async def verb(conn: AsyncConnection, held: moving.Graph, side: Side) -> None:
        title = held.procedures[held.row(branch).name].name

        def told(step: Transition) -> Happening:
            said = Words(
                vi=f"công dân báo kết quả có sai sót: {mistake}",
                en=f"the citizen reports a mistake in the result: {mistake}",
            )
            return telling.done(actor, "ask_correction", branch, title, said, step.before, step.after)

        await moving.move(conn, stand.catalogue, held, Event(branch, "ask_correction"), at=clock.now(), told=told)

    return await amending.amend(
        stand, actor, dossier_id, verb,
        route=f"branches/{branch}/correction", asked=asked, behalf=behalf, key=key, version=version,
    )  # fmt: skip


async def correct(
    stand: Stand, actor: Actor, branch_id: str, asked: CorrectResult, *, version: int | None
) -> DeskBranch:
    """The paper is made anew with what the agency states now. Raises ReasonMissing, CorrectedInRegister, ResultIncomplete,
    and what `deciding.of_another` refuses."""
    reason = _written(asked.reason)
    async with stand.db.begin() as conn:
        work = await _reviewed(stand, conn, actor, branch_id, "correct", version)
        if work.outcome.in_register or not work.procedure.result.fields:
            raise CorrectedInRegister
        now = clock.now()
        case = desk.case_of(stand, work, at=now)
        stated = deciding.stated_whole(work, case, {**work.branch.result, **asked.result})
        made = await work.outcome.make(conn, case, stated)
        await store.replace_result(conn, branch_id, number=made.number, data=to_json(made.data), at=now)
        said = Words(vi=f"kết quả được sửa. Lý do: {reason}", en=f"the result was corrected. Reason: {reason}")
        facts = {"result_sha256": seal(to_json(stated))}
        await _settle(stand, conn, work, "correct", said, facts, result=stated)
        return await desk.shown(stand, conn, work)


async def uphold(stand: Stand, actor: Actor, branch_id: str, asked: Reason, *, version: int | None) -> DeskBranch:
    """The result stays as it is, with a written reason. Raises ReasonMissing and what `deciding.of_another` refuses."""
    reason = _written(asked.reason)
    async with stand.db.begin() as conn:
        work = await _reviewed(stand, conn, actor, branch_id, "uphold", version)
        said = Words(vi=f"kết quả được giữ nguyên. Lý do: {reason}", en=f"the result was upheld. Reason: {reason}")
        await _settle(stand, conn, work, "uphold", said, {})
        return await desk.shown(stand, conn, work)


async def _reviewed(
    stand: Stand, conn: AsyncConnection, actor: Actor, branch_id: str, action: str, version: int | None
) -> desk.Work:
    work = await deciding.of_another(stand, conn, actor, branch_id, lock=True)
    deciding.refuse_stale(work, version)
    bundles.act(stand.catalogue.lifecycle, work.branch.name, work.branch.state, action)
    return work


async def _settle(
    stand: Stand,
    conn: AsyncConnection,
    work: desk.Work,
    action: str,
    said: Words,
    facts: dict[str, Any],
    **changes: Any,
) -> None:
    actor, branch, title = work.actor, work.branch, work.procedure.name

    def told(step: Transition) -> Happening:
        return telling.done(actor, action, branch.name, title, said, step.before, step.after, **facts)

    now, me = clock.now(), actor.account_id
    await moving.move(
        conn, stand.catalogue, work.graph, Event(branch.name, action), at=now, told=told,
        claimed_by=me, claimed_at=now, decided_by=me, **changes,
    )  # fmt: skip
    messenger = await telling.messenger(stand, conn, work.dossier)
    await messenger.result_reviewed(conn, branch.id, title, "approved", cause=branch.version)


def _written(reason: str) -> str:
    """Raises ReasonMissing."""
    reason = names.nfc(reason).strip()
    if len(reason) < deciding.LEAST_REASON_LETTERS:
        raise ReasonMissing(least=deciding.LEAST_REASON_LETTERS)
    return reason
