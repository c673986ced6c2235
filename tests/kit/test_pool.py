"""Inference workers: refusals travel back, a dead worker is replaced, the queue is bounded."""

import asyncio
import os
import resource
import signal
import time

import pytest

from kit.limits import TooMany
from kit.pool import Busy, InferencePool, WorkerLost


def _add(a: int, b: int) -> int:
    return a + b


def _refuse() -> None:
    raise TooMany(retry_after_seconds=9)


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _threads() -> dict[str, str | None]:
    return {name: os.environ.get(name) for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")}


def _sleep(seconds: float) -> int:
    time.sleep(seconds)
    return os.getpid()


@pytest.mark.anyio
async def test_work_refusals_death_and_bounds() -> None:
    pool = InferencePool(workers=1, queue=1)
    try:
        assert await pool.run(_add, 2, 3) == 5
        with pytest.raises(TooMany) as told:
            await pool.run(_refuse)
        assert told.value.retry_after_seconds == 9
        with pytest.raises(WorkerLost):
            await pool.run(_die)
        assert await pool.run(_add, 1, 1) == 2, "a dead worker is replaced"
        two = [asyncio.create_task(pool.run(_sleep, 0.5)) for _ in range(2)]
        await asyncio.sleep(0.05)
        with pytest.raises(Busy) as full:
            await pool.run(_add, 1, 1)
        assert full.value.retry_after_seconds
        assert len(set(await asyncio.gather(*two))) == 1
        assert pool.waiting == 0
        assert await pool.run(_add, 4, 4) == 8
    finally:
        pool.close()


@pytest.mark.anyio
async def test_a_worker_that_crashes_leaves_no_photo_behind() -> None:
    """Where core files are on, a crash of a decoder wrote the photo it held to the disk, in the clear."""
    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    pool = InferencePool(workers=1, queue=1)
    try:
        assert await pool.run(resource.getrlimit, resource.RLIMIT_CORE) == (0, 0)
    finally:
        pool.close()
        resource.setrlimit(resource.RLIMIT_CORE, (soft, hard))


@pytest.mark.anyio
async def test_a_worker_keeps_to_one_core(monkeypatch: pytest.MonkeyPatch) -> None:
    # What an operator says otherwise holds; here a library that another test imported may have.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    pool = InferencePool(workers=1, queue=1)
    try:
        assert await pool.run(_threads) == {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    finally:
        pool.close()


@pytest.mark.anyio
async def test_a_photo_that_never_ends_costs_its_worker_not_the_house() -> None:
    """A worker in an endless loop was lost for ever, and two such photos stopped every card and face of the city."""
    pool = InferencePool(workers=1, queue=1, longest_seconds=1)
    try:
        with pytest.raises(WorkerLost):
            await pool.run(_sleep, 600)
        assert await pool.run(_add, 2, 3) == 5
        assert pool.waiting == 0
    finally:
        pool.close()
