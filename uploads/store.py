"""SQL of the uploads."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from uploads.tables import uploads


async def add(conn: AsyncConnection, **values: Any) -> None:
    await conn.execute(insert(uploads).values(**values))


async def one(conn: AsyncConnection, upload_id: str) -> Any | None:
    return (await conn.execute(select(uploads).where(uploads.c.id == upload_id))).first()


async def claim(conn: AsyncConnection, upload_id: str, *, account_id: str, dossier_id: str) -> Any | None:
    """The row when it was free, or was this dossier's already."""
    free = or_(uploads.c.dossier_id.is_(None), uploads.c.dossier_id == dossier_id)
    statement = (
        update(uploads)
        .where(uploads.c.id == upload_id, uploads.c.account_id == account_id, free)
        .values(dossier_id=dossier_id)
        .returning(uploads)
    )
    return (await conn.execute(statement)).first()


async def release(conn: AsyncConnection, dossier_ids: Collection[str]) -> None:
    await conn.execute(update(uploads).where(uploads.c.dossier_id.in_(dossier_ids)).values(dossier_id=None))


async def forget_unclaimed(conn: AsyncConnection, *, before: datetime) -> Sequence[str]:
    """Ids of the rows removed: files no dossier names."""
    statement = (
        delete(uploads).where(uploads.c.dossier_id.is_(None), uploads.c.uploaded_at < before).returning(uploads.c.id)
    )
    return (await conn.scalars(statement)).all()


async def known(conn: AsyncConnection, ids: Sequence[str]) -> set[str]:
    """Those of the ids that have a row."""
    return set((await conn.scalars(select(uploads.c.id).where(uploads.c.id.in_(ids)))).all())
