"""Work that must happen is a row: deferred on the transaction that causes it, run by a worker, retried until it is done."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, LiteralString

import msgspec
import psycopg
from psycopg.types.json import Jsonb

Work = Callable[..., Awaitable[None]]

_log = logging.getLogger("motcua.jobs")

STALLED_AFTER_SECONDS = 30

# Procrastinate's own function, which it keeps for callers of before; its Python way of calling it costs more than the row itself.
_DEFER = """
select procrastinate_defer_jobs_v1(array[row('default', %s::text, 0, %s::text, null, %s::jsonb, %s::timestamptz)::procrastinate_job_to_defer_v1])
"""


def deferred(args: LiteralString) -> LiteralString:
    """SQL that defers the job `job` within the statement that causes it, with what the SQL of `args`, a jsonb, tells it."""
    return (
        "procrastinate_defer_jobs_v1(array[row('default', %(job)s::text, 0, null, null, " + args + ", null)"
        "::procrastinate_job_to_defer_v1])"
    )


DEFERRED: LiteralString = deferred("'{}'")
"""For a job that takes nothing."""


class Task(msgspec.Struct, frozen=True):
    """A named piece of work; `run` takes the services and the keyword arguments it was deferred with."""

    name: str
    run: Work
    attempts: int = 20
    cron: str | None = None


class Jobs:
    """One per process. Rooms hand in their tasks; each is given the services first."""

    def __init__(self, database_url: str, tasks: Sequence[Task]) -> None:
        # Here, so that importing the app does not wait for it.
        import procrastinate

        self._procrastinate = procrastinate
        self._app = procrastinate.App(
            connector=procrastinate.PsycopgConnector(conninfo=_plain(database_url), min_size=1, max_size=4)
        )
        self._services: Any = None
        self._attempts: dict[str, int] = {}
        for task in tasks:
            self._register(task)
        self._register(Task("kit.retry_stalled", self._retry_stalled, cron="* * * * * */10"))

    def serve(self, services: Any) -> None:
        """Names what tasks stand on; they and the jobs know each other, so it comes after both exist."""
        self._services = services

    def _register(self, task: Task) -> None:
        # A periodic task is also told when it should have run, which none of ours needs.
        async def run(timestamp: int | None = None, **kwargs: Any) -> None:
            await task.run(self._services, **kwargs)

        self._attempts[task.name] = task.attempts
        retry = self._procrastinate.RetryStrategy(max_attempts=task.attempts, exponential_wait=2)
        registered = self._app.task(name=task.name, retry=retry)(run)
        if task.cron is not None:
            self._app.periodic(cron=task.cron)(registered)  # pyright: ignore[reportArgumentType]

    async def _retry_stalled(self, _services: Any) -> None:
        """Frees the jobs of killed workers, which else stay `doing` and keep their locks for ever.

        A job that has used up its attempts this way is set aside: it may be what kills them.
        """
        from procrastinate.jobs import Status

        manager = self._app.job_manager
        for job in await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_AFTER_SECONDS):
            extra = {"job": job.id, "task": job.task_name}
            if job.attempts >= self._attempts.get(job.task_name, 0):
                _log.error("job of a lost worker is set aside: it has been tried often enough", extra=extra)
                await manager.finish_job(job, Status.FAILED, delete_job=False)
                continue
            _log.warning("job of a lost worker is tried again", extra=extra)
            await manager.retry_job(job)

    async def defer(
        self,
        conn: psycopg.AsyncConnection[Any],
        name: str,
        *,
        lock: str | None = None,
        at: datetime | None = None,
        **kwargs: Any,
    ) -> None:
        """On the caller's transaction: the job exists exactly when what caused it does. Jobs of one `lock` run one at a time."""
        assert name in self._attempts, f"nobody would run {name}"
        await conn.execute(_DEFER, (name, lock, Jsonb(kwargs), at), prepare=True)

    async def work(self, *, concurrency: int = 4, until_idle: bool = False) -> None:
        """Runs jobs until cancelled (or, for tests, until none is left)."""
        async with self._app.open_async():
            await self._app.run_worker_async(
                concurrency=concurrency,
                wait=not until_idle,
                install_signal_handlers=False,
                delete_jobs="successful",
                fetch_job_polling_interval=5,
            )

    async def work_in_background(self) -> "asyncio.Task[None]":
        return asyncio.create_task(self.work_for_ever(), name="motcua-worker")

    async def work_for_ever(self, *, concurrency: int = 4) -> None:
        """Runs jobs until cancelled: a database that goes away ends `work`, with an error or without one, but not the process."""
        while True:
            try:
                await self.work(concurrency=concurrency)
                _log.error("worker stopped; starting it again in 2 s")
            except Exception:
                _log.exception("worker stopped; starting it again in 2 s")
            await asyncio.sleep(2)


def _plain(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://")
