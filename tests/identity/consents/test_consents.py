"""What people allow: asked plainly, nothing ticked for them, remembered, listed, taken back; and rows IDT and UIN by way of it."""

import html
import json
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import jwt
import pytest

from api.caller import Device
from identity import consents, tokens
from kit import clock
from kit.refusal import Words
from tests.identity.tokens.browsing import TOKEN, Browser
from tests.people import ISSUER, CityPeople


@pytest.fixture(scope="module", autouse=True)
async def _uncounted(city: CityPeople) -> AsyncIterator[None]:
    city.house.limits._scale = 1000  # pyright: ignore[reportPrivateUsage]
    yield
    city.house.limits._scale = 1  # pyright: ignore[reportPrivateUsage]


@pytest.fixture
async def browser(city: CityPeople) -> Browser:
    """A browser of the parent, who has decided nothing yet."""
    parent = await city.signed_in("parent")
    for one in (await parent.get("/v1/me/consents", expect=200))["consents"]:
        await parent.delete(f"/v1/me/consents/{one['id']}", expect=204)
    return Browser(city)


class App:
    """The partner's app with what it was given."""

    def __init__(self, browser: Browser) -> None:
        self.browser, self.device = browser, Device()
        self.answer: dict[str, Any] = {}

    async def redeem(self, told: dict[str, str]) -> "App":
        answer = await self.browser.redeem(told["code"], self.device)
        assert answer.status_code == 200, answer.text
        self.answer = answer.json()
        return self

    @property
    def identity(self) -> dict[str, Any]:
        return jwt.decode(self.answer["id_token"], options={"verify_signature": False})

    async def asks(self, path: str, method: str = "GET", **rest: Any) -> httpx.Response:
        headers = self.device.headers(method, ISSUER + path, self.answer["access_token"])
        return await self.browser.city.client.request(method, path, headers=headers, **rest)

    async def user_info(self) -> dict[str, Any]:
        return (await self.asks("/v1/oauth/userinfo")).json()


async def _page(browser: Browser, **change: str | None) -> httpx.Response:
    return await browser.to(await browser.sign_in(await browser.to(await browser.go(**change))))


async def test_the_page_says_who_what_for_which_data_and_until_when(browser: Browser) -> None:
    text = html.unescape((await _page(browser, scope="openid profile phone")).text)
    until = (clock.now() + consents.LASTS).astimezone(clock.CITY).strftime("%d/%m/%Y")
    for said in (
        "Nhà xe Sông Quê",
        "Đặt vé xe đúng tên",
        "Xem họ tên, ngày sinh",
        "Xem số điện thoại",
        until,
        "127.0.0.1",
    ):
        assert said in text
    assert "địa chỉ thư" not in text, "nothing that was not asked for"
    english = html.unescape((await browser.to(await browser.go(scope="openid profile phone", ui_locales="en"))).text)
    assert "Put your name on the bus ticket" in english


async def test_nothing_is_ticked_beforehand_and_only_what_is_ticked_is_allowed(browser: Browser) -> None:
    page = await _page(browser, scope="openid profile phone email")
    assert re.findall(r'name="allow" value="(\w+)"', page.text) == ["profile", "phone", "email"]
    assert "checked" not in page.text
    app = await App(browser).redeem(browser.answer(await browser.send(page, "/consent", allow="phone")) or {})
    assert app.answer["scope"] == "openid phone"
    assert set(await app.user_info()) == {"sub", "phone_number", "phone_number_verified"}


async def test_what_is_not_on_the_page_cannot_be_ticked(browser: Browser) -> None:
    page = await _page(browser, scope="openid profile")
    answer = (
        browser.answer(await browser.send(page, "/consent", allow=["profile", "email", "desk", "claim:email"])) or {}
    )
    assert (await App(browser).redeem(answer)).answer["scope"] == "openid profile"


async def test_allowing_nothing_is_a_no(browser: Browser) -> None:
    page = await _page(browser, scope="profile phone")
    assert (browser.answer(await browser.send(page, "/consent")) or {})["error"] == "access_denied"


async def test_what_was_decided_is_not_asked_again_until_more_is_asked(browser: Browser) -> None:
    await browser.through(allow=["profile"], scope="openid profile phone")
    again = await App(browser).redeem(browser.answer(await browser.go(scope="openid profile phone")) or {})
    assert again.answer["scope"] == "openid profile", "a no is remembered as well"
    assert "code" in (browser.answer(await browser.go(scope="openid")) or {})
    more = await browser.to(await browser.go(scope="openid profile email"))
    assert "/consent?" in more.text
    with clock.shifted(consents.LASTS + timedelta(seconds=1)):
        late = await _page(browser, scope="openid profile phone")
        assert "/consent?" in late.text, "it does not last for life"


