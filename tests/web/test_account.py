"""A citizen's own page and the partners' page, signed in to by the browser: what stands there, and what its buttons do."""

import html
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from api.caller import Device
from tests.api.test_who_read import Walker
from tests.dossiers import steps
from tests.identity.accounts.newcomers import newcomer
from tests.identity.mandates.acts import claimed, number
from tests.identity.tokens.browsing import CALLBACK, Browser
from tests.people import ISSUER, CityPeople


@pytest.fixture(scope="module", autouse=True)
async def _uncounted(city: CityPeople) -> AsyncIterator[None]:
    city.house.limits._scale = 1000  # pyright: ignore[reportPrivateUsage]
    yield
    city.house.limits._scale = 1  # pyright: ignore[reportPrivateUsage]


async def at(browser: Browser, path: str, login: str = "+84900000011") -> httpx.Response:
    """The page, through signing in where it asks for that."""
    answer = await browser.http.get(path)
    for _ in range(6):
        if answer.status_code == 200 and "/login?" not in answer.text:
            return answer
        answer = await browser.to(answer) if answer.status_code == 303 else await browser.sign_in(answer, login)
    raise AssertionError(answer.text)


def read(page: httpx.Response) -> str:
    return html.unescape(page.text)


async def test_who_is_not_signed_in_does_so_and_comes_back(city: CityPeople) -> None:
    browser = Browser(city)
    first = await browser.http.get("/account")
    assert first.status_code == 303
    assert first.headers["location"].startswith("/sign-in/")
    page = await at(browser, "/account")
    assert "Nguyễn Thị Hồng Thắm" in read(page)
    assert str(page.url) == f"{ISSUER}/account", "no code stays in the address"
    assert page.headers["cache-control"] == "no-store"
    for strange in ("https://evil.test/", "//evil.test", "/v1/me", "/account/../v1", ""):
        back = await browser.http.get("/account/in", params={"state": strange})
        assert back.headers["location"] == "/account"


async def test_an_officer_has_no_citizens_page(city: CityPeople) -> None:
    browser = Browser(city)
    page = await browser.to(await browser.http.get("/account"))
    answer = await browser.sign_in(page, "khanh.tuphap@motcua.test")
    assert "Trần Thị Mai Khanh" not in read(await browser.to(answer))
    assert (await browser.http.get("/account")).status_code == 303


async def test_it_says_who_read_what_and_why(city: CityPeople) -> None:
    dossier = await Walker(city).dossier()
    officer = await city.signed_in("civil_status")
    await officer.get(f"/v1/desk/branches/{steps.branch(dossier, 'birth')['id']}", expect=200)
    browser = Browser(city)
    text = read(await at(browser, "/account"))
    for said in ("Ủy ban nhân dân phường Sài Gòn", "Xem hồ sơ để giải quyết thủ tục.", dossier["receipt_code"]):
        assert said in text
    assert "Trần Thị Mai Khanh" not in text
    assert "Looked at the dossier" in read(await at(browser, "/account/reads?lang=en"))
    assert (await browser.http.get("/account/reads?before=x")).status_code == 400


async def test_a_consent_is_shown_in_plain_words_and_taken_back(city: CityPeople) -> None:
    browser, device = Browser(city), Device()
    token = (await browser.redeem((await browser.through(allow=["profile"], prompt="consent"))["code"], device)).json()
    page = await at(browser, "/account")
    assert "Đặt vé xe đúng tên" in read(page)
    assert "Xem họ tên, ngày sinh, giới tính" in read(page)
    assert "checked" not in page.text
    done = await browser.send(page, "/withdrawal")
    assert (done.status_code, done.headers["location"]) == (303, "/account?lang=vi")
    headers = device.headers("GET", f"{ISSUER}/v1/oauth/userinfo", token["access_token"])
    assert (await city.client.get("/v1/oauth/userinfo", headers=headers)).json()["code"] == "token-revoked"
    assert "bạn đã rút lại" in read(await at(browser, "/account"))


async def test_a_session_is_ended_and_a_way_in_locked(city: CityPeople) -> None:
    me = await newcomer(city)
    await me.add(me.mail)
    browser = Browser(city)
    page = await at(browser, "/account", me.phone)
    assert (await browser.send(page, "/end")).status_code == 303
    await me.calls.get("/v1/me", expect=401, code="token-revoked")
    other = await newcomer(city)
    alone = Browser(city)
    refused = await alone.send(await at(alone, "/account", other.phone), "/lock")
    assert refused.status_code == 409
    assert 'role="alert"' in refused.text
    ways = re.findall(r'action="(/account/ways/[^"]+/lock)', (await at(browser, "/account", me.phone)).text)
    assert len(ways) == 2
    page = await at(browser, "/account", me.phone)
    locked = await browser.http.post(ways[1], data={"csrf": csrf(page)})
    assert locked.status_code == 303
    assert "đã khoá lúc" in read(await at(browser, "/account", me.phone))


def csrf(page: httpx.Response) -> str:
    return re.search(r'name="csrf" value="([^"]+)"', page.text)[1]  # type: ignore[index]


async def test_a_form_of_another_site_does_nothing(city: CityPeople) -> None:
    browser = Browser(city)
    page = await at(browser, "/account")
    path = re.search(r'action="(/account/ways/[^"]+/lock)', page.text)[1]  # type: ignore[index]
    for token in ("", "x" * 43, csrf(page)[:-2]):
        assert (await browser.http.post(path, data={"csrf": token})).status_code == 403
    assert (await city.client.post(path, data={"csrf": csrf(page)})).status_code == 403


