"""Which service a token is for (RFC 8707, RFC 9068 §3): rows RES of our own, after the checklist's."""

import re
from typing import Any

import pytest

from identity import tokens
from identity.tokens import rfc8707
from identity.tokens.refusals import BadClient, BadService, ServiceExists
from identity.tokens.rfc6749 import OAuthError, Twice, gathered, values
from identity.tokens.rfc8414 import DEVICE_CODE
from kit.db import raw
from tests.identity.tokens.browsing import OTHER, Browser
from tests.identity.tokens.serving import ALLOWED, BUS, CALLBACK, LAND, SCOPE, WHY, Shop, claims, error_of, good, settle
from tests.identity.tokens.test_device import consent_page
from tests.people import ISSUER, CityPeople


@pytest.fixture(scope="module")
async def shop(city: CityPeople) -> Any:
    city.house.limits._scale = 1000  # pyright: ignore[reportPrivateUsage]
    yield Shop(city, await settle(city))
    city.house.limits._scale = 1  # pyright: ignore[reportPrivateUsage]


def aud(answer: dict[str, Any]) -> str | list[str]:
    return claims(answer["access_token"])["aud"]


def test_RES_1_resource_may_stand_several_times_and_nothing_else() -> None:
    sent = gathered([("resource", LAND), ("scope", "openid"), ("resource", ""), ("resource", BUS), ("resource", LAND)])
    assert values(sent, "resource") == (LAND, BUS)
    assert sent["scope"] == "openid"
    assert values(sent, "audience") == ()
    with pytest.raises(Twice):
        gathered([("scope", "openid"), ("scope", "")])


@pytest.mark.parametrize("uri", ["land", "/api", "//land.test/api", f"{LAND}#part", f"{LAND} {BUS}", "https://[x/", ""])
def test_RES_1_what_names_no_service(uri: str) -> None:
    with pytest.raises(OAuthError, match="invalid_target"):
        rfc8707.wanted({"resource": uri})


async def test_RES_1_named_at_the_authorization_endpoint(shop: Shop) -> None:
    assert aud(await shop.token()) == ISSUER, "the city's own, when none is named"
    assert aud(await shop.token(resource=LAND)) == LAND
    form = await shop.code(resource=[ISSUER, LAND])
    assert aud(good(await shop.call("shop", **form))) == [ISSUER, LAND]
    form = await shop.code(resource=[ISSUER, LAND])
    assert aud(good(await shop.call("shop", **form, resource=LAND))) == LAND


async def test_RES_1_pushed(shop: Shop) -> None:
    browser = Browser(shop.city, "shop", CALLBACK)
    pushed = await shop.call("shop", "/v1/oauth/par", **browser.asked(scope=SCOPE), resource=[LAND, BUS])
    assert pushed.status_code == 201, pushed.text
    everything = dict.fromkeys(browser.asked())
    asked: dict[str, Any] = everything | {"client_id": "shop", "request_uri": pushed.json()["request_uri"]}
    told = await browser.through(allow=ALLOWED, **asked)
    form = {"grant_type": "authorization_code", "code": told["code"], "code_verifier": browser.pkce.verifier}
    assert aud(good(await shop.call("shop", **form))) == [LAND, BUS]


async def test_RES_1_refreshed(shop: Shop) -> None:
    held = await shop.token(resource=[ISSUER, LAND])
    asked = {"grant_type": "refresh_token"}
    held = good(await shop.call("shop", **asked, refresh_token=held["refresh_token"], resource=LAND))
    assert aud(held) == LAND
    # What was not asked for this once is not lost (§2.2).
    again = good(await shop.call("shop", **asked, refresh_token=held["refresh_token"]))
    assert aud(again) == [ISSUER, LAND]
    wrong = await shop.call("shop", **asked, refresh_token=again["refresh_token"], resource=BUS)
    assert error_of(wrong) == "invalid_target"
    good(await shop.call("shop", **asked, refresh_token=again["refresh_token"]))


async def test_RES_1_a_lost_reply_for_another_service_is_another_request(shop: Shop) -> None:
    held = await shop.token(resource=[ISSUER, LAND])
    form = {"grant_type": "refresh_token", "refresh_token": held["refresh_token"]}
    first = good(await shop.call("shop", **form, resource=LAND))
    assert good(await shop.call("shop", **form, resource=LAND)) == first
    assert error_of(await shop.call("shop", **form, resource=ISSUER)) == "invalid_grant"


async def test_RES_1_at_a_device(shop: Shop) -> None:
    started = good(await shop.call("screen", "/v1/oauth/device_authorization", resource=LAND))
    phone = Browser(shop.city)
    page = await consent_page(phone, started)
    assert "land.motcua.test" in page.text
    await phone.send(page, "/consent", allow=["profile", f"service:{LAND}"], same="yes")
    form = {"grant_type": DEVICE_CODE, "device_code": started["device_code"]}
    assert aud(good(await shop.call("screen", **form))) == LAND


async def test_RES_1_a_client_for_itself(shop: Shop) -> None:
    assert claims(await shop.own("robot"))["aud"] == ISSUER
    assert claims(await shop.own("robot", resource=LAND))["aud"] == LAND


