"""What an officer sees at the desk: the queue of their office, one branch with everything around it, its papers."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

import uploads
from dossiers import issuing, known, moving, outcomes, store, store_desk, store_moving, views
from dossiers.messages_desk import DeskAct, DeskBranch, Proposal
from dossiers.refusals import BranchUnknown, DocumentUnknown, ResultUnknown
from dossiers.standing import Stand
from identity import accounts, offices
from identity.consents import reads
from kit import clock
from kit.actor import Actor
from kit.seals import Seals
from procedures import Bundle, Catalogue, Procedure, bundles
from uploads import Content, Vault

HEAD = "head"
MAY_LOOK = frozenset({HEAD, "reception"})


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """One branch with everything around it, as an officer of its office finds it."""

    actor: Actor
    branch: views.Row
    dossier: views.Row
    siblings: list[views.Row]
    item: views.Item
    procedures: dict[str, Procedure]
    seat: offices.Seat

    @property
    def office(self) -> offices.Office:
        return self.seat.office

    @property
    def procedure(self) -> Procedure:
        return self.procedures[self.branch.name]

    @property
    def outcome(self) -> outcomes.Outcome:
        return outcomes.outcome_of(self.procedure, alone=len(self.siblings) == 1)

    @property
    def graph(self) -> moving.Graph:
        return moving.Graph(
            dossier=self.dossier,
            item=self.item,
            procedures=self.procedures,
            rows=self.siblings,
            unconfirmed=frozenset(self.branch.unconfirmed),
        )

    @property
    def read(self) -> reads.OfDossier:
        """What an officer who is shown this has read."""
        return reads.OfDossier(self.dossier.id, self.dossier.account_id, self.dossier.receipt_code)

    @property
    def mine(self) -> bool:
        """Taken by this officer, or by one who is away and whom they stand in for."""
        return self.branch.claimed_by in (self.actor.account_id, *self.seat.stands_in_for)

    @property
    def of_my_trade(self) -> bool:
        """The officer's role may take and decide it, not only look."""
        return bool(self.actor.roles & {self.branch.officer_role, HEAD})

    @property
    def may_judge(self) -> bool:
        """A refusal waits for the word of another than who proposed it."""
        proposal = self.branch.proposal
        return self.of_my_trade and proposal is not None and proposal["by"] != self.actor.account_id


def soon(catalogue: Catalogue, at: datetime) -> datetime:
    """What is due before this is due soon: the end of the working day by which its office is warned."""
    last = views.day_of(at)
    for _ in range(catalogue.lifecycle.lateness.warned_working_days):
        last = catalogue.calendar.next_working(last)
    return datetime.combine(last + timedelta(days=1), time(), clock.CITY)


async def look(stand: Stand, actor: Actor, branch_id: str) -> DeskBranch:
    """Everything about one branch of the officer's office. Raises BranchUnknown."""
    async with stand.db.snapshot() as conn, conn.begin():
        return await shown(stand, conn, await find(stand, conn, actor, branch_id))


async def document(stand: Stand, vault: Vault, actor: Actor, branch_id: str, kind: str) -> Content:
    """A paper of a dossier in the officer's office, re-encoded. Raises BranchUnknown, DocumentUnknown."""
    async with stand.db.begin() as conn:
        work = await find(stand, conn, actor, branch_id)
        for paper in await store.documents_of(conn, work.dossier.id):
            if paper.kind == kind:
                await reads.record(conn, actor, "paper", work.read)
                return await uploads.content(conn, vault, paper.upload_id)
    raise DocumentUnknown(kind=kind)


async def result_of(stand: Stand, actor: Actor, branch_id: str) -> tuple[str, str]:
    """Dossier id and branch name of a branch whose result this officer is about to see. Raises BranchUnknown, ResultUnknown."""
    async with stand.db.begin() as conn:
        work = await find(stand, conn, actor, branch_id)
        if work.branch.result_kind is None:
            raise ResultUnknown
        await reads.record(conn, actor, "result", work.read)
        return work.dossier.id, work.branch.name


async def letter(stand: Stand, seals: Seals | None, actor: Actor, branch_id: str, which: issuing.Letter) -> bytes:
    """What an office wrote about a branch, as PDF. Raises BranchUnknown and what that letter raises."""
    async with stand.db.begin() as conn:
        work = await find(stand, conn, actor, branch_id)
        await reads.record(conn, actor, "branch", work.read)
    return await which(stand, seals, work.dossier.id, work.branch.name)


# --- for the verbs, on a transaction of theirs ------------------------------------------------------------------------


