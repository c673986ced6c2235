"""Tokens exchanged for narrower ones (RFC 8693): rows EXC of our own, after the checklist's."""

from datetime import timedelta
from typing import Any

import pytest

from api.caller import Device
from identity import accounts, consents, tokens
from identity.tokens import rfc8693
from identity.tokens.refusals import BadClient
from identity.tokens.rfc8414 import TOKEN_EXCHANGE
from kit import clock
from tests.identity.tokens.browsing import OTHER, TOKEN, Browser
from tests.identity.tokens.serving import BUS, LAND, Shop, claims, error_of, good, settle
from tests.people import ISSUER, CityPeople

BOTH = [ISSUER, LAND]


@pytest.fixture(scope="module")
async def shop(city: CityPeople) -> Any:
    city.house.limits._scale = 1000  # pyright: ignore[reportPrivateUsage]
    yield Shop(city, await settle(city))
    city.house.limits._scale = 1  # pyright: ignore[reportPrivateUsage]


async def test_EXC_1_a_token_for_another_to_act_with(shop: Shop) -> None:
    held = await shop.token()
    given = good(await shop.exchange(held["access_token"], scope="openid"))
    assert given["issued_token_type"] == rfc8693.ACCESS_TOKEN
    assert (given["token_type"], given["scope"]) == ("Bearer", "openid")
    assert "refresh_token" not in given
    assert "id_token" not in given
    before, after = claims(held["access_token"]), claims(given["access_token"])
    assert after["act"] == {"sub": "broker", "client_id": "broker"}
    assert after["client_id"] == "broker"
    assert (after["acr"], after["amr"], after["auth_time"]) == (before["acr"], before["amr"], before["auth_time"])
    assert after["sub"] != before["sub"], "the broker knows people by names of its own"
    assert set(good(await shop.user_info(given["access_token"]))) == {"sub"}
    known = await shop.introspect("broker", given["access_token"])
    assert known["active"]
    assert known["act"] == after["act"]
    assert good(await shop.user_info(held["access_token"]))["name"], "what was shown is as good as it was"


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"subject_token": None}, "invalid_request"),
        ({"subject_token_type": None}, "invalid_request"),
        ({"subject_token_type": "urn:ietf:params:oauth:token-type:id_token"}, "invalid_request"),
        ({"subject_token": "garbage"}, "invalid_request"),
        ({"requested_token_type": "urn:ietf:params:oauth:token-type:refresh_token"}, "invalid_request"),
        ({"actor_token_type": rfc8693.ACCESS_TOKEN}, "invalid_request"),
        ({"actor_token": "garbage", "actor_token_type": rfc8693.ACCESS_TOKEN}, "invalid_request"),
        ({"actor_token": "garbage"}, "invalid_request"),
    ],
)
async def test_EXC_2_requests_that_are_none(shop: Shop, change: dict[str, str | None], error: str) -> None:
    held = await shop.token()
    assert error_of(await shop.exchange(**{"subject": held["access_token"], **change})) == error  # type: ignore[arg-type]


async def test_EXC_2_what_is_no_token_of_a_person_in_force(shop: Shop) -> None:
    held = await shop.token()
    for shown in (held["refresh_token"], held["id_token"], await shop.own("robot")):
        assert error_of(await shop.exchange(shown)) == "invalid_request"
    with clock.shifted(timedelta(minutes=11)):
        assert error_of(await shop.exchange(held["access_token"])) == "invalid_request"
    good(await shop.exchange(held["access_token"]))


async def test_EXC_3_never_wider(shop: Shop) -> None:
    held = (await shop.token(resource=BOTH))["access_token"]
    for scope in ("openid phone", "openid cards:read", "openid offline_access", "openid account"):
        assert error_of(await shop.exchange(held, scope=scope)) == "invalid_scope", scope
    everything = good(await shop.exchange(held))
    assert set(everything["scope"].split()) == {"openid", "profile"}, "what is lent to nobody is left out"
    for more in ({"resource": BUS}, {"resource": [LAND, BUS]}, {"audience": "shop"}, {"audience": "https://else.test"}):
        assert error_of(await shop.exchange(held, **more)) == "invalid_target", more
    assert claims(everything["access_token"])["aud"] == BOTH
    for more in ({"resource": LAND}, {"audience": "land-office"}, {"audience": LAND}):
        assert claims(good(await shop.exchange(held, **more))["access_token"])["aud"] == LAND, more
    narrow = (await shop.token(resource=LAND))["access_token"]
    assert error_of(await shop.exchange(narrow, resource=ISSUER)) == "invalid_target"


