"""`POST /v1/oauth/token` before the framework, whose routing, dependencies and tasks cost more than the token (decision 0025), and at the
hatch, before the server's own (decision 0048).

`http.token` describes it, and answers its other methods.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterable, MutableMapping
from functools import partial
from typing import Any, NamedTuple

import msgspec

from identity.tokens import rfc6749
from identity.tokens.busy import Asked, Busy, Known
from identity.tokens.messages import OAuthProblem, TokenReply
from identity.tokens.rfc6749 import OAuthError
from identity.tokens.sandbox_errors import HEADER
from kit import hatch, logs
from kit.hatch import Call, Headers
from kit.limits import Limits
from kit.refusal import Refusal

PATH = "/v1/oauth/token"
SMALL = hatch.SMALL
"""Bytes of a form."""

_FAIL = HEADER.lower().encode()

NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}

_JSON = (b"content-type", b"application/json")
_GOOD: Headers = (*((name.lower().encode(), value.encode()) for name, value in NO_STORE.items()), _JSON)

_log = logging.getLogger("motcua.tokens")

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
App = Callable[[Any, Any, Any], Awaitable[None]]


class Gone(Exception):
    """Nobody waits for the answer any more."""


def problem_of(error: OAuthError | Refusal) -> tuple[OAuthProblem, int, dict[str, str]]:
    """Body, status and headers of RFC 6749 §5.2; what keeps the server from answering at all is told as `temporarily_unavailable`."""
    if isinstance(error, OAuthError):
        return OAuthProblem(error.error, error.description), error.status, NO_STORE | error.headers
    told = "server_error" if error.status == 500 else "temporarily_unavailable"
    headers = NO_STORE | error.headers
    if error.retry_after_seconds is not None:
        headers = headers | {"Retry-After": str(error.retry_after_seconds)}
    return OAuthProblem(told, error.message.en), error.status, headers


class Reply(NamedTuple):
    """`headers` without the body's length."""

    status: int
    headers: Headers
    body: bytes