async def find(stand: Stand, conn: AsyncConnection, actor: Actor, branch_id: str, *, lock: bool = False) -> Work:
    """A started branch of the officer's own office and trade; anything else answers as a missing one does: BranchUnknown."""
    dossier = await store_moving.dossier_of(conn, branch_id, actor.office_id or "", lock=lock)
    if dossier is None:
        raise BranchUnknown
    # Read after the lock: what another officer did meanwhile is seen.
    siblings = await store_moving.work(conn, dossier.id)
    branch = next(row for row in siblings if row.id == branch_id)
    if branch.office_id != actor.office_id or not actor.roles & {branch.officer_role, *MAY_LOOK}:
        raise BranchUnknown
    item = known.answered(views.item_of(stand.catalogue, dossier), dossier)
    return Work(
        actor=actor,
        branch=branch,
        dossier=dossier,
        siblings=siblings,
        item=item,
        procedures=views.procedures_of(stand.catalogue, item, dossier),
        seat=await offices.seat(conn, stand.keys, branch.office_id, actor.account_id),
    )


def case_of(stand: Stand, work: Work, *, at: datetime, pin: str | None = None) -> outcomes.Case:
    """What an approval would be made from, with what approved branches gave and the child's number once there is one."""
    return outcomes.Case(
        branch_id=work.branch.id,
        receipt_code=work.dossier.receipt_code,
        form=work.item.form,
        values=known.values_of(work.dossier.form),
        given=_given(work) | ({"child.pin": pin} if pin is not None else {}),
        procedure=work.procedure,
        office=work.office,
        actor=work.actor,
        officer_name=work.seat.full_name,
        officer_title=outcomes.officer_title(work.actor.roles, work.procedure),
        city=stand.settings.city,
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


async def shown(stand: Stand, conn: AsyncConnection, found: Work) -> DeskBranch:
    """What was found in this transaction as it stands now, whatever was done to it since; recorded as read."""
    now = clock.now()
    siblings, beside = await store_moving.whole(conn, found.dossier.id, found.branch.id)
    row = next(one for one in siblings if one.id == found.branch.id)
    work = msgspec.structs.replace(found, siblings=siblings, branch=row)
    await reads.record(conn, work.actor, "branch", work.read)
    case, lifecycle = case_of(stand, work, at=now), stand.catalogue.lifecycle
    at = f"/v1/desk/branches/{row.id}/result"
    by_name = await _names(conn, row, beside.acts)
    return DeskBranch(
        branch=views.branch(stand.catalogue, work.procedures, row, work.office, now, results_at=at, by="officer"),
        receipt_code=work.dossier.receipt_code,
        procedure=views.ref(work.item),
        behalf=views.behalf(work.dossier),
        counter=views.counter(work.dossier),
        dossier_version=row.dossier_version,
        claimed=row.claimed_by is not None,
        claimed_by_me=work.mine,
        escalated_at=row.escalated_at,
        may_decide=work.mine and work.of_my_trade and "approve" in bundles.allowed(lifecycle, row.state, "officer"),
        may_judge=work.may_judge,
        proposal=_proposal(work, by_name),
        acts=[
            DeskAct(at=act.at, kind=act.kind, by=by_name.get(act.actor_id), to=by_name.get(act.to_id), said=act.said)
            for act in beside.acts
        ],
        form=views.form_of(work.item, work.dossier),
        documents=views.document_views(stand.catalogue, work.item, work.dossier, beside.papers),
        result_fields=list(work.procedure.result.fields),
        known_result=work.outcome.known(case),
        siblings=[views.status(stand.catalogue, work.procedures, s, now) for s in work.siblings if s.id != row.id],
        timeline=beside.timeline,
    )


async def note(
    conn: AsyncConnection, work: Work, kind: str, said: str, *, at: datetime, to_id: str | None = None
) -> None:
    """A line of what an officer does within the office."""
    await store_desk.add_act(
        conn, work.branch.id, at=at, actor_id=work.actor.account_id, office_id=work.office.id, kind=kind, said=said,
        to_id=to_id,
    )  # fmt: skip


async def _names(conn: AsyncConnection, row: views.Row, acts: Sequence[store_moving.Act]) -> dict[str | None, str]:
    """Of the officers an office's own lines speak of; most branches have none."""
    ids = {one for act in acts for one in (act.actor_id, act.to_id) if one is not None}
    if row.proposal is not None:
        ids.add(row.proposal["by"])
    return {**await accounts.names_of(conn, ids)} if ids else {}


def _proposal(work: Work, by_name: dict[str | None, str]) -> Proposal | None:
    found = work.branch.proposal
    if found is None:
        return None
    return Proposal(
        reason=found["reason"],
        by=by_name[found["by"]],
        by_me=found["by"] == work.actor.account_id,
        at=datetime.fromisoformat(found["at"]),
    )
