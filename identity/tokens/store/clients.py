"""Registered applications."""

from datetime import datetime

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
        " resources, exchange_from, id_token_alg, origins, disabled_at from oauth_clients where id = %(id)s",
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
    )


async def add_client(conn: AsyncConnection, added: Client, at: datetime) -> bool:
    """False when the id is taken."""
    count = await run(
        conn,
        "insert into oauth_clients (id, name, kind, secret_digest, grants, scopes, redirect_uris, dpop_required, first_party,"
        " office_id, sector, purpose, response_modes, keys, require_par, fapi2, post_logout_redirect_uris, backchannel_logout_uri, resources,"
        " exchange_from, id_token_alg, origins, created_at) values (%(id)s, %(name)s, %(kind)s, %(secret_digest)s, %(grants)s,"
        " %(scopes)s, %(redirect_uris)s, %(dpop_required)s, %(first_party)s, %(office_id)s, %(sector)s, %(purpose)s,"
        " %(response_modes)s, %(keys)s, %(require_par)s, %(fapi2)s, %(post_logout_redirect_uris)s, %(backchannel_logout_uri)s, %(resources)s, %(exchange_from)s, %(id_token_alg)s, %(origins)s, %(at)s) on conflict (id) do nothing",
        {
            "id": added.id,
            "name": added.name,
            "kind": added.kind,
            "secret_digest": added.secret_digest,
            "grants": sorted(added.grants),
            "scopes": list(added.scopes),
            "redirect_uris": list(added.redirect_uris),
            "dpop_required": added.dpop_required,
            "first_party": added.first_party,
            "office_id": added.office_id,
            "sector": added.sector,
            "purpose": as_json(added.purpose),
            "response_modes": list(added.response_modes),
            "keys": as_json(added.keys),
            "require_par": added.require_par,
            "fapi2": added.fapi2,
            "post_logout_redirect_uris": list(added.post_logout_redirect_uris),
            "backchannel_logout_uri": added.backchannel_logout_uri,
            "resources": list(added.resources),
            "exchange_from": sorted(added.exchange_from),
            "id_token_alg": added.id_token_alg,
            "origins": list(added.origins),
            "at": at,
        },
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


async def set_client_disabled(conn: AsyncConnection, client_id: str, at: datetime | None) -> bool:
    return await run(
        conn, "update oauth_clients set disabled_at = %(at)s where id = %(id)s", {"id": client_id, "at": at}
    ) == 1  # fmt: skip


async def set_client_secret(conn: AsyncConnection, client_id: str, secret_digest: bytes) -> bool:
    """Only of a client that has one."""
    return await run(
        conn,
        "update oauth_clients set secret_digest = %(digest)s where id = %(id)s and secret_digest is not null",
        {"id": client_id, "digest": secret_digest},
    ) == 1  # fmt: skip
