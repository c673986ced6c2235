"""SQL of applications, and of whose clients are whose."""

from typing import Any

from sqlalchemy import column, func, select, table, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from identity.partners.tables import client_applications

_C = client_applications.c
# Another room's table, by the columns looked at.
_clients = table("oauth_clients", column("id"), column("owner_id"), column("created_at"))


async def add(conn: AsyncConnection, **values: Any) -> bool:
    """False when an undecided one about this client is there."""
    statement = upsert(client_applications).values(**values)
    added = statement.on_conflict_do_nothing(index_elements=["client_id"], index_where=_C.decided_at.is_(None))
    return (await conn.execute(added.returning(_C.id))).first() is not None


async def one(conn: AsyncConnection, application_id: str) -> Any:
    """Held until the transaction ends."""
    return (await conn.execute(select(client_applications).where(_C.id == application_id).with_for_update())).first()


async def decide(conn: AsyncConnection, application_id: str, **values: Any) -> None:
    await conn.execute(update(client_applications).where(_C.id == application_id).values(**values))


async def of_owner(conn: AsyncConnection, owner_id: str, limit: int) -> Any:
    """The newest first."""
    statement = select(client_applications).where(_C.owner_id == owner_id).order_by(_C.id.desc()).limit(limit)
    return (await conn.execute(statement)).all()


async def waiting(conn: AsyncConnection, limit: int) -> Any:
    """The oldest first."""
    statement = select(client_applications).where(_C.decided_at.is_(None)).order_by(_C.id).limit(limit)
    return (await conn.execute(statement)).all()


async def clients_of(conn: AsyncConnection, owner_id: str) -> list[str]:
    """Ids, the newest first."""
    statement = select(_clients.c.id).where(_clients.c.owner_id == owner_id).order_by(_clients.c.created_at.desc())
    return list((await conn.scalars(statement)).all())


async def waiting_of(conn: AsyncConnection, owner_id: str) -> int:
    statement = select(func.count()).where(_C.owner_id == owner_id, _C.decided_at.is_(None))
    return (await conn.execute(statement)).scalar_one()
