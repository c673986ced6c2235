"""The one that calls: so many connections at once, each asks again when it was answered. A process of its own, and as little of it as will do.

    python -m benchmarks.issuers.calling < {"port", "path", "authorization", "body", "tokens", "requests", "chained"}

Each of `tokens` is a connection; it stands for {token} in `body`, and when `chained` the one an answer gave does for the next request.
Prints {"seconds", "answered", "milliseconds": [median, 99th percentile], "tokens": the last ones}.
"""

import asyncio
import json
import sys
import time
from typing import Any

_MARK = b'"refresh_token":"'


class _Caller(asyncio.Protocol):
    def __init__(
        self, job: dict[str, Any], body: str, token: str, took: list[float], left: list[int], done: asyncio.Event
    ) -> None:
        self._head = (
            f"POST {job['path']} HTTP/1.1\r\nHost: 127.0.0.1:{job['port']}\r\nAuthorization: {job['authorization']}\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: "
        )
        self._body, self.token, self._took, self._left, self._done = body, token, took, left, done
        self._chained, self._heard, self._began = job["chained"], b"", 0.0

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._ask()

    def _ask(self) -> None:
        if self._left[0] <= 0:
            self._transport.close()
            return
        self._left[0] -= 1
        body = self._body.replace("{token}", self.token)
        self._began = time.perf_counter()
        self._transport.write(f"{self._head}{len(body)}\r\n\r\n{body}".encode())

    def data_received(self, data: bytes) -> None:
        self._heard += data
        head, blank, rest = self._heard.partition(b"\r\n\r\n")
        if not blank:
            return
        length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        if len(rest) < int(length):
            return
        if b" 200 " not in head[:20]:
            print((head + rest).decode(), file=sys.stderr)
            sys.exit(1)
        if self._chained:
            self.token = rest.partition(_MARK)[2].partition(b'"')[0].decode()
        self._took.append(time.perf_counter() - self._began)
        self._heard = b""
        self._ask()

    def connection_lost(self, exc: Exception | None) -> None:
        self._done.set()


async def _call(job: dict[str, Any]) -> dict[str, Any]:
    loop, took, left = asyncio.get_running_loop(), list[float](), [int(job["requests"])]
    began = time.perf_counter()
    callers: list[tuple[_Caller, asyncio.Event]] = []
    for token in job["tokens"]:
        done = asyncio.Event()
        caller = _Caller(job, job["body"], token, took, left, done)
        await loop.create_connection(lambda caller=caller: caller, "127.0.0.1", job["port"])
        callers.append((caller, done))
    for _, done in callers:
        await done.wait()
    seconds, took = time.perf_counter() - began, sorted(took)
    return {
        "seconds": seconds,
        "answered": len(took),
        "milliseconds": [took[len(took) // 2] * 1000, took[len(took) * 99 // 100] * 1000],
        "tokens": [caller.token for caller, _ in callers],
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_call(json.load(sys.stdin)))))
