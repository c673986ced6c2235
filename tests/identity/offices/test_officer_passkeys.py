"""Where passkeys are required an officer's one-time code registers the first, and does nothing else."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import pytest

from api import sandbox
from api.app import create_app
from api.caller import Device, Pkce
from identity import accounts, offices
from kit.pool import InferencePool
from kit.settings import Settings
from tests.identity.accounts.authenticator import Authenticator
from tests.identity.accounts.test_passkeys import register
from tests.people import ISSUER, CityPeople, Person

MAIL, OPERATOR = "khanh.tuphap@motcua.test", "boss@motcua.test"


@pytest.fixture(scope="module")
async def strict(settings: Settings, pool: InferencePool) -> AsyncIterator[CityPeople]:
    """The city as it is in production, in this."""
    furnished = await sandbox.furnish(settings)
    app = create_app(msgspec.structs.replace(settings, officer_passkeys="required"), pool=pool)
    async with app.lifespan():
        await app.state.house.valkey.forget_everything()
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=settings.public_url) as client:
            yield CityPeople(app, client, furnished)


async def made_operator(city: CityPeople) -> str:
    contact = accounts.contact.parse(OPERATOR)
    assert contact is not None
    async with city.house.db.begin() as conn:
        made = await accounts.open_officer(conn, city.house.keys, full_name="Vận Hành", contact=contact)
        await offices.appoint(conn, account_id=made.id, office_id="off_ubnd_sai_gon", roles=["operator"])
    return made.id


async def first_key(city: CityPeople, mail: str) -> Person:
    """A first day: the code, the passkey, and in by it."""
    key = Authenticator()
    await register(await by_code(city, mail), key)
    return await by_passkey(city, key)


async def by_code(city: CityPeople, mail: str = MAIL, **answer: Any) -> Person:
    device, pkce, path = Device(), Pkce(), "/v1/sign-ins"
    body = {"client_id": "desk-app", "login": mail, "code_challenge": pkce.challenge, "code_challenge_method": "S256"}
    headers = {"DPoP": device.proof("POST", ISSUER + path)}
    begun = await city.nobody.post(path, json=body, headers=headers, expect=201)
    sent = {"code": await city.code_sent_to(mail)}
    done = await city.nobody.post(f"{path}/{begun['id']}/code", json=sent, **({"expect": 200} | answer))
    if answer:
        return city.nobody
    token = await city.token(device, "desk-app", done["authorization_code"], pkce.verifier)
    return Person(city.client, MAIL, token=token, device=device)


async def by_passkey(city: CityPeople, authenticator: Authenticator) -> Person:
    device, pkce, path = Device(), Pkce(), "/v1/passkey-sign-ins"
    body = {"client_id": "desk-app", "code_challenge": pkce.challenge, "code_challenge_method": "S256"}
    headers = {"DPoP": device.proof("POST", ISSUER + path)}
    begun = await city.nobody.post(path, json=body, headers=headers, expect=201)
    sent = {"credential": authenticator.get(begun["options"])}
    done = await city.nobody.post(f"{path}/{begun['id']}/assertion", json=sent, expect=200)
    token = await city.token(device, "desk-app", done["authorization_code"], pkce.verifier)
    return Person(city.client, MAIL, token=token, device=device)


async def test_the_first_code_registers_a_passkey_and_nothing_else(strict: CityPeople) -> None:
    fresh = await by_code(strict)
    for path in ("/v1/me", "/v1/desk/queue"):
        await fresh.get(path, expect=403, code="insufficient-scope")
    key = Authenticator()
    await register(fresh, key)
    officer = await by_passkey(strict, key)
    await officer.get("/v1/desk/queue", expect=200)
    assert (await officer.get("/v1/me", expect=200))["office"]["roles"] == ["civil_status"]
    # From now on the mailbox alone does not do, and not for registering a second one either.
    await by_code(strict, expect=403, code="passkey-needed")
    # Lost: an operator takes it away, never one's own, and the first day begins again.
    operator_id = await made_operator(strict)
    boss = await first_key(strict, OPERATOR)
    officer_id = (await officer.get("/v1/me", expect=200))["account_id"]
    await boss.delete(f"/v1/officers/{operator_id}/passkeys", expect=403, code="second-person-needed")
    await officer.delete(f"/v1/officers/{operator_id}/passkeys", expect=404, code="not-found")
    await boss.delete(f"/v1/officers/{officer_id}/passkeys", expect=204)
    await boss.delete(f"/v1/officers/{officer_id}/passkeys", expect=404, code="not-found")
    await officer.get("/v1/me", expect=401, code="token-revoked")
    await first_key(strict, MAIL)


async def test_citizens_are_not_asked_for_one(strict: CityPeople) -> None:
    await (await strict.signed_in("parent")).get("/v1/me", expect=200)
