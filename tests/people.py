"""The people everyone knows: each calls the API as an app would, with a device key, a token and a proof per call."""

import re
from typing import Any

import httpx
from litestar import Litestar

from api.caller import Device, Pkce
from api.sandbox import Furnished
from api.wiring import House

ISSUER = "http://127.0.0.1:8000"


class Person:
    """Somebody at a phone, a desk or a kiosk. `expect` and `code` assert the answer, so that one call is one line."""

    def __init__(
        self, client: httpx.AsyncClient, name: str, *, token: str | None = None, device: Device | None = None
    ) -> None:
        self.client, self.name, self.token, self.device = client, name, token, device

    def headers(self, method: str, path: str) -> dict[str, str]:
        """What shows who calls."""
        if self.token is None:
            return {}
        bearer = {"Authorization": f"Bearer {self.token}"}
        return self.device.headers(method, ISSUER + path, self.token) if self.device else bearer

    async def call(
        self,
        method: str,
        path: str,
        *,
        expect: int | None = None,
        code: str | None = None,
        headers: dict[str, str] | None = None,
        **rest: Any,
    ) -> Any:
        """The decoded body; the whole response for what is no JSON. Asserts status and problem code when given."""
        sent = self.headers(method, path) | (headers or {})
        response = await self.client.request(method, path, headers=sent, **rest)
        said = f"{self.name}: {method} {path} -> {response.status_code} {response.text[:1500]}"
        if expect is not None:
            assert response.status_code == expect, said
        kind = response.headers.get("content-type", "")
        body = response.json() if "json" in kind else response
        if code is not None:
            assert isinstance(body, dict), said
            assert body.get("code") == code, said
        return body

    async def get(self, path: str, **rest: Any) -> Any:
        return await self.call("GET", path, **rest)

    async def post(self, path: str, **rest: Any) -> Any:
        return await self.call("POST", path, **rest)

    async def put(self, path: str, **rest: Any) -> Any:
        return await self.call("PUT", path, **rest)

    async def patch(self, path: str, **rest: Any) -> Any:
        return await self.call("PATCH", path, **rest)

    async def delete(self, path: str, **rest: Any) -> Any:
        return await self.call("DELETE", path, **rest)


class CityPeople:
    """`await city.signed_in("parent")`, or the attributes after `await city.gather()`."""

    device_kind: type[Device] = Device

    def __init__(self, app: Litestar, client: httpx.AsyncClient, furnished: Furnished) -> None:
        self.app, self.client, self.furnished = app, client, furnished
        self.nobody = Person(client, "nobody")
        self._known: dict[str, Person] = {}

    @property
    def house(self) -> House:
        return self.app.state.house

    async def signed_in(self, key: str) -> Person:
        """A citizen, an officer (by their key in the sandbox's data) or `kiosk`; signed in once per module."""
        if key not in self._known:
            self._known[key] = await (self._kiosk() if key == "kiosk" else self._person(key))
        return self._known[key]

    async def run_jobs(self) -> None:
        """Everything that was left to do, until nothing is."""
        await self.house.post_office.drain(self.house.db)

    async def code_sent_to(self, contact: str) -> str:
        """The newest one-time code the open inbox shows for a phone or address."""
        await self.run_jobs()
        letters = (await self.client.get("/sandbox/inbox.json")).json()
        letter = next(one for one in letters if one["to"] == contact and one["event"] == "one-time-code")
        found = re.search(r"\b(\d{6})\b", letter["text"])
        assert found, letter
        return found[1]

    async def _person(self, key: str) -> Person:
        data = self.furnished.city
        citizen = next((c for c in data.citizens if c.key == key), None)
        officer = next((o for o in data.officers if o.key == key), None)
        assert citizen or officer, f"nobody is called {key} in the sandbox"
        login = citizen.phone if citizen else officer.email  # type: ignore[union-attr]
        client_id = "citizen-app" if citizen else "desk-app"
        device, pkce = self.device_kind(), Pkce()
        path = "/v1/sign-ins"
        started = await self.nobody.post(
            path,
            json={
                "client_id": client_id,
                "login": login,
                "code_challenge": pkce.challenge,
                "code_challenge_method": "S256",
            },
            headers={"DPoP": device.proof("POST", ISSUER + path)},
            expect=201,
        )
        code = await self.code_sent_to(login)
        done = await self.nobody.post(f"{path}/{started['id']}/code", json={"code": code}, expect=200)
        token = await self.token(device, client_id, done["authorization_code"], pkce.verifier)
        return Person(self.client, key, token=token, device=device)

    async def token(self, device: Device, client_id: str, code: str, verifier: str) -> str:
        path = "/v1/oauth/token"
        answer = await self.nobody.post(
            path,
            data={
                "grant_type": "authorization_code",
                "client_id": client_id,
                "code": code,
                "code_verifier": verifier,
            },
            headers={"DPoP": device.proof("POST", ISSUER + path)},
            expect=200,
        )
        return answer["access_token"]

    async def _kiosk(self) -> Person:
        secret = self.furnished.secrets["kiosk-sai-gon"]
        response = await self.client.post(
            "/v1/oauth/token", data={"grant_type": "client_credentials"}, auth=("kiosk-sai-gon", secret)
        )
        assert response.status_code == 200, response.text
        return Person(self.client, "kiosk", token=response.json()["access_token"])
