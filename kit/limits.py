"""Rate limits in Valkey: a fixed window per name and caller. Without Valkey they refuse; they never silently allow."""

import hashlib
from typing import Any

import msgspec
import redis.asyncio as redis
from redis.exceptions import RedisError

from kit.refusal import Refusal, Words


class TooMany(Refusal):
    status = 429
    code = "too-many-requests"
    vi = "Quá nhiều lần thử. Hãy đợi {retry_after_seconds} giây rồi thử lại."
    en = "Too many attempts. Wait {retry_after_seconds} seconds and try again."

    def __init__(self, *, retry_after_seconds: int, **fields: Any) -> None:
        super().__init__(retry_after_seconds=retry_after_seconds, **fields)

    @property
    def message(self) -> Words:  # the seconds stand in the sentence as well as in Retry-After
        self.fields.setdefault("retry_after_seconds", self.retry_after_seconds)
        return super().message


class LimitsUnavailable(Refusal):
    status = 503
    code = "limits-unavailable"
    vi = "Hệ thống đang bận. Hãy thử lại sau ít phút."
    en = "The service cannot count attempts right now, so it refuses them. Try again in a minute."


class Limit(msgspec.Struct, frozen=True):
    """At most `times` in `seconds`."""

    times: int
    seconds: int


LIMITS: dict[str, Limit] = {
    "card": Limit(30, 600),
    "face": Limit(20, 600),
    "lookup": Limit(30, 600),
    "lookup-code": Limit(10, 3600),
    "sign-in": Limit(20, 600),
    "one-time-code": Limit(5, 900),
    "proofing": Limit(30, 600),
    "token": Limit(120, 60),
    "upload": Limit(120, 600),
}

_COUNT = """
local n = redis.call('INCR', KEYS[1])
if n == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return {n, redis.call('TTL', KEYS[1])}
"""


class Limits:
    """Counts calls. `scale` multiplies every limit (a load test names one; nothing else does)."""

    def __init__(self, connection: "redis.Redis", *, scale: int = 1) -> None:
        self._redis = connection
        self._count = connection.register_script(_COUNT)
        self._scale = scale

    async def hit(self, name: str, subject: str) -> None:
        """Counts one call of `subject` (an address, an account, a session). Raises TooMany or LimitsUnavailable."""
        limit = LIMITS[name]
        # A subject may be a phone number or a receipt code: Valkey keeps a hash, never the value.
        key = f"limit:{name}:{hashlib.sha256(subject.encode()).hexdigest()[:32]}"
        try:
            count, seconds_left = await self._count(keys=[key], args=[limit.seconds])
        except (RedisError, OSError) as error:
            raise LimitsUnavailable(retry_after_seconds=30) from error
        if int(count) > limit.times * self._scale:
            raise TooMany(retry_after_seconds=max(1, int(seconds_left)))


def connect(url: str) -> "redis.Redis":
    """A client that answers within 200 ms or fails: a stalled Valkey must not stall a citizen."""
    return redis.from_url(url, socket_timeout=0.2, socket_connect_timeout=0.2)
