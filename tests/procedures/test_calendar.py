"""Promised dates at their boundaries, and against an independent count of every day of 2024-2027."""

import random
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import procedures
from kit.clock import CITY
from procedures.calendar import Calendar
from procedures.messages import Deadline

CALENDAR = procedures.load().calendar
SAME_DAY = Deadline(working_days=0, source="published")
TWO_DAYS = Deadline(working_days=2, extended_working_days=5, source="published")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CITY)


@pytest.mark.parametrize(
    ("received", "due"),
    [
        ("2026-11-05T00:00:00", "2026-11-05T17:00"),
        ("2026-11-05T14:59:59", "2026-11-05T17:00"),
        ("2026-11-05T14:59:59.999999", "2026-11-05T17:00"),
        ("2026-11-05T15:00:00", "2026-11-06T17:00"),
        ("2026-11-06T15:00:00", "2026-11-09T17:00"),
        ("2026-11-06T23:59:59", "2026-11-09T17:00"),
        ("2026-11-07T08:00:00", "2026-11-09T17:00"),
        ("2026-11-08T23:00:00", "2026-11-09T17:00"),
        ("2024-12-31T14:59:59", "2024-12-31T17:00"),
        ("2024-12-31T15:00:00", "2025-01-02T17:00"),
        ("2025-12-31T15:00:00", "2026-01-05T17:00"),
        ("2025-04-25T15:00:00", "2025-04-26T17:00"),
        ("2026-08-21T16:00:00", "2026-08-22T17:00"),
        ("2026-08-31T09:00:00", "2026-09-03T17:00"),
        ("2026-02-13T15:00:00", "2026-02-23T17:00"),
    ],
)
def test_within_the_working_day(received: str, due: str) -> None:
    assert CALENDAR.promise(at(received), SAME_DAY).due_at == at(due)


def test_instants_are_read_in_the_citys_time() -> None:
    """14:59:59 in the city is 07:59:59 UTC; a server in another zone promises the same."""
    before = datetime(2026, 11, 5, 7, 59, 59, tzinfo=UTC)
    promise = CALENDAR.promise(before, SAME_DAY)
    assert promise.due_at == datetime(2026, 11, 5, 10, 0, tzinfo=UTC)
    assert promise.due_at.tzinfo is UTC
    assert promise.due_on == date(2026, 11, 5)
    late = CALENDAR.promise(datetime(2026, 11, 5, 17, 30, tzinfo=UTC), SAME_DAY)
    assert late.due_on == date(2026, 11, 6)


def test_naive_instants_are_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        CALENDAR.promise(datetime(2026, 11, 5, 9, 0), SAME_DAY)  # noqa: DTZ001 - the point


def test_every_step_is_told_in_both_languages() -> None:
    promise = CALENDAR.promise(at("2026-02-12T15:00:00"), TWO_DAYS)
    told = [step.vi for step in promise.steps]
    assert told[0] == "Hồ sơ đến lúc 15:00:00, thứ Năm 12/02/2026."
    assert told[1].endswith("ngày làm việc tiếp theo, thứ Sáu 13/02/2026.")
    assert "Thời hạn: 2 ngày làm việc." in told
    assert "Không tính ngày 17/02/2026 (Tết Nguyên Đán)." in told
    assert told[-1] == "Hẹn trả trước 17:00, thứ Ba 24/02/2026."
    assert "17/02/2026 is not counted (Lunar New Year)." in [step.en for step in promise.steps]


def test_a_day_off_says_why() -> None:
    saturday = CALENDAR.promise(at("2026-11-07T08:00:00"), SAME_DAY)
    assert (
        saturday.steps[1].en
        == "07/11/2026 is not a working day (Saturday), so it counts as received on Monday 09/11/2026."
    )
    exchanged = CALENDAR.promise(at("2026-01-02T08:00:00"), SAME_DAY)
    assert "10/01/2026" in exchanged.steps[1].vi


