"""Guesses are slowed down in lanes (NIST SP 800-63B-4 §3.2.2), and no stranger locks an owner out."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg
import pytest

from api.caller import Device, Pkce
from identity.accounts import history
from identity.accounts.policy import policy
from kit import clock, limits
from kit.db import raw
from tests.people import ISSUER, CityPeople, Person

PATH = "/v1/sign-ins"
PARENT, NOBODYS = "+84900000011", "+84999999999"


@pytest.fixture(autouse=True)
async def _another_day(city: CityPeople, monkeypatch: pytest.MonkeyPatch) -> None:
    await city.house.valkey.forget_everything()
    async with city.house.db.begin() as conn:
        await (await raw(conn)).execute("delete from sign_in_failures")
    # Letters are counted elsewhere; here are guesses.
    monkeypatch.setitem(limits.LIMITS, "one-time-code", limits.Limit(1000, 900))
    monkeypatch.setitem(limits.LIMITS, "one-time-code-everywhere", limits.Limit(1000, 900))


@pytest.fixture
async def stranger(city: CityPeople) -> AsyncIterator[Person]:
    """Somebody at another address."""
    transport = httpx.ASGITransport(app=city.app, client=("198.51.100.7", 4711), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=ISSUER) as client:
        yield Person(client, "stranger")


async def start(person: Person, login: str = PARENT, device: Device | None = None, **answer: Any) -> Any:
    body = {
        "client_id": "citizen-app",
        "login": login,
        "code_challenge": Pkce().challenge,
        "code_challenge_method": "S256",
    }
    headers = {"DPoP": (device or Device()).proof("POST", ISSUER + PATH)}
    return await person.post(PATH, json=body, headers=headers, **{"expect": 201} | answer)


async def enter(person: Person, sign_in: Any, digits: str, **answer: Any) -> Any:
    return await person.post(f"{PATH}/{sign_in['id']}/code", json={"code": digits}, **answer)


def wrong(right: str) -> str:
    return f"{(int(right) + 1) % 1_000_000:06d}"


async def fail(city: CityPeople, person: Person, times: int, login: str = PARENT) -> None:
    """So many wrong codes in a row, one sign-in after the other."""
    while times:
        sign_in = await start(person, login)
        right = await city.code_sent_to(PARENT) if login == PARENT else "123456"
        for _ in range(min(times, 5)):
            await enter(person, sign_in, wrong(right))
            times -= 1


async def failures(city: CityPeople) -> list[int]:
    async with city.house.db.connect() as conn:
        rows = await (await raw(conn)).execute("select failures from sign_in_failures order by 1")
        return [row[0] for row in await rows.fetchall()]


async def test_after_five_failures_even_the_right_code_waits(city: CityPeople) -> None:
    await fail(city, city.nobody, 5)
    sign_in = await start(city.nobody)
    right = await city.code_sent_to(PARENT)
    said = await city.client.post(f"{PATH}/{sign_in['id']}/code", json={"code": right})
    assert (said.status_code, said.json()["code"]) == (429, "too-many-requests")
    assert 25 < int(said.headers["retry-after"]) <= 31
    # What was not looked at was not counted either: hammering makes nobody wait longer.
    assert await failures(city) == [5, 5]
    with clock.shifted(timedelta(seconds=31)):
        await enter(city.nobody, sign_in, wrong(right), expect=422, code="wrong-sign-in-code")
        await enter(city.nobody, sign_in, right, expect=429, code="too-many-requests")
    with clock.shifted(timedelta(seconds=92)):
        await enter(city.nobody, sign_in, right, expect=200)
    assert await failures(city) == []


async def test_a_success_wipes_the_failures_before_it(city: CityPeople) -> None:
    await fail(city, city.nobody, 4)
    sign_in = await start(city.nobody)
    await enter(city.nobody, sign_in, await city.code_sent_to(PARENT), expect=200)
    assert await failures(city) == []
    await fail(city, city.nobody, 4)
    sign_in = await start(city.nobody)
    await enter(city.nobody, sign_in, await city.code_sent_to(PARENT), expect=200)


async def test_unknown_and_wrong_wait_alike_with_one_body(city: CityPeople) -> None:
    said: list[Any] = []
    for login in (PARENT, NOBODYS):
        await fail(city, city.nobody, 5, login)
        sign_in = await start(city.nobody, login)
        body = await enter(city.nobody, sign_in, "000000", expect=429, code="too-many-requests")
        said.append((set(body), body["code"], body["title"], body["status"]))
    assert said[0] == said[1]
    assert await failures(city) == [5, 5, 5, 5]


async def test_a_stranger_does_not_lock_the_owner_out_at_home(city: CityPeople, stranger: Person) -> None:
    await fail(city, stranger, 8)
    await enter(stranger, await start(stranger), "000000", expect=429, code="too-many-requests")
    # A new device of the owner, at the owner's address: the stranger's lane is not theirs.
    sign_in = await start(city.nobody)
    await enter(city.nobody, sign_in, await city.code_sent_to(PARENT), expect=200)


async def test_a_device_the_account_knows_has_its_own_lane(
    city: CityPeople, stranger: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone = Device()
    sign_in = await start(city.nobody, device=phone)
    await enter(city.nobody, sign_in, await city.code_sent_to(PARENT), expect=200)
    # Many addresses together have used up what strange devices may fail, and what letters they may ask for.
    async with city.house.db.begin() as conn:
        lanes = await (await raw(conn)).execute("select count(*) from sign_in_failures")
        assert await lanes.fetchone() == (0,)
    await fail(city, stranger, 1)
    async with city.house.db.begin() as conn:
        await (await raw(conn)).execute(
            "update sign_in_failures set failures = 100, open_at = %s", (clock.now() + timedelta(days=1),)
        )
    monkeypatch.setitem(limits.LIMITS, "one-time-code-everywhere", limits.Limit(1, 900))
    await start(stranger, expect=429, code="too-many-requests")
    right = await city.code_sent_to(PARENT)
    sign_in = await start(city.nobody, device=phone)
    await enter(city.nobody, sign_in, await city.code_sent_to(PARENT), expect=200)
    # Even from the stranger's own network.
    sign_in = await start(stranger, device=phone)
    await enter(stranger, sign_in, await city.code_sent_to(PARENT), expect=200)
    assert right


async def test_a_thief_with_the_device_is_slowed_down_too(city: CityPeople) -> None:
    phone = Device()
    sign_in = await start(city.nobody, device=phone)
    await enter(city.nobody, sign_in, await city.code_sent_to(PARENT), expect=200)
    sign_in = await start(city.nobody, device=phone)
    right = await city.code_sent_to(PARENT)
    for _ in range(5):
        await enter(city.nobody, sign_in, wrong(right))
    sign_in = await start(city.nobody, device=phone)
    await enter(city.nobody, sign_in, await city.code_sent_to(PARENT), expect=429, code="too-many-requests")


async def test_guesses_at_once_in_many_sign_ins_are_counted_one_by_one(city: CityPeople) -> None:
    """Each sign-in counted its own five tries: ten at once would have been fifty guesses."""
    begun = [await start(city.nobody) for _ in range(6)]
    answers = await asyncio.gather(*(enter(city.nobody, one, "000000") for one in begun for _ in range(3)))
    assert Counter(answer["code"] for answer in answers) == {"wrong-sign-in-code": 5, "too-many-requests": 13}


async def test_the_log_tells_what_was_tried_and_keeps_no_address(city: CityPeople, stranger: Person) -> None:
    async with city.house.db.connect() as conn:
        newest = await (await raw(conn)).execute("select coalesce(max(id), '') from sign_in_log")
        last = (await newest.fetchone() or ("",))[0]
    await fail(city, stranger, 1)
    await fail(city, stranger, 1, NOBODYS)
    sign_in = await start(stranger)
    await enter(stranger, sign_in, await city.code_sent_to(PARENT), expect=200)
    async with city.house.db.connect() as conn:
        rows = await (await raw(conn)).execute(
            "select account_id is null, method, outcome, client_id, network, jkt is null from sign_in_log where id > %s order by id",
            (last,),
        )
        assert await rows.fetchall() == [
            (False, "code_phone", "wrong", "citizen-app", "198.51.100.0/24", False),
            (True, "code_phone", "wrong", "citizen-app", "198.51.100.0/24", False),
            (False, "code_phone", "signed_in", "citizen-app", "198.51.100.0/24", False),
        ]


async def test_the_log_is_appended_and_forgets_on_time(city: CityPeople) -> None:
    await fail(city, city.nobody, 1)
    async with city.house.db.begin() as conn:
        beneath = await raw(conn)
        for spoilt in ("update sign_in_log set outcome = 'signed_in'", "delete from sign_in_log"):
            with pytest.raises(psycopg.errors.RaiseException):
                async with beneath.transaction():
                    await beneath.execute(spoilt)
        terms = policy().log
        account = (await (await beneath.execute("select id from accounts limit 1")).fetchone() or ("",))[0]
        ages = {"young": 1, "no-network": terms.network_days + 1, "gone": terms.kept_days + 1}
        rows: list[tuple[str, str | None, int]] = [(f"sil_{name}", account, days) for name, days in ages.items()]
        for log_id, holder, days in [*rows, ("sil_stranger", None, terms.strangers_days + 1)]:
            await beneath.execute(
                "insert into sign_in_log (id, account_id, at, method, outcome, client_id, network)"
                " values (%s, %s, now() - %s * interval '1 day', 'code_phone', 'wrong', 'citizen-app', '192.0.2.0/24')",
                (log_id, holder, days),
            )
        await history.forget(conn, datetime.now(UTC))
        left = await beneath.execute("select id, network from sign_in_log")
        kept = dict(await left.fetchall())
    assert kept["sil_no-network"] is None
    assert kept["sil_young"] == "192.0.2.0/24"
    assert not {"sil_gone", "sil_stranger"} & set(kept)
