"""A kiosk shows a code, a citizen decides on a phone: rows DEV of the checklist."""

import asyncio
import re
from datetime import timedelta
from typing import Any

import httpx
import jwt
import pytest

from identity import tokens
from identity.tokens import acting, rfc8628
from identity.tokens.refusals import BadClient, UnknownUserCode
from identity.tokens.rfc6749 import FORM
from identity.tokens.rfc8414 import DEVICE_CODE
from identity.tokens.scopes import NOT_LENT
from kit import clock, ids
from kit.db import raw
from kit.limits import TooMany
from kit.refusal import Words
from tests.identity.tokens.browsing import OTHER, PARENT, TOKEN, Browser, form_of
from tests.people import ISSUER, CityPeople

START, USER_INFO = "/v1/oauth/device_authorization", "/v1/oauth/userinfo"
PLACE = "Số 1 đường Hư Cấu, phường Sài Gòn"
WHY = Words(vi="Để thử.", en="To try.")


class Screen:
    """A device of one client, with its secret."""

    def __init__(self, city: CityPeople, client_id: str = "kiosk-sai-gon", secret: str | None = None) -> None:
        self.city, self.auth = city, (client_id, secret or city.furnished.secrets[client_id])

    async def call(self, path: str, **form: str) -> httpx.Response:
        return await self.city.client.post(path, data=form, auth=self.auth, headers={"Content-Type": FORM})

    async def start(self, **form: str) -> dict[str, Any]:
        started = await self.call(START, **form)
        assert started.status_code == 200, started.text
        assert started.headers["cache-control"] == "no-store"
        return started.json()

    async def poll(self, started: dict[str, Any]) -> httpx.Response:
        return await self.call(TOKEN, grant_type=DEVICE_CODE, device_code=started["device_code"])

    async def error(self, started: dict[str, Any]) -> str:
        answer = await self.poll(started)
        assert answer.status_code == 400, answer.text
        return answer.json()["error"]

    async def token(self, started: dict[str, Any]) -> dict[str, Any]:
        answer = await self.poll(started)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def name(self, token: dict[str, Any]) -> httpx.Response:
        return await self.city.client.get(USER_INFO, headers={"Authorization": f"Bearer {token['access_token']}"})


@pytest.fixture
async def kiosk(city: CityPeople) -> Screen:
    await city.house.valkey.forget_everything()
    return Screen(city)


@pytest.fixture
def phone(city: CityPeople) -> Browser:
    return Browser(city)


async def another_screen(city: CityPeople) -> Screen:
    """A television in no office: two of its kind are one client."""
    client_id = ids.new_id("tv")
    async with city.house.db.begin() as conn:
        secret = await tokens.register_client(
            conn, client_id=client_id, name="<b>TV</b>", kind="confidential", grants=[DEVICE_CODE],
            scopes=["openid", "profile"], purpose=WHY,
        )  # fmt: skip
    return Screen(city, client_id, secret)


async def enter(phone: Browser, code: str) -> httpx.Response:
    return await phone.send(await phone.http.get("/device"), "/device", code=code)


async def consent_page(phone: Browser, started: dict[str, Any], login: str = PARENT) -> httpx.Response:
    page = await phone.to(await enter(phone, started["user_code"]))
    return page if "/consent?" in page.text else await phone.to(await phone.sign_in(page, login))


async def allow(phone: Browser, started: dict[str, Any], login: str = PARENT) -> httpx.Response:
    page = await consent_page(phone, started, login)
    done = await phone.send(page, "/consent", allow=["profile", "dossiers:read"], same="yes")
    assert done.status_code == 200, done.text
    return done


async def test_DEV_1_what_a_device_is_given(kiosk: Screen) -> None:
    started = await kiosk.start()
    assert set(started) == {
        "device_code", "user_code", "verification_uri", "verification_uri_complete", "expires_in", "interval",
    }  # fmt: skip
    assert re.fullmatch(r"mc_dc_[A-Za-z0-9_-]{43}", started["device_code"]), "256 bits"
    assert re.fullmatch(r"[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}", started["user_code"])
    assert started["verification_uri"] == f"{ISSUER}/device"
    assert started["verification_uri_complete"] == f"{ISSUER}/device?user_code={started['user_code']}"
    assert (started["expires_in"], started["interval"]) == (300, 5)
    async with kiosk.city.house.db.connect() as conn:
        rows = await (await (await raw(conn)).execute("select device_codes::text from device_codes")).fetchall()
    assert not [row for row in rows if started["device_code"] in row[0]], "kept as a digest"


