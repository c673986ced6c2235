"""The verbs of partners and of the operator who decides. Each owns its transaction."""

from datetime import timedelta
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from identity import accounts, mandates, tokens
from identity.accounts import telling
from identity.accounts.authenticators import service as authenticators
from identity.accounts.freshness import refuse_stale
from identity.consents import reads
from identity.mandates import Mandates
from identity.partners import store
from identity.partners.messages import (
    Application,
    ClientScope,
    DecisionRequest,
    MyClient,
    MyClients,
    NewSecret,
    Purpose,
    ServiceName,
    Verdict,
    WaitingApplication,
    Wanted,
    WantedService,
)
from identity.partners.refusals import (
    ApplicationDecided,
    ApplicationWaits,
    NotForPartners,
    OnlyRepresentatives,
    OwnApplication,
    TooManyClients,
)
from identity.tokens import clients as registered
from identity.tokens import services
from identity.tokens.refusals import BadClient
from identity.tokens.rfc7638 import key_of, thumbprint
from kit import clock, ids
from kit.actor import Actor
from kit.db import Database, to_json
from kit.keys import Keys
from kit.names import same_name
from kit.refusal import NotFound, Words
from kit.settings import Settings
from notifications import PostOffice

OVERLAP = timedelta(days=7)
"""So long after a new secret the one before is still taken: servers are changed over one by one."""

SCOPES = frozenset(
    {
        "openid",
        "offline_access",
        "profile",
        "phone",
        "email",
        "address",
        "dossiers:read",
        "dossiers:write",
        "messages:read",
    }
)
"""What an app of others may ask people for; the rest is done in the city's own apps."""

_MOST = 20
_PAGE = 100
_BY_SANDBOX = "sandbox"


class Ways(msgspec.Struct, frozen=True):
    """What the verbs stand on."""

    db: Database
    keys: Keys
    settings: Settings
    post_office: PostOffice
    mandates: Mandates


async def apply(ways: Ways, actor: Actor, wanted: Wanted, *, behalf: str | None) -> Application:
    """Asks for a new client, or for another registration of one's own; a sandbox says yes at once. `behalf` is the mandate of who
    represents an enterprise, here and below: the client is then the enterprise's.

    Refuses BadClient, BadService, ServiceExists, NotForPartners, ApplicationWaits, TooManyClients, NotFound, SignInTooOld, and as
    `mandates.acting` does.
    """
    refuse_stale(actor, "applications")
    if beyond := [name for name in wanted.scopes if name not in SCOPES]:
        raise NotForPartners(scope=beyond[0])
    _refuse_mixed(wanted)
    async with ways.db.begin() as conn:
        owner_id = await _owner(conn, ways, actor, behalf)
        if wanted.client_id is not None:
            await _own(conn, owner_id, wanted.client_id)
            now = await registered.client(conn, wanted.client_id)
            if now is None or now.kind != wanted.kind:
                raise BadClient(
                    reason="what is public stays public, what is confidential stays so: ask for another client"
                )
            if wanted.service is not None or "authorization_code" not in now.grants:
                raise BadClient(reason="a service stays as it was registered: ask for another")
        elif len(await store.clients_of(conn, owner_id)) + await store.waiting_of(conn, owner_id) >= _MOST:
            raise TooManyClients(most=_MOST)
        client_id = wanted.client_id or ids.new_id("app")
        # Looked at before anybody is asked to decide about it.
        looked_at = registered.described(**_registration(wanted, client_id, owner_id, sandbox=False))
        registered.refuse_unsafe(looked_at)
        await registered.refuse_unknown(conn, looked_at)
        if wanted.service is not None:
            services.refuse_unfit(wanted.service.uri, _words(wanted.service.name), wanted.scopes)
            await services.refuse_taken(conn, wanted.service.uri)
        application_id = ids.new_id("cap")
        added = await store.add(
            conn,
            id=application_id,
            client_id=client_id,
            owner_id=owner_id,
            wanted=to_json(wanted),
            asked_at=clock.now(),
        )
        if not added:
            raise ApplicationWaits
        if ways.settings.sandbox:
            await _decide(conn, ways, await store.one(conn, application_id), "approved", _BY_SANDBOX, None)
        return _told(await store.one(conn, application_id))


async def clients_of(ways: Ways, actor: Actor, *, behalf: str | None) -> MyClients:
    """One's clients as they are, and what was asked about them."""
    async with ways.db.connect() as conn:
        owner_id = await _owner(conn, ways, actor, behalf, hold=False)
        mine = [await _mine(conn, one) for one in await store.clients_of(conn, owner_id)]
        asked = [_told(row) for row in await store.of_owner(conn, owner_id, _PAGE)]
    return MyClients(clients=mine, applications=asked)


