"""Promised dates: working days of Vietnam, the 15:00 cut-off, pauses; every date comes explained."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

import msgspec

from kit.clock import CITY
from kit.refusal import Words
from procedures.messages import DayOverride, Deadline

Pause = tuple[datetime, datetime]

_ONE_DAY = timedelta(days=1)
_MOST_COUNTED = 10_000
_Key = tuple[date, bool, int, bool, time, time]
_SATURDAY = 5
_WEEKDAYS = (
    Words(vi="thứ Hai", en="Monday"),
    Words(vi="thứ Ba", en="Tuesday"),
    Words(vi="thứ Tư", en="Wednesday"),
    Words(vi="thứ Năm", en="Thursday"),
    Words(vi="thứ Sáu", en="Friday"),
    Words(vi="thứ Bảy", en="Saturday"),
    Words(vi="Chủ nhật", en="Sunday"),
)


class Promise(msgspec.Struct, frozen=True, kw_only=True):
    """A due instant (UTC) and how it was computed, line by line."""

    received_at: datetime
    due_at: datetime
    rule: Deadline
    extended: bool = False
    steps: tuple[Words, ...]

    @property
    def due_on(self) -> date:
        """The city's day of the due instant."""
        return self.due_at.astimezone(CITY).date()


class Calendar:
    """Working days: Monday to Friday less holidays and days exchanged, plus days worked in exchange, then overrides."""

    def __init__(self, overrides: Iterable[DayOverride] = ()) -> None:
        import holidays  # a quarter of a second nobody should pay for importing the application

        self._overrides = {override.on: override for override in overrides}
        self._counted: dict[_Key, tuple[datetime, tuple[Words, ...]]] = {}
        self._days_vi = holidays.country_holidays("VN", language="vi")
        self._days_en = holidays.country_holidays("VN", language="en_US")

    def is_working(self, day: date) -> bool:
        """Whether offices of the State work on this day."""
        override = self._overrides.get(day)
        return override.working if override else self._days_vi.is_working_day(day)

    def why_off(self, day: date) -> Words | None:
        """Why nobody works on this day; None on a working day."""
        if self.is_working(day):
            return None
        if override := self._overrides.get(day):
            return override.reason
        if day in self._days_vi:
            return Words(vi=self._days_vi[day], en=self._days_en[day])
        return _WEEKDAYS[day.weekday()]

    def next_working(self, day: date) -> date:
        """The first working day after this one."""
        day += _ONE_DAY
        while not self.is_working(day):
            day += _ONE_DAY
        return day

    def promise(
        self, received_at: datetime, rule: Deadline, *, extended: bool = False, paused: Sequence[Pause] = ()
    ) -> Promise:
        """When a thing received at this instant is due under a rule.

        Each working day closes once (`rule.closes`); the promise falls due at the n-th closing after the day of
        receipt, or at that day's own closing when n is 0. A closing does not count when the clock stood still at it,
        or started again that day only at or after the cut-off.
        """
        if received_at.tzinfo is None:
            raise ValueError("received_at must be aware")
        local = received_at.astimezone(CITY)
        if paused:
            due_at, steps = self._count(local, rule, extended=extended, paused=paused)
        else:
            due_at, steps = self._count_unpaused(local, rule, extended=extended)
        return Promise(
            received_at=received_at.astimezone(UTC),
            due_at=due_at,
            rule=rule,
            extended=extended,
            steps=(_received(local), *steps),
        )

    def due(
        self, received_at: datetime, rule: Deadline, *, extended: bool = False, paused: Sequence[Pause] = ()
    ) -> datetime:
        """`promise(…).due_at`, unexplained."""
        if paused:
            return self.promise(received_at, rule, extended=extended, paused=paused).due_at
        return self._count_unpaused(received_at.astimezone(CITY), rule, extended=extended)[0]

    def extend(self, promise: Promise, paused: Sequence[Pause]) -> Promise:
        """The same promise with the clock stopped during these periods."""
        return self.promise(promise.received_at, promise.rule, extended=promise.extended, paused=paused)

    def _count_unpaused(self, local: datetime, rule: Deadline, *, extended: bool) -> tuple[datetime, tuple[Words, ...]]:
        """`_count` where the clock never stopped: one answer for all that is received on a day before its cut-off, and one for all
        that is received after it. Worked out once."""
        days, verified = _days(rule, extended=extended)
        key = (local.date(), local.time() >= rule.cut_off, days, verified, rule.cut_off, rule.closes)
        found = self._counted.get(key)
        if found is None:
            if len(self._counted) >= _MOST_COUNTED:
                self._counted.clear()
            found = self._counted[key] = self._count(local, rule, extended=extended, paused=())
        return found

    def _count(
        self, local: datetime, rule: Deadline, *, extended: bool, paused: Sequence[Pause]
    ) -> tuple[datetime, tuple[Words, ...]]:
        """The due instant, and how it was computed from the instant of receipt on."""
        days, verified = _days(rule, extended=extended)
        steps: list[Words] = []
        day = self._counted_from(local, rule, steps)
        pauses = [(begin.astimezone(CITY), end.astimezone(CITY)) for begin, end in paused]
        steps.append(_granted(days, verified))
        day = self._skip_pauses(day, rule, pauses, steps)
        for _ in range(days):
            day = self._skip_pauses(self._following(day, steps), rule, pauses, steps)
        due = datetime.combine(day, rule.closes, CITY)
        steps.append(_due(due))
        return due.astimezone(UTC), tuple(steps)

    def _counted_from(self, local: datetime, rule: Deadline, steps: list[Words]) -> date:
        day = local.date()
        if not self.is_working(day):
            after = self.next_working(day)
            why = self.why_off(day)
            assert why is not None
            steps.append(
                Words(
                    vi=f"Ngày {day:%d/%m/%Y} không làm việc ({why.vi}), nên tính là nhận vào {_day(after).vi}.",
                    en=f"{day:%d/%m/%Y} is not a working day ({why.en}), so it counts as received on {_day(after).en}.",
                )
            )
            return after
        if local.time() >= rule.cut_off:
            after = self.next_working(day)
            cut_off, counted = f"{rule.cut_off:%H:%M}", _day(after)
            steps.append(
                Words(
                    vi=f"Nhận từ {cut_off} trở đi, nên tính là nhận vào ngày làm việc tiếp theo, {counted.vi}.",
                    en=f"It came at or after {cut_off}, so it counts from the next working day, {counted.en}.",
                )
            )
            return after
        return day

    def _following(self, day: date, steps: list[Words]) -> date:
        """The next working day; days off that are no ordinary weekend are named."""
        after = self.next_working(day)
        between = (day + timedelta(days=n) for n in range(1, (after - day).days))
        for off in between:
            why = self.why_off(off)
            if why is not None and (off.weekday() < _SATURDAY or off in self._overrides):
                steps.append(
                    Words(
                        vi=f"Không tính ngày {off:%d/%m/%Y} ({why.vi}).",
                        en=f"{off:%d/%m/%Y} is not counted ({why.en}).",
                    )
                )
        return after

    def _skip_pauses(self, day: date, rule: Deadline, pauses: Sequence[Pause], steps: list[Words]) -> date:
        while any(_stands_still(day, rule, begin, end) for begin, end in pauses):
            steps.append(
                Words(
                    vi=f"Không tính ngày {day:%d/%m/%Y}: thời hạn tạm dừng.",
                    en=f"{day:%d/%m/%Y} is not counted: the clock stood still.",
                )
            )
            day = self._following(day, steps)
        return day


