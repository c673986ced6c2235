"""Refresh tokens on the whole app: rows REF and DPO-10 of the checklist."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import jwt
import pytest

from api.caller import Device
from identity import consents, tokens
from identity.tokens import redeeming, refreshing
from identity.tokens.store import many
from kit import clock, ids
from kit.db import raw
from tests.identity.tokens.browsing import PARENT, TOKEN, Browser
from tests.people import ISSUER, CityPeople

SCOPE = "openid profile offline_access"


@pytest.fixture(scope="module", autouse=True)
async def _uncounted(city: CityPeople) -> AsyncIterator[None]:
    city.house.limits._scale = 1000  # pyright: ignore[reportPrivateUsage]
    yield
    city.house.limits._scale = 1  # pyright: ignore[reportPrivateUsage]


class App:
    """A partner's app, with what it was given last."""

    def __init__(self, browser: Browser, secret: str | None = None) -> None:
        self.browser, self.secret, self.device = browser, secret, Device()
        self.held: dict[str, Any] = {}

    async def begin(self, **change: str | None) -> "App":
        told = await self.browser.through(allow=["profile", "offline_access"], **{"scope": SCOPE, **change})
        form = {
            "grant_type": "authorization_code", "code": told["code"], "code_verifier": self.browser.pkce.verifier,
        }  # fmt: skip
        answer = await self.call(**form)
        assert answer.status_code == 200, answer.text
        self.held = answer.json()
        return self

    async def call(self, *, device: Device | None = None, **form: Any) -> httpx.Response:
        http = self.browser.city.client
        if self.secret is not None:
            return await http.post(TOKEN, data=form, auth=(self.browser.client_id, self.secret))
        proof = (device or self.device).proof("POST", ISSUER + TOKEN, iat=int(clock.now().timestamp()))
        sent = {"client_id": self.browser.client_id, **form}
        return await http.post(TOKEN, data=sent, headers={"DPoP": proof})

    async def refresh(self, token: str | None = None, **form: Any) -> httpx.Response:
        return await self.call(grant_type="refresh_token", refresh_token=token or self.held["refresh_token"], **form)

    async def user_info(self, token: str | None = None) -> httpx.Response:
        path, token = "/v1/oauth/userinfo", token or self.held["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        if self.secret is None:
            proof = self.device.proof("GET", ISSUER + path, token, iat=int(clock.now().timestamp()))
            headers = {"Authorization": f"DPoP {token}", "DPoP": proof}
        return await self.browser.city.client.get(path, headers=headers)


def _phone(city: CityPeople) -> App:
    return App(Browser(city))


def _server(city: CityPeople) -> App:
    browser = Browser(city, "partner-server", "https://school.motcua.test/callback")
    return App(browser, city.furnished.secrets["partner-server"])


@pytest.fixture(params=["phone", "server"])
async def app(request: pytest.FixtureRequest, city: CityPeople) -> App:
    """A public client with a device key, and a confidential one without."""
    return await (_phone(city) if request.param == "phone" else _server(city)).begin()


@pytest.fixture
async def phone(city: CityPeople) -> App:
    return await _phone(city).begin()


def error_of(response: httpx.Response, status: int = 400) -> str:
    assert response.status_code == status, response.text
    assert response.headers["cache-control"] == "no-store"
    return response.json()["error"]


def _claims(token: str) -> dict[str, Any]:
    return jwt.decode(token, options={"verify_signature": False})


async def test_REF_1_a_new_pair_from_the_same_sign_in(app: App) -> None:
    with clock.shifted(timedelta(minutes=20)):
        assert (await app.user_info()).json()["code"] == "token-expired"
        answer = await app.refresh()
        assert answer.status_code == 200, answer.text
        new = answer.json()
        assert new["access_token"] != app.held["access_token"]
        assert new["refresh_token"] != app.held["refresh_token"]
        assert (await app.user_info(new["access_token"])).status_code == 200
    before, after = _claims(app.held["id_token"]), _claims(new["id_token"])
    assert {name: before[name] for name in ("iss", "sub", "aud", "auth_time", "amr")} == {
        name: after[name] for name in ("iss", "sub", "aud", "auth_time", "amr")
    }
    assert "nonce" not in after
    assert after["iat"] > before["iat"]


async def test_REF_1_only_who_may_stay_gets_one(city: CityPeople) -> None:
    answer = await Browser(city).through(allow=["profile"], scope="openid profile", prompt="consent")
    assert answer
    browser = Browser(city)
    told = await browser.through(allow=["profile"], scope="openid profile")
    assert "refresh_token" not in (await browser.redeem(told["code"])).json()


async def test_REF_2_used_again_later_ends_the_family_and_the_owner_is_told(
    app: App, caplog: pytest.LogCaptureFixture
) -> None:
    city = app.browser.city
    new = (await app.refresh()).json()
    with clock.shifted(refreshing.SAME_ANSWER + timedelta(seconds=1)):
        assert error_of(await app.refresh()) == "invalid_grant"
        assert error_of(await app.refresh(new["refresh_token"])) == "invalid_grant", "the newest one as well"
        assert (await app.user_info(new["access_token"])).json()["code"] == "token-revoked"
        await city.run_jobs()
    assert "a refresh token was used twice" in caplog.text
    letters = (await city.client.get("/sandbox/inbox.json")).json()
    assert [one for one in letters if one["to"] == PARENT and one["event"] == "sign-in-copied"]


async def test_REF_3_twenty_at_once_are_one_chain(app: App) -> None:
    answers = await asyncio.gather(*(app.refresh() for _ in range(20)))
    assert Counter(answer.status_code for answer in answers) == {200: 20}
    assert len({answer.json()["refresh_token"] for answer in answers}) == 1
    assert len({answer.json()["access_token"] for answer in answers}) == 1
    async with app.browser.city.house.db.connect() as conn:
        rows = await (await raw(conn)).execute(
            "select count(*) from refresh_tokens where grant_id = %s and used_at is null",
            (_claims(app.held["access_token"])["gid"],),
        )
        assert await rows.fetchone() == (1,)
    with clock.shifted(timedelta(seconds=30)):
        assert (await app.refresh(answers[0].json()["refresh_token"])).status_code == 200


async def test_a_client_that_is_switched_off_refreshes_nothing(city: CityPeople) -> None:
    """It is known from the refresh before, and was read anew none the less."""
    server = await _server(city).begin()
    new = (await server.refresh()).json()["refresh_token"]
    async with city.house.db.begin() as conn:
        await tokens.disable_client(conn, "partner-server")
    try:
        assert error_of(await server.refresh(new), 401) == "invalid_client"
    finally:
        async with city.house.db.begin() as conn:
            await tokens.enable_client(conn, "partner-server")
    newer = (await server.refresh(new)).json()["refresh_token"]
    for grants in ("{authorization_code}", "{authorization_code,refresh_token}"):
        async with city.house.db.begin() as conn:
            await (await raw(conn)).execute(
                "update oauth_clients set grants = %s where id = 'partner-server'", (grants,)
            )
        answer = await server.refresh(newer)
        assert answer.status_code == (200 if "refresh" in grants else 400), answer.text


async def test_what_cannot_be_signed_leaves_who_waits_beside_it_alone(city: CityPeople) -> None:
    """Refreshes go together: one that is refused fails for itself only, and is as good as it was."""
    server, phone = await _server(city).begin(), await _phone(city).begin()
    async with city.house.db.begin() as conn:
        await (await raw(conn)).execute("update oauth_clients set id_token_alg = 'RS256' where id = 'partner-server'")
    try:
        answers = await asyncio.gather(server.refresh(), phone.refresh(), server.refresh())
        assert [answer.status_code for answer in answers] == [503, 200, 503]
    finally:
        async with city.house.db.begin() as conn:
            await (await raw(conn)).execute("update oauth_clients set id_token_alg = null where id = 'partner-server'")
    assert (await server.refresh()).status_code == 200


async def test_what_an_id_token_was_asked_to_say_it_says_again_and_that_is_recorded(city: CityPeople) -> None:
    async def records() -> int:
        async with city.house.db.connect() as conn:
            counted = await (await raw(conn)).execute(
                "select count(*) from data_reads where kind = 'id_token' and client_id = 'partner-server'"
            )
            row = await counted.fetchone()
        assert row is not None
        return int(row[0])

    app = _server(city)
    asked = '{"id_token": {"birthdate": null}}'
    told = await app.browser.through(
        allow=["claim:birthdate", "offline_access"], scope="openid offline_access", claims=asked
    )
    form = {"grant_type": "authorization_code", "code": told["code"], "code_verifier": app.browser.pkce.verifier}
    app.held = (await app.call(**form)).json()
    before, again = await records(), (await app.refresh()).json()
    said = jwt.decode(again["id_token"], options={"verify_signature": False})
    assert said["birthdate"] == "1992-05-20"
    assert await records() == before + 1


async def test_INT_1_what_was_left_idle_is_neither_refreshed_nor_active(app: App) -> None:
    """Introspection called the refresh token of a visit that ended by the clock active."""

    async def asked_about(token: str) -> dict[str, Any]:
        auth = (app.browser.client_id, app.secret or "")
        answer = await app.browser.city.client.post("/v1/oauth/introspect", data={"token": token}, auth=auth)
        return answer.json()

    async def idle_for(seconds: int) -> None:
        until = clock.now() - timedelta(seconds=seconds)
        async with app.browser.city.house.db.begin() as conn:
            await (await raw(conn)).execute(
                "update oauth_grants set idle_at = %s where client_id = %s", (until, app.browser.client_id)
            )

    await idle_for(-60)
    new = (await app.refresh()).json()["refresh_token"]
    asks = app.secret is not None  # a public client asks about nothing
    assert not asks or (await asked_about(new))["active"]
    await idle_for(1)
    assert not asks or await asked_about(new) == {"active": False}
    assert error_of(await app.refresh(new)) == "invalid_grant"


async def test_REF_4_a_lost_reply_is_given_again(app: App) -> None:
    first = (await app.refresh()).json()
    with clock.shifted(refreshing.SAME_ANSWER - timedelta(seconds=1)):
        assert (await app.refresh()).json() == first
        assert (await app.user_info(first["access_token"])).status_code == 200
    async with app.browser.city.house.db.connect() as conn:
        rows = await (await raw(conn)).execute("select * from refresh_tokens")
        kept = repr(await rows.fetchall())
    for secret in (app.held["refresh_token"], first["refresh_token"], first["access_token"]):
        assert secret not in kept
        assert secret.removeprefix("mc_rt_") not in kept


async def test_REF_4_another_request_is_not_the_same(phone: App) -> None:
    assert (await phone.refresh()).status_code == 200
    assert error_of(await phone.refresh(scope="openid")) == "invalid_grant"
    again = await _phone(phone.browser.city).begin()
    assert (await again.refresh()).status_code == 200
    assert error_of(await again.refresh(device=Device())) == "invalid_grant", "a thief's key is no lost reply"
    assert error_of(await again.refresh()) == "invalid_grant", "and the family has ended"


async def test_REF_4_without_key_or_secret_nobody_can_tell(city: CityPeople) -> None:
    async with city.house.db.begin() as conn:
        await tokens.register_client(
            conn, client_id="old-web", name="old", kind="public", grants=["authorization_code", "refresh_token"],
            scopes=["openid", "profile"], redirect_uris=["https://old.test/cb"], first_party=True, dpop_required=False,
        )  # fmt: skip
    browser = Browser(city, "old-web", "https://old.test/cb")
    code = (await browser.through())["code"]
    form = {"client_id": "old-web", "code_verifier": browser.pkce.verifier}
    held = (await city.client.post(TOKEN, data={"grant_type": "authorization_code", "code": code, **form})).json()
    ask = {"grant_type": "refresh_token", "client_id": "old-web", "refresh_token": held["refresh_token"]}
    assert (await city.client.post(TOKEN, data=ask)).status_code == 200
    assert error_of(await city.client.post(TOKEN, data=ask)) == "invalid_grant"


async def test_REF_5_what_is_not_this_clients_refresh_token(city: CityPeople, phone: App) -> None:
    server = await _server(city).begin()
    assert error_of(await server.refresh(phone.held["refresh_token"])) == "invalid_grant"
    for nothing in (phone.held["access_token"], phone.held["id_token"], "mc_rt_x", "x" * 5000):
        assert error_of(await phone.refresh(nothing)) == "invalid_grant"
    assert error_of(await phone.call(grant_type="refresh_token")) == "invalid_request"
    assert (await phone.refresh()).status_code == 200, "the stranger ended nothing"


async def test_REF_6_scopes_narrow_for_once_and_never_widen(app: App) -> None:
    assert error_of(await app.refresh(scope="openid profile address")) == "invalid_scope"
    assert error_of(await app.refresh(scope="desk")) == "invalid_scope"
    narrow = (await app.refresh(scope="openid")).json()
    assert narrow["scope"] == "openid"
    assert set((await app.user_info(narrow["access_token"])).json()) == {"sub"}
    wide = (await app.refresh(narrow["refresh_token"])).json()
    assert set(wide["scope"].split()) == {"openid", "profile", "offline_access"}
    assert "name" in (await app.user_info(wide["access_token"])).json()


async def test_REF_7_what_ends_a_family(city: CityPeople) -> None:
    app = await _phone(city).begin()
    with clock.shifted(redeeming.REFRESH_LIFETIME + timedelta(seconds=1)):
        assert error_of(await app.refresh()) == "invalid_grant"
    held = app.held["refresh_token"]
    for day in (25, 50, 75):
        with clock.shifted(timedelta(days=day)):
            held = (await app.refresh(held)).json()["refresh_token"]
    with clock.shifted(redeeming.GRANT_LIFETIME + timedelta(seconds=1)):
        assert error_of(await app.refresh(held)) == "invalid_grant"

    app = await _phone(city).begin()
    parent = (await (await city.signed_in("parent")).get("/v1/me"))["account_id"]
    await _close(city, parent, "now()")
    assert error_of(await app.refresh()) == "invalid_grant"
    await _close(city, parent, "null")
    assert (await app.refresh()).status_code == 200, "refused, not consumed"

    app = await _phone(city).begin()
    async with city.house.db.begin() as conn:
        await tokens.revoke_tokens(conn, account_id=parent, reason="suspended")
    city._known.pop("parent")  # pyright: ignore[reportPrivateUsage]
    assert error_of(await app.refresh()) == "invalid_grant"
    still_there = app.browser.answer(await app.browser.go(prompt="none")) or {}
    assert still_there["error"] == "login_required", "the browser could have fetched new ones"


async def _close(city: CityPeople, account_id: str, at: str) -> None:
    async with city.house.db.begin() as conn:
        await (await raw(conn)).execute(f"update accounts set closed_at = {at} where id = '{account_id}'")  # type: ignore[arg-type]


async def test_REF_7_a_consent_that_ended(city: CityPeople) -> None:
    app = await _phone(city).begin()
    async with city.house.db.begin() as conn:
        await (await raw(conn)).execute("update consents set expires_at = now() where client_id = 'partner-app'")
    assert error_of(await app.refresh()) == "invalid_grant"
    app = await _phone(city).begin()
    parent = await city.signed_in("parent")
    mine = next(
        one for one in (await parent.get("/v1/me/consents"))["consents"] if one["state"] == "standing"
        and one["client_id"] == "partner-app"
    )  # fmt: skip
    assert mine["expires_at"] > (clock.now() + consents.LASTS - timedelta(days=1)).isoformat()
    await parent.delete(f"/v1/me/consents/{mine['id']}", expect=204)
    assert error_of(await app.refresh()) == "invalid_grant"


async def test_COD_1_a_code_used_again_ends_its_refresh_tokens(city: CityPeople) -> None:
    app = _phone(city)
    told = await app.browser.through(allow=["profile", "offline_access"], scope=SCOPE)
    held = (await app.browser.redeem(told["code"], app.device)).json()
    assert error_of(await app.browser.redeem(told["code"], app.device)) == "invalid_grant"
    assert error_of(await app.refresh(held["refresh_token"])) == "invalid_grant"


async def test_one_token_found_good_twice_before_it_was_written_becomes_one(city: CityPeople) -> None:
    """Two processes may do so, and two batches of one: whichever is written, its answer and no other may be given."""
    app = await _server(city).begin()
    used = ids.digest(app.held["refresh_token"])
    async with city.house.db.connect() as conn:
        cursor = await (await raw(conn)).execute("select grant_id from refresh_tokens where digest = %s", (used,))
        row = await cursor.fetchone()
    assert row is not None
    changes = [
        many.Change(used, row[0], b"asked", b"sealed", ids.digest(f"next {n}"), clock.now() + timedelta(days=1))
        for n in range(3)
    ]
    use = city.house.busy._use  # pyright: ignore[reportPrivateUsage]
    assert await use(changes) == [True, False, False]
    assert await use(changes[1:]) == [False, False], "in another process"
    async with city.house.db.connect() as conn:
        cursor = await (await raw(conn)).execute(
            "select digest from refresh_tokens where grant_id = %s and used_at is null", (row[0],)
        )
        assert [bytes(one[0]) for one in await cursor.fetchall()] == [changes[0].successor]


async def test_DPO_10_a_public_client_refreshes_with_its_own_key(phone: App) -> None:
    assert error_of(await phone.refresh(device=Device())) == "invalid_grant"
    assert (await phone.refresh()).status_code == 200, "a stranger's try consumed nothing"


async def test_REV_1_a_refresh_token_given_back_ends_what_it_gave(app: App) -> None:
    form = {"token": app.held["refresh_token"], "token_type_hint": "access_token"}
    http, client_id = app.browser.city.client, app.browser.client_id
    if app.secret is None:
        answer = await http.post("/v1/oauth/revoke", data=form | {"client_id": client_id})
    else:
        answer = await http.post("/v1/oauth/revoke", data=form, auth=(client_id, app.secret))
    assert answer.status_code == 200
    assert (await app.user_info()).json()["code"] == "token-revoked"
    assert error_of(await app.refresh()) == "invalid_grant"


async def test_REV_2_another_clients_refresh_token_stays(city: CityPeople, phone: App) -> None:
    server = _server(city)
    form = {"token": phone.held["refresh_token"]}
    answer = await city.client.post("/v1/oauth/revoke", data=form, auth=("partner-server", server.secret or ""))
    assert answer.status_code == 200
    assert (await phone.refresh()).status_code == 200
