"""A client's token for itself: written down nowhere while it is good, and ended like any other (decision 0040)."""

from datetime import timedelta
from typing import Any

import jwt
import pytest

from identity import tokens
from kit import clock
from kit.db import raw
from tests.people import CityPeople

pytestmark = pytest.mark.anyio

TOKEN, INTROSPECT, REVOKE, ENDED = (f"/v1/oauth/{name}" for name in ("token", "introspect", "revoke", "ended-grants"))
KIOSK = "kiosk-sai-gon"
Secrets = dict[str, str]


@pytest.fixture(scope="module")
async def secrets(city: CityPeople) -> Secrets:
    made: dict[str, str] = {KIOSK: city.furnished.secrets[KIOSK]}
    async with city.house.db.begin() as conn:
        for name in ("own-one", "own-other"):
            secret = await tokens.register_client(
                conn, client_id=name, name=name, kind="confidential", grants=["client_credentials"], scopes=["cards:read"]
            )  # fmt: skip
            assert secret is not None
            made[name] = secret
    return made


async def ask(city: CityPeople, secrets: Secrets, client: str, path: str, **form: Any) -> dict[str, Any]:
    answer = await city.client.post(path, data=form, auth=(client, secrets[client]))
    assert answer.status_code == 200, answer.text
    return answer.json() if path != REVOKE else {}


async def token(city: CityPeople, secrets: Secrets, client: str) -> str:
    return (await ask(city, secrets, client, TOKEN, grant_type="client_credentials"))["access_token"]


def gid_of(shown: str) -> str:
    return jwt.decode(shown, options={"verify_signature": False})["gid"]


async def rows(city: CityPeople, shown: str) -> list[Any]:
    async with city.house.db.connect() as conn:
        cursor = await (await raw(conn)).execute(
            "select client_id, revoked_why from oauth_grants where id = %s", (gid_of(shown),)
        )
        return await cursor.fetchall()


async def test_REV_1_INT_1_one_of_two_is_given_back(city: CityPeople, secrets: Secrets) -> None:
    first, second = [await token(city, secrets, "own-one") for _ in range(2)]
    assert await rows(city, first) == [], "nothing is written while it is good"
    told = await ask(city, secrets, "own-one", INTROSPECT, token=first)
    assert (told["active"], told["scope"], told["sub"]) == (True, "cards:read", "own-one")
    await ask(city, secrets, "own-one", REVOKE, token=first)
    await ask(city, secrets, "own-one", REVOKE, token=first)  # twice is no matter
    assert await rows(city, first) == [("own-one", "the client gave it back")]
    assert await ask(city, secrets, "own-one", INTROSPECT, token=first) == {"active": False}
    assert (await ask(city, secrets, "own-one", INTROSPECT, token=second))["active"], "the other goes on"
    ended = (await city.client.get(ENDED)).json()["ended"]
    assert gid_of(first) in ended
    assert gid_of(second) not in ended


async def test_REV_2_nobody_else_ends_it_and_an_old_one_is_not_written_down(city: CityPeople, secrets: Secrets) -> None:
    mine = await token(city, secrets, "own-one")
    await ask(city, secrets, "own-other", REVOKE, token=mine)
    assert (await ask(city, secrets, "own-one", INTROSPECT, token=mine))["active"]
    with clock.shifted(timedelta(minutes=11)):
        await ask(city, secrets, "own-one", REVOKE, token=mine)
    assert await rows(city, mine) == []


async def test_RS_12_a_kiosks_own_token_that_was_given_back_opens_nothing(city: CityPeople, secrets: Secrets) -> None:
    shown = await token(city, secrets, KIOSK)
    bearer = {"Authorization": f"Bearer {shown}"}
    assert (await city.client.get("/v1/me", headers=bearer)).status_code == 404, "known, and no citizen"
    await ask(city, secrets, KIOSK, REVOKE, token=shown)
    refused = await city.client.get("/v1/me", headers=bearer)
    assert (refused.status_code, refused.json()["code"]) == (401, "token-revoked")


async def test_RS_12_a_client_that_is_switched_off(city: CityPeople, secrets: Secrets) -> None:
    """What it had for itself has no row that could be listed: the list names the client."""
    shown = await token(city, secrets, "own-other")
    async with city.house.db.begin() as conn:
        await tokens.disable_client(conn, "own-other")
    bearer = {"Authorization": f"Bearer {shown}"}
    refused = await city.client.get("/v1/me", headers=bearer)
    assert (refused.status_code, refused.json()["code"]) == (401, "token-revoked")
    assert (await city.client.get(ENDED)).json()["clients"] == ["own-other"]
    async with city.house.db.begin() as conn:
        await tokens.enable_client(conn, "own-other")
    assert (await city.client.get(ENDED)).json()["clients"] == []