def _days(rule: Deadline, *, extended: bool) -> tuple[int, bool]:
    """Working days, and whether they are those of facts that must be verified."""
    if extended and rule.extended_working_days is not None:
        return rule.extended_working_days, True
    return rule.working_days, False


def _stands_still(day: date, rule: Deadline, begin: datetime, end: datetime) -> bool:
    closing = datetime.combine(day, rule.closes, CITY)
    return begin < closing and end >= datetime.combine(day, rule.cut_off, CITY)


@lru_cache(maxsize=1024)
def _day(day: date) -> Words:
    weekday = _WEEKDAYS[day.weekday()]
    return Words(vi=f"{weekday.vi} {day:%d/%m/%Y}", en=f"{weekday.en} {day:%d/%m/%Y}")


def _received(local: datetime) -> Words:
    return Words(
        vi=f"Hồ sơ đến lúc {local:%H:%M:%S}, {_day(local.date()).vi}.",
        en=f"The dossier came at {local:%H:%M:%S}, {_day(local.date()).en}.",
    )


def _granted(days: int, extended: bool) -> Words:
    if days == 0:
        return Words(vi="Thời hạn: ngay trong ngày làm việc.", en="Time allowed: within the working day.")
    verified = Words(vi=" (có xác minh)", en=" (with verification)") if extended else Words(vi="", en="")
    noun = "working day" if days == 1 else "working days"
    return Words(vi=f"Thời hạn: {days} ngày làm việc{verified.vi}.", en=f"Time allowed: {days} {noun}{verified.en}.")


def _due(due: datetime) -> Words:
    return Words(
        vi=f"Hẹn trả trước {due:%H:%M}, {_day(due.date()).vi}.", en=f"Promised by {due:%H:%M}, {_day(due.date()).en}."
    )
