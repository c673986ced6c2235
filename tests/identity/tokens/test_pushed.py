"""POST /v1/oauth/par and clients that sign: rows PAR, TOK-7 to TOK-9, TOK-11, DPO-9, INT and REV of the checklist."""

import secrets
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from api.caller import Device
from identity import tokens
from identity.tokens import rfc7523, rfc7638
from identity.tokens.refusals import BadClient
from kit import clock
from kit.refusal import Words
from tests.identity.tokens.browsing import AUTHORIZE, TOKEN, Browser
from tests.people import ISSUER, CityPeople

PAR, INTROSPECT, REVOKE = "/v1/oauth/par", "/v1/oauth/introspect", "/v1/oauth/revoke"
SCHOOL = "https://school.motcua.test/callback"
WHY = Words(vi="Để thử.", en="To try.")
KEY = ec.generate_private_key(ec.SECP256R1())


@pytest.fixture(scope="module", autouse=True)
async def _clients(city: CityPeople) -> AsyncIterator[None]:
    city.house.limits._scale = 1000  # pyright: ignore[reportPrivateUsage]
    jwk = rfc7638.public_jwk(KEY.public_key(), kid="k1")
    common: dict[str, Any] = {
        "kind": "confidential", "scopes": ["openid", "profile"], "purpose": WHY, "keys": [jwk],
        "grants": ["authorization_code", "client_credentials"], "redirect_uris": ["https://signer.test/cb"],
    }  # fmt: skip
    async with city.house.db.begin() as conn:
        for client_id, more in (("signer", {}), ("strict", {"fapi2": True}), ("pusher", {"require_par": True})):
            made = await tokens.register_client(conn, client_id=client_id, name=client_id, **common, **more)
            assert made is None, "who signs has no secret"
    yield
    city.house.limits._scale = 1  # pyright: ignore[reportPrivateUsage]


@pytest.fixture
def school(city: CityPeople) -> Browser:
    return Browser(city, "partner-server", SCHOOL)


def _basic(city: CityPeople) -> tuple[str, str]:
    return "partner-server", city.furnished.secrets["partner-server"]


def error_of(response: httpx.Response, status: int = 400) -> str:
    assert response.status_code == status, response.text
    assert response.headers["cache-control"] == "no-store"
    assert set(response.json()) == {"error", "error_description"}
    return response.json()["error"]


def assertion(
    client_id: str = "signer", *, key: Any = KEY, alg: str = "ES256", without: str = "", **change: Any
) -> str:
    now = int(clock.now().timestamp())
    claims: dict[str, Any] = {
        "iss": client_id, "sub": client_id, "aud": ISSUER, "exp": now + 60, "iat": now, "jti": secrets.token_hex(8), **change,
    }  # fmt: skip
    claims.pop(without, None)
    return jwt.encode(claims, key, alg)


async def ask(city: CityPeople, signed: str, *, device: Device | None = None, **more: str) -> httpx.Response:
    """A token of the client for itself."""
    form = {
        "grant_type": "client_credentials", "client_assertion": signed, "client_assertion_type": rfc7523.ASSERTION_TYPE, **more,
    }  # fmt: skip
    headers = {} if device is None else {"DPoP": device.proof("POST", ISSUER + TOKEN)}
    return await city.client.post(TOKEN, data=form, headers=headers)


async def push(browser: Browser, auth: tuple[str, str] | None, **change: str | None) -> httpx.Response:
    if auth is None:
        return await browser.city.client.post(PAR, data=browser.asked(**change))
    return await browser.city.client.post(PAR, data=browser.asked(**change), auth=auth)


async def test_PAR_1_a_request_that_is_good(city: CityPeople, school: Browser) -> None:
    answer = await push(school, _basic(city))
    assert answer.status_code == 201, answer.text
    assert answer.headers["cache-control"] == "no-store"
    said = answer.json()
    assert set(said) == {"request_uri", "expires_in"}
    assert said["request_uri"].startswith("urn:ietf:params:oauth:request_uri:")
    assert 5 <= said["expires_in"] < 600
    # What else the browser brings counts for nothing (RFC 9101 §6.3).
    told = await _through(
        school, said["request_uri"], scope="openid desk", state="planted", redirect_uri="https://evil.test/"
    )
    assert told["state"] == "s-1"
    form = {"grant_type": "authorization_code", "code": told["code"], "code_verifier": school.pkce.verifier}
    assert (await city.client.post(TOKEN, data=form, auth=_basic(city))).status_code == 200


