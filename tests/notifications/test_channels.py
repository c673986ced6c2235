"""What every channel owes: one suite, run on each adapter."""

import re

import msgspec
import pytest

from notifications import Letter, SandboxChannel, SmtpChannel
from notifications import sandbox_messages as letters_in
from tests.notifications.conftest import Mailbox

pytestmark = pytest.mark.anyio

LETTER = Letter(
    id="dlv_contract_1",
    event="dossier-received",
    channel="email",
    to="me@example.vn",
    locale="vi",
    subject="Hồ sơ: Đã tiếp nhận",
    text="Chúng tôi đã nhận hồ sơ.\n\nXem tại https://x.example/d/1",
)


@pytest.fixture(params=["smtp", "sandbox-email", "sandbox-sms"])
async def way(request, db, served):
    """A channel, a letter for it, and how to read what reached the other side."""
    if request.param == "smtp":
        mailbox = Mailbox()

        async def mails():
            return [
                (mail["Message-ID"], mail["To"], mail["Subject"], mail.get_content().strip()) for mail in mailbox.mails
            ]

        return SmtpChannel(host="127.0.0.1", port=served(mailbox), sender="a@motcua.example"), LETTER, mails
    kind = request.param.removeprefix("sandbox-")
    letter = msgspec.structs.replace(LETTER, id=f"dlv_{kind}", channel=kind)

    async def kept():
        async with db.connect() as conn:
            return [(one.id, one.to, one.subject, one.text) for one in await letters_in(conn) if one.id == letter.id]

    return SandboxChannel(kind, db), letter, kept


async def test_it_says_what_it_is(way):
    channel, letter, _ = way
    assert re.fullmatch("[a-z-]+", channel.name)
    assert channel.kind == letter.channel
    assert channel.development_only is ("sandbox" in channel.name)


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
