"""What an officer, or the agency at the far end of a wire, does: takes a branch, decides it with a result or a written reason. What then
stands there is looked at beside it (`desk.look`): programs and pages that go on elsewhere do not wait for it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

import register
from dossiers import charging, desk, interests, inviting, moving, outcomes, store, store_moving, telling, views
from dossiers.desk import Work
from dossiers.history import Happening, seal
from dossiers.messages import Decide
from dossiers.messages_desk import DeskBranch
from dossiers.refusals import (
    AlreadyDecided,
    ClaimedByAnother,
    NoPinIssuer,
    NotClaimed,
    ReasonMissing,
    ResultIncomplete,
    RoleMissing,
    Stale,
    WaitsForTheHead,
)
from dossiers.standing import Stand
from dossiers.store_moving import Advance
from kit import clock, names
from kit.actor import Actor
from kit.db import to_json
from kit.refusal import Words
from procedures import bundles
from procedures.bundles import Event, Transition

LEAST_REASON_LETTERS = 20
# A number that collides was never this child's: the register says so, and the next one is asked for. An issuer that draws
# blindly finds one in three taken once a third of a year's numbers are; all of twelve then, twice in a million births.
_PINS_TRIED = 12


async def claim(stand: Stand, actor: Actor, branch_id: str, *, version: int | None) -> None:
    """Takes a free branch; asking again for one's own changes nothing. Raises ClaimedByAnother for all but one of many."""
    assert actor.account_id is not None
    async with stand.db.begin() as conn:
        work = await undecided(stand, conn, actor, branch_id, lock=True)
        branch = work.branch
        if work.mine:
            return
        if branch.claimed_by is not None:
            raise ClaimedByAnother
        if branch.escalated_at is not None and desk.HEAD not in actor.roles:
            raise WaitsForTheHead
        refuse_stale(work, version)
        step = bundles.act(stand.catalogue.lifecycle, branch.name, branch.state, "claim")
        now = clock.now()
        since = branch.state_since if step.before == step.after else now
        mine = {"claimed_by": actor.account_id, "claimed_at": now, "state": step.after, "state_since": since}
        await claimed(stand, conn, work, branch, at=now, moved=[moving.as_it_stands(branch) | mine])


async def claimed(
    stand: Stand,
    conn: AsyncConnection,
    work: Work,
    before: views.Row,
    *,
    at: datetime,
    moved: Sequence[dict[str, Any]] = (),
) -> None:
    """Writes down that a branch was taken, which stood like `before`, and `moved` where that is not written yet; outside it is news
    only where nobody had begun on it."""
    step = bundles.act(stand.catalogue.lifecycle, work.branch.name, before.state, "claim")
    done = Advance(moved=moved, left=moving.left(stand.catalogue, [(before, step)], at=at))
    if step.before == step.after:
        await store_moving.move_inside(conn, work.dossier.id, done)
        await desk.note(conn, work, "claim", "", at=at)
        return
    line = telling.claimed(work.actor, step.branch, work.procedure.name, work.office.name, step.before, step.after)
    await telling.record(conn, work.dossier, [line], at=at, status=work.dossier.status, done=done)


async def receive(stand: Stand, actor: Actor, branch_id: str, *, version: int | None) -> DeskBranch:
    """The counter says that it came in; whoever decides it takes it later. Raises BranchUnknown, Stale, ActionNotAllowed."""
    async with stand.db.begin() as conn:
        work = await desk.find(stand, conn, actor, branch_id, lock=True)
        refuse_stale(work, version)
        name, title, office = work.branch.name, work.procedure.name, work.office.name

        def told(step: Transition) -> Happening:
            said = Words(vi=f"{office.vi} đã tiếp nhận.", en=f"received by {office.en}.")
            return telling.done(actor, "receive", name, title, said, step.before, step.after)

        await moving.move(conn, stand.catalogue, work.graph, Event(name, "receive"), at=clock.now(), told=told)
        return await desk.shown(stand, conn, work)


