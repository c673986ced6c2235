"""Log-out on the whole app: rows LOG of the checklist."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from identity import tokens
from identity.tokens import backchannel, store
from identity.tokens.refusals import BadClient
from kit import clock
from kit.db import raw
from kit.refusal import Words
from tests.identity.tokens.browsing import OTHER, TOKEN, Browser, form_of
from tests.people import ISSUER, CityPeople

LOGOUT = "/v1/oauth/logout"
BYE = "https://shop.test/bye"
WHY = Words(vi="Để thử.", en="To try.")


class App:
    """A listening partner: it answers what it is told to, and keeps what it hears."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
        )
        self.heard.append(await reader.readexactly(length))
        writer.write(self.answer)
        await writer.drain()
        writer.close()


@pytest.fixture(scope="module")
async def listening(city: CityPeople) -> AsyncIterator[App]:
    city.house.limits._scale = 1000  # pyright: ignore[reportPrivateUsage]
    app = App()
    async with await asyncio.start_server(app.serve, "127.0.0.1", 0) as server:
        app.port = server.sockets[0].getsockname()[1]
        async with city.house.db.begin() as conn:
            await tokens.register_client(
                conn, client_id="shop", name="shop", kind="public", grants=["authorization_code", "refresh_token"],
                scopes=["openid", "offline_access"], redirect_uris=["https://shop.test/cb"], purpose=WHY, dpop_required=False,
                post_logout_redirect_uris=[BYE, BYE + "?from=city"], backchannel_logout_uri=f"http://127.0.0.1:{app.port}/out",
            )  # fmt: skip
        yield app
    city.house.limits._scale = 1  # pyright: ignore[reportPrivateUsage]


@pytest.fixture
async def browser(city: CityPeople, listening: App) -> Browser:
    return Browser(city, "shop", "https://shop.test/cb")


async def sign_in(browser: Browser, login: str | None = None) -> dict[str, Any]:
    asked: dict[str, Any] = {"allow": ["offline_access"], "scope": "openid offline_access"}
    told = await (browser.through(login, **asked) if login else browser.through(**asked))
    form = {
        "grant_type": "authorization_code",
        "client_id": "shop",
        "code": told["code"],
        "code_verifier": browser.pkce.verifier,
    }
    return (await browser.city.client.post(TOKEN, data=form)).json()


async def out(browser: Browser, **sent: str) -> httpx.Response:
    return await browser.http.get(LOGOUT, params=sent)


async def signed_in(browser: Browser) -> bool:
    told = browser.answer(await browser.go(prompt="none", scope="openid offline_access"))
    assert told is not None
    assert ("code" in told) == (told.get("error") != "login_required")
    return "code" in told


async def refreshed(browser: Browser, held: dict[str, Any]) -> int:
    form = {"grant_type": "refresh_token", "client_id": "shop", "refresh_token": held["refresh_token"]}
    return (await browser.city.client.post(TOKEN, data=form)).status_code


async def test_LOG_1_back_to_the_app_and_nothing_left(browser: Browser) -> None:
    held = await sign_in(browser)
    unused = browser.answer(await browser.go(scope="openid offline_access")) or {}
    done = await out(browser, id_token_hint=held["id_token"], post_logout_redirect_uri=BYE, state="a b")
    assert (done.status_code, done.headers["location"]) == (303, f"{BYE}?state=a+b")
    assert not await signed_in(browser)
    assert await refreshed(browser, held) == 400
    bearer = {"Authorization": f"Bearer {held['access_token']}"}
    assert (await browser.city.client.get("/v1/oauth/userinfo", headers=bearer)).json()["code"] == "token-revoked"
    form = {"grant_type": "authorization_code", "client_id": "shop", "code_verifier": browser.pkce.verifier}
    late = await browser.city.client.post(TOKEN, data=form | {"code": unused["code"]})
    assert late.json()["error"] == "invalid_grant"
    again = await out(browser, id_token_hint=held["id_token"], post_logout_redirect_uri=BYE)
    assert again.headers["location"] == BYE, "signing out twice is once"


async def test_LOG_1_by_a_form_with_another_address(browser: Browser) -> None:
    held = await sign_in(browser)
    sent = {"id_token_hint": held["id_token"], "post_logout_redirect_uri": BYE + "?from=city", "state": "1"}
    posted = await browser.http.post(LOGOUT, data=sent)
    assert posted.status_code == 303
    done = await browser.http.get(posted.headers["location"])
    assert done.headers["location"] == BYE + "?from=city&state=1"
    assert not await signed_in(browser)


