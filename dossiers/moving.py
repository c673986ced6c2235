"""How a dossier's branches move together: what somebody did, what follows from it, the history, the promises; one transaction."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from dossiers import inviting, known, store, store_moving, telling, views
from dossiers.history import Happening
from dossiers.refusals import NotInDossier
from dossiers.store_moving import Advance
from identity import offices
from kit.db import to_json
from kit.refusal import Words
from procedures import Catalogue, Procedure, bundles
from procedures.bundles import Event, Transition
from procedures.calendar import Pause
from procedures.messages import Deadline


class Graph(msgspec.Struct, frozen=True, kw_only=True):
    """A dossier whose row is locked, with all its branches."""

    dossier: views.Row
    item: views.Item
    procedures: dict[str, Procedure]
    rows: list[views.Row]
    unconfirmed: frozenset[str] | None = None
    """Branches that were asked a consent for and do not have it; None where that may have changed since."""

    @property
    def states(self) -> dict[str, str]:
        return {row.name: row.state for row in self.rows}

    def row(self, branch: str) -> views.Row:
        """Raises NotInDossier."""
        found = next((row for row in self.rows if row.name == branch), None)
        if found is None:
            raise NotInDossier(branch=branch)
        return found


async def graph(conn: AsyncConnection, catalogue: Catalogue, dossier: views.Row) -> Graph:
    """The branches as they stand behind the lock of their dossier's row."""
    item = known.answered(views.item_of(catalogue, dossier), dossier)
    return Graph(
        dossier=dossier,
        item=item,
        procedures=views.procedures_of(catalogue, item, dossier),
        rows=await store.branches_of(conn, [dossier.id]),
    )


async def move(
    conn: AsyncConnection,
    catalogue: Catalogue,
    held: Graph,
    event: Event,
    *,
    at: datetime,
    told: Callable[[Transition], Happening],
    **changes: Any,
) -> list[Transition]:
    """Carries out an action on one branch, with `changes` to its row, and everything that follows on the others.

    What stays inside an office is no line of the history and no new version of the dossier: it is told to nobody outside.
    Raises ActionNotAllowed, NeedsFirst.
    """
    unconfirmed = held.unconfirmed
    if unconfirmed is None:
        unconfirmed = await inviting.missing(conn, held.dossier.id)
    steps = bundles.after(held.item, catalogue.lifecycle, held.states, event, held=unconfirmed)
    begin = {held.row(step.branch).office_id for step in steps if step.action == "start"}
    places = await offices.offices_by_id(conn, begin) if begin else {}
    rows: dict[str, dict[str, Any]] = {}
    happenings: list[Happening] = []
    for position, step in enumerate(steps):
        row = held.row(step.branch)
        values = rows.setdefault(step.branch, as_it_stands(row))
        values |= _entering(catalogue, held.procedures[step.branch], step, values, row, at)
        if position == 0:
            values |= changes
            if (outer := _outside(catalogue, step)) is not None:
                happenings.append(told(outer))
        else:
            happenings.append(_follows(held, step, places))
        if step.branch in unconfirmed and catalogue.lifecycle.state(step.after).closed:
            await store.answer_invitation(conn, held.dossier.id, step.branch, "ended", at)
        elif step.action == "hold":
            await store.ask_anew(conn, held.dossier.id, step.branch)
    stays = left(catalogue, [(held.row(step.branch), step) for step in steps], at=at)
    done = Advance(moved=list(rows.values()), left=stays)
    if not happenings:
        await store_moving.move_inside(conn, held.dossier.id, done)
        return steps
    await _promise_again(conn, catalogue, held, rows)
    states = held.states | {step.branch: step.after for step in steps}
    closed = all(catalogue.lifecycle.state(state).closed for state in states.values())
    await telling.record(conn, held.dossier, happenings, at=at, status="closed" if closed else "open", done=done)
    return steps


def as_it_stands(row: views.Row) -> dict[str, Any]:
    """A branch as `Advance` takes it."""
    return {"id": row.id, **{name: getattr(row, name) for name in store_moving.MOVED}}


def left(
    catalogue: Catalogue, leaving: Sequence[tuple[views.Row, Transition]], *, at: datetime
) -> list[dict[str, Any]]:
    """How long branches, as they stood before, were in the states that these steps take them out of."""
    found: list[dict[str, Any]] = []
    for row, step in leaving:
        state = catalogue.lifecycle.state(step.before)
        # What the branch came into in this very transaction it was not in for any time.
        if state.step is None or step.before != row.state or step.before == step.after or row.started_at is None:
            continue
        entered, days = row.state_since or row.started_at, state.step.working_days
        due: datetime | None = None
        if days is not None:
            rule = Deadline(working_days=days, source=state.step.source)
            due = min(catalogue.calendar.due(entered, rule), row.due_at)
        found.append(
            {
                "branch_id": row.id,
                "seq": row.version,
                "state": row.state,
                "action": step.action,
                "procedure": row.procedure,
                "office_id": row.office_id,
                "officer_id": row.claimed_by,
                "entered_at": entered,
                "left_at": at,
                "due_at": due,
                "asked": row.asked,
            }
        )
    return found


