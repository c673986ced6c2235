"""Callbacks of the providers, choices of a person, dead letters of an operator: over HTTP."""

import hashlib
import json

import pytest

from kit.refusal import Words
from notifications import Recipient, receipts
from tests.notifications.test_post_office import Wire

pytestmark = pytest.mark.anyio

FIELDS = {"receipt_code": "R-1", "status": Words("Đã tiếp nhận", "Received"), "link": "https://x.example/R-1"}


@pytest.fixture
async def letter(city, monkeypatch):
    """An SMS that left through a provider with receipts."""
    wire = Wire(receipts=True)
    monkeypatch.setitem(city.house.post_office.channels, "sms", wire)
    from notifications import Contact

    # What the sandbox's people were told when they moved in is not this letter.
    await city.run_jobs()
    wire.letters.clear()
    async with city.house.db.begin() as conn:
        await city.house.post_office.send(
            conn, event="dossier-received", to=Recipient(None, (Contact("phone", "+84900000077"),)), fields=FIELDS,
            once_key=None,
        )  # fmt: skip
    await city.run_jobs()
    (sent,) = wire.letters
    return sent


async def state(city, letter):
    async with city.house.db.connect() as conn:
        found = await conn.exec_driver_sql("select state from deliveries where id = %(id)s", {"id": letter.id})
        return found.scalar_one()


ESMS = "/v1/messages/receipts/esms"
DONE = (
    "SMSID=a&SendFailed=0&SendStatus=5&SendSuccess=1&TotalPrice=0.0000&TotalReceiver=1&TotalSent=1&RequestId=&TypeId=2"
)


async def test_esms_tells_by_the_address_it_was_given_and_nobody_else_can(city, letter):
    shown = receipts.ticket(city.house.keys.key("contacts"), letter.id)
    for forged in (letter.id, f"{letter.id}.", f"{letter.id}.{'0' * 32}", shown.upper(), "dlv_x.0"):
        await city.nobody.get(f"{ESMS}/{forged}?{DONE}", expect=401, code="receipt-not-signed")
    assert await state(city, letter) == "sent"
    await city.nobody.get(f"{ESMS}/{shown}?SMSID=a&SendStatus=7", expect=200)
    assert await state(city, letter) == "sent"
    for _ in range(2):
        await city.nobody.get(f"{ESMS}/{shown}?{DONE}", expect=200)
    assert await state(city, letter) == "received"


async def test_esms_tells_that_it_failed(city, letter):
    shown = receipts.ticket(city.house.keys.key("contacts"), letter.id)
    failed = DONE.replace("SendSuccess=1", "SendSuccess=0").replace("SendFailed=0", "SendFailed=1")
    await city.nobody.get(f"{ESMS}/{shown}?{failed}", expect=200)
    assert await state(city, letter) == "given_up"


async def test_zalo_must_sign(city, letter):
    await city.nobody.post("/v1/messages/receipts/zalo", json={}, expect=401, code="receipt-not-signed")


def zalo_event(letter_id, name="user_received_message", app_id="app-1"):
    return json.dumps(
        {
            "event_name": name,
            "app_id": app_id,
            "sender": {"id": "oa-1"},
            "recipient": {"id": "u-1"},
            "message": {"delivery_time": "1714529559833", "msg_id": "m-1", "tracking_id": letter_id},
            "timestamp": "1714529559834",
        }
    ).encode()


def signed(body, secret="oa-secret"):
    return "mac=" + hashlib.sha256(b"app-1" + body + b"1714529559834" + secret.encode()).hexdigest()


LETTER_ID = "dlv_" + "0" * 26


def test_zalo_s_signature_is_over_app_body_time_and_secret():
    body = zalo_event(LETTER_ID)
    assert receipts.of_zalo("app-1", "oa-secret", body, signed(body)) == receipts.Receipt(LETTER_ID, True)


@pytest.mark.parametrize(
    ("body", "signature"),
    [
        (zalo_event(LETTER_ID), ""),
        (zalo_event(LETTER_ID), signed(zalo_event(LETTER_ID), "another")),
        (zalo_event(LETTER_ID)[:-1] + b" }", signed(zalo_event(LETTER_ID))),
        (zalo_event(LETTER_ID, app_id="app-2"), signed(zalo_event(LETTER_ID, app_id="app-2"))),
        (b"", signed(b"")),
        (b"\xff", signed(b"\xff")),
        (b"[]", signed(b"[]")),
        (zalo_event(LETTER_ID), "mac=ăâđ"),
    ],
)
def test_what_zalo_did_not_sign_is_refused(body, signature):
    with pytest.raises(receipts.NotFromProvider):
        receipts.of_zalo("app-1", "oa-secret", body, signature)


def test_zalo_s_other_events_mean_nothing_here():
    for body in (zalo_event(LETTER_ID, name="user_send_text"), zalo_event("' or 1=1")):
        assert receipts.of_zalo("app-1", "oa-secret", body, signed(body)) is None


async def test_a_person_chooses_for_themselves_alone(city):
    parent, stranger = await city.signed_in("parent"), await city.signed_in("stranger")
    path = "/v1/me/message-preferences"
    await city.nobody.get(path, expect=401)
    chosen = {"order": ["email"], "quiet_from": "21:00", "quiet_until": "07:00"}
    assert await parent.put(path, json=chosen, expect=200) == chosen
    assert await parent.get(path, expect=200) == chosen
    assert (await stranger.get(path, expect=200))["order"] == ["push", "zalo", "sms", "email"]
    await parent.put(path, json={"order": ["email", "email"]}, expect=422, code="bad-preferences")
    for bad in ({"order": ["pigeon"]}, {"quiet_from": "25:00"}, {"x": 1}, []):
        await parent.put(path, json=bad, expect=400)


async def test_a_person_adds_and_drops_their_devices(city):
    parent, stranger = await city.signed_in("parent"), await city.signed_in("stranger")
    path = "/v1/me/push-devices"
    await city.nobody.post(path, json={}, expect=401)
    made = await parent.post(path, json={"platform": "fcm", "token": "token-of-a-phone:APA91b"}, expect=201)
    assert "token" not in made
    assert [one["id"] for one in await parent.get(path, expect=200)] == [made["id"]]
    assert await stranger.get(path, expect=200) == []
    await stranger.delete(f"{path}/{made['id']}", expect=404)
    await parent.delete(f"{path}/{made['id']}", expect=204)
    for bad in (
        {"platform": "fcm", "token": "short"},
        {"platform": "x", "token": "a" * 20},
        {"platform": "fcm", "token": "a b" * 9},
    ):
        await parent.post(path, json=bad, expect=400)


async def test_dead_letters_are_for_operators(city):
    parent, officer = await city.signed_in("parent"), await city.signed_in("civil_status")
    await city.nobody.get("/v1/dead-letters", expect=401)
    for person, status in ((parent, 404), (officer, 404)):
        await person.get("/v1/dead-letters", expect=status)
        await person.post(f"/v1/dead-letters/{LETTER_ID}/attempts", expect=status)
    await city.nobody.post(f"/v1/dead-letters/{LETTER_ID}/attempts", expect=401)
