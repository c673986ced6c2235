"""What is asked while the last answer is under way goes together in the next: one round trip, one commit for all of it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Together(Generic[T, R]):
    """`do` answers several items at once, in their order; who asks waits for the answer to their own.

    What `do` raises reaches everybody whose item it held. Nobody waits for company: an item that comes alone goes alone.
    """

    def __init__(self, do: Callable[[list[T]], Awaitable[Sequence[R]]], *, most: int = 64) -> None:
        self._do, self._most = do, most
        self._waiting: list[tuple[T, asyncio.Future[R]]] = []
        self._work: asyncio.Task[None] | None = None

    async def ask(self, item: T) -> R:
        mine: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, mine))
        if self._work is None:
            # A context of its own: what is logged there is no one request's.
            self._work = asyncio.get_running_loop().create_task(self._answer_all(), context=Context())
        return await mine

    async def _answer_all(self) -> None:
        try:
            while self._waiting:
                now, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
                await self._answer(now)
        finally:
            self._work = None

    async def _answer(self, asked: list[tuple[T, "asyncio.Future[R]"]]) -> None:
        try:
            answers = await self._do([item for item, _ in asked])
        except Exception as error:
            for _, mine in asked:
                if not mine.done():
                    mine.set_exception(error)
            return
        except asyncio.CancelledError:
            for _, mine in asked:
                mine.cancel()
            raise
        for (_, mine), answer in zip(asked, answers, strict=True):
            # Who asked may be gone by now.
            if not mine.done():
                mine.set_result(answer)
