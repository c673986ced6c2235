"""One message, several ways: the next one leaves when the one before failed, never beside it; quiet hours, receipts, dead letters."""

import asyncio
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from kit import clock, crypto
from kit.clock import CITY
from kit.refusal import NotFound
from notifications import Contact, PostOffice, Quiet, Recipient, TryLater, Undeliverable, preferences
from notifications.messages import DeviceRequest, Preferences
from notifications.receipts import Receipt
from notifications.refusals import BadPreferences, LetterGone
from notifications.service import forget_old
from tests.notifications.test_post_office import KEY, Noted, Wire, rows, send

pytestmark = pytest.mark.anyio

PHONE, EMAIL = Contact("phone", "+84900000099"), Contact("email", "a@b.vn")
TO = Recipient("acc_1", (PHONE, EMAIL))
NIGHT = datetime(2026, 11, 27, 23, 0, tzinfo=CITY)


@pytest.fixture
async def office(db, database_url):
    async with db.begin() as conn:
        await conn.execute(
            text("truncate messages, deliveries, message_preferences, push_devices, procrastinate_jobs cascade")
        )

    def make(*channels, quiet=None):
        return PostOffice(channels, Noted(database_url), KEY, quiet=quiet)

    return make


async def states(db):
    return {row.channel: row.state for row in await rows(db, "select channel, state from deliveries")}


async def test_the_first_way_that_works_is_the_only_one(db, office):
    zalo, sms, email = Wire(kind="zalo"), Wire(), Wire(kind="email")
    post = office(zalo, sms, email)
    await send(db, post, to=TO)
    await post.drain(db)
    assert (len(zalo.letters), sms.letters, email.letters) == (1, [], [])
    assert await states(db) == {"zalo": "sent", "sms": "spared", "email": "spared"}
    assert await rows(db, "select 1 from deliveries where contact_sealed is not null") == []


async def test_when_a_way_gives_up_the_next_one_leaves_in_the_same_drain(db, office):
    zalo, sms, email = (
        Wire(Undeliverable("no account"), kind="zalo"),
        Wire(Undeliverable("blocked")),
        Wire(kind="email"),
    )
    post = office(zalo, sms, email)
    await send(db, post, to=TO)
    await post.drain(db)
    assert await states(db) == {"zalo": "given_up", "sms": "given_up", "email": "sent"}


async def test_while_a_way_is_being_tried_again_the_next_one_waits(db, office):
    zalo, sms = Wire(OSError(), kind="zalo"), Wire()
    post = office(zalo, sms)
    await send(db, post, to=TO)
    await post.drain(db)
    assert await states(db) == {"zalo": "waiting", "sms": "held"}
    assert sms.letters == []


async def test_where_receipts_come_the_next_way_waits_for_them(db, office):
    sms, email = Wire(receipts=True), Wire(kind="email")
    post = office(sms, email)
    await send(db, post, to=TO)
    await post.drain(db)
    assert await states(db) == {"sms": "sent", "email": "held"}
    receipt = Receipt(sms.letters[0].id, arrived=False, told="the network did not deliver it")
    await asyncio.gather(*(post.receive(db, receipt) for _ in range(3)))
    await post.drain(db)
    assert await states(db) == {"sms": "given_up", "email": "sent"}
    await post.receive(db, Receipt(sms.letters[0].id, arrived=True))
    assert (await states(db))["sms"] == "given_up"
    assert len(email.letters) == 1


async def test_a_receipt_that_it_arrived_lets_the_others_go(db, office):
    sms, email = Wire(receipts=True), Wire(kind="email")
    post = office(sms, email)
    await send(db, post, to=TO)
    await post.drain(db)
    await post.receive(db, Receipt(sms.letters[0].id, arrived=True))
    await post.receive(db, Receipt(sms.letters[0].id, arrived=False))
    await post.drain(db)
    assert await states(db) == {"sms": "received", "email": "spared"}
    assert email.letters == []


async def test_a_receipt_ends_a_letter_whose_worker_died_before_it_could_say_so(db, office):
    class Dies(BaseException):
        pass

    sms = Wire(Dies(), receipts=True)
    post = office(sms)
    await send(db, post, to=TO)
    with pytest.raises(Dies):
        await post.drain(db)
    await post.receive(db, Receipt(sms.letters[0].id, arrived=True))
    with clock.shifted(timedelta(minutes=4)):
        await post.drain(db)
    assert len(sms.letters) == 1
    assert await states(db) == {"sms": "received"}


async def test_after_two_days_without_a_receipt_the_others_are_let_go(db, office):
    post = office(Wire(receipts=True), Wire(kind="email"))
    await send(db, post, to=TO)
    await post.drain(db)
    with clock.shifted(timedelta(hours=47)):
        await forget_old(db)
    assert await states(db) == {"sms": "sent", "email": "held"}
    with clock.shifted(timedelta(hours=49)):
        await forget_old(db)
    assert await states(db) == {"sms": "sent", "email": "spared"}


async def test_a_receipt_for_a_letter_that_never_was_changes_nothing(db, office):
    await office(Wire()).receive(db, Receipt("dlv_" + "0" * 26, arrived=True))


