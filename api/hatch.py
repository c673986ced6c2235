"""The hatch beside the door (`kit.hatch`): answers get an id, one log line, metrics and headers as everywhere (`api.watch`).

Only what is ordinary is taken: a POST, small, of a length told beforehand, no header twice and none that asks for more than an answer. All else
goes through the application, which answers the same.
"""

import asyncio
import logging
import time
from collections.abc import Iterable, Mapping
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from api import origins
from api.access import counted_address
from kit import logs
from kit.hatch import SMALL, Call, Headers, Verb

if TYPE_CHECKING:
    from api.serving import Door
    from api.watch import Watch

_log = logging.getLogger("motcua.hatch")

_MOST: Final = 64
"""Calls of one turn that go together: while they are answered nobody else is heard."""
_ELSEWHERE: Final = frozenset({b"origin", b"expect", b"transfer-encoding", b"upgrade"})
_STATUS: Final = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus}
_FAILED: Final = 500, ((b"content-type", b"text/plain; charset=utf-8"),), b"Internal Server Error"


class Hatch:
    """One per process. `verbs` by the path they answer."""

    def __init__(self, watch: "Watch", verbs: Mapping[str, Verb]) -> None:
        self._counters = {path.encode(): _Counter(watch, path, verb) for path, verb in verbs.items()}

    def take(self, door: "Door") -> "Taken | None":
        """The request whose head this door has read, unless it goes on."""
        counter, parser = self._counters.get(door.url), door.parser
        if counter is None or parser is None or parser.get_method() != b"POST" or parser.get_http_version() != "1.1":
            return None
        headers = dict(door.headers)
        length = headers.get(b"content-length", b"")
        if (
            len(headers) != len(door.headers)
            or not _ELSEWHERE.isdisjoint(headers)
            or not (length.isdigit() and len(length) <= 5 and int(length) <= SMALL)
            # Who does not read the answers given is answered by the application, which waits for that.
            or door.flow.write_paused
        ):
            return None
        return Taken(counter, door, headers, keep_alive=parser.should_keep_alive())


class _Counter:
    """One route of the hatch."""

    def __init__(self, watch: "Watch", path: str, verb: Verb) -> None:
        self.watch, self.path = watch, path
        self._verb, self._came = verb, list[Taken]()
        self._under_way = set[asyncio.Task[None]]()
        self._every = (*origins.told(path), *watch.headers)
        self._date: tuple[list[tuple[bytes, bytes]], bytes] = [], b""
        self.around_length = lru_cache(maxsize=256)(self._around_length)

    def come(self, call: "Taken") -> None:
        self._came.append(call)
        if len(self._came) == 1:
            asyncio.get_running_loop().call_soon(self._begin)

    def _begin(self) -> None:
        came, self._came = self._came, []
        for first in range(0, len(came), _MOST):
            task = asyncio.get_running_loop().create_task(self._serve(came[first : first + _MOST]))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    async def _serve(self, calls: "list[Taken]") -> None:
        try:
            await self._verb(list[Call](calls))
        except Exception as error:
            _log.error("unexpected", exc_info=error)
            for call in calls:
                if not call.response_complete:
                    call.answer(*_FAILED)

    def dated(self, headers: list[tuple[bytes, bytes]]) -> bytes:
        """What the server says at the head of every answer; it makes a new list each second."""
        if self._date[0] is not headers:
            self._date = headers, _lines(headers)
        return self._date[1]

    def _around_length(self, status: int, headers: Headers) -> tuple[bytes, bytes]:
        """The lines of an answer's head before and after that of the length."""
        have = {name for name, _ in headers}
        every = [pair for pair in self._every if pair[0] not in have]
        return _lines(headers) + b"content-length: ", b"\r\n" + _lines(every) + b"x-request-id: "


class Taken:
    """A call. Of a server's cycle it has what its protocol asks of one."""

    def __init__(self, counter: _Counter, door: "Door", headers: Mapping[bytes, bytes], *, keep_alive: bool) -> None:
        self._counter, self._door, self._began = counter, door, time.perf_counter()
        self.headers, self.body, self.more_body = headers, b"", True
        self.disconnected = self.response_complete = False
        self.keep_alive = keep_alive
        self.message_event = self
        self.address, self.request_id = "", ""

    def set(self) -> None:
        """There is more of it, or it is over: its door tells when it is whole."""

    def come(self) -> None:
        """It is whole."""
        watch = self._counter.watch
        self.request_id = watch.request_id(self.headers.get(b"x-request-id"))
        self.address = "unknown"
        if self._door.client is not None:
            peer = watch.believed(self._door.client[0], self.headers.get(b"x-forwarded-for", b""))
            self.address = counted_address(peer)
        watch.begin()
        self._counter.come(self)

    def answer(self, status: int, headers: Headers, body: bytes) -> None:
        counter, door = self._counter, self._door
        before, after = counter.around_length(status, headers)
        self.response_complete = True
        if not self.disconnected:
            door.transport.write(
                b"%b%b%b%d%b%b\r\n%b\r\n%b"
                % (
                    _STATUS[status], counter.dated(door.server_state.default_headers), before, len(body), after,
                    self.request_id.encode(), b"" if self.keep_alive else b"connection: close\r\n", body,
                )
            )  # fmt: skip
            if not self.keep_alive:
                door.transport.close()
            door.on_response_complete()
        token = logs.request_id.set(self.request_id)
        counter.watch.done("POST", counter.path, status, time.perf_counter() - self._began)
        logs.request_id.reset(token)


def _lines(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    lines = [name + b": " + value for name, value in headers]
    if any(b"\r" in line or b"\n" in line for line in lines):
        raise ValueError("a header is one line")
    return b"".join([line + b"\r\n" for line in lines])
