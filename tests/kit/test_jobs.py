"""Work is a row: there with the commit, gone with the rollback, run once, retried after a kill."""

from typing import Any

import psycopg
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