_FRESH_PROMISE: Final = {"apology": None, "extension": None, "warned": 0}
"""Of a branch that begins anew."""


def _outside(catalogue: Catalogue, step: Transition) -> Transition | None:
    """The step as it is told outside the office; None where nothing of it is seen there."""
    before, after = catalogue.lifecycle.told(step.before), catalogue.lifecycle.told(step.after)
    if before is after and step.before != step.after:
        return None
    return msgspec.structs.replace(step, before=before.name, after=after.name)


def _entering(
    catalogue: Catalogue, procedure: Procedure, step: Transition, values: dict[str, Any], row: views.Row, at: datetime
) -> dict[str, Any]:
    """What a branch's row says in the state it comes into, whatever brought it there."""
    before, after = catalogue.lifecycle.state(step.before), catalogue.lifecycle.state(step.after)
    found: dict[str, Any] = {"state": step.after, "lapses_at": None, "proposal": None}
    if step.before != step.after:
        found |= {"state_since": at, "escalated_at": None}
    pauses: list[list[str | None]] = [list(pause) for pause in values["pauses"]]
    if before.clock_stopped and not after.clock_stopped:
        pauses[-1][1] = at.isoformat()
    elif after.clock_stopped and not before.clock_stopped:
        pauses.append([at.isoformat(), None])
    found["pauses"] = pauses
    if before.closed and after.closed:
        return found  # handed over: when and by whom it was decided stays
    if after.closed:
        reason = to_json(step.reason) if step.reason is not None else None
        return found | {"decided_at": at, "asked": None, "reason": reason}
    found |= {"decided_at": None, "decided_by": None, "reason": None}
    match step.after:
        case "submitted":
            fresh = {"claimed_by": None, "claimed_at": None, "asked": None, **_FRESH_PROMISE}
            return found | fresh | {"started_at": at, "due_at": catalogue.calendar.due(at, procedure.deadline)}
        case "waiting":
            return found | {"started_at": None, "due_at": None}
        case "unconfirmed":
            due = inviting.due(catalogue, procedure, at)
            return found | {"started_at": None, "due_at": None, "lapses_at": due}
        case "correcting":
            due = catalogue.calendar.due(at, procedure.deadline)
            return found | {"claimed_by": None, "claimed_at": None, "due_at": due, **_FRESH_PROMISE}
        case _:
            paused = closed_pauses(pauses)
            longer = row.extension is not None
            due = catalogue.calendar.due(values["started_at"], procedure.deadline, extended=longer, paused=paused)
            if row.apology is not None:
                due = max(due, datetime.fromisoformat(row.apology["due_at"]))
            return found | {"due_at": due} | ({} if due == row.due_at else {"warned": 0})


def closed_pauses(pauses: Collection[Any]) -> list[Pause]:
    """As the calendar takes them; one that has not ended does not count yet."""
    return [(datetime.fromisoformat(begin), datetime.fromisoformat(end)) for begin, end in pauses if end is not None]


def _follows(held: Graph, step: Transition, places: Mapping[str, offices.Office]) -> Happening:
    title = held.procedures[step.branch].name
    match step.action:
        case "start":
            office = places[held.row(step.branch).office_id]
            return telling.started(step.branch, title, office.name, step.before, step.after)
        case "hold":
            return telling.held(step.branch, title, step.before, step.after)
        case "wait_again":
            return telling.waits_again(step.branch, title, step.before, step.after)
        case _:
            reason = step.reason or Words(vi="", en="")
            return telling.not_started(step.branch, title, reason, step.before, step.after)


async def _promise_again(
    conn: AsyncConnection, catalogue: Catalogue, held: Graph, moved: Mapping[str, Mapping[str, Any]]
) -> None:
    """The whole dossier's promise does not count the time any of its branches waited for the citizen, and is the longer one once one of
    them needs that."""
    before = {row.name: as_it_stands(row) for row in held.rows}
    after = {**before, **moved}
    paused = _paused(after.values())
    extended = any(row["extension"] is not None and before[name]["extension"] is None for name, row in after.items())
    if not extended and len(paused) == len(_paused(before.values())):
        return
    longer = any(row["extension"] is not None for row in after.values())
    promise = catalogue.calendar.promise(
        held.dossier.submitted_at, held.item.deadline, extended=longer, paused=sorted(paused)
    )
    steps, due_at = list(promise.steps), promise.due_at
    for name, row in after.items():
        if row["apology"] is not None and datetime.fromisoformat(row["apology"]["due_at"]) > due_at:
            due_at = datetime.fromisoformat(row["apology"]["due_at"])
            steps.append(telling.promised_anew(due_at))
        elif row["extension"] is not None and row["due_at"] > due_at:
            due_at = row["due_at"]
            steps.append(telling.promised_longer(held.procedures[name].name, due_at))
    await store.promise(conn, held.dossier.id, promised_at=due_at, promise={"steps": to_json(steps)})


def _paused(rows: Collection[Mapping[str, Any]]) -> list[Pause]:
    return closed_pauses([pause for row in rows for pause in row["pauses"]])
