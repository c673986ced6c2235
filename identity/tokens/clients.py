"""Registered applications: the sandbox's and the city's own now, partners' by the same verb."""

import hashlib
import hmac
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy.ext.asyncio import AsyncConnection

from identity.tokens import rfc7638, store
from identity.tokens import scopes as all_scopes
from identity.tokens.messages import Alg, Client, ClientKind, ResponseMode
from identity.tokens.refusals import BadClient, BadScope, ClientExists, NotForCitizens, NotForOfficers, UnknownClient
from identity.tokens.rfc7515 import BadJws
from identity.tokens.rfc7518 import ALGS
from identity.tokens.rfc8414 import DEVICE_CODE, GRANTS, TOKEN_EXCHANGE
from identity.tokens.scopes import NOT_LENT, SCOPES
from kit import clock, ids
from kit.actor import Kind
from kit.refusal import NotFound, Words

_SCHEMES_OF_BROWSERS = frozenset({"javascript", "data", "vbscript", "file", "blob", "about"})


async def register_client(conn: AsyncConnection, *, kind: ClientKind, **registration: Any) -> str | None:
    """Returns the secret of a confidential client, this once; none when it registers public `keys` (JWK) to sign with.

    `registration` is what `described` takes. Refuses BadClient, ClientExists.
    """
    secret = ids.secret_token("cs") if kind == "confidential" and not registration.get("keys") else None
    added = described(kind=kind, secret_digest=None if secret is None else ids.digest(secret), **registration)
    refuse_unsafe(added)
    await refuse_unknown(conn, added)
    if not await store.add_client(conn, added, clock.now()):
        raise ClientExists(client_id=added.id)
    return secret


async def change_client(conn: AsyncConnection, *, client_id: str, kind: ClientKind, **registration: Any) -> None:
    """As if it were registered anew, but for its secret or keys, its kind, its owner and its sector. Refuses NotFound, BadClient."""
    kept = await store.client(conn, client_id)
    if kept is None or kept.kind != kind:
        raise NotFound
    how: dict[str, Any] = {"secret_digest": kept.secret_digest, "keys": kept.keys}
    changed = described(client_id=client_id, kind=kind, **(registration | how))
    refuse_unsafe(changed)
    await refuse_unknown(conn, changed)
    await store.change_client(conn, changed)


def described(
    *,
    client_id: str,
    name: str,
    kind: ClientKind,
    grants: Collection[str],
    scopes: Sequence[str],
    redirect_uris: Sequence[str] = (),
    dpop_required: bool | None = None,
    first_party: bool = False,
    office_id: str | None = None,
    sector: str | None = None,
    purpose: Words | None = None,
    response_modes: Sequence[ResponseMode] = ("query", "form_post"),
    keys: Sequence[dict[str, Any]] = (),
    require_par: bool = False,
    fapi2: bool = False,
    post_logout_redirect_uris: Sequence[str] = (),
    backchannel_logout_uri: str | None = None,
    resources: Sequence[str] = (),
    exchange_from: Collection[str] = (),
    id_token_signed_response_alg: Alg | None = None,
    origins: Sequence[str] = (),
    owner_id: str | None = None,
    sandbox: bool = False,
    secret_digest: bytes | None = None,
) -> Client:
    """A registration with what follows from it. Public clients must prove a device key unless told otherwise; a partner that people
    sign in to says what it wants their data for."""
    return Client(
        id=client_id,
        name=name,
        kind=kind,
        secret_digest=secret_digest,
        grants=frozenset(grants),
        scopes=tuple(scopes),
        redirect_uris=tuple(redirect_uris),
        dpop_required=(kind == "public" or fapi2) if dpop_required is None else dpop_required,
        first_party=first_party,
        office_id=office_id,
        sector=sector or _host(redirect_uris) or client_id,
        purpose=purpose,
        response_modes=tuple(response_modes),
        keys=tuple(keys),
        require_par=require_par or fapi2,
        fapi2=fapi2,
        post_logout_redirect_uris=tuple(post_logout_redirect_uris),
        backchannel_logout_uri=backchannel_logout_uri,
        resources=tuple(dict.fromkeys(resources)),
        exchange_from=frozenset(exchange_from),
        id_token_alg=id_token_signed_response_alg,
        origins=tuple(origins),
        disabled_at=None,
        owner_id=owner_id,
        sandbox=sandbox,
    )


