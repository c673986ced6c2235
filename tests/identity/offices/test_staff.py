"""Officers are created by operators, given roles by two persons, let in for their shift, and stood in for when away."""

from datetime import time, timedelta
from typing import Any

import pytest

from api.caller import Device, Pkce
from identity import accounts, offices
from identity.offices.staff import service
from kit import clock
from kit.db import raw
from kit.refusal import Refusal
from tests.people import ISSUER, CityPeople, Person

OFFICERS, CHANGES, LEAVES = "/v1/officers", "/v1/officer-changes", "/v1/officer-leaves"
WARD, POLICE = "off_ubnd_sai_gon", "off_cong_an_sai_gon"


@pytest.fixture(autouse=True)
async def _uncounted(city: CityPeople) -> None:
    await city.house.valkey.forget_everything()


async def sign_in(city: CityPeople, mail: str, *, expect: int = 200, code: str | None = None) -> Person:
    device, pkce, path = Device(), Pkce(), "/v1/sign-ins"
    body = {
        "client_id": "desk-app",
        "login": mail,
        "code_challenge": pkce.challenge,
        "code_challenge_method": "S256",
    }
    headers = {"DPoP": device.proof("POST", ISSUER + path)}
    begun = await city.nobody.post(path, json=body, headers=headers, expect=201)
    sent = {"code": await city.code_sent_to(mail)}
    done = await city.nobody.post(f"{path}/{begun['id']}/code", json=sent, expect=expect, code=code)
    if expect != 200:
        return city.nobody
    token = await city.token(device, "desk-app", done["authorization_code"], pkce.verifier)
    return Person(city.client, mail, token=token, device=device)


async def appointed(city: CityPeople, mail: str, office: str, *roles: str) -> Person:
    """Made beside the API, as those who were there before it."""
    contact = accounts.contact.parse(mail)
    assert contact is not None
    async with city.house.db.begin() as conn:
        made = await accounts.open_officer(conn, city.house.keys, full_name=f"Cán bộ {mail}", contact=contact)
        await offices.appoint(conn, account_id=made.id, office_id=office, roles=roles)
    return await sign_in(city, mail)


@pytest.fixture(scope="module")
async def operators(city: CityPeople) -> tuple[Person, Person]:
    return (
        await appointed(city, "op1@motcua.test", WARD, "operator"),
        await appointed(city, "op2@motcua.test", WARD, "operator"),
    )


def appointment(**more: Any) -> dict[str, Any]:
    return {"office_id": WARD, "roles": ["civil_status"], "from_on": clock.today().isoformat()} | more


async def account_of(person: Person) -> str:
    return (await person.get("/v1/me", expect=200))["account_id"]


async def created(operators: tuple[Person, Person], mail: str, **more: Any) -> Any:
    """An officer proposed by the first and approved by the second operator."""
    first, second = operators
    sent = {"full_name": f"Nguyễn {mail}", "email": mail, "appointment": appointment(**more)}
    change = await first.post(OFFICERS, json=sent, expect=201)
    verdict = {"verdict": "approved", "reason": "Quyết định 12/QĐ"}
    return await second.post(f"{CHANGES}/{change['id']}/verdict", json=verdict, expect=200)


async def test_nobody_and_no_other_officer_may(city: CityPeople, operators: tuple[Person, Person]) -> None:
    sent = {"full_name": "X", "email": "x@motcua.test", "appointment": appointment()}
    await city.nobody.post(OFFICERS, json=sent, expect=401, code="not-signed-in")
    for who in ("parent", "civil_status", "identity_checker"):
        person = await city.signed_in(who)
        await person.post(OFFICERS, json=sent, expect=404, code="not-found")
        await person.get(CHANGES, expect=404, code="not-found")
        await person.get(LEAVES, expect=404, code="not-found")


