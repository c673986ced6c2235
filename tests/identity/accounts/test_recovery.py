"""Recovery is slow, loud, stopped by any old channel, and lowers the level."""

import asyncio
import re
from datetime import timedelta
from typing import Any

import pytest

from identity.accounts import jobs
from identity.accounts.policy import policy
from kit import clock
from kit.db import raw
from tests.identity.accounts.authenticator import Authenticator
from tests.identity.accounts.newcomers import Newcomer, letters_to, newcomer
from tests.identity.accounts.test_passkeys import register, sign_in, signed_in
from tests.people import CityPeople, Person

ALL, MINE, DESK, STOP = (
    "/v1/me/authenticators",
    "/v1/me/recoveries",
    "/v1/desk/recoveries",
    "/v1/recovery-cancellations",
)


@pytest.fixture(autouse=True)
async def _uncounted(city: CityPeople) -> None:
    await city.house.valkey.forget_everything()
    async with city.house.db.begin() as conn:
        await (await raw(conn)).execute("delete from sign_in_failures")


async def lose_phone(me: Newcomer, by: Person, **answer: Any) -> Any:
    sent = {"reason": "lost_phone", "lost": [(await me.ways())["phone"]["id"]]}
    return await by.post(MINE, json=sent, **({"expect": 201} | answer))


async def at_desk(city: CityPeople, me: Newcomer, contact: str, **answer: Any) -> Any:
    """The officer begins, the person reads the code out, the officer enters it."""
    checker = await city.signed_in("identity_checker")
    sent = {"pin": me.pin, "contact": contact, "reason": "new_number", "lost": ["phone"], "shown": "Thẻ căn cước"}
    begun = await checker.post(DESK, json=sent, **({"expect": 201} | answer))
    if answer.get("expect", 201) != 201:
        return begun
    code = await city.code_sent_to(contact)
    return await checker.post(f"{DESK}/{begun['id']}/code", json={"code": code}, expect=200)


async def cancel_code(city: CityPeople, contact: str) -> str:
    """As the newest notice to a phone or mailbox tells it."""
    found = re.search(r"ma ([BCDFGHJKLMNPQRSTVWXZ]{8})", (await letters_to(city, contact, "recovery-begun"))[0])
    assert found
    return found[1]


async def time_comes(city: CityPeople, recovery: Any) -> None:
    """What the job does at `ready_at`; a second too early it does nothing."""
    hours = policy().recovery.second_factor if recovery["way"] == "second_factor" else policy().recovery.in_person
    wait = timedelta(hours=hours.wait_hours)
    with clock.shifted(wait - timedelta(minutes=5)):
        await jobs.complete_recovery(city.house, recovery["id"])
    async with city.house.db.connect() as conn:
        rows = await (await raw(conn)).execute("select completed_at from recoveries where id = %s", (recovery["id"],))
        assert await rows.fetchone() == (None,)
    with clock.shifted(wait + timedelta(seconds=1)):
        await jobs.complete_recovery(city.house, recovery["id"])
        await jobs.complete_recovery(city.house, recovery["id"])
        await city.run_jobs()


async def level(city: CityPeople, me: Newcomer) -> tuple[int, Any]:
    async with city.house.db.connect() as conn:
        rows = await (await raw(conn)).execute(
            "select level, level_evidence -> -1 -> 'level' from accounts where id = %s", (me.account_id,)
        )
        row = await rows.fetchone()
    assert row is not None
    return row


async def test_nobody_is_401_and_the_desk_is_for_identity_checkers(city: CityPeople) -> None:
    me, stranger = await newcomer(city), await newcomer(city)
    await me.add(me.mail)
    phone = (await me.ways())["phone"]["id"]
    sent = {"reason": "lost_phone", "lost": [phone]}
    await city.nobody.post(MINE, json=sent, expect=401, code="not-signed-in")
    await stranger.calls.post(MINE, json=sent, expect=404, code="not-found")
    begun = await lose_phone(me, await me.sign_in(me.mail))
    await stranger.calls.delete(f"{MINE}/{begun['id']}", expect=404, code="not-found")
    assert await stranger.calls.get(MINE, expect=200) == []
    desk = {"pin": me.pin, "contact": me.mail, "reason": "lost_phone", "lost": ["phone"], "shown": "x"}
    await city.nobody.post(DESK, json=desk, expect=401, code="not-signed-in")
    for who in ("parent", "civil_status", "insurance"):
        await (await city.signed_in(who)).post(DESK, json=desk, expect=404, code="not-found")


