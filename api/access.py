"""Who calls, and whether the route wants them: one guard before every handler."""

import ipaddress
from collections.abc import Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs

from litestar.connection import ASGIConnection, Request
from litestar.handlers import BaseRouteHandler

from identity.consents import reads
from identity.tokens import sandbox_errors
from kit.actor import NOBODY, Actor, InsufficientLevel, Who
from kit.refusal import NotFound, Refusal


class NotSignedIn(Refusal):
    status = 401
    code = "not-signed-in"
    vi = "Hãy đăng nhập rồi thử lại."
    en = "Sign in and try again."


class InsufficientScope(Refusal):
    status = 403
    code = "insufficient-scope"
    vi = "Ứng dụng này chưa được phép làm việc đó (cần quyền {scope}). Hãy đăng nhập lại và đồng ý quyền ấy."
    en = "This app may not do that (it needs the scope {scope}). Sign in again and allow it."


Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def believed_address(peer: str, forwarded: str, trusted: Sequence[Network]) -> str:
    """The caller's address. `X-Forwarded-For` is read from the right, and only as far as trusted proxies wrote it."""
    hops = [hop.strip() for hop in forwarded.split(",") if hop.strip()]
    while hops and _within(peer, trusted):
        peer = hops.pop()
    return peer


def address_of(scope: Any) -> str:
    """What the limits count this caller by."""
    peer = scope.get("client")
    return "unknown" if peer is None else counted_address(peer[0])


@lru_cache(maxsize=4096)
def counted_address(address: str) -> str:
    """What limits count an address by: of IPv6 the network, for one line has 2^64 addresses (RFC 6177)."""
    try:
        parsed = _plain(ipaddress.ip_address(address))
    except ValueError:
        return address
    return str(ipaddress.ip_network((parsed, 64), strict=False)) if parsed.version == 6 else str(parsed)


def _plain(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """An IPv4 caller as an IPv6 socket shows it is an IPv4 caller."""
    return (address.version == 6 and address.ipv4_mapped) or address


def _within(address: str, networks: Sequence[Network]) -> bool:
    try:
        parsed = _plain(ipaddress.ip_address(address))
    except ValueError:
        return False
    return any(parsed in network for network in networks)


async def guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Reads the token once, keeps the actor for the handler, refuses whom the route did not name."""
    who: Who | None = handler.opt.get("who")
    if who is None:
        # A house test finds a route without `who` before anybody calls it; this keeps it shut meanwhile.
        raise NotFound
    if handler.opt.get("client_in_header"):
        # There Authorization is the client's, and the endpoint itself says what is wrong with it (RFC 6749 §5.2).
        connection.scope["state"]["actor"] = NOBODY
        return
    house = connection.app.state.house
    authorization = connection.headers.getall("authorization", [])
    if not authorization and handler.opt.get("token_in_form") and isinstance(connection, Request):
        authorization = await _of_form(connection)
    actor = await house.issuer.actor(
        house.db,
        authorization=authorization,
        dpop=connection.headers.getall("dpop", []),
        method=str(connection.scope.get("method", "")),
        # As it was sent: RFC 9449 compares addresses, and %2F is another address than a slash.
        path=connection.scope["raw_path"].decode("latin-1"),
    )
    connection.scope["state"]["actor"] = actor
    refuse(who, actor)
    if house.settings.sandbox and (wanted := connection.headers.get(sandbox_errors.HEADER)):
        async with house.db.connect() as conn:
            await sandbox_errors.fail_at_api(conn, wanted, actor)
    # What the verb itself does not record: whatever the route answers, an app that is not the city's own is told it.
    if actor.partner and actor.kind == "citizen" and not who.anyone and not handler.opt.get("read_recorded"):
        await reads.record_app(house.db, actor, _scope_wanted(who))


async def _of_form(request: Request[Any, Any, Any]) -> list[str]:
    """A token in a form (RFC 6750 §2.2), where a route says that it takes one there."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        return []
    try:
        shown = parse_qs((await request.body()).decode("latin-1"), max_num_fields=8).get("access_token", [])
    except ValueError:
        return []
    return [f"Bearer {token}" for token in shown]


def refuse(who: Who, actor: Actor) -> None:
    """Raises the refusal that fits the first reason against this caller, if there is one."""
    match who.answer(actor):
        case "yes":
            return
        case "wrong_kind" if who.told:
            raise _insufficient(who, actor)
        case "not_signed_in":
            raise NotSignedIn(headers={"WWW-Authenticate": 'DPoP algs="ES256", Bearer realm="motcua"'})
        case "scope":
            raise _insufficient(who, actor)
        case "level":
            raise InsufficientLevel.of(actor, max([who.level, *(w.level for w in who.alternatives)]))
        case "wrong_kind" | "role":
            # What is another trade's looks like what is not there.
            raise NotFound


def _insufficient(who: Who, actor: Actor) -> InsufficientScope:
    scope = _scope_wanted(who)
    challenge = f'{actor.scheme} error="insufficient_scope", scope="{scope}"'
    return InsufficientScope(scope=scope, headers={"WWW-Authenticate": challenge})


def _scope_wanted(who: Who) -> str:
    return who.scope or next((w.scope for w in who.alternatives if w.scope), "")