async def test_roles_need_two_persons(city: CityPeople, operators: tuple[Person, Person]) -> None:
    first, second = operators
    mail = "two@motcua.test"
    sent = {"full_name": "Nguyễn Hai", "email": mail, "appointment": appointment()}
    change = await first.post(OFFICERS, json=sent, expect=201)
    assert (change["verdict"], change["full_name"]) == (None, "Nguyễn Hai")
    await sign_in(city, mail, expect=403, code="no-current-appointment")
    path, approved = f"{CHANGES}/{change['id']}/verdict", {"verdict": "approved", "reason": "Quyết định 12/QĐ"}
    await first.post(path, json=approved, expect=403, code="second-person-needed")
    await second.post(path, json=approved | {"reason": ""}, expect=400, code="malformed-request")
    done = await second.post(path, json=approved, expect=200)
    assert (done["verdict"], done["decided_by"]) == ("approved", await account_of(second))
    await second.post(path, json=approved, expect=409, code="change-decided")
    officer = await sign_in(city, mail)
    assert (await officer.get("/v1/me", expect=200))["office"]["roles"] == ["civil_status"]
    # A change of one's own, whoever proposed it, is for somebody else to decide.
    change = await first.post(
        f"{OFFICERS}/{await account_of(second)}/changes", json=appointment(roles=["head", "operator"]), expect=201
    )
    await second.post(f"{CHANGES}/{change['id']}/verdict", json=approved, expect=403, code="second-person-needed")
    refused = await second.post(f"{CHANGES}/chg_none/verdict", json=approved, expect=404, code="not-found")
    assert refused


async def test_a_refused_change_changes_nothing(city: CityPeople, operators: tuple[Person, Person]) -> None:
    first, second = operators
    officer_id = (await created(operators, "refused@motcua.test"))["account_id"]
    officer = await sign_in(city, "refused@motcua.test")
    change = await first.post(f"{OFFICERS}/{officer_id}/changes", json=appointment(roles=["head"]), expect=201)
    await second.post(f"{CHANGES}/{change['id']}/verdict", json={"verdict": "refused", "reason": "Chưa đủ"}, expect=200)
    assert (await officer.get("/v1/me", expect=200))["office"]["roles"] == ["civil_status"]
    assert (await first.get(CHANGES, expect=200))[0]["id"]


async def test_new_roles_end_the_sessions_of_the_old(city: CityPeople, operators: tuple[Person, Person]) -> None:
    first, second = operators
    officer_id = (await created(operators, "moved@motcua.test"))["account_id"]
    officer = await sign_in(city, "moved@motcua.test")
    there = appointment(office_id=POLICE, roles=["residence"])
    change = await first.post(f"{OFFICERS}/{officer_id}/changes", json=there, expect=201)
    await officer.get("/v1/me", expect=200)
    await second.post(
        f"{CHANGES}/{change['id']}/verdict", json={"verdict": "approved", "reason": "Điều động"}, expect=200
    )
    await officer.get("/v1/me", expect=401, code="token-revoked")
    office = (await (await sign_in(city, "moved@motcua.test")).get("/v1/me", expect=200))["office"]
    assert (office["id"], office["roles"]) == (POLICE, ["residence"])
    # Roles go at the word of one.
    await first.delete(f"{OFFICERS}/{officer_id}/appointment", expect=204)
    await first.delete(f"{OFFICERS}/{officer_id}/appointment", expect=404, code="not-found")
    await sign_in(city, "moved@motcua.test", expect=403, code="no-current-appointment")


@pytest.mark.parametrize(
    ("wrong", "status", "code"),
    [
        ({"office_id": "off_none"}, 404, "not-found"),
        ({"roles": ["king"]}, 400, "malformed-request"),
        ({"roles": []}, 400, "malformed-request"),
        ({"until_on": "2020-01-01"}, 422, "bad-appointment"),
        ({"shift_from": "07:30:00"}, 422, "bad-appointment"),
        ({"shift_from": "17:00:00", "shift_until": "07:30:00"}, 422, "bad-appointment"),
        ({"shift_from": "07:30:00Z", "shift_until": "17:00:00Z"}, 422, "bad-appointment"),
    ],
)
async def test_appointments_that_do_not_hold_together(
    operators: tuple[Person, Person], wrong: dict[str, Any], status: int, code: str
) -> None:
    sent = {"full_name": "X", "email": "wrong@motcua.test", "appointment": appointment(**wrong)}
    await operators[0].post(OFFICERS, json=sent, expect=status, code=code)


async def test_a_citizen_is_not_appointed(city: CityPeople, operators: tuple[Person, Person]) -> None:
    parent = await account_of(await city.signed_in("parent"))
    await operators[0].post(f"{OFFICERS}/{parent}/changes", json=appointment(), expect=422, code="not-an-officer")


