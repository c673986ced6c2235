"""The kiosk's pages over HTTP: what the cookie opens, what ends it, and what never stands in a page."""

from datetime import timedelta
from typing import Any

import httpx
import jwt
import pytest

from api.caller import Device
from identity.offices.kiosks import service
from identity.offices.kiosks.messages import ApprovalRequest
from identity.tokens import acting, rfc8628
from kit import clock, ids
from tests.identity.tokens.browsing import PARENT, Browser
from tests.identity.tokens.test_device import allow as allow_screen
from tests.identity.tokens.test_device import another_screen, enter
from tests.people import ISSUER, CityPeople

pytestmark = pytest.mark.anyio
COOKIE = "motcua-kiosk"


class Machine:
    """A kiosk's browser with its key."""

    def __init__(self, city: CityPeople, device: Device, client_id: str) -> None:
        self.city, self.device, self.client_id = city, device, client_id
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app=city.app), base_url=ISSUER)

    def assertion(self, **change: Any) -> str:
        now = int(clock.now().timestamp())
        claims = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": ISSUER,
            "exp": now + 60,
            "jti": ids.new_id("jti"),
        }
        return jwt.encode(claims | change, self.device.key, "ES256")

    async def begin(self, assertion: str | None = None) -> httpx.Response:
        return await self.http.post("/kiosk/begin", data={"assertion": assertion or self.assertion()})

    async def visit(self) -> httpx.Response:
        return await self.http.get("/kiosk/visit")

    async def state(self) -> str:
        return (await self.http.post("/kiosk/visit/state")).json()["state"]


@pytest.fixture
async def kiosk(city: CityPeople) -> Machine:
    return await machine(city)


async def machine(city: CityPeople) -> Machine:
    """One that an operator let in."""
    await city.house.valkey.forget_everything()
    device = Device()
    proof = device.proof("POST", ISSUER + service.PATH)
    asked = await service.ask(city.house.db, city.house.issuer, device.jwk, [proof])
    async with city.house.db.begin() as conn:
        sent = ApprovalRequest(code=asked.code or "", office_id="off_ubnd_sai_gon", name="Ki-ốt số 3")
        approved = await service.approve(conn, sent, by=None)
    assert approved.client_id is not None
    return Machine(city, device, approved.client_id)


async def allow(city: CityPeople, kiosk: Machine, login: str = PARENT, *items: str) -> None:
    """The person reads the code off the page, and decides on a phone."""
    page = await kiosk.visit()
    code = page.text.split('class="code"', 1)[1].split("</code>")[0].rpartition(">")[2]
    phone = Browser(city)
    consent = await phone.to(await phone.sign_in(await phone.to(await enter(phone, code)), login))
    assert "Ki-ốt số 3" in consent.text
    assert code in consent.text
    done = await phone.send(consent, "/consent", allow=list(items) or ["profile", "dossiers:read"], same="yes")
    assert done.status_code == 200, done.text


async def test_from_the_first_touch_to_finished(city: CityPeople, kiosk: Machine) -> None:
    begun = await kiosk.begin()
    assert (begun.status_code, begun.headers["location"]) == (303, "/kiosk/visit")
    cookie = begun.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "max-age" not in cookie
    waiting = await kiosk.visit()
    assert "<svg" in waiting.text
    assert "Ki-ốt số 3" in waiting.text
    assert await kiosk.state() == "waiting"
    await allow(city, kiosk)
    assert await kiosk.state() == "in"
    page = await kiosk.visit()
    assert "Nguyễn Thị Hồng Thắm" in page.text
    for answer in (begun, waiting, page):
        assert answer.headers["cache-control"] == "no-store"
    assert kiosk.http.cookies[COOKIE] not in page.text
    token = kiosk.http.cookies[COOKIE]
    start = await kiosk.http.get("/kiosk")
    assert start.headers["clear-site-data"] == '"cache"'
    assert COOKIE not in kiosk.http.cookies
    assert (
        await city.client.get("/v1/oauth/userinfo", headers={"Authorization": f"Bearer {token}"})
    ).status_code == 401
    kiosk.http.cookies.set(COOKIE, token)
    assert await kiosk.state() == "over"
    assert "Thắm" not in (await kiosk.visit()).text


async def test_who_leaves_before_the_phone_decides_leaves_nothing_to_decide(city: CityPeople, kiosk: Machine) -> None:
    await kiosk.begin()
    page = await kiosk.visit()
    code = page.text.split('class="code"', 1)[1].split("</code>")[0].rpartition(">")[2]
    await kiosk.http.get("/kiosk")
    assert (await enter(Browser(city), code)).status_code == 404


