"""Waiting for PostgreSQL: the event loop watches a connection's socket for as long as a transaction is open.

The library has the loop watch the socket anew for every answer, with a timer beside it; a transaction here has five to twelve answers.
"""

import asyncio
from collections.abc import Callable
from typing import Any, cast

import psycopg
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus
from psycopg.waiting import READY_R, WAIT_W

_LOOK_SECONDS = 1.0


class Watch:
    """A socket that the event loop watches until `end`: `hear` is called when something came, and once a second whether or not.

    uvloop tells once of a socket whose other end died with something unread, and then watches it no more: who was told reads the last
    words, waits for the end of the line, and would wait for ever. The library looks every tenth of a second, lest it miss an interruption.
    """

    def __init__(self, socket: int, hear: Callable[[], None]) -> None:
        self._socket, self._hear = socket, hear
        self.loop = asyncio.get_running_loop()
        self.loop.add_reader(socket, hear)
        self._next_look = self.loop.call_later(_LOOK_SECONDS, self._look)

    def _look(self) -> None:
        self._next_look = self.loop.call_later(_LOOK_SECONDS, self._look)
        self._hear()

    def end(self) -> None:
        """By the socket's number, and before anything else happens: it may be closed by now, and the next file gets that number."""
        self._next_look.cancel()
        self.loop.remove_reader(self._socket)


class Waiting(psycopg.AsyncConnection[Any]):
    """A connection that waits so. Everything but the waiting for an answer is left to the library: what is too long to be sent at once,
    a wait with an end, and what is interrupted, whose statement it cancels on the server."""

    _watch: Watch | None = None
    _heard: asyncio.Future[None] | None = None

    @property
    def watched(self) -> bool:
        """Whether the event loop looks at the socket now."""
        return self._watch is not None

    async def wait(self, gen: PQGen[Any], interval: float = 0.1, timeout: float | None = None) -> Any:  # noqa: ASYNC109 - the library's own signature
        if timeout is not None:
            self._watch_no_more()
            return await super().wait(gen, interval, timeout)
        try:
            first: Any = next(gen)
            while not first & WAIT_W:
                self._watch = self._watch or Watch(self.pgconn.socket, self._hear)
                self._heard = self._watch.loop.create_future()
                await self._heard
                first = gen.send(READY_R)
        except StopIteration as end:
            if self.pgconn.transaction_status == TransactionStatus.IDLE:
                self._watch_no_more()
            return end.value
        except (asyncio.CancelledError, KeyboardInterrupt) as interruption:
            first = interruption
        except BaseException:
            self._watch_no_more()
            raise
        finally:
            self._heard = None
        self._watch_no_more()
        return await super().wait(cast("PQGen[Any]", _Begun(gen, first)), interval)

    async def close(self) -> None:
        self._watch_no_more()
        await super().close()

    def _watch_no_more(self) -> None:
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.end()

    def _hear(self) -> None:
        if self._heard is not None and not self._heard.done():
            self._heard.set_result(None)
        elif self._heard is None:
            # Nobody asked: the server says that it goes, or the transaction is slow. Whoever asks next finds out; until then the loop
            # might call without end.
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
