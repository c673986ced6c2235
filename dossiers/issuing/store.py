"""SQL of signed papers."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from dossiers.tables import signed_results


async def signed(conn: AsyncConnection, branch_id: str, made_at: datetime) -> bytes | None:
    """A result's paper as it was signed."""
    query = select(signed_results.c.pdf).where(
        signed_results.c.branch_id == branch_id, signed_results.c.made_at == made_at
    )
    return await conn.scalar(query)


async def keep(conn: AsyncConnection, row: dict[str, Any]) -> bytes:
    """The paper that stands: this one, or the one that was kept before it."""
    made = await conn.execute(upsert(signed_results).values(**row).on_conflict_do_nothing())
    if made.rowcount == 1:
        return row["pdf"]
    held = await signed(conn, row["branch_id"], row["made_at"])
    assert held is not None
    return held
