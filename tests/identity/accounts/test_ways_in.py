"""Authenticators are rows their holder adds, locks and removes; sessions end; the account locks; the log tells all."""

import asyncio
from typing import Any

import msgspec
import psycopg
import pytest

from api.caller import Device, Pkce
from identity.accounts import freshness
from kit.db import raw
from tests.identity.accounts.authenticator import Authenticator
from tests.identity.accounts.newcomers import letters_to, newcomer
from tests.identity.accounts.test_passkeys import register, sign_in, signed_in
from tests.people import ISSUER, CityPeople

ALL, SESSIONS, LOG = "/v1/me/authenticators", "/v1/me/sessions", "/v1/me/sign-ins"


@pytest.fixture(autouse=True)
async def _uncounted(city: CityPeople) -> None:
    await city.house.valkey.forget_everything()
    async with city.house.db.begin() as conn:
        await (await raw(conn)).execute("delete from sign_in_failures")


async def events_of(city: CityPeople, account_id: str) -> list[Any]:
    async with city.house.db.connect() as conn:
        rows = await (await raw(conn)).execute(
            "select what, facts, by_account_id, by_office_id from account_events where account_id = %s order by id",
            (account_id,),
        )
        return await rows.fetchall()


async def test_nobody_is_401_the_stranger_is_404(city: CityPeople) -> None:
    me, stranger = await newcomer(city), await newcomer(city)
    phone, session = (await me.ways())["phone"], (await me.calls.get(SESSIONS, expect=200))[0]
    for path in (ALL, SESSIONS, LOG):
        await city.nobody.get(path, expect=401, code="not-signed-in")
    await stranger.calls.put(f"{ALL}/{phone['id']}/lock", expect=404, code="not-found")
    await stranger.calls.delete(f"{ALL}/{phone['id']}/lock", expect=404, code="not-found")
    await stranger.calls.delete(f"{ALL}/{phone['id']}", expect=404, code="not-found")
    await stranger.calls.delete(f"{SESSIONS}/{session['id']}", expect=404, code="not-found")
    await me.calls.get("/v1/me", expect=200)


async def test_the_last_way_in_without_biometrics_stays(city: CityPeople) -> None:
    me = await newcomer(city)
    await register(me.calls, Authenticator())
    ways = await me.ways()
    assert (ways["phone"]["may_be_biometric"], ways["passkey"]["may_be_biometric"]) == (False, True)
    assert ways["phone"]["name"] == f"+84*****{me.phone[-4:]}"
    path = f"{ALL}/{ways['phone']['id']}"
    await me.calls.delete(path, expect=409, code="last-authenticator")
    await me.calls.put(f"{path}/lock", expect=409, code="last-authenticator")
    await me.add(me.mail)
    # Locked is as good as gone.
    await me.calls.put(f"{ALL}/{(await me.ways())['email']['id']}/lock", expect=200)
    await me.calls.delete(path, expect=409, code="last-authenticator")
    await me.calls.delete(f"{ALL}/{ways['passkey']['id']}", expect=409, code="recovery-needed")


async def test_one_more_way_in_and_the_old_one_goes(city: CityPeople) -> None:
    me = await newcomer(city)
    held = await me.add(me.mail)
    assert [one["kind"] for one in held] == ["phone", "email"]
    assert len(await letters_to(city, me.phone, "way-in-changed")) == 1
    phone = f"{ALL}/{(await me.ways())['phone']['id']}"
    # Who came in by mail does not take the phone away at once: that is a recovery, slow and loud.
    await (await me.sign_in(me.mail)).delete(phone, expect=409, code="recovery-needed")
    await me.calls.delete(phone, expect=204)
    # The one that went was told; it gets no more codes and signs nobody in.
    assert "Da bo mot so dien thoai" in (await letters_to(city, me.phone, "way-in-changed"))[0]
    codes = await letters_to(city, me.phone, "one-time-code")
    with pytest.raises(AssertionError):
        await me.sign_in()
    assert len(await letters_to(city, me.phone, "one-time-code")) == len(codes)
    assert [one[0] for one in await events_of(city, me.account_id)] == ["contact-added", "removed"]


