"""A browser in front of the issuer: cookies, redirects not followed, forms as their pages gave them."""

import html
import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

from api.caller import Device, Pkce
from tests.people import ISSUER, CityPeople

AUTHORIZE, TOKEN = "/v1/oauth/authorize", "/v1/oauth/token"
PARENT, OTHER = "+84900000011", "+84900000012"
CALLBACK = "http://127.0.0.1/callback"


class Browser:
    """One citizen's browser, and an app it came from. `pkce` belongs to the app."""

    def __init__(self, city: CityPeople, client_id: str = "partner-app", callback: str = CALLBACK) -> None:
        self.city, self.client_id, self.callback = city, client_id, callback
        self.pkce = Pkce()
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app=city.app), base_url=ISSUER)

    def asked(self, **change: str | None) -> dict[str, str]:
        """A good request; `change` replaces parameters, None takes one away."""
        good: dict[str, str | None] = {
            "client_id": self.client_id,
            "response_type": "code",
            "redirect_uri": self.callback,
            "scope": "openid profile",
            "state": "s-1",
            "nonce": "n-1",
            "code_challenge": self.pkce.challenge,
            "code_challenge_method": "S256",
        }
        return {name: value for name, value in (good | change).items() if value is not None}

    async def go(self, **change: str | None) -> httpx.Response:
        """GET the authorization endpoint."""
        return await self.http.get(AUTHORIZE, params=self.asked(**change))

    async def to(self, response: httpx.Response) -> httpx.Response:
        """The page a redirect of ours leads to."""
        assert response.status_code in (302, 303), response.text
        return await self.http.get(response.headers["location"])

    async def send(self, page: httpx.Response, form: str, **fields: Any) -> httpx.Response:
        """The form of `page` whose address ends in `form`, filled in."""
        action, values = form_of(page, form)
        return await self.http.post(action, data=values | fields)

    async def sign_in(self, page: httpx.Response, login: str = PARENT) -> httpx.Response:
        """Through the one-time code; what answers the right code."""
        await self.city.house.valkey.forget_everything()
        code_page = await self.to(await self.send(page, "/login", login=login))
        return await self.send(code_page, "/code", code=await self.city.code_sent_to(login))

    async def through(
        self, login: str = PARENT, allow: list[str] | None = None, **change: str | None
    ) -> dict[str, str]:
        """The whole way with everything that is asked on it; the parameters the app gets."""
        response = await self.go(**change)
        for _ in range(4):
            if (told := self.answer(response)) is not None:
                return told
            page = await self.to(response) if response.status_code == 303 else response
            if "/consent?" in page.text:
                response = await self.send(page, "/consent", allow=["profile"] if allow is None else allow)
            else:
                response = await self.sign_in(page, login)
        raise AssertionError(f"it leads nowhere: {response.text}")

    def answer(self, response: httpx.Response) -> dict[str, str] | None:
        """What a redirect to the app carries; None for what is no such redirect."""
        to = response.headers.get("location", "")
        if not to.startswith(self.callback.split("?")[0]):
            return None
        assert response.status_code in (302, 303)
        return dict(parse_qsl(urlsplit(to).query, keep_blank_values=True))

    async def redeem(self, code: str, device: Device | None = None, **form: Any) -> httpx.Response:
        """The app's own call, from elsewhere."""
        device = device or Device()
        sent = {
            "grant_type": "authorization_code", "client_id": self.client_id, "code": code,
            "code_verifier": self.pkce.verifier, "redirect_uri": self.callback, **form,
        }  # fmt: skip
        return await self.city.client.post(TOKEN, data=sent, headers={"DPoP": device.proof("POST", ISSUER + TOKEN)})


def form_of(page: httpx.Response, ending: str) -> tuple[str, dict[str, Any]]:
    """Address and prefilled fields of a page's form."""
    for attributes, inside in re.findall(r"<form([^>]*)>(.*?)</form>", page.text, re.S):
        action = html.unescape(re.search(r'action="([^"]*)"', attributes)[1])  # type: ignore[index]
        if action.split("?")[0].endswith(ending):
            fields = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', inside)
            return action, {name: html.unescape(value) for name, value in fields}
    raise AssertionError(f"no form {ending} in {page.status_code} {page.text}")