async def test_the_citizen_lists_and_takes_back(browser: Browser, city: CityPeople) -> None:
    parent = await city.signed_in("parent")
    app = await App(browser).redeem(await browser.through(allow=["profile"], scope="openid profile phone"))
    mine = (await parent.get("/v1/me/consents", expect=200))["consents"][0]
    assert (mine["client_id"], mine["client_name"], mine["state"]) == (
        "partner-app",
        "Nhà xe Sông Quê (sandbox)",
        "standing",
    )
    assert [one["name"] for one in mine["allowed"]] == ["openid", "profile"]
    assert [one["name"] for one in mine["refused"]] == ["phone"]
    assert mine["purpose"]["en"].startswith("Put your name")
    assert (await app.asks("/v1/oauth/userinfo")).status_code == 200
    unused = await browser.go(scope="openid profile phone")
    path = f"/v1/me/consents/{mine['id']}"
    await (await city.signed_in("stranger")).delete(path, expect=404)
    await city.nobody.delete(path, expect=401)
    await parent.delete(path, expect=204)
    stopped = await app.asks("/v1/oauth/userinfo")
    assert (stopped.status_code, stopped.json()["code"]) == (401, "token-revoked")
    late = await browser.redeem((browser.answer(unused) or {})["code"])
    assert late.json()["error"] == "invalid_grant"
    listed = (await parent.get("/v1/me/consents", expect=200))["consents"][0]
    assert (listed["id"], listed["state"]) == (mine["id"], "withdrawn")
    assert "/consent?" in (await browser.to(await browser.go())).text, "it is asked again"
    await parent.delete(path, expect=204)


async def test_RS_12_who_verifies_offline_knows_within_a_minute(browser: Browser, city: CityPeople) -> None:
    path = "/v1/oauth/ended-grants"
    parent = await city.signed_in("parent")
    app = await App(browser).redeem(await browser.through(allow=["profile"]))
    gid = jwt.decode(app.answer["access_token"], options={"verify_signature": False})["gid"]
    assert gid not in (await city.client.get(path)).json()["ended"]
    mine = (await parent.get("/v1/me/consents", expect=200))["consents"][0]
    await parent.delete(f"/v1/me/consents/{mine['id']}", expect=204)
    told = await city.client.get(path)
    assert gid in told.json()["ended"]
    # Fetched every thirty seconds, through caches that may keep it: within the minute.
    assert int(told.headers["cache-control"].removeprefix("public, max-age=")) + 30 < 60
    with clock.shifted(timedelta(minutes=17)):
        assert gid not in (await city.client.get(path)).json()["ended"], "it has expired, whoever looks"


async def test_another_purpose_is_another_question(browser: Browser, city: CityPeople) -> None:
    """Somebody who allowed their name for a bus ticket has not allowed it for advertising."""
    await browser.through(allow=["profile"], scope="openid profile")
    assert "code" in (browser.answer(await browser.go(scope="openid profile")) or {})
    client = next(one for one in city.furnished.city.clients if one.id == "partner-app")

    async def say(purpose: Words | None) -> None:
        async with city.house.db.begin() as conn:
            await tokens.change_client(
                conn, client_id=client.id, name=client.name, kind=client.kind, grants=client.grants, scopes=client.scopes,
                redirect_uris=client.redirect_uris, purpose=purpose, sandbox=True,
            )  # fmt: skip

    await say(Words(vi="Gửi quảng cáo cho bạn.", en="Send you advertising."))
    try:
        assert "/consent?" in (await browser.to(await browser.go(scope="openid profile"))).text
    finally:
        await say(client.purpose)
    assert "code" in (browser.answer(await browser.go(scope="openid profile")) or {})


async def test_a_partners_token_opens_neither_consents_nor_the_account(browser: Browser) -> None:
    app = await App(browser).redeem(await browser.through(allow=["profile"]))
    for path in ("/v1/me/consents", "/v1/me"):
        assert (await app.asks(path)).status_code == 404, "it would name one person to every partner"
    assert "acc_" not in json.dumps(jwt.decode(app.answer["access_token"], options={"verify_signature": False}))


async def test_the_citys_own_app_is_not_asked_about(city: CityPeople) -> None:
    async with city.house.db.begin() as conn:
        await tokens.register_client(
            conn, client_id="own-web", name="own", kind="public", grants=["authorization_code"],
            scopes=["openid", "profile"], redirect_uris=["https://own.test/cb"], first_party=True,
        )  # fmt: skip
    own = Browser(city, "own-web", "https://own.test/cb")
    page = await own.to(await own.go())
    assert "code" in (own.answer(await own.sign_in(page)) or {})


async def test_somebody_else_at_the_same_browser(browser: Browser) -> None:
    page = await _page(browser, prompt="consent")
    assert "Nguyễn Thị Hồng Thắm" in page.text
    login = await browser.to(await browser.send(page, "/other"))
    assert 'name="login"' in login.text
    assert (browser.answer(await browser.go(prompt="none")) or {})["error"] == "login_required"


