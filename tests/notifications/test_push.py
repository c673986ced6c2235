"""Push: FCM's and APNs' documented requests and errors."""

import msgspec
import pytest

from kit.calling import Caller
from notifications import ApnsChannel, FcmChannel, Letter, TryLater, Undeliverable
from tests.notifications.providers import Google, fcm_error
from tests.notifications.test_channels import service_account

pytestmark = pytest.mark.anyio

LETTER = Letter(
    id="dlv_01",
    event="result-ready",
    channel="fcm",
    to="token-of-a-phone:APA91b",
    locale="vi",
    subject="Khai sinh: Đã có kết quả",
    text="Hồ sơ H29.1. Mở hồ sơ để tải kết quả.",
    message_id="msg_01",
    fields={"link": "https://x.example/d/H29.1"},
)


@pytest.fixture
def google(provider, google_key):
    return provider(Google(google_key.public_key()))


@pytest.fixture
def fcm(google, google_key):
    return FcmChannel(Caller(timeout_seconds=2), service_account(google, google_key), url=google.url)


async def test_a_notification_is_asked_for_as_the_documents_say(google, fcm):
    assert await fcm.send(LETTER) == "projects/motcua-test/messages/1"
    (sent,) = google.asked
    assert sent["data"] == {"event": "result-ready", "message_id": "msg_01", "link": "https://x.example/d/H29.1"}
    assert sent["android"]["priority"] == "NORMAL"


async def test_a_warning_has_high_priority(google, fcm):
    await fcm.send(msgspec.structs.replace(LETTER, urgent=True))
    assert google.asked[0]["android"]["priority"] == "HIGH"


async def test_one_access_token_serves_many_notifications_and_a_revoked_one_is_renewed(google, fcm):
    await fcm.send(LETTER)
    await fcm.send(LETTER)
    assert google.tokens_given == 1
    google.token = "revoked"
    await fcm.send(LETTER)
    assert google.tokens_given == 2


@pytest.mark.parametrize(
    ("status", "code"), [(404, "UNREGISTERED"), (403, "SENDER_ID_MISMATCH"), (400, "INVALID_ARGUMENT")]
)
async def test_a_token_that_is_nobody_s_is_given_up(google, fcm, status, code):
    google.answers.append(fcm_error(status, code))
    with pytest.raises(Undeliverable):
        await fcm.send(LETTER)


@pytest.mark.parametrize(
    ("status", "code"),
    [(429, "QUOTA_EXCEEDED"), (503, "UNAVAILABLE"), (500, "INTERNAL"), (401, "THIRD_PARTY_AUTH_ERROR")],
)
async def test_what_passes_is_tried_again(google, fcm, status, code):
    google.answers += [fcm_error(status, code)] * 2
    with pytest.raises(TryLater):
        await fcm.send(LETTER)


async def test_when_google_says_for_how_long_it_is_left_alone_so_long(google, fcm):
    google.answers.append(fcm_error(429, "QUOTA_EXCEEDED", **{"retry-after": "90"}))
    with pytest.raises(TryLater) as told:
        await fcm.send(LETTER)
    assert told.value.after_seconds == 90


def to_apple(apple, expired=0):
    url, key, notified = apple(expired)
    channel = ApnsChannel(
        Caller(http2=True, timeout_seconds=2),
        team_id="TEAM123456", key_id="KEY1234567", private_key=key, topic="vn.motcua.test", url=url,
    )  # fmt: skip
    return channel, notified


ON_IPHONE = msgspec.structs.replace(LETTER, channel="apns", to="00fa" * 16)


async def test_apple_takes_it_over_http_2_with_the_documented_headers(apple):
    channel, notified = to_apple(apple)
    apns_id = await channel.send(ON_IPHONE)
    (told,) = notified()
    assert told == {
        "device": "00fa" * 16,
        "id": apns_id,
        "collapse": "msg_01",
        "priority": "5",
        "body": {
            "aps": {"alert": {"title": LETTER.subject, "body": LETTER.text}, "sound": "default"},
            "event": "result-ready",
            "link": "https://x.example/d/H29.1",
        },
    }


@pytest.mark.parametrize("ending", ["0410", "0400", "0413"])
async def test_a_device_that_apple_knows_no_more_is_given_up(apple, ending):
    channel, _ = to_apple(apple)
    with pytest.raises(Undeliverable):
        await channel.send(msgspec.structs.replace(ON_IPHONE, to="00fa" * 15 + ending))


@pytest.mark.parametrize("ending", ["0429", "0503"])
async def test_what_apple_asks_to_wait_with_is_tried_again(apple, ending):
    channel, _ = to_apple(apple)
    with pytest.raises(TryLater):
        await channel.send(msgspec.structs.replace(ON_IPHONE, to="00fa" * 15 + ending))


async def test_a_stale_provider_token_is_made_anew_for_the_next_attempt(apple):
    channel, _ = to_apple(apple, expired=1)
    with pytest.raises(TryLater, match="ExpiredProviderToken"):
        await channel.send(ON_IPHONE)
    assert await channel.send(ON_IPHONE)