async def renew_secret(ways: Ways, actor: Actor, client_id: str, *, behalf: str | None) -> NewSecret:
    """Also how the first one is got. Refuses SignInTooOld, NotFound also for a client that signs or has nothing to keep."""
    refuse_stale(actor, "applications")
    async with ways.db.begin() as conn:
        owner_id = await _owner(conn, ways, actor, behalf)
        await _own(conn, owner_id, client_id)
        until = clock.now() + OVERLAP
        secret = await tokens.renew_secret(conn, client_id, overlap=OVERLAP)
        await _tell(conn, ways, owner_id, Words(vi="Đã tạo mật khẩu mới cho ứng dụng", en="a client got a new secret"))
    return NewSecret(client_id=client_id, client_secret=secret, old_secret_until=until)


async def end_old_secret(ways: Ways, actor: Actor, client_id: str, *, behalf: str | None) -> None:
    """At once, for one that got out. Refuses NotFound."""
    async with ways.db.begin() as conn:
        await _own(conn, await _owner(conn, ways, actor, behalf), client_id)
        await tokens.end_old_secret(conn, client_id)


async def replace_keys(
    ways: Ways, actor: Actor, client_id: str, keys: list[dict[str, Any]], *, behalf: str | None
) -> MyClient:
    """Refuses SignInTooOld, NotFound also for a client that keeps a secret, BadClient."""
    refuse_stale(actor, "applications")
    async with ways.db.begin() as conn:
        owner_id = await _owner(conn, ways, actor, behalf)
        await _own(conn, owner_id, client_id)
        await tokens.replace_keys(conn, client_id, keys)
        await _tell(conn, ways, owner_id, Words(vi="Đã thay khoá của ứng dụng", en="a client's keys were replaced"))
        return await _mine(conn, client_id)


# The operator


async def waiting(ways: Ways, operator: Actor) -> list[WaitingApplication]:
    """The oldest first."""
    async with ways.db.begin() as conn:
        rows = await store.waiting(conn, _PAGE)
        await reads.record_many(conn, operator, "client_application", list({row.owner_id: None for row in rows}))
        return [await _waiting(conn, ways, row) for row in rows]


async def decide(ways: Ways, operator: Actor, application_id: str, asked: DecisionRequest) -> Application:
    """Once, with the reason the partner is told. Refuses NotFound, ApplicationDecided, OwnApplication, BadClient."""
    async with ways.db.begin() as conn:
        row = await store.one(conn, application_id)
        if row is None:
            raise NotFound
        if row.decided_at is not None:
            raise ApplicationDecided
        owner = await accounts.account(conn, ways.keys, row.owner_id)
        own = await accounts.account(conn, ways.keys, authenticators.holder_of(operator))
        # An officer's working account holds no personal number: a shared name is all there is to go by.
        behind = await mandates.representatives(conn, owner.id)
        if own.id == owner.id or any(same_name(own.full_name, name) for name in (owner.full_name, *behind.values())):
            raise OwnApplication
        await reads.record(conn, operator, "client_application", row.owner_id)
        await _decide(conn, ways, row, asked.verdict, asked.reason, operator.account_id)
        return _told(await store.one(conn, application_id))


async def _decide(
    conn: AsyncConnection, ways: Ways, row: Any, verdict: Verdict, reason: str, officer_id: str | None
) -> None:
    wanted = msgspec.convert(row.wanted, Wanted)
    if verdict == "approved":
        registration = _registration(wanted, row.client_id, row.owner_id, sandbox=ways.settings.sandbox)
        if wanted.client_id is None:
            # The secret nobody saw: the owner asks for one.
            await tokens.register_client(conn, **registration)
            if wanted.service is not None:
                service = wanted.service
                await tokens.register_service(
                    conn, uri=service.uri, name=_words(service.name), scopes=wanted.scopes, client_id=row.client_id
                )
        else:
            await tokens.change_client(conn, **registration)
    await store.decide(conn, row.id, decided_at=clock.now(), verdict=verdict, reason=reason, officer_id=officer_id)
    said = (
        Words(vi="Đơn đăng ký ứng dụng của bạn đã được duyệt", en="your application to register an app was approved")
        if verdict == "approved"
        else Words(vi="Đơn đăng ký ứng dụng của bạn bị từ chối", en="your application to register an app was refused")
    )
    await _tell(conn, ways, row.owner_id, said)


async def _owner(conn: AsyncConnection, ways: Ways, actor: Actor, behalf: str | None, *, hold: bool = True) -> str:
    """The account whose clients they are: the caller's, or that of the enterprise the caller represents."""
    if behalf is None:
        return authenticators.holder_of(actor)
    acting = await mandates.acting(conn, ways.mandates, actor, behalf, hold=hold)
    if acting.kind != "representative":
        raise OnlyRepresentatives
    return acting.principal.id