async def test_IDT_3_two_partners_know_two_people(city: CityPeople, browser: Browser) -> None:
    app = await App(browser).redeem(await browser.through(allow=["profile"]))
    school = Browser(city, "partner-server", "https://school.motcua.test/callback")
    secret = city.furnished.secrets["partner-server"]
    told = await school.through(scope="openid profile")
    answer = await city.client.post(
        TOKEN,
        data={"grant_type": "authorization_code", "code": told["code"], "code_verifier": school.pkce.verifier},
        auth=("partner-server", secret),
    )
    other = jwt.decode(answer.json()["id_token"], options={"verify_signature": False})
    assert other["sub"] != app.identity["sub"]
    for text in (answer.json()["access_token"], answer.json()["id_token"], app.answer["access_token"]):
        payload = json.dumps(jwt.decode(text, options={"verify_signature": False}))
        assert "079192000011" not in payload
        assert "acc_" not in payload
    assert jwt.decode(app.answer["access_token"], options={"verify_signature": False})["sub"] == app.identity["sub"]


async def test_IDT_4_how_it_was_shown(browser: Browser) -> None:
    app = await App(browser).redeem(await browser.through())
    assert app.identity["amr"] == ["otp", "sms"]
    assert app.identity["acr"] == "urn:motcua:loa:2"


async def test_UIN_1_three_ways_of_asking(city: CityPeople) -> None:
    path = "/v1/oauth/userinfo"
    school = Browser(city, "partner-server", "https://school.motcua.test/callback")
    told = await school.through(allow=["profile", "address"], scope="openid profile address")
    answer = await city.client.post(
        TOKEN,
        data={"grant_type": "authorization_code", "code": told["code"], "code_verifier": school.pkce.verifier},
        auth=("partner-server", city.furnished.secrets["partner-server"]),
    )
    token = answer.json()["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    said = [
        (await city.client.get(path, headers=bearer)).json(),
        (await city.client.post(path, headers=bearer)).json(),
        (await city.client.post(path, data={"access_token": token})).json(),
    ]
    assert said[0] == said[1] == said[2]
    assert said[0]["sub"] == jwt.decode(answer.json()["id_token"], options={"verify_signature": False})["sub"]
    assert said[0]["address"]["formatted"]
    twice = await city.client.post(path, content=f"access_token={token}&access_token={token}", headers={
        "Content-Type": "application/x-www-form-urlencoded"
    })  # fmt: skip
    assert twice.status_code == 401
    many = {f"a{n}": "x" for n in range(30)} | {"access_token": token}
    assert (await city.client.post(path, data=many)).status_code == 401
    both = await city.client.post(path, data={"access_token": "x"}, headers=bearer)
    assert both.json() == said[0], "the header is what counts"
    assert (await city.client.get(path, params={"access_token": token})).status_code == 401
    assert (await city.client.post("/v1/me", data={"access_token": token})).status_code == 405


@pytest.mark.parametrize(
    ("scope", "names"),
    [
        ("profile", {"name", "birthdate", "gender", "locale"}),
        ("phone", {"phone_number", "phone_number_verified"}),
        ("email", set[str]()),
        ("address", {"address"}),
    ],
)
async def test_UIN_2_each_scope_tells_its_own(browser: Browser, scope: str, names: set[str]) -> None:
    app = await App(browser).redeem(await browser.through(allow=[scope], scope=f"openid {scope}"))
    assert set(await app.user_info()) == {"sub"} | names


async def test_UIN_2_single_claims(browser: Browser) -> None:
    asked = json.dumps(
        {"userinfo": {"birthdate": None, "email": None}, "id_token": {"name": {"essential": True}, "nonsense": None}}
    )
    page = await _page(browser, scope="openid", claims=asked)
    assert re.findall(r'name="allow" value="([\w:]+)"', page.text) == ["claim:birthdate", "claim:email", "claim:name"]
    told = browser.answer(await browser.send(page, "/consent", allow=["claim:birthdate", "claim:name"])) or {}
    app = await App(browser).redeem(told)
    assert await app.user_info() == {"sub": app.identity["sub"], "birthdate": "1992-05-20"}
    assert app.identity["name"] == "Nguyễn Thị Hồng Thắm"
    assert app.answer["scope"] == "openid"
    for broken in ("{", "[]", '{"userinfo": 7}', '{"id_token": {"acr": {"essential": true, "values": 7}}}'):
        assert (browser.answer(await browser.go(claims=broken)) or {})["error"] == "invalid_request"
    school = Browser(browser.city, "partner-server", "https://school.motcua.test/callback")
    beyond = school.answer(await school.go(scope="openid", claims='{"userinfo": {"email": null}}')) or {}
    assert beyond["error"] == "invalid_scope"
