"""Waiting for PostgreSQL: the event loop watches a connection's socket for as long as a transaction is open.

The library has the loop watch the socket anew for every answer, with a timer beside it; a transaction here has five to twelve answers.
"""

import asyncio
from typing import Any, cast

import psycopg
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus
from psycopg.waiting import READY_R, WAIT_W


class Waiting(psycopg.AsyncConnection[Any]):
    """A connection that waits so. Everything but the waiting for an answer is left to the library: what is too long to be sent at once,
    a wait with an end, and what is interrupted, whose statement it cancels on the server."""

    _watched: tuple[asyncio.AbstractEventLoop, int] | None = None
    _heard: asyncio.Future[None] | None = None

    @property
    def watched(self) -> bool:
        """Whether the event loop looks at the socket now."""
        return self._watched is not None

    async def wait(self, gen: PQGen[Any], interval: float = 0.1, timeout: float | None = None) -> Any:  # noqa: ASYNC109 - the library's own signature
        if timeout is not None:
            self._watch_no_more()
            return await super().wait(gen, interval, timeout)
        try:
            first: Any = next(gen)
            while not first & WAIT_W:
                self._heard = self._watch().create_future()
                await self._heard
                first = gen.send(READY_R)
        except StopIteration as end:
            if self.pgconn.transaction_status == TransactionStatus.IDLE:
                self._watch_no_more()
            return end.value
        except (asyncio.CancelledError, KeyboardInterrupt) as interruption:
            first = interruption
        except BaseException:
            # A socket that broke is closed by now, and the next file gets its number.
            self._watch_no_more()
            raise
        finally:
            self._heard = None
        self._watch_no_more()
        return await super().wait(cast("PQGen[Any]", _Begun(gen, first)), interval)

    async def close(self) -> None:
        self._watch_no_more()
        await super().close()

    def _watch(self) -> asyncio.AbstractEventLoop:
        loop = asyncio.get_running_loop()
        if self._watched is None:
            self._watched = (loop, self.pgconn.socket)
            loop.add_reader(self.pgconn.socket, self._hear)
        return loop

    def _watch_no_more(self) -> None:
        if self._watched is not None:
            (loop, socket), self._watched = self._watched, None
            loop.remove_reader(socket)

    def _hear(self) -> None:
        if self._heard is not None and not self._heard.done():
            self._heard.set_result(None)
        elif self._heard is None:
            # Nobody asked: the server says that it goes. Whoever asks next finds out; until then the loop would call without end.
            self._watch_no_more()


class _Begun:
    """A generator that has begun, for the library to go on with: what it waits for, or what interrupted it, comes first."""

    def __init__(self, gen: PQGen[Any], first: Any) -> None:
        self._gen, self._first = gen, first

    def __next__(self) -> Any:
        return self.send(None)

    def send(self, ready: Any) -> Any:
        first, self._first = self._first, None
        if isinstance(first, BaseException):
            raise first
        return self._gen.send(ready) if first is None else first
