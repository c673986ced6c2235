"""SQL of accounts, contacts, claims and sign-ins."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from identity.accounts.tables import account_claims, accounts, contacts, sign_ins

MAX_TRIES = 5


async def add_account(conn: AsyncConnection, **values: Any) -> bool:
    """False when the personal number has an account."""
    statement = upsert(accounts).values(**values).on_conflict_do_nothing(index_elements=["pin_digest"])
    return (await conn.execute(statement.returning(accounts.c.id))).first() is not None


async def account(conn: AsyncConnection, account_id: str) -> Any:
    return (await conn.execute(select(accounts).where(accounts.c.id == account_id))).first()


async def account_by_pin(conn: AsyncConnection, pin_digest: bytes, *, lock: bool = False) -> Any:
    statement = select(accounts).where(accounts.c.pin_digest == pin_digest)
    return (await conn.execute(statement.with_for_update() if lock else statement)).first()


async def born_on(conn: AsyncConnection, day: date, *, but: bytes) -> Any:
    """id and full_name of the open accounts of who was born on a day, but that of one number."""
    statement = select(accounts.c.id, accounts.c.full_name).where(
        accounts.c.date_of_birth == day, accounts.c.pin_digest != but, accounts.c.closed_at.is_(None)
    )
    return (await conn.execute(statement)).all()


async def account_id_by_contact(conn: AsyncConnection, value_digest: bytes) -> str | None:
    statement = select(contacts.c.account_id).where(
        contacts.c.value_digest == value_digest, contacts.c.removed_at.is_(None)
    )
    return (await conn.execute(statement)).scalar()


async def login_holder(conn: AsyncConnection, value_digest: bytes) -> Any:
    """id and locale of the open account that signs in with this contact."""
    statement = (
        select(accounts.c.id, accounts.c.locale)
        .join(contacts, contacts.c.account_id == accounts.c.id)
        .where(contacts.c.value_digest == value_digest, contacts.c.removed_at.is_(None), accounts.c.closed_at.is_(None))
    )
    return (await conn.execute(statement)).first()


async def set_level(
    conn: AsyncConnection, account_id: str, level: int, evidence: dict[str, Any], *, until: date
) -> bool:
    """Raises the level, never lowers it, lengthens it and those below, never shortens them, and appends what for."""
    lasting = {
        column.name: func.greatest(column, until)
        for number, column in enumerate((accounts.c.level_1_until, accounts.c.level_2_until), 1)
        if number <= level
    }
    statement = (
        update(accounts)
        .where(accounts.c.id == account_id)
        .values(
            level=func.greatest(accounts.c.level, level),
            level_evidence=accounts.c.level_evidence.concat([evidence]),
            **lasting,
        )
    )
    return (await conn.execute(statement)).rowcount == 1


async def contacts_of(conn: AsyncConnection, account_id: str) -> Any:
    statement = (
        select(contacts)
        .where(contacts.c.account_id == account_id, contacts.c.removed_at.is_(None))
        .order_by(contacts.c.id)
    )
    return (await conn.execute(statement)).all()


async def add_contact(conn: AsyncConnection, **values: Any) -> bool:
    """False when the contact signs in an account already."""
    statement = upsert(contacts).values(**values).on_conflict_do_nothing().returning(contacts.c.id)
    return (await conn.execute(statement)).first() is not None


async def confirm_contact(conn: AsyncConnection, contact_id: str, at: datetime) -> None:
    await conn.execute(update(contacts).where(contacts.c.id == contact_id).values(verified_at=at))


async def add_claims(conn: AsyncConnection, rows: list[dict[str, Any]]) -> None:
    if rows:
        await conn.execute(insert(account_claims), rows)


async def newest_claims(conn: AsyncConnection, account_id: str) -> Any:
    statement = (
        select(account_claims)
        .distinct(account_claims.c.claim)
        .where(account_claims.c.account_id == account_id)
        .order_by(account_claims.c.claim, account_claims.c.proved_at.desc(), account_claims.c.id.desc())
    )
    return (await conn.execute(statement)).all()


async def add_sign_in(conn: AsyncConnection, **values: Any) -> None:
    await conn.execute(insert(sign_ins).values(**values))


async def count_try(conn: AsyncConnection, sign_in_id: str, at: datetime) -> Any:
    """Takes one of the tries, before the code is looked at; None when there is none to take."""
    statement = (
        update(sign_ins)
        .where(
            sign_ins.c.id == sign_in_id,
            sign_ins.c.used_at.is_(None),
            sign_ins.c.tries < MAX_TRIES,
            sign_ins.c.expires_at > at,
        )
        .values(tries=sign_ins.c.tries + 1)
        .returning(sign_ins)
    )
    return (await conn.execute(statement)).first()


async def use_sign_in(conn: AsyncConnection, sign_in_id: str, at: datetime) -> bool:
    """One winner, however many enter the right code at once."""
    statement = update(sign_ins).where(sign_ins.c.id == sign_in_id, sign_ins.c.used_at.is_(None)).values(used_at=at)
    return (await conn.execute(statement)).rowcount == 1
