"""The gallery's SQL: takes a connection in the caller's transaction, returns rows."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from psycopg.rows import class_row
from sqlalchemy import bindparam, delete, func, select, union_all, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from identity.faces.tables import (
    face_changes,
    face_consents,
    face_deletions,
    face_gallery,
    face_guards,
    face_keys,
    face_pictures,
    face_rotations,
    vector_text,
)
from kit import ids
from kit.db import raw

# Of vectors of length 1 the negative inner product orders as the distance does, and is cheaper.
_NEAREST: Final = """
with near as materialized (
  select ref, vector <#> %(probe)s::vector as distance
  from face_gallery where change = any(%(changes)s::bigint[]) and rotation = %(rotation)s order by distance limit %(count)s
)
select ref, template, wrapped
from near join face_gallery using (ref) join face_keys using (ref) order by distance
"""


class Near(NamedTuple):
    """A face near the one searched for."""

    ref: str
    template: bytes
    wrapped: bytes


# The signs of a face's first 128 dimensions (`index`) go out as pgvector packs them, after their count; one that is gone has
# none. Twenty thousand in one value
# are read at once by whoever keeps them, where as many rows would be unpacked one by one.
_CHANGES: Final = """
with changed as (
  (select change, ref, case when rotation = %(rotation)s then bit_send(binary_quantize(subvector(vector, 1, 128)))
     else decode(repeat('00', 20), 'hex') end as signs
   from face_gallery where change > %(after)s and (rotation = %(rotation)s or not %(anew)s::bool)
   order by change limit %(limit)s)
  union all
  (select change, ref, decode(repeat('00', 20), 'hex')
   from face_deletions where change > %(after)s and not %(anew)s::bool order by change limit %(limit)s)
  order by change limit %(limit)s
)
select array_agg(ref order by change) as refs, string_agg(int8send(change) || signs, '' order by change) as packed,
  case when count(*) < %(limit)s then (select last from face_changes) else max(change) end as upto,
  count(*) < %(limit)s as complete
from changed
"""


_ROTATIONS: Final = "select name, sealed from face_rotations where model = %(model)s order by number"

_LOG: Final = """
insert into face_searches (id, at, purpose, ref, outcome, score, calibration, gallery_size)
values (%(id)s, %(at)s, %(purpose)s, %(ref)s, %(outcome)s, %(score)s, %(calibration)s, %(gallery_size)s)
"""


class SealedRotation(NamedTuple):
    """A secret turn as it lies there."""

    name: str
    sealed: bytes


class SeenPicture(NamedTuple):
    """A picture seen before; `session` and `number` are keyed marks of whose it was."""

    id: str
    session: bytes
    number: bytes
    sealed: bytes


class Changed(NamedTuple):
    """A page of what changed in the gallery, in order; both None when nothing did. `upto` is where the next page begins."""

    refs: list[str] | None
    packed: bytes | None
    upto: int
    complete: bool


async def add_consent(conn: AsyncConnection, *, ref: str, purpose: str, wording: str, given_at: datetime) -> str:
    """Appends what a person allowed; gives its id."""
    consent_id = ids.new_id("fco")
    await conn.execute(
        insert(face_consents).values(id=consent_id, ref=ref, purpose=purpose, wording=wording, given_at=given_at)
    )
    return consent_id


async def put_key(conn: AsyncConnection, *, ref: str, wrapped: bytes) -> None:
    """Sets a person's key; what was there under an older one opens no more.

    The key's row first, whoever puts, turns or erases a face, and the row of changes after it: calls for one person take turns on it.
    """
    key = insert(face_keys).values(ref=ref, wrapped=wrapped)
    await conn.execute(key.on_conflict_do_update(index_elements=["ref"], set_={"wrapped": key.excluded.wrapped}))


async def put_face(conn: AsyncConnection, *, ref: str, **gallery: Any) -> None:
    """Sets a person's face, by the change number taken for it."""
    face = insert(face_gallery).values(ref=ref, **gallery)
    await conn.execute(
        face.on_conflict_do_update(index_elements=["ref"], set_={name: face.excluded[name] for name in gallery})
    )


async def erase_face(conn: AsyncConnection, *, ref: str, at: datetime) -> bool:
    """Removes key, template and vector and records that; False when there was no face."""
    held = await conn.execute(select(face_keys.c.ref).where(face_keys.c.ref == ref).with_for_update())
    if held.first() is None:
        return False
    change = await take_changes(conn, 1)
    gone = await conn.execute(
        delete(face_gallery).where(face_gallery.c.ref == ref).returning(face_gallery.c.consent_id)
    )
    await conn.execute(delete(face_keys).where(face_keys.c.ref == ref))
    await conn.execute(
        insert(face_deletions).values(
            id=ids.new_id("fde"), ref=ref, consent_id=gone.scalar_one(), deleted_at=at, change=change
        )
    )
    return True


async def changes(conn: AsyncConnection, *, rotation: str, after: int, limit: int, anew: bool) -> Changed:
    """What changed in the gallery after a change number: faces put there under this rotation, and, for who knows of any
    (not `anew`), faces taken out or put under another."""
    cursor = (await raw(conn)).cursor(row_factory=class_row(Changed))
    given = {"rotation": rotation, "after": after, "limit": limit, "anew": anew}
    page = await (await cursor.execute(_CHANGES, given, prepare=True)).fetchone()
    assert page is not None
    return page


async def nearest(
    conn: AsyncConnection, *, rotation: str, probe: Sequence[float], candidates: Collection[int], count: int
) -> list[Near]:
    """The nearest of the faces put there by these changes, exactly, as they stand now; nearest first."""
    cursor = (await raw(conn)).cursor(row_factory=class_row(Near))
    given = {"probe": vector_text(probe), "rotation": rotation, "changes": list(candidates), "count": count}
    return await (await cursor.execute(_NEAREST, given, prepare=True)).fetchall()


