"""How this store speaks to PostgreSQL: prepared statements on the driver's own connection, for every request passes here."""

from typing import Any, LiteralString

import psycopg
from psycopg.rows import namedtuple_row
from psycopg.types.json import Jsonb
from sqlalchemy.ext.asyncio import AsyncConnection

from kit.db import Direct, raw, to_json


async def one(conn: AsyncConnection | Direct, query: LiteralString, values: dict[str, Any]) -> Any:
    """The first row, or None."""
    async with (await raw(conn)).cursor(row_factory=namedtuple_row) as cursor:
        await cursor.execute(query, values, prepare=True)
        return await cursor.fetchone()


async def every(conn: AsyncConnection | Direct, query: LiteralString, values: dict[str, Any]) -> list[Any]:
    async with (await raw(conn)).cursor(row_factory=namedtuple_row) as cursor:
        await cursor.execute(query, values, prepare=True)
        return await cursor.fetchall()


async def run(conn: AsyncConnection, query: LiteralString, values: dict[str, Any]) -> int:
    """How many rows it changed."""
    cursor: psycopg.AsyncCursor[Any] = await (await raw(conn)).execute(query, values, prepare=True)
    return cursor.rowcount


def as_json(value: Any) -> Jsonb | None:
    return None if value is None else Jsonb(to_json(value))
