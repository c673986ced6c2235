"""GET and POST /v1/oauth/authorize on the whole app: rows AUT and ISS of the checklist."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import jwt
import pytest

from identity import tokens
from identity.tokens import browser as browsers
from kit import clock
from kit.db import raw
from kit.refusal import Words
from tests.identity.tokens.browsing import AUTHORIZE, OTHER, Browser, form_of
from tests.people import ISSUER, CityPeople

WHY = Words(vi="Để thử.", en="To try.")


@pytest.fixture(scope="module", autouse=True)
async def _uncounted(city: CityPeople) -> AsyncIterator[None]:
    """These tests ask as often as a neighbourhood does."""
    city.house.limits._scale = 1000  # pyright: ignore[reportPrivateUsage]
    yield
    city.house.limits._scale = 1  # pyright: ignore[reportPrivateUsage]


@pytest.fixture
def browser(city: CityPeople) -> Browser:
    return Browser(city)


@pytest.fixture(scope="module")
async def citizen(city: CityPeople) -> Browser:
    """A browser that is signed in, and that allowed the partner what it usually asks."""
    known = Browser(city)
    assert "code" in await known.through()
    return known


def told(browser: Browser, response: httpx.Response) -> dict[str, str]:
    """What the app gets at once; the issuer always among it (ISS-1)."""
    answer = browser.answer(response)
    assert answer is not None, (response.status_code, response.text)
    assert answer["iss"] == ISSUER
    return answer


def claims(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    return jwt.decode(answer.json()["id_token"], options={"verify_signature": False})


async def _consent_page(browser: Browser) -> httpx.Response:
    page = await browser.to(await browser.sign_in(await browser.to(await browser.go(prompt="consent"))))
    assert "/consent?" in page.text
    return page


async def test_AUT_1_a_code_with_state_and_issuer_by_get_and_by_post(browser: Browser) -> None:
    answer = await browser.through()
    assert set(answer) == {"code", "state", "iss"}
    assert (answer["state"], answer["iss"]) == ("s-1", ISSUER)
    assert claims(await browser.redeem(answer["code"]))["nonce"] == "n-1"
    posted = await browser.http.post(AUTHORIZE, data=browser.asked(state="s-2"))
    assert posted.status_code == 303
    answer = told(browser, await browser.to(posted))
    assert answer["state"] == "s-2"
    assert claims(await browser.redeem(answer["code"]))["aud"] == "partner-app"


async def test_AUT_1_a_form_of_another_site_ends_no_session(citizen: Browser) -> None:
    # Such a form comes without our cookie: an answer that set a new one would sign the citizen out.
    stranger = Browser(citizen.city)
    posted = await stranger.http.post(AUTHORIZE, data=citizen.asked())
    assert "set-cookie" not in posted.headers
    assert "code" in told(citizen, await citizen.to(posted))


async def test_AUT_2_AUT_3_only_a_code_is_given(citizen: Browser) -> None:
    assert told(citizen, await citizen.go(response_type=None))["error"] == "invalid_request"
    for kind in ("token", "id_token", "code id_token", "code token", "none", "Code"):
        answer = told(citizen, await citizen.go(response_type=kind))
        assert (answer["error"], answer["state"]) == ("unsupported_response_type", "s-1")
        assert not {"access_token", "id_token", "code"} & set(answer)


async def test_AUT_4_what_nobody_knows_is_passed_over(citizen: Browser) -> None:
    assert "code" in told(citizen, await citizen.go(extra="foobar"))


async def _twice(citizen: Browser, name: str) -> httpx.Response:
    return await citizen.http.get(AUTHORIZE, params=[*citizen.asked().items(), (name, citizen.asked()[name])])


@pytest.mark.parametrize("name", ["redirect_uri", "client_id"])
async def test_AUT_5_who_asks_or_where_to_twice(citizen: Browser, name: str) -> None:
    refused = await _twice(citizen, name)
    assert refused.status_code == 400
    assert "location" not in refused.headers
    assert "invalid_request" in refused.text


@pytest.mark.parametrize("name", ["scope", "state", "nonce", "response_type"])
async def test_AUT_5_a_parameter_twice(citizen: Browser, name: str) -> None:
    """It was a page, though the app could be told (RFC 6749 §4.1.2.1)."""
    answer = told(citizen, await _twice(citizen, name))
    assert answer["error"] == "invalid_request"
    assert answer.get("state") == (None if name == "state" else "s-1"), "of two none is the app's"


@pytest.mark.parametrize("client_id", ["nobody-knows", "kiosk-sai-gon", None, "' or 1=1 --"])
async def test_AUT_6_an_unknown_client(browser: Browser, client_id: str | None) -> None:
    refused = await browser.go(client_id=client_id)
    assert refused.status_code == 400
    assert "location" not in refused.headers
    assert refused.headers["content-type"].startswith("text/html")


async def test_AUT_6_a_disabled_client(browser: Browser) -> None:
    db = browser.city.house.db
    page = await browser.to(await browser.go())
    async with db.begin() as conn:
        await tokens.disable_client(conn, "partner-app")
    try:
        assert (await browser.go()).status_code == 400
        assert (await browser.http.get(str(page.url))).status_code == 410
    finally:
        async with db.begin() as conn:
            await tokens.enable_client(conn, "partner-app")


async def test_AUT_7_prompt_none_without_a_session(browser: Browser) -> None:
    answer = told(browser, await browser.go(prompt="none"))
    assert (answer["error"], answer["state"]) == ("login_required", "s-1")


async def test_AUT_7_prompt_none_without_a_consent(browser: Browser) -> None:
    await browser.through()
    answer = told(browser, await browser.go(prompt="none", scope="openid profile email"))
    assert answer["error"] == "consent_required"


async def test_AUT_8_prompt_none_with_a_session(browser: Browser) -> None:
    first = claims(await browser.redeem((await browser.through())["code"]))
    second = claims(await browser.redeem(told(browser, await browser.go(prompt="none"))["code"]))
    assert {name: first[name] for name in ("sub", "auth_time", "acr", "amr")} == {
        name: second[name] for name in ("sub", "auth_time", "acr", "amr")
    }


@pytest.mark.parametrize("prompt", ["login", "select_account"])
async def test_AUT_9_prompt_login_asks_again(browser: Browser, prompt: str) -> None:
    first = claims(await browser.redeem((await browser.through())["code"]))
    with clock.shifted(timedelta(seconds=5)):
        page = await browser.to(await browser.go(prompt=prompt))
        assert 'name="login"' in page.text
        second = claims(await browser.redeem(told(browser, await browser.sign_in(page))["code"]))
    assert second["auth_time"] > first["auth_time"]
    assert second["sub"] == first["sub"]


async def test_AUT_9_prompt_consent_asks_again(browser: Browser) -> None:
    await browser.through()
    page = await browser.to(await browser.go(prompt="consent"))
    assert "/consent?" in page.text


@pytest.mark.parametrize("prompt", ["none login", "sometimes", "login  consent"])
async def test_AUT_9_prompts_that_are_none(citizen: Browser, prompt: str) -> None:
    assert told(citizen, await citizen.go(prompt=prompt))["error"] == "invalid_request"


async def test_AUT_10_max_age(browser: Browser) -> None:
    await browser.through()
    with clock.shifted(timedelta(seconds=2)):
        page = await browser.to(await browser.go(max_age="1"))
        assert 'name="login"' in page.text
        again = claims(await browser.redeem(told(browser, await browser.sign_in(page))["code"]))
        young = claims(await browser.redeem(told(browser, await browser.go(max_age="10000"))["code"]))
        assert again["auth_time"] == young["auth_time"]
        for wrong in ("-1", "1.5", "soon", "9" * 30):
            assert told(browser, await browser.go(max_age=wrong))["error"] == "invalid_request"


async def test_AUT_11_another_person_is_expected(city: CityPeople, citizen: Browser) -> None:
    other = Browser(city)
    answer = await other.through(OTHER)
    hint = (await other.redeem(answer["code"])).json()["id_token"]
    refused = told(citizen, await citizen.go(prompt="none", id_token_hint=hint))
    assert refused["error"] == "login_required"
    wanted = jwt.decode(hint, options={"verify_signature": False})["sub"]
    by_claim = json.dumps({"id_token": {"sub": {"value": wanted}}})
    assert told(citizen, await citizen.go(prompt="none", claims=by_claim))["error"] == "login_required"
    page = await citizen.to(await citizen.go(id_token_hint=hint))
    assert page.status_code == 403
    assert 'name="login"' in page.text
    assert "code" in told(other, await other.go(prompt="none", id_token_hint=hint)), "their own is no hindrance"
    for forged in ("nonsense", hint[:-4] + "AAAA", hint.replace(".", "..")):
        assert told(citizen, await citizen.go(prompt="none", id_token_hint=forged))["error"] == "invalid_request"


async def test_AUT_12_hints_and_languages(browser: Browser) -> None:
    hints = {"display": "popup", "claims_locales": "vi", "login_hint": "0900000011", "acr_values": "urn:motcua:loa:2"}
    page = await browser.to(await browser.go(ui_locales="fr en-GB vi", **hints))
    assert '<html lang="en">' in page.text
    assert 'value="0900000011"' in page.text
    assert '<html lang="vi">' in (await browser.http.get(f"{page.url}?lang=vi")).text, (
        "the reader's own choice counts more"
    )
    vietnamese = await browser.to(await browser.go(ui_locales="vi-VN"))
    assert '<html lang="vi">' in vietnamese.text
    answer = told(browser, await browser.sign_in(page))
    assert claims(await browser.redeem(answer["code"]))["acr"] == "urn:motcua:loa:2"


@pytest.mark.parametrize("nonce", [None, "n" * 64, "n" * 384])
async def test_AUT_13_nonces(citizen: Browser, nonce: str | None) -> None:
    answer = told(citizen, await citizen.go(nonce=nonce))
    assert claims(await citizen.redeem(answer["code"])).get("nonce") == nonce
    assert told(citizen, await citizen.go(nonce="n" * 513))["error"] == "invalid_request"


@pytest.mark.parametrize("state", [None, "s" * 1000, "a b&c=d%20+é\"'<>#"])
async def test_AUT_14_states(citizen: Browser, state: str | None) -> None:
    answer = told(citizen, await citizen.go(state=state))
    assert answer.get("state") == state
    assert "code" in answer


async def test_AUT_14_a_state_too_long_is_not_cut(citizen: Browser) -> None:
    answer = told(citizen, await citizen.go(state="s" * 3000))
    assert (answer["error"], answer["state"]) == ("invalid_request", "s" * 3000)


async def test_AUT_15_the_person_cancels(browser: Browser) -> None:
    page = await browser.to(await browser.go())
    answer = told(browser, await browser.send(page, "/cancel"))
    assert (answer["error"], answer["state"]) == ("access_denied", "s-1")
    assert (await browser.http.get(str(page.url))).status_code == 410
    consent = await _consent_page(browser)
    assert told(browser, await browser.send(consent, "/cancel"))["error"] == "access_denied"


async def test_AUT_16_nothing_is_fetched(citizen: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    reached: list[Any] = []

    async def listener(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.append(await reader.read(1))
        writer.close()

    async with await asyncio.start_server(listener, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        unsigned = jwt.encode({"client_id": "partner-app"}, None, "none")  # type: ignore[arg-type]
        assert told(citizen, await citizen.go(request=unsigned))["error"] == "request_not_supported"
        for uri in (f"http://127.0.0.1:{port}/r", f"https://127.0.0.1:{port}/r", "urn:example:1"):
            assert told(citizen, await citizen.go(request_uri=uri))["error"] == "request_uri_not_supported"
        await asyncio.sleep(0.2)
    assert reached == []


async def test_AUT_17_scopes(citizen: Browser) -> None:
    without = (await citizen.redeem(told(citizen, await citizen.go(scope="profile"))["code"])).json()
    assert "id_token" not in without
    assert without["scope"] == "profile"
    for order in ("openid profile", "profile openid", "profile openid profile"):
        reordered = (await citizen.redeem(told(citizen, await citizen.go(scope=order))["code"])).json()
        assert set(reordered["scope"].split()) == {"openid", "profile"}
    for beyond in ("desk", "openid dossiers:read", 'no"such\\scope'):
        assert told(citizen, await citizen.go(scope=beyond))["error"] == "invalid_scope"


async def test_AUT_18_the_answer_by_a_form(city: CityPeople, citizen: Browser) -> None:
    page = await citizen.go(response_mode="form_post")
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"
    policy = page.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "http://127.0.0.1:*" in policy
    assert "location" not in page.headers
    action, fields = form_of(page, "/callback")
    assert (action, set(fields)) == ("http://127.0.0.1/callback", {"code", "state", "iss"})
    assert (await citizen.redeem(fields["code"])).status_code == 200
    refused = await citizen.go(response_mode="form_post", scope="desk")
    assert form_of(refused, "/callback")[1]["error"] == "invalid_scope"
    for mode in ("fragment", "jwt", "query.jwt"):
        assert told(citizen, await citizen.go(response_mode=mode))["error"] == "invalid_request"
    async with city.house.db.begin() as conn:
        await tokens.register_client(
            conn, client_id="by-query", name="by query", kind="public", grants=["authorization_code"], scopes=["openid"],
            redirect_uris=["https://by-query.test/cb"], purpose=WHY, response_modes=["query"],
        )  # fmt: skip
    narrow = Browser(city, "by-query", "https://by-query.test/cb")
    assert told(narrow, await narrow.go(response_mode="form_post", scope="openid"))["error"] == "invalid_request"


async def test_AUT_19_the_pages_headers(browser: Browser) -> None:
    login = await browser.to(await browser.go())
    consent = await _consent_page(browser)
    for page in (login, consent, await browser.http.get("/sign-in/none")):
        assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
        assert "unsafe" not in page.headers["content-security-policy"]
        assert page.headers["referrer-policy"] == "no-referrer"
        assert page.headers["cache-control"] == "no-store"
        offered = '<script type="module" src="/static/passkey.js">'
        assert page.text.count("<script") == page.text.count(offered) == (page is login), "a passkey alone needs any"


async def test_AUT_20_a_form_no_page_of_ours_gave_this_browser(browser: Browser, city: CityPeople) -> None:
    consent = await _consent_page(browser)
    action, fields = form_of(consent, "/consent")
    other = Browser(city)
    foreign = form_of(await other.to(await other.go()), "/login")[1]["csrf"]
    for token in ("", "x", foreign):
        refused = await browser.http.post(action, data={"csrf": token, "allow": ["profile"]})
        assert refused.status_code == 403
        assert "location" not in refused.headers
    without_cookie = await city.client.post(action, data=fields | {"allow": ["profile"]})
    assert without_cookie.status_code == 403
    assert (await browser.http.get(str(consent.url))).status_code == 200, "nothing was decided"
    assert "code" in told(browser, await browser.send(consent, "/consent", allow=["profile"]))


async def test_AUT_20_two_presses_of_the_button_are_one_code(browser: Browser) -> None:
    consent = await _consent_page(browser)
    answers = await asyncio.gather(*(browser.send(consent, "/consent", allow=["profile"]) for _ in range(8)))
    assert Counter(answer.status_code for answer in answers) == {303: 1, 410: 7}


async def test_AUT_21_the_session_cookie(browser: Browser, city: CityPeople) -> None:
    first = await browser.go()
    before = browser.http.cookies["motcua"]
    page = await browser.to(first)
    signed_in = await browser.sign_in(page)
    after = browser.http.cookies["motcua"]
    assert before != after
    for response in (first, signed_in):
        said = response.headers["set-cookie"].lower()
        assert "httponly" in said
        assert "samesite=lax" in said
        assert "path=/" in said
        assert "domain" not in said
    async with city.house.db.connect() as conn:
        rows = await (await raw(conn)).execute("select * from browser_sessions")
        kept = repr(await rows.fetchall())
    assert after not in kept
    # Whoever planted the cookie of before is nobody now.
    planted = Browser(city)
    planted.http.cookies.set("motcua", before, domain="127.0.0.1")
    assert told(planted, await planted.go(prompt="none"))["error"] == "login_required"
    with clock.shifted(timedelta(hours=8, seconds=1)):
        assert told(browser, await browser.go(prompt="none"))["error"] == "login_required"


def test_AUT_21_over_https_the_cookie_is_the_hosts_own() -> None:
    assert browsers.cookie_name("https://city.example") == "__Host-motcua"
    assert browsers.cookie_name("http://127.0.0.1:8000") == "motcua"


async def test_AUT_22_an_assurance_that_cannot_be_met(browser: Browser, city: CityPeople) -> None:
    essential = json.dumps({"id_token": {"acr": {"essential": True, "values": ["urn:motcua:loa:2"]}}})
    answer = await browser.through(claims=essential)
    assert claims(await browser.redeem(answer["code"]))["acr"] == "urn:motcua:loa:2"
    await _set_level(city, 1)
    try:
        answer = told(browser, await browser.go(claims=essential))
        assert answer["error"] == "unmet_authentication_requirements"
        voluntary = told(browser, await browser.go(acr_values="urn:motcua:loa:2"))
        assert claims(await browser.redeem(voluntary["code"]))["acr"] == "urn:motcua:loa:1"
    finally:
        await _set_level(city, 2)


async def _set_level(city: CityPeople, level: int) -> None:
    async with city.house.db.begin() as conn:
        await (await raw(conn)).execute(
            "update accounts set level = %s where full_name = 'Nguyễn Thị Hồng Thắm'", (level,)
        )


async def test_an_officer_does_not_sign_in_to_a_partners_app(browser: Browser) -> None:
    page = await browser.to(await browser.go())
    refused = await browser.to(await browser.sign_in(page, "khanh.tuphap@motcua.test"))
    assert refused.status_code == 403
    assert 'name="login"' in refused.text


async def test_a_wrong_code_and_one_too_many(browser: Browser) -> None:
    page = await browser.to(await browser.send(await browser.to(await browser.go()), "/login", login="0900000011"))
    for _ in range(4):
        wrong = await browser.send(page, "/code", code="000000")
        assert wrong.status_code == 422
        assert 'role="alert"' in wrong.text
    over = await browser.send(page, "/code", code="000000")
    assert over.status_code == 410
    assert 'name="login"' in over.text, "a new code can be asked for"
    nobody = await browser.send(await browser.http.get(str(page.url)), "/login", login="hello")
    assert nobody.status_code == 422
    assert 'value="hello"' in nobody.text, "what was typed is not lost"


async def test_a_mistyped_login_is_typed_again(citizen: Browser) -> None:
    page = await citizen.to(
        await citizen.send(await citizen.to(await citizen.go(prompt="login")), "/login", login=OTHER)
    )
    back = await citizen.to(await citizen.send(page, "/again"))
    assert 'name="login"' in back.text
    assert "code" in told(citizen, await citizen.go(prompt="none")), "who was signed in still is"


async def test_another_browser_does_not_go_on_with_it(browser: Browser, city: CityPeople) -> None:
    page = await browser.to(await browser.go())
    assert (await Browser(city).http.get(str(page.url))).status_code == 410


async def test_ISS_1_every_answer_names_its_issuer(citizen: Browser) -> None:
    for change in ({}, {"scope": "desk"}, {"response_type": "token"}, {"prompt": "none", "max_age": "0"}):
        with clock.shifted(timedelta(seconds=2)):
            assert told(citizen, await citizen.go(**change))["iss"] == ISSUER
