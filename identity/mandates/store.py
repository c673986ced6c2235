"""SQL of enterprises, claims, wards and mandates; in the caller's transaction."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, func, insert, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from identity.accounts.tables import accounts
from identity.mandates.tables import enterprise_claims, enterprise_locks, enterprises, mandate_events, mandates, wards
from kit.db import rows

_M, _C = mandates.c, enterprise_claims.c
_company = accounts.alias("company")

_WHOLE = (
    select(
        mandates,
        accounts.c.full_name.label("holder_name"),
        accounts.c.closed_at,
        accounts.c.locked_at,
        accounts.c.level,
        accounts.c.level_1_until,
        accounts.c.level_2_until,
        accounts.c.pin_sealed.label("holder_pin_sealed"),
        _company.c.full_name.label("enterprise_name"),
        _company.c.closed_at.label("enterprise_closed_at"),
        _company.c.locked_at.label("enterprise_locked_at"),
        enterprises.c.number,
        wards.c.full_name.label("ward_name"),
        wards.c.pin_digest.label("ward_pin_digest"),
        wards.c.pin_sealed.label("ward_pin_sealed"),
        wards.c.date_of_birth,
        wards.c.sex,
    )
    .join_from(mandates, accounts, accounts.c.id == _M.holder_id)
    .join(enterprises, enterprises.c.account_id == _M.enterprise_id, isouter=True)
    .join(_company, _company.c.id == enterprises.c.account_id, isouter=True)
    .join(wards, wards.c.id == _M.ward_id, isouter=True)
)


# --- principals ------------------------------------------------------------------------------------------------------


async def hold_enterprise(conn: AsyncConnection, account_id: str) -> Any:
    """account_id, number, legal_name, created_at, closed_at, locked_at; held until the transaction ends, so that changes of who acts for it come one by one."""
    statement = (
        select(
            enterprises.c.account_id,
            enterprises.c.number,
            accounts.c.full_name.label("legal_name"),
            accounts.c.created_at,
            accounts.c.closed_at,
            accounts.c.locked_at,
        )
        .join_from(enterprises, accounts, accounts.c.id == enterprises.c.account_id)
        .where(enterprises.c.account_id == account_id)
        .with_for_update()
    )
    return (await conn.execute(statement)).first()


async def hold_number(conn: AsyncConnection, number: str) -> None:
    """Whoever else speaks of this number waits until the transaction ends, whether or not it has an account yet."""
    await conn.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"enterprise {number}", 0))))


async def open_enterprise(
    conn: AsyncConnection, account_id: str, *, number: str, legal_name: str, at: datetime
) -> None:
    """A new account; the number must be held and have none."""
    values = {"full_name": legal_name, "level": 0, "level_evidence": [], "locale": "vi", "created_at": at}
    await conn.execute(insert(accounts).values(id=account_id, kind="enterprise", **values))
    await conn.execute(insert(enterprises).values(account_id=account_id, number=number))


async def enterprise_of(conn: AsyncConnection, number: str) -> str | None:
    statement = select(enterprises.c.account_id).where(enterprises.c.number == number)
    return (await conn.execute(statement)).scalar()


async def set_locked(conn: AsyncConnection, account_id: str, at: datetime | None) -> None:
    await conn.execute(update(accounts).where(accounts.c.id == account_id).values(locked_at=at))


async def add_lock_event(conn: AsyncConnection, **values: Any) -> None:
    await conn.execute(insert(enterprise_locks).values(**values))


async def reopen(conn: AsyncConnection, account_id: str) -> None:
    await conn.execute(update(accounts).where(accounts.c.id == account_id).values(closed_at=None))


async def close(conn: AsyncConnection, account_id: str, at: datetime) -> None:
    await conn.execute(update(accounts).where(accounts.c.id == account_id).values(closed_at=at))


async def add_ward(conn: AsyncConnection, **values: Any) -> Any:
    """The row of this number, which may be an older one."""
    statement = upsert(wards).values(**values)
    # Nothing changes; the row is held, and given whoever wrote it.
    held = statement.on_conflict_do_update(index_elements=["pin_digest"], set_={"added_at": wards.c.added_at})
    return (await conn.execute(held.returning(wards))).one()


# --- claims ----------------------------------------------------------------------------------------------------------


async def keep_claim(conn: AsyncConnection, **values: Any) -> str:
    """The id of the waiting claim of this person for this number: asked again it is the same one, as said last."""
    statement = upsert(enterprise_claims).values(**values, state="waiting")
    kept = statement.on_conflict_do_update(
        index_elements=["account_id", "number"],
        # In so many words: a plan made once for all values cannot tell that a parameter is what the partial index says.
        index_where=text("state = 'waiting'"),
        set_={name: statement.excluded[name] for name in ("legal_name", "answer", "claimed_at")},
    )
    return (await conn.execute(kept.returning(_C.id))).scalar_one()


async def claim(conn: AsyncConnection, claim_id: str) -> Any:
    """Held until the transaction ends."""
    return (await conn.execute(select(enterprise_claims).where(_C.id == claim_id).with_for_update())).first()


async def decide_claim(conn: AsyncConnection, claim_id: str, **values: Any) -> None:
    await conn.execute(update(enterprise_claims).where(_C.id == claim_id).values(**values))


async def claims_of(conn: AsyncConnection, account_id: str) -> Sequence[Any]:
    """The newest first."""
    query = select(enterprise_claims).where(_C.account_id == account_id).order_by(_C.id.desc()).limit(50)
    return (await conn.execute(query)).all()


async def waiting_claims(conn: AsyncConnection) -> Sequence[Any]:
    """The oldest first, with the claimant."""
    query = (
        select(enterprise_claims, accounts.c.full_name, accounts.c.pin_sealed)
        .join_from(enterprise_claims, accounts, accounts.c.id == _C.account_id)
        .where(_C.state == "waiting")
        .order_by(_C.id)
        .limit(200)
    )
    return (await conn.execute(query)).all()


# --- mandates --------------------------------------------------------------------------------------------------------


async def add(conn: AsyncConnection, **values: Any) -> bool:
    """False when the person holds an open one of this kind."""
    statement = upsert(mandates).values(**values).on_conflict_do_nothing().returning(_M.id)
    return (await conn.execute(statement)).first() is not None


async def mandate(conn: AsyncConnection, mandate_id: str, *, share: bool = False) -> Any:
    """With holder and principal. `share` keeps it from being narrowed or ended until the transaction ends."""
    query = _WHOLE.where(_M.id == mandate_id)
    return (await conn.execute(query.with_for_update(of=mandates, read=True) if share else query)).first()


async def hold(conn: AsyncConnection, mandate_id: str) -> Any:
    """With holder and principal; nobody else changes it, or acts under it, until the transaction ends."""
    return (await conn.execute(_WHOLE.where(_M.id == mandate_id).with_for_update(of=mandates))).first()


async def held_by(conn: AsyncConnection, account_id: str) -> Sequence[Any]:
    """The newest first, ended ones too."""
    return (await conn.execute(_WHOLE.where(_M.holder_id == account_id).order_by(_M.id.desc()).limit(200))).all()


async def over(conn: AsyncConnection, pin_digest: bytes) -> Sequence[Any]:
    """Of whoever acts for the person with this number; the newest first."""
    return (await conn.execute(_WHOLE.where(wards.c.pin_digest == pin_digest).order_by(_M.id.desc()))).all()


async def of_principal(conn: AsyncConnection, principal_id: str, *, still_open: bool) -> Sequence[Any]:
    """An enterprise's or a ward's; the newest first."""
    query = _WHOLE.where(_of(principal_id)).order_by(_M.id.desc())
    return (await conn.execute(query.where(_M.ended_at.is_(None)) if still_open else query)).all()


async def held_open(conn: AsyncConnection, holder_ids: Sequence[str]) -> list[Any]:
    """enterprise_id, ward_id, ward_pin_digest of what these accounts hold that has not ended."""
    return await rows(conn, _HELD_OPEN, (list(holder_ids),))


_HELD_OPEN = """
select m.enterprise_id, m.ward_id, w.pin_digest as ward_pin_digest from mandates m left join wards w on w.id = m.ward_id
where m.holder_id = any(%s) and m.ended_at is null
"""


async def due(conn: AsyncConnection, today: date) -> Sequence[str]:
    """Ids of those whose last day is over, and of those of closed accounts."""
    gone = or_(_M.until_on < today, accounts.c.closed_at.is_not(None), _company.c.closed_at.is_not(None))
    query = _WHOLE.with_only_columns(_M.id).where(_M.ended_at.is_(None), gone).order_by(_M.id).limit(1000)
    return (await conn.scalars(query)).all()


async def open_guardianships(conn: AsyncConnection, *, after: str, limit: int) -> Sequence[Any]:
    """A page of them, by id."""
    query = _WHOLE.where(_M.kind == "guardian", _M.ended_at.is_(None), _M.id > after).order_by(_M.id).limit(limit)
    return (await conn.execute(query)).all()


async def change(conn: AsyncConnection, mandate_id: str, **values: Any) -> None:
    await conn.execute(update(mandates).where(_M.id == mandate_id).values(version=_M.version + 1, **values))


async def add_event(conn: AsyncConnection, **values: Any) -> None:
    await conn.execute(insert(mandate_events).values(**values))


async def events_of(conn: AsyncConnection, mandate_ids: Sequence[str]) -> Sequence[Any]:
    """In order."""
    query = select(mandate_events).where(mandate_events.c.mandate_id.in_(mandate_ids)).order_by(mandate_events.c.id)
    return (await conn.execute(query)).all()


def _of(principal_id: str) -> ColumnElement[bool]:
    return or_(_M.enterprise_id == principal_id, _M.ward_id == principal_id)