async def test_a_lost_phone_goes_by_a_second_factor(city: CityPeople) -> None:
    me = await newcomer(city, level=2)
    await me.add(me.mail)
    by_mail = await me.sign_in(me.mail)
    begun = await lose_phone(me, by_mail)
    assert (begun["way"], begun["state"], begun["level_after"]) == ("second_factor", "waiting", 1)
    # Every channel hears of it, the lost one first of all, and nothing has changed yet.
    assert await cancel_code(city, me.phone) == await cancel_code_in_mail(city, me.mail)
    await me.sign_in()
    assert await level(city, me) == (2, 2)
    await lose_phone(me, by_mail, expect=409, code="recovery-under-way")
    await time_comes(city, begun)
    for app in (me.calls, by_mail):
        await app.get("/v1/me", expect=401, code="token-revoked")
    with pytest.raises(AssertionError):
        await me.sign_in()
    again = await me.sign_in(me.mail)
    assert [one["kind"] for one in await again.get(ALL, expect=200)] == ["email"]
    assert (await again.get(MINE, expect=200))[0]["state"] == "completed"
    assert await level(city, me) == (1, 1)
    assert "khoi phuc" in (await letters_to(city, me.phone, "way-in-changed"))[0]


async def cancel_code_in_mail(city: CityPeople, mail: str) -> str:
    found = re.search(r"mã ([BCDFGHJKLMNPQRSTVWXZ]{8})", (await letters_to(city, mail, "recovery-begun"))[0])
    assert found
    return found[1]


async def test_any_old_channel_stops_it_without_signing_in(city: CityPeople) -> None:
    me = await newcomer(city, level=2)
    await me.add(me.mail)
    begun = await lose_phone(me, await me.sign_in(me.mail))
    code = await cancel_code(city, me.phone)
    await city.nobody.post(STOP, json={"code": "BBBBBBBB"}, expect=404, code="cancellation-unknown")
    await city.nobody.post(STOP, json={"code": f"{code[:4].lower()}-{code[4:]} "}, expect=204)
    await city.nobody.post(STOP, json={"code": code}, expect=404, code="cancellation-unknown")
    hours = policy().recovery.second_factor.wait_hours
    with clock.shifted(timedelta(hours=hours, seconds=1)):
        await jobs.complete_recovery(city.house, begun["id"])
    assert await level(city, me) == (2, 2)
    assert (await me.calls.get(MINE, expect=200))[0]["state"] == "cancelled"
    assert {one["kind"] for one in await me.calls.get(ALL, expect=200)} == {"phone", "email"}


async def test_who_is_signed_in_stops_it_too(city: CityPeople) -> None:
    me = await newcomer(city)
    await me.add(me.mail)
    begun = await lose_phone(me, await me.sign_in(me.mail))
    await me.calls.delete(f"{MINE}/{begun['id']}", expect=204)
    await me.calls.delete(f"{MINE}/{begun['id']}", expect=404, code="not-found")


async def test_of_a_stop_and_the_end_at_once_one_wins(city: CityPeople) -> None:
    me = await newcomer(city)
    await me.add(me.mail)
    begun = await lose_phone(me, await me.sign_in(me.mail))
    async with city.house.db.begin() as conn:
        await (await raw(conn)).execute("update recoveries set ready_at = now() where id = %s", (begun["id"],))
    stopped, _ = await asyncio.gather(
        me.calls.delete(f"{MINE}/{begun['id']}"), jobs.complete_recovery(city.house, begun["id"])
    )
    async with city.house.db.connect() as conn:
        rows = await (await raw(conn)).execute(
            "select cancelled_at is null, completed_at is null from recoveries where id = %s", (begun["id"],)
        )
        assert sum(await rows.fetchone() or ()) == 1, stopped


async def test_what_just_worked_is_not_lost_and_the_last_stays(city: CityPeople) -> None:
    me = await newcomer(city)
    await lose_phone(me, me.calls, expect=422, code="came-in-by-lost")
    phone = Authenticator()
    await register(me.calls, phone)
    by_passkey = await signed_in(city, phone)
    await lose_phone(me, by_passkey, expect=409, code="last-authenticator")
    await by_passkey.post(MINE, json={"reason": "lost_phone", "lost": []}, expect=400, code="malformed-request")
    await by_passkey.post(MINE, json={"reason": "bored", "lost": ["x"]}, expect=400, code="malformed-request")


async def test_a_lost_passkey(city: CityPeople) -> None:
    me, old = await newcomer(city), Authenticator()
    made = await register(me.calls, old)
    begun = await me.calls.post(MINE, json={"reason": "lost_passkey", "lost": [made["id"]]}, expect=201)
    await sign_in(city, old)
    await time_comes(city, begun)
    await sign_in(city, old, expect=422)
    assert [one["kind"] for one in await (await me.sign_in()).get(ALL, expect=200)] == ["phone"]


