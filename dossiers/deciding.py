"""The officers' desk: what waits for whom, taken by one officer, decided with a result or a written reason."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

import register
import uploads
from dossiers import known, outcomes, store, telling, views
from dossiers.history import Happening
from dossiers.messages import Decide, DeskBranch, Queue, QueueItem
from dossiers.refusals import (
    AlreadyDecided,
    BranchUnknown,
    ClaimedByAnother,
    DocumentUnknown,
    NoPinIssuer,
    NotClaimed,
    OwnDossier,
    ReasonMissing,
    ResultIncomplete,
    ResultUnknown,
    RoleMissing,
    Stale,
)
from identity import accounts, offices
from kit import clock, names
from kit.actor import Actor
from kit.db import Database, to_json
from kit.keys import Keys
from kit.refusal import Words
from kit.settings import Settings
from notifications import PostOffice
from procedures import Bundle, Catalogue, Procedure, bundles
from procedures.bundles import Transition
from uploads import Content, Vault
from wires.population import PinIssuer

LEAST_REASON_LETTERS = 20
_HEAD = "head"
_MAY_LOOK = frozenset({_HEAD, "reception"})
# A number that collides was never this child's: the register says so, and the next one is asked for.
_PINS_TRIED = 5


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """One branch with everything around it, as an officer of its office finds it."""

    branch: views.Row
    dossier: views.Row
    siblings: list[views.Row]
    item: views.Item
    procedures: dict[str, Procedure]
    office: offices.Office

    @property
    def procedure(self) -> Procedure:
        return self.procedures[self.branch.name]

    @property
    def states(self) -> dict[str, str]:
        return {row.name: row.state for row in self.siblings}


async def queue(
    db: Database, catalogue: Catalogue, actor: Actor, *, after: str | None, limit: int, everybodys: bool
) -> Queue:
    """What this officer may take up in their office: free work and their own, or everybody's."""
    assert actor.office_id is not None
    now = clock.now()
    async with db.connect() as conn:
        rows = await store.queue(
            conn,
            office_id=actor.office_id,
            roles=None if actor.roles & _MAY_LOOK else actor.roles,
            free_or_held_by=None if everybodys else actor.account_id,
            after=after,
            limit=limit + 1,
        )
    page = rows[:limit]
    return Queue(
        items=[_queued(catalogue, actor, row, now) for row in page], next=page[-1].id if len(rows) > limit else None
    )


async def look(
    db: Database, keys: Keys, catalogue: Catalogue, settings: Settings, actor: Actor, branch_id: str
) -> DeskBranch:
    """Everything about one branch of the officer's office. Raises BranchUnknown."""
    async with db.snapshot() as conn:
        return await _shown(conn, keys, catalogue, settings, actor, branch_id)


async def claim(
    db: Database,
    keys: Keys,
    catalogue: Catalogue,
    settings: Settings,
    actor: Actor,
    branch_id: str,
    *,
    version: int | None,
) -> DeskBranch:
    """Takes a free branch; asking again for one's own changes nothing. Raises ClaimedByAnother for all but one of many."""
    assert actor.account_id is not None
    async with db.begin() as conn:
        work = await _work(conn, catalogue, actor, branch_id, lock=True)
        await _refuse_unfit(conn, keys, actor, work)
        _refuse_closed(catalogue, work)
        branch = work.branch
        if branch.claimed_by == actor.account_id:
            return await _shown(conn, keys, catalogue, settings, actor, branch_id)
        if branch.claimed_by is not None:
            raise ClaimedByAnother
        if version is not None and version != branch.version:
            raise Stale(version=branch.version)
        step = bundles.act(catalogue.lifecycle, branch.name, branch.state, "claim")
        now = clock.now()
        taken = await store.claim(
            conn, branch_id, version=branch.version, state=step.after, account_id=actor.account_id, at=now
        )
        if taken is None:
            raise ClaimedByAnother
        happening = telling.claimed(actor, branch.name, work.procedure.name, work.office.name, step.before, step.after)
        await telling.record(conn, work.dossier, [happening], at=now, status=work.dossier.status)
        return await _shown(conn, keys, catalogue, settings, actor, branch_id)


