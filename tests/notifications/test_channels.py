"""What every channel owes: one suite, run on each adapter."""

import re

import msgspec
import pytest

from kit.calling import Caller
from notifications import ApnsChannel, EsmsChannel, FcmChannel, Letter, SandboxChannel, SmtpChannel, ZaloChannel
from notifications import sandbox_messages as letters_in
from notifications.fcm import ServiceAccount
from tests.notifications.conftest import Mailbox
from tests.notifications.providers import Esms, Google, Zalo
from tests.notifications.test_zalo import Purse

pytestmark = pytest.mark.anyio

LETTER = Letter(
    id="dlv_contract_1",
    event="dossier-received",
    channel="email",
    to="me@example.vn",
    locale="vi",
    subject="Hồ sơ: Đã tiếp nhận",
    text="Chúng tôi đã nhận hồ sơ.\n\nXem tại https://x.example/d/1",
    message_id="msg_contract_1",
    fields={"link": "https://x.example/d/1"},
)


@pytest.fixture(params=["smtp", "sandbox-email", "sandbox-sms", "esms", "zalo-zns", "fcm", "apns"])
async def way(request, db, served, provider, apple, google_key):
    """A channel, a letter for it, and what reached the other side as (mark of a twin, address, subject, text)."""
    caller = Caller()
    match request.param:
        case "smtp":
            mailbox = Mailbox()

            async def arrived():
                return [
                    (mail["Message-ID"], mail["To"], mail["Subject"], mail.get_content().strip())
                    for mail in mailbox.mails
                ]

            yield SmtpChannel(host="127.0.0.1", port=served(mailbox), sender="a@motcua.example"), LETTER, arrived
        case "esms":
            esms = provider(Esms())

            async def arrived():
                return [(one["RequestId"], "+84" + one["Phone"][1:], "", one["Content"]) for one in esms.asked]

            channel = EsmsChannel(
                caller, api_key="key", secret_key="secret", brand="MOTCUA", public_url="https://x.example",
                receipt_key=bytes(32), url=esms.url + Esms.PATH,
            )  # fmt: skip
            letter = {"channel": "sms", "to": "+84900000099", "subject": "", "text": "Ho so: Da tiep nhan"}
            yield channel, msgspec.structs.replace(LETTER, **letter), arrived
        case "zalo-zns":
            zalo = provider(Zalo())

            async def arrived():
                return [(one["tracking_id"], "+" + one["phone"], "", str(one["template_data"])) for one in zalo.asked]

            channel = ZaloChannel(
                caller, Purse(), app_id="app-1", app_secret="app-secret", templates={LETTER.event: {"vi": "101"}},
                url=f"{zalo.url}/message/template", token_url=f"{zalo.url}/v4/oa/access_token",
            )  # fmt: skip
            letter = {"channel": "zalo", "to": "+84900000099", "subject": "", "text": str(LETTER.fields)}
            yield channel, msgspec.structs.replace(LETTER, **letter), arrived
        case "fcm":
            google = provider(Google(google_key.public_key()))

            async def arrived():
                return [
                    (one["android"]["notification"]["tag"], one["token"], one["notification"]["title"], one["notification"]["body"])
                    for one in google.asked
                ]  # fmt: skip

            channel = FcmChannel(caller, service_account(google, google_key), url=google.url)
            yield channel, msgspec.structs.replace(LETTER, channel="fcm", to="token-of-a-phone:APA91b"), arrived
        case "apns":
            caller = Caller(http2=True)
            url, private_key, notified = apple()

            async def arrived():
                return [
                    (one["collapse"], one["device"], one["body"]["aps"]["alert"]["title"], one["body"]["aps"]["alert"]["body"])
                    for one in notified()
                ]  # fmt: skip

            channel = ApnsChannel(
                caller, team_id="TEAM123456", key_id="KEY1234567", private_key=private_key, topic="vn.motcua.test", url=url
            )  # fmt: skip
            yield channel, msgspec.structs.replace(LETTER, channel="apns", to="00fa" * 16), arrived
        case sandbox:
            kind = sandbox.removeprefix("sandbox-")
            letter = msgspec.structs.replace(LETTER, id=f"dlv_{kind}", channel=kind)

            async def arrived():
                async with db.connect() as conn:
                    return [
                        (one.id, one.to, one.subject, one.text) for one in await letters_in(conn) if one.id == letter.id
                    ]

            yield SandboxChannel(kind, db), letter, arrived
    await caller.close()


def service_account(google, key):
    from cryptography.hazmat.primitives import serialization

    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    return ServiceAccount("motcua-test", "push@motcua.test", "kid-1", pem, f"{google.url}/token")


async def test_it_says_what_it_is(way):
    channel, letter, _ = way
    assert re.fullmatch("[a-z-]+", channel.name)
    assert channel.kind == letter.channel
    assert channel.development_only is ("sandbox" in channel.name)
    assert channel.receipts is (channel.kind in ("sms", "zalo") and "sandbox" not in channel.name)


async def test_the_letter_arrives_whole(way):
    channel, letter, arrived = way
    await channel.send(letter)
    ((_, to, subject, text),) = await arrived()
    assert (to, subject, text) == (letter.to, letter.subject, letter.text)


async def test_a_letter_sent_twice_can_be_told_to_be_one(way):
    channel, letter, arrived = way
    await channel.send(letter)
    await channel.send(letter)
    assert len({mark for mark, *_ in await arrived()}) == 1
