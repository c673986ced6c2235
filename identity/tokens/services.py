"""Services beside the city's own that take our tokens, and which of them a token is for (RFC 8707, RFC 9068 §3)."""

from collections.abc import Collection, Sequence

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from identity.tokens import rfc8707, scopes, store
from identity.tokens.messages import Client, Service
from identity.tokens.refusals import BadService, ServiceExists
from identity.tokens.rfc6749 import OAuthError
from identity.tokens.scopes import NOT_LENT, SCOPES
from kit import clock
from kit.refusal import NotFound, Words


class Aim(msgspec.Struct, frozen=True):
    """Whom a token is for and what of its scope they understand. `sector` is one service's, by which it knows people; None where
    the city's own service, or several, will read the token."""

    audience: tuple[str, ...]
    scope: str
    sector: str | None = None


async def register_service(
    conn: AsyncConnection, *, uri: str, name: Words, scopes: Collection[str], client_id: str | None = None
) -> None:
    """A service of others that verifies our tokens by itself; by `client_id` it may ask about them. Refuses BadService, ServiceExists."""
    refuse_unfit(uri, name, scopes)
    if client_id is not None:
        asking = await store.client(conn, client_id)
        if asking is None or asking.kind != "confidential":
            raise BadService(reason=f"{client_id} is no client with a secret")
    added = Service(uri=uri, name=name, scopes=frozenset(scopes), client_id=client_id, disabled_at=None)
    if not await store.add_service(conn, added, clock.now()):
        raise ServiceExists(uri=uri)


async def refuse_taken(conn: AsyncConnection, uri: str) -> None:
    """Refuses ServiceExists."""
    if await store.services(conn, [uri]):
        raise ServiceExists(uri=uri)


def refuse_unfit(uri: str, name: Words, scopes: Collection[str]) -> None:
    """What no service may be. Refuses BadService with every reason."""
    reasons: list[str] = []
    if not uri.startswith("https://") or len(uri) > 200:
        reasons.append("its address begins with https:// and is no longer than 200 characters")
    try:
        rfc8707.wanted({"resource": uri})
    except OAuthError as error:
        reasons.append(error.description)
    if not (name.vi.strip() and name.en.strip()):
        reasons.append("it needs a name in both languages")
    if not scopes:
        reasons.append(f"its scopes are among {', '.join(SCOPES)}")
    if unknown := sorted(set(scopes) - set(SCOPES)):
        reasons.append(f"no such scope: {', '.join(unknown)}")
    if kept := sorted(NOT_LENT.intersection(scopes)):
        reasons.append(f"only the city's own service takes {', '.join(kept)}")
    if reasons:
        raise BadService(reason="; ".join(reasons))


async def of_client(conn: AsyncConnection, client_id: str) -> Service | None:
    """The service that asks about its tokens as this client."""
    return await store.service_of(conn, client_id)


async def disable_service(conn: AsyncConnection, uri: str) -> None:
    """No new token is for it."""
    if not await store.set_service_disabled(conn, uri, clock.now()):
        raise NotFound


def open_to(client: Client, city: str) -> tuple[str, ...]:
    """The services this client may ask tokens for."""
    return (city, *client.resources)


async def aim(conn: AsyncConnection, city: str, *, asked: Collection[str], granted: Sequence[str], scope: str) -> Aim:
    """The services asked for among those granted, all of these when none is named; with none granted, the city's own.

    Raises OAuthError: invalid_target, or invalid_scope when nothing of the scope means anything there.
    """
    may = tuple(granted) or (city,)
    rfc8707.within(asked, may)
    audience = tuple(asked) or may
    others = [uri for uri in audience if uri != city]
    if not others:
        return Aim(audience, scope)
    found = [service for service in await store.services(conn, others) if service.disabled_at is None]
    if len(found) != len(others):
        raise rfc8707.invalid_target("the service takes no tokens any more")
    understood = frozenset(SCOPES) if city in audience else frozenset[str]().union(*(one.scopes for one in found))
    narrowed = " ".join(name for name in scopes.names(scope) if name in understood)
    if not narrowed:
        raise OAuthError("invalid_scope", "nothing of what was granted means anything to that service")
    return Aim(audience, narrowed, f"service {audience[0]}" if len(audience) == 1 else None)


async def is_for(conn: AsyncConnection, client: Client, audience: Collection[str]) -> bool:
    """Whether a service of this client is among those a token is for."""
    return any(one.client_id == client.id for one in await store.services(conn, audience) if one.disabled_at is None)
