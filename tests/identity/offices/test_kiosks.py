"""Machines ask to be kiosks with a key of their own, and operators let them in by the code on the screen."""

from datetime import timedelta
from typing import Any

import jwt
import pytest

from api.caller import Device
from identity.offices.kiosks import service
from identity.offices.kiosks.messages import ApprovalRequest
from identity.offices.kiosks.refusals import UnknownKioskCode
from identity.tokens.rfc7523 import ASSERTION_TYPE
from kit import clock, ids
from tests.identity.offices.test_staff import WARD, appointed
from tests.people import ISSUER, CityPeople, Person

ASK, APPROVE = "/v1/kiosks", "/v1/kiosk-approvals"


@pytest.fixture(autouse=True)
async def _uncounted(city: CityPeople) -> None:
    await city.house.valkey.forget_everything()


@pytest.fixture(scope="module")
async def operator(city: CityPeople) -> Person:
    return await appointed(city, "op-kiosk@motcua.test", WARD, "operator")


async def ask(city: CityPeople, machine: Device, *, key: Any = None, proof: str | None = None, **rest: Any) -> Any:
    sent = {"key": machine.jwk if key is None else key}
    headers = {"DPoP": proof or machine.proof("POST", ISSUER + ASK)}
    return await city.nobody.post(ASK, json=sent, headers=headers, **rest)


async def approved(city: CityPeople, operator: Person, machine: Device, **more: Any) -> Any:
    code = (await ask(city, machine, expect=200))["code"]
    sent = {"code": code, "office_id": WARD, "name": "Ki-ốt tầng 1"} | more
    return await operator.post(APPROVE, json=sent, expect=201)


def _signed(machine: Device, client_id: str) -> str:
    now = int(clock.now().timestamp())
    claims = {"iss": client_id, "sub": client_id, "aud": ISSUER, "exp": now + 60, "jti": ids.new_id("jti")}
    return jwt.encode(claims, machine.key, "ES256")


async def token(city: CityPeople, machine: Device, client_id: str) -> Any:
    form = {
        "grant_type": "client_credentials", "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": _signed(machine, client_id),
    }  # fmt: skip
    return await city.client.post("/v1/oauth/token", data=form)


async def test_only_operators_let_machines_in(city: CityPeople, operator: Person) -> None:
    sent = {"code": "BCDF-GHJK", "office_id": WARD, "name": "X"}
    for caller, status, code in (
        (city.nobody, 401, "not-signed-in"),
        (await city.signed_in("parent"), 404, "not-found"),
        (await city.signed_in("civil_status"), 404, "not-found"),
        (operator, 404, "unknown-kiosk-code"),
    ):
        await caller.post(APPROVE, json=sent, expect=status, code=code)
    await (await city.signed_in("civil_status")).get(ASK, expect=404)


async def test_a_machine_asks_waits_and_is_a_kiosk(city: CityPeople, operator: Person) -> None:
    machine = Device()
    waiting = await ask(city, machine, expect=200)
    assert (waiting["state"], waiting["client_id"]) == ("waiting", None)
    assert (await ask(city, machine, expect=200))["code"] == waiting["code"], "to ask again changes nothing"
    listed = (await operator.get(ASK, expect=200))[0]
    assert listed["client_id"] is None
    assert waiting["code"].replace("-", "") not in str(listed), "it is read off the screen"
    await operator.post(
        APPROVE, json={"code": waiting["code"], "office_id": "off_none", "name": "X"}, expect=404, code="not-found"
    )
    typed = waiting["code"].lower().replace("-", " ")
    kiosk = await approved(city, operator, machine, code=typed)
    assert (kiosk["office_id"], kiosk["name"]) == (WARD, "Ki-ốt tầng 1")
    told = await ask(city, machine, expect=200)
    assert (told["state"], told["client_id"], told["code"]) == ("approved", kiosk["client_id"], None)
    answer = await token(city, machine, kiosk["client_id"])
    assert answer.status_code == 200, answer.text
    other = await token(city, Device(), kiosk["client_id"])
    assert (other.status_code, other.json()["error"]) == (401, "invalid_client")
    await operator.post(
        APPROVE, json={"code": waiting["code"], "office_id": WARD, "name": "X"}, expect=404, code="unknown-kiosk-code"
    )


async def test_a_key_that_did_not_sign_is_no_kiosk_s(city: CityPeople) -> None:
    machine, other = Device(), Device()
    for key in (other.jwk, {"kty": "RSA"}, {**machine.jwk, "d": "AA"}, {**machine.jwk, "y": machine.jwk["x"]}, {}):
        await ask(city, machine, key=key, expect=422, code="bad-kiosk-key")
    await city.nobody.post(ASK, json={"key": machine.jwk}, expect=400, code="invalid-dpop-proof")
    proof = machine.proof("POST", ISSUER + ASK)
    await ask(city, machine, proof=proof, expect=200)
    await ask(city, machine, proof=proof, expect=400, code="invalid-dpop-proof")


async def test_a_code_nobody_typed_in_time_is_another(city: CityPeople) -> None:
    machine = Device()
    first = (await ask(city, machine, expect=200))["code"]
    with clock.shifted(timedelta(minutes=30)):
        sent = {"code": first, "office_id": WARD, "name": "X"}
        async with city.house.db.begin() as conn:
            with pytest.raises(UnknownKioskCode):
                await service.approve(conn, ApprovalRequest(**sent), by=None)
        late = machine.proof("POST", ISSUER + ASK, iat=int(clock.now().timestamp()))
        assert (await ask(city, machine, proof=late, expect=200))["code"] != first


async def test_a_kiosk_that_was_taken_out_stays_out(city: CityPeople, operator: Person) -> None:
    machine = Device()
    kiosk = await approved(city, operator, machine)
    own = (await token(city, machine, kiosk["client_id"])).json()["access_token"]
    path = f"{ASK}/{kiosk['id']}"
    await city.nobody.delete(path, expect=401)
    await operator.delete(path, expect=204)
    await operator.delete(path, expect=404, code="not-found")
    assert (await token(city, machine, kiosk["client_id"])).status_code == 401
    headers = {"Authorization": f"Bearer {own}"}
    assert (await city.client.post("/v1/lookups/by-face/challenge", headers=headers)).status_code == 401
    await ask(city, machine, expect=422, code="bad-kiosk-key")
    assert (await ask(city, Device(), expect=200))["state"] == "waiting"
