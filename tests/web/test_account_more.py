"""The rest of a citizen's own pages: ways in and locks, one's data, leaving, and stopping a recovery without signing in."""

import json
import re
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest

from identity.accounts import freshness
from identity.faces import FACE_GUARD, FIND_MY_DOSSIER, Consent
from kit import clock
from tests.dossiers.test_finding import face
from tests.identity.accounts.authenticator import Authenticator
from tests.identity.accounts.newcomers import letters_to, newcomer
from tests.identity.tokens.browsing import Browser
from tests.people import CityPeople
from tests.web.test_account import at, csrf, read

WAYS, DATA = "/account/ways", "/account/data"


@pytest.fixture(scope="module", autouse=True)
async def _uncounted(city: CityPeople) -> AsyncIterator[None]:
    city.house.limits._scale = 1000  # pyright: ignore[reportPrivateUsage]
    yield
    city.house.limits._scale = 1  # pyright: ignore[reportPrivateUsage]


async def test_this_browser_and_others_are_sessions(city: CityPeople) -> None:
    """A browser left signed in at a library was once listed nowhere."""
    me, here, library = await newcomer(city), Browser(city), Browser(city)
    await at(library, "/account", me.phone)
    page = await at(here, "/account", me.phone)
    listed = await me.calls.get("/v1/me/sessions", expect=200)
    assert sorted(one["kind"] for one in listed) == ["app", "browser", "browser"]
    assert "Chính trình duyệt này" in read(page)
    assert len(re.findall(r'action="/account/sessions/[^"]+/end', page.text)) == 2, "all but this one"
    theirs = next(one["id"] for one in listed if one["kind"] == "browser" and one["id"] in page.text)
    stranger = await newcomer(city)
    await stranger.calls.delete(f"/v1/me/sessions/{theirs}", expect=404, code="not-found")
    assert (await here.http.post(f"/account/sessions/{theirs}/end", data={"csrf": csrf(page)})).status_code == 303
    assert (await library.http.get("/account")).status_code == 303, "signed out"
    await me.calls.get("/v1/me", expect=200)
    assert (await here.send(page, "/sessions-end")).status_code == 303
    await me.calls.get("/v1/me", expect=401, code="token-revoked")
    assert (await here.http.get("/account")).status_code == 200, "this browser stays"


async def test_the_whole_log_page_by_page(city: CityPeople, monkeypatch: pytest.MonkeyPatch) -> None:
    me, browser = await newcomer(city), Browser(city)
    await at(browser, "/account", me.phone)
    monkeypatch.setattr("identity.accounts.authenticators.service.LOG_PAGE", 1)
    first = await browser.http.get("/account/sign-ins?lang=en")
    assert first.text.count("<time") == 1
    older = re.search(r'href="(/account/sign-ins\?before=[^"]+)"', read(first))
    assert older
    second = await browser.http.get(older[1])
    assert second.text.count("<time") == 1
    assert "before=" not in second.text
    assert (await browser.http.get("/account/sign-ins?before=x")).status_code == 400
    assert (await Browser(city).http.get("/account/sign-ins")).status_code == 303


async def test_a_contact_is_added_locked_and_unlocked(city: CityPeople) -> None:
    me, browser = await newcomer(city), Browser(city)
    page = await at(browser, WAYS, me.phone)
    wrong = await browser.send(page, "/contacts", contact="không phải số")
    assert wrong.status_code == 422
    assert "không phải số" in read(wrong), "what was typed is not lost"
    asked = await browser.to(await browser.send(page, "/contacts", contact=me.mail))
    again = await browser.send(asked, "/code", code="12345x")
    assert again.status_code == 422
    done = await browser.send(again, "/code", code=await city.code_sent_to(me.mail))
    assert (done.status_code, done.headers["location"]) == (303, f"{WAYS}?lang=vi")
    mail = (await me.ways())["email"]["id"]
    page = await browser.http.get(WAYS)
    assert (await browser.send(page, f"{mail}/lock")).status_code == 303
    page = await browser.http.get(WAYS)
    assert "đã khoá lúc" in read(page)
    too_early = await browser.send(page, f"{mail}/unlock")
    assert too_early.status_code == 409
    assert "bằng một cách khác" in read(too_early)
    other = Browser(city)
    assert (await other.send(await at(other, WAYS, me.phone), f"{mail}/unlock")).status_code == 303
    assert (await me.ways())["email"]["locked_at"] is None