async def test_RES_2_a_service_nobody_registered_for_this_client(shop: Shop) -> None:
    browser = Browser(shop.city, "shop", CALLBACK)
    for bad in (f"{LAND}/", "https://land.motcua.test", "land", f"{LAND}#x", [LAND, "https://else.test"]):
        told = browser.answer(await browser.go(resource=bad))  # type: ignore[arg-type]
        assert told is not None, bad
        assert (told["error"], told["state"], told["iss"]) == ("invalid_target", "s-1", ISSUER)
    pushed = await shop.call("shop", "/v1/oauth/par", **browser.asked(), resource="https://else.test")
    assert error_of(pushed) == "invalid_target"
    plain = Browser(shop.city, "plain", CALLBACK)
    told = plain.answer(await plain.go(resource=LAND))
    assert told is not None
    assert told["error"] == "invalid_target", "a service there is, but not for this app"
    assert error_of(await shop.call("robot", grant_type="client_credentials", resource=BUS)) == "invalid_target"
    assert error_of(await shop.call("screen", "/v1/oauth/device_authorization", resource=BUS)) == "invalid_target"
    form = await shop.code()
    assert error_of(await shop.call("shop", **form, resource=LAND)) == "invalid_target"
    good(await shop.call("shop", **form))


async def test_RES_3_each_service_refuses_what_is_for_another(shop: Shop) -> None:
    city = (await shop.token(resource=ISSUER))["access_token"]
    land = (await shop.token(resource=LAND))["access_token"]
    both = (await shop.token(resource=[ISSUER, LAND]))["access_token"]
    assert [(await shop.user_info(token)).status_code for token in (city, land, both)] == [200, 401, 200]
    refused = await shop.user_info(land)
    assert 'error="invalid_token"' in refused.headers["www-authenticate"]
    # The land registry asks about tokens for it, and learns nothing of others (INT-1).
    told = [await shop.introspect("land-office", token) for token in (city, land, both)]
    assert [one["active"] for one in told] == [False, True, True]
    assert told[0] == {"active": False}
    assert told[1]["aud"] == LAND
    assert (await shop.introspect("robot", land)) == {"active": False}
    assert (await shop.introspect("shop", land))["active"]


async def test_RES_4_a_token_says_to_a_service_what_it_understands(shop: Shop) -> None:
    held = await shop.token(resource=BUS)
    assert held["scope"] == claims(held["access_token"])["scope"] == "profile"
    browser = Browser(shop.city, "shop", CALLBACK)
    told = browser.answer(await browser.go(scope="openid offline_access", resource=BUS))
    assert told is not None
    assert told["error"] == "invalid_scope"
    # The ID token is the app's, whatever service the access token is for.
    assert held["id_token"]


async def test_RES_4_a_service_knows_a_person_by_one_name_of_its_own(shop: Shop) -> None:
    land, bus, city = [(await shop.token(resource=to))["access_token"] for to in (LAND, BUS, ISSUER)]
    other = (await shop.token(login=OTHER, resource=LAND))["access_token"]
    subs = [claims(token)["sub"] for token in (land, bus, city, other)]
    assert len(set(subs)) == 4
    assert claims((await shop.token(resource=LAND))["access_token"])["sub"] == subs[0]


async def test_RES_4_the_person_says_at_which_service(shop: Shop) -> None:
    both: dict[str, Any] = {"scope": SCOPE, "resource": [LAND, BUS], "prompt": "consent"}
    browser = Browser(shop.city, "shop", CALLBACK)
    page = await browser.to(await browser.sign_in(await browser.to(await browser.go(**both))))
    assert "land.motcua.test" in page.text
    assert "bus.motcua.test" in page.text
    told = browser.answer(await browser.send(page, "/consent", allow=["profile", f"service:{BUS}"]))
    assert told is not None
    form = {"grant_type": "authorization_code", "code": told["code"], "code_verifier": browser.pkce.verifier}
    assert aud(good(await shop.call("shop", **form))) == BUS
    none = await browser.through(allow=["profile"], **both)
    assert none["error"] == "access_denied", "not the city's own service instead"
    # What was allowed for one service says nothing of another.
    asked = await browser.through(allow=ALLOWED, scope=SCOPE, resource=LAND)
    assert "code" in asked


async def test_RES_5_what_is_registered_and_what_is_not(shop: Shop) -> None:
    async with shop.city.house.db.begin() as conn:
        for change in (
            {"uri": "http://land.test"}, {"uri": f"{LAND}#x"}, {"uri": "https://x.test/" + "x" * 200}, {"scopes": []},
            {"scopes": ["no-such"]}, {"scopes": ["account"]}, {"client_id": "partner-app"}, {"client_id": "nobody"},
        ):  # fmt: skip
            good_one: dict[str, Any] = {"uri": "https://new.test", "name": WHY, "scopes": ["profile"]}
            with pytest.raises(BadService):
                await tokens.register_service(conn, **good_one | change)
        with pytest.raises(ServiceExists):
            await tokens.register_service(conn, uri=LAND, name=WHY, scopes=["profile"])
        with pytest.raises(BadClient, match=re.escape("https://else.test")):
            await tokens.register_client(
                conn, client_id="x", name="x", kind="confidential", grants=["client_credentials"], scopes=[],
                resources=["https://else.test"],
            )  # fmt: skip


async def test_RES_5_a_service_that_takes_no_tokens_any_more(shop: Shop) -> None:
    held = await shop.token(resource=[ISSUER, BUS])
    async with shop.city.house.db.begin() as conn:
        await tokens.disable_service(conn, BUS)
    try:
        form = {"grant_type": "refresh_token", "refresh_token": held["refresh_token"]}
        assert error_of(await shop.call("shop", **form)) == "invalid_target"
        assert aud(good(await shop.call("shop", **form, resource=ISSUER))) == ISSUER
        browser = Browser(shop.city, "shop", CALLBACK)
        told = browser.answer(await browser.go(resource=BUS))
        assert told is not None
        assert told["error"] == "invalid_target"
    finally:
        async with shop.city.house.db.begin() as conn:
            await (await raw(conn)).execute("update oauth_services set disabled_at = null")