async def test_a_new_number_in_person(city: CityPeople) -> None:
    me, new = await newcomer(city, level=2), "+84970000001"
    begun = await at_desk(city, me, new)
    assert (begun["way"], begun["state"], begun["level_after"]) == ("in_person", "waiting", 1)
    assert await cancel_code(city, me.phone)
    await at_desk(city, me, "+84970000002", expect=409, code="recovery-under-way")
    await time_comes(city, begun)
    with pytest.raises(AssertionError):
        await me.sign_in()
    again = await me.sign_in(new)
    assert [one["name"] for one in await again.get(ALL, expect=200)] == ["+84*****0001"]
    assert await level(city, me) == (1, 1)
    async with city.house.db.connect() as conn:
        rows = await (await raw(conn)).execute(
            "select what, facts ->> 'shown', by_office_id from account_events where account_id = %s order by id",
            (me.account_id,),
        )
        assert await rows.fetchall() == [
            ("recovery-begun", "Thẻ căn cước", "off_ubnd_sai_gon"),
            ("recovered", None, None),
        ]


async def test_in_person_the_code_shows_who_holds_the_number(city: CityPeople) -> None:
    me, new = await newcomer(city), "+84970000003"
    checker = await city.signed_in("identity_checker")
    sent = {"pin": me.pin, "contact": new, "reason": "new_number", "lost": ["phone"], "shown": "Thẻ căn cước"}
    await checker.post(DESK, json=sent | {"pin": "079193999999"}, expect=404, code="not-found")
    await checker.post(DESK, json=sent | {"contact": "x"}, expect=422, code="bad-login")
    await checker.post(DESK, json=sent | {"shown": ""}, expect=400, code="malformed-request")
    begun = await checker.post(DESK, json=sent, expect=201)
    right, path = await city.code_sent_to(new), f"{DESK}/{begun['id']}/code"
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"
    await checker.post(path, json={"code": wrong}, expect=422, code="wrong-sign-in-code")
    # Nothing runs, and nobody is told, before the code.
    assert await letters_to(city, me.phone, "recovery-begun") == []
    assert await me.calls.get(MINE, expect=200) == []
    for _ in range(3):
        await checker.post(path, json={"code": wrong}, expect=422)
    await checker.post(path, json={"code": wrong}, expect=410, code="confirmation-over")
    await checker.post(path, json={"code": right}, expect=410, code="confirmation-over")


async def test_a_recycled_number_leaves_the_account_it_signed_in(city: CityPeople) -> None:
    old, new = await newcomer(city, level=2), await newcomer(city)
    await old.add(old.mail)
    begun = await at_desk(city, new, old.phone)
    # Its old holder hears of it on every channel and can stop it.
    assert "Somebody" not in (await letters_to(city, old.mail, "recovery-begun"))[0]
    assert "Có người khác đang dùng" in (await letters_to(city, old.mail, "recovery-begun"))[0]
    assert (await old.calls.get(MINE, expect=200))[0]["id"] == begun["id"]
    await time_comes(city, begun)
    assert (await (await new.sign_in(old.phone)).get("/v1/me", expect=200))["account_id"] == new.account_id
    assert [one["kind"] for one in await (await old.sign_in(old.mail)).get(ALL, expect=200)] == ["email"]
    assert await level(city, old) == (1, 1)


async def test_the_old_holder_of_a_number_that_was_not_recycled_stops_it(city: CityPeople) -> None:
    old, thief = await newcomer(city), await newcomer(city)
    begun = await at_desk(city, thief, old.phone)
    await old.calls.delete(f"{MINE}/{begun['id']}", expect=204)
    assert (await (await old.sign_in()).get("/v1/me", expect=200))["account_id"] == old.account_id


async def test_who_came_to_hold_the_number_meanwhile_keeps_it(city: CityPeople) -> None:
    me, other, number = await newcomer(city, level=2), await newcomer(city), "+84970000006"
    begun = await at_desk(city, me, number)
    await other.add(number)
    await time_comes(city, begun)
    assert (await (await other.sign_in(number)).get("/v1/me", expect=200))["account_id"] == other.account_id
    assert (await (await me.sign_in()).get(MINE, expect=200))[0]["state"] == "void"
    assert await level(city, me) == (2, 2)


async def test_a_locked_account_is_recovered_in_person(city: CityPeople) -> None:
    me, new = await newcomer(city), "+84970000004"
    await me.calls.post("/v1/me/lock", expect=204)
    await time_comes(city, await at_desk(city, me, new))
    await (await me.sign_in(new)).get("/v1/me", expect=200)


async def test_an_officer_does_not_recover_somebody_of_their_own_name(city: CityPeople) -> None:
    me = await newcomer(city)
    checker = await city.signed_in("identity_checker")
    officer_id = (await checker.get("/v1/me", expect=200))["account_id"]
    async with city.house.db.begin() as conn:
        await (await raw(conn)).execute(
            "update accounts set full_name = (select full_name from accounts where id = %s) where id = %s",
            (officer_id, me.account_id),
        )
    await at_desk(city, me, "+84970000005", expect=403, code="own-account")
    sent = {"pin": me.pin, "reason": "x"}
    await checker.post("/v1/desk/account-unlocks", json=sent, expect=403, code="own-account")
