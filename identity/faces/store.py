"""The gallery's SQL: takes a connection in the caller's transaction, returns rows."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from psycopg.rows import class_row
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from identity.faces.tables import face_consents, face_deletions, face_gallery, face_keys, face_searches, vector_text
from kit import ids
from kit.db import raw

# Of vectors of length 1 the negative inner product orders as the distance does, and is cheaper. The gallery is counted by
# its keys: as many rows, but a tenth of the bytes.
_NEAREST: Final = """
with near as materialized (
  select ref, vector <#> %(probe)s::vector as distance
  from face_gallery where rotation = %(rotation)s order by distance limit %(count)s
)
select ref, template, wrapped, (select count(*) from face_keys) as gallery_size
from near join face_gallery using (ref) join face_keys using (ref) order by distance
"""


class Near(NamedTuple):
    """A face near the one searched for, and how many were searched."""

    ref: str
    template: bytes
    wrapped: bytes
    gallery_size: int


async def add_consent(conn: AsyncConnection, *, ref: str, purpose: str, wording: str, given_at: datetime) -> str:
    """Appends what a person allowed; gives its id."""
    consent_id = ids.new_id("fco")
    await conn.execute(
        insert(face_consents).values(id=consent_id, ref=ref, purpose=purpose, wording=wording, given_at=given_at)
    )
    return consent_id


async def put_face(conn: AsyncConnection, *, wrapped_key: bytes, ref: str, **gallery: Any) -> None:
    """Sets a person's key and face; what was there under an older key is gone."""
    key = insert(face_keys).values(ref=ref, wrapped=wrapped_key)
    # The key's row first, here and when erasing: two calls for one person take turns on it.
    await conn.execute(key.on_conflict_do_update(index_elements=["ref"], set_={"wrapped": key.excluded.wrapped}))
    face = insert(face_gallery).values(ref=ref, **gallery)
    await conn.execute(
        face.on_conflict_do_update(index_elements=["ref"], set_={name: face.excluded[name] for name in gallery})
    )


async def erase_face(conn: AsyncConnection, *, ref: str, at: datetime) -> bool:
    """Removes key, template and vector and records that; False when there was no face."""
    held = await conn.execute(select(face_keys.c.ref).where(face_keys.c.ref == ref).with_for_update())
    if held.first() is None:
        return False
    gone = await conn.execute(
        delete(face_gallery).where(face_gallery.c.ref == ref).returning(face_gallery.c.consent_id)
    )
    await conn.execute(delete(face_keys).where(face_keys.c.ref == ref))
    await conn.execute(
        insert(face_deletions).values(id=ids.new_id("fde"), ref=ref, consent_id=gone.scalar_one(), deleted_at=at)
    )
    return True


async def nearest(conn: AsyncConnection, *, rotation: str, probe: Sequence[float], count: int) -> list[Near]:
    """The nearest faces by an exact scan of those turned alike, nearest first."""
    cursor = (await raw(conn)).cursor(row_factory=class_row(Near))
    given = {"probe": vector_text(probe), "rotation": rotation, "count": count}
    return await (await cursor.execute(_NEAREST, given, prepare=True)).fetchall()


async def log_search(conn: AsyncConnection, **values: Any) -> None:
    """Appends one search: at, purpose, ref, outcome, score, calibration, gallery_size."""
    await conn.execute(insert(face_searches).values(id=ids.new_id("fse"), **values))
