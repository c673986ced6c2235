"""POST /v1/sign-ins and …/code: known people by one-time code, strangers by the same reply and the same work."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from api.caller import Device, Pkce
from identity import offices
from identity.accounts import signing_in
from kit import clock, limits
from kit.db import raw
from tests.people import ISSUER, CityPeople

PATH = "/v1/sign-ins"
PARENT, NOBODYS = "+84900000011", "+84999999999"


@pytest.fixture(autouse=True)
async def _uncounted(city: CityPeople) -> None:
    """Each test is another caller on another day."""
    await city.house.valkey.forget_everything()
    async with city.house.db.begin() as conn:
        await (await raw(conn)).execute("delete from sign_in_failures")


async def start(
    city: CityPeople, login: str = PARENT, *, expect: int = 201, code: str | None = None, **more: Any
) -> Any:
    device = more.pop("device", None) or Device()
    body = {
        "client_id": "citizen-app",
        "login": login,
        "code_challenge": Pkce().challenge,
        "code_challenge_method": "S256",
        **more,
    }
    headers = {"DPoP": device.proof("POST", ISSUER + PATH)}
    return await city.nobody.post(PATH, json=body, headers=headers, expect=expect, code=code)


async def enter(city: CityPeople, sign_in: Any, digits: str, *, expect: int, code: str | None = None) -> Any:
    return await city.nobody.post(f"{PATH}/{sign_in['id']}/code", json={"code": digits}, expect=expect, code=code)


async def test_one_address_does_not_try_every_phone_of_the_city(
    city: CityPeople, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Attempts were counted by address and login together: one caller had as many as there are phone numbers."""
    monkeypatch.setitem(limits.LIMITS, "sign-in-address", limits.Limit(5, 600))
    for number in range(5):
        await start(city, f"+8490000{number:04d}")
    await start(city, "+84900009999", expect=429, code="too-many-requests")


def wrong(right: str) -> str:
    return f"{(int(right) + 1) % 1_000_000:06d}"


async def letters_to(city: CityPeople, contact: str) -> list[Any]:
    await city.run_jobs()
    return [one for one in (await city.client.get("/sandbox/inbox.json")).json() if one["to"] == contact]


@pytest.mark.parametrize("login", ["+84900000011", "0900000011", "0900 000 011", "84900000011"])
async def test_a_citizen_signs_in_however_the_number_is_written(city: CityPeople, login: str) -> None:
    sign_in = await start(city, login)
    answer = await enter(city, sign_in, await city.code_sent_to(PARENT), expect=200)
    assert answer["authorization_code"].startswith("mc_ac_")
    assert (answer["expires_in"], answer["iss"]) == (60, ISSUER)


async def test_an_unknown_login_gets_the_same_reply_and_no_letter(city: CityPeople) -> None:
    before = len(await letters_to(city, NOBODYS))
    known, unknown = await start(city), await start(city, NOBODYS)
    assert set(known) == set(unknown) == {"id", "expires_in"}
    assert known["expires_in"] == unknown["expires_in"] == 300
    assert len(known["id"]) == len(unknown["id"])
    assert len(await letters_to(city, NOBODYS)) == before
    right = await city.code_sent_to(PARENT)
    first = await enter(city, known, wrong(right), expect=422, code="wrong-sign-in-code")
    second = await enter(city, unknown, wrong(right), expect=422, code="wrong-sign-in-code")
    assert first["message"] == second["message"]
    async with city.house.db.connect() as conn:
        rows = await (await raw(conn)).execute(
            "select id, account_id is null from sign_ins where id = any(%s)", ([known["id"], unknown["id"]],)
        )
        assert dict(await rows.fetchall()) == {known["id"]: False, unknown["id"]: True}
        left = await (await raw(conn)).execute("select count(*) from messages where once_key = %s", (unknown["id"],))
        assert await left.fetchone() == (0,)


