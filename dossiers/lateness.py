"""A promise that will not be kept: the office is warned before and after, apologises in writing with a new date, and the citizen is told."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from dossiers import deciding, desk, outcomes, store, store_desk, telling, views
from dossiers.messages_desk import Apologise, DeskBranch
from dossiers.refusals import ApologisedAlready, BadNewDate, ClaimedByAnother, NotClaimed, NotLateYet, ReasonMissing
from dossiers.standing import Stand
from identity import accounts, offices
from kit import clock, names
from kit.actor import Actor
from kit.db import to_json
from kit.refusal import Words
from procedures import Catalogue
from procedures.messages import Deadline, Procedure

_BATCH = 500


async def apologise(stand: Stand, actor: Actor, branch_id: str, asked: Apologise, *, version: int | None) -> DeskBranch:
    """A new date with a written reason, by who has the branch or the head; the history keeps both dates.

    Raises ReasonMissing, NotLateYet, ApologisedAlready, BadNewDate, NotClaimed, ClaimedByAnother, Stale, and what `deciding.undecided` refuses.
    """
    reason = names.nfc(asked.reason).strip()
    if len(reason) < deciding.LEAST_REASON_LETTERS:
        raise ReasonMissing(least=deciding.LEAST_REASON_LETTERS)
    async with stand.db.begin() as conn:
        work = await deciding.undecided(stand, conn, actor, branch_id, lock=True)
        if not work.mine and desk.HEAD not in actor.roles:
            raise NotClaimed if work.branch.claimed_by is None else ClaimedByAnother
        deciding.refuse_stale(work, version)
        branch, catalogue, now = work.branch, stand.catalogue, clock.now()
        if catalogue.lifecycle.state(branch.state).clock_stopped or branch.due_at > desk.soon(catalogue, now):
            raise NotLateYet(due=branch.due_at.astimezone(clock.CITY))
        # One stands with the branch; a branch that begins anew has a promise of its own again.
        if branch.apology is not None:
            raise ApologisedAlready
        due = _new_date(catalogue, work.procedure, asked, branch.due_at, now)
        apology = {
            "reason": reason, "was_due_at": branch.due_at, "due_at": due, "at": now, "by": actor.account_id,
            "office_id": work.office.id, "title": outcomes.officer_title(actor.roles, work.procedure),
        }  # fmt: skip
        await store.move(conn, branch_id, due_at=due, apology=to_json(apology), warned=0)
        await desk.note(conn, work, "apologise", reason, at=now)
        await _tell(stand, conn, work, reason, due, now)
        return await desk.shown(stand, conn, work)


def _new_date(
    catalogue: Catalogue, procedure: Procedure, asked: Apologise, was_due_at: datetime, now: datetime
) -> datetime:
    calendar, rule = catalogue.calendar, catalogue.lifecycle.lateness
    due = datetime.combine(asked.due_on, procedure.deadline.closes, clock.CITY)
    last = calendar.due(now, Deadline(working_days=rule.longest_working_days, source=rule.source))
    if not calendar.is_working(asked.due_on) or not max(now, was_due_at) < due <= last:
        raise BadNewDate(last=last.astimezone(clock.CITY))
    return due


async def _tell(
    stand: Stand, conn: AsyncConnection, work: desk.Work, reason: str, due: datetime, now: datetime
) -> None:
    branch, title, dossier = work.branch, work.procedure.name, work.dossier
    day, state = f"{views.day_of(due):%d/%m/%Y}", stand.catalogue.lifecycle.told(branch.state).name
    said = Words(
        vi=f"{work.office.name.vi} xin lỗi vì chậm trả kết quả và hẹn lại ngày {day}. Lý do: {reason}",
        en=f"{work.office.name.en} apologises for being late and sets {day} anew. Reason: {reason}",
    )
    line = telling.done(work.actor, "apologise", branch.name, title, said, state, state, due_at=to_json(due))
    if due > dossier.promised_at:
        steps = [*dossier.promise["steps"], to_json(telling.promised_anew(due))]
        await store.promise(conn, dossier.id, promised_at=due, promise={"steps": steps})
    await telling.record(conn, dossier, [line], at=now, status=dossier.status)
    messenger = await telling.messenger(stand, conn, dossier)
    await messenger.promised_anew(conn, branch.id, title, state, day=day, cause=branch.version)


# --- the warnings ----------------------------------------------------------------------------------------------------


async def warn(stand: Stand) -> int:
    """Each promise once before it falls due and once when it has: to who has the work, else to the head; a missed one to both."""
    running = [one.name for one in stand.catalogue.lifecycle.states if not one.closed and not one.clock_stopped]
    warned = 0
    while True:
        async with stand.db.begin() as conn:
            now = clock.now()
            rows = await store_desk.unwarned(
                conn, states=running, near=desk.soon(stand.catalogue, now), now=now, limit=_BATCH
            )
            for event, late in (("deadlines-near", False), ("deadlines-missed", True)):
                told = await _recipients(conn, [row for row in rows if row.late == late], late=late)
                for account_id, branches in sorted(told.items()):
                    await _send(stand, conn, event, account_id, branches)
        warned += len(rows)
        if len(rows) < _BATCH:
            return warned


async def _recipients(conn: AsyncConnection, rows: Iterable[Any], *, late: bool) -> dict[str, list[Any]]:
    """Account -> branches. Who is away is stood in for; where an office has no head, everybody of the trade hears of it."""
    by_office: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        by_office[row.office_id].append(row)
    found: dict[str, list[Any]] = defaultdict(list)
    for office_id, branches in by_office.items():
        staff = {one.account_id: one for one in await offices.colleagues(conn, office_id)}
        present = [one for one in staff.values() if not one.away]
        heads = {one.account_id for one in present if desk.HEAD in one.roles}
        for row in branches:
            holder = staff.get(row.claimed_by)
            has_it = None if holder is None else holder.substitute_id if holder.away else holder.account_id
            to = set[str]() if has_it is None else {has_it}
            if late or not to:
                to |= heads or {one.account_id for one in present if row.officer_role in one.roles}
            for account_id in to:
                found[account_id].append(row)
    return found


async def _send(stand: Stand, conn: AsyncConnection, event: str, account_id: str, branches: list[Any]) -> None:
    to = telling.recipient(await accounts.account(conn, stand.keys, account_id))
    fields: dict[str, str | Words] = {"count": str(len(branches)), "link": f"{stand.settings.public_url}/desk"}
    first = min(branches, key=lambda row: row.id)
    once_key = f"{event}:{account_id}:{first.id}:{first.due_at.isoformat()}"
    await stand.post_office.send(conn, event=event, to=to, fields=fields, once_key=once_key)