async def test_LOG_1_signing_in_again_is_the_same_session(browser: Browser) -> None:
    # The grants of before hung on a session that was replaced, and outlived the log-out.
    held = await sign_in(browser)
    page = await browser.to(await browser.go(prompt="login", scope="openid offline_access"))
    browser.answer(await browser.sign_in(page))
    await out(browser, id_token_hint=held["id_token"])
    assert await refreshed(browser, held) == 400


def _forged(held: dict[str, Any], **change: Any) -> list[str]:
    claims = jwt.decode(held["id_token"], options={"verify_signature": False})
    kid = jwt.get_unverified_header(held["id_token"])["kid"]
    stranger = ec.generate_private_key(ec.SECP256R1())
    return [
        jwt.encode(claims, None, "none", headers={"kid": kid}),  # type: ignore[arg-type]
        jwt.encode(claims, stranger, "ES256", headers={"kid": kid}),
        jwt.encode(claims, "x" * 40, "HS256", headers={"kid": kid}),
        held["access_token"],
        "nonsense",
    ]


async def test_LOG_2_nobody_is_led_anywhere_by_what_is_not_registered(browser: Browser, city: CityPeople) -> None:
    held = await sign_in(browser)
    good = held["id_token"]
    cases: list[dict[str, str]] = [
        {"id_token_hint": good, "post_logout_redirect_uri": "https://evil.test/"},
        {"id_token_hint": good, "post_logout_redirect_uri": BYE + "?x=1"},
        {"id_token_hint": good, "post_logout_redirect_uri": BYE + "/"},
        {"id_token_hint": good, "post_logout_redirect_uri": "https://shop.test/cb"},
        {"id_token_hint": good, "client_id": "partner-app", "post_logout_redirect_uri": BYE},
        {"client_id": "shop", "post_logout_redirect_uri": BYE},
        {"post_logout_redirect_uri": BYE, "state": "s"},
        {},
        *({"id_token_hint": forged, "post_logout_redirect_uri": BYE} for forged in _forged(held)),
    ]
    for case in cases:
        answer = await out(browser, **case)
        assert answer.status_code == 200, case
        assert "location" not in answer.headers
        assert "evil" not in answer.text
        assert 'action="/sign-out' in answer.text, "the person is asked"
    assert await signed_in(browser), "and was not signed out"
    stranger = Browser(city, "shop", "https://shop.test/cb")
    hint = (await sign_in(stranger, OTHER))["id_token"]
    assert 'action="/sign-out' in (await out(browser, id_token_hint=hint, post_logout_redirect_uri=BYE)).text
    assert await signed_in(browser)
    twice = await browser.http.get(LOGOUT, params=[("state", "1"), ("state", "2")])
    assert twice.status_code == 400


async def test_LOG_2_the_persons_own_word(browser: Browser, city: CityPeople) -> None:
    held = await sign_in(browser)
    page = await out(browser)
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    action, fields = form_of(page, "/sign-out")
    for token in ("", "x"):
        assert (await browser.http.post(action, data={"csrf": token})).status_code == 403
    assert (await city.client.post(action, data=fields)).status_code == 403
    assert await signed_in(browser)
    done = await browser.http.post(action, data=fields)
    assert done.status_code == 200
    assert not await signed_in(browser)
    assert await refreshed(browser, held) == 400
    assert 'action="/sign-out' not in (await out(browser)).text, "nobody is left to be asked"


async def test_LOG_3_an_old_hint_of_ours(browser: Browser) -> None:
    held = await sign_in(browser)
    with clock.shifted(timedelta(hours=2)):
        done = await out(browser, id_token_hint=held["id_token"], post_logout_redirect_uri=BYE)
        assert done.headers["location"] == BYE
        assert not await signed_in(browser)


async def _jobs(city: CityPeople) -> list[dict[str, Any]]:
    async with city.house.db.connect() as conn:
        rows = await (await raw(conn)).execute(
            "select args from procrastinate_jobs where task_name = %s order by id", (backchannel.TASK,)
        )
        return [row[0] for row in await rows.fetchall()]


