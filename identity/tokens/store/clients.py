"""Registered applications."""

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from identity.tokens.messages import Client
from identity.tokens.store.rows import as_json, one, run
from kit.refusal import Words


async def client(conn: AsyncConnection, client_id: str) -> Client | None:
    row = await one(
        conn,
        "select id, name, kind, secret_digest, grants, scopes, redirect_uris, dpop_required, first_party, office_id, sector, purpose,"
        " response_modes, keys, require_par, fapi2, post_logout_redirect_uris, backchannel_logout_uri,"
        " resources, exchange_from, id_token_alg, origins, disabled_at,"
        " owner_id, sandbox, old_secret_digest, old_secret_until from oauth_clients where id = %(id)s",
        {"id": client_id},
    )
    if row is None:
        return None
    return Client(
        id=row.id,
        name=row.name,
        kind=row.kind,
        secret_digest=row.secret_digest,
        grants=frozenset(row.grants),
        scopes=tuple(row.scopes),
        redirect_uris=tuple(row.redirect_uris),
        dpop_required=row.dpop_required,
        first_party=row.first_party,
        office_id=row.office_id,
        sector=row.sector,
        purpose=None if row.purpose is None else msgspec.convert(row.purpose, Words),
        response_modes=tuple(row.response_modes),
        keys=tuple(row.keys),
        require_par=row.require_par,
        fapi2=row.fapi2,
        post_logout_redirect_uris=tuple(row.post_logout_redirect_uris),
        backchannel_logout_uri=row.backchannel_logout_uri,
        resources=tuple(row.resources),
        exchange_from=frozenset(row.exchange_from),
        id_token_alg=row.id_token_alg,
        origins=tuple(row.origins),
        disabled_at=row.disabled_at,
        owner_id=row.owner_id,
        sandbox=row.sandbox,
        old_secret_digest=row.old_secret_digest,
        old_secret_until=row.old_secret_until,
    )


async def add_client(conn: AsyncConnection, added: Client, at: datetime) -> bool:
    """False when the id is taken."""
    count = await run(
        conn,
        "insert into oauth_clients (id, name, kind, secret_digest, grants, scopes, redirect_uris, dpop_required, first_party,"
        " office_id, sector, purpose, response_modes, keys, require_par, fapi2, post_logout_redirect_uris, backchannel_logout_uri, resources,"
        " exchange_from, id_token_alg, origins, owner_id, sandbox, created_at) values (%(id)s, %(name)s, %(kind)s, %(secret_digest)s, %(grants)s,"
        " %(scopes)s, %(redirect_uris)s, %(dpop_required)s, %(first_party)s, %(office_id)s, %(sector)s, %(purpose)s,"
        " %(response_modes)s, %(keys)s, %(require_par)s, %(fapi2)s, %(post_logout_redirect_uris)s, %(backchannel_logout_uri)s, %(resources)s, %(exchange_from)s, %(id_token_alg)s, %(origins)s, %(owner_id)s, %(sandbox)s, %(at)s) on conflict (id) do nothing",
        _values(added) | {"at": at},
    )
    return count == 1


async def is_origin(conn: AsyncConnection, origin: str) -> bool:
    """Whether any client that is enabled registered it."""
    found = await one(
        conn,
        "select from oauth_clients where disabled_at is null and %(origin)s = any(origins) limit 1",
        {"origin": origin},
    )
    return found is not None


async def change_client(conn: AsyncConnection, changed: Client) -> bool:
    """All but how it authenticates, whose it is, and by which `sub` it knows people."""
    return await run(
        conn,
        "update oauth_clients set name = %(name)s, grants = %(grants)s, scopes = %(scopes)s, redirect_uris = %(redirect_uris)s,"
        " dpop_required = %(dpop_required)s, purpose = %(purpose)s, response_modes = %(response_modes)s, require_par = %(require_par)s,"
        " fapi2 = %(fapi2)s, post_logout_redirect_uris = %(post_logout_redirect_uris)s,"
        " backchannel_logout_uri = %(backchannel_logout_uri)s, resources = %(resources)s, exchange_from = %(exchange_from)s,"
        " id_token_alg = %(id_token_alg)s, origins = %(origins)s, sandbox = %(sandbox)s where id = %(id)s",
        _values(changed),
    ) == 1  # fmt: skip


def _values(client: Client) -> dict[str, Any]:
    """As the columns take them."""
    plain = {name: list(v) if isinstance(v, tuple) else v for name, v in msgspec.structs.asdict(client).items()}
    return plain | {
        "grants": sorted(client.grants),
        "exchange_from": sorted(client.exchange_from),
        "purpose": as_json(client.purpose),
        "keys": as_json(client.keys),
    }


async def set_client_disabled(conn: AsyncConnection, client_id: str, at: datetime | None) -> bool:
    return await run(
        conn, "update oauth_clients set disabled_at = %(at)s where id = %(id)s", {"id": client_id, "at": at}
    ) == 1  # fmt: skip


async def set_client_secret(
    conn: AsyncConnection, client_id: str, secret_digest: bytes, *, old_until: datetime | None
) -> bool:
    """Only of a client that has one; the one before is good until then, or ends now."""
    return await run(
        conn,
        "update oauth_clients set secret_digest = %(digest)s, old_secret_until = %(until)s,"
        " old_secret_digest = case when %(until)s::timestamptz is not null then secret_digest end"
        " where id = %(id)s and secret_digest is not null",
        {"id": client_id, "digest": secret_digest, "until": old_until},
    ) == 1  # fmt: skip


async def end_old_secret(conn: AsyncConnection, client_id: str) -> None:
    await run(
        conn,
        "update oauth_clients set old_secret_digest = null, old_secret_until = null where id = %(id)s",
        {"id": client_id},
    )


async def set_client_keys(conn: AsyncConnection, client_id: str, keys: Any) -> bool:
    """Only of a client that signs."""
    return await run(
        conn,
        "update oauth_clients set keys = %(keys)s where id = %(id)s and keys <> '[]'",
        {"id": client_id, "keys": as_json(keys)},
    ) == 1  # fmt: skip
