"""SQL of consents."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import column, insert, select, table, update
from sqlalchemy.ext.asyncio import AsyncConnection

from identity.consents.tables import consents
from kit.db import rows

# Other rooms' tables, by the columns looked at.
_accounts = table("accounts", column("id"))
_clients = table("oauth_clients", column("id"), column("name"))


async def lock_account(conn: AsyncConnection, account_id: str) -> None:
    """Decisions of one person come one after the other."""
    await conn.execute(select(_accounts.c.id).where(_accounts.c.id == account_id).with_for_update())


async def standing(conn: AsyncConnection, account_id: str, client_id: str) -> Any:
    statement = select(consents).where(
        consents.c.account_id == account_id, consents.c.client_id == client_id, consents.c.ended_at.is_(None)
    )
    return (await conn.execute(statement)).first()


_READERS = """
select account_id, client_id from consents
where account_id = any(%s) and ended_at is null and expires_at > %s and %s = any(allowed) order by account_id, client_id
"""


async def readers(conn: AsyncConnection, account_ids: Collection[str], scope: str, at: datetime) -> list[Any]:
    """account_id, client_id."""
    return await rows(conn, _READERS, (list(account_ids), at, scope))


async def add(conn: AsyncConnection, **values: Any) -> None:
    await conn.execute(insert(consents).values(**values))


async def end_standing(conn: AsyncConnection, account_id: str, client_id: str, *, at: datetime, why: str) -> None:
    statement = update(consents).where(
        consents.c.account_id == account_id, consents.c.client_id == client_id, consents.c.ended_at.is_(None)
    )
    await conn.execute(statement.values(ended_at=at, ended_why=why))


async def end(conn: AsyncConnection, account_id: str, consent_id: str, *, at: datetime) -> str | None:
    """The client whose consent ended now; None when this person has no such consent."""
    mine = (consents.c.id == consent_id, consents.c.account_id == account_id)
    ended = update(consents).where(*mine, consents.c.ended_at.is_(None)).values(ended_at=at, ended_why="withdrawn")
    await conn.execute(ended)
    return (await conn.execute(select(consents.c.client_id).where(*mine))).scalar()


async def of_account(conn: AsyncConnection, account_id: str) -> Any:
    """Every decision, newest first, with `client_name`."""
    statement = (
        select(consents, _clients.c.name.label("client_name"))
        .join(_clients, _clients.c.id == consents.c.client_id)
        .where(consents.c.account_id == account_id)
        .order_by(consents.c.given_at.desc(), consents.c.id.desc())
    )
    return (await conn.execute(statement)).all()