async def test_two_removals_at_once_leave_one(city: CityPeople) -> None:
    me = await newcomer(city)
    await me.add(me.mail)
    ways, by_mail = await me.ways(), await me.sign_in(me.mail)
    answers = await asyncio.gather(
        me.calls.delete(f"{ALL}/{ways['phone']['id']}"), by_mail.delete(f"{ALL}/{ways['email']['id']}")
    )
    assert [answer.get("code") for answer in answers if isinstance(answer, dict)] == ["last-authenticator"]
    assert len(await me.ways()) == 1


async def test_a_contact_is_confirmed_by_its_code(city: CityPeople) -> None:
    me, stranger = await newcomer(city), await newcomer(city)
    await me.calls.post("/v1/me/contacts", json={"contact": "hello"}, expect=422, code="bad-login")
    begun = await me.calls.post("/v1/me/contacts", json={"contact": me.mail}, expect=201)
    right, path = await city.code_sent_to(me.mail), f"/v1/me/contacts/{begun['id']}/code"
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"
    await stranger.calls.post(path, json={"code": right}, expect=410, code="confirmation-over")
    for _ in range(4):
        await me.calls.post(path, json={"code": wrong}, expect=422, code="wrong-sign-in-code")
    await me.calls.post(path, json={"code": wrong}, expect=410, code="confirmation-over")
    await me.calls.post(path, json={"code": right}, expect=410, code="confirmation-over")
    assert list(await me.ways()) == ["phone"]
    # Nor does a new letter give five more guesses at once.
    begun = await me.calls.post("/v1/me/contacts", json={"contact": me.mail}, expect=201)
    path, sent = f"/v1/me/contacts/{begun['id']}/code", {"code": await city.code_sent_to(me.mail)}
    await me.calls.post(path, json=sent, expect=429, code="too-many-requests")


async def test_a_contact_of_somebody_else_is_told_only_to_who_holds_it(city: CityPeople) -> None:
    me, stranger = await newcomer(city), await newcomer(city)
    await me.add(stranger.phone, expect=409, code="contact-in-use")
    known = await me.calls.post("/v1/me/contacts", json={"contact": stranger.phone}, expect=201)
    unknown = await me.calls.post("/v1/me/contacts", json={"contact": "+84987777777"}, expect=201)
    assert (set(known), known["expires_in"]) == (set(unknown), unknown["expires_in"])


async def test_an_account_has_only_so_many_contacts(city: CityPeople) -> None:
    me = await newcomer(city)
    for number in range(4):
        await me.add(f"{number}{me.mail}")
    sent = {"contact": me.mail}
    await me.calls.post("/v1/me/contacts", json=sent, expect=409, code="too-many-contacts")


async def test_what_is_locked_opens_only_for_who_came_in_another_way(city: CityPeople) -> None:
    me, phone = await newcomer(city), Authenticator()
    made = await register(me.calls, phone)
    path, by_passkey = f"{ALL}/{made['id']}/lock", await signed_in(city, phone)
    await by_passkey.get("/v1/me", expect=200)
    await me.calls.put(path, expect=200)
    assert (await me.ways())["passkey"]["locked_at"]
    await me.calls.put(path, expect=200)
    await sign_in(city, phone, expect=422)
    # What it signed in has ended too.
    await by_passkey.get("/v1/me", expect=401, code="token-revoked")
    # Whoever holds this session may be the reason for the lock.
    await me.calls.delete(path, expect=409, code="sign-in-again-to-unlock")
    await asyncio.sleep(1.1)  # auth_time counts whole seconds
    await (await me.sign_in()).delete(path, expect=200)
    await sign_in(city, phone)
    assert [one[0] for one in await events_of(city, me.account_id)] == ["locked", "unlocked"]


