"""A supplement brought to a counter, at a browser without JavaScript: found by their card, filled in, confirmed on a phone or on paper."""

import re
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.dossiers import steps
from tests.dossiers.test_bringing import PAPER, asked_for, branch_of, line_of
from tests.dossiers.test_lifecycle import BRANCH
from tests.people import CityPeople
from tests.web.test_desk import COUNTER, REGISTRAR, at_desk
from tests.web.test_filing import Browser, inputs
from tests.web.test_later import at_home

pytestmark = pytest.mark.anyio

SUPPLEMENTS = "/desk/counter/supplements"
SEND = f"{SUPPLEMENTS}?lang=vi"
THEM = {"pin": "079192000011", "born": "1992-05-20"}
SCAN = ("scan.pdf", steps.paper(), "application/pdf")


@pytest.fixture(autouse=True)
async def _uncounted(city: CityPeople) -> None:
    await city.house.valkey.forget_everything()


async def begun(city: CityPeople) -> tuple[Browser, str, dict[str, Any]]:
    """At the counter, by their card and the button of the one request: the browser, the address, the dossier."""
    dossier = await asked_for(city)
    browser = await at_desk(city, COUNTER)
    assert f'href="{SEND}"' in await browser.get("/desk/counter")
    await browser.get(SUPPLEMENTS)
    page = await browser.send(SEND, THEM)
    assert dossier["receipt_code"] in page
    await browser.send(SEND, THEM, do=f"begin:{branch_of(dossier)['id']}")
    path = urlsplit(browser.url).path
    assert path == f"{SUPPLEMENTS}/{branch_of(dossier)['id']}", browser.page
    return browser, path, dossier


async def saved(browser: Browser, path: str, *, file: Any = SCAN, expect: int = 200, **typed: str) -> str:
    action = f"{path}?lang=vi"
    data = inputs(browser.page, action) | {f"f.residence.address.{name}": text for name, text in typed.items()}
    files = {f"file.{PAPER}": file} if file else {"x": ("", b"")}
    return await browser.arrived(await browser.client.post(action, data=data, files=files), expect)


async def filled(city: CityPeople) -> tuple[Browser, str, dict[str, Any]]:
    browser, path, dossier = await begun(city)
    page = await saved(browser, path, ward="26740", detail="Số 9B đường Hư Cấu")
    assert "Đã đủ" in page
    assert "Số 9B đường Hư Cấu" in page
    return browser, path, dossier


async def test_who_is_asked_for_nothing_and_who_is_not_known(city: CityPeople) -> None:
    browser = await at_desk(city, COUNTER)
    await browser.get(SUPPLEMENTS)
    for wrong in ({"pin": "079192000099"}, {"pin": "12"}, {"born": "moon"}, {"born": "1992-05-21"}):
        page = await browser.send(SEND, THEM | wrong, expect=404)
        assert 'role="alert"' in page
        # Told to look again, and not to fill in what this page has no fields for.
        assert "xem lại cả hai" in page
    page = await browser.send(SEND, {"pin": "079190000012", "born": "1990-02-11"}, expect=404)
    stranger = {"pin": "079085000013", "born": "1985-01-01"}
    assert 'role="alert"' in await browser.send(SEND, stranger, expect=404)


async def test_what_is_missing_stands_there_and_what_was_typed_is_not_lost(city: CityPeople) -> None:
    browser, path, _ = await begun(city)
    assert browser.page.count("Cán bộ đã yêu cầu bổ sung mục này.") == 2
    assert "Người dân xác nhận" not in browser.page, "nothing to confirm yet"
    assert len(browser.page.encode()) <= 50_000
    page = await saved(browser, path, file=None, ward="26740", detail="Số 9B đường Hư Cấu")
    assert "Số 9B đường Hư Cấu" in page
    assert page.count("Cán bộ đã yêu cầu bổ sung mục này.") == 1
    page = await saved(browser, path, file=("x.txt", b"hello", "text/plain"), expect=415)
    assert 'role="alert"' in page
    assert "Số 9B đường Hư Cấu" in page
    page = await saved(browser, path)
    assert "Đã đủ" in page


async def test_confirmed_on_their_phone(city: CityPeople) -> None:
    browser, path, dossier = await filled(city)
    page = await browser.send(f"{path}/confirmation-request?lang=vi")
    assert "Đã nhắn người dân" in page
    at = f"/dossiers/{dossier['id']}/branches/{BRANCH}/supplement"
    home = await at_home(city, f"{at}?lang=vi")
    assert "đã điền giúp tại quầy" in home.page
    assert "Số 9B đường Hư Cấu" in home.page
    fresh = await home.get(f"{at}?lang=vi&anew=1")
    assert "đã điền giúp tại quầy" not in fresh
    await home.get(f"{at}?lang=vi")
    data = inputs(home.page, f"{at}?lang=vi")
    await home.arrived(await home.client.post(f"{at}?lang=vi", data=data, files={"x": ("", b"")}), 200)
    assert "giúp điền tại quầy; người nộp tự xác nhận" in (await line_of(city, dossier))["message"]["vi"]
    page = await browser.get(f"{path}?lang=vi&asked=1")
    assert "Đã gửi phần bổ sung" in page
    assert dossier["receipt_code"] in page
    late = await browser.client.post(f"{path}?lang=vi", data={"csrf": "x"})
    assert "Đã gửi phần bổ sung" in late.text


async def test_confirmed_by_a_signature_on_what_was_printed(city: CityPeople) -> None:
    browser, path, dossier = await filled(city)
    printed = (await browser.client.get(f"{path}/declaration?lang=vi")).text
    version = re.search(r'name="version" value="(\d+)"', browser.page)
    assert version
    assert f"bản số {version[1]}" in printed
    assert "Số 9B đường Hư Cấu" in printed
    assert "Nguyễn Thị Hồng Thắm" in printed
    send = f"{path}/submission?lang=vi"
    seen = browser.page
    # Changed after it was printed: what was signed is not what would be given.
    await saved(browser, path, file=None, detail="Số 9C đường Hư Cấu")
    answer = await browser.client.post(send, data=inputs(seen, send), files={"file": SCAN})
    assert answer.status_code == 412
    answer = await browser.client.post(send, data=inputs(browser.page, send), files={"file": SCAN})
    page = await browser.arrived(answer, 200)
    assert "Đã gửi phần bổ sung" in page
    assert "người nộp đã ký xác nhận trên giấy" in (await line_of(city, dossier))["message"]["vi"]


async def test_nobody_else_finds_it_and_buttons_need_this_browsers_own_page(city: CityPeople) -> None:
    browser, path, _ = await begun(city)
    registrar, nobody = await at_desk(city, REGISTRAR), Browser(city)
    for step in (SUPPLEMENTS, path, f"{path}/declaration"):
        assert (await registrar.client.get(step)).status_code == 403, step
        answer = await nobody.client.get(step)
        assert (answer.status_code, "/sign-in/" in answer.headers["location"]) == (303, True), step
    for step in (SUPPLEMENTS, path, f"{path}/confirmation-request", f"{path}/submission"):
        answer = await browser.client.post(step, data={"csrf": "moon"})
        assert answer.status_code == 403, step
        assert 'role="alert"' in answer.text
    assert (await browser.client.get(f"{SUPPLEMENTS}/bra_none")).status_code == 404
