"""What an officer sees at the desk: the queue of their office, one branch with everything around it, its papers."""

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

import uploads
from dossiers import known, moving, outcomes, store, views
from dossiers.messages import DeskBranch, Queue, QueueItem
from dossiers.refusals import BranchUnknown, DocumentUnknown, ResultUnknown
from identity import accounts, offices
from identity.consents import reads
from kit import clock
from kit.actor import Actor
from kit.db import Database
from kit.keys import Keys
from kit.settings import Settings
from procedures import Bundle, Catalogue, Procedure, bundles
from uploads import Content, Vault

_HEAD = "head"
_MAY_LOOK = frozenset({_HEAD, "reception"})


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """One branch with everything around it, as an officer of its office finds it."""

    actor: Actor
    branch: views.Row
    dossier: views.Row
    siblings: list[views.Row]
    item: views.Item
    procedures: dict[str, Procedure]
    office: offices.Office
    officer: accounts.Account | None = None
    """Who does it, once they were looked up."""

    @property
    def procedure(self) -> Procedure:
        return self.procedures[self.branch.name]

    @property
    def outcome(self) -> outcomes.Outcome:
        return outcomes.outcome_of(self.procedure, alone=len(self.siblings) == 1)

    @property
    def graph(self) -> moving.Graph:
        return moving.Graph(dossier=self.dossier, item=self.item, procedures=self.procedures, rows=self.siblings)

    @property
    def read(self) -> reads.OfDossier:
        """What an officer who is shown this has read."""
        return reads.OfDossier(self.dossier.id, self.dossier.account_id, self.dossier.receipt_code)

    @property
    def mine(self) -> bool:
        return self.branch.claimed_by == self.actor.account_id

    @property
    def of_my_trade(self) -> bool:
        """The officer's role may take and decide it, not only look."""
        return bool(self.actor.roles & {self.branch.officer_role, _HEAD})


async def queue(
    db: Database, catalogue: Catalogue, actor: Actor, *, after: str | None, limit: int, everybodys: bool
) -> Queue:
    """What this officer may take up in their office: free work and their own, or everybody's."""
    assert actor.office_id is not None
    now = clock.now()
    async with db.begin() as conn:
        rows = await store.queue(
            conn,
            office_id=actor.office_id,
            roles=None if actor.roles & _MAY_LOOK else actor.roles,
            free_or_held_by=None if everybodys else actor.account_id,
            after=after,
            limit=limit + 1,
        )
        page = rows[:limit]
        await reads.record_many(conn, actor, "queue", list({row.dossier_id: _read_in(row) for row in page}.values()))
    return Queue(
        items=[_queued(catalogue, actor, row, now) for row in page], next=page[-1].id if len(rows) > limit else None
    )


async def look(
    db: Database, keys: Keys, catalogue: Catalogue, settings: Settings, actor: Actor, branch_id: str
) -> DeskBranch:
    """Everything about one branch of the officer's office. Raises BranchUnknown."""
    async with db.snapshot() as conn, conn.begin():
        return await _shown(conn, keys, catalogue, settings, await find(conn, catalogue, actor, branch_id))


async def document(
    db: Database, vault: Vault, catalogue: Catalogue, actor: Actor, branch_id: str, kind: str
) -> Content:
    """A paper of a dossier in the officer's office, re-encoded. Raises BranchUnknown, DocumentUnknown."""
    async with db.begin() as conn:
        work = await find(conn, catalogue, actor, branch_id)
        for paper in await store.documents_of(conn, work.dossier.id):
            if paper.kind == kind:
                await reads.record(conn, actor, "paper", work.read)
                return await uploads.content(conn, vault, paper.upload_id)
    raise DocumentUnknown(kind=kind)


async def result_of(db: Database, catalogue: Catalogue, actor: Actor, branch_id: str) -> tuple[str, str]:
    """Dossier id and branch name of a branch whose result this officer is about to see. Raises BranchUnknown, ResultUnknown."""
    async with db.begin() as conn:
        work = await find(conn, catalogue, actor, branch_id)
        if work.branch.result_kind is None:
            raise ResultUnknown
        await reads.record(conn, actor, "result", work.read)
        return work.dossier.id, work.branch.name


# --- for the verbs, on a transaction of theirs ------------------------------------------------------------------------


async def find(
    conn: AsyncConnection, catalogue: Catalogue, actor: Actor, branch_id: str, *, lock: bool = False
) -> Work:
    """A started branch of the officer's own office and trade; anything else answers as a missing one does: BranchUnknown."""
    dossier = await store.dossier_of_branch(conn, branch_id, office_id=actor.office_id, lock=lock)
    if dossier is None:
        raise BranchUnknown
    # Read after the lock: what another officer did meanwhile is seen.
    siblings = await store.branches_of(conn, [dossier.id])
    branch = next(row for row in siblings if row.id == branch_id)
    if branch.started_at is None or not actor.roles & {branch.officer_role, *_MAY_LOOK}:
        raise BranchUnknown
    item = views.item_of(catalogue, dossier)
    return Work(
        actor=actor,
        branch=branch,
        dossier=dossier,
        siblings=siblings,
        item=item,
        procedures=views.procedures_of(catalogue, item, dossier),
        office=await offices.office(conn, branch.office_id),
    )


