"""`POST /v1/lookups` before the framework: its routing and eight dependencies cost as much as the answer (decision 0044).

Only an ordinary question is answered here. One with a token, with the sandbox's header, in another kind of body or not well formed goes on
to the handler in `dossiers.http`, which describes the route and alone says what is wrong with a question.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any, Final

import msgspec

from api import access, refusals
from dossiers import finding
from dossiers.messages import LookUp
from identity.tokens.sandbox_errors import HEADER

if TYPE_CHECKING:
    from api.wiring import House

PATH: Final = "/v1/lookups"
_SMALL: Final = 8_000
"""Bytes of a question."""
_JSON: Final = b"application/json"
_GOES_ON: Final = frozenset({b"authorization", b"dpop", HEADER.lower().encode()})

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
App = Callable[[Any, Any, Any], Awaitable[None]]

_question = msgspec.json.Decoder(LookUp)


def before(app: App, house: "Callable[[], House]") -> App:
    """`app` with the lookup in front. `house` is asked for with each request, for it opens with the application."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != PATH or scope["method"] != "POST":
            await app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        if headers.get(b"content-type") != _JSON or not _GOES_ON.isdisjoint(headers):
            await app(scope, receive, send)
            return
        messages = await _received(receive)
        asked = _asked(messages)
        if asked is None:
            await app(scope, _again(messages, receive), send)
            return
        scope["path_template"] = PATH
        told = [(b"content-type", _JSON)]
        try:
            found = await finding.by_receipt_code(house().stand, house().limits, access.address_of(scope), asked)
            status, body = 200, msgspec.json.encode(found)
        except Exception as error:
            problem, more = refusals.problem_of(error, headers.get(b"accept-language", b"vi").decode("latin-1"))
            status, body = problem.status, msgspec.json.encode(problem)
            told = [(name.lower().encode(), value.encode()) for name, value in more.items()]
            told.append((b"content-type", refusals.PROBLEM.encode()))
        told.append((b"content-length", str(len(body)).encode()))
        await send({"type": "http.response.start", "status": status, "headers": told})
        await send({"type": "http.response.body", "body": body})

    return answer


async def _received(receive: Receive) -> list[Any]:
    """The body to its end, or as much of it as is too much."""
    messages, length = list[Any](), 0
    while True:
        message = await receive()
        messages.append(message)
        length += len(message.get("body", b""))
        if not message.get("more_body", False) or length > _SMALL:
            return messages


def _asked(messages: list[Any]) -> LookUp | None:
    """A whole, small, well-formed question."""
    body = b"".join(message.get("body", b"") for message in messages)
    if messages[-1]["type"] != "http.request" or messages[-1].get("more_body", False) or len(body) > _SMALL:
        return None
    try:
        return _question.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _again(messages: list[Any], receive: Receive) -> Receive:
    """What was received already, and then what comes."""
    kept = messages[::-1]

    async def again() -> Any:
        return kept.pop() if kept else await receive()

    return again