async def test_what_is_another_persons_is_not_there(city: CityPeople) -> None:
    me, stranger = await newcomer(city), Browser(city)
    page = await at(stranger, "/account", "+84900000013")
    session = (await me.calls.get("/v1/me/sessions", expect=200))[0]["id"]
    for path in (f"/account/sessions/{session}/end", "/account/consents/cns_x/withdrawal", "/account/ways/con_x/lock"):
        assert (await stranger.http.post(path, data={"csrf": csrf(page)})).status_code == 404
    await me.calls.get("/v1/me", expect=200)


async def test_an_app_is_registered_on_the_page(city: CityPeople) -> None:
    browser = Browser(city)
    page = await at(browser, "/developers/apps", "+84900000012")
    assert " checked" not in page.text
    form: dict[str, Any] = {
        "name": "Thư viện", "kind": "confidential", "purpose_vi": "Làm thẻ.", "purpose_en": "Make a card.",
        "scope": ["openid", "profile"], "redirect_uris": "https://library.test/cb\nhttp://127.0.0.1/cb",
    }  # fmt: skip
    for wrong in (
        {"redirect_uris": "http://library.test/cb"},
        {"scope": []},
        {"kind": "x"},
        {"keys": "{"},
        {"name": " "},
    ):
        refused = await browser.send(page, "/developers/apps", **(form | wrong))
        assert refused.status_code == 422, wrong
        assert 'role="alert"' in refused.text
        assert "Make a card." in refused.text, "what was typed is not lost"
    assert (await browser.send(page, "/developers/apps", **form)).status_code == 303
    page = await at(browser, "/developers/apps", "+84900000012")
    assert "https://library.test/cb" in page.text
    shown = await browser.send(page, "/secret")
    secret = re.search(r"mc_cs_[\w-]+", shown.text)
    assert secret, shown.text
    assert shown.headers["cache-control"] == "no-store"
    again = await at(browser, "/developers/apps", "+84900000012")
    assert secret[0] not in again.text
    assert (await browser.send(again, "/old-secret")).status_code == 303


async def test_a_service_is_registered_on_the_page(city: CityPeople) -> None:
    me, browser = await newcomer(city, level=2), Browser(city)
    page = await at(browser, "/developers/apps?lang=en", me.phone)
    form: dict[str, Any] = {
        "what": "service", "name": "Maps' helper", "purpose_vi": "Hỏi token.", "purpose_en": "Ask about tokens.",
        "scope": ["profile"], "service_uri": "https://maps.page.test/api", "service_vi": "Bản đồ", "service_en": "Maps",
    }  # fmt: skip
    for wrong in (
        {"service_uri": "http://maps.page.test/api"},
        {"service_uri": ""},
        {"service_vi": " "},
        {"scope": []},
    ):
        refused = await browser.send(page, "/developers/apps", **(form | wrong))
        assert refused.status_code == 422, wrong
        assert "Maps&#39; helper" in refused.text
        assert "<details open>" in refused.text, "the form that was sent is the one that is seen"
    assert (await browser.send(page, "/developers/apps", **form)).status_code == 303
    page = await browser.http.get("/developers/apps?lang=en")
    assert "Maps <code>https://maps.page.test/api</code>" in page.text
    assert re.search(r"mc_cs_[\w-]+", (await browser.send(page, "/secret")).text)


async def test_who_represents_an_enterprise_looks_after_its_apps(city: CityPeople) -> None:
    boss, browser, stranger = await newcomer(city, level=2), Browser(city), Browser(city)
    mandate = await claimed(city, boss, number(), "Hợp tác xã Trang Hư Cấu")
    page = await at(browser, "/developers/apps", boss.phone)
    link = f"/developers/apps?lang=vi&for={mandate['id']}"
    assert link in read(page)
    page = await browser.http.get(link)
    assert '<strong aria-current="page">Hợp tác xã Trang Hư Cấu' in page.text
    form: dict[str, Any] = {
        "name": "Ứng dụng của hợp tác xã", "kind": "confidential", "purpose_vi": "Làm thẻ.", "purpose_en": "Make a card.",
        "scope": ["openid"], "redirect_uris": "https://coop.test/cb",
    }  # fmt: skip
    done = await browser.send(page, "/developers/apps", **form)
    assert done.status_code == 303
    assert done.headers["location"] == link
    page = await browser.http.get(link)
    assert "https://coop.test/cb" in page.text
    assert "https://coop.test/cb" not in (await browser.http.get("/developers/apps")).text, "it is not one's own"
    shown = await browser.send(page, "/secret")
    assert re.search(r"mc_cs_[\w-]+", shown.text)
    # Whoever else knows the address sees nothing of it, and changes nothing.
    await at(stranger, "/developers/apps", "+84900000012")
    seen = await stranger.http.get(link)
    assert seen.status_code == 404
    assert "coop.test" not in seen.text
    assert "Trang Hư Cấu" not in read(seen)
    refused = await stranger.send(seen, "/developers/apps", **(form | {"behalf": mandate["id"]}))
    assert refused.status_code == 404


async def test_somebody_whose_card_nobody_saw_registers_nothing(city: CityPeople) -> None:
    me, browser = await newcomer(city), Browser(city)
    page = await browser.to(await browser.http.get("/developers/apps"))
    page = await browser.to(await browser.to(await browser.sign_in(page, me.phone)))
    assert page.status_code == 401
    assert "<textarea" not in page.text
    assert "mức 2" in read(page)


async def test_the_partners_page_tells_what_there_is(city: CityPeople) -> None:
    text = read(await city.client.get("/developers?lang=en"))
    for said in ("partner-app", CALLBACK, "X-Sandbox-Error", "token_revoked", ISSUER):
        assert said in text
