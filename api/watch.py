"""Around every request: an id, one log line, three metrics, and the headers every answer carries."""

import ipaddress
import logging
import re
import time
from typing import Any

from litestar.types import ASGIApp, Message, Receive, Scope, Send

from api.access import believed_address
from api.metrics import metrics
from kit import logs
from kit.ids import new_id
from kit.settings import Settings

_log = logging.getLogger("motcua.access")

# Labels stay few: a caller may make up as many methods as it likes, and each would be a series in memory.
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

_GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cache-control", b"no-store"),
)


def _head(app: ASGIApp) -> ASGIApp:
    """HEAD as GET without its body (RFC 9110 §9.1), where no route of its own answers it."""

    async def answered(scope: Scope, receive: Receive, send: Send) -> None:
        refused = False

        async def unless_not_allowed(message: Message) -> None:
            nonlocal refused
            refused = refused or (message["type"] == "http.response.start" and message["status"] == 405)
            if not refused:
                await send(message)

        async def without_body(message: Message) -> None:
            if message["type"] == "http.response.body":
                message["body"] = b""
            await send(message)

        as_get: Any = {**scope, "method": "GET", "state": dict(scope.get("state", {}))}
        await app(scope, receive, unless_not_allowed)
        if refused:
            await app(as_get, receive, without_body)
            scope["path_template"] = as_get.get("path_template")

    return answered


class Watch:
    """What is done about every request, whoever answers it."""

    def __init__(self, settings: Settings) -> None:
        self._told = metrics()
        self.headers = _HEADERS
        if settings.public_url.startswith("https://"):
            self.headers += ((b"strict-transport-security", b"max-age=63072000; includeSubDomains"),)
        self._trusted = [ipaddress.ip_network(network) for network in settings.trusted_proxies]

    def request_id(self, given: bytes | None) -> str:
        """The caller's own, where it is fit for a log."""
        text = "" if given is None else given.decode("latin-1")
        return text if _GIVEN_ID.fullmatch(text) else new_id("req")

    def believed(self, peer: str, forwarded: bytes) -> str:
        """The caller's address, by the peer's and `X-Forwarded-For`."""
        return believed_address(peer, forwarded.decode("latin-1"), self._trusted) if self._trusted else peer

    def begin(self) -> None:
        self._told.under_way.inc()

    def done(self, method: str, route: str, status: int, seconds: float) -> None:
        """Its metrics and its line, with the id that stands in `logs.request_id`."""
        self._told.under_way.dec()
        self._told.answered(method, route, status, seconds)
        logs.say(_log, "request", {"method": method, "route": route, "status": status, "ms": round(seconds * 1000, 1)})


def around(app: ASGIApp, watch: Watch) -> ASGIApp:
    """The outermost layer; pure ASGI, for it runs on every call. Puts the believed address where frameworks look for it."""

    async def watched(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        rid = watch.request_id(next((value for name, value in scope["headers"] if name == b"x-request-id"), None))
        token = logs.request_id.set(rid)
        if (peer := scope.get("client")) is not None:
            forwarded = b",".join(value for name, value in scope["headers"] if name == b"x-forwarded-for")
            scope["client"] = (watch.believed(peer[0], forwarded), peer[1])
        began, status = time.perf_counter(), 500
        watch.begin()

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = list(message.get("headers", []))
                have = {name.lower() for name, _ in headers}
                headers += [pair for pair in watch.headers if pair[0] not in have]
                headers.append((b"x-request-id", rid.encode()))
                message["headers"] = headers
            await send(message)

        try:
            await (_head(app) if scope["method"] == "HEAD" else app)(scope, receive, send_with_headers)
        finally:
            # The template, never the path: a path may hold a code, and labels must stay few.
            route = scope.get("path_template") or "unmatched"
            method = scope["method"] if scope["method"] in _METHODS else "other"
            watch.done(method, route, status, time.perf_counter() - began)
            logs.request_id.reset(token)

    return watched
