"""The page of mandates: whom one acts for, by forms alone; another browser's form does nothing."""

import pytest

from tests.identity.accounts.newcomers import Newcomer
from tests.identity.mandates.acts import CLAIMS, MINE, child_of, claimed, number, person
from tests.identity.tokens.browsing import Browser
from tests.people import CityPeople

pytestmark = pytest.mark.anyio

PAGE = "/account/mandates"


@pytest.fixture(autouse=True)
async def _uncounted(city: CityPeople) -> None:
    await city.house.valkey.forget_everything()


async def signed_in(city: CityPeople, who: Newcomer) -> Browser:
    """A browser that came by an app."""
    browser = Browser(city)
    await browser.through(login=who.phone)
    return browser


async def test_who_is_not_signed_in_signs_in_first_and_comes_back(city: CityPeople) -> None:
    boss = await person(city)
    await claimed(city, boss, number())
    browser = Browser(city)
    begun = await browser.to(await browser.http.get(PAGE))
    back = await browser.to(await browser.sign_in(begun, boss.phone))
    page = await browser.to(back)
    assert (page.status_code, page.url.path) == (200, PAGE)
    assert "Hợp tác xã Hư Cấu" in page.text
    policy = page.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert f'href="{PAGE}?lang=vi"' in (await browser.http.get("/account")).text


async def test_a_parent_takes_up_for_a_child_and_gives_it_back(city: CityPeople) -> None:
    from datetime import date

    mother = await person(city)
    pin = await child_of(city, mother, born=date(2018, 3, 4))
    browser = await signed_in(city, mother)
    page = await browser.http.get(PAGE)
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"
    assert pin not in page.text
    wrong = await browser.send(page, "/child", pin="079318777777")
    assert (wrong.status_code, 'role="alert"' in wrong.text) == (404, True)
    assert "079318777777" in wrong.text, "what was typed is not lost"
    assert (await browser.send(page, "/child", pin="12")).status_code == 422
    spaced = f"{pin[:3]} {pin[3:6]} {pin[6:]}"
    page = await browser.to(await browser.send(page, "/child", pin=spaced))
    assert "Lê Bé" in page.text
    assert "03/03/2036" in page.text
    assert pin not in page.text
    page = await browser.to(await browser.send(page, "/return"))
    assert "Đã chấm dứt" in page.text
    assert "/return" not in page.text


async def test_a_form_of_elsewhere_does_nothing(city: CityPeople) -> None:
    boss, thief = await person(city), await person(city)
    mandate = await claimed(city, boss, number())
    browser, other = await signed_in(city, boss), await signed_in(city, thief)
    for csrf in ("", "x"):
        answer = await browser.http.post(f"{PAGE}/return", data={"csrf": csrf, "mandate": mandate["id"]})
        assert answer.status_code == 403
    page = await other.http.get(PAGE)
    foreign = await other.send(page, "/child", pin="079322000021")
    assert foreign.status_code == 404
    csrf = page.text.split('name="csrf" value="')[1].split('"')[0]
    taken = await other.http.post(f"{PAGE}/return", data={"csrf": csrf, "mandate": mandate["id"]})
    assert taken.status_code == 404
    assert (await boss.calls.get(MINE, expect=200))["held"][0]["state"] == "standing"
    # The last representative stays, and is told what to do.
    page = await browser.http.get(PAGE)
    refused = await browser.send(page, "/return")
    assert refused.status_code == 409
    assert "Hợp tác xã Hư Cấu" in refused.text
    assert (await boss.calls.get(CLAIMS, expect=200))[0]["state"] == "confirmed"