async def test_a_passkey_is_registered(city: CityPeople) -> None:
    me, browser, key = await newcomer(city), Browser(city), Authenticator()
    page = await at(browser, WAYS, me.phone)
    assert (await browser.http.post(f"{WAYS}/passkey-options", data={"csrf": "x"})).status_code == 403
    asked = (await browser.http.post(f"{WAYS}/passkey-options", data={"csrf": csrf(page)})).json()
    made = {"challenge": asked["id"], "credential": json.dumps(key.create(asked["options"])), "name": "Máy của tôi"}
    for wrong in ({"credential": "{"}, {"name": " "}):
        refused = await browser.send(page, "/passkey", **(made | wrong))
        assert refused.status_code == 422, wrong
        assert 'role="alert"' in refused.text
    assert (await browser.send(page, "/passkey", **made)).status_code == 303
    assert (await me.ways())["passkey"]["name"] == "Máy của tôi"


async def test_what_one_came_in_by_is_removed_and_never_the_last(city: CityPeople) -> None:
    me, browser = await newcomer(city), Browser(city)
    refused = await browser.send(await at(browser, WAYS, me.phone), "/removal")
    assert refused.status_code == 409
    assert "cuối cùng" in read(refused)
    await me.add(me.mail)
    by_mail = Browser(city)
    page = await at(by_mail, WAYS, me.mail)
    assert len(re.findall(r"/removal\?", page.text)) == 1, "the other one is reported lost"
    assert (await by_mail.send(page, "/removal")).status_code == 303
    assert set(await me.ways()) == {"phone"}


async def test_a_lost_way_is_reported_and_stopped_by_its_code_without_signing_in(city: CityPeople) -> None:
    """The notice led to a page where its code could be typed nowhere."""
    me, browser, nobody = await newcomer(city), Browser(city), Browser(city)
    await me.add(me.mail)
    page = await at(browser, WAYS, me.mail)
    phone = (await me.ways())["phone"]["id"]
    for form in ({"reason": "lost_phone"}, {"reason": "x", "lost": phone}, {"lost": phone}):
        assert (await browser.send(page, "/loss", **form)).status_code == 422
    assert (await browser.send(page, "/loss", reason="lost_phone", lost=phone)).status_code == 303
    assert "có hiệu lực lúc" in read(await browser.http.get(WAYS))
    notice = (await letters_to(city, me.phone, "recovery-begun"))[0]
    link, code = re.search(r"http\S+", notice), re.search(r"ma ([BCDFGHJKLMNPQRSTVWXZ]{8})", notice)
    assert link
    assert code
    asked = await nobody.http.get(link[0])
    assert asked.status_code == 200
    for wrong in ("", "BBBBBBBB", "ấ" * 30):
        refused = await nobody.send(asked, "/account/recovery", code=wrong)
        assert refused.status_code == 404
        assert 'role="alert"' in refused.text
    stopped = await nobody.send(asked, "/account/recovery", code=f"{code[1][:4].lower()}-{code[1][4:]}")
    assert stopped.status_code == 200
    assert "Đã dừng" in read(stopped)
    assert (await nobody.send(asked, "/account/recovery", code=code[1])).status_code == 404, "once"
    # And by who is signed in.
    assert (await browser.send(page, "/loss", reason="lost_phone", lost=phone)).status_code == 303
    page = await browser.http.get(WAYS)
    assert (await browser.send(page, "/stop")).status_code == 303
    assert [one["state"] for one in await me.calls.get("/v1/me/recoveries", expect=200)] == ["cancelled"] * 2


async def test_the_account_is_locked(city: CityPeople) -> None:
    me, browser = await newcomer(city), Browser(city)
    page = await at(browser, WAYS, me.phone)
    strange = await browser.http.post("/account/lock", data={"csrf": csrf(page)[:-2]})
    assert strange.status_code == 403
    told = await browser.send(page, "/account/lock")
    assert "Tài khoản đã khoá" in read(told)
    await me.calls.get("/v1/me", expect=401)
    assert (await browser.http.get(WAYS)).status_code == 303
    assert "/account/ways" in (await letters_to(city, me.phone, "way-in-changed"))[0], "the notice leads to the lock"


async def test_a_sign_in_too_long_ago_is_shown_once_more(city: CityPeople) -> None:
    me, browser = await newcomer(city), Browser(city)
    page = await at(browser, WAYS, me.phone)
    with clock.shifted(timedelta(minutes=freshness.policy().acts["ways_in"].fresh_minutes, seconds=1)):
        again = await browser.send(page, "/contacts", contact=me.mail)
        assert again.headers["location"].startswith("/sign-in/")
        form = await browser.to(again)
        back = await browser.to(await browser.to(await browser.sign_in(form, me.phone)))
        assert str(back.url).endswith(f"{WAYS}?lang=vi")
        assert "confirm=cfm_" in (await browser.send(back, "/contacts", contact=me.mail)).headers["location"]


