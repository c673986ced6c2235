"""SQL of proofing."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import and_, insert, or_, select, update
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from identity.proofing.tables import proofing_alarms, proofing_checks, proofing_events, proofing_sessions
from kit import clock, ids

_sessions, _checks, _alarms = proofing_sessions.c, proofing_checks.c, proofing_alarms.c

Counted = Literal["card_tries", "selfie_tries", "liveness_tries", "code_tries"]


async def add_session(conn: AsyncConnection, **values: Any) -> None:
    await conn.execute(
        insert(proofing_sessions).values(
            card_version=0, card_tries=0, selfie_tries=0, liveness_tries=0, code_tries=0, **values
        )
    )


async def session(conn: AsyncConnection, session_id: str, *, lock: bool = False) -> Any | None:
    statement = select(proofing_sessions).where(_sessions.id == session_id)
    return (await conn.execute(statement.with_for_update() if lock else statement)).first()


async def change(conn: AsyncConnection, session_id: str, **values: Any) -> None:
    await conn.execute(update(proofing_sessions).where(_sessions.id == session_id).values(**values))


async def count_try(conn: AsyncConnection, session_id: str, counted: Counted, *, at_most: int) -> int | None:
    """How many there are with this one; None when all were used. One statement: concurrent tries do not share a place."""
    column = proofing_sessions.c[counted]
    statement = (
        update(proofing_sessions)
        .where(_sessions.id == session_id, column < at_most)
        .values({counted: column + 1})
        .returning(column)
    )
    return await conn.scalar(statement)


async def give_back_try(conn: AsyncConnection, session_id: str, counted: Counted) -> None:
    column = proofing_sessions.c[counted]
    await conn.execute(
        update(proofing_sessions).where(_sessions.id == session_id, column > 0).values({counted: column - 1})
    )


async def add_event(
    conn: AsyncConnection,
    session_id: str,
    kind: str,
    evidence: dict[str, Any],
    *,
    officer_id: str | None = None,
    office_id: str | None = None,
) -> None:
    await conn.execute(
        insert(proofing_events).values(
            id=ids.new_id("pev"),
            session_id=session_id,
            at=clock.now(),
            kind=kind,
            evidence=evidence,
            officer_id=officer_id,
            office_id=office_id,
        )
    )


async def events(conn: AsyncConnection, session_id: str) -> Sequence[Any]:
    return (
        await conn.execute(
            select(proofing_events).where(proofing_events.c.session_id == session_id).order_by(proofing_events.c.id)
        )
    ).all()


async def was_compared(conn: AsyncConnection, session_id: str, selfies_sha256: Sequence[str]) -> bool:
    """Whether one of these very files was held against a card's portrait in this session. One refused for its quality was not."""
    events = proofing_events.c
    statement = select(events.id).where(
        events.session_id == session_id,
        events.kind.in_(("selfie-matched", "selfie-not-matched")),
        or_(
            events.evidence["selfie_sha256"].astext.in_(selfies_sha256),
            events.evidence["more_sha256"].has_any(array(selfies_sha256)),
        ),
    )
    return (await conn.execute(statement.limit(1))).first() is not None


async def judged_liveness(conn: AsyncConnection, session_id: str) -> Sequence[Any]:
    """Every verdict on a burst of the session, in order: `at` and `evidence`."""
    return [event for event in await events(conn, session_id) if event.kind == "liveness-judged"]


