"""Figures for the head of an office: promises kept, what waits and how long, steps against the office's own process, what is asked for
again and again, and what people say of it."""

from collections import Counter
from datetime import date, datetime, time, timedelta
from typing import Any

from dossiers import desk, rating, store_desk
from dossiers.messages_figures import Ageing, Asked, ByProcedure, Figures, LowScore, Ratings, StepTimes, Waiting
from dossiers.refusals import BadSpan
from dossiers.standing import Stand
from kit import clock
from kit.actor import Actor
from kit.refusal import Words
from procedures import Catalogue

_DEFAULT = timedelta(days=30)
_LONGEST = timedelta(days=366)


async def figures(stand: Stand, actor: Actor, *, since: date | None, until: date | None) -> Figures:
    """Of the head's own office, from one day to another (both counted), the last 30 days unless told. Raises BadSpan."""
    assert actor.office_id is not None
    now = clock.now()
    last = until or clock.today()
    first = since or last - _DEFAULT
    if first > last or last - first > _LONGEST:
        raise BadSpan(days=_LONGEST.days)
    lifecycle = stand.catalogue.lifecycle
    values: dict[str, Any] = {
        "office_id": actor.office_id,
        "since": datetime.combine(first, time(), clock.CITY),
        "until": datetime.combine(last + timedelta(days=1), time(), clock.CITY),
        "now": now,
        "near": desk.soon(stand.catalogue, now),
        "running": [one.name for one in lifecycle.states if not one.closed and not one.clock_stopped],
        "low": rating.LOW,
    }
    async with stand.db.snapshot() as conn:
        found = await store_desk.figures(conn, values)
    decided = sum(row.decided for row in found["decided"])
    on_time = sum(row.on_time for row in found["decided"])
    steps = _steps(stand.catalogue, found["steps"])
    return Figures(
        since=first,
        until=last,
        decided=decided,
        on_time=on_time,
        on_time_ratio=on_time / decided if decided else None,
        procedures=[
            ByProcedure(
                procedure=row.procedure,
                title=_title(stand.catalogue, row.procedure),
                decided=row.decided,
                on_time=row.on_time,
            )
            for row in found["decided"]
        ],
        waiting=_waiting(found["open"][0]),
        steps=steps,
        bottleneck=_bottleneck(steps),
        supplements=[Asked(kind=row.kind, what=row.what, asked=row.asked) for row in found["supplements"]],
        ratings=_ratings(found["scores"], found["low"]),
    )


def _waiting(row: Any) -> Waiting:
    return Waiting(
        open=row.waiting,
        free=row.free,
        overdue=row.overdue,
        due_soon=row.due_soon,
        extended=row.extended,
        promised_anew=row.promised_anew,
        ageing=Ageing(
            to_1_day=row.to_1_day,
            to_3_days=row.to_3_days,
            to_7_days=row.to_7_days,
            to_30_days=row.to_30_days,
            older=row.older,
        ),
    )


def _steps(catalogue: Catalogue, found: list[Any]) -> list[StepTimes]:
    """In the order of the lifecycle."""
    by_state = {row.state: row for row in found}
    return [
        StepTimes(
            state=state.name,
            name=state.step.name,
            allowed_working_days=state.step.working_days,
            stays=by_state[state.name].stays,
            late=by_state[state.name].late,
            mean_hours=float(by_state[state.name].mean_hours),
            p90_hours=float(by_state[state.name].p90_hours),
        )
        for state in catalogue.lifecycle.states
        if state.step is not None and state.name in by_state
    ]


def _bottleneck(steps: list[StepTimes]) -> str | None:
    """The step of the office's own that is late for most; of those alike the one that takes longest."""
    own = [step for step in steps if step.allowed_working_days is not None and step.late]
    return max(own, key=lambda step: (step.late / step.stays, step.p90_hours)).state if own else None


def _ratings(scores: list[Any], low: list[Any]) -> Ratings:
    given = {row.score: row.given for row in scores}
    count = sum(given.values())
    return Ratings(
        given=count,
        mean=sum(score * times for score, times in given.items()) / count if count else None,
        scores=[given.get(score, 0) for score in range(1, 6)],
        low_by_step=dict(Counter(row.step for row in low if row.step is not None)),
        low=[
            LowScore(
                score=row.score, comment=row.comment, step=row.step, late=row.late, procedure=row.procedure, at=row.at
            )
            for row in low[:20]
        ],
    )


def _title(catalogue: Catalogue, code: str) -> Words:
    """As its newest version is called."""
    return max((one for one in catalogue.procedures if one.code == code), key=lambda one: one.since).name
