"""An office's queue: what waits for whom, oldest promise first, by page; and the next piece of work, to one officer alone."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any

from dossiers import deciding, desk, store_desk, views
from dossiers.messages_desk import DeskBranch, Queue, QueueFilter, QueueItem
from dossiers.refusals import NothingWaits, OwnDossier
from dossiers.standing import Stand
from identity import offices
from identity.consents import reads
from kit import clock
from kit.actor import Actor
from procedures import Catalogue

CURSOR = r"^[0-9]{1,17}\.[0-9a-z_]{1,60}$"
"""How `next` of a page looks."""

# In UTC: the city kept another time in 1970, and a sum of local times would be an hour off.
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


async def queue(stand: Stand, actor: Actor, asked: QueueFilter, *, after: str | None, limit: int) -> Queue:
    """What this officer may take up in their office: free work of their skills, their own, and that of whom they stand in for; with
    `all` also what colleagues have and do."""
    assert actor.office_id is not None
    assert actor.account_id is not None
    now = clock.now()
    async with stand.db.begin() as conn:
        skills, stands_in_for = await offices.at_work(conn, actor.account_id)
        mine = [actor.account_id, *sorted(stands_in_for)]
        rows = await store_desk.queue(
            conn,
            office_id=actor.office_id,
            roles=[role for role in _roles(actor) if asked.role in (None, role)],
            mine=None if asked.everybodys else mine,
            head=desk.HEAD in actor.roles,
            states=_states(stand.catalogue, asked),
            procedures=_procedures(stand.catalogue, None if asked.everybodys else skills, asked.procedure),
            due_from=now if asked.due == "soon" else None,
            due_before={None: asked.due_before, "overdue": now, "soon": desk.soon(stand.catalogue, now)}[asked.due],
            escalated=asked.escalated,
            after=None if after is None else _key(after),
            limit=limit + 1,
        )
        page = rows[:limit]
        read = {row.dossier_id: reads.OfDossier(row.dossier_id, row.account_id, row.receipt_code) for row in page}
        await reads.record_many(conn, actor, "queue", list(read.values()))
    soon = desk.soon(stand.catalogue, now)
    return Queue(
        items=[_queued(stand.catalogue, mine, row, now, soon) for row in page],
        next=_cursor(page[-1]) if len(rows) > limit else None,
    )


async def claim_next(stand: Stand, actor: Actor) -> DeskBranch:
    """The oldest promise that nobody has taken, of the officer's roles and skills; however many ask at once, each gets another one.

    What is the officer's own matter is passed over. Raises NothingWaits.
    """
    assert actor.office_id is not None
    assert actor.account_id is not None
    claim = stand.catalogue.lifecycle.action("claim")
    async with stand.db.begin() as conn:
        skills, _ = await offices.at_work(conn, actor.account_id)
        own: list[str] = []
        while True:
            now = clock.now()
            async with conn.begin_nested() as savepoint:
                row = await store_desk.claim_next(
                    conn,
                    office_id=actor.office_id,
                    roles=_roles(actor),
                    head=desk.HEAD in actor.roles,
                    account_id=actor.account_id,
                    procedures=_procedures(stand.catalogue, skills, None),
                    states=list(claim.since),
                    to=claim.to,
                    but=own,
                    at=now,
                )
                if row is None:
                    raise NothingWaits
                try:
                    work = await deciding.of_another(stand, conn, actor, row.id, lock=True)
                except OwnDossier:
                    own.append(row.id)
                    await savepoint.rollback()
                    continue
                await deciding.claimed(stand, conn, work, row, at=now)
                return await desk.shown(stand, conn, work)


def _roles(actor: Actor) -> list[str]:
    """Whose work this officer sees: a head and the reception everybody's."""
    return list(offices.ROLES) if actor.roles & desk.MAY_LOOK else sorted(actor.roles)


def _states(catalogue: Catalogue, asked: QueueFilter) -> list[str] | None:
    """Those a queue is narrowed to; what is asked for by its promise is what is being worked on."""
    if asked.due is None:
        return None if asked.state is None else [asked.state]
    return [
        state.name
        for state in catalogue.lifecycle.states
        if not state.clock_stopped and asked.state in (None, state.name)
    ]


def _procedures(catalogue: Catalogue, skills: Collection[str] | None, asked: str | None) -> list[str] | None:
    """The codes a queue is narrowed to; None is every one."""
    known = None if skills is None else codes_of(catalogue, skills)
    if asked is None:
        return None if known is None else sorted(known)
    wanted = codes_of(catalogue, [asked])
    return sorted(wanted if known is None else wanted & known)


def codes_of(catalogue: Catalogue, skills: Collection[str]) -> set[str]:
    """The procedures that skills name, in all their versions: by code, by key, or by the field they belong to."""
    return {one.code for one in catalogue.procedures if {one.code, one.key, one.field.vi} & set(skills)}


def _cursor(row: Any) -> str:
    return f"{(row.due_at - _EPOCH) // _MICROSECOND}.{row.id}"


def _key(cursor: str) -> tuple[datetime, str]:
    due, _, branch_id = cursor.partition(".")
    return _EPOCH + int(due) * _MICROSECOND, branch_id


def _queued(catalogue: Catalogue, mine: Collection[str], row: Any, now: datetime, soon: datetime) -> QueueItem:
    item = views.queued_item(catalogue, row)
    state = catalogue.lifecycle.state(row.state)
    procedure, stopped = catalogue.procedure(row.procedure, views.opened_on(row)), state.closed or state.clock_stopped
    return QueueItem(
        id=row.id,
        name=row.name,
        title=procedure.name,
        state=row.state,
        label=state.label,
        receipt_code=row.receipt_code,
        procedure=views.ref(item),
        requester=row.requester,
        subject=row.subject,
        submitted_at=row.submitted_at,
        due_at=row.due_at,
        due_soon=not stopped and now <= row.due_at < soon,
        overdue=views.overdue(row, closed=stopped, at=now),
        claimed=row.claimed_by is not None,
        claimed_by_me=row.claimed_by in mine,
        escalated=row.escalated_at is not None,
        version=row.version,
    )
