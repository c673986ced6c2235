"""A connection beside the pool: it is opened anew when it died, and after anything that went wrong on it."""

import asyncio
import json

import psycopg
import pytest

from kit.db import Database
from kit.line import Line

pytestmark = pytest.mark.anyio


async def _backend(line: Line) -> int:
    return json.loads(await line.ask("select to_json(pg_backend_pid()) where $1::json is not null", {}))


async def test_one_connection_serves_until_it_dies(db: Database) -> None:
    line = db.line()
    first = await _backend(line)
    assert await _backend(line) == first
    for pause in (0.0, 0.2):  # gone before the event loop heard of it, and after
        async with db.connect() as conn:
            await conn.exec_driver_sql(f"select pg_terminate_backend({first}, 10000)")
        await asyncio.sleep(pause)
        second = await _backend(line)
        assert second != first
        first = second
    await line.close()


async def test_what_went_wrong_is_left_behind(db: Database) -> None:
    line = db.line()
    first = await _backend(line)
    with pytest.raises(psycopg.errors.DivisionByZero):
        await line.ask("select to_json(1 / ($1::json->>'n')::int)", {"n": 0})
    assert await _backend(line) != first
    with pytest.raises(psycopg.errors.SyntaxError):
        await line.ask("select select $1", {})
    assert json.loads(await line.ask("select to_json(1 / ($1::json->>'n')::int)", {"n": 1})) == 1
    await line.close()


async def test_who_gives_up_waiting_costs_the_connection(db: Database) -> None:
    """The answer that was no longer wanted must not be taken for that to the next question."""
    line = db.line()
    first = await _backend(line)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(line.ask("select to_json(1) from pg_sleep(5) where $1::json is not null", {}), 0.1)
    assert await _backend(line) != first
    await line.close()


async def test_more_than_a_socket_holds(db: Database) -> None:
    line = db.line()
    much = ["x" * 1000] * 8000
    assert json.loads(await line.ask("select $1::json", much)) == much
    await line.close()