async def test_a_copied_passkey_is_not_unlocked(city: CityPeople) -> None:
    me, phone = await newcomer(city), Authenticator()
    made = await register(me.calls, phone)
    await sign_in(city, phone)
    await sign_in(city, phone, expect=422, counter=1)
    await asyncio.sleep(1.1)
    again = await me.sign_in()
    await again.delete(f"{ALL}/{made['id']}/lock", expect=409, code="passkey-copied")
    assert (await me.ways())["passkey"]["locked_at"]


async def test_a_locked_contact_gets_no_code(city: CityPeople) -> None:
    me = await newcomer(city)
    await me.add(me.mail)
    path, pkce = "/v1/sign-ins", Pkce()
    body = {
        "client_id": "citizen-app",
        "login": me.phone,
        "code_challenge": pkce.challenge,
        "code_challenge_method": "S256",
    }
    headers = {"DPoP": Device().proof("POST", ISSUER + path)}
    begun = await city.nobody.post(path, json=body, headers=headers, expect=201)
    sent = {"code": await city.code_sent_to(me.phone)}
    await me.calls.put(f"{ALL}/{(await me.ways())['phone']['id']}/lock", expect=200)
    # Nor does one that was on its way let anybody in.
    await city.nobody.post(f"{path}/{begun['id']}/code", json=sent, expect=410, code="sign-in-over")
    before = len(await letters_to(city, me.phone, "one-time-code"))
    with pytest.raises(AssertionError):
        await me.sign_in()
    assert len(await letters_to(city, me.phone, "one-time-code")) == before
    await me.sign_in(me.mail)


async def test_a_locked_account_is_shut_until_an_officer_opens_it(city: CityPeople) -> None:
    me, passkey = await newcomer(city), Authenticator()
    await register(me.calls, passkey)
    other = await me.sign_in()
    await me.calls.post("/v1/me/lock", expect=204)
    for app in (me.calls, other):
        await app.get("/v1/me", expect=401, code="token-revoked")
    await sign_in(city, passkey, expect=422)
    codes = len(await letters_to(city, me.phone, "one-time-code"))
    with pytest.raises(AssertionError):
        await me.sign_in()
    assert len(await letters_to(city, me.phone, "one-time-code")) == codes
    path, sent = "/v1/desk/account-unlocks", {"pin": me.pin, "reason": "Thẻ căn cước và khuôn mặt khớp"}
    for who in ("parent", "civil_status", "residence"):
        await (await city.signed_in(who)).post(path, json=sent, expect=404, code="not-found")
    checker = await city.signed_in("identity_checker")
    await checker.post(path, json=sent | {"pin": "079193999999"}, expect=404, code="not-found")
    await checker.post(path, json=sent | {"reason": ""}, expect=400, code="malformed-request")
    await checker.post(path, json=sent, expect=204)
    await checker.post(path, json=sent, expect=404, code="not-found")
    await (await me.sign_in()).get("/v1/me", expect=200)
    await sign_in(city, passkey)
    what = await events_of(city, me.account_id)
    assert [one[0] for one in what] == ["account-locked", "account-unlocked"]
    officer_id = (await checker.get("/v1/me", expect=200))["account_id"]
    assert what[1][1:] == ({"reason": sent["reason"]}, officer_id, "off_ubnd_sai_gon")
    assert "can bo da mo khoa" in (await letters_to(city, me.phone, "way-in-changed"))[0].lower()