async def test_EXC_3_never_longer(shop: Shop) -> None:
    held = (await shop.token())["access_token"]
    with clock.shifted(timedelta(minutes=7)):
        given = good(await shop.exchange(held))
        assert given["expires_in"] <= 180
        assert claims(given["access_token"])["exp"] == claims(held)["exp"]


@pytest.mark.parametrize("end", ["given back", "by its person", "consent withdrawn", "client disabled", "account"])
async def test_EXC_4_what_ends_the_subject_ends_the_result(shop: Shop, end: str) -> None:
    house = shop.city.house
    held = await shop.token("shop", OTHER)
    given = good(await shop.exchange(held["access_token"]))["access_token"]
    again = good(await shop.exchange(given, "clerk"))["access_token"]
    assert (await shop.user_info(again)).status_code == 200
    phone = accounts.contact.parse(OTHER)
    assert phone is not None
    if end == "given back":
        await shop.call("shop", "/v1/oauth/revoke", token=held["refresh_token"])
    async with house.db.begin() as conn:
        who = await accounts.by_login(conn, house.keys, phone)
        assert who is not None
        if end == "by its person":
            assert await tokens.end_session(conn, account_id=who.id, session_id=claims(held["access_token"])["gid"])
        elif end == "account":
            await tokens.revoke_tokens(conn, account_id=who.id, reason="a test")
        elif end == "client disabled":
            await tokens.disable_client(conn, "shop")
    if end == "consent withdrawn":
        async with house.db.begin() as conn:
            found = await consents.standing(conn, who.id, "shop", clock.now())
            assert found is not None
            await tokens.revoke_tokens_of_client(conn, who.id, "shop", reason="the consent was withdrawn")
    try:
        for token in (given, again):
            answer = await shop.user_info(token)
            assert answer.status_code == 401, end
            assert answer.json()["code"] == "token-revoked"
            assert await shop.introspect("broker", token) == {"active": False}
        assert error_of(await shop.exchange(held["access_token"])) == "invalid_request"
    finally:
        async with house.db.begin() as conn:
            await tokens.enable_client(conn, "shop")


async def test_EXC_4_the_end_of_a_link_ends_what_follows_and_nothing_before(shop: Shop) -> None:
    held = await shop.token()
    given = good(await shop.exchange(held["access_token"]))["access_token"]
    again = good(await shop.exchange(given, "clerk"))["access_token"]
    await shop.call("broker", "/v1/oauth/revoke", token=given)
    assert [(await shop.user_info(one)).status_code for one in (held["access_token"], given, again)] == [200, 401, 401]


async def test_EXC_5_who_acts_and_who_did_before(shop: Shop) -> None:
    held = (await shop.token())["access_token"]
    first = good(await shop.exchange(held))["access_token"]
    second = claims(good(await shop.exchange(first, "clerk"))["access_token"])
    assert second["act"] == {
        "sub": "clerk", "client_id": "clerk", "act": {"sub": "broker", "client_id": "broker"},
    }  # fmt: skip
    with clock.shifted(timedelta(minutes=5)):
        late = (await shop.token())["access_token"]
        own = await shop.own("broker")
    actor: dict[str, Any] = {"actor_token": await shop.own("broker"), "actor_token_type": rfc8693.ACCESS_TOKEN}
    acted = good(await shop.exchange(held, **actor))
    assert claims(acted["access_token"])["act"] == {"sub": "broker", "client_id": "broker"}
    # The actor's token bounds it as the subject's does: in time, and in its end.
    with clock.shifted(timedelta(minutes=5)):
        short = claims(good(await shop.exchange(late, **actor))["access_token"])
        assert short["exp"] == claims(actor["actor_token"])["exp"] < claims(late)["exp"]
        ended = good(await shop.exchange(late, actor_token=own, actor_token_type=rfc8693.ACCESS_TOKEN))["access_token"]
        await shop.call("broker", "/v1/oauth/revoke", token=own)
        assert (await shop.user_info(ended)).status_code == 401
    assert (
        error_of(await shop.exchange(held, actor_token=held, actor_token_type=rfc8693.ACCESS_TOKEN))
        == "invalid_request"
    )