async def test_DEV_1_who_may_ask_for_one_and_for_what(kiosk: Screen) -> None:
    city = kiosk.city
    stranger = await city.client.post(START, data={"client_id": "kiosk-sai-gon"})
    assert (stranger.status_code, stranger.json()["error"]) == (401, "invalid_client")
    other = await Screen(city, "partner-server").call(START)
    assert (other.status_code, other.json()["error"]) == (400, "unauthorized_client")
    for scope in ("desk", "address", "everything", "dossiers:find-by-face"):
        refused = await kiosk.call(START, scope=scope)
        assert (refused.status_code, refused.json()["error"]) == (400, "invalid_scope"), scope


async def test_DEV_2_early_too_fast_refused_and_expired(kiosk: Screen, phone: Browser) -> None:
    started = await kiosk.start()
    assert await kiosk.error(started) == "authorization_pending"
    assert await kiosk.error(started) == "slow_down"
    with clock.shifted(timedelta(seconds=9)):
        assert await kiosk.error(started) == "slow_down", "five seconds more than five"
    with clock.shifted(timedelta(seconds=9 + 15)):
        assert await kiosk.error(started) == "authorization_pending", "and fifteen after that"
    refused = await phone.send(await consent_page(phone, started), "/cancel")
    assert "được phép gì cả" in refused.text
    for _ in range(2):
        assert await kiosk.error(started) == "access_denied"
    late = await kiosk.start()
    with clock.shifted(rfc8628.LIFETIME):
        assert await kiosk.error(late) == "expired_token"
    with clock.shifted(rfc8628.LIFETIME - timedelta(seconds=5)):
        assert await kiosk.error(late) == "authorization_pending"


async def test_DEV_2_a_code_allowed_but_never_fetched_expires(kiosk: Screen, phone: Browser) -> None:
    started = await kiosk.start()
    await allow(phone, started)
    with clock.shifted(rfc8628.LIFETIME + timedelta(seconds=1)):
        assert await kiosk.error(started) == "expired_token"


async def test_DEV_3_another_clients_code_and_a_second_use(kiosk: Screen, phone: Browser) -> None:
    started = await kiosk.start()
    screen = await another_screen(kiosk.city)
    for _ in range(2):
        assert await screen.error(started) == "invalid_grant"
    assert await kiosk.error(started) == "authorization_pending", "another's asking slows nobody down"
    await allow(phone, started)
    assert await screen.error(started) == "invalid_grant"
    assert await kiosk.error({"device_code": "mc_dc_x"}) == "invalid_grant"
    token = await kiosk.token(started)
    assert (await kiosk.name(token)).status_code == 200
    assert await kiosk.error(started) == "invalid_grant"
    assert (await kiosk.name(token)).status_code == 401, "a code used twice ends what it gave"


async def test_DEV_3_fifty_at_once_get_one_token(kiosk: Screen, phone: Browser) -> None:
    started = await kiosk.start()
    await allow(phone, started)
    answers = await asyncio.gather(*(kiosk.poll(started) for _ in range(50)))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 49


async def test_DEV_4_guesses_from_one_address_are_throttled(kiosk: Screen, phone: Browser) -> None:
    started = await kiosk.start()
    statuses = [(await enter(phone, f"BCDF-GH{a}{b}")).status_code for a in "BCDFGHJKLM" for b in "BCDFGHJKLM"]
    assert statuses == [404] * 5 + [429] * 95
    refused = await enter(Browser(kiosk.city), started["user_code"])
    assert refused.status_code == 429, "another browser is the same address"
    assert int(refused.headers["retry-after"]) > 0
    await kiosk.city.house.valkey.forget_everything()
    for _ in range(7):
        assert (await enter(phone, started["user_code"])).status_code == 303, "right ones do not count"


async def test_DEV_4_guesses_from_many_end_every_code(kiosk: Screen, phone: Browser) -> None:
    started = await kiosk.start()
    house, page = kiosk.city.house, await phone.http.get("/device")
    cookie, token = phone.http.cookies["motcua"], form_of(page, "/device")[1]["csrf"]
    errors: list[str] = []
    for n in range(101):
        try:
            await rfc8628.enter(
                house.db, house.limits, "BBBBBBBB", cookie=cookie, token=token, address=f"198.51.100.{n}"
            )
        except (UnknownUserCode, TooMany) as error:
            errors.append(type(error).__name__)
    assert errors == ["UnknownUserCode"] * 100 + ["TooMany"]
    assert await kiosk.error(started) == "expired_token"
    await house.valkey.forget_everything()
    assert (await enter(phone, started["user_code"])).status_code == 404