async def test_sessions_are_seen_and_ended(city: CityPeople) -> None:
    me = await newcomer(city)
    second, third = await me.sign_in(), await me.sign_in()
    listed = await me.calls.get(SESSIONS, expect=200)
    assert [one["current"] for one in listed] == [False, False, True]
    assert {(one["client"], one["level"]) for one in listed} == {("Ứng dụng công dân (sandbox)", 1)}
    await me.calls.delete(f"{SESSIONS}/{listed[0]['id']}", expect=204)
    await me.calls.delete(f"{SESSIONS}/{listed[0]['id']}", expect=404, code="not-found")
    await third.get("/v1/me", expect=401, code="token-revoked")
    await second.get("/v1/me", expect=200)
    await me.calls.delete(SESSIONS, expect=204)
    await second.get("/v1/me", expect=401, code="token-revoked")
    assert [one["current"] for one in await me.calls.get(SESSIONS, expect=200)] == [True]
    # One's own last: signing out.
    await me.calls.delete(f"{SESSIONS}/{(await me.calls.get(SESSIONS))[0]['id']}", expect=204)
    await me.calls.get("/v1/me", expect=401, code="token-revoked")


async def test_the_log_of_sign_ins(city: CityPeople, monkeypatch: pytest.MonkeyPatch) -> None:
    me, stranger, passkey = await newcomer(city), await newcomer(city), Authenticator()
    await register(me.calls, passkey)
    await sign_in(city, passkey)
    log = await me.calls.get(LOG, expect=200)
    assert [(one["method"], one["outcome"]) for one in log["entries"]] == [
        ("passkey", "signed_in"),
        ("code_phone", "signed_in"),
    ]
    assert log["entries"][0]["client"] == "Ứng dụng công dân (sandbox)"
    assert log["entries"][0]["network"] == "127.0.0.0/24"
    assert log["next"] is None
    theirs = await stranger.calls.get(LOG, expect=200)
    assert not {one["id"] for one in theirs["entries"]} & {one["id"] for one in log["entries"]}
    monkeypatch.setattr("identity.accounts.authenticators.service.LOG_PAGE", 1)
    first = await me.calls.get(LOG, expect=200)
    rest = await me.calls.get(LOG, params={"before": first["next"]}, expect=200)
    assert [one["id"] for page in (first, rest) for one in page["entries"]] == [one["id"] for one in log["entries"]]
    await me.calls.get(LOG, params={"before": "x"}, expect=400, code="malformed-request")


async def test_STE_1_what_gives_or_takes_a_way_in_needs_a_fresh_sign_in(
    city: CityPeople, monkeypatch: pytest.MonkeyPatch
) -> None:
    me = await newcomer(city)
    numbers = freshness.policy()
    step = msgspec.structs.replace(numbers.acts["ways_in"], fresh_minutes=-1)
    stale = msgspec.structs.replace(numbers, acts=numbers.acts | {"ways_in": step})
    monkeypatch.setattr(freshness, "policy", lambda: stale)
    phone = (await me.ways())["phone"]["id"]
    for call in (
        me.calls.post("/v1/me/passkey-registrations", expect=401, code="sign-in-too-old"),
        me.calls.post("/v1/me/contacts", json={"contact": me.mail}, expect=401, code="sign-in-too-old"),
        me.calls.delete(f"{ALL}/{phone}", expect=401, code="sign-in-too-old"),
        me.calls.delete(f"{ALL}/{phone}/lock", expect=401, code="sign-in-too-old"),
    ):
        await call
    path = "/v1/me/passkey-registrations"
    headers = me.calls.device.headers("POST", f"http://127.0.0.1:8000{path}", me.calls.token)  # type: ignore[union-attr]
    told = (await city.client.post(path, headers=headers)).headers["www-authenticate"]
    assert told.startswith('DPoP error="insufficient_user_authentication", max_age="')
    # What protects is never too late.
    await me.calls.post("/v1/me/lock", expect=204)


async def test_what_happened_is_appended(city: CityPeople) -> None:
    me = await newcomer(city)
    await me.add(me.mail)
    async with city.house.db.begin() as conn:
        beneath = await raw(conn)
        for spoilt in ("update account_events set what = 'x'", "delete from account_events"):
            with pytest.raises(psycopg.errors.RaiseException):
                async with beneath.transaction():
                    await beneath.execute(spoilt)