async def test_both_devices_of_a_person_fail_at_once_and_the_next_way_leaves_once(db, office):
    """Each saw the other still waiting: nobody woke the next way."""
    push, sms = Wire(*[Undeliverable("gone")] * 2, kind="fcm"), Wire()
    post = office(push, sms)
    for token in ("token-one", "token-two"):
        await preferences.add_device(db, KEY, "acc_1", DeviceRequest(platform="fcm", token=token))
    await send(db, post, to=TO)
    await post.drain(db)
    assert (len(push.letters), len(sms.letters)) == (2, 1)
    assert await preferences.devices(db, "acc_1") == []


async def test_quiet_hours_hold_what_rings_until_the_morning_and_count_no_attempt(db, office):
    sms = Wire()
    post = office(sms, quiet=Quiet.parse("22:00", "06:00"))
    with clock.frozen_near(NIGHT):
        await send(db, post, to=TO)
        await post.drain(db)
        (row,) = await rows(db, "select state, attempts, next_attempt_at from deliveries")
    assert (row.state, row.attempts, sms.letters) == ("waiting", 0, [])
    assert row.next_attempt_at == datetime(2026, 11, 28, 6, 0, tzinfo=CITY)
    with clock.frozen_near(NIGHT + timedelta(hours=7)):
        await post.drain(db)
    assert len(sms.letters) == 1


async def test_e_mail_and_warnings_leave_at_night(db, office):
    sms, email = Wire(), Wire(kind="email")
    post = office(sms, email, quiet=Quiet.parse("22:00", "06:00"))
    with clock.frozen_near(NIGHT):
        await send(db, post, to=Recipient("acc_1", (EMAIL,)))
        await send(db, post, "level-raised", {"level": "2", "link": "https://x.example"}, "w", Recipient("a", (PHONE,)))
        await post.drain(db)
    assert (len(sms.letters), len(email.letters)) == (1, 1)


async def test_a_person_s_own_quiet_hours_go_before_the_city_s(db, office):
    sms = Wire()
    post = office(sms, quiet=Quiet.parse("22:00", "06:00"))
    await preferences.choose(db, "acc_1", Preferences(quiet_from="01:00", quiet_until="02:00"))
    with clock.frozen_near(NIGHT):
        await send(db, post, to=TO)
        await post.drain(db)
    assert len(sms.letters) == 1


@pytest.mark.parametrize(
    "chosen", [Preferences(order=("sms", "sms")), Preferences(quiet_from="22:00"), Preferences(quiet_until="06:00")]
)
async def test_preferences_that_make_no_sense_are_refused(db, office, chosen):
    with pytest.raises(BadPreferences):
        await preferences.choose(db, "acc_1", chosen)


async def test_one_token_belongs_to_whoever_signed_in_there_last_and_lies_sealed(db, office):
    first = await preferences.add_device(db, KEY, "acc_1", DeviceRequest(platform="fcm", token="token-one"))
    second = await preferences.add_device(db, KEY, "acc_2", DeviceRequest(platform="fcm", token="token-one"))
    assert second.id == first.id
    assert await preferences.devices(db, "acc_1") == []
    assert "token-one" not in str(await rows(db, "select d::text from push_devices d"))
    with pytest.raises(NotFound):
        await preferences.drop_device(db, "acc_1", first.id)
    await preferences.drop_device(db, "acc_2", first.id)


async def test_ten_devices_are_kept_the_newest(db, office):
    made = [
        await preferences.add_device(db, KEY, "acc_1", DeviceRequest(platform="apns", token=f"token-{number}-x"))
        for number in range(12)
    ]
    assert {one.id for one in await preferences.devices(db, "acc_1")} == {one.id for one in made[2:]}


async def dead_letter(db, post):
    await send(db, post, to=Recipient("acc_1", (PHONE,)))
    for hours in range(0, 60, 3):
        with clock.shifted(timedelta(hours=hours)):
            await post.drain(db)
    (dead,) = await post.dead_letters(db, before=None, limit=10)
    return dead


async def test_a_dead_letter_is_listed_without_address_and_sent_again_once(db, office):
    sms = Wire(*[OSError()] * 12)
    post = office(sms)
    dead = await dead_letter(db, post)
    assert (dead.event, dead.channel, dead.attempts, dead.error) == ("dossier-received", "sms", 12, "OSError")
    assert "900000099" not in str(dead)
    await post.send_again(db, dead.id)
    with pytest.raises(LetterGone):
        await post.send_again(db, dead.id)
    await post.drain(db)
    assert len(sms.letters) == 13
    assert await post.dead_letters(db, before=None, limit=10) == []


async def test_after_two_weeks_a_dead_letter_s_address_is_forgotten(db, office):
    post = office(Wire(*[OSError()] * 12))
    dead = await dead_letter(db, post)
    with clock.shifted(timedelta(days=15)):
        await forget_old(db)
    with pytest.raises(LetterGone):
        await post.send_again(db, dead.id)
    assert await rows(db, "select 1 from deliveries where contact_sealed is not null") == []


async def test_when_the_other_side_says_for_how_long_it_is_left_alone_so_long(db, office):
    post = office(Wire(TryLater("busy", 600)))
    await send(db, post, to=Recipient("acc_1", (PHONE,)))
    at = clock.now()
    await post.drain(db)
    (row,) = await rows(db, "select next_attempt_at from deliveries")
    assert 595 <= (row.next_attempt_at - at).total_seconds() <= 610


async def test_a_key_of_another_deployment_opens_no_contact(db, office, database_url):
    await send(db, office(Wire()), to=TO)
    other = Wire()
    await PostOffice([other], Noted(database_url), crypto.new_key()).drain(db)
    assert other.letters == []
    assert await states(db) == {"sms": "waiting"}
