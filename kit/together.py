"""What is asked while the last answer is under way goes together in the next: one round trip, one commit for all of it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from contextvars import Context
from itertools import islice
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Together(Generic[T, R]):
    """`do` answers several items at once, in their order; who asks waits for the answer to their own.

    What `do` raises reaches everybody whose item it held. An item that comes alone goes alone. Behind several that went together the
    next wait until they are as many, or none has come for `company` seconds: whoever was answered comes back, and not all at the same
    moment. Nobody waits longer than four times that.
    """

    def __init__(
        self, do: Callable[[list[T]], Awaitable[Sequence[R]]], *, most: int = 64, company: float = 0.0
    ) -> None:
        self._do, self._most, self._company = do, most, company
        self._waiting: list[tuple[list[T], asyncio.Future[list[R]]]] = []
        self._work: asyncio.Task[None] | None = None
        self._came = asyncio.Event()

    async def ask(self, item: T) -> R:
        return (await self.ask_all([item]))[0]

    async def ask_all(self, items: list[T]) -> list[R]:
        """The answers to several that go in one batch, however large."""
        mine: asyncio.Future[list[R]] = asyncio.get_running_loop().create_future()
        self._waiting.append((items, mine))
        self._came.set()
        if self._work is None:
            # A context of its own: what is logged there is no one request's.
            self._work = asyncio.get_running_loop().create_task(self._answer_all(), context=Context())
        return await mine

    async def _answer_all(self) -> None:
        try:
            while self._waiting:
                now = self._next()
                await self._answer(now)
                if self._company and len(now) > 1:
                    await self._gather(len(now))
        finally:
            self._work = None

    async def _gather(self, wanted: int) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(4 * self._company):
                while len(self._waiting) < wanted:
                    self._came.clear()
                    await asyncio.wait_for(self._came.wait(), self._company)

    def _next(self) -> list[tuple[list[T], "asyncio.Future[list[R]]"]]:
        """Who goes now: as many as are not too many, one at least."""
        count = 0
        for n, (items, _) in enumerate(self._waiting):
            count += len(items)
            if n and count > self._most:
                now, self._waiting = self._waiting[:n], self._waiting[n:]
                return now
        now, self._waiting = self._waiting, []
        return now

    async def _answer(self, asked: list[tuple[list[T], "asyncio.Future[list[R]]"]]) -> None:
        try:
            answers = await self._do([item for items, _ in asked for item in items])
        except Exception as error:
            for _, mine in asked:
                if not mine.done():
                    mine.set_exception(error)
            return
        except asyncio.CancelledError:
            for _, mine in asked:
                mine.cancel()
            raise
        given = iter(answers)
        for items, mine in asked:
            told = list(islice(given, len(items)))
            # Who asked may be gone by now.
            if not mine.done():
                mine.set_result(told)
