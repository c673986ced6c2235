"""The processes that serve: uvicorn on uvloop, one supervisor over its workers, and a door that no half-sent request keeps open."""

import asyncio
import ctypes
import gc
import multiprocessing
import os
import signal
import sys
from typing import TYPE_CHECKING, Any, Final

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.supervisors import Multiprocess

from api.hatch import Hatch, Taken

if TYPE_CHECKING:
    from litestar import Litestar

_HEAD_BYTES: Final = 64 * 1024
"""Of a request's first line and headers together."""
_HEAD_SECONDS: Final = 30
"""From the connection, or from a later request's first byte, until the headers are whole."""
_TOO_LARGE: Final = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
_PR_SET_PDEATHSIG: Final = 1


class Door(HttpToolsProtocol):
    """uvicorn's protocol bounds neither how long a request's head may be nor how long it may take; and knows nothing of a hatch."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._in_head, self._head_bytes = False, 0
        self._waiting: asyncio.TimerHandle | None = None
        self._hatch: Hatch | None = getattr(getattr(self.app, "state", None), "hatch", None)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait_no_more()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > _HEAD_BYTES and not self.transport.is_closing():
                self.transport.write(_TOO_LARGE)
                self.transport.close()
            # A head that came in one piece was never waited for.
            elif self._waiting is None:
                self._wait()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head, self._head_bytes = True, 0

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._wait_no_more()
        # What is sent before the last answer came waits for it, as the protocol knows how.
        under_way: Any = self.cycle
        free = under_way is None or under_way.response_complete
        taken = self._hatch.take(self) if self._hatch is not None and free else None
        if taken is None:
            super().on_headers_complete()
        else:
            self.cycle = taken  # type: ignore[assignment]

    def on_message_complete(self) -> None:
        super().on_message_complete()
        if isinstance(self.cycle, Taken):
            self.cycle.come()

    def _wait(self) -> None:
        self._waiting = self.loop.call_later(_HEAD_SECONDS, self.transport.close)

    def _wait_no_more(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None


def application() -> "Litestar":
    """What each worker calls. It does not outlive its supervisor, which would leave the port taken."""
    from api.app import from_environment

    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        supervisor = multiprocessing.parent_process()
        if supervisor is not None and os.getppid() != supervisor.pid:
            # Gone while this one was starting: nobody would tell it any more.
            raise SystemExit(1)
    app = from_environment()
    # Behind everything that opens with the application.
    app.on_startup.append(spare_the_collector)
    return app


def spare_the_collector() -> None:
    """What is there by now stays for as long as the process: Python's collector would go through all of it again and again, with everybody
    waiting."""
    gc.collect()
    gc.freeze()


def run(factory: str, *, host: str, port: int, workers: int) -> None:
    """Blocking, until SIGTERM or Ctrl-C; then in order down. A worker that dies or hangs is replaced. `factory` is `module:name`."""
    config = uvicorn.Config(
        factory,
        factory=True,
        host=host,
        port=port,
        workers=workers,
        loop="uvloop",
        http="api.serving:Door",  # type: ignore[arg-type]
        ws="none",
        lifespan="on",
        backlog=2048,
        # Our own lines tell of requests, and our own layer whom a proxy speaks for.
        access_log=False,
        log_config=None,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=65,
        timeout_graceful_shutdown=20,
        # A worker under a heavy load is not a hanging one.
        timeout_worker_healthcheck=30,
    )
    Multiprocess(config, sockets=[config.bind_socket()]).run()
