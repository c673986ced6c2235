"""Prepared statements on the driver's own connection."""

from typing import Any, LiteralString

import psycopg
from psycopg.rows import namedtuple_row
from sqlalchemy.ext.asyncio import AsyncConnection

from kit.db import raw


async def one(conn: AsyncConnection, query: LiteralString, values: dict[str, Any]) -> Any:
    async with (await raw(conn)).cursor(row_factory=namedtuple_row) as cursor:
        await cursor.execute(query, values, prepare=True)
        return await cursor.fetchone()


async def run(conn: AsyncConnection, query: LiteralString, values: dict[str, Any]) -> int:
    cursor: psycopg.AsyncCursor[Any] = await (await raw(conn)).execute(query, values, prepare=True)
    return cursor.rowcount