async def test_the_work_for_an_unknown_login_is_the_same(city: CityPeople, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    real = city.house.post_office.send

    async def send(*args: Any, **kwargs: Any) -> bool:
        said.append(kwargs["event"])
        return await real(*args, **kwargs)

    monkeypatch.setattr(city.house.post_office, "send", send)
    await start(city)
    await start(city, NOBODYS)
    assert said == ["one-time-code", "one-time-code"]


async def test_five_wrong_codes_end_it_even_for_the_right_one(city: CityPeople) -> None:
    sign_in = await start(city)
    right = await city.code_sent_to(PARENT)
    for left in (4, 3, 2, 1):
        said = await enter(city, sign_in, wrong(right), expect=422, code="wrong-sign-in-code")
        assert f" {left} " in f" {said['message']['en']} "
    await enter(city, sign_in, wrong(right), expect=410, code="sign-in-over")
    await enter(city, sign_in, right, expect=410, code="sign-in-over")


async def test_guesses_at_once_are_each_counted(city: CityPeople) -> None:
    # Regression guard: a try counted after the comparison lets twenty guesses at once all be looked at.
    sign_in = await start(city)
    right = await city.code_sent_to(PARENT)
    guesses = [enter(city, sign_in, f"{(int(right) + n) % 1_000_000:06d}", expect=None) for n in range(1, 21)]  # type: ignore[arg-type]
    answers = await asyncio.gather(*guesses)
    told = Counter(answer["code"] for answer in answers)
    assert told["wrong-sign-in-code"] == 4, told
    async with city.house.db.connect() as conn:
        rows = await (await raw(conn)).execute("select tries from sign_ins where id = %s", (sign_in["id"],))
        assert await rows.fetchone() == (5,)


async def test_a_right_code_serves_once(city: CityPeople) -> None:
    sign_in = await start(city)
    right = await city.code_sent_to(PARENT)
    answers = await asyncio.gather(*(enter(city, sign_in, right, expect=None) for _ in range(4)))  # type: ignore[arg-type]
    assert sum("authorization_code" in answer for answer in answers) == 1
    await enter(city, sign_in, right, expect=410, code="sign-in-over")


async def test_a_code_lives_five_minutes(city: CityPeople) -> None:
    sign_in = await start(city)
    async with city.house.db.connect() as conn:
        rows = await (await raw(conn)).execute("select code_digest from sign_ins where id = %s", (sign_in["id"],))
        kept = await rows.fetchone()
    assert kept is not None
    assert len(bytes(kept[0])) == 32
    right = await city.code_sent_to(PARENT)
    with clock.shifted(signing_in.CODE_LIFETIME + timedelta(seconds=1)):
        await enter(city, sign_in, right, expect=410, code="sign-in-over")
    with clock.shifted(signing_in.CODE_LIFETIME - timedelta(seconds=5)):
        await enter(city, sign_in, right, expect=200)


@pytest.mark.parametrize("digits", ["12345", "1234567", "１２３４５６", "12345a", "", "' or 1"])
async def test_what_is_no_code_is_malformed(city: CityPeople, digits: str) -> None:
    await enter(city, {"id": "sin_x"}, digits, expect=400, code="malformed-request")


async def test_a_sign_in_nobody_started(city: CityPeople) -> None:
    await enter(city, {"id": "sin_00000000000000000000000000"}, "123456", expect=410, code="sign-in-over")


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"login": "hello"}, 422, "bad-login"),
        ({"login": "0212345678"}, 422, "bad-login"),
        ({"login": "a@b"}, 422, "bad-login"),
        ({"client_id": "nobody-knows"}, 400, "unknown-client"),
        ({"client_id": "kiosk-sai-gon"}, 400, "unknown-client"),
        ({"code_challenge": "x" * 42}, 422, "bad-code-challenge"),
        ({"code_challenge_method": "plain"}, 422, "bad-code-challenge"),
        ({"scope": "desk"}, 422, "bad-scope"),
        ({"extra": 1}, 400, "malformed-request"),
    ],
)
async def test_PKC_1_beginnings_that_are_refused(
    city: CityPeople, change: dict[str, Any], status: int, code: str
) -> None:
    await start(city, expect=status, code=code, **change)


async def test_an_app_of_the_city_must_bring_its_key(city: CityPeople) -> None:
    body = {
        "client_id": "citizen-app",
        "login": PARENT,
        "code_challenge": Pkce().challenge,
        "code_challenge_method": "S256",
    }
    await city.nobody.post(PATH, json=body, expect=400, code="invalid-dpop-proof")
    headers = {"DPoP": Device().proof("POST", ISSUER + "/v1/other")}
    await city.nobody.post(PATH, json=body, headers=headers, expect=400, code="invalid-dpop-proof")
    device = Device()
    proof = device.proof("POST", ISSUER + PATH)
    await city.nobody.post(PATH, json=body, headers={"DPoP": proof}, expect=201)
    await city.nobody.post(PATH, json=body, headers={"DPoP": proof}, expect=400, code="invalid-dpop-proof")


async def test_five_letters_in_a_quarter_of_an_hour(city: CityPeople) -> None:
    # Calls that send nothing count against their caller only.
    for _ in range(6):
        await start(city, client_id="nobody-knows", expect=400, code="unknown-client")
    for _ in range(5):
        await start(city)
    refused = await start(city, expect=429, code="too-many-requests")
    assert refused["message"]["vi"]
    await start(city, NOBODYS)


async def test_officers_and_citizens_use_their_own_apps(city: CityPeople) -> None:
    officers_mail = "khanh.tuphap@motcua.test"
    sign_in = await start(city, officers_mail)
    await enter(city, sign_in, await city.code_sent_to(officers_mail), expect=403, code="client-not-for-officers")
    sign_in = await start(city, client_id="desk-app")
    await enter(city, sign_in, await city.code_sent_to(PARENT), expect=403, code="client-not-for-citizens")


async def test_an_officer_without_an_appointment_does_not_get_in(city: CityPeople) -> None:
    officer = await city.signed_in("insurance")
    account_id = (await officer.get("/v1/me", expect=200))["account_id"]
    async with city.house.db.begin() as conn:
        await offices.end_appointment(conn, account_id=account_id)
    mail = "lananh.bhxh@motcua.test"
    sign_in = await start(city, mail, client_id="desk-app")
    await enter(city, sign_in, await city.code_sent_to(mail), expect=403, code="no-current-appointment")
