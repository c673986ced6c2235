"""Where passkeys are required an officer's one-time code registers the first, and does nothing else."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import pytest

from api import sandbox
from api.app import create_app
from api.caller import Device, Pkce
from kit.pool import InferencePool
from kit.settings import Settings
from tests.identity.accounts.authenticator import Authenticator
from tests.identity.accounts.test_passkeys import register
from tests.people import ISSUER, CityPeople, Person

MAIL = "khanh.tuphap@motcua.test"


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


async def by_code(city: CityPeople, **answer: Any) -> Person:
    device, pkce, path = Device(), Pkce(), "/v1/sign-ins"
    body = {"client_id": "desk-app", "login": MAIL, "code_challenge": pkce.challenge, "code_challenge_method": "S256"}
    headers = {"DPoP": device.proof("POST", ISSUER + path)}
    begun = await city.nobody.post(path, json=body, headers=headers, expect=201)
    sent = {"code": await city.code_sent_to(MAIL)}
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


async def test_citizens_are_not_asked_for_one(strict: CityPeople) -> None:
    await (await strict.signed_in("parent")).get("/v1/me", expect=200)
