"""SQL of kiosks."""

from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from identity.offices.kiosks.tables import kiosks
from identity.tokens.tables import oauth_clients

_C = kiosks.c
_TOLD = select(kiosks, oauth_clients.c.name, oauth_clients.c.office_id).join_from(
    kiosks, oauth_clients, oauth_clients.c.id == _C.client_id, isouter=True
)


async def by_key(conn: AsyncConnection, thumbprint: str) -> Any:
    """The one machine that has this key and was not removed."""
    return (await conn.execute(select(kiosks).where(_C.thumbprint == thumbprint, _C.removed_at.is_(None)))).first()


async def was_removed(conn: AsyncConnection, thumbprint: str) -> bool:
    statement = select(_C.id).where(_C.thumbprint == thumbprint, _C.removed_at.is_not(None))
    return (await conn.execute(statement)).first() is not None


async def add(conn: AsyncConnection, **values: Any) -> None:
    await conn.execute(insert(kiosks).values(**values))


async def renew(conn: AsyncConnection, kiosk_id: str, *, code: str, expires_at: datetime) -> None:
    """Another code for one that nobody approved in time."""
    statement = update(kiosks).where(_C.id == kiosk_id, _C.client_id.is_(None))
    await conn.execute(statement.values(code=code, expires_at=expires_at))


async def waiting(conn: AsyncConnection, code: str, at: datetime) -> Any:
    """The machine that shows this code; held until the transaction ends, so that it is approved once."""
    statement = select(kiosks).where(_C.code == code, _C.client_id.is_(None), _C.expires_at > at)
    return (await conn.execute(statement.with_for_update())).first()


async def approve(conn: AsyncConnection, kiosk_id: str, *, client_id: str, by: str | None, at: datetime) -> None:
    statement = update(kiosks).where(_C.id == kiosk_id)
    await conn.execute(statement.values(client_id=client_id, approved_by=by, approved_at=at))


async def remove(conn: AsyncConnection, kiosk_id: str, *, by: str, at: datetime) -> str | None:
    """The client of an approved kiosk that is removed now."""
    statement = update(kiosks).where(_C.id == kiosk_id, _C.client_id.is_not(None), _C.removed_at.is_(None))
    row = (await conn.execute(statement.values(removed_by=by, removed_at=at).returning(_C.client_id))).first()
    return None if row is None else row.client_id


async def one(conn: AsyncConnection, kiosk_id: str) -> Any:
    return (await conn.execute(_TOLD.where(_C.id == kiosk_id))).one()


async def all_of_them(conn: AsyncConnection) -> Any:
    """Those that wait first, then the newest."""
    return (await conn.execute(_TOLD.order_by(_C.client_id.is_not(None), _C.id.desc()))).all()


async def forget(conn: AsyncConnection, before: datetime) -> None:
    """What nobody ever approved."""
    await conn.execute(delete(kiosks).where(_C.client_id.is_(None), _C.expires_at < before))