async def test_what_was_allowed_and_left_is_not_the_next_persons(city: CityPeople, kiosk: Machine) -> None:
    await kiosk.begin()
    left = kiosk.http.cookies[COOKIE]
    await allow(city, kiosk)
    await kiosk.begin()
    assert await kiosk.state() == "waiting"
    kiosk.http.cookies.set(COOKIE, left)
    assert await kiosk.state() == "over"


async def test_a_reply_that_was_lost_is_not_given_twice(city: CityPeople, kiosk: Machine) -> None:
    """The network died between the token and the browser: the code in the cookie is used up, and what it became has ended."""
    await kiosk.begin()
    code = kiosk.http.cookies[COOKIE]
    await allow(city, kiosk)
    assert await kiosk.state() == "in"
    token = kiosk.http.cookies[COOKIE]
    other = Machine(city, kiosk.device, kiosk.client_id)
    other.http.cookies.set(COOKIE, code)
    assert await other.state() == "over"
    assert (
        await city.client.get("/v1/oauth/userinfo", headers={"Authorization": f"Bearer {token}"})
    ).status_code == 401


async def test_idle_on_the_server(city: CityPeople, kiosk: Machine) -> None:
    await kiosk.begin()
    await allow(city, kiosk)
    assert await kiosk.state() == "in"
    with clock.shifted(timedelta(seconds=50)):
        assert await kiosk.state() == "in"
    with clock.shifted(timedelta(seconds=50) + acting.IDLE):
        assert await kiosk.state() == "over"
        assert "Thắm" not in (await kiosk.visit()).text
    with clock.shifted(rfc8628.LIFETIME):
        assert await kiosk.state() == "over"


async def test_only_what_was_ticked_is_shown(city: CityPeople, kiosk: Machine) -> None:
    await kiosk.begin()
    await allow(city, kiosk, PARENT, "dossiers:read")
    page = await kiosk.visit()
    assert "Thắm" not in page.text
    await kiosk.http.get("/kiosk")
    await kiosk.begin()
    await allow(city, kiosk, PARENT, "profile")
    page = await kiosk.visit()
    assert "Thắm" in page.text
    assert "chưa cho phép ki-ốt xem hồ sơ" in page.text


async def test_only_this_machine_begins(city: CityPeople, kiosk: Machine) -> None:
    once = kiosk.assertion()
    assert (await kiosk.begin(once)).status_code == 303
    other = Machine(city, Device(), kiosk.client_id)
    for assertion in (once, other.assertion(), kiosk.assertion(aud="https://evil.test"), "x", "a.b.c"):
        refused = await other.begin(assertion)
        assert refused.status_code == 403, assertion
        assert COOKIE not in other.http.cookies
        assert 'role="alert"' in refused.text
    assert await kiosk.state() == "waiting", "a stranger's try ends nobody's visit"


async def test_cookies_that_are_none(city: CityPeople, kiosk: Machine) -> None:
    for value in ("", "x", "mc_dc_x", "a.b.c", "mc_dc_" + "x" * 5000, "%00"):
        kiosk.http.cookies.clear()
        kiosk.http.cookies.set(COOKIE, value)
        assert await kiosk.state() == "over", value
        assert (await kiosk.visit()).status_code == 200
        assert (await kiosk.http.get("/kiosk")).status_code == 200


async def test_a_token_that_nobody_lent_is_no_visit(city: CityPeople, kiosk: Machine) -> None:
    """Whatever somebody puts into the cookie: a phone's token, a television's, a kiosk's own."""
    parent, own, screen = await city.signed_in("parent"), await city.signed_in("kiosk"), await another_screen(city)
    await allow_screen(Browser(city), started := await screen.start())
    lent = (await screen.token(started))["access_token"]
    for token in (parent.token, own.token, lent):
        assert token is not None
        kiosk.http.cookies.set(COOKIE, token)
        assert await kiosk.state() == "over"
        assert (await kiosk.visit()).status_code == 200


async def test_both_languages_and_vietnamese_for_whoever_begins(city: CityPeople) -> None:
    for path in ("/kiosk", "/kiosk/code", "/kiosk/face", "/kiosk/visit"):
        plain = await city.client.get(path, headers={"Accept-Language": "en"})
        assert '<html lang="vi">' in plain.text
        assert '<html lang="en">' in (await city.client.get(f"{path}?lang=en")).text
        policy = plain.headers["content-security-policy"]
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert "<title>Ki-ốt · Một Cửa</title>" in plain.text, "a title stays behind in the history"


async def test_the_sandbox_alone_approves_by_a_page(city: CityPeople) -> None:
    refused = await city.client.post("/sandbox/kiosk", data={"code": "BCDF-GHJK"})
    assert refused.status_code == 404
    assert "Không có máy nào đang hiện mã này" in refused.text
