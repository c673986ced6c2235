"""A connection beside the pool: it is opened anew when it died, and after anything that went wrong on it."""

import pytest

from kit import db as kit_db
from kit.db import Database, Line

pytestmark = pytest.mark.anyio


async def _backend(line: Line) -> int:
    async with line.held() as conn:
        row = await (await conn.execute("select pg_backend_pid()")).fetchone()
    assert row is not None
    return row[0]


async def test_one_connection_serves_until_it_dies(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    line = db.line()
    first = await _backend(line)
    assert await _backend(line) == first
    async with db.connect() as conn:
        await conn.exec_driver_sql(f"select pg_terminate_backend({first})")
    monkeypatch.setattr(kit_db, "_TRUSTED_SECONDS", 0.0)
    assert await _backend(line) != first
    await line.close()


async def test_what_went_wrong_is_left_behind(db: Database) -> None:
    line = db.line()
    first = await _backend(line)
    with pytest.raises(ZeroDivisionError):
        async with line.held() as conn, conn.transaction():
            await conn.execute("create table half_done (id int)")
            raise ZeroDivisionError
    assert await _backend(line) != first
    async with line.held() as conn:
        row = await (await conn.execute("select to_regclass('half_done')")).fetchone()
    assert row == (None,)
    await line.close()
