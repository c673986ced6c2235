"""eSMS: the documented request, its error table, and a twin that is no second SMS."""

import pytest

from kit.calling import Caller, NoReply
from notifications import EsmsChannel, Letter, TryLater, Undeliverable
from notifications.sms import national
from tests.notifications.providers import Esms

pytestmark = pytest.mark.anyio

LETTER = Letter(
    id="dlv_01",
    event="dossier-received",
    channel="sms",
    to="+84900000099",
    locale="vi",
    subject="",
    text="Ho so 26740-2026-7KQ4M9XW: Da tiep nhan. Xem tai https://x.example",
)


@pytest.fixture
def esms(provider):
    return provider(Esms())


def channel(esms, *, secret="secret", url=None):
    return EsmsChannel(
        Caller(timeout_seconds=2), api_key="key", secret_key=secret, brand="MOTCUA", public_url="https://motcua.example",
        receipt_key=bytes(32), url=url or esms.url + Esms.PATH,
    )  # fmt: skip


async def test_an_sms_is_asked_for_as_the_documents_say(esms):
    assert await channel(esms).send(LETTER) == "sms-1"
    (sent,) = esms.asked
    assert (sent["Phone"], sent["Brandname"], sent["RequestId"]) == ("0900000099", "MOTCUA", "dlv_01")
    assert sent["CallbackUrl"].startswith("https://motcua.example/v1/messages/receipts/esms/dlv_01.")


async def test_a_retry_after_a_lost_reply_is_no_second_sms(esms):
    await channel(esms).send(LETTER)
    assert await channel(esms).send(LETTER) is None
    assert len(esms.asked) == 1


@pytest.mark.parametrize("code", ["99", "108", "118", "146", "177"])
async def test_what_will_never_leave_is_given_up(esms, code):
    esms.answers.append({"CodeResult": code, "ErrorMessage": f"0900000099 {code}"})
    with pytest.raises(Undeliverable) as told:
        await channel(esms).send(LETTER)
    assert "0900000099" not in str(told.value)


@pytest.mark.parametrize("code", ["103", "104", "140", "999", "", None])
async def test_what_an_operator_can_mend_is_tried_again(esms, code):
    esms.answers.append({"CodeResult": code})
    with pytest.raises(TryLater):
        await channel(esms).send(LETTER)


async def test_wrong_keys_are_tried_again(esms):
    with pytest.raises(TryLater, match="101"):
        await channel(esms, secret="other").send(LETTER)


@pytest.mark.parametrize("answer", [b"<html>", b"[]", b'"x"', b"\xff\xfe", b""])
async def test_an_answer_that_is_none_is_tried_again(esms, answer):
    esms.answers.append(answer)
    with pytest.raises(TryLater):
        await channel(esms).send(LETTER)


async def test_nobody_there_is_tried_again(esms):
    with pytest.raises(NoReply):
        await channel(esms, url="http://127.0.0.1:9/").send(LETTER)


def test_numbers_are_written_as_the_samples_write_them():
    assert national("+84901888484") == "0901888484"
    assert national("+12025550100") == "12025550100"
