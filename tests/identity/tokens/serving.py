"""Two services of others, an app that asks tokens for them, and two clients that exchange its tokens."""

from typing import Any

import httpx
import jwt

from identity import tokens
from identity.tokens import rfc8693
from identity.tokens.rfc8414 import DEVICE_CODE, TOKEN_EXCHANGE
from kit.refusal import Words
from tests.identity.tokens.browsing import PARENT, TOKEN, Browser
from tests.people import CityPeople

LAND, BUS = "https://land.motcua.test/api", "https://bus.motcua.test/api"
CALLBACK = "https://shop.motcua.test/callback"
WHY = Words(vi="Để thử.", en="To try.")
SCOPE = "openid profile offline_access"
ALLOWED = ["profile", "phone", "offline_access", f"service:{LAND}", f"service:{BUS}"]


async def settle(city: CityPeople) -> dict[str, str]:
    """Registers everybody; the secrets by client. `broker` exchanges the shop's tokens, `clerk` the broker's."""
    people: dict[str, Any] = {
        "kind": "confidential", "scopes": ["openid", "profile", "phone", "offline_access"], "purpose": WHY,
        "redirect_uris": [CALLBACK], "sector": "shop",
    }  # fmt: skip
    asking: dict[str, Any] = {"kind": "confidential", "grants": ["client_credentials"], "scopes": ["cards:read"]}
    exchanging: dict[str, Any] = {"kind": "confidential", "scopes": ["openid", "profile", "cards:read"]}
    secrets: dict[str, str | None] = {}
    async with city.house.db.begin() as conn:

        async def client(name: str, **rest: Any) -> None:
            secrets[name] = await tokens.register_client(conn, client_id=name, name=name, **rest)

        await client("land-office", **asking)
        await tokens.register_service(
            conn, uri=LAND, name=WHY, scopes=["openid", "profile", "cards:read"], client_id="land-office"
        )
        await tokens.register_service(conn, uri=BUS, name=WHY, scopes=["phone", "profile"])
        await client("shop", **people, grants=["authorization_code", "refresh_token"], resources=[LAND, BUS])
        await client("plain", **people, grants=["authorization_code", "refresh_token"])
        screen = people | {"scopes": ["openid", "profile"]}
        await client("screen", **screen, grants=[DEVICE_CODE], resources=[LAND])
        await client("robot", **asking, resources=[LAND])
        grants = [TOKEN_EXCHANGE, "client_credentials"]
        await client("broker", **exchanging, grants=grants, exchange_from=["shop", "partner-app", "robot"])
        await client("clerk", **exchanging, grants=grants, exchange_from=["broker"])
        await client("dresser", **people | {"first_party": True}, grants=[TOKEN_EXCHANGE], exchange_from=["shop"])
    return {name: secret for name, secret in secrets.items() if secret is not None}


class Shop:
    """An app that signs people in, its partners, and what they call."""

    def __init__(self, city: CityPeople, secrets: dict[str, str]) -> None:
        self.city, self.secrets = city, secrets

    async def call(self, client_id: str, path: str = TOKEN, /, **form: Any) -> httpx.Response:
        return await self.city.client.post(path, data=form, auth=(client_id, self.secrets[client_id]))

    async def code(self, client_id: str = "shop", login: str = PARENT, **asked: Any) -> dict[str, str]:
        """The form that redeems what a sign-in gave."""
        browser = Browser(self.city, client_id, CALLBACK)
        told = await browser.through(login, allow=ALLOWED, **{"scope": SCOPE, **asked})
        assert "code" in told, told
        return {"grant_type": "authorization_code", "code": told["code"], "code_verifier": browser.pkce.verifier}

    async def token(self, client_id: str = "shop", login: str = PARENT, **asked: Any) -> dict[str, Any]:
        return good(await self.call(client_id, **await self.code(client_id, login, **asked)))

    async def exchange(self, subject: str, client_id: str = "broker", **more: Any) -> httpx.Response:
        form = {
            "grant_type": TOKEN_EXCHANGE, "subject_token": subject, "subject_token_type": rfc8693.ACCESS_TOKEN, **more,
        }  # fmt: skip
        return await self.call(client_id, **{name: value for name, value in form.items() if value is not None})

    async def own(self, client_id: str, **form: Any) -> str:
        """A token of a client for itself."""
        answer = good(await self.call(client_id, grant_type="client_credentials", **form))
        return answer["access_token"]

    async def user_info(self, token: str) -> httpx.Response:
        return await self.city.client.get("/v1/oauth/userinfo", headers={"Authorization": f"Bearer {token}"})

    async def introspect(self, client_id: str, token: str) -> dict[str, Any]:
        return good(await self.call(client_id, "/v1/oauth/introspect", token=token))


def good(response: httpx.Response) -> dict[str, Any]:
    assert response.status_code == 200, response.text
    return response.json()


def error_of(response: httpx.Response) -> str:
    assert response.status_code == 400, response.text
    return response.json()["error"]


def claims(token: str) -> dict[str, Any]:
    return jwt.decode(token, options={"verify_signature": False})