async def test_DEV_5_a_link_with_the_code_decides_nothing(kiosk: Screen, phone: Browser) -> None:
    await allow(phone, await kiosk.start())
    started = await kiosk.start()
    page = await phone.http.get(started["verification_uri_complete"])
    assert page.status_code == 200
    assert f'value="{started["user_code"]}"' in page.text
    assert await kiosk.error(started) == "authorization_pending"
    action, fields = form_of(page, "/device")
    for sent in ({"code": started["user_code"]}, {"code": started["user_code"], "csrf": "x" * 43}):
        assert (await phone.http.post(action, data=sent)).status_code == 403
    stranger = await Browser(kiosk.city).http.post(action, data=fields | {"code": started["user_code"]})
    assert stranger.status_code == 403, "the form of another browser"
    asked = await phone.to(await phone.send(page, "/device", code=started["user_code"]))
    assert "/consent?" in asked.text, "signed in and allowed before, and asked all the same"
    assert started["user_code"] in asked.text
    action, _ = form_of(asked, "/consent")
    forged = await phone.http.post(action, data={"same": "yes", "allow": ["profile"]})
    assert forged.status_code == 403
    assert (await phone.send(asked, "/consent", allow=["profile"])).status_code == 422, "the codes were not compared"
    with clock.shifted(timedelta(seconds=6)):
        assert await kiosk.error(started) == "authorization_pending"
    assert (await phone.send(asked, "/consent", allow=["profile"], same="yes")).status_code == 200
    assert set((await kiosk.token(started))["scope"].split()) == {"openid", "profile"}, "what was ticked"


async def test_DEV_6_however_it_is_typed(kiosk: Screen, phone: Browser) -> None:
    code = (await kiosk.start())["user_code"]
    bare = code.replace("-", "")
    for typed in (code, bare, code.lower(), " ".join(bare), f" {bare[:4]}–{bare[4:]}. "):
        assert (await enter(phone, typed)).status_code == 303, typed
    evil = '"><script>x</script>'
    for shown in (await phone.http.get("/device", params={"user_code": evil}), await enter(phone, evil)):
        assert "<script>" not in shown.text
        assert "&lt;script&gt;" in shown.text
    assert (await enter(phone, "x" * 21)).status_code == 400


async def test_DEV_7_the_page_says_which_kiosk_and_where(kiosk: Screen, phone: Browser) -> None:
    started = await kiosk.start()
    sign_in = await phone.to(await enter(phone, started["user_code"]))
    consent = await phone.to(await phone.sign_in(sign_in))
    for page in (sign_in, consent):
        assert started["user_code"] in page.text
        assert "Ki-ốt phường Sài Gòn" in page.text
        assert PLACE in page.text
        assert "form-action 'self';" in page.headers["content-security-policy"]
    assert "Xem hồ sơ của bạn" in consent.text
    assert "checked" not in consent.text
    assert "Nguyễn Thị Hồng Thắm" in consent.text
    english = await phone.http.get(f"{consent.url.path}?lang=en")
    assert "its screen shows the very code" in english.text
    assert "People's Committee of Sài Gòn ward" in english.text.replace("&#39;", "'")
    token = await _fetched(kiosk, phone, consent, started)
    assert "refresh_token" not in token
    assert token["expires_in"] <= 600
    assert not NOT_LENT & set(token["scope"].split())
    async with kiosk.city.house.db.connect() as conn:
        query = "select distinct expires_at - given_at from consents where client_id = 'kiosk-sai-gon'"
        lasts = await (await (await raw(conn)).execute(query)).fetchall()
    assert lasts == [(rfc8628.LENT_FOR,)], "the consent ends with the token"
    screen = await another_screen(kiosk.city)
    page = await phone.to(await enter(phone, (await screen.start())["user_code"]))
    assert "&lt;b&gt;TV&lt;/b&gt;" in page.text


async def _fetched(kiosk: Screen, phone: Browser, page: httpx.Response, started: dict[str, Any]) -> dict[str, Any]:
    assert (await phone.send(page, "/consent", allow=["dossiers:read"], same="yes")).status_code == 200
    return await kiosk.token(started)


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "public"},
        {"grants": [DEVICE_CODE, "refresh_token"]},
        {"scopes": ["openid", "offline_access"]},
        {"scopes": ["consents"]},
        {"purpose": None},
    ],
)
async def test_DEV_7_what_no_device_is_registered_with(city: CityPeople, change: dict[str, Any]) -> None:
    good: dict[str, Any] = {
        "client_id": "tv-of-nobody", "name": "TV", "kind": "confidential", "grants": [DEVICE_CODE], "scopes": ["openid"],
        "purpose": WHY,
    }  # fmt: skip
    async with city.house.db.begin() as conn:
        with pytest.raises(BadClient):
            await tokens.register_client(conn, **good | change)


