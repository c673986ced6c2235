"""What an officer does at the desk: takes a branch, decides it with a result or a written reason."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

import register
from dossiers import desk, outcomes, store, telling
from dossiers.desk import Work
from dossiers.history import Happening
from dossiers.messages import Decide, DeskBranch
from dossiers.refusals import (
    AlreadyDecided,
    ClaimedByAnother,
    NoPinIssuer,
    NotClaimed,
    OwnDossier,
    ReasonMissing,
    ResultIncomplete,
    RoleMissing,
    Stale,
)
from identity import accounts, offices
from identity.mandates import Mandates
from kit import clock, names
from kit.actor import Actor
from kit.db import Database, to_json
from kit.keys import Keys
from kit.refusal import Words
from kit.settings import Settings
from notifications import PostOffice
from procedures import Bundle, Catalogue, bundles
from procedures.bundles import Transition
from wires.population import PinIssuer

LEAST_REASON_LETTERS = 20
# A number that collides was never this child's: the register says so, and the next one is asked for.
_PINS_TRIED = 5


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
        work = await _undecided(conn, keys, catalogue, actor, branch_id, lock=True)
        branch = work.branch
        if work.mine:
            return await desk.shown(conn, keys, catalogue, settings, actor, branch_id)
        if branch.claimed_by is not None:
            raise ClaimedByAnother
        _refuse_stale(work, version)
        step = bundles.act(catalogue.lifecycle, branch.name, branch.state, "claim")
        now = clock.now()
        taken = await store.claim(
            conn, branch_id, version=branch.version, state=step.after, account_id=actor.account_id, at=now
        )
        if taken is None:
            raise ClaimedByAnother
        happening = telling.claimed(actor, branch.name, work.procedure.name, work.office.name, step.before, step.after)
        await telling.record(conn, work.dossier, [happening], at=now, status=work.dossier.status)
        return await desk.shown(conn, keys, catalogue, settings, actor, branch_id)


async def decide(
    db: Database,
    keys: Keys,
    catalogue: Catalogue,
    settings: Settings,
    post_office: PostOffice,
    mandates: Mandates,
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
                await _decide(conn, keys, catalogue, settings, post_office, mandates, work, asked, pin)
                return await desk.shown(conn, keys, catalogue, settings, actor, branch_id)
        except register.PinTaken:
            if attempt == _PINS_TRIED:
                raise
    raise AssertionError("the loop returns or raises")


# --- who may, and when ------------------------------------------------------------------------------------------------


async def _undecided(
    conn: AsyncConnection, keys: Keys, catalogue: Catalogue, actor: Actor, branch_id: str, *, lock: bool
) -> Work:
    """An open branch of the right role, and nobody in a matter of their own: neither by account nor as a person it names."""
    work = await desk.find(conn, catalogue, actor, branch_id, lock=lock)
    if not work.of_my_trade:
        raise RoleMissing(role=work.branch.officer_role)
    assert actor.account_id is not None
    officer = await accounts.account(conn, keys, actor.account_id)
    if work.dossier.account_id == officer.id:
        raise OwnDossier
    if officer.pin is not None and await store.is_party(conn, work.dossier.id, officer.pin):
        raise OwnDossier
    if work.branch.decided_at is not None:
        label = catalogue.lifecycle.state(work.branch.state).label
        raise AlreadyDecided(state_vi=label.vi, state_en=label.en)
    return work


async def _decidable(
    conn: AsyncConnection,
    keys: Keys,
    catalogue: Catalogue,
    actor: Actor,
    branch_id: str,
    version: int | None,
    *,
    lock: bool,
) -> Work:
    """An open branch this officer has taken, as they last saw it."""
    work = await _undecided(conn, keys, catalogue, actor, branch_id, lock=lock)
    if work.branch.claimed_by is None:
        raise NotClaimed
    if not work.mine:
        raise ClaimedByAnother
    _refuse_stale(work, version)
    return work


def _refuse_stale(work: Work, version: int | None) -> None:
    if version is not None and version != work.branch.version:
        raise Stale(version=work.branch.version)


# --- the decision -----------------------------------------------------------------------------------------------------


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
        work = await _decidable(conn, keys, catalogue, actor, branch_id, version, lock=False)
        case = await desk.case_of(conn, keys, settings, work, at=clock.now())
    _stated(work, case, asked)
    if not work.outcome.needs_pin:
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
    mandates: Mandates,
    work: Work,
    asked: Decide,
    pin: str | None,
) -> None:
    now, branch, actor = clock.now(), work.branch, work.actor
    steps = _steps(catalogue, work, "approve" if asked.outcome == "approved" else "refuse")
    given: dict[str, Any] = {}
    if asked.outcome == "approved":
        given = await _make_result(conn, keys, settings, work, asked, pin, now)
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
    await _tell(conn, keys, catalogue, settings, post_office, mandates, work, steps, given)


def _steps(catalogue: Catalogue, work: Work, action: str) -> list[Transition]:
    """What happens to this branch, then to those that hang on it."""
    if isinstance(work.item, Bundle):
        return bundles.after(work.item, catalogue.lifecycle, work.states, bundles.Event(work.branch.name, action))
    return [bundles.act(catalogue.lifecycle, work.branch.name, work.branch.state, action)]


async def _make_result(
    conn: AsyncConnection,
    keys: Keys,
    settings: Settings,
    work: Work,
    asked: Decide,
    pin: str | None,
    now: datetime,
) -> dict[str, Any]:
    """The result's row; returns what the branch gives to the others and to the desk."""
    case = await desk.case_of(conn, keys, settings, work, at=now, pin=pin)
    stated = _stated(work, case, asked)
    made = await work.outcome.make(conn, case, stated)
    await store.add_result(
        conn,
        {
            "branch_id": work.branch.id,
            "kind": work.procedure.result.kind,
            "number": made.number,
            "data": to_json(made.data),
            "made_at": now,
        },
    )
    return {**stated, **({"child.pin": pin} if pin is not None else {})}


def _stated(work: Work, case: outcomes.Case, asked: Decide) -> dict[str, Any]:
    """What the officer states over what the dossier knows. Raises ResultIncomplete with every fault."""
    stated = {name: value for name, value in asked.result.items() if value is not None}
    whole = {**work.outcome.known(case), **stated}
    if faults := outcomes.stated_faults(case, work.outcome, whole):
        raise ResultIncomplete(faults=faults)
    return whole


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
    mandates: Mandates,
    work: Work,
    steps: Sequence[Transition],
    given: dict[str, Any],
) -> None:
    to = await telling.recipients(conn, keys, mandates, work.dossier)
    messenger = telling.Messenger(post_office, settings, catalogue.lifecycle, to, work.dossier.receipt_code)
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
