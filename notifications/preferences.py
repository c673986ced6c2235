"""What a person chose: which ways in which order, when not to ring, which devices to push to."""

import hashlib
from collections.abc import Collection
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from kit import clock, crypto, ids
from kit.db import Database
from kit.refusal import NotFound
from notifications import store
from notifications.messages import DeviceRequest, Platform, Preferences, PushDevice
from notifications.refusals import BadPreferences

_DEVICES_KEPT = 10


async def of(conn: AsyncConnection, account_id: str) -> Preferences:
    """A person's own, or what everybody has who chose nothing."""
    return _preferences(await store.preferences(conn, account_id))


Chosen = tuple[Preferences, list[tuple[Platform, str]]]
"""A person's preferences, and their devices as push needs them."""


async def with_devices(conn: AsyncConnection, key: bytes, account_ids: Collection[str]) -> dict[str, Chosen]:
    """`of`, and each one's devices, in one look: every message asks for both."""
    if not account_ids:
        return {}
    found: dict[str, Chosen] = {}
    for row in await store.chosen(conn, list(account_ids)):
        if row.account_id not in found:
            found[row.account_id] = _preferences(row if row.ways is not None else None), []
        if row.platform is not None:
            token = crypto.unseal(key, row.token_sealed, row.token_digest).decode()
            found[row.account_id][1].append((row.platform, token))
    return found


def _preferences(row: Any) -> Preferences:
    if row is None:
        return Preferences()
    return msgspec.convert(
        {"order": row.ways, "quiet_from": row.quiet_from, "quiet_until": row.quiet_until}, Preferences
    )


async def choose(db: Database, account_id: str, chosen: Preferences) -> Preferences:
    """Refuses BadPreferences: a way named twice, or one end of the quiet hours without the other."""
    if len(set(chosen.order)) != len(chosen.order) or (chosen.quiet_from is None) != (chosen.quiet_until is None):
        raise BadPreferences
    async with db.begin() as conn:
        await store.put_preferences(
            conn,
            {
                "account_id": account_id,
                "ways": list(chosen.order),
                "quiet_from": chosen.quiet_from,
                "quiet_until": chosen.quiet_until,
            },
        )
    return chosen


async def add_device(db: Database, key: bytes, account_id: str, asked: DeviceRequest) -> PushDevice:
    """The same token again is the same device; ten are kept, the newest."""
    digest = hashlib.sha256(asked.token.encode()).digest()
    async with db.begin() as conn:
        row = await store.put_device(
            conn,
            {
                "id": ids.new_id("dev"),
                "account_id": account_id,
                "platform": asked.platform,
                "token_digest": digest,
                "token_sealed": crypto.seal(key, asked.token.encode(), digest),
                "added_at": clock.now(),
            },
        )
        await store.drop_oldest_devices(conn, account_id, _DEVICES_KEPT)
    return PushDevice(id=row.id, platform=row.platform, added_at=row.added_at)


async def devices(db: Database, account_id: str) -> list[PushDevice]:
    async with db.connect() as conn:
        return [
            PushDevice(id=row.id, platform=row.platform, added_at=row.added_at)
            for row in await store.devices(conn, account_id)
        ]


async def drop_device(db: Database, account_id: str, device_id: str) -> None:
    """Refuses NotFound."""
    async with db.begin() as conn:
        if not await store.drop_device(conn, account_id, device_id):
            raise NotFound
