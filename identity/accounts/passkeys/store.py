"""SQL of passkeys and their challenges."""

from datetime import datetime
from typing import Any

from sqlalchemy import and_, delete, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from identity.accounts.passkeys.tables import passkey_challenges, passkeys
from identity.accounts.tables import accounts

COPIED = "its counter went back"


async def add_challenge(conn: AsyncConnection, **values: Any) -> None:
    await conn.execute(insert(passkey_challenges).values(**values))


async def take_challenge(
    conn: AsyncConnection,
    challenge_id: str,
    purpose: str,
    at: datetime,
    by: tuple[str | None, str | None, str | None] | None,
) -> Any:
    """The challenge, once: of any number that answer it at once one gets the row, the others None."""
    c = passkey_challenges.c
    open_one = and_(c.id == challenge_id, c.purpose == purpose, c.used_at.is_(None), c.expires_at > at)
    if by is not None:
        account_id, client_id, jkt = by
        same = and_(c.account_id == account_id, c.client_id == client_id, c.jkt.is_not_distinct_from(jkt))
        open_one = and_(open_one, same)
    statement = update(passkey_challenges).where(open_one).values(used_at=at).returning(passkey_challenges)
    return (await conn.execute(statement)).first()


async def forget_challenges(conn: AsyncConnection, before: datetime) -> None:
    await conn.execute(delete(passkey_challenges).where(passkey_challenges.c.expires_at < before))


async def add_passkey(conn: AsyncConnection, **values: Any) -> bool:
    """False when the credential is registered already."""
    statement = upsert(passkeys).values(**values).on_conflict_do_nothing(index_elements=["credential_id"])
    return (await conn.execute(statement.returning(passkeys.c.id))).first() is not None


async def of_account(conn: AsyncConnection, account_id: str) -> Any:
    c = passkeys.c
    statement = select(passkeys).where(c.account_id == account_id, c.removed_at.is_(None)).order_by(c.id)
    return (await conn.execute(statement)).all()


async def by_credential(conn: AsyncConnection, credential_id: bytes) -> Any:
    """The passkey, unless it was removed, with its holder's `shut_at` (closed or locked); held until the transaction ends."""
    statement = (
        select(passkeys, func.coalesce(accounts.c.closed_at, accounts.c.locked_at).label("shut_at"))
        .join(accounts, accounts.c.id == passkeys.c.account_id)
        .where(passkeys.c.credential_id == credential_id, passkeys.c.removed_at.is_(None))
        .with_for_update(of=passkeys)
    )
    return (await conn.execute(statement)).first()


async def note_use(conn: AsyncConnection, passkey_id: str, sign_count: int, at: datetime) -> bool:
    """False when the counter did not move on; one that is always nought counts nothing (§6.1.1)."""
    c = passkeys.c
    moved = or_(c.sign_count < sign_count, (c.sign_count == 0) & (sign_count == 0))
    statement = update(passkeys).where(c.id == passkey_id, moved).values(sign_count=sign_count, last_used_at=at)
    return (await conn.execute(statement)).rowcount == 1


async def remove_all(conn: AsyncConnection, account_id: str, at: datetime) -> int:
    """How many there were."""
    c = passkeys.c
    statement = update(passkeys).where(c.account_id == account_id, c.removed_at.is_(None)).values(removed_at=at)
    return (await conn.execute(statement)).rowcount


async def unlock(conn: AsyncConnection, account_id: str) -> None:
    """All that are left, but for those that may have been copied."""
    c = passkeys.c
    statement = update(passkeys).where(c.account_id == account_id, c.locked_why != COPIED)
    await conn.execute(statement.values(locked_at=None, locked_why=None))


async def is_copied(conn: AsyncConnection, passkey_id: str) -> bool:
    """Whether it is locked because its counter went back."""
    statement = select(passkeys.c.id).where(passkeys.c.id == passkey_id, passkeys.c.locked_why == COPIED)
    return (await conn.execute(statement)).first() is not None


async def change(conn: AsyncConnection, account_id: str, passkey_id: str, **values: Any) -> bool:
    """False when the account has no such passkey."""
    c = passkeys.c
    statement = update(passkeys).where(c.id == passkey_id, c.account_id == account_id, c.removed_at.is_(None))
    return (await conn.execute(statement.values(**values))).rowcount == 1
