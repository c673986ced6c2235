"""SQL of the uploads."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from kit.db import every, rows, select_from
from uploads.tables import unfinished_uploads, uploads


async def add(conn: AsyncConnection, **values: Any) -> None:
    """Once: a file that is kept twice is the same file."""
    await conn.execute(upsert(uploads).values(**values).on_conflict_do_nothing(index_elements=["id"]))


async def one(conn: AsyncConnection, upload_id: str) -> Any | None:
    return next(iter(await rows(conn, _ONE, (upload_id,))), None)


async def tied(conn: AsyncConnection, ids: Sequence[str]) -> dict[str, str | None]:
    return {row.id: row.dossier_id for row in await rows(conn, _TIED, (ids,))}


_TIED = "select id, dossier_id from uploads where id = any(%s)"
_ONE = select_from(uploads, "where id = %s")
_CLAIM = """
update uploads set dossier_id = %(dossier)s
where id = %(id)s and account_id = %(account)s and (dossier_id is null or dossier_id = %(dossier)s) returning """ + every(
    uploads
)


async def claim(conn: AsyncConnection, upload_id: str, *, account_id: str, dossier_id: str) -> Any | None:
    """The row when it was free, or was this dossier's already."""
    asked = {"id": upload_id, "account": account_id, "dossier": dossier_id}
    return next(iter(await rows(conn, _CLAIM, asked)), None)


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


# --- on their way -----------------------------------------------------------------------------------------------------


async def hold_unfinished(conn: AsyncConnection, account_id: str) -> None:
    """One at a time counts and adds for an account."""
    await conn.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"uploads|{account_id}", 0))))


async def count_unfinished(conn: AsyncConnection, account_id: str, *, after: datetime) -> int:
    query = select(func.count()).where(
        unfinished_uploads.c.account_id == account_id,
        unfinished_uploads.c.expires_at > after,
        ~unfinished_uploads.c.kept,
    )
    return (await conn.execute(query)).scalar_one()


async def add_unfinished(conn: AsyncConnection, **values: Any) -> None:
    await conn.execute(insert(unfinished_uploads).values(**values))


async def unfinished(conn: AsyncConnection, upload_id: str) -> Any | None:
    return (await conn.execute(select(unfinished_uploads).where(unfinished_uploads.c.id == upload_id))).first()


async def append_piece(
    conn: AsyncConnection, upload_id: str, *, offset: int, size: int, name: str, expires_at: datetime
) -> bool:
    """Whether the upload had come to this offset; of several who say so, one is told yes."""
    done = await conn.execute(
        update(unfinished_uploads)
        .where(unfinished_uploads.c.id == upload_id, unfinished_uploads.c.received == offset)
        .values(
            received=offset + size,
            pieces=func.array_append(unfinished_uploads.c.pieces, name),
            expires_at=expires_at,
        )
    )
    return done.rowcount == 1


async def note_kept(conn: AsyncConnection, upload_id: str) -> None:
    await conn.execute(update(unfinished_uploads).where(unfinished_uploads.c.id == upload_id).values(kept=True))


async def remove_unfinished(conn: AsyncConnection, upload_id: str) -> None:
    await conn.execute(delete(unfinished_uploads).where(unfinished_uploads.c.id == upload_id))


async def forget_expired(conn: AsyncConnection, *, before: datetime) -> Sequence[str]:
    statement = (
        delete(unfinished_uploads).where(unfinished_uploads.c.expires_at < before).returning(unfinished_uploads.c.id)
    )
    return (await conn.scalars(statement)).all()


async def known_unfinished(conn: AsyncConnection, ids: Sequence[str]) -> set[str]:
    """Those of the ids that are on their way."""
    return set((await conn.scalars(select(unfinished_uploads.c.id).where(unfinished_uploads.c.id.in_(ids)))).all())
