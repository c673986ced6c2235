"""Inference in processes of its own: spawned, warmed, bounded, replaced when one dies; the event loop never waits on a model."""

import asyncio
import ctypes
import importlib
import os
import resource
import signal
import sys
from collections.abc import Callable
from concurrent.futures import BrokenExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from kit.refusal import Refusal

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor

T = TypeVar("T")

_PR_SET_PDEATHSIG = 1


class Busy(Refusal):
    status = 503
    code = "inference-busy"
    vi = "Đang có nhiều ảnh chờ xử lý. Hãy thử lại sau {seconds} giây."
    en = "Many photos are waiting. Try again in {seconds} seconds."


class WorkerLost(Refusal):
    status = 503
    code = "inference-worker-lost"
    vi = "Máy đọc ảnh vừa khởi động lại. Hãy gửi lại ảnh."
    en = "The photo reader just restarted. Send the photo again."


def _settle(warm: tuple[str, ...], parent: int) -> None:
    """First thing in each worker: die with the parent, leave nothing behind, yield the processor to the event loop, load the models."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(0)
    # A decoder that crashes must not leave somebody's face in a core file.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(10)
    # Workers share the cores by being several; one that also spread over all of them would only wait for the others.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    for name in warm:
        module, _, function = name.partition(":")
        getattr(importlib.import_module(module), function)()


def _in_time(seconds: int, function: Callable[..., T], args: tuple[Any, ...]) -> T:
    """Ends the whole process when time is up: a decoder caught in a loop hears nothing else."""
    signal.alarm(seconds)
    try:
        return function(*args)
    finally:
        signal.alarm(0)


class InferencePool:
    """`warm` names functions (`ocr:warm`) that load models; they run in each worker before its first photo.

    A photo that keeps a worker busy for `longest_seconds` costs that worker, as one that crashes it does.
    """

    def __init__(self, *, workers: int, queue: int, warm: tuple[str, ...] = (), longest_seconds: int = 120) -> None:
        self._longest_seconds = longest_seconds
        self._workers, self._warm = workers, warm
        self._places = workers + queue
        self._taken = 0
        self._executor = self._start()

    def _start(self) -> "ProcessPoolExecutor":
        # Here, so that importing the app does not wait for them.
        import multiprocessing
        from concurrent.futures import ProcessPoolExecutor

        # Spawn, never fork: the event loop's threads and sockets must not be copied into a model process.
        return ProcessPoolExecutor(
            max_workers=self._workers,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_settle,
            initargs=(self._warm, os.getpid()),
        )

    @property
    def waiting(self) -> int:
        """Photos taken in and not yet answered."""
        return self._taken

    async def warm_up(self) -> None:
        """Starts every worker now instead of at the first photo."""
        await asyncio.gather(*(asyncio.wrap_future(self._executor.submit(os.getpid)) for _ in range(self._workers)))

    async def run(self, function: Callable[..., T], *args: Any) -> T:
        """Runs a module-level function in a worker; its Refusals come back as themselves. Raises Busy, WorkerLost."""
        if self._taken >= self._places:
            raise Busy(seconds=5, retry_after_seconds=5)
        executor = self._executor
        self._taken += 1
        try:
            return await asyncio.wrap_future(executor.submit(_in_time, self._longest_seconds, function, args))
        except BrokenExecutor as error:
            # Whoever notices first replaces the pool; the others see a new one already.
            if self._executor is executor:
                self._executor = self._start()
                executor.shutdown(wait=False)
            raise WorkerLost(retry_after_seconds=2) from error
        finally:
            self._taken -= 1

    def close(self) -> None:
        self._executor.shutdown(wait=False, cancel_futures=True)
