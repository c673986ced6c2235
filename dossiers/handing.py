"""A branch changes hands: given back, passed to the head, to a colleague, to another office of the agency; and who does what there."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from dossiers import deciding, desk, interests, moving, queueing, store_desk, telling
from dossiers.history import Happening
from dossiers.messages_desk import Assign, Because, Colleague, Colleagues, DeskBranch, Forward, Skills
from dossiers.refusals import (
    ClaimedByAnother,
    NotAColleague,
    NotClaimed,
    NotForwardedThere,
    ReasonMissing,
    UnknownSkill,
)
from dossiers.standing import Stand
from identity import offices
from kit import clock, names
from kit.actor import Actor
from kit.refusal import NotFound, Words
from procedures import bundles
from procedures.bundles import Event, Transition


async def give_back(stand: Stand, actor: Actor, branch_id: str, asked: Because, *, version: int | None) -> DeskBranch:
    """Free again for whoever takes it next, as far as it got; by who has it, or the head.

    Raises NotClaimed, ClaimedByAnother, Stale, ActionNotAllowed, and what `deciding.undecided` refuses.
    """
    async with stand.db.begin() as conn:
        work = await _held(stand, conn, actor, branch_id, "give_back", version, or_head=True)
        await _give(conn, work, "give_back", asked.reason, None, at=clock.now())
        return await desk.shown(stand, conn, work)


async def escalate(stand: Stand, actor: Actor, branch_id: str, asked: Because, *, version: int | None) -> DeskBranch:
    """Into the hands of the head of the office, who alone takes it up then. Raises ReasonMissing and what `give_back` does."""
    _refuse_unsaid(asked.reason)
    async with stand.db.begin() as conn:
        work = await _held(stand, conn, actor, branch_id, "escalate", version, or_head=False)
        now = clock.now()
        await _give(conn, work, "escalate", asked.reason, None, at=now, escalated_at=now)
        return await desk.shown(stand, conn, work)


async def assign(stand: Stand, actor: Actor, branch_id: str, asked: Assign, *, version: int | None) -> DeskBranch:
    """What an officer has goes to a colleague of the same trade: by the head, or by who has it.

    Raises NotClaimed, ClaimedByAnother, NotAColleague, Stale, and what `deciding.undecided` refuses; OwnDossier of the colleague too.
    """
    async with stand.db.begin() as conn:
        work = await _held(stand, conn, actor, branch_id, None, version, or_head=True)
        at_work = {one.account_id: one for one in await offices.colleagues(conn, work.office.id)}
        to = at_work.get(asked.officer_id)
        if to is None or to.away or not {work.branch.officer_role, desk.HEAD} & set(to.roles):
            raise NotAColleague
        theirs = await offices.seat(conn, stand.keys, work.office.id, to.account_id)
        await interests.refuse_own(conn, stand.keys, work.dossier, theirs, parties=work.branch.parties)
        await _give(conn, work, "assign", asked.reason, to.account_id, at=clock.now())
        return await desk.shown(stand, conn, work)


async def forward(stand: Stand, actor: Actor, branch_id: str, asked: Forward, *, version: int | None) -> DeskBranch:
    """To another office of the same agency, with the promise as it was; the citizen is told. Shows it as it was left.

    Raises ReasonMissing, NotForwardedThere, ClaimedByAnother, Stale, ActionNotAllowed, and what `deciding.undecided` refuses.
    """
    reason = _refuse_unsaid(asked.reason)
    async with stand.db.begin() as conn:
        work = await deciding.undecided(stand, conn, actor, branch_id, lock=True)
        if work.branch.claimed_by is not None and not work.mine and desk.HEAD not in actor.roles:
            raise ClaimedByAnother
        deciding.refuse_stale(work, version)
        try:
            to = await offices.office(conn, asked.office_id)
        except NotFound:
            raise NotForwardedThere from None
        if to.id == work.office.id or to.agency != work.office.agency:
            raise NotForwardedThere
        bundles.act(stand.catalogue.lifecycle, work.branch.name, work.branch.state, "forward")
        now, name, title = clock.now(), work.branch.name, work.procedure.name

        def told(step: Transition) -> Happening:
            said = Words(
                vi=f"đã chuyển đến {to.name.vi}. Lý do: {reason}", en=f"forwarded to {to.name.en}. Reason: {reason}"
            )
            return telling.done(actor, "forward", name, title, said, step.before, step.after)

        # Shown while it is still this office's.
        shown = await desk.shown(stand, conn, work)
        await desk.note(conn, work, "forward", reason, at=now)
        await moving.move(
            conn, stand.catalogue, work.graph, Event(name, "forward"), at=now, told=told,
            office_id=to.id, claimed_by=None, claimed_at=None, escalated_at=None,
        )  # fmt: skip
        return shown


async def colleagues(stand: Stand, actor: Actor) -> Colleagues:
    """Who is in the office today, what they do and how much they have."""
    assert actor.office_id is not None
    async with stand.db.connect() as conn:
        staff = await offices.colleagues(conn, actor.office_id)
        loads = await store_desk.loads(conn, [one.account_id for one in staff])
    return Colleagues(
        officers=[
            Colleague(
                id=one.account_id,
                full_name=one.full_name,
                roles=one.roles,
                skills=one.skills,
                away=one.away,
                substitute_id=one.substitute_id,
                claimed=loads.get(one.account_id, 0),
            )
            for one in staff
        ]
    )


async def set_skills(stand: Stand, actor: Actor, officer_id: str, asked: Skills) -> Colleagues:
    """What of their roles' work an officer of the head's own office does from now on. Raises UnknownSkill, NotFound."""
    assert actor.office_id is not None
    for skill in asked.skills or ():
        if not queueing.codes_of(stand.catalogue, [skill]):
            raise UnknownSkill(skill=skill)
    async with stand.db.begin() as conn:
        await offices.set_skills(conn, officer_id, actor.office_id, asked.skills)
    return await colleagues(stand, actor)


async def _held(
    stand: Stand,
    conn: AsyncConnection,
    actor: Actor,
    branch_id: str,
    action: str | None,
    version: int | None,
    *,
    or_head: bool,
) -> desk.Work:
    work = await deciding.undecided(stand, conn, actor, branch_id, lock=True)
    if work.branch.claimed_by is None:
        raise NotClaimed
    if not work.mine and not (or_head and desk.HEAD in actor.roles):
        raise ClaimedByAnother
    deciding.refuse_stale(work, version)
    if action is not None:
        bundles.act(stand.catalogue.lifecycle, work.branch.name, work.branch.state, action)
    return work


async def _give(
    conn: AsyncConnection,
    work: desk.Work,
    kind: str,
    said: str,
    to_id: str | None,
    *,
    at: datetime,
    escalated_at: datetime | None = None,
) -> None:
    await store_desk.give(conn, work.branch.id, to_id, at=at, escalated_at=escalated_at)
    await desk.note(conn, work, kind, names.nfc(said).strip(), at=at, to_id=to_id)


def _refuse_unsaid(reason: str) -> str:
    reason = names.nfc(reason).strip()
    if len(reason) < deciding.LEAST_REASON_LETTERS:
        raise ReasonMissing(least=deciding.LEAST_REASON_LETTERS)
    return reason