async def _through(browser: Browser, request_uri: str, **more: str) -> dict[str, str]:
    query = {"client_id": browser.client_id, "request_uri": request_uri, **more}
    response = await browser.http.get(AUTHORIZE, params=query)
    for _ in range(3):
        if (told := browser.answer(response)) is not None:
            return told
        page = await browser.to(response)
        consent = "/consent?" in page.text
        response = await (browser.send(page, "/consent", allow=["profile"]) if consent else browser.sign_in(page))
    told = browser.answer(response)
    assert told is not None
    return told


async def test_PAR_2_requests_that_are_refused(city: CityPeople, school: Browser) -> None:
    assert error_of(await push(school, None), 401) == "invalid_client"
    assert error_of(await push(school, ("partner-server", "wrong")), 401) == "invalid_client"
    assert (await city.client.get(PAR)).status_code == 405
    basic = _basic(city)
    for change, error in (
        ({"request_uri": "urn:ietf:params:oauth:request_uri:x"}, "invalid_request"),
        ({"redirect_uri": "https://evil.test/cb"}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "desk"}, "invalid_scope"),
        ({"request": "x"}, "request_not_supported"),
        ({"client_id": "partner-app"}, "invalid_request"),
    ):
        assert error_of(await push(school, basic, **change)) == error, change


async def test_PAR_3_by_another_client_too_late_or_again(city: CityPeople, school: Browser) -> None:
    async def pushed() -> str:
        return (await push(school, _basic(city))).json()["request_uri"]

    async def refused(client_id: str, request_uri: str) -> None:
        query = {"client_id": client_id, "request_uri": request_uri}
        answer = await school.http.get(AUTHORIZE, params=query)
        assert answer.status_code == 400
        assert "location" not in answer.headers

    await refused("partner-app", await pushed())
    await refused("partner-server", "urn:ietf:params:oauth:request_uri:mc_rq_nothing")
    late = await pushed()
    with clock.shifted(timedelta(seconds=91)):
        await refused("partner-server", late)
    used = await pushed()
    assert "code" in await _through(school, used)
    await refused("partner-server", used)


async def test_PAR_4_reloaded_before_the_end(city: CityPeople, school: Browser) -> None:
    request_uri = (await push(school, _basic(city))).json()["request_uri"]
    query = {"client_id": "partner-server", "request_uri": request_uri}
    first = await school.http.get(AUTHORIZE, params=query)
    assert first.status_code == 303
    with clock.shifted(timedelta(minutes=4)):
        assert (await school.http.get(AUTHORIZE, params=query)).headers["location"] == first.headers["location"]
        assert "code" in await _through(school, request_uri)


async def test_PAR_5_who_must_push(city: CityPeople) -> None:
    browser = Browser(city, "pusher", "https://signer.test/cb")
    told = browser.answer(await browser.go())
    assert told is not None
    assert (told["error"], told["state"], told["iss"]) == ("invalid_request", "s-1", ISSUER)
    by_form = browser.answer(await browser.http.post(AUTHORIZE, data=browser.asked()))
    assert by_form is not None
    assert by_form["error"] == "invalid_request"
    signed = {"client_assertion": assertion("pusher"), "client_assertion_type": rfc7523.ASSERTION_TYPE}
    pushed = await city.client.post(PAR, data=browser.asked() | signed)
    assert pushed.status_code == 201, pushed.text
    assert "code" in await _through(browser, pushed.json()["request_uri"])


async def test_PAR_6_a_body_too_large(city: CityPeople, school: Browser) -> None:
    assert (await push(school, _basic(city), extra="x" * 100_000)).status_code == 413