async def test_EXC_6_who_may_exchange_whose(shop: Shop) -> None:
    held = (await shop.token())["access_token"]
    assert error_of(await shop.exchange(held, "robot")) == "unauthorized_client"
    assert error_of(await shop.exchange(held, "clerk")) == "invalid_request", "the clerk takes the broker's only"
    plain = (await shop.token("plain"))["access_token"]
    assert error_of(await shop.exchange(plain)) == "invalid_request"
    good(await shop.exchange(held))
    common: dict[str, Any] = {"client_id": "x", "name": "x", "scopes": ["openid"]}
    for rest in (
        {"kind": "confidential", "grants": [TOKEN_EXCHANGE]},
        {"kind": "confidential", "grants": ["client_credentials"], "exchange_from": ["shop"]},
        {"kind": "public", "grants": [TOKEN_EXCHANGE], "exchange_from": ["shop"]},
        {"kind": "confidential", "grants": [TOKEN_EXCHANGE], "exchange_from": ["nobody"]},
    ):
        async with shop.city.house.db.begin() as conn:
            with pytest.raises(BadClient):
                await tokens.register_client(conn, **common, **rest)


async def test_EXC_6_an_officers_token_is_exchanged_for_nothing(shop: Shop) -> None:
    async with shop.city.house.db.begin() as conn:
        secret = await tokens.register_client(
            conn, client_id="desk-broker", name="x", kind="confidential", grants=[TOKEN_EXCHANGE],
            scopes=["openid", "desk"], exchange_from=["desk-app"],
        )  # fmt: skip
    assert secret is not None
    shop.secrets["desk-broker"] = secret
    officer = await shop.city.signed_in("civil_status")
    device = Device()
    answer = await shop.city.client.post(
        TOKEN,
        data={"grant_type": TOKEN_EXCHANGE, "subject_token": officer.token, "subject_token_type": rfc8693.ACCESS_TOKEN},
        auth=("desk-broker", secret),
        headers={"DPoP": device.proof("POST", ISSUER + TOKEN)},
    )
    assert error_of(answer) == "invalid_request"


async def test_EXC_7_what_is_bound_stays_bound(shop: Shop) -> None:
    browser, phone, service = Browser(shop.city), Device(), Device()
    told = await browser.through(allow=["profile"], scope="openid profile")
    held = good(await browser.redeem(told["code"], phone))["access_token"]
    assert error_of(await shop.exchange(held)) == "invalid_request"
    form = {"grant_type": TOKEN_EXCHANGE, "subject_token": held, "subject_token_type": rfc8693.ACCESS_TOKEN}
    answer = await shop.city.client.post(
        TOKEN,
        data=form,
        auth=("broker", shop.secrets["broker"]),
        headers={"DPoP": service.proof("POST", ISSUER + TOKEN)},
    )
    given = good(answer)
    assert given["token_type"] == "DPoP"
    assert claims(given["access_token"])["cnf"] != claims(held)["cnf"]
    assert (await shop.user_info(given["access_token"])).status_code == 401, "not without the service's own key"


async def test_EXC_7_the_citys_own_app_gains_nothing_by_it(shop: Shop) -> None:
    """An exchanged token is never taken for one the person signed in to the city's own app for."""
    held = (await shop.token())["access_token"]
    given = good(await shop.exchange(held, "dresser"))["access_token"]
    assert claims(given)["sub"] == claims(held)["sub"], "one sector: never the account's own name"
    assert (await shop.user_info(given)).status_code == 200
    me = await shop.city.client.get("/v1/me", headers={"Authorization": f"Bearer {given}"})
    assert me.status_code == 404, me.text


async def test_EXC_8_the_metadata_says_so(shop: Shop) -> None:
    said = good(await shop.city.client.get("/.well-known/openid-configuration"))
    assert TOKEN_EXCHANGE in said["grant_types_supported"]