async def renew_secret(conn: AsyncConnection, client_id: str, *, overlap: timedelta | None = None) -> str:
    """A new secret, returned this once; the old one ends now, or goes on for as long as `overlap`."""
    secret = ids.secret_token("cs")
    until = None if overlap is None else clock.now() + overlap
    if not await store.set_client_secret(conn, client_id, ids.digest(secret), old_until=until):
        raise NotFound
    return secret


async def end_old_secret(conn: AsyncConnection, client_id: str) -> None:
    """For one that got out: only the newest is good."""
    await store.end_old_secret(conn, client_id)


async def replace_keys(conn: AsyncConnection, client_id: str, keys: Sequence[dict[str, Any]]) -> None:
    """The public keys from now on; an old and a new one stand side by side while a partner changes over. Refuses BadClient, NotFound."""
    reasons = [reason for key in keys if (reason := _unfit(key))]
    if reasons or not keys:
        raise BadClient(reason="; ".join(reasons) or "a client that signs has a key")
    if not await store.set_client_keys(conn, client_id, keys):
        raise NotFound


async def client(conn: AsyncConnection, client_id: str) -> Client | None:
    """A registration, working or disabled."""
    return await store.client(conn, client_id)


async def disable_client(conn: AsyncConnection, client_id: str) -> None:
    """Its tokens stop with the next request."""
    if not await store.set_client_disabled(conn, client_id, clock.now()):
        raise NotFound


async def is_origin(conn: AsyncConnection, origin: str) -> bool:
    """Whether an enabled client registered it."""
    return await store.is_origin(conn, origin)


async def enable_client(conn: AsyncConnection, client_id: str) -> None:
    if not await store.set_client_disabled(conn, client_id, None):
        raise NotFound


async def known_client(conn: AsyncConnection, client_id: str) -> Client:
    """An enabled app of the city's own that people sign in with; refuses UnknownClient."""
    found = await store.client(conn, client_id)
    if (
        found is None
        or found.disabled_at is not None
        or not found.first_party
        or "authorization_code" not in found.grants
    ):
        raise UnknownClient(client_id=client_id[:80])
    return found


def allowed_scopes(client: Client, asked: str | None, kind: Kind) -> list[str]:
    """Those asked for, or all, that the client may have and this kind of token may carry.

    Refuses BadScope for more than the client was registered for, NotForOfficers and NotForCitizens for the wrong desk.
    """
    wanted = list(client.scopes) if asked is None else all_scopes.names(asked)
    if beyond := [name for name in wanted if name not in client.scopes]:
        raise BadScope(scope=beyond[0][:80])
    refuse_wrong_desk(client, kind)
    held = all_scopes.held_by(kind, wanted)
    if asked is not None and (beyond := [name for name in wanted if name not in held]):
        raise BadScope(scope=beyond[0])
    return held


def refuse_wrong_desk(client: Client, kind: Kind) -> None:
    """Officers work at the desk, and nobody else does. Refuses NotForOfficers, NotForCitizens."""
    desk = "desk" in client.scopes
    if kind == "officer" and not desk:
        raise NotForOfficers
    if kind == "citizen" and desk:
        raise NotForCitizens


def has_secret(client: Client | None, secret: str | None) -> bool:
    """Whether this is the client's secret. An unknown client costs the same work as a known one."""
    shown = hashlib.sha256((secret or "").encode()).digest()
    kept = client.secret_digest if client is not None else None
    before = client.old_secret_digest if client is not None and _in_time(client.old_secret_until) else None
    fits = [hmac.compare_digest(shown, one or bytes(32)) and one is not None for one in (kept, before)]
    return any(fits) and secret is not None


def _in_time(until: datetime | None) -> bool:
    return until is not None and clock.now() < until


