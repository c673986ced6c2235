"""A bad line: a TCP proxy on 127.0.0.1 that cuts, doubles, holds back or slows what passes."""

import contextlib
import random
import socket
import threading
import time
from collections.abc import Callable, Generator
from typing import Final

_CHUNK: Final = 4096


class Proxy:
    """Forwards to a port. What is bad about it is set by its fields; one thread each way for each connection."""

    def __init__(self, port: int, *, seed: int = 1) -> None:
        self._to, self._chance = port, random.Random(seed)
        self.cut_before_reply = 0
        """So many connections are cut once the whole request is through and before anything comes back."""
        self.cut_chance = 0.0
        """Of each piece on its way to the server: the line breaks there."""
        self.bytes_per_second: float | None = None
        self.twice = False
        """Each request is sent to the server on two connections at once; the caller hears one of the answers."""
        self.passed_up = 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listening.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                caller, _ = self._listening.accept()
                threading.Thread(target=self._carry, args=(caller,), daemon=True).start()

    def _carry(self, caller: socket.socket) -> None:
        servers = [socket.create_connection(("127.0.0.1", self._to)) for _ in range(2 if self.twice else 1)]
        cut = self.cut_before_reply > 0
        if cut:
            self.cut_before_reply -= 1
        with contextlib.ExitStack() as stack:
            for one in (caller, *servers):
                stack.callback(_hang_up, one)
            back = threading.Thread(target=self._back, args=(servers[0], caller, cut), daemon=True)
            back.start()
            with contextlib.suppress(OSError):
                while data := caller.recv(_CHUNK):
                    if self._chance.random() < self.cut_chance:
                        return
                    if self.bytes_per_second is not None:
                        time.sleep(len(data) / self.bytes_per_second)
                    for server in servers:
                        server.sendall(data)
                    self.passed_up += len(data)
            back.join(60)

    @staticmethod
    def _back(server: socket.socket, caller: socket.socket, cut: bool) -> None:
        with contextlib.suppress(OSError):
            while data := server.recv(_CHUNK):
                if cut:
                    # The server has answered, so the request was whole; the caller never hears it.
                    caller.shutdown(socket.SHUT_RDWR)
                    return
                caller.sendall(data)
            caller.shutdown(socket.SHUT_WR)


def _hang_up(line: socket.socket) -> None:
    """Closed alone it would stay open as long as another thread reads from it, and the other end would never know."""
    with contextlib.suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)
    line.close()


@contextlib.contextmanager
def bad_line(port: int, change: Callable[[Proxy], None] | None = None) -> Generator[Proxy]:
    """A proxy for a while."""
    proxy = Proxy(port)
    if change is not None:
        change(proxy)
    try:
        yield proxy
    finally:
        proxy.close()
