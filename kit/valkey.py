"""Valkey (or Redis), for what may be lost at any moment: counts, proofs already used. The only file that knows its client."""

from typing import TYPE_CHECKING

from kit.together import Together

if TYPE_CHECKING:
    from redis.asyncio import Redis
    from redis.asyncio.connection import AbstractConnection

# One string for all: the client reads every number of a list by itself.
_COUNT = b"""
local told = {}
for i, key in ipairs(KEYS) do
  local n = redis.call('INCR', key)
  if n == 1 then redis.call('EXPIRE', key, ARGV[i]) end
  told[2 * i - 1] = n
  told[2 * i] = redis.call('TTL', key)
end
return table.concat(told, ' ')
"""

_UNCOUNT = "if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('DECR', KEYS[1]) end"


class ValkeyGone(Exception):
    """Valkey did not answer in time. What hangs on it is then refused, never silently allowed."""


class Valkey:
    """One client per process. It answers in time or raises ValkeyGone: a stalled cache must not stall a citizen."""

    def __init__(self, url: str, *, timeout_seconds: float = 0.2) -> None:
        # Here, for the client's own imports take as long as the database's: importing the app must not wait for it.
        import redis.asyncio as redis
        from redis.exceptions import ConnectionError as Cut
        from redis.exceptions import RedisError

        self._failures, self._cut = (RedisError, OSError), Cut
        self._client: Redis = redis.from_url(
            url, socket_timeout=timeout_seconds, socket_connect_timeout=timeout_seconds
        )
        self._counting: AbstractConnection | None = None
        self._counts: Together[tuple[str, int], tuple[int, int]] = Together(self._count_all)
        self._uncount = self._client.register_script(_UNCOUNT)

    async def count(self, key: str, *, window_seconds: int) -> tuple[int, int]:
        """Counts one more in a window that begins with its first; the count and the seconds left."""
        return await self._counts.ask((key, window_seconds))

    async def count_all(self, keys: list[str], *, window_seconds: int) -> list[tuple[int, int]]:
        """The same of several keys; one that stands several times is counted as often."""
        return await self._counts.ask_all([(key, window_seconds) for key in keys])

    async def _count_all(self, asked: list[tuple[str, int]]) -> list[tuple[int, int]]:
        keys, windows = [key.encode() for key, _ in asked], [b"%d" % seconds for _, seconds in asked]
        command = _packed(b"EVAL", _COUNT, b"%d" % len(keys), *keys, *windows)
        known = self._counting is not None
        try:
            try:
                told = await self._answer(command)
            except self._cut:
                # Closed since it was last used, as by a restart. Counted twice would be once too much, never too little.
                if not known:
                    raise
                told = await self._answer(command)
        except self._failures as error:
            raise ValkeyGone from error
        numbers = [int(number) for number in told.split()]
        return list(zip(numbers[::2], numbers[1::2], strict=True))

    async def _answer(self, command: bytes) -> bytes:
        """By a connection of its own: every request counts, and to take one from the pool and to pack and read by the general way
        takes three times the work."""
        line = self._counting or self._client.connection_pool.make_connection()
        self._counting = None
        try:
            await line.connect()
            await line.send_packed_command([command], check_health=False)
            told = await line.read_response()
        except BaseException:
            await line.disconnect(nowait=True)
            raise
        self._counting = line
        if not isinstance(told, bytes):
            raise ValkeyGone
        return told

    async def uncount(self, key: str) -> None:
        """Counts one less, in a window that is still open."""
        try:
            await self._uncount(keys=[key])
        except self._failures as error:
            raise ValkeyGone from error

    async def first(self, key: str, *, kept_seconds: int) -> bool:
        """Whether nobody said this key within the time it is kept; one of many concurrent callers is told yes."""
        try:
            return bool(await self._client.set(key, b"1", nx=True, ex=kept_seconds))
        except self._failures as error:
            raise ValkeyGone from error

    async def forget(self, key: str) -> None:
        """Lets a key be said first again."""
        try:
            await self._client.delete(key)
        except self._failures as error:
            raise ValkeyGone from error

    async def take(self, key: str) -> bool:
        """Whether a key that was said is still kept; it is forgotten with that, so one of many callers is told yes."""
        try:
            return bool(await self._client.delete(key))
        except self._failures as error:
            raise ValkeyGone from error

    async def ping(self) -> None:
        """Raises ValkeyGone."""
        try:
            await self._client.ping()
        except self._failures as error:
            raise ValkeyGone from error

    async def forget_everything(self) -> None:
        """What a restart of Valkey does; tests begin so."""
        await self._client.flushdb()

    async def close(self) -> None:
        if self._counting is not None:
            await self._counting.disconnect()
        await self._client.aclose()


def _packed(*parts: bytes) -> bytes:
    """A command as Valkey reads it (RESP)."""
    return b"*%d\r\n" % len(parts) + b"".join([b"$%d\r\n%b\r\n" % (len(part), part) for part in parts])