async def test_DEV_7_a_code_is_decided_about_once_and_in_its_life(kiosk: Screen, phone: Browser) -> None:
    started = await kiosk.start()
    other = Browser(kiosk.city)
    mine, theirs = await consent_page(phone, started), await consent_page(other, started, OTHER)
    assert (await phone.send(mine, "/consent", allow=["profile"], same="yes")).status_code == 200
    assert (await other.send(theirs, "/consent", allow=["profile"], same="yes")).status_code == 410
    assert (await enter(other, started["user_code"])).status_code == 404
    assert (await kiosk.name(await kiosk.token(started))).json()["name"] == "Nguyễn Thị Hồng Thắm"
    late = await consent_page(phone, await kiosk.start())
    with clock.shifted(rfc8628.LIFETIME):
        assert (await phone.send(late, "/consent", allow=["profile"], same="yes")).status_code == 410


async def test_DEV_7_an_officer_lends_a_kiosk_nothing(kiosk: Screen, phone: Browser) -> None:
    page = await phone.to(await enter(phone, (await kiosk.start())["user_code"]))
    refused = await phone.to(await phone.sign_in(page, "khanh.tuphap@motcua.test"))
    assert refused.status_code == 403
    assert "/consent?" not in refused.text


async def test_DEV_8_the_next_person_finds_nothing_of_the_last(kiosk: Screen) -> None:
    first, second = Browser(kiosk.city), Browser(kiosk.city)
    started = await kiosk.start()
    await allow(first, started)
    token = await kiosk.token(started)
    assert (await kiosk.name(token)).json()["name"] == "Nguyễn Thị Hồng Thắm"
    with clock.shifted(rfc8628.LENT_FOR):
        assert (await kiosk.name(token)).status_code == 401, "left standing"
    await allow(first, forgotten := await kiosk.start())
    following = await kiosk.start()
    assert (await kiosk.name(token)).status_code == 401, "the next person begins"
    assert await kiosk.error(forgotten) == "invalid_grant", "nor what the last one allowed and left"
    assert await kiosk.error(following) == "authorization_pending"
    await allow(second, following, OTHER)
    theirs = await kiosk.token(following)
    assert (await kiosk.name(theirs)).json()["name"] == "Hoàng Văn Đức"
    assert (await kiosk.call("/v1/oauth/revoke", token=theirs["access_token"])).status_code == 200
    assert (await kiosk.name(theirs)).status_code == 401, "finished"


async def test_DEV_8_who_walks_away_leaves_nothing(kiosk: Screen, phone: Browser) -> None:
    """The token itself ends, whatever the screen does: every use is a minute more, and no use is the end."""
    started = await kiosk.start()
    await allow(phone, started)
    token = await kiosk.token(started)
    for seconds in (59, 118, 177):
        with clock.shifted(timedelta(seconds=seconds)):
            assert (await kiosk.name(token)).status_code == 200, "whoever is still there stays"
    with clock.shifted(timedelta(seconds=177) + acting.IDLE):
        assert (await kiosk.name(token)).status_code == 401
        asked = await kiosk.call("/v1/oauth/introspect", token=token["access_token"])
        assert asked.json() == {"active": False}
        async with kiosk.city.house.db.connect() as conn:
            mine = await tokens.sessions_of(conn, account_id=await _account_of(kiosk, token))
        assert not [one for one in mine if one.client == "Ki-ốt phường Sài Gòn (sandbox)"]
    with clock.shifted(timedelta(seconds=178)):
        assert (await kiosk.name(token)).status_code == 200, "a minute from the last use, not from the first"


async def _account_of(kiosk: Screen, token: dict[str, Any]) -> str:
    grant = jwt.decode(token["access_token"], options={"verify_signature": False})["gid"]
    async with kiosk.city.house.db.connect() as conn:
        query = "select account_id from oauth_grants where id = %(id)s"
        row = await (await (await raw(conn)).execute(query, {"id": grant})).fetchone()
    assert row is not None
    return row[0]


async def test_DEV_8_what_the_phone_ends_ends_at_the_kiosk(kiosk: Screen, phone: Browser) -> None:
    started = await kiosk.start()
    await allow(phone, started)
    token = await kiosk.token(started)
    signed_out = await phone.send(await phone.http.get("/sign-out"), "/sign-out")
    assert signed_out.status_code == 200
    assert (await kiosk.name(token)).status_code == 401


async def test_DEV_8_screens_in_no_office_do_not_end_each_other(kiosk: Screen, phone: Browser) -> None:
    screen = await another_screen(kiosk.city)
    started = await screen.start()
    await allow(phone, started)
    token = await screen.token(started)
    await screen.start()
    assert (await screen.name(token)).status_code == 200


async def test_codes_are_forgotten_a_month_later(kiosk: Screen) -> None:
    started = await kiosk.start()
    task = next(task for task in tokens.TASKS if task.name == "identity.tokens.forget")
    for days, answer in ((29, "authorization_pending"), (31, "invalid_grant")):
        with clock.shifted(timedelta(days=days)):
            await task.run(kiosk.city.house)
        assert await kiosk.error(started) == answer
