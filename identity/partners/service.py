"""The verbs of partners and of the operator who decides. Each owns its transaction."""

from datetime import timedelta
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from identity import accounts, tokens
from identity.accounts import telling
from identity.accounts.authenticators import service as authenticators
from identity.accounts.freshness import refuse_stale
from identity.consents import reads
from identity.partners import store
from identity.partners.messages import (
    Application,
    ClientScope,
    DecisionRequest,
    MyClient,
    MyClients,
    NewSecret,
    Verdict,
    WaitingApplication,
    Wanted,
)
from identity.partners.refusals import (
    ApplicationDecided,
    ApplicationWaits,
    NotForPartners,
    OwnApplication,
    TooManyClients,
)
from identity.tokens import clients as registered
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


async def apply(ways: Ways, actor: Actor, wanted: Wanted) -> Application:
    """Asks for a new client, or for another registration of one's own; a sandbox says yes at once.

    Refuses BadClient, NotForPartners, ApplicationWaits, TooManyClients, NotFound, SignInTooOld.
    """
    refuse_stale(actor, "applications")
    owner_id = authenticators.holder_of(actor)
    if beyond := [name for name in wanted.scopes if name not in SCOPES]:
        raise NotForPartners(scope=beyond[0])
    async with ways.db.begin() as conn:
        if wanted.client_id is not None:
            await _own(conn, owner_id, wanted.client_id)
            now = await registered.client(conn, wanted.client_id)
            if now is None or now.kind != wanted.kind:
                raise BadClient(
                    reason="what is public stays public, what is confidential stays so: ask for another client"
                )
        elif len(await store.clients_of(conn, owner_id)) + await store.waiting_of(conn, owner_id) >= _MOST:
            raise TooManyClients(most=_MOST)
        client_id = wanted.client_id or ids.new_id("app")
        # Looked at before anybody is asked to decide about it.
        registered.refuse_unsafe(registered.described(**_registration(wanted, client_id, owner_id, sandbox=False)))
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


async def clients_of(db: Database, actor: Actor) -> MyClients:
    """One's clients as they are, and what was asked about them."""
    owner_id = authenticators.holder_of(actor)
    async with db.connect() as conn:
        found = [await registered.client(conn, one) for one in await store.clients_of(conn, owner_id)]
        asked = [_told(row) for row in await store.of_owner(conn, owner_id, _PAGE)]
    return MyClients(clients=[_mine(one) for one in found if one is not None], applications=asked)


async def renew_secret(ways: Ways, actor: Actor, client_id: str) -> NewSecret:
    """Also how the first one is got. Refuses SignInTooOld, NotFound also for a client that signs or has nothing to keep."""
    refuse_stale(actor, "applications")
    async with ways.db.begin() as conn:
        await _own(conn, authenticators.holder_of(actor), client_id)
        until = clock.now() + OVERLAP
        secret = await tokens.renew_secret(conn, client_id, overlap=OVERLAP)
        await _tell(conn, ways, actor, Words(vi="Đã tạo mật khẩu mới cho ứng dụng", en="a client got a new secret"))
    return NewSecret(client_id=client_id, client_secret=secret, old_secret_until=until)


async def end_old_secret(ways: Ways, actor: Actor, client_id: str) -> None:
    """At once, for one that got out. Refuses NotFound."""
    async with ways.db.begin() as conn:
        await _own(conn, authenticators.holder_of(actor), client_id)
        await tokens.end_old_secret(conn, client_id)


async def replace_keys(ways: Ways, actor: Actor, client_id: str, keys: list[dict[str, Any]]) -> MyClient:
    """Refuses SignInTooOld, NotFound also for a client that keeps a secret, BadClient."""
    refuse_stale(actor, "applications")
    async with ways.db.begin() as conn:
        await _own(conn, authenticators.holder_of(actor), client_id)
        await tokens.replace_keys(conn, client_id, keys)
        await _tell(conn, ways, actor, Words(vi="Đã thay khoá của ứng dụng", en="a client's keys were replaced"))
        changed = await registered.client(conn, client_id)
    assert changed is not None
    return _mine(changed)


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
        if own.id == owner.id or same_name(own.full_name, owner.full_name):
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
        else:
            await tokens.change_client(conn, **registration)
    await store.decide(conn, row.id, decided_at=clock.now(), verdict=verdict, reason=reason, officer_id=officer_id)
    said = (
        Words(vi="Đơn đăng ký ứng dụng của bạn đã được duyệt", en="your application to register an app was approved")
        if verdict == "approved"
        else Words(vi="Đơn đăng ký ứng dụng của bạn bị từ chối", en="your application to register an app was refused")
    )
    await telling.tell_of_change(conn, ways.keys, ways.post_office, ways.settings, row.owner_id, said)


async def _own(conn: AsyncConnection, owner_id: str, client_id: str) -> None:
    if client_id not in await store.clients_of(conn, owner_id):
        raise NotFound


async def _tell(conn: AsyncConnection, ways: Ways, actor: Actor, said: Words) -> None:
    owner_id = authenticators.holder_of(actor)
    await telling.tell_of_change(conn, ways.keys, ways.post_office, ways.settings, owner_id, said)


def _registration(wanted: Wanted, client_id: str, owner_id: str, *, sandbox: bool) -> dict[str, Any]:
    """As the issuer takes it."""
    return {
        "client_id": client_id,
        "name": wanted.name,
        "kind": wanted.kind,
        "grants": ["authorization_code", *(["refresh_token"] if wanted.stays_signed_in else [])],
        "scopes": list(dict.fromkeys(wanted.scopes)),
        "redirect_uris": wanted.redirect_uris,
        "purpose": Words(vi=wanted.purpose.vi, en=wanted.purpose.en),
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


def _mine(client: tokens.Client) -> MyClient:
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
        key_ids=[thumbprint(key_of(key)) for key in client.keys],
        old_secret_until=until if until is not None and clock.now() < until else None,
    )