async def decide(
    db: Database,
    keys: Keys,
    catalogue: Catalogue,
    settings: Settings,
    post_office: PostOffice,
    pins: PinIssuer | None,
    actor: Actor,
    branch_id: str,
    asked: Decide,
    *,
    version: int | None,
) -> DeskBranch:
    """One transaction: the branch ends, its result is made, those that waited begin or end unstarted, the citizen is told.

    Raises NotClaimed, ClaimedByAnother, AlreadyDecided, OwnDossier, RoleMissing, ReasonMissing, ResultIncomplete, NoPinIssuer,
    PinIssuerAway, and what the register refuses.
    """
    reason = names.nfc(asked.reason)
    if asked.outcome == "refused" and len(reason) < LEAST_REASON_LETTERS:
        raise ReasonMissing(least=LEAST_REASON_LETTERS)
    asked = msgspec.structs.replace(asked, reason=reason)
    pin: str | None = None
    for attempt in range(1, _PINS_TRIED + 1):
        if asked.outcome == "approved":
            # Looked at first, so that no number is asked for where nothing can be approved; all is checked again below.
            pin = await _pin(db, keys, catalogue, settings, pins, actor, branch_id, asked, version, attempt)
        try:
            async with db.begin() as conn:
                work = await _decidable(conn, keys, catalogue, actor, branch_id, version, lock=True)
                await _decide(conn, keys, catalogue, settings, post_office, actor, work, asked, pin)
                return await _shown(conn, keys, catalogue, settings, actor, branch_id)
        except register.PinTaken:
            if attempt == _PINS_TRIED:
                raise
    raise AssertionError("the loop returns or raises")


async def document(
    db: Database, vault: Vault, catalogue: Catalogue, actor: Actor, branch_id: str, kind: str
) -> Content:
    """A paper of a dossier in the officer's office, re-encoded. Raises BranchUnknown, DocumentUnknown."""
    async with db.connect() as conn:
        work = await _work(conn, catalogue, actor, branch_id)
        for paper in await store.documents_of(conn, work.dossier.id):
            if paper.kind == kind:
                return await uploads.content(conn, vault, paper.upload_id)
    raise DocumentUnknown(kind=kind)


async def result_of(db: Database, catalogue: Catalogue, actor: Actor, branch_id: str) -> tuple[str, str]:
    """Dossier id and branch name of a branch this officer may look at. Raises BranchUnknown, ResultUnknown."""
    async with db.connect() as conn:
        work = await _work(conn, catalogue, actor, branch_id)
        if work.branch.result_kind is None:
            raise ResultUnknown
        return work.dossier.id, work.branch.name


# --- who may, and when -----------------------------------------------------------------------------------------------


async def _work(
    conn: AsyncConnection, catalogue: Catalogue, actor: Actor, branch_id: str, *, lock: bool = False
) -> Work:
    """A started branch of the officer's own office and trade; anything else answers as a missing one does."""
    found = await store.branch(conn, branch_id)
    if found is None or found.office_id != actor.office_id or found.started_at is None:
        raise BranchUnknown
    if not actor.roles & {found.officer_role, *_MAY_LOOK}:
        raise BranchUnknown
    dossier = await store.dossier(conn, found.dossier_id, lock=lock)
    assert dossier is not None
    # Read after the lock: what another officer did meanwhile is seen.
    siblings = await store.branches_of(conn, [dossier.id])
    item = views.item_of(catalogue, dossier)
    return Work(
        branch=next(row for row in siblings if row.id == branch_id),
        dossier=dossier,
        siblings=siblings,
        item=item,
        procedures=views.procedures_of(catalogue, item, dossier),
        office=await offices.office(conn, found.office_id),
    )


async def _decidable(
    conn: AsyncConnection,
    keys: Keys,
    catalogue: Catalogue,
    actor: Actor,
    branch_id: str,
    version: int | None,
    *,
    lock: bool = False,
) -> Work:
    work = await _work(conn, catalogue, actor, branch_id, lock=lock)
    await _refuse_unfit(conn, keys, actor, work)
    _refuse_closed(catalogue, work)
    if work.branch.claimed_by is None:
        raise NotClaimed
    if work.branch.claimed_by != actor.account_id:
        raise ClaimedByAnother
    if version is not None and version != work.branch.version:
        raise Stale(version=work.branch.version)
    return work


async def _refuse_unfit(conn: AsyncConnection, keys: Keys, actor: Actor, work: Work) -> None:
    """The right role, and nobody in a matter of their own: neither by account nor as a person the dossier names."""
    if not actor.roles & {work.branch.officer_role, _HEAD}:
        raise RoleMissing(role=work.branch.officer_role)
    assert actor.account_id is not None
    officer = await accounts.account(conn, keys, actor.account_id)
    if work.dossier.account_id == officer.id:
        raise OwnDossier
    if officer.pin is not None and await store.is_party(conn, work.dossier.id, officer.pin):
        raise OwnDossier