async def decide(stand: Stand, actor: Actor, branch_id: str, asked: Decide, *, version: int | None) -> None:
    """One transaction: the branch ends, its result is made, those that waited begin or end unstarted, the citizen is told. A refusal
    is only proposed by this: it stands once a second officer confirms it (`refusing.judge`), and is told to nobody before.

    Raises NotClaimed, ClaimedByAnother, AlreadyDecided, OwnDossier, RoleMissing, ReasonMissing, ResultIncomplete, NoPinIssuer,
    PinIssuerAway, and what the register refuses.
    """
    reason = names.nfc(asked.reason)
    if asked.outcome == "refused" and len(reason) < LEAST_REASON_LETTERS:
        raise ReasonMissing(least=LEAST_REASON_LETTERS)
    asked = msgspec.structs.replace(asked, reason=reason)
    if asked.outcome == "refused":
        await _propose_refusal(stand, actor, branch_id, reason, version)
        return
    pin: str | None = None
    newborn: _NumberWanted | None = None
    for attempt in range(_PINS_TRIED + 1):
        try:
            async with stand.db.begin() as conn:
                work = newborn and await _as_it_was(conn, newborn.work)
                if work is None:
                    work = await decidable(stand, conn, actor, branch_id, version, "approve", lock=True)
                case = desk.case_of(stand, work, at=clock.now(), pin=pin)
                stated = stated_whole(work, case, asked.result)
                if pin is None and work.outcome.needs_pin:
                    raise _NumberWanted(work, case)
                await _approve(stand, conn, work, case, stated, asked.reason, pin)
            return
        except _NumberWanted as wanted:
            newborn = wanted
        except register.PinTaken:
            if attempt == _PINS_TRIED:
                raise
        assert newborn is not None, "a number is taken only after it was asked for"
        pin = await _pin(stand, newborn.case, attempt + 1)
    raise AssertionError("the loop returns or raises")


# --- who may, and when ------------------------------------------------------------------------------------------------


async def of_another(stand: Stand, conn: AsyncConnection, actor: Actor, branch_id: str, *, lock: bool) -> Work:
    """A branch of the right role, and nobody in a matter of their own or their family's.

    Raises BranchUnknown, RoleMissing, OwnDossier.
    """
    work = await desk.find(stand, conn, actor, branch_id, lock=lock)
    if not work.of_my_trade:
        raise RoleMissing(role=work.branch.officer_role)
    await interests.refuse_own(conn, stand.keys, work.dossier, work.seat, parties=work.branch.parties)
    return work


async def undecided(stand: Stand, conn: AsyncConnection, actor: Actor, branch_id: str, *, lock: bool) -> Work:
    """`of_another`, not decided yet. Raises AlreadyDecided."""
    work = await of_another(stand, conn, actor, branch_id, lock=lock)
    if work.branch.decided_at is not None:
        label = stand.catalogue.lifecycle.state(work.branch.state).label
        raise AlreadyDecided(state_vi=label.vi, state_en=label.en)
    return work


async def decidable(
    stand: Stand, conn: AsyncConnection, actor: Actor, branch_id: str, version: int | None, action: str, *, lock: bool
) -> Work:
    """An open branch this officer has taken, as they last saw it."""
    work = await undecided(stand, conn, actor, branch_id, lock=lock)
    if work.branch.claimed_by is None:
        raise NotClaimed
    if not work.mine:
        raise ClaimedByAnother
    refuse_stale(work, version)
    # Before anything is asked for in the branch's name: it may wait for the citizen.
    bundles.act(stand.catalogue.lifecycle, work.branch.name, work.branch.state, action)
    if action == "approve":
        await charging.refuse_unpaid(conn, work)
    return work


def refuse_stale(work: Work, version: int | None) -> None:
    if version is not None and version != work.branch.version:
        raise Stale(version=work.branch.version)


# --- the decision -----------------------------------------------------------------------------------------------------


class _NumberWanted(Exception):
    """Everything else is there: the child's number is asked for once nothing is held, and not at all where nothing can be approved."""

    def __init__(self, work: Work, case: outcomes.Case) -> None:
        super().__init__()
        self.work, self.case = work, case


async def _as_it_was(conn: AsyncConnection, work: Work) -> Work | None:
    """The branch that was looked at before its number was asked for, held again; None where its dossier has moved on since."""
    if not await store_moving.held_unmoved(conn, work.dossier, work.siblings):
        return None
    await charging.refuse_unpaid(conn, work)
    return work


async def _pin(stand: Stand, case: outcomes.Case, attempt: int) -> str:
    """The child's number, the same for the same branch. Raises NoPinIssuer, PinIssuerAway."""
    if stand.pins is None:
        raise NoPinIssuer
    return await stand.pins.issue(
        province_code=stand.settings.province_code,
        sex=case.value("child.sex"),
        birth_date=case.child_born,
        request_id=case.branch_id if attempt == 1 else f"{case.branch_id}#{attempt}",
    )


