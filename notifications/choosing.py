"""Which ways a message goes, in which order, and when it must not ring. Pure: no clock, no database."""

from collections.abc import Collection, Sequence
from datetime import datetime, time, timedelta

import msgspec

from kit import clock
from notifications.messages import CARRIES, WAY_OF, ChannelKind, Contact, Platform, Preferences, Way


class Quiet(msgspec.Struct, frozen=True):
    """Hours of the city's day in which nothing rings; over midnight when `until` is not after `start`."""

    start: time
    until: time

    @classmethod
    def parse(cls, start: str, until: str) -> "Quiet | None":
        """`22:00` and `06:00`; None when both are the same, which is no time at all."""
        made = cls(time.fromisoformat(start), time.fromisoformat(until))
        return None if made.start == made.until else made

    def ends(self, at: datetime) -> datetime | None:
        """When it may ring again; None when it may now. `at` aware."""
        here = at.astimezone(clock.CITY)
        over_midnight = self.until <= self.start
        now = here.time()
        within = (now >= self.start or now < self.until) if over_midnight else self.start <= now < self.until
        if not within:
            return None
        day = here.date() + timedelta(days=1) if over_midnight and now >= self.start else here.date()
        return datetime.combine(day, self.until, clock.CITY).astimezone(at.tzinfo)


RINGS: frozenset[Way] = frozenset({"push", "zalo", "sms"})
"""E-mail waits in silence."""


class Step(msgspec.Struct, frozen=True):
    """One attempt of a fall-back chain: of one chain the lowest rank leaves first, the next when all of that rank failed."""

    chain: int
    rank: int
    channel: ChannelKind
    to: str


def steps(
    *,
    contacts: Sequence[Contact],
    devices: Sequence[tuple[Platform, str]],
    channels: Collection[ChannelKind],
    preferences: Preferences,
    everywhere: bool,
) -> list[Step]:
    """Every way this deployment has to this person, as chains.

    A plain message is one chain over all of them. A warning about the account (`everywhere`) is a chain for each contact and device, in spite of
    what was switched off: who took an account over would switch off first.
    """
    order = preferences.order
    if everywhere:
        order += tuple(way for way in Preferences().order if way not in order)
    reached: list[tuple[int, ChannelKind, str]] = []
    for number, contact in enumerate(contacts):
        reached.extend((number, kind, contact.value) for kind in CARRIES[contact.kind])
    reached.extend((len(contacts) + number, platform, token) for number, (platform, token) in enumerate(devices))
    found = [
        Step(chain=number if everywhere else 0, rank=order.index(WAY_OF[kind]), channel=kind, to=to)
        for number, kind, to in reached
        if kind in channels and WAY_OF[kind] in order
    ]
    return sorted(found, key=lambda step: (step.chain, step.rank))