async def test_TOK_7_assertions_that_do_not_hold(city: CityPeople) -> None:
    assert (await ask(city, assertion())).status_code == 200
    now = int(clock.now().timestamp())
    wrong: list[dict[str, Any]] = [
        {"without": "sub"}, {"without": "iss"}, {"without": "aud"}, {"without": "exp"}, {"without": "jti"}, {"sub": "partner-server"},
        {"iss": "partner-server"}, {"aud": "https://other.test"}, {"aud": []}, {"exp": now - 300}, {"exp": now + 90_000},
        {"exp": "soon"}, {"jti": ""}, {"key": ec.generate_private_key(ec.SECP256R1())},
        {"key": rfc7638.public_jwk(KEY.public_key())["x"], "alg": "HS256"}, {"key": None, "alg": "none"},
    ]  # fmt: skip
    for change in wrong:
        assert error_of(await ask(city, assertion(**change)), 401) == "invalid_client", change
    once = assertion(jti=str(uuid.uuid4()))
    assert (await ask(city, once)).status_code == 200
    assert error_of(await ask(city, once), 401) == "invalid_client"
    for nothing in ("x", "a.b.c", assertion("nobody-knows"), assertion("partner-server"), assertion("partner-app")):
        assert error_of(await ask(city, nothing), 401) == "invalid_client"
    assert error_of(await ask(city, assertion(), client_id="partner-server")) == "invalid_request"
    assert error_of(await ask(city, assertion(), client_secret="x")) == "invalid_request"
    kind = await ask(
        city, assertion(), client_assertion_type="urn:ietf:params:oauth:client-assertion-type:saml2-bearer"
    )
    assert error_of(kind, 401) == "invalid_client"


async def test_TOK_8_clocks_that_differ(city: CityPeople) -> None:
    now = int(clock.now().timestamp())
    for ahead in ("iat", "nbf"):
        assert (await ask(city, assertion(**{ahead: now + 8}))).status_code == 200
        assert error_of(await ask(city, assertion(**{ahead: now + 60})), 401) == "invalid_client"


async def test_TOK_9_whom_an_assertion_is_for(city: CityPeople) -> None:
    for audience in (ISSUER, ISSUER + TOKEN, ISSUER + PAR, [ISSUER], ["https://other.test", ISSUER + TOKEN]):
        assert (await ask(city, assertion(aud=audience))).status_code == 200, audience
    for audience in (ISSUER + TOKEN, ISSUER + PAR, [ISSUER], ISSUER + "/"):
        refused = await ask(city, assertion("strict", aud=audience), device=Device())
        assert error_of(refused, 401) == "invalid_client", audience
    assert (await ask(city, assertion("strict"), device=Device())).status_code == 200
    assert error_of(await ask(city, assertion("strict"))) == "invalid_dpop_proof"


async def test_TOK_11_another_algorithm(city: CityPeople) -> None:
    key = rsa.generate_private_key(65537, 2048)
    for alg in ("RS256", "PS256"):
        assert error_of(await ask(city, assertion(key=key, alg=alg)), 401) == "invalid_client"


async def test_TOK_11_keys_that_are_not_registered(city: CityPeople) -> None:
    private = rfc7638.public_jwk(KEY.public_key()) | {"d": "AAAA"}
    for keys in ([private], [{"kty": "oct", "k": "AAAA"}], [{"kty": "RSA", "n": "AAAA", "e": "AQAB"}]):
        async with city.house.db.begin() as conn:
            with pytest.raises(BadClient):
                await tokens.register_client(
                    conn, client_id="bad", name="bad", kind="confidential", grants=["client_credentials"], scopes=[], keys=keys,
                )  # fmt: skip


async def test_DPO_9_the_key_of_the_request_is_the_key_of_the_token(city: CityPeople) -> None:
    browser, device, other = Browser(city), Device(), Device()
    jkt = rfc7638.thumbprint(device.key.public_key())

    async def pushed(**change: str) -> httpx.Response:
        proof = {"DPoP": device.proof("POST", ISSUER + PAR)}
        return await city.client.post(PAR, data=browser.asked(**change), headers=proof)

    different = await pushed(dpop_jkt=rfc7638.thumbprint(other.key.public_key()))
    assert error_of(different) == "invalid_dpop_proof"
    wrong = await city.client.post(PAR, data=browser.asked(), headers={"DPoP": device.proof("POST", ISSUER + TOKEN)})
    assert error_of(wrong) == "invalid_dpop_proof"
    told = await _through(browser, (await pushed(dpop_jkt=jkt)).json()["request_uri"])
    assert (await browser.redeem(told["code"], other)).json()["error"] == "invalid_grant"
    assert (await browser.redeem(told["code"], device)).status_code == 200
    by_parameter = browser.answer(await browser.go(dpop_jkt=jkt))
    assert by_parameter is not None
    assert (await browser.redeem(by_parameter["code"], other)).json()["error"] == "invalid_grant"
    malformed = browser.answer(await browser.go(dpop_jkt="short"))
    assert malformed is not None
    assert malformed["error"] == "invalid_request"


