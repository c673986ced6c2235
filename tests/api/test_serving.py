"""The server's own door: heads of requests that are too long or never end, and a worker that dies."""

import ctypes
import gc
import multiprocessing
import os
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from litestar import Litestar

from api import serving
from tests.served import served, told

pytestmark = pytest.mark.anyio


async def hello(scope: Any, receive: Any, send: Any) -> None:
    """Says how much it was sent."""
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    told = str(len(body)).encode()
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-length", str(len(told)).encode())]}
    )
    await send({"type": "http.response.body", "body": told})


async def test_two_requests_on_one_connection_and_a_large_body() -> None:
    async with served(hello) as (port, _):
        body = b"x" * 300_000
        ask = b"POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 300000\r\n\r\n" + body
        said = await told(port, ask, ask)
    assert said.count(b"HTTP/1.1 200") == 2
    assert said.count(b"300000") == 2
    assert not said.endswith(b"<closed>")


async def test_a_head_without_end_is_refused_and_closed() -> None:
    async with served(hello) as (port, _):
        first = b"GET / HTTP/1.1\r\nhost: h\r\n"
        pieces = [b"x-%d: " % n + b"y" * 8000 + b"\r\n" for n in range(20)]
        said = await told(port, first, *pieces, pause=0.01)
        one_long = await told(port, first + b"x: ", *[b"y" * 30_000] * 6, pause=0.01)
        within = await told(port, first, *pieces[:3], b"\r\n", pause=0.01)
    assert said.startswith(b"HTTP/1.1 431") or said == b"<closed>"
    assert said.endswith(b"<closed>")
    assert one_long.endswith(b"<closed>")
    assert within.startswith(b"HTTP/1.1 200")


async def test_a_head_that_does_not_come_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "_HEAD_SECONDS", 0.1)
    async with served(hello) as (port, _):
        silent = await told(port)
        half = await told(port, b"GET / HTTP/1.1\r\nhost: h\r\n")
        second = await told(port, b"GET / HTTP/1.1\r\nhost: h\r\n\r\nGET / HTT")
    assert silent == b"<closed>"
    assert half == b"<closed>"
    assert second.startswith(b"HTTP/1.1 200")
    assert second.endswith(b"<closed>")


async def test_what_is_no_http_is_refused() -> None:
    async with served(hello) as (port, _):
        for nonsense in (
            b"\x16\x03\x01\x02\x00\x01\x00",
            b"GET / HTTP/1.1\r\nhost h\r\n\r\n",
            b"GET /\xff HTTP/1.1\r\nhost: h\r\n\r\n",
        ):
            said = await told(port, nonsense)
            assert said.startswith(b"HTTP/1.1 400"), nonsense
            assert said.endswith(b"<closed>")


@pytest.mark.skipif(sys.platform != "linux", reason="a process is told of its parent's end on Linux alone")
def test_a_worker_whose_supervisor_went_while_it_was_starting_does_not_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is its parent by then is not the one that would end it, and ends without its knowledge."""
    told: list[tuple[int, int]] = []

    class Libc:
        def __init__(self, _: None) -> None: ...

        def prctl(self, what: int, value: int) -> None:
            told.append((what, value))

    monkeypatch.setattr(ctypes, "CDLL", Libc)
    monkeypatch.setattr(multiprocessing, "parent_process", lambda: SimpleNamespace(pid=os.getppid() + 1))
    with pytest.raises(SystemExit):
        serving.application()
    assert told == [(1, signal.SIGTERM)], "asked first: it may go between the two"


async def test_what_stays_is_spared_by_the_collector_once_all_has_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    frozen: list[int] = []

    @asynccontextmanager
    async def opening(_: Litestar) -> AsyncGenerator[None]:
        frozen.append(gc.get_freeze_count())
        yield

    monkeypatch.setattr("api.app.from_environment", lambda: Litestar([], lifespan=[opening]))
    # The test's own process has no supervisor, and dies with nobody.
    monkeypatch.setattr(sys, "platform", "elsewhere")
    try:
        async with serving.application().lifespan():
            assert gc.get_freeze_count() > frozen.pop() == 0
    finally:
        gc.unfreeze()