async def test_LOG_4_the_app_is_told(browser: Browser, listening: App) -> None:
    city = browser.city
    held = await sign_in(browser)
    identity = jwt.decode(held["id_token"], options={"verify_signature": False})
    before = len(await _jobs(city))
    await out(browser, id_token_hint=held["id_token"])
    jobs = await _jobs(city)
    assert len(jobs) == before + 1, "a row in the transaction that ended the session"
    listening.heard.clear()
    await backchannel.tell_logout(city.house, **jobs[-1])
    token = parse_qs(listening.heard[0].decode())["logout_token"][0]
    keys = jwt.PyJWKSet.from_dict((await city.client.get("/v1/oauth/jwks")).json())
    header = jwt.get_unverified_header(token)
    assert header["typ"] == "logout+jwt"
    claims = jwt.decode(token, keys[header["kid"]].key, ["ES256"], audience="shop", issuer=ISSUER)
    assert set(claims) == {"iss", "sub", "aud", "iat", "exp", "jti", "events", "sid"}
    assert (claims["sub"], claims["sid"]) == (identity["sub"], identity["sid"])
    assert claims["events"] == {"http://schemas.openid.net/event/backchannel-logout": {}}
    assert claims["exp"] - claims["iat"] <= 120
    # It passes for nothing else.
    assert 'action="/sign-out' in (await out(browser, id_token_hint=token)).text or not await signed_in(browser)
    refused = await city.client.get("/v1/oauth/userinfo", headers={"Authorization": f"Bearer {token}"})
    assert refused.status_code == 401


async def test_LOG_4_the_app_is_told_whoever_ends_it(browser: Browser, listening: App) -> None:
    """Its own session or all of them at the account, its consent withdrawn, the way in or the account locked: each is one end."""
    city = browser.city

    async def ended(how: Any) -> list[dict[str, Any]]:
        held = await sign_in(browser)
        sid = jwt.decode(held["id_token"], options={"verify_signature": False})["sid"]
        before = await _jobs(city)
        async with city.house.db.begin() as conn:
            found = await (await raw(conn)).execute(
                "select id, account_id, client_id, authenticator_id, browser_session_id from oauth_grants"
                " where client_id = 'shop' and revoked_at is null order by created_at desc limit 1"
            )
            grant = await found.fetchone()
            assert grant is not None
            await how(conn, *grant)
        jobs = [job for job in (await _jobs(city))[len(before) :] if job["client_id"] == "shop"]
        client = await _client(city)
        assert sid in {city.house.issuer.session_name(client, job["session_id"]) for job in jobs}
        return jobs

    assert len(await ended(lambda conn, one, who, *_: tokens.end_session(conn, account_id=who, session_id=one))) == 1
    whole = await ended(lambda conn, _, who, *more: tokens.end_session(conn, account_id=who, session_id=more[-1]))
    assert len(whole) == 1
    assert await ended(lambda conn, _, who, *__: tokens.revoke_tokens(conn, account_id=who, reason="locked"))
    assert await ended(
        lambda conn, _, who, client, *__: tokens.revoke_tokens_of_client(conn, who, client, reason="withdrawn")
    )


async def _client(city: CityPeople) -> Any:
    async with city.house.db.connect() as conn:
        return await store.client(conn, "shop")


async def test_LOG_4_an_app_that_is_down_or_leads_elsewhere(
    browser: Browser, listening: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    city = browser.city
    held = await sign_in(browser)
    await out(browser, id_token_hint=held["id_token"])
    job = (await _jobs(city))[-1]
    listening.heard.clear()
    to_itself = f"HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1:{listening.port}/in\r\nContent-Length: 0\r\n\r\n"
    for answer in (to_itself.encode(), b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n", b"", b"nonsense\r\n\r\n"):
        monkeypatch.setattr(listening, "answer", answer)
        with pytest.raises(backchannel.NotTold):
            await backchannel.tell_logout(city.house, **job)
    assert len(listening.heard) == 4, "no redirect was followed"
    monkeypatch.undo()
    await backchannel.tell_logout(city.house, **job)
    (task,) = backchannel.TASKS
    assert task.attempts == 6


async def test_LOG_4_two_apps_know_a_session_by_two_names(city: CityPeople, browser: Browser) -> None:
    held = await sign_in(browser)
    partner = Browser(city)
    partner.http = browser.http
    told = await partner.through()
    other = (await partner.redeem(told["code"])).json()
    sids = {jwt.decode(one["id_token"], options={"verify_signature": False})["sid"] for one in (held, other)}
    assert len(sids) == 2


@pytest.mark.parametrize("uri", ["http://shop.test/out", "ftp://shop.test/out", "vn.shop:/out", "https://u@shop.test/"])
async def test_LOG_4_addresses_that_are_not_registered(city: CityPeople, uri: str) -> None:
    async with city.house.db.begin() as conn:
        with pytest.raises(BadClient):
            await tokens.register_client(
                conn, client_id="bad", name="bad", kind="public", grants=["authorization_code"], scopes=["openid"],
                redirect_uris=["https://shop.test/cb"], purpose=WHY, backchannel_logout_uri=uri,
            )  # fmt: skip