async def test_sessions_end_with_the_shift(city: CityPeople, operators: tuple[Person, Person]) -> None:
    local = clock.now().astimezone(clock.CITY)
    begins, ends = (local - timedelta(minutes=1)).time(), (local + timedelta(minutes=5)).time()
    # A shift does not pass midnight: then it ends, or began, there.
    begins = time(0, 0) if begins > local.time() else begins.replace(microsecond=0)
    ends = time(23, 59, 59) if ends < local.time() else ends.replace(microsecond=0)
    mail, other = "shift@motcua.test", "night@motcua.test"
    await created(operators, mail, shift_from=begins.isoformat(), shift_until=ends.isoformat())
    officer = await sign_in(city, mail)
    await officer.get("/v1/me", expect=200)
    async with city.house.db.begin() as conn:
        await (await raw(conn)).execute(
            "update officers set shift_until = %s where account_id = %s and ended_at is null",
            (local.time(), await account_of(officer)),
        )
    await officer.get("/v1/me", expect=401, code="token-revoked")
    await sign_in(city, mail, expect=403, code="no-current-appointment")
    # Not begun yet is as good as over.
    await created(operators, other, shift_from=time(0, 0).isoformat(), shift_until=time(0, 0, 1).isoformat())
    await sign_in(city, other, expect=403, code="no-current-appointment")


async def test_away_and_the_substitute_holds_the_roles(city: CityPeople, operators: tuple[Person, Person]) -> None:
    away_id = (await created(operators, "away@motcua.test", roles=["civil_status", "head"]))["account_id"]
    substitute_id = (await created(operators, "substitute@motcua.test", roles=["reception"]))["account_id"]
    away, substitute = await sign_in(city, "away@motcua.test"), await sign_in(city, "substitute@motcua.test")
    today = clock.today()
    days = {"from_on": today.isoformat(), "until_on": (today + timedelta(days=2)).isoformat()}
    path = f"{OFFICERS}/{away_id}/leaves"
    for nobody in (away_id, await account_of(await city.signed_in("residence")), "acc_none"):
        await operators[0].post(path, json=days | {"substitute_id": nobody}, expect=422, code="bad-substitute")
    await operators[0].post(path, json=days | {"until_on": "2020-01-01"}, expect=422, code="bad-appointment")
    leave = await operators[0].post(path, json=days | {"substitute_id": substitute_id}, expect=201)
    await away.get("/v1/me", expect=401, code="token-revoked")
    await sign_in(city, "away@motcua.test", expect=403, code="no-current-appointment")
    assert (await substitute.get("/v1/me", expect=200))["office"]["roles"] == ["civil_status", "head", "reception"]
    # Who is away stands in for nobody.
    third = (await created(operators, "third@motcua.test"))["account_id"]
    await operators[0].post(
        f"{OFFICERS}/{third}/leaves", json=days | {"substitute_id": away_id}, expect=422, code="bad-substitute"
    )
    # A substitute of a head is a head: of this office, not of another.
    assert leave["id"] in {one["id"] for one in await substitute.get(LEAVES, expect=200)}
    elsewhere = await account_of(await city.signed_in("residence"))
    await substitute.post(f"{OFFICERS}/{elsewhere}/leaves", json=days, expect=404, code="not-found")
    await operators[0].delete(f"{LEAVES}/{leave['id']}", expect=204)
    await operators[0].delete(f"{LEAVES}/{leave['id']}", expect=404, code="not-found")
    assert (await substitute.get("/v1/me", expect=200))["office"]["roles"] == ["reception"]
    await (await sign_in(city, "away@motcua.test")).get("/v1/me", expect=200)


async def test_nobody_stands_in_for_an_operator(city: CityPeople, operators: tuple[Person, Person]) -> None:
    substitute_id = (await created(operators, "ambitious@motcua.test", roles=["reception"]))["account_id"]
    gone = await appointed(city, "op3@motcua.test", WARD, "operator")
    today = clock.today().isoformat()
    sent = {"from_on": today, "until_on": today, "substitute_id": substitute_id}
    await operators[0].post(f"{OFFICERS}/{await account_of(gone)}/leaves", json=sent, expect=201)
    substitute = await sign_in(city, "ambitious@motcua.test")
    assert (await substitute.get("/v1/me", expect=200))["office"]["roles"] == ["reception"]