def refuse_unsafe(client: Client) -> None:
    """What no client may be. Refuses BadClient with every reason."""
    reasons: list[str] = []
    if not client.id.isascii() or not client.id.replace("-", "").replace("_", "").isalnum() or len(client.id) > 80:
        reasons.append("the id holds letters, digits, - and _ only, 80 at most")
    if not client.name.strip():
        reasons.append("it needs a name people know")
    if not client.grants or not client.grants <= set(GRANTS):
        reasons.append(f"grants are among {', '.join(GRANTS)}")
    if unknown := sorted(set(client.scopes) - set(SCOPES)):
        reasons.append(f"no such scope: {', '.join(unknown)}")
    if "account" in client.scopes and not client.first_party:
        reasons.append("only the city's own apps manage how people sign in")
    if client.kind == "public" and "client_credentials" in client.grants:
        reasons.append("only a client with a secret acts for itself")
    if (TOKEN_EXCHANGE in client.grants) != bool(client.exchange_from):
        reasons.append("who exchanges tokens says whose, and nobody else does")
    if client.exchange_from and client.kind == "public":
        reasons.append("only a client with a secret exchanges tokens")
    if client.id_token_alg not in (None, *ALGS):
        reasons.append(f"ID tokens are signed by {', '.join(ALGS)}")
    if client.office_id is not None and client.kind == "public":
        reasons.append("a kiosk has a secret")
    asks_people = not client.first_party and not client.grants.isdisjoint(("authorization_code", DEVICE_CODE))
    said = client.purpose
    if asks_people and (said is None or not (said.vi.strip() and said.en.strip())):
        reasons.append("a partner says what it wants people's data for, in both languages")
    if "authorization_code" in client.grants and not client.first_party and not client.redirect_uris:
        reasons.append("a partner needs an address that answers are sent to")
    if DEVICE_CODE in client.grants:
        reasons += _unfit_to_lend_to(client)
    if client.keys and client.kind == "public":
        reasons.append("a client that signs for itself is confidential")
    if client.fapi2 and not (client.keys and client.dpop_required):
        reasons.append("a client of the profile fapi2 signs, and binds its tokens")
    reasons += [reason for key in client.keys if (reason := _unfit(key))]
    told = [] if client.backchannel_logout_uri is None else [client.backchannel_logout_uri]
    if any(urlsplit(uri).scheme not in ("https", "http") for uri in told):
        reasons.append("the address told of log-outs is a web address")
    every = (*client.redirect_uris, *client.post_logout_redirect_uris, *told)
    reasons += [reason for uri in every if (reason := _unsafe(uri))]
    reasons += [
        f"{origin} is no origin of https or a loopback address" for origin in client.origins if not _is_origin(origin)
    ]
    if reasons:
        raise BadClient(reason="; ".join(reasons))


async def refuse_unknown(conn: AsyncConnection, client: Client) -> None:
    """Refuses BadClient for services and clients that nobody registered."""
    known = {service.uri for service in await store.services(conn, client.resources)}
    unknown = [uri for uri in client.resources if uri not in known]
    unknown += [name for name in sorted(client.exchange_from) if await store.client(conn, name) is None]
    if unknown:
        raise BadClient(reason=f"nobody registered {', '.join(unknown)}")


def _unfit_to_lend_to(client: Client) -> list[str]:
    """A screen people show a phone to: known by more than its name, and never holding what outlasts the visit."""
    reasons: list[str] = []
    if client.kind == "public":
        reasons.append("a device that people sign in to has a secret or a key")
    if "refresh_token" in client.grants:
        reasons.append("what is lent to a device is not refreshed")
    if beyond := sorted(NOT_LENT.intersection(client.scopes)):
        reasons.append(f"no device is lent {', '.join(beyond)}")
    return reasons


def _unfit(key: dict[str, Any]) -> str | None:
    try:
        rfc7638.key_of(key)
    except BadJws as error:
        return str(error)
    return None


def _unsafe(uri: str) -> str | None:
    """Why no code may be sent there (RFC 9700 §2.1, RFC 8252 §7)."""
    parts = urlsplit(uri)
    if "#" in uri or parts.username is not None or not uri.isascii() or "\\" in uri:
        return f"{uri} has a fragment, a user or foreign characters"
    if parts.scheme == "https" and parts.hostname:
        return None
    if parts.scheme == "http" and parts.hostname and _loopback(parts.hostname):
        return None
    if "." in parts.scheme and parts.scheme not in _SCHEMES_OF_BROWSERS:
        return None  # an app's own scheme, reversed domain name (RFC 8252 §7.1)
    return f"{uri} is neither https, nor http on a loopback address, nor an app's own scheme"


def _is_origin(text: str) -> bool:
    """As a browser sends it (RFC 6454 §6.2): scheme, host in lower case, and a port where it is not the scheme's own."""
    parts = urlsplit(text)
    if (
        not text.isascii()
        or text != f"{parts.scheme}://{parts.netloc}".lower()
        or not parts.hostname
        or "@" in parts.netloc
    ):
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _loopback(parts.hostname))


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _host(uris: Sequence[str]) -> str | None:
    """The one https host all lead to (OpenID Connect Core §8.1): on 127.0.0.1 every app of every maker answers."""
    hosts = {parts.hostname if parts.scheme == "https" else None for parts in map(urlsplit, uris)}
    return hosts.pop() if len(hosts) == 1 else None
