"""Which pages' scripts may read what the issuer answers (CORS): those of origins that a client registered, at these addresses only.

The authorization endpoint and every page of ours are never among them: a browser goes there, no script does. No answer lets a
cookie in: what counts at these addresses is a client's or a person's token.
"""

from typing import TYPE_CHECKING

from litestar.types import ASGIApp, Message, Receive, Scope, Send

from identity.tokens import is_origin
from kit.settings import Settings

if TYPE_CHECKING:
    from litestar import Litestar

_PATHS = frozenset(
    {
        "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server", "/v1/oauth/jwks", "/v1/oauth/token",
        "/v1/oauth/par", "/v1/oauth/revoke", "/v1/oauth/userinfo",
    }
)  # fmt: skip
_PREFLIGHT = (
    (b"access-control-allow-methods", b"GET, POST"),
    (b"access-control-allow-headers", b"authorization, content-type, dpop"),
    (b"access-control-max-age", b"600"),
)
_LONGEST = 300


def told(path: str) -> tuple[tuple[bytes, bytes], ...]:
    """What answers of these addresses say to whoever asks: a cache between must not give one origin's answer to another."""
    return ((b"vary", b"Origin"),) if path in _PATHS else ()


def let_in(inner: ASGIApp, app: "Litestar", settings: Settings) -> ASGIApp:
    """Around the router. A preflight of a registered origin is answered here; of any other it goes on and gets no leave."""
    own = settings.public_url.encode()

    async def asked(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] not in _PATHS:
            await inner(scope, receive, send)
            return
        sent = dict(scope["headers"])
        origin = sent.get(b"origin", b"")
        allowed = origin not in (b"", own) and await _is_registered(app, origin)
        leave = [*told(scope["path"])]
        if allowed:
            leave += [(b"access-control-allow-origin", origin), (b"access-control-expose-headers", b"WWW-Authenticate")]
        if allowed and scope["method"] == "OPTIONS" and b"access-control-request-method" in sent:
            await send({"type": "http.response.start", "status": 204, "headers": [*leave, *_PREFLIGHT]})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            return

        async def send_with_leave(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *leave]
            await send(message)

        await inner(scope, receive, send_with_leave)

    return asked


async def _is_registered(app: "Litestar", origin: bytes) -> bool:
    try:
        text = origin.decode("ascii")
        async with app.state.house.db.connect() as conn:
            return len(text) <= _LONGEST and "\0" not in text and await is_origin(conn, text)
    except Exception:
        return False
