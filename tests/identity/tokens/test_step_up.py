"""Acts that ask for a recent sign-in, and an app that follows the challenge (RFC 9470): row STE-2 of the checklist."""

import re
from datetime import timedelta
from typing import Any

import httpx
import pytest

from identity import accounts, tokens
from identity.accounts.policy import Policy, policy
from identity.tokens.scopes import CLAIMS, SCOPES, item_of, item_verified
from kit import clock
from tests.identity.tokens.browsing import TOKEN, Browser
from tests.identity.tokens.serving import good
from tests.people import CityPeople

CALLBACK = "https://app.motcua.test/callback"
FRESH = {act: timedelta(minutes=step.fresh_minutes) for act, step in policy().acts.items()}


class App:
    """The city's own app in a browser: signed in once, refreshing since."""

    def __init__(self, city: CityPeople) -> None:
        self.city, self.browser = city, Browser(city, "city-web", CALLBACK)
        self.held: dict[str, Any] = {}

    async def sign_in(self, **asked: str) -> None:
        told = await self.browser.through(scope="openid profile account dossiers:write", **asked)
        form = {"grant_type": "authorization_code", "code": told["code"], "code_verifier": self.browser.pkce.verifier}
        self.held = good(await self.city.client.post(TOKEN, data={**form, "client_id": "city-web"}))

    async def refresh(self) -> None:
        form = {"grant_type": "refresh_token", "refresh_token": self.held["refresh_token"], "client_id": "city-web"}
        self.held = good(await self.city.client.post(TOKEN, data=form))

    async def call(self, method: str, path: str, **rest: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.held['access_token']}"}
        return await self.city.client.request(method, path, headers=headers, **rest)


@pytest.fixture(scope="module")
async def city_web(city: CityPeople) -> Any:
    city.house.limits._scale = 1000  # pyright: ignore[reportPrivateUsage]
    async with city.house.db.begin() as conn:
        await tokens.register_client(
            conn, client_id="city-web", name="x", kind="public", dpop_required=False, first_party=True,
            grants=["authorization_code", "refresh_token"], redirect_uris=[CALLBACK],
            scopes=["openid", "profile", "account", "dossiers:write", "dossiers:read"],
        )  # fmt: skip
    yield city
    city.house.limits._scale = 1  # pyright: ignore[reportPrivateUsage]


@pytest.fixture
async def app(city_web: CityPeople) -> App:
    made = App(city_web)
    await made.sign_in()
    return made


def asked_age(refused: httpx.Response) -> int:
    """`max_age` of the challenge (RFC 9470 §3)."""
    assert refused.status_code == 401, refused.text
    assert refused.json()["code"] == "sign-in-too-old"
    challenge = refused.headers["www-authenticate"]
    assert 'error="insufficient_user_authentication"' in challenge
    found = re.search(r'max_age="(\d+)"', challenge)
    assert found, challenge
    return int(found[1])


async def test_STE_2_an_app_steps_up_and_in_time_must_again(app: App) -> None:
    path = "/v1/me/passkey-registrations"
    assert (await app.call("POST", path)).status_code == 201
    with clock.shifted(FRESH["ways_in"] + timedelta(seconds=1)):
        await app.refresh()
        age = asked_age(await app.call("POST", path))
        assert age == FRESH["ways_in"].total_seconds()
        assert (await app.call("GET", "/v1/me")).status_code == 200, "the token is good for all else"
        # The browser is still signed in, and asked all the same: by the age the challenge named.
        page = await app.browser.to(await app.browser.go(max_age=str(age), scope="openid account"))
        assert "/login?" in page.text
        await app.sign_in(max_age=str(age))
        assert (await app.call("POST", path)).status_code == 201
    with clock.shifted(2 * FRESH["ways_in"] + timedelta(seconds=5)):
        await app.refresh()
        asked_age(await app.call("POST", path))


@pytest.mark.parametrize(
    ("act", "method", "path", "body"),
    [
        ("ways_in", "POST", "/v1/me/contacts", {"contact": "new@motcua.test"}),
        ("export", "POST", "/v1/me/export", None),
        ("close", "POST", "/v1/me/closure", None),
        ("file", "POST", "/v1/dossiers", {"procedure": "civil_status_extract"}),
    ],
)
async def test_STE_2_acts_by_policy(app: App, act: Any, method: str, path: str, body: Any) -> None:
    with clock.shifted(FRESH[act] + timedelta(seconds=1)):
        await app.refresh()
        asked_age(await app.call(method, path, **({} if body is None else {"json": body})))


async def test_STE_2_what_weighs_less_asks_for_nothing(app: App) -> None:
    with clock.shifted(FRESH["file"] + timedelta(seconds=1)):
        await app.refresh()
        opened = await app.call("POST", "/v1/dossiers", json={"procedure": "birth_registration"})
        assert opened.json().get("code") != "sign-in-too-old"


async def test_STE_2_a_consent_that_weighs_more_is_given_by_who_signed_in_lately(city_web: CityPeople) -> None:
    browser = Browser(city_web)
    await browser.through(scope="openid profile")
    late = clock.shifted(FRESH["consent"] + timedelta(minutes=1))
    with late:
        page = await browser.to(await browser.go(scope="openid profile phone"))
        assert "/consent?" in page.text, "a phone number is not among what weighs more"
        page = await browser.to(await browser.go(scope="openid profile offline_access"))
        assert "/login?" in page.text
        consent = await browser.to(await browser.sign_in(page))
        assert "/consent?" in consent.text
        told = browser.answer(await browser.send(consent, "/consent", allow=["offline_access"]))
        assert told is not None
        assert "code" in told
        none = browser.answer(await browser.go(scope="openid profile email offline_access", prompt="none"))
        assert none is not None
        assert none["error"] == "consent_required"


def test_STE_2_the_policy_names_what_there_is() -> None:
    known = set(SCOPES) | {item_of(name) for name in CLAIMS} | {item_verified(name) for name in CLAIMS}
    assert isinstance(policy(), Policy)
    assert policy().acts["consent"].only is not None
    assert policy().acts["consent"].only <= known
    assert not accounts.is_stale(clock.now(), "close")
    assert accounts.is_stale(None, "close")