async def _propose_refusal(stand: Stand, actor: Actor, branch_id: str, reason: str, version: int | None) -> None:
    async with stand.db.begin() as conn:
        work = await decidable(stand, conn, actor, branch_id, version, "propose_refusal", lock=True)
        now = clock.now()
        proposal = {"by": actor.account_id, "reason": reason, "at": now.isoformat()}
        event = Event(work.branch.name, "propose_refusal")
        await moving.move(conn, stand.catalogue, work.graph, event, at=now, told=inside, proposal=proposal)
        await desk.note(conn, work, "propose_refusal", reason, at=now)


def inside(step: Transition) -> Happening:
    """Of a step that stays inside the office."""
    raise AssertionError(f"{step.action} is told to nobody outside")


async def _approve(
    stand: Stand,
    conn: AsyncConnection,
    work: Work,
    case: outcomes.Case,
    stated: dict[str, Any],
    reason: str,
    pin: str | None,
) -> None:
    """The result is made and the branch ends with it; `stated` is what the officer says, whole."""
    now, branch, actor, procedure = case.at, work.branch, work.actor, work.procedure
    made = await work.outcome.make(conn, case, stated)
    result = {"branch_id": branch.id, "kind": procedure.result.kind, "number": made.number, "data": to_json(made.data)}
    await store.add_result(conn, result | {"made_at": now})
    # What the branch gives to the others and to the desk.
    given = {**stated, **({"child.pin": pin} if pin is not None else {})}

    def told(step: Transition) -> Happening:
        done = telling.approved(actor, branch.name, procedure.name, procedure.result.name, step.before, step.after)
        return msgspec.structs.replace(done, facts={"result_sha256": seal(to_json(given))})

    event = Event(branch.name, "approve")
    steps = await moving.move(
        conn, stand.catalogue, work.graph, event, at=now, told=told,
        decided_by=actor.account_id, reason=_written(reason), result=given or None,
    )  # fmt: skip
    await tell(stand, conn, work, steps, given)


async def refuse(
    stand: Stand,
    conn: AsyncConnection,
    work: Work,
    action: str,
    reason: str,
    **facts: Any,
) -> None:
    """The refusal stands, from now on for everybody. Who may say so was looked at before."""
    branch, actor, procedure = work.branch, work.actor, work.procedure

    def told(step: Transition) -> Happening:
        line = telling.refused(actor, branch.name, procedure.name, reason, step.before, step.after)
        return msgspec.structs.replace(line, facts=facts or None)

    steps = await moving.move(
        conn, stand.catalogue, work.graph, Event(branch.name, action), at=clock.now(), told=told,
        decided_by=facts.get("proposed_by", actor.account_id), reason=_written(reason),
    )  # fmt: skip
    await tell(stand, conn, work, steps, {})


def _written(reason: str) -> dict[str, str] | None:
    return to_json(Words(vi=reason, en=reason)) if reason else None


def stated_whole(work: Work, case: outcomes.Case, result: Mapping[str, Any]) -> dict[str, Any]:
    """What the officer states over what the dossier knows. Raises ResultIncomplete with every fault."""
    stated = {name: value for name, value in result.items() if value is not None}
    whole = {**work.outcome.known(case), **stated}
    if faults := outcomes.stated_faults(case, work.outcome, whole):
        raise ResultIncomplete(faults=faults)
    return whole


async def tell(
    stand: Stand, conn: AsyncConnection, work: Work, steps: Sequence[Transition], given: dict[str, Any]
) -> None:
    """Messages of a branch that ended, and of those that ended or wait because of it."""
    messenger = await telling.messenger(stand, conn, work.dossier)
    kind = work.procedure.result.kind
    if steps[0].after == "approved" and kind == outcomes.BirthCertificate.kind and len(steps) > 1:
        await messenger.birth_registered(conn, work.branch.id)
    elif steps[0].after == "approved" and kind == outcomes.IdentityCardAppointment.kind:
        at = outcomes.appointment_at(given)
        await messenger.appointment(conn, work.branch.id, day=f"{at:%d/%m/%Y}", time=f"{at:%H:%M}")
    else:
        cause = work.branch.version
        await messenger.branch_ended(conn, work.branch.id, work.procedure.name, steps[0].after, cause=cause)
    by_name = {row.name: row for row in work.siblings}
    for step in steps[1:]:
        row, title = by_name[step.branch], work.procedures[step.branch].name
        if step.action == "not_start":
            await messenger.branch_ended(conn, row.id, title, step.after, cause=row.version)
        elif step.action == "hold":
            due = inviting.due(stand.catalogue, work.procedures[step.branch], clock.now())
            day = f"{views.day_of(due):%d/%m/%Y}"
            await messenger.consent_missing(conn, row.id, title, day=day, cause=row.version)