@pytest.mark.parametrize(
    ("pauses", "due"),
    [
        ([], "2026-11-11T17:00"),
        # Asked and answered before the cut-off of one day: no closing was missed.
        ([("2026-11-09T10:00", "2026-11-09T14:59:59")], "2026-11-11T17:00"),
        # Answered at the cut-off: that day does not count.
        ([("2026-11-09T10:00", "2026-11-09T15:00")], "2026-11-12T17:00"),
        # Stopped at the very closing: the day was whole.
        ([("2026-11-10T17:00", "2026-11-11T09:00")], "2026-11-11T17:00"),
        # Over a weekend only the working days are given back.
        ([("2026-11-10T16:00", "2026-11-16T09:00")], "2026-11-17T17:00"),
        # Two pauses that overlap give back once.
        ([("2026-11-10T10:00", "2026-11-11T16:00"), ("2026-11-10T11:00", "2026-11-11T15:30")], "2026-11-13T17:00"),
    ],
)
def test_the_clock_stands_still(pauses: list[tuple[str, str]], due: str) -> None:
    promise = CALENDAR.promise(at("2026-11-09T09:00"), TWO_DAYS)
    stopped = CALENDAR.extend(promise, [(at(begin), at(end)) for begin, end in pauses])
    assert stopped.due_at == at(due)


def test_each_promise_names_its_own_instant_of_receipt() -> None:
    """What follows from the day is worked out once; when it came is each one's own."""
    first, second = (CALENDAR.promise(at(f"2026-11-09T{clock}"), TWO_DAYS) for clock in ("09:00:01", "10:30:02"))
    assert "09:00:01" in first.steps[0].vi
    assert "10:30:02" in second.steps[0].vi
    assert first.steps[1:] == second.steps[1:]


def test_the_supplement_limit_is_seven_working_days() -> None:
    lifecycle = procedures.load().lifecycle
    assert CALENDAR.promise(at("2026-11-09T09:00"), lifecycle.supplement).due_at == at("2026-11-18T17:00")


# The independent oracle: the days off of four years written out by hand from the State's announcements,
# as far as they are announced (2027: only the days fixed by the Labour Code, and Tết as `holidays` computes it).
DAYS_OFF = {
    date(year, month, day)
    for year, months in {
        2024: {1: [1], 2: [8, 9, 12, 13, 14], 4: [18, 29, 30], 5: [1], 9: [2, 3]},
        2025: {1: [1, 27, 28, 29, 30, 31], 4: [7, 30], 5: [1, 2], 9: [1, 2]},
        2026: {1: [1, 2], 2: [16, 17, 18, 19, 20], 4: [27, 30], 5: [1], 8: [31], 9: [1, 2], 11: [24]},
        2027: {1: [1], 2: [4, 5, 8, 9, 10], 4: [16, 30], 5: [3], 9: [2, 3], 11: [24]},
    }.items()
    for month, days in months.items()
    for day in days
}
WORKED_SATURDAYS = {date(2024, 5, 4), date(2025, 4, 26), date(2026, 1, 10), date(2026, 8, 22)}
FIRST, LAST = date(2024, 1, 1), date(2027, 12, 31)
WORKDAYS = [
    day
    for n in range((LAST - FIRST).days + 1)
    for day in [FIRST + timedelta(days=n)]
    if day in WORKED_SATURDAYS or (day.weekday() < 5 and day not in DAYS_OFF)
]


def test_every_day_of_four_years_is_as_written_out() -> None:
    days = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
    assert [day for day in days if CALENDAR.is_working(day)] == WORKDAYS


@pytest.mark.parametrize("working_days", [0, 2, 3, 7])
@pytest.mark.parametrize("clock", [time(14, 59, 59), time(15, 0)])
def test_against_the_oracle_every_day(working_days: int, clock: time) -> None:
    rule = Deadline(working_days=working_days, source="published")
    index = 0
    for n in range((date(2027, 12, 1) - FIRST).days):
        day = FIRST + timedelta(days=n)
        while WORKDAYS[index] < day:
            index += 1
        counted = index + (1 if WORKDAYS[index] == day and clock >= rule.cut_off else 0)
        expected = datetime.combine(WORKDAYS[counted + working_days], time(17, 0), CITY)
        assert CALENDAR.promise(datetime.combine(day, clock, CITY), rule).due_at == expected, day


