"""Services that take our tokens."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from identity.tokens.messages import Service
from identity.tokens.store.rows import as_json, every, one, run
from kit.refusal import Words


async def services(conn: AsyncConnection, uris: Collection[str]) -> list[Service]:
    """Those of the addresses that are registered, disabled ones among them."""
    found = await every(
        conn,
        "select uri, name, scopes, client_id, disabled_at from oauth_services where uri = any(%(uris)s)",
        {"uris": list(uris)},
    )
    return [_service(row) for row in found]


async def service_of(conn: AsyncConnection, client_id: str) -> Service | None:
    """The one that asks about its tokens as this client."""
    found = await one(
        conn,
        "select uri, name, scopes, client_id, disabled_at from oauth_services where client_id = %(id)s order by uri limit 1",
        {"id": client_id},
    )
    return None if found is None else _service(found)


async def add_service(conn: AsyncConnection, added: Service, at: datetime) -> bool:
    """False when the address is taken."""
    return await run(
        conn,
        "insert into oauth_services (uri, name, scopes, client_id, created_at)"
        " values (%(uri)s, %(name)s, %(scopes)s, %(client_id)s, %(at)s) on conflict (uri) do nothing",
        {
            "uri": added.uri,
            "name": as_json(added.name),
            "scopes": sorted(added.scopes),
            "client_id": added.client_id,
            "at": at,
        },
    ) == 1  # fmt: skip


async def set_service_disabled(conn: AsyncConnection, uri: str, at: datetime | None) -> bool:
    return await run(
        conn, "update oauth_services set disabled_at = %(at)s where uri = %(uri)s", {"uri": uri, "at": at}
    ) == 1  # fmt: skip


def _service(row: Any) -> Service:
    return Service(
        uri=row.uri,
        name=msgspec.convert(row.name, Words),
        scopes=frozenset(row.scopes),
        client_id=row.client_id,
        disabled_at=row.disabled_at,
    )
