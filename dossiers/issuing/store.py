"""SQL of signed papers."""

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from dossiers.tables import signed_results


class Key(msgspec.Struct, frozen=True):
    """Which paper of which branch, by the instant that it is about."""

    branch_id: str
    paper: str
    made_at: datetime


async def signed(conn: AsyncConnection, key: Key) -> bytes | None:
    """A paper as it was signed."""
    query = select(signed_results.c.pdf).where(
        signed_results.c.branch_id == key.branch_id,
        signed_results.c.paper == key.paper,
        signed_results.c.made_at == key.made_at,
    )
    return await conn.scalar(query)


async def keep(conn: AsyncConnection, key: Key, row: dict[str, Any]) -> bytes:
    """The paper that stands: this one, or the one that was kept before it."""
    values = msgspec.structs.asdict(key) | row
    made = await conn.execute(upsert(signed_results).values(**values).on_conflict_do_nothing())
    if made.rowcount == 1:
        return row["pdf"]
    held = await signed(conn, key)
    assert held is not None
    return held