async def test_the_first_operator_is_made_once(city: CityPeople, operators: tuple[Person, Person]) -> None:
    async with city.house.db.begin() as conn:
        with pytest.raises(Refusal) as refused:
            await service.first_operator(
                conn,
                city.house.keys,
                full_name="X",
                email="x@motcua.test",
                agency="ubnd_xa",
                ward_code="26740",
                office_name="x",
            )
    assert refused.value.code == "operator-exists"
    change = await operators[0].post(
        OFFICERS, json={"full_name": "X", "email": "y@motcua.test", "appointment": appointment()}, expect=201
    )
    async with city.house.db.begin() as conn:
        with pytest.raises(Refusal) as refused:
            await service.approve_at_the_machine(conn, city.house.keys, change["id"])
    assert refused.value.code == "operator-exists"


async def test_a_nul_in_a_path_is_malformed(city: CityPeople, operators: tuple[Person, Person]) -> None:
    """An id of %00 reached the database: 500."""
    verdict, said = {"verdict": "refused", "reason": "x"}, {"said": "x"}
    leave = {"from_on": "2026-11-27", "until_on": "2026-11-27"}
    parent, checker, operator = await city.signed_in("parent"), await city.signed_in("identity_checker"), operators[0]
    calls: list[tuple[Person, str, str, Any]] = [
        (city.nobody, "POST", "/v1/passkey-sign-ins/%00/assertion", {"credential": {}}),
        (parent, "POST", "/v1/me/passkey-registrations/%00/credential", {"credential": {}, "name": "x"}),
        (parent, "PATCH", "/v1/me/passkeys/%00", {"name": "x"}),
        (parent, "PUT", "/v1/me/authenticators/%00/lock", None),
        (parent, "DELETE", "/v1/me/authenticators/%00/lock", None),
        (parent, "DELETE", "/v1/me/authenticators/%00", None),
        (parent, "POST", "/v1/me/contacts/%00/code", {"code": "123456"}),
        (parent, "DELETE", "/v1/me/sessions/%00", None),
        (parent, "DELETE", "/v1/me/recoveries/%00", None),
        (checker, "POST", "/v1/desk/recoveries/%00/code", {"code": "123456"}),
        (operator, "POST", f"{OFFICERS}/%00/changes", appointment()),
        (operator, "DELETE", f"{OFFICERS}/%00/appointment", None),
        (operator, "DELETE", f"{OFFICERS}/%00/passkeys", None),
        (operator, "POST", f"{OFFICERS}/%00/leaves", leave),
        (operator, "DELETE", f"{LEAVES}/%00", None),
        (operator, "POST", f"{CHANGES}/%00/verdict", verdict),
        (operator, "POST", "/v1/breaches/%00/notes", said),
        (operator, "POST", "/v1/data-requests/%00/acknowledgement", None),
    ]
    for person, method, path, body in calls:
        await person.call(method, path, json=body, expect=400, code="malformed-request")


async def test_an_operator_enters_which_person_an_officer_is(
    city: CityPeople, operators: tuple[Person, Person]
) -> None:
    """By it nobody decides for their family; nobody says it of themselves, and nobody is shown it again."""
    first, _ = operators
    officer = (await created(operators, "who@motcua.test"))["account_id"]
    said, path = {"pin": "079195000013"}, f"{OFFICERS}/{officer}/person"
    await first.put(path, json={"pin": "079195"}, expect=400)
    await first.put(path, json={"pin": "000000000000"}, expect=422, code="bad-person")
    await first.put(path, json=said, expect=204)
    await first.put(path, json=said, expect=204)
    me, citizen = await account_of(first), await account_of(await city.signed_in("parent"))
    await first.put(f"{OFFICERS}/{me}/person", json=said, expect=403, code="second-person-needed")
    await first.put(f"{OFFICERS}/{citizen}/person", json=said, expect=422, code="not-an-officer")
    await first.put(f"{OFFICERS}/acc_nobody/person", json=said, expect=404)
    await (await city.signed_in("head_ubnd")).put(path, json=said, expect=404)
    async with city.house.db.connect() as conn:
        assert (await offices.seat(conn, city.house.keys, "off_ubnd_sai_gon", officer)).pin == "079195000013"