async def log_search(conn: AsyncConnection, **values: Any) -> None:
    """Appends one search: at, purpose, ref, outcome, score, calibration, gallery_size."""
    await (await raw(conn)).execute(_LOG, {"id": ids.new_id("fse"), **values}, prepare=True)


async def enrolled(conn: AsyncConnection) -> list[str]:
    return list(await conn.scalars(select(face_gallery.c.ref)))


async def put_guard(conn: AsyncConnection, *, ref: str, **consent: Any) -> bool:
    held = await conn.execute(select(face_gallery.c.ref).where(face_gallery.c.ref == ref).with_for_update())
    if held.first() is None:
        return False
    guard = insert(face_guards).values(ref=ref, consent_id=await add_consent(conn, ref=ref, **consent))
    await conn.execute(
        guard.on_conflict_do_update(index_elements=["ref"], set_={"consent_id": guard.excluded.consent_id})
    )
    return True


async def end_guard(conn: AsyncConnection, *, ref: str) -> None:
    await conn.execute(delete(face_guards).where(face_guards.c.ref == ref))


async def guarded(conn: AsyncConnection) -> list[str]:
    return list(await conn.scalars(select(face_guards.c.ref)))


async def kept(conn: AsyncConnection, *, ref: str) -> list[Any]:
    """purpose, wording and given_at of the consents that a kept face stands on: to be found, and to be watched for."""
    behind = union_all(*(select(held.c.consent_id).where(held.c.ref == ref) for held in (face_gallery, face_guards)))
    query = select(face_consents).where(face_consents.c.id.in_(behind)).order_by(face_consents.c.id)
    return list((await conn.execute(query)).all())


async def queue_up(conn: AsyncConnection, what: str) -> None:
    """Until the transaction ends nobody else gets past here who names the same."""
    await conn.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"faces/{what}", 0))))


async def pictures(
    conn: AsyncConnection, *, kinds: Collection[str], marks: list[int], at: datetime
) -> list[SeenPicture]:
    """Those that share a mark and whose time is not over."""
    seen = face_pictures.c
    statement = select(seen.id, seen.session, seen.number, seen.sealed).where(
        seen.marks.overlap(marks), seen.kind.in_(kinds), seen.expires_at > at
    )
    return [SeenPicture(*row) for row in await conn.execute(statement)]


async def add_picture(conn: AsyncConnection, **values: Any) -> None:
    await conn.execute(insert(face_pictures).values(**values))


async def forget_pictures(conn: AsyncConnection, *, at: datetime) -> None:
    await conn.execute(delete(face_pictures).where(face_pictures.c.expires_at <= at))


async def take_changes(conn: AsyncConnection, count: int) -> int:
    """The last of so many change numbers; until the transaction ends nobody else gets one."""
    taken = update(face_changes).values(last=face_changes.c.last + count).returning(face_changes.c.last)
    return (await conn.execute(taken)).scalar_one()


async def rotations(conn: AsyncConnection, *, model: str) -> list[SealedRotation]:
    """A model's secret turns, oldest first."""
    cursor = (await raw(conn)).cursor(row_factory=class_row(SealedRotation))
    return await (await cursor.execute(_ROTATIONS, {"model": model}, prepare=True)).fetchall()


async def add_rotation(conn: AsyncConnection, **values: Any) -> None:
    """One that new faces get from now on."""
    await conn.execute(insert(face_rotations).values(number=await take_changes(conn, 1), **values))


async def faces_under(conn: AsyncConnection, *, rotations: list[str], after: str, limit: int) -> list[Near]:
    """The next faces under these turns, by ref; nobody else changes them until the transaction ends."""
    there = select(face_gallery.c.ref).where(face_gallery.c.rotation.in_(rotations), face_gallery.c.ref > after)
    some = there.order_by(face_gallery.c.ref).limit(limit)
    held = select(face_keys.c.ref).where(face_keys.c.ref.in_(some)).order_by(face_keys.c.ref)
    refs = (await conn.scalars(held.with_for_update())).all()
    # Only now: who enrolled again while the row was waited for is under the new turn.
    rows = await conn.execute(
        select(face_gallery.c.ref, face_gallery.c.template, face_keys.c.wrapped)
        .join(face_keys, face_keys.c.ref == face_gallery.c.ref)
        .where(face_gallery.c.ref.in_(refs), face_gallery.c.rotation.in_(rotations))
        .order_by(face_gallery.c.ref)
    )
    return [Near(*row) for row in rows]


async def turn_faces(conn: AsyncConnection, *, rotation: str, faces: Sequence[tuple[str, Sequence[float]]]) -> None:
    """Puts faces, refs and vectors, under a turn."""
    if not faces:
        return
    first = await take_changes(conn, len(faces)) - len(faces) + 1
    await conn.execute(
        update(face_gallery)
        .where(face_gallery.c.ref == bindparam("of"))
        .values(vector=bindparam("turned"), rotation=rotation, change=bindparam("number")),
        [{"of": ref, "turned": turned, "number": number} for number, (ref, turned) in enumerate(faces, first)],
    )


async def end_rotations(conn: AsyncConnection, names: list[str]) -> int:
    """Forgets these turns unless faces are still under them: how many."""
    under = select(func.count()).select_from(face_gallery).where(face_gallery.c.rotation.in_(names))
    left = (await conn.execute(under)).scalar_one()
    if not left:
        await conn.execute(delete(face_rotations).where(face_rotations.c.name.in_(names)))
    return left
