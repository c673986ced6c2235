"""Tokens that a provider changes with each use, kept in a row of their own: sealed, and renewed by one process at a time."""

from collections.abc import Awaitable, Callable

import msgspec

from kit import clock, crypto
from kit.db import Database
from notifications import store
from notifications.channels import TryLater
from notifications.zalo import Tokens


class DatabaseWallet:
    """`first` is the refresh token an operator got by hand; it is used once, then the row has the newer one."""

    def __init__(self, db: Database, key: bytes, name: str, first: str | None) -> None:
        self._db, self._key, self._name, self._first = db, key, name, first

    async def access(self) -> str | None:
        async with self._db.connect() as conn:
            held = self._opened(await store.provider_token(conn, self._name))
        return held.access if held else None

    async def renew(self, used: str | None, exchange: Callable[[str], Awaitable[Tokens]]) -> str:
        async with self._db.begin() as conn:
            await store.lock_provider(conn, self._name)
            held = self._opened(await store.provider_token(conn, self._name))
            if held is not None and held.access != used:
                return held.access
            refresh = held.refresh if held else self._first
            if not refresh:
                raise TryLater("no refresh token was ever given")
            fresh = await exchange(refresh)
            sealed = crypto.seal(self._key, msgspec.json.encode(fresh), self._name.encode())
            await store.put_provider_token(conn, self._name, sealed, clock.now())
            return fresh.access

    def _opened(self, sealed: bytes | None) -> Tokens | None:
        if sealed is None:
            return None
        return msgspec.json.decode(crypto.unseal(self._key, sealed, self._name.encode()), type=Tokens)