async def _held(city: CityPeople, school: Browser) -> dict[str, Any]:
    told = await school.through(allow=["profile", "offline_access"], scope="openid profile offline_access")
    form = {"grant_type": "authorization_code", "code": told["code"], "code_verifier": school.pkce.verifier}
    return (await city.client.post(TOKEN, data=form, auth=_basic(city))).json()


async def test_INT_1_a_token_of_ones_own_and_no_other(city: CityPeople, school: Browser) -> None:
    held, basic = await _held(city, school), _basic(city)

    async def introspect(token: str, auth: tuple[str, str] = basic) -> dict[str, Any]:
        answer = await city.client.post(INTROSPECT, data={"token": token}, auth=auth)
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
        return answer.json()

    said = await introspect(held["access_token"])
    claims = jwt.decode(held["access_token"], options={"verify_signature": False})
    assert said["active"] is True
    assert {name: said[name] for name in ("sub", "client_id", "exp", "iat", "iss", "aud", "jti", "scope", "acr")} == {
        name: claims[name] for name in ("sub", "client_id", "exp", "iat", "iss", "aud", "jti", "scope", "acr")
    }
    assert "gid" not in said
    refresh = await introspect(held["refresh_token"])
    assert (refresh["active"], refresh["client_id"]) == (True, "partner-server")
    none = {"active": False}
    for nothing in ("garbage", held["id_token"], "mc_rt_x", held["access_token"][:-2]):
        assert await introspect(nothing) == none
    kiosk = ("kiosk-sai-gon", city.furnished.secrets["kiosk-sai-gon"])
    for token in (held["access_token"], held["refresh_token"]):
        assert await introspect(token, kiosk) == none, "another's audience"
    with clock.shifted(timedelta(minutes=11)):
        assert await introspect(held["access_token"]) == none
    await city.client.post(REVOKE, data={"token": held["access_token"]}, auth=basic)
    for token in (held["access_token"], held["refresh_token"]):
        assert await introspect(token) == none


async def test_INT_2_nobody_asks(city: CityPeople) -> None:
    assert error_of(await city.client.post(INTROSPECT, data={"token": "x"}), 401) == "invalid_client"
    public = {"token": "x", "client_id": "partner-app"}
    assert error_of(await city.client.post(INTROSPECT, data=public), 401) == "invalid_client"
    assert error_of(await city.client.post(INTROSPECT, auth=_basic(city))) == "invalid_request", "a form of nothing"
    assert error_of(await city.client.post(INTROSPECT, json={}, auth=_basic(city)), 415) == "invalid_request"
    assert error_of(await city.client.post(INTROSPECT, data={"x": "y"}, auth=_basic(city))) == "invalid_request"


@pytest.mark.parametrize("hint", [None, "access_token", "refresh_token", "nonsense"])
@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
async def test_REV_1_whatever_the_hint(city: CityPeople, school: Browser, which: str, hint: str | None) -> None:
    held = await _held(city, school)
    form = {"token": held[which]} | ({} if hint is None else {"token_type_hint": hint})
    answer = await city.client.post(REVOKE, data=form, auth=_basic(city))
    assert answer.status_code == 200
    bearer = {"Authorization": f"Bearer {held['access_token']}"}
    assert (await city.client.get("/v1/oauth/userinfo", headers=bearer)).json()["code"] == "token-revoked"


async def test_REV_2_what_is_not_ones_own(city: CityPeople) -> None:
    basic = _basic(city)
    assert (await city.client.post(REVOKE, data={"token": "garbage"}, auth=basic)).status_code == 200
    assert error_of(await city.client.post(REVOKE, data={"x": "y"}, auth=basic)) == "invalid_request"
    assert error_of(await city.client.post(REVOKE, data={"token": "x"}), 401) == "invalid_client"