async def _own(conn: AsyncConnection, owner_id: str, client_id: str) -> None:
    if client_id not in await store.clients_of(conn, owner_id):
        raise NotFound


async def _tell(conn: AsyncConnection, ways: Ways, owner_id: str, said: Words) -> None:
    """The owner; of an enterprise, which has no letter-box, who represents it."""
    for account_id in sorted(await mandates.representatives(conn, owner_id)) or [owner_id]:
        await telling.tell_of_change(conn, ways.keys, ways.post_office, ways.settings, account_id, said)


def _refuse_mixed(wanted: Wanted) -> None:
    """An app that people sign in to, or a service that takes tokens. Refuses BadClient."""
    if wanted.service is None:
        return
    if wanted.kind != "confidential":
        raise BadClient(reason="a service has a secret or a key")
    if (
        wanted.redirect_uris
        or wanted.post_logout_redirect_uris
        or wanted.backchannel_logout_uri
        or wanted.stays_signed_in
        or wanted.resources
    ):
        raise BadClient(
            reason="nobody signs in to a service: it has no addresses, refresh tokens or services of others"
        )


def _words(said: Purpose | ServiceName) -> Words:
    return Words(vi=said.vi, en=said.en)


def _registration(wanted: Wanted, client_id: str, owner_id: str, *, sandbox: bool) -> dict[str, Any]:
    """As the issuer takes it. A service's client asks about tokens, and has no scope for itself."""
    people = ["authorization_code", *(["refresh_token"] if wanted.stays_signed_in else [])]
    return {
        "client_id": client_id,
        "name": wanted.name,
        "kind": wanted.kind,
        "grants": people if wanted.service is None else ["client_credentials"],
        "scopes": [] if wanted.service is not None else list(dict.fromkeys(wanted.scopes)),
        "resources": wanted.resources,
        "redirect_uris": wanted.redirect_uris,
        "purpose": _words(wanted.purpose),
        "keys": wanted.public_keys,
        "require_par": wanted.require_par,
        "fapi2": wanted.fapi2,
        "dpop_required": False if wanted.kind == "public" and not wanted.device_key else None,
        "post_logout_redirect_uris": wanted.post_logout_redirect_uris,
        "backchannel_logout_uri": wanted.backchannel_logout_uri,
        "owner_id": owner_id,
        "sandbox": sandbox,
    }


async def _waiting(conn: AsyncConnection, ways: Ways, row: Any) -> WaitingApplication:
    owner = await accounts.account(conn, ways.keys, row.owner_id)
    now = await registered.client(conn, row.client_id)
    return WaitingApplication(
        application=_told(row),
        owner_name=owner.full_name,
        owner_kind="enterprise" if owner.kind == "enterprise" else "person",
        owner_level=owner.level,
        now=None if now is None else _wanted_of(now),
    )


def _wanted_of(client: tokens.Client) -> Wanted:
    known = {name: getattr(client, name) for name in Wanted.__struct_fields__ if hasattr(client, name)}
    more = {
        "client_id": client.id,
        "public_keys": list(client.keys),
        "stays_signed_in": "refresh_token" in client.grants,
        "device_key": client.dpop_required or client.kind == "confidential",
    }
    return msgspec.convert(to_json(known | more), Wanted)


def _told(row: Any) -> Application:
    return Application(
        id=row.id,
        client_id=row.client_id,
        wanted=msgspec.convert(row.wanted, Wanted),
        asked_at=row.asked_at,
        decided_at=row.decided_at,
        verdict=row.verdict,
        reason=row.reason,
    )


async def _mine(conn: AsyncConnection, client_id: str) -> MyClient:
    client, service = await registered.client(conn, client_id), await services.of_client(conn, client_id)
    assert client is not None
    until = client.old_secret_until
    return MyClient(
        client_id=client.id,
        name=client.name,
        kind=client.kind,
        state="working" if client.disabled_at is None else "disabled",
        sandbox=client.sandbox,
        purpose=client.purpose,
        scopes=[ClientScope(name, tokens.words_of(name)) for name in client.scopes],
        grants=sorted(client.grants),
        redirect_uris=list(client.redirect_uris),
        resources=list(client.resources),
        service=None
        if service is None
        else WantedService(service.uri, ServiceName(vi=service.name.vi, en=service.name.en)),
        key_ids=[thumbprint(key_of(key)) for key in client.keys],
        old_secret_until=until if until is not None and clock.now() < until else None,
    )