async def case_of(
    conn: AsyncConnection,
    keys: Keys,
    settings: Settings,
    work: Work,
    *,
    at: datetime,
    pin: str | None = None,
) -> outcomes.Case:
    """What an approval would be made from, with what approved branches gave and the child's number once there is one."""
    assert work.actor.account_id is not None
    officer = work.officer or await accounts.account(conn, keys, work.actor.account_id)
    return outcomes.Case(
        branch_id=work.branch.id,
        receipt_code=work.dossier.receipt_code,
        form=work.item.form,
        values=known.values_of(work.dossier.form),
        given=_given(work) | ({"child.pin": pin} if pin is not None else {}),
        procedure=work.procedure,
        office=work.office,
        actor=work.actor,
        officer_name=officer.full_name,
        officer_title=outcomes.officer_title(work.actor.roles, work.procedure),
        city=settings.city,
        at=at,
    )


def _given(work: Work) -> dict[str, Any]:
    """What approved branches give to the others, as the catalogue names it."""
    if not isinstance(work.item, Bundle):
        return {}
    return {
        path: row.result[path]
        for row in work.siblings
        if row.result is not None
        for path in work.item.branch(row.name).gives
    }


async def shown(conn: AsyncConnection, keys: Keys, catalogue: Catalogue, settings: Settings, work: Work) -> DeskBranch:
    """A branch as this transaction leaves it, which is recorded as read; `work` is what its verb found, behind the dossier's lock."""
    dossier = await views.again(conn, work.dossier.id)
    siblings = await store.branches_of(conn, [dossier.id])
    branch = next(row for row in siblings if row.id == work.branch.id)
    if branch.started_at is None:
        raise BranchUnknown
    left = msgspec.structs.replace(work, dossier=dossier, siblings=siblings, branch=branch)
    return await _shown(conn, keys, catalogue, settings, left)


async def _shown(conn: AsyncConnection, keys: Keys, catalogue: Catalogue, settings: Settings, work: Work) -> DeskBranch:
    actor, now = work.actor, clock.now()
    await reads.record(conn, actor, "branch", work.read)
    case = await case_of(conn, keys, settings, work, at=now)
    row, lifecycle = work.branch, catalogue.lifecycle
    at = f"/v1/desk/branches/{row.id}/result"
    return DeskBranch(
        branch=views.branch(catalogue, work.procedures, row, work.office, now, results_at=at, by="officer"),
        receipt_code=work.dossier.receipt_code,
        procedure=views.ref(work.item),
        behalf=views.behalf(work.dossier),
        dossier_version=work.dossier.version,
        claimed=row.claimed_by is not None,
        claimed_by_me=work.mine,
        may_decide=work.mine and work.of_my_trade and "approve" in bundles.allowed(lifecycle, row.state, "officer"),
        form=views.form_of(work.item, work.dossier),
        documents=views.document_views(
            catalogue, work.item, work.dossier, await store.documents_of(conn, work.dossier.id)
        ),
        result_fields=list(work.procedure.result.fields),
        known_result=work.outcome.known(case),
        siblings=[views.status(catalogue, work.procedures, s, now) for s in work.siblings if s.id != row.id],
        timeline=views.timeline(await store.events_of(conn, work.dossier.id)),
    )


def _read_in(row: views.Row) -> reads.OfDossier:
    return reads.OfDossier(row.dossier_id, row.account_id, row.receipt_code)


def _queued(catalogue: Catalogue, actor: Actor, row: views.Row, now: datetime) -> QueueItem:
    item = views.queued_item(catalogue, row)
    state = catalogue.lifecycle.state(row.state)
    procedure = catalogue.procedure(row.procedure, views.opened_on(row))
    return QueueItem(
        id=row.id,
        name=row.name,
        title=procedure.name,
        state=row.state,
        label=state.label,
        receipt_code=row.receipt_code,
        procedure=views.ref(item),
        requester=_said(row, "requester.full_name"),
        subject=_said(row, "child.full_name"),
        submitted_at=row.submitted_at,
        due_at=row.due_at,
        overdue=views.overdue(row, closed=state.closed or state.clock_stopped, at=now),
        claimed=row.claimed_by is not None,
        claimed_by_me=row.claimed_by == actor.account_id,
        version=row.version,
    )


def _said(row: views.Row, path: str) -> str | None:
    answer = row.form.get(path)
    return answer["value"] if answer else None
