"""Work is a row: there with the commit, gone with the rollback, run once, retried after a kill."""

import asyncio
import time
from typing import Any, LiteralString

import psycopg
import psycopg.conninfo
import psycopg.sql
import pytest

from kit.db import Database, raw
from kit.jobs import Jobs, Task


class _Services:
    def __init__(self) -> None:
        self.done: list[Any] = []
        self.fail_first = True


async def _note(services: _Services, what: str) -> None:
    services.done.append(what)


async def _stumble(services: _Services) -> None:
    if services.fail_first:
        services.fail_first = False
        raise RuntimeError("the first time it stumbles")
    services.done.append("stood up")


@pytest.fixture
def jobs(db: Database) -> tuple[Jobs, _Services]:
    services = _Services()
    made = Jobs(db.url, [Task("t.note", _note), Task("t.stumble", _stumble, attempts=3)])
    made.serve(services)
    return made, services


@pytest.mark.anyio
async def test_a_job_shares_the_fate_of_its_transaction(db: Database, jobs: tuple[Jobs, _Services]) -> None:
    made, services = jobs
    with pytest.raises(RuntimeError, match="rolled back"):
        async with db.begin() as conn:
            await made.defer(await raw(conn), "t.note", what="never")
            raise RuntimeError("rolled back")
    async with db.begin() as conn:
        await made.defer(await raw(conn), "t.note", what="kept")
    await made.work(until_idle=True)
    assert services.done == ["kept"]


@pytest.mark.anyio
async def test_the_job_of_a_killed_worker_is_freed_and_tried_again(db: Database, jobs: tuple[Jobs, _Services]) -> None:
    """A worker killed in mid-job leaves `doing` and its lock for ever, in procrastinate's own rules."""
    made, services = jobs
    async with db.begin() as conn:
        await made.defer(await raw(conn), "t.note", lock="one", what="orphan")
    async with await psycopg.AsyncConnection.connect(db.url, autocommit=True) as conn:
        # What the database looks like when its worker has died a while ago.
        await conn.execute(
            "update procrastinate_jobs set status = 'doing', worker_id = null where task_name = 't.note'"
        )
    await made.work(until_idle=True)
    assert services.done == []
    async with db.begin() as conn:
        await made.defer(await raw(conn), "kit.retry_stalled")
    await made.work(until_idle=True)
    await made.work(until_idle=True)
    assert services.done == ["orphan"]


@pytest.mark.anyio
async def test_a_job_that_kills_its_workers_is_set_aside(db: Database, jobs: tuple[Jobs, _Services]) -> None:
    """What a lost worker left was tried again without end: one job that kills workers killed them all, every minute."""
    made, services = jobs
    async with db.begin() as conn:
        await made.defer(await raw(conn), "t.stumble", lock="poison")
    async with await psycopg.AsyncConnection.connect(db.url, autocommit=True) as conn:
        await conn.execute(
            "update procrastinate_jobs set status = 'doing', worker_id = null, attempts = 3 where lock = 'poison'"
        )
        async with db.begin() as deferring:
            await made.defer(await raw(deferring), "kit.retry_stalled")
        await made.work(until_idle=True)
        row = await (await conn.execute("select status from procrastinate_jobs where lock = 'poison'")).fetchone()
    assert row == ("failed",)
    assert services.done == []


_LISTENING = "select pid from pg_stat_activity where datname = %s and query like 'LISTEN%%'"


@pytest.mark.slow
@pytest.mark.anyio
async def test_a_worker_outlives_a_database_that_goes_away(db: Database, jobs: tuple[Jobs, _Services]) -> None:
    """A database started again ended `motcua worker` without an error, and no letter left until somebody started that as well."""
    made, services = jobs
    name = psycopg.conninfo.conninfo_to_dict(db.url)["dbname"]
    working = asyncio.create_task(made.work_for_ever())
    beside = psycopg.conninfo.make_conninfo(db.url, dbname="postgres")
    # What was being written down when the database went is lost in tasks of the library's own: the worker outlives that as well.
    loop = asyncio.get_running_loop()
    unheard = loop.get_exception_handler()
    loop.set_exception_handler(lambda _loop, context: None)
    try:
        async with await psycopg.AsyncConnection.connect(beside, autocommit=True) as conn:
            await _until(conn, _LISTENING, name)
            allow = psycopg.sql.SQL("alter database {} allow_connections {}")
            await conn.execute(allow.format(psycopg.sql.Identifier(str(name)), False))
            try:
                await conn.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", (name,))
                await asyncio.sleep(1)
            finally:
                await conn.execute(allow.format(psycopg.sql.Identifier(str(name)), True))
            await _until(conn, _LISTENING, name)
        async with db.begin() as deferring:
            await made.defer(await raw(deferring), "t.note", what="afterwards")
        async with await psycopg.AsyncConnection.connect(db.url, autocommit=True) as conn:
            done = "select 1 where not exists (select from procrastinate_jobs where task_name = %s)"
            await _until(conn, done, "t.note")
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        loop.set_exception_handler(unheard)
    assert services.done == ["afterwards"]


async def _until(conn: "psycopg.AsyncConnection[Any]", query: LiteralString, arg: Any) -> Any:
    """The first column of its first row, once there is one."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if row := await (await conn.execute(query, (arg,))).fetchone():
            return row[0]
        await asyncio.sleep(0.05)
    raise AssertionError(f"not within 30 s: {query}")