async def test_ones_data_as_a_file(city: CityPeople) -> None:
    me, browser, stranger = await newcomer(city), Browser(city), Browser(city)
    page = await at(browser, DATA, me.phone)
    told = await browser.send(page, "/export")
    assert told.status_code == 200
    assert re.fullmatch(r'attachment; filename="motcua-\d{4}-\d\d-\d\d\.json"', told.headers["content-disposition"])
    assert told.headers["cache-control"] == "no-store"
    held = json.loads(told.content)
    assert (held["pin"], held["contacts"]) == (me.pin, [me.phone])
    assert {one["kind"] for one in held["sessions"]} == {"app", "browser"}
    other = await stranger.http.post(f"{DATA}/export", data={"csrf": csrf(page)})
    assert other.status_code == 403
    assert me.pin not in other.text
    assert "đã giao tệp" in read(await browser.http.get(DATA))


async def test_requests_with_their_clocks(city: CityPeople) -> None:
    me, browser = await newcomer(city), Browser(city)
    page = await at(browser, DATA, me.phone)
    for form in ({"kind": "correct", "said": " "}, {"kind": "close", "said": "x"}, {"said": "x"}, {"kind": "object"}):
        refused = await browser.send(page, "/requests", **form)
        assert refused.status_code == 422, form
        assert 'role="alert"' in refused.text
    long = await browser.send(page, "/requests", kind="correct", said="ă" * 4001)
    assert long.status_code == 422
    for kind in ("correct", "object", "restrict", "delete"):
        said = f"Tên <b>Thắm</b>\r\ndòng hai {kind}"
        assert (await browser.send(page, "/requests", kind=kind, said=said)).status_code == 303
    shown = await browser.http.get(DATA)
    assert "<b>Thắm" not in shown.text
    assert "dòng hai restrict" in read(shown)
    assert read(shown).count("trả lời trước hết ngày") == 4


async def test_a_face_is_shown_and_withdrawn(city: CityPeople) -> None:
    me, browser = await newcomer(city), Browser(city)
    assert "Không lưu đặc điểm khuôn mặt" in read(await at(browser, DATA, me.phone))
    assert await me.calls.get("/v1/me/face-lookup", expect=200) == {"lookup": None, "guard": None}
    consent = Consent(purpose=FIND_MY_DOSSIER, wording="face-lookup-1", given_at=clock.now())
    await city.house.faces.enrol(me.account_id, face(31), consent)
    guard = Consent(purpose=FACE_GUARD.purpose, wording=FACE_GUARD.name, given_at=clock.now())
    assert await city.house.faces.guard(me.account_id, guard)
    page = await browser.http.get(DATA)
    assert "không lưu ảnh" in read(page)
    kept = await me.calls.get("/v1/me/face-lookup", expect=200)
    assert (kept["lookup"]["wording"], kept["guard"]["wording"]) == ("face-lookup-1", "face-guard-1")
    assert (await browser.send(page, "/face-guard-withdrawal")).status_code == 303
    assert (await me.calls.get("/v1/me/face-lookup", expect=200))["guard"] is None
    assert (await browser.send(page, "/face-withdrawal")).status_code == 303
    assert await city.house.faces.find(face(31)) is None
    assert await me.calls.get("/v1/me/face-lookup", expect=200) == {"lookup": None, "guard": None}


async def test_leaving_says_what_stays(city: CityPeople) -> None:
    me, browser = await newcomer(city), Browser(city)
    page = await at(browser, f"{DATA}?lang=en", me.phone)
    assert "civil register stay with the State" in read(page)
    unread = await browser.send(page, "/closure")
    assert unread.status_code == 422
    told = await browser.send(page, "/closure", read="yes")
    assert told.status_code == 200
    assert "The account is closed" in read(told)
    assert "stay with the State" in read(told)
    await me.calls.get("/v1/me", expect=401, code="token-revoked")
    assert (await browser.http.get(DATA)).status_code == 303


@pytest.mark.parametrize("path", [WAYS, DATA])
async def test_pages_of_ones_own_are_ones_own(city: CityPeople, path: str) -> None:
    first = await city.client.get(path)
    assert (first.status_code, first.headers["location"][:9]) == (303, "/sign-in/")
    assert (await city.client.post(f"{path}/x/lock", data={"csrf": "x"})).status_code in (403, 404)
    page: httpx.Response = await at(Browser(city), path)
    policy = page.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert page.headers["cache-control"] == "no-store"
