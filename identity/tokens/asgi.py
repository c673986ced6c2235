"""`POST /v1/oauth/token` before the framework: routing, eight dependencies and their tasks cost more than the token (decision 0025).

`http.token` describes it, and answers its other methods.
"""

import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import msgspec

from identity.tokens import rfc6749
from identity.tokens.busy import Busy
from identity.tokens.messages import OAuthProblem
from identity.tokens.rfc6749 import OAuthError
from identity.tokens.sandbox_errors import HEADER
from kit.limits import Limits
from kit.refusal import Refusal

PATH = "/v1/oauth/token"
SMALL = 16_000
"""Bytes of a form."""

_FAIL = HEADER.lower().encode()

NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}

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


def before(
    app: App,
    *,
    busy: Callable[[], Busy],
    limits: Callable[[], Limits],
    address: Callable[[Scope], str],
    refusal_of: Callable[[Exception], Refusal],
) -> App:
    """`app` with the token verb in front. `busy` and `limits` are asked for with each request, for they open with the application;
    `refusal_of` words what nobody foresaw."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != PATH or scope["method"] != "POST":
            await app(scope, receive, send)
            return
        scope["path_template"] = PATH
        try:
            await limits().hit("token", address(scope))
            authorization, dpop, kind, fail = _headers(scope)
            sent = rfc6749.form(kind, await _body(receive))
            reply = await busy().give_token(sent, authorization=authorization, dpop=dpop, path=PATH, fail=fail)
            status, headers, body = 200, NO_STORE, msgspec.json.encode(reply)
        except Gone:
            return
        except Exception as error:
            refusal = error if isinstance(error, OAuthError | Refusal) else refusal_of(error)
            if not isinstance(error, OAuthError | Refusal) and refusal.status >= 500:
                _log.error("unexpected", exc_info=error)
            problem, status, headers = problem_of(refusal)
            body = msgspec.json.encode(problem)
        told = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        told += [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": told})
        await send({"type": "http.response.body", "body": body})

    return answer


def _headers(scope: Scope) -> tuple[str | None, list[str], str | None, str | None]:
    """The one Authorization, every DPoP, the content type, the error asked for."""
    found: dict[bytes, list[str]] = {b"authorization": [], b"dpop": [], b"content-type": [], _FAIL: []}
    for name, value in scope["headers"]:
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