def _refuse_closed(catalogue: Catalogue, work: Work) -> None:
    if work.branch.decided_at is not None:
        label = catalogue.lifecycle.state(work.branch.state).label
        raise AlreadyDecided(state_vi=label.vi, state_en=label.en)


# --- the decision ----------------------------------------------------------------------------------------------------


async def _pin(
    db: Database,
    keys: Keys,
    catalogue: Catalogue,
    settings: Settings,
    pins: PinIssuer | None,
    actor: Actor,
    branch_id: str,
    asked: Decide,
    version: int | None,
    attempt: int,
) -> str | None:
    """The child's number where this approval gives one; asked for outside any transaction, the same for the same branch."""
    async with db.connect() as conn:
        work = await _decidable(conn, keys, catalogue, actor, branch_id, version)
        case = await _case(conn, keys, settings, actor, work, clock.now())
    _stated(case, asked)
    if not outcomes.KINDS[work.procedure.result.kind].needs_pin:
        return None
    if pins is None:
        raise NoPinIssuer
    return await pins.issue(
        province_code=settings.province_code,
        sex=case.value("child.sex"),
        birth_date=case.child_born,
        request_id=branch_id if attempt == 1 else f"{branch_id}#{attempt}",
    )


async def _decide(
    conn: AsyncConnection,
    keys: Keys,
    catalogue: Catalogue,
    settings: Settings,
    post_office: PostOffice,
    actor: Actor,
    work: Work,
    asked: Decide,
    pin: str | None,
) -> None:
    now, branch = clock.now(), work.branch
    steps = _steps(catalogue, work, "approve" if asked.outcome == "approved" else "refuse")
    given: dict[str, Any] = {}
    if asked.outcome == "approved":
        given = await _make_result(conn, keys, settings, actor, work, asked, pin, now)
        told = telling.approved(
            actor, branch.name, work.procedure.name, work.procedure.result.name, branch.state, steps[0].after
        )
    else:
        told = telling.refused(actor, branch.name, work.procedure.name, asked.reason, branch.state, steps[0].after)
    await store.move(
        conn,
        branch.id,
        state=steps[0].after,
        decided_by=actor.account_id,
        decided_at=now,
        reason=to_json(Words(vi=asked.reason, en=asked.reason)) if asked.reason else None,
        result=given or None,
    )
    happenings = [told, *await _follow_up(conn, catalogue, work, steps[1:], now)]
    states = work.states | {step.branch: step.after for step in steps}
    closed = all(catalogue.lifecycle.state(state).closed for state in states.values())
    await telling.record(conn, work.dossier, happenings, at=now, status="closed" if closed else "open")
    await _tell(conn, keys, catalogue, settings, post_office, work, steps, given)


def _steps(catalogue: Catalogue, work: Work, action: str) -> list[Transition]:
    """What happens to this branch, then to those that hang on it."""
    if isinstance(work.item, Bundle):
        return bundles.after(work.item, catalogue.lifecycle, work.states, bundles.Event(work.branch.name, action))
    return [bundles.act(catalogue.lifecycle, work.branch.name, work.branch.state, action)]


async def _make_result(
    conn: AsyncConnection,
    keys: Keys,
    settings: Settings,
    actor: Actor,
    work: Work,
    asked: Decide,
    pin: str | None,
    now: datetime,
) -> dict[str, Any]:
    """The result's row; returns what the branch gives to the others and to the desk."""
    case = await _case(conn, keys, settings, actor, work, now, pin=pin)
    stated = _stated(case, asked)
    outcome = outcomes.KINDS[work.procedure.result.kind]
    made = await outcome.make(conn, case, stated)
    await store.add_result(
        conn,
        {
            "branch_id": work.branch.id,
            "kind": outcome.kind,
            "number": made.number,
            "data": to_json(made.data),
            "made_at": now,
        },
    )
    return {**stated, **({"child.pin": pin} if pin is not None else {})}


async def _follow_up(
    conn: AsyncConnection, catalogue: Catalogue, work: Work, steps: Sequence[Transition], now: datetime
) -> list[Happening]:
    """The branches freed begin, with a promise of their own; the branches stopped end, with the reason."""
    by_name = {row.name: row for row in work.siblings}
    told: list[Happening] = []
    for step in steps:
        row, procedure = by_name[step.branch], work.procedures[step.branch]
        if step.action == "start":
            office = await offices.office(conn, row.office_id)
            due_at = catalogue.calendar.promise(now, procedure.deadline).due_at
            await store.move(conn, row.id, state=step.after, started_at=now, due_at=due_at)
            told.append(telling.started(step.branch, procedure.name, office.name, step.before, step.after))
        else:
            reason = step.reason or Words(vi="", en="")
            await store.move(conn, row.id, state=step.after, decided_at=now, reason=to_json(reason))
            told.append(telling.not_started(step.branch, procedure.name, reason, step.before, step.after))
    return told