def test_what_is_worked_out_once_is_the_promise_of_every_instant() -> None:
    """Every quarter of an hour and the seconds around the cut-off, over two Tết holidays' weeks, asked in a random order."""
    calendar, dice = Calendar(), random.Random(3)
    rules = [
        Deadline(working_days=2, source="published"),
        Deadline(working_days=2, source="published", cut_off=time(16, 30), closes=time(18, 0)),
        Deadline(working_days=0, extended_working_days=5, source="published"),
    ]
    start = datetime(2026, 2, 9, tzinfo=CITY)
    instants = [start + n * QUARTER for n in range(96 * 16)]
    instants += [
        cut_off + timedelta(seconds=s)
        for cut_off in instants
        if cut_off.time() in (time(15, 0), time(16, 30))
        for s in (-1, 1)
    ]
    dice.shuffle(instants)
    pause = (start + timedelta(days=1, hours=9), start + timedelta(days=3))
    for instant in instants:
        rule, extended = dice.choice(rules), dice.random() < 0.5
        paused = [pause] if dice.random() < 0.2 else []
        asked = instant.astimezone(UTC)
        assert (
            calendar.due(asked, rule, extended=extended, paused=paused)
            == calendar.promise(asked, rule, extended=extended, paused=paused).due_at
        )


HALF_HOUR = timedelta(minutes=30)
QUARTER = HALF_HOUR / 2


def due_by_the_clock(received: datetime, working_days: int, pauses: list[tuple[datetime, datetime]]) -> datetime:
    """Slow and obvious: a clock looked at every half hour from 15:00 to closing, of every working day after the receipt.

    A day counts when the clock ran at each look; the last look is at 16:30, so a stop at 17:00 is a stop after a whole day.
    """
    day = received.date()
    if received.time() >= time(15, 0):
        day += timedelta(days=1)
    left = working_days
    while True:
        if day in WORKDAYS_SET:
            looks = [datetime.combine(day, time(15, 0), CITY) + n * HALF_HOUR for n in range(4)]
            if not any(begin <= look <= end for look in looks for begin, end in pauses):
                if left == 0:
                    return datetime.combine(day, time(17, 0), CITY)
                left -= 1
        day += timedelta(days=1)


WORKDAYS_SET = frozenset(WORKDAYS)
# When a clock stopped and went on again, counted from midnight of the day of receipt: within a day, up to and at the cut-off,
# over nights, over weekends, twice, and one within the other.
PAUSES = [
    [(10.0, 14.5)],
    [(10.0, 15.0)],
    [(17.0, 33.0)],
    [(16.0, 40.5), (58.0, 82.0)],
    [(10.0, 24.0 * 9 + 9), (30.0, 50.0)],
]


@pytest.mark.parametrize("hours", PAUSES, ids=str)
@pytest.mark.parametrize(("working_days", "clock"), [(0, time(8, 0)), (3, time(14, 59, 59)), (5, time(15, 0))])
def test_with_a_stopped_clock_against_the_oracle_every_day(
    hours: list[tuple[float, float]], working_days: int, clock: time
) -> None:
    rule = Deadline(working_days=working_days, source="published")
    for n in range((date(2027, 11, 1) - FIRST).days):
        midnight = datetime.combine(FIRST + timedelta(days=n), time(), CITY)
        received = datetime.combine(midnight.date(), clock, CITY)
        pauses = [(midnight + timedelta(hours=begin), midnight + timedelta(hours=end)) for begin, end in hours]
        pauses = [(begin, end) for begin, end in pauses if begin >= received]
        promise = CALENDAR.promise(received, rule, paused=pauses)
        assert promise.due_at == due_by_the_clock(received, working_days, pauses), midnight


instants = st.datetimes(datetime(2024, 1, 1), datetime(2027, 6, 30)).map(lambda d: d.replace(tzinfo=CITY))  # noqa: DTZ001


@settings(deadline=None)
@given(instants, instants, st.integers(0, 10))
def test_later_receipt_is_never_due_earlier(one: datetime, other: datetime, days: int) -> None:
    rule = Deadline(working_days=days, source="published")
    first, second = sorted((one, other))
    assert CALENDAR.promise(first, rule).due_at <= CALENDAR.promise(second, rule).due_at


@settings(deadline=None)
@given(instants, st.timedeltas(timedelta(), timedelta(days=20)), st.timedeltas(timedelta(), timedelta(days=20)))
def test_a_pause_never_shortens(received: datetime, wait: timedelta, length: timedelta) -> None:
    promise = CALENDAR.promise(received, TWO_DAYS)
    paused = CALENDAR.extend(promise, [(received + wait, received + wait + length)])
    assert paused.due_at >= promise.due_at
    assert CALENDAR.is_working(paused.due_on)