async def expired_sessions(conn: AsyncConnection, *, at: datetime, limit: int) -> Sequence[str]:
    """Ids of sessions whose time is over and that still hold something; locked for this transaction."""
    statement = (
        select(_sessions.id)
        .where(_sessions.erased_at.is_(None), _sessions.expires_at <= at)
        .order_by(_sessions.expires_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return (await conn.scalars(statement)).all()


async def erase(conn: AsyncConnection, session_id: str, *, at: datetime) -> None:
    """Forgets everything about the person that the session still held."""
    await change(
        conn,
        session_id,
        reading_sealed=None,
        portrait_sealed=None,
        selfie_sealed=None,
        contact_sealed=None,
        code_mac=None,
        code_expires_at=None,
        erased_at=at,
    )


async def raise_alarm(conn: AsyncConnection, **values: Any) -> None:
    """A new alarm, or one more time of the one that is open on this subject."""
    statement = upsert(proofing_alarms).values(times=1, **values)
    await conn.execute(
        statement.on_conflict_do_update(
            index_elements=["kind", "subject"],
            index_where=_alarms.claims_sealed.is_not(None),
            set_={"times": _alarms.times + 1},
        )
    )


def _is_open(at: datetime) -> Any:
    return and_(_alarms.claims_sealed.is_not(None), _alarms.expires_at > at)


async def open_alarms(conn: AsyncConnection, *, at: datetime, limit: int) -> Sequence[Any]:
    """Undecided and in time, oldest first."""
    statement = select(proofing_alarms).where(_is_open(at)).order_by(_alarms.raised_at, _alarms.id).limit(limit)
    return (await conn.execute(statement)).all()


async def alarms_of(conn: AsyncConnection, session_id: str) -> Sequence[Any]:
    """Raised in this session, decided or not, oldest first."""
    statement = select(proofing_alarms).where(_alarms.session_id == session_id).order_by(_alarms.raised_at, _alarms.id)
    return (await conn.execute(statement)).all()


async def open_alarm(conn: AsyncConnection, alarm_id: str, *, at: datetime) -> Any | None:
    return (await conn.execute(select(proofing_alarms).where(_alarms.id == alarm_id, _is_open(at)))).first()


async def decide_alarm(conn: AsyncConnection, alarm_id: str, *, at: datetime, **values: Any) -> Any | None:
    """The alarm, to the one officer who decides it first; what was sealed is erased."""
    statement = (
        update(proofing_alarms)
        .where(_alarms.id == alarm_id, _is_open(at))
        .values(decided_at=at, claims_sealed=None, **values)
        .returning(proofing_alarms)
    )
    return (await conn.execute(statement)).first()


async def erase_expired_alarms(conn: AsyncConnection, *, at: datetime) -> None:
    await conn.execute(
        update(proofing_alarms)
        .where(_alarms.claims_sealed.is_not(None), _alarms.expires_at <= at)
        .values(claims_sealed=None)
    )


async def put_check(conn: AsyncConnection, **values: Any) -> None:
    """A new code for the session's check; an undecided earlier one no longer opens anything."""
    statement = upsert(proofing_checks).values(**({"review_id": None} | values))
    renewed = {name: statement.excluded[name] for name in ("code_digest", "review_id", "expires_at", "claims_sealed")}
    await conn.execute(
        statement.on_conflict_do_update(
            index_elements=["session_id"], set_=renewed, where=proofing_checks.c.decided_at.is_(None)
        )
    )


async def check_of(conn: AsyncConnection, session_id: str) -> Any | None:
    return (await conn.execute(select(proofing_checks).where(_checks.session_id == session_id))).first()


async def open_check(conn: AsyncConnection, code_digest: bytes, *, at: datetime) -> Any | None:
    """The check a code opens, while it is undecided and in time."""
    return (
        await conn.execute(
            select(proofing_checks).where(
                _checks.code_digest == code_digest, _checks.decided_at.is_(None), _checks.expires_at > at
            )
        )
    ).first()


async def open_reviews(conn: AsyncConnection, *, at: datetime, limit: int) -> Sequence[Any]:
    """Undecided and in time, those that photos are enough for, with the session's `review_reasons`; oldest first."""
    statement = (
        select(_checks.review_id, _checks.created_at, _checks.expires_at, _sessions.review_reasons)
        .join_from(proofing_checks, proofing_sessions)
        .where(_checks.review_id.is_not(None), _checks.decided_at.is_(None), _checks.expires_at > at)
        .order_by(_checks.created_at, _checks.review_id)
        .limit(limit)
    )
    return (await conn.execute(statement)).all()


async def open_review(conn: AsyncConnection, review_id: str, *, at: datetime) -> Any | None:
    """The check of that name, while it is undecided and in time."""
    return (
        await conn.execute(
            select(proofing_checks).where(
                _checks.review_id == review_id, _checks.decided_at.is_(None), _checks.expires_at > at
            )
        )
    ).first()


async def decide_check(conn: AsyncConnection, session_id: str, *, at: datetime, **values: Any) -> Any | None:
    """The check, to the one officer who decides it first; its claims are erased."""
    statement = (
        update(proofing_checks)
        .where(_checks.session_id == session_id, _checks.decided_at.is_(None), _checks.expires_at > at)
        .values(decided_at=at, claims_sealed=None, **values)
        .returning(proofing_checks)
    )
    return (await conn.execute(statement)).first()


async def erase_expired_checks(conn: AsyncConnection, *, at: datetime) -> None:
    await conn.execute(
        update(proofing_checks)
        .where(_checks.claims_sealed.is_not(None), _checks.expires_at <= at)
        .values(claims_sealed=None)
    )
