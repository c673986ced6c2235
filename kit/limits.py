"""Rate limits in Valkey: a fixed window per name and caller. Without Valkey they refuse; they never silently allow."""

import hashlib
from typing import Any

import msgspec

from kit.refusal import Refusal, Words
from kit.valkey import Valkey, ValkeyGone


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
    # A partner sends the cards of many people; one a second is what one worker reads.
    "card-of-client": Limit(600, 600),
    "face": Limit(20, 600),
    # On one person's phone, against that person's own face.
    "face-on-phone": Limit(5, 3600),
    # Challenges drawn at one kiosk, or by one person on a phone: who draws until one fits a film they have runs dry.
    "liveness": Limit(20, 600),
    # Cards shown at one kiosk, to sign in.
    "card-at-kiosk": Limit(30, 600),
    # Faces held against one card, over all sessions: at one false match in a thousand, guessing takes months.
    "face-of-card": Limit(15, 86_400),
    "lookup": Limit(30, 600),
    "lookup-code": Limit(10, 3600),
    "sign-in": Limit(20, 600),
    # Whole neighbourhoods share an address behind a carrier's NAT.
    "sign-in-address": Limit(300, 600),
    # By login and the device or address that asks; and for strangers' devices together, so that no phone rings all night.
    "one-time-code": Limit(5, 900),
    "one-time-code-everywhere": Limit(20, 3600),
    "proofing": Limit(30, 600),
    "token": Limit(120, 60),
    # Each writes a row; whole neighbourhoods share an address.
    "authorize": Limit(600, 600),
    # Wrong ones, in the life of one: 5 of 20^8 are about 2^-32, 100 from everywhere 2^-28 (RFC 8628 §5.1).
    "user-code": Limit(5, 300),
    "user-code-everywhere": Limit(100, 300),
    # A machine that waits asks every five seconds, and several may stand behind one address.
    "kiosk": Limit(1200, 600),
    "upload": Limit(120, 600),
    # By account: who tries the numbers of enterprises, children or delegates runs dry.
    "enterprise-claim": Limit(10, 3600),
    "ward": Limit(10, 3600),
    "delegate": Limit(20, 3600),
}


class Limits:
    """Counts calls. `scale` multiplies every limit (a load test names one; nothing else does)."""

    def __init__(self, valkey: Valkey, *, scale: int = 1) -> None:
        self._valkey = valkey
        self._scale = scale

    async def hit(self, name: str, subject: str) -> None:
        """Counts one call of `subject` (an address, an account, a session). Raises TooMany or LimitsUnavailable."""
        limit = LIMITS[name]
        try:
            counted = await self._valkey.count(_key(name, subject), window_seconds=limit.seconds)
        except ValkeyGone as error:
            raise LimitsUnavailable(retry_after_seconds=30) from error
        if (refusal := self._judge(limit, counted)) is not None:
            raise refusal

    async def hit_all(self, name: str, subjects: list[str]) -> list[TooMany | None]:
        """Counts one call of each, and the refusals of those who are over. Raises LimitsUnavailable."""
        limit = LIMITS[name]
        keys = [_key(name, subject) for subject in subjects]
        try:
            counted = await self._valkey.count_all(keys, window_seconds=limit.seconds)
        except ValkeyGone as error:
            raise LimitsUnavailable(retry_after_seconds=30) from error
        return [self._judge(limit, one) for one in counted]

    def _judge(self, limit: Limit, counted: tuple[int, int]) -> TooMany | None:
        count, seconds_left = counted
        return TooMany(retry_after_seconds=max(1, seconds_left)) if count > limit.times * self._scale else None

    async def forgive(self, name: str, subject: str) -> None:
        """Takes one call back: where only failures count, each call is counted first, so that none slips by beside another.
        Raises LimitsUnavailable."""
        try:
            await self._valkey.uncount(_key(name, subject))
        except ValkeyGone as error:
            raise LimitsUnavailable(retry_after_seconds=30) from error


def _key(name: str, subject: str) -> str:
    # A subject may be a phone number or a receipt code: Valkey keeps a hash, never the value.
    return f"limit:{name}:{hashlib.sha256(subject.encode()).hexdigest()[:32]}"
