"""A passkey on the sign-in page: beside the code, never instead of it; the page's form and challenge are this browser's."""

import json
from typing import Any

import httpx
import pytest

from kit.db import raw
from tests.identity.accounts.authenticator import Authenticator
from tests.identity.accounts.test_passkeys import App, register
from tests.identity.tokens.browsing import Browser, form_of
from tests.people import CityPeople


@pytest.fixture(autouse=True)
async def _uncounted(city: CityPeople) -> None:
    await city.house.valkey.forget_everything()


@pytest.fixture
async def phone(city: CityPeople) -> Authenticator:
    made = Authenticator()
    await register(await city.signed_in("parent"), made)
    return made


async def asked(browser: Browser, page: httpx.Response) -> tuple[str, dict[str, Any], Any]:
    """The form's address and fields, and the challenge its script was given."""
    action, fields = form_of(page, "/passkey")
    path = action.split("?")[0]
    options = await browser.http.post(f"{path}-options", data={"csrf": fields["csrf"]})
    assert options.status_code == 200, options.text
    return action, fields, options.json()


async def used(browser: Browser, page: httpx.Response, phone: Authenticator, **lies: Any) -> httpx.Response:
    action, fields, begun = await asked(browser, page)
    credential = json.dumps(phone.get(begun["options"], **lies))
    return await browser.http.post(action, data=fields | {"challenge": begun["id"], "credential": credential})


async def test_it_ends_where_a_code_does(city: CityPeople, phone: Authenticator) -> None:
    browser = Browser(city)
    page = await browser.to(await browser.go())
    assert 'autocomplete="username webauthn"' in page.text
    assert form_of(page, "/login"), "the code's way is there"
    planted = browser.http.cookies["motcua"]
    consent = await browser.to(await used(browser, page, phone))
    assert "Nguyễn Thị Hồng Thắm" in consent.text
    assert browser.http.cookies["motcua"] != planted
    told = browser.answer(await browser.send(consent, "/consent", allow=["profile"]))
    assert told is not None
    token = (await browser.redeem(told["code"])).json()
    async with city.house.db.connect() as conn:
        query = "select amr, authenticator_id like 'pky_%%' from oauth_grants order by id desc limit 1"
        assert await (await (await raw(conn)).execute(query)).fetchone() == (["hwk", "user", "mfa"], True)
        query = "select method, outcome from sign_in_log order by id desc limit 1"
        assert await (await (await raw(conn)).execute(query)).fetchone() == ("passkey", "signed_in")
    assert token["id_token"]


async def test_what_is_not_accepted_leaves_the_page_and_the_code(city: CityPeople, phone: Authenticator) -> None:
    browser = Browser(city)
    page = await browser.to(await browser.go())
    action, fields, begun = await asked(browser, page)
    for credential in (
        "",
        "{}",
        "[]",
        "x",
        '{"rawId":"AA"}',
        "[" * 5000,
        json.dumps(Authenticator().get(begun["options"])),
    ):
        refused = await browser.http.post(action, data=fields | {"challenge": begun["id"], "credential": credential})
        assert refused.status_code in (410, 422), credential
        assert 'role="alert"' in refused.text
        assert form_of(refused, "/login")
        action, fields, begun = await asked(browser, refused)
    again = await used(browser, page, phone, origin="https://evil.test")
    assert again.status_code == 422


async def test_a_challenge_is_one_browsers_once(city: CityPeople, phone: Authenticator) -> None:
    browser, other = Browser(city), Browser(city)
    page, theirs = await browser.to(await browser.go()), await other.to(await other.go())
    action, fields, begun = await asked(browser, page)
    credential = json.dumps(phone.get(begun["options"]))
    sent = {"challenge": begun["id"], "credential": credential}
    stolen = await other.http.post(action, data=fields | sent)
    assert stolen.status_code == 403, "another browser's form"
    without = await browser.http.post(action, data=sent)
    assert without.status_code == 403
    assert (await browser.http.post(action, data=fields | sent)).status_code == 303
    their_action, their_fields = form_of(theirs, "/passkey")
    again = await other.http.post(their_action, data=their_fields | sent)
    assert again.status_code == 410, "it was answered"
    nobodys = await other.http.post(f"{their_action.split('?')[0]}-options", data={"csrf": "x" * 43})
    assert nobodys.status_code == 403


async def test_a_browsers_challenge_gives_no_app_a_code_and_an_apps_no_browser_a_session(
    city: CityPeople, phone: Authenticator
) -> None:
    browser, app = Browser(city), App(city)
    page = await browser.to(await browser.go())
    action, fields, begun = await asked(browser, page)
    await app.answer(begun, phone.get(begun["options"]), expect=410, code="passkey-ceremony-over")
    apps = await app.begin()
    sent = {"challenge": apps["id"], "credential": json.dumps(phone.get(apps["options"]))}
    assert (await browser.http.post(action, data=fields | sent)).status_code == 410