async def _tell(
    conn: AsyncConnection,
    keys: Keys,
    catalogue: Catalogue,
    settings: Settings,
    post_office: PostOffice,
    work: Work,
    steps: Sequence[Transition],
    given: dict[str, Any],
) -> None:
    owner = await accounts.account(conn, keys, work.dossier.account_id)
    messenger = telling.Messenger(
        post_office, settings, catalogue.lifecycle, telling.recipient(owner), work.dossier.receipt_code
    )
    kind = work.procedure.result.kind
    if steps[0].after == "approved" and kind == outcomes.BirthCertificate.kind and len(steps) > 1:
        await messenger.birth_registered(conn, work.branch.id)
    elif steps[0].after == "approved" and kind == outcomes.IdentityCardAppointment.kind:
        at = outcomes.appointment_at(given)
        await messenger.appointment(
            conn, work.branch.id, day=f"{at:%d/%m/%Y}", time=f"{at:%H:%M}", place=given["place"]
        )
    else:
        await messenger.branch_ended(conn, work.branch.id, work.procedure.name, steps[0].after)
    by_name = {row.name: row for row in work.siblings}
    for step in steps[1:]:
        if step.action == "not_start":
            await messenger.branch_ended(conn, by_name[step.branch].id, work.procedures[step.branch].name, step.after)


async def _case(
    conn: AsyncConnection,
    keys: Keys,
    settings: Settings,
    actor: Actor,
    work: Work,
    now: datetime,
    *,
    pin: str | None = None,
) -> outcomes.Case:
    assert actor.account_id is not None
    officer = await accounts.account(conn, keys, actor.account_id)
    return outcomes.Case(
        branch_id=work.branch.id,
        receipt_code=work.dossier.receipt_code,
        form=work.item.form,
        values=known.values_of(work.dossier.form),
        given=_given(work) | ({"child.pin": pin} if pin is not None else {}),
        procedure=work.procedure,
        office=work.office,
        actor=actor,
        officer_name=officer.full_name,
        officer_title=outcomes.officer_title(actor.roles, work.procedure),
        city=settings.city,
        at=now,
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


def _stated(case: outcomes.Case, asked: Decide) -> dict[str, Any]:
    """What the officer states over what the dossier knows. Raises ResultIncomplete with every fault."""
    outcome = outcomes.KINDS[case.procedure.result.kind]
    stated = {name: value for name, value in asked.result.items() if value is not None}
    whole = {**outcome.known(case), **stated}
    if faults := outcomes.stated_faults(case, whole):
        raise ResultIncomplete(faults=faults)
    return whole


# --- shown -----------------------------------------------------------------------------------------------------------


async def _shown(
    conn: AsyncConnection, keys: Keys, catalogue: Catalogue, settings: Settings, actor: Actor, branch_id: str
) -> DeskBranch:
    work, now = await _work(conn, catalogue, actor, branch_id), clock.now()
    case = await _case(conn, keys, settings, actor, work, now)
    row, lifecycle = work.branch, catalogue.lifecycle
    at = f"/v1/desk/branches/{row.id}/result"
    mine = row.claimed_by == actor.account_id
    trade = bool(actor.roles & {row.officer_role, _HEAD})
    return DeskBranch(
        branch=views.branch(catalogue, work.procedures, row, work.office, now, results_at=at),
        receipt_code=work.dossier.receipt_code,
        procedure=views.ref(work.item),
        dossier_version=work.dossier.version,
        claimed=row.claimed_by is not None,
        claimed_by_me=mine,
        may_decide=mine and trade and not lifecycle.state(row.state).closed,
        form=views.form_of(work.item, work.dossier),
        documents=views.document_views(
            catalogue, work.item, work.dossier, await store.documents_of(conn, work.dossier.id)
        ),
        result_fields=list(work.procedure.result.fields),
        known_result=outcomes.KINDS[work.procedure.result.kind].known(case),
        siblings=[views.status(catalogue, work.procedures, s, now) for s in work.siblings if s.id != row.id],
        timeline=views.timeline(await store.events_of(conn, work.dossier.id)),
    )


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