class Endpoint:
    """`busy` and `limits` are asked for with each request, for they open with the application; `refusal_of` words what nobody foresaw."""

    def __init__(
        self, *, busy: Callable[[], Busy], limits: Callable[[], Limits], refusal_of: Callable[[Exception], Refusal]
    ) -> None:
        self._busy, self._limits, self._refusal_of = busy, limits, refusal_of
        self._under_way = set[asyncio.Task[None]]()

    async def reply(
        self, address: str, headers: Iterable[tuple[bytes, bytes]], body: Callable[[], Awaitable[bytes]]
    ) -> Reply:
        """One request. Raises Gone."""
        try:
            await self._limits().hit("token", address)
            authorization, dpop, kind, fail = _headers(headers)
            asked = Asked(rfc6749.form(kind, await body()), authorization, dpop, fail)
            return _given(await self._busy().give_token(asked, path=PATH))
        except Gone:
            raise
        except Exception as error:
            return self._refused(error)

    async def answer_all(self, calls: list[Call]) -> None:
        """Several that came together: those that need nobody but the database are asked about in one question a kind. Whether the clients
        of own tokens stand is asked while the calls are counted; what else there is to do waits for the count."""
        busy = self._busy()
        read = [self._read(busy, call) for call in calls]
        own = [one for one in read if isinstance(one, _Ready) and one.grant == "client_credentials"]
        standing = asyncio.ensure_future(busy.stand([one.known for one in own])) if own else None
        try:
            over = await self._limits().hit_all("token", [call.address for call in calls])
        except Exception as error:
            if standing is not None:
                standing.cancel()
            for call in calls:
                self._refuse(call, error)
            return
        refreshes, counted = list[_Ready](), set[Call]()
        for call, one, refusal in zip(calls, read, over, strict=True):
            if refusal is not None:
                self._refuse(call, refusal)
            elif isinstance(one, Exception):
                self._refuse(call, one)
            elif isinstance(one, Asked):
                self._beside(self._answer(call, one))
            elif one.grant == "refresh_token":
                refreshes.append(one)
            else:
                counted.add(call)
        if refreshes:
            self._beside(self._refresh(busy, refreshes))
        if standing is not None:
            try:
                stand = await standing
            except Exception as error:
                for call in counted:
                    self._refuse(call, error)
                return
            # Signed first and then sent: who hears one by one asks again one by one, and goes together with nobody.
            given = [
                (one, busy.own_token(one.known, one.asked) if stands else None)
                for one, stands in zip(own, stand, strict=True)
                if one.call in counted
            ]
            for one, reply in given:
                self._give(one, reply)

    def _read(self, busy: Busy, call: Call) -> "_Ready | Asked | Exception":
        """The request, with its client where that is known; or why there is none, which is told once it is counted."""
        logs.request_id.set(call.request_id)
        try:
            authorization, dpop, kind, fail = _headers(call.headers.items())
            asked = Asked(rfc6749.form(kind, call.body), authorization, dpop, fail)
            known = busy.ready(asked)
        except Exception as error:
            return error
        return asked if known is None else _Ready(call, asked, known)

    async def _refresh(self, busy: Busy, ready: "list[_Ready]") -> None:
        try:
            replies = await busy.refreshed([(one.asked, one.known) for one in ready])
        except Exception as error:
            for one in ready:
                self._refuse(one.call, error)
            return
        for one, reply in zip(ready, replies, strict=True):
            self._give(one, reply)

    def _give(self, one: "_Ready", reply: TokenReply | None) -> None:
        if reply is None:
            self._beside(self._answer(one.call, one.asked))
        else:
            one.call.answer(*_given(reply))

    def _refuse(self, call: Call, error: Exception) -> None:
        logs.request_id.set(call.request_id)
        call.answer(*self._refused(error))

    def _beside(self, work: Coroutine[Any, Any, None]) -> None:
        """Nobody of those who came together waits for what takes others longer."""
        task = asyncio.get_running_loop().create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _answer(self, call: Call, asked: Asked) -> None:
        """One alone, in a task of its own."""
        logs.request_id.set(call.request_id)
        try:
            reply = _given(await self._busy().give_token(asked, path=PATH))
        except Exception as error:
            reply = self._refused(error)
        call.answer(*reply)

    def _refused(self, error: Exception) -> Reply:
        refusal = error if isinstance(error, OAuthError | Refusal) else self._refusal_of(error)
        if not isinstance(error, OAuthError | Refusal) and refusal.status >= 500:
            _log.error("unexpected", exc_info=error)
        problem, status, headers = problem_of(refusal)
        told = tuple((name.lower().encode(), value.encode()) for name, value in headers.items())
        return Reply(status, (*told, _JSON), msgspec.json.encode(problem))


class _Ready(NamedTuple):
    call: Call
    asked: Asked
    known: Known

    @property
    def grant(self) -> str:
        return self.asked.sent["grant_type"]


def _given(reply: TokenReply) -> Reply:
    return Reply(200, _GOOD, msgspec.json.encode(reply))


def before(app: App, endpoint: Endpoint, *, address: Callable[[Scope], str]) -> App:
    """`app` with the token verb in front."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != PATH or scope["method"] != "POST":
            await app(scope, receive, send)
            return
        scope["path_template"] = PATH
        try:
            status, headers, body = await endpoint.reply(address(scope), scope["headers"], partial(_body, receive))
        except Gone:
            return
        told = [*headers, (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": told})
        await send({"type": "http.response.body", "body": body})

    return answer


def _headers(sent: Iterable[tuple[bytes, bytes]]) -> tuple[str | None, list[str], str | None, str | None]:
    """The one Authorization, every DPoP, the content type, the error asked for."""
    found: dict[bytes, list[str]] = {b"authorization": [], b"dpop": [], b"content-type": [], _FAIL: []}
    for name, value in sent:
        if name in found:
            found[name].append(value.decode("latin-1"))
    if len(found[b"authorization"]) > 1:
        raise rfc6749.invalid_request("authenticate once")
    shown, kind, fail = (found[name][:1] or [None] for name in (b"authorization", b"content-type", _FAIL))
    return shown[0], found[b"dpop"], kind[0], fail[0]


async def _body(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        body += message.get("body", b"")
        if len(body) > SMALL:
            raise OAuthError("invalid_request", "the form is too large", status=413)
        if not message.get("more_body", False):
            return body
