"""Fall-back order, preferences and quiet hours, without clock and database."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from kit.clock import CITY
from notifications.choosing import Quiet, steps
from notifications.messages import Contact, Preferences

PHONE, EMAIL = Contact("phone", "+84900000099"), Contact("email", "a@b.vn")
ALL = ("sms", "email", "zalo", "fcm", "apns")


def chosen(*, contacts=(PHONE, EMAIL), devices=(("fcm", "t1"),), channels=ALL, everywhere=False, **preferences):
    return [
        (step.chain, step.rank, step.channel)
        for step in steps(
            contacts=contacts,
            devices=devices,
            channels=channels,
            preferences=Preferences(**preferences),
            everywhere=everywhere,
        )
    ]


def test_a_message_is_one_chain_from_the_cheapest_way_to_the_surest():
    assert chosen() == [(0, 0, "fcm"), (0, 1, "zalo"), (0, 2, "sms"), (0, 3, "email")]


def test_a_person_s_own_order_goes_before_and_what_they_left_out_is_not_used():
    assert chosen(order=("email", "sms")) == [(0, 0, "email"), (0, 1, "sms")]
    assert chosen(order=()) == []


def test_what_this_deployment_lacks_is_left_out():
    assert chosen(channels=("sms", "email")) == [(0, 2, "sms"), (0, 3, "email")]


def test_two_devices_of_one_person_are_told_together():
    assert chosen(devices=(("fcm", "t1"), ("apns", "t2")))[:3] == [(0, 0, "fcm"), (0, 0, "apns"), (0, 1, "zalo")]


def test_a_warning_goes_to_every_contact_and_device_each_with_a_chain_of_its_own():
    assert chosen(everywhere=True) == [(0, 1, "zalo"), (0, 2, "sms"), (1, 3, "email"), (2, 0, "fcm")]


def test_a_warning_goes_also_where_everything_was_switched_off():
    """Who takes an account over would switch the warnings off first."""
    assert {channel for _, _, channel in chosen(everywhere=True, order=())} == {"fcm", "zalo", "sms", "email"}


@pytest.mark.parametrize(
    ("here", "ends"),
    [
        ("21:59:59", None),
        ("22:00:00", "06:00 tomorrow"),
        ("23:59:59", "06:00 tomorrow"),
        ("00:00:00", "06:00 today"),
        ("05:59:59", "06:00 today"),
        ("06:00:00", None),
        ("12:00:00", None),
    ],
)
def test_quiet_hours_over_midnight_end_in_the_city_s_morning(here, ends):
    at = datetime.combine(date(2026, 11, 27), time.fromisoformat(here), CITY).astimezone(UTC)
    answer = Quiet.parse("22:00", "06:00").ends(at)
    if ends is None:
        assert answer is None
    else:
        local = answer.astimezone(CITY)
        assert local.date() - at.astimezone(CITY).date() == timedelta(days="tomorrow" in ends)
        assert f"{local:%H:%M}" == ends[:5]


def test_quiet_hours_within_a_day():
    noon = datetime(2026, 11, 27, 12, 30, tzinfo=CITY)
    assert Quiet.parse("12:00", "13:30").ends(noon) == datetime(2026, 11, 27, 13, 30, tzinfo=CITY)
    assert Quiet.parse("12:00", "13:30").ends(noon + timedelta(hours=1)) is None


def test_no_hours_at_all():
    assert Quiet.parse("00:00", "00:00") is None
