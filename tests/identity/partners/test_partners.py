"""Partners: asking for a client, an operator's word, secrets with overlap, keys, and a sandbox that fails on purpose."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import msgspec
import pytest

from api import sandbox
from api.caller import Device
from identity import accounts, offices, tokens
from identity.accounts import freshness
from identity.partners.service import OVERLAP
from identity.tokens import rfc7638, sandbox_errors
from kit import clock
from kit.settings import Settings
from notifications import sandbox_messages
from tests.identity.accounts.newcomers import Newcomer, letters_to, newcomer
from tests.identity.mandates.acts import NAME, behalf, claimed, granted, number
from tests.identity.offices.test_staff import WARD, appointed, sign_in
from tests.identity.tokens.browsing import TOKEN, Browser
from tests.people import ISSUER, CityPeople, Person

APPLY, MINE, WAITING = "/v1/me/client-applications", "/v1/me/clients", "/v1/client-applications"
CALLBACK = "https://library.test/cb"


def wanted(**changed: Any) -> dict[str, Any]:
    return {
        "name": "Thư viện phường",
        "kind": "confidential",
        "purpose": {"vi": "Làm thẻ thư viện đúng tên bạn.", "en": "Make your library card in your name."},
        "scopes": ["openid", "profile"],
        "redirect_uris": [CALLBACK],
    } | changed


@pytest.fixture(scope="module", autouse=True)
async def _uncounted(city: CityPeople) -> AsyncIterator[None]:
    city.house.limits._scale = 1000  # pyright: ignore[reportPrivateUsage]
    yield
    city.house.limits._scale = 1  # pyright: ignore[reportPrivateUsage]


@pytest.fixture
def strict(city: CityPeople) -> Any:
    """The house as a city runs it: nothing is approved by itself, nothing fails on purpose."""
    own = city.house.settings
    city.house.settings = msgspec.structs.replace(own, sandbox=False)
    city.house.issuer.sandbox = False
    yield
    city.house.settings, city.house.issuer.sandbox = own, True


@pytest.fixture
async def partner(city: CityPeople) -> Newcomer:
    return await newcomer(city, level=2)


@pytest.fixture(scope="module")
async def operator(city: CityPeople) -> Person:
    return await appointed(city, "apps@motcua.test", WARD, "operator")


def service(uri: str, **changed: Any) -> dict[str, Any]:
    """A service instead of an app."""
    said = {"uri": uri, "name": {"vi": "Bản đồ phường", "en": "Maps of the ward"}}
    return wanted(redirect_uris=[], service=said) | changed


def secretive(city: CityPeople, client_id: str, secret: str, path: str = TOKEN, **headers: str) -> Any:
    """Somebody's call with this client's secret; a made-up code says `invalid_grant` once the client is believed."""
    form = {"grant_type": "authorization_code", "code": "mc_ac_none", "code_verifier": "v" * 43, "token": "x"}
    return city.client.post(path, data=form, auth=(client_id, secret), headers=headers)


async def test_who_may(city: CityPeople, partner: Newcomer) -> None:
    await city.nobody.post(APPLY, json=wanted(), expect=401)
    await (await newcomer(city)).calls.post(APPLY, json=wanted(), expect=401, code="insufficient-level")
    await (await city.signed_in("civil_status")).post(APPLY, json=wanted(), expect=404)
    mine = await partner.calls.post(APPLY, json=wanted(), expect=201)
    stranger = await newcomer(city, level=2)
    for method, path in (("POST", "secret"), ("DELETE", "old-secret"), ("PUT", "keys")):
        body: dict[str, Any] = (
            {"json": {"public_keys": [rfc7638.public_jwk(Device().key.public_key())]}} if method == "PUT" else {}
        )
        await stranger.calls.call(method, f"{MINE}/{mine['client_id']}/{path}", **body, expect=404)
    await stranger.calls.post(APPLY, json=wanted(client_id=mine["client_id"]), expect=404)
    assert (await stranger.calls.get(MINE, expect=200))["clients"] == []


async def test_secrets_and_addresses_are_for_who_signed_in_lately(
    partner: Newcomer, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = await partner.calls.post(APPLY, json=wanted(), expect=201)
    numbers = freshness.policy()
    step = msgspec.structs.replace(numbers.acts["applications"], fresh_minutes=-1)
    stale = msgspec.structs.replace(numbers, acts=numbers.acts | {"applications": step})
    monkeypatch.setattr(freshness, "policy", lambda: stale)
    one = f"{MINE}/{mine['client_id']}"
    key = rfc7638.public_jwk(Device().key.public_key())
    await partner.calls.post(APPLY, json=wanted(), expect=401, code="sign-in-too-old")
    await partner.calls.post(f"{one}/secret", expect=401, code="sign-in-too-old")
    await partner.calls.put(f"{one}/keys", json={"public_keys": [key]}, expect=401, code="sign-in-too-old")
    # What protects is never too late.
    await partner.calls.delete(f"{one}/old-secret", expect=204)


def shown(device: Device, method: str, path: str, token: str) -> dict[str, str]:
    """A token with a proof by the server's clock, which tests move."""
    proof = device.proof(method, ISSUER + path, token, iat=int(clock.now().timestamp()))
    return {"DPoP": proof, "Authorization": f"DPoP {token}"}


async def test_from_nothing_to_user_info_in_a_sandbox(city: CityPeople, partner: Newcomer) -> None:
    asked = await partner.calls.post(APPLY, json=wanted(), expect=201)
    assert (asked["verdict"], asked["reason"]) == ("approved", "sandbox")
    made = await partner.calls.post(f"{MINE}/{asked['client_id']}/secret", expect=201)
    library = Browser(city, asked["client_id"], CALLBACK)
    told = await library.through(scope="openid profile")
    form = {"grant_type": "authorization_code", "code": told["code"], "code_verifier": library.pkce.verifier}
    answer = (await city.client.post(TOKEN, data=form, auth=(asked["client_id"], made["client_secret"]))).json()
    bearer = {"Authorization": f"Bearer {answer['access_token']}"}
    info = (await city.client.get("/v1/oauth/userinfo", headers=bearer)).json()
    assert info["name"] == "Nguyễn Thị Hồng Thắm"
    (mine,) = (await partner.calls.get(MINE, expect=200))["clients"]
    assert (mine["state"], mine["sandbox"], mine["redirect_uris"]) == ("working", True, [CALLBACK])
    assert mine["scopes"][1]["words"]["en"] == "See your name, date of birth and sex"


async def test_an_operator_decides_once_and_says_why(
    city: CityPeople, partner: Newcomer, operator: Person, strict: None
) -> None:
    asked = await partner.calls.post(APPLY, json=wanted(), expect=201)
    assert asked["verdict"] is None
    assert (await secretive(city, asked["client_id"], "x")).json()["error"] == "invalid_client"
    await partner.calls.post(f"{MINE}/{asked['client_id']}/secret", expect=404)
    await partner.calls.post(APPLY, json=wanted(client_id=asked["client_id"]), expect=404)
    one = f"{WAITING}/{asked['id']}/verdict"
    for who, status in ((city.nobody, 401), (partner.calls, 404), (await city.signed_in("civil_status"), 404)):
        await who.get(WAITING, expect=status)
        await who.post(one, json={"verdict": "approved", "reason": "ok"}, expect=status)
    waits = next(x for x in await operator.get(WAITING, expect=200) if x["application"]["id"] == asked["id"])
    assert (waits["owner_name"], waits["owner_level"], waits["now"]) == ("Lê Thị Mới", 2, None)
    await operator.post(one, json={"verdict": "maybe", "reason": "ok"}, expect=400)
    await operator.post(one, json={"verdict": "refused", "reason": "Nói rõ hơn để làm gì."}, expect=200)
    await operator.post(one, json={"verdict": "approved", "reason": "ok"}, expect=409, code="application-decided")
    told = (await partner.calls.get(MINE, expect=200))["applications"][0]
    assert (told["verdict"], told["reason"]) == ("refused", "Nói rõ hơn để làm gì.")
    await city.run_jobs()
    async with city.house.db.connect() as conn:
        letters = [one.text for one in await sandbox_messages(conn) if one.to == partner.phone]
    assert any("bi tu choi" in letter for letter in letters)
    again = await partner.calls.post(APPLY, json=wanted(), expect=201)
    body = {"verdict": "approved", "reason": "Đã gọi điện xác minh."}
    await operator.post(f"{WAITING}/{again['id']}/verdict", json=body, expect=200)
    (mine,) = (await partner.calls.get(MINE, expect=200))["clients"]
    assert (mine["client_id"], mine["sandbox"]) == (again["client_id"], False)


async def test_a_change_waits_too_and_keeps_the_secret(
    city: CityPeople, partner: Newcomer, operator: Person, strict: None
) -> None:
    asked = await partner.calls.post(APPLY, json=wanted(), expect=201)
    yes = {"verdict": "approved", "reason": "được"}
    await operator.post(f"{WAITING}/{asked['id']}/verdict", json=yes, expect=200)
    client_id = asked["client_id"]
    secret = (await partner.calls.post(f"{MINE}/{client_id}/secret", expect=201))["client_secret"]
    other = wanted(client_id=client_id, name="Thư viện mới", redirect_uris=["https://library.test/new"])
    change = await partner.calls.post(APPLY, json=other, expect=201)
    await partner.calls.post(APPLY, json=other, expect=409, code="application-waits")
    await partner.calls.post(APPLY, json=other | {"kind": "public"}, expect=422, code="bad-client")
    assert (await partner.calls.get(MINE, expect=200))["clients"][0]["name"] == "Thư viện phường"
    waits = next(x for x in await operator.get(WAITING, expect=200) if x["application"]["id"] == change["id"])
    assert waits["now"]["redirect_uris"] == [CALLBACK]
    await operator.post(f"{WAITING}/{change['id']}/verdict", json=yes, expect=200)
    mine = (await partner.calls.get(MINE, expect=200))["clients"][0]
    assert (mine["name"], mine["redirect_uris"]) == ("Thư viện mới", ["https://library.test/new"])
    assert (await secretive(city, client_id, secret)).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"redirect_uris": ["http://library.test/cb"]}, "bad-client"),
        ({"redirect_uris": ["javascript:alert(1)"]}, "bad-client"),
        ({"redirect_uris": ["https://library.test/cb#x"]}, "bad-client"),
        ({"redirect_uris": ["https://a@library.test/cb"]}, "bad-client"),
        ({"redirect_uris": []}, "bad-client"),
        ({"resources": ["https://nobody.test/api"]}, "bad-client"),
        ({"scopes": ["openid", "account"]}, "scope-not-for-partners"),
        ({"scopes": ["desk"]}, "scope-not-for-partners"),
        ({"scopes": ["dossiers:find-by-face"]}, "scope-not-for-partners"),
        ({"purpose": {"vi": "Chỉ tiếng Việt.", "en": ""}}, "malformed-request"),
        ({"public_keys": [{"kty": "oct", "k": "AAAA"}]}, "bad-client"),
        ({"public_keys": "x"}, "malformed-request"),
        ({"kind": "public", "public_keys": [rfc7638.public_jwk(Device().key.public_key())]}, "bad-client"),
        ({"sandbox": True}, "malformed-request"),
        ({"first_party": True}, "malformed-request"),
        ({"name": "a\u202eb"}, "malformed-request"),
    ],
)
async def test_what_is_not_registered(partner: Newcomer, changed: dict[str, Any], code: str) -> None:
    await partner.calls.post(APPLY, json=wanted(**changed), code=code)
    assert (await partner.calls.get(MINE, expect=200))["applications"] == []


async def test_a_new_secret_leaves_time_to_change_over(city: CityPeople, partner: Newcomer) -> None:
    client_id = (await partner.calls.post(APPLY, json=wanted(), expect=201))["client_id"]
    one, two = [(await partner.calls.post(f"{MINE}/{client_id}/secret", expect=201))["client_secret"] for _ in range(2)]
    for secret in (one, two):
        assert (await secretive(city, client_id, secret)).json()["error"] == "invalid_grant"
    with clock.shifted(OVERLAP - timedelta(seconds=5)):
        assert (await secretive(city, client_id, one)).json()["error"] == "invalid_grant"
    with clock.shifted(OVERLAP + timedelta(seconds=5)):
        assert (await secretive(city, client_id, one)).json()["error"] == "invalid_client"
        assert (await secretive(city, client_id, two)).json()["error"] == "invalid_grant"
    assert (await partner.calls.get(MINE, expect=200))["clients"][0]["old_secret_until"]
    await partner.calls.delete(f"{MINE}/{client_id}/old-secret", expect=204)
    assert (await secretive(city, client_id, one)).json()["error"] == "invalid_client"
    assert (await secretive(city, client_id, two)).json()["error"] == "invalid_grant"
    assert (await partner.calls.get(MINE, expect=200))["clients"][0]["old_secret_until"] is None
    three = (await partner.calls.post(f"{MINE}/{client_id}/secret", expect=201))["client_secret"]
    assert (await secretive(city, client_id, one)).json()["error"] == "invalid_client", "only the one before"
    assert (await secretive(city, client_id, three)).json()["error"] == "invalid_grant"


async def test_keys_stand_side_by_side(partner: Newcomer) -> None:
    old, new = (rfc7638.public_jwk(Device().key.public_key()) for _ in range(2))
    client_id = (await partner.calls.post(APPLY, json=wanted(public_keys=[old]), expect=201))["client_id"]
    await partner.calls.post(f"{MINE}/{client_id}/secret", expect=404)
    both = await partner.calls.put(f"{MINE}/{client_id}/keys", json={"public_keys": [old, new]}, expect=200)
    assert len(set(both["key_ids"])) == 2
    await partner.calls.put(f"{MINE}/{client_id}/keys", json={"public_keys": []}, expect=400)
    private = new | {"d": new["x"]}
    await partner.calls.put(f"{MINE}/{client_id}/keys", json={"public_keys": [private]}, expect=422, code="bad-client")
    assert (
        len((await partner.calls.put(f"{MINE}/{client_id}/keys", json={"public_keys": [new]}, expect=200))["key_ids"])
        == 1
    )


# Enterprises


async def test_an_enterprises_clients_are_looked_after_by_who_represents_it(city: CityPeople) -> None:
    boss, second, clerk, stranger = [await newcomer(city, level=2) for _ in range(4)]
    of = number()
    mandate = await claimed(city, boss, of)
    other = await claimed(city, second, of)
    given = await granted(boss.calls, mandate["principal"]["id"], clerk)
    as_boss, as_second = behalf(mandate), behalf(other)
    await stranger.calls.post(APPLY, json=wanted(), headers=as_boss, expect=404, code="mandate-unknown")
    await clerk.calls.post(APPLY, json=wanted(), headers=behalf(given), expect=403, code="only-representatives")
    asked = await boss.calls.post(APPLY, json=wanted(), headers=as_boss, expect=201)
    one = f"{MINE}/{asked['client_id']}"
    assert (await boss.calls.get(MINE, expect=200))["clients"] == [], "it is not the representative's own"
    await boss.calls.post(f"{one}/secret", expect=404)
    for path, method in (("secret", "POST"), ("old-secret", "DELETE")):
        await clerk.calls.call(method, f"{one}/{path}", headers=behalf(given), expect=403, code="only-representatives")
    # Either representative looks after it, and both are told.
    made = await second.calls.post(f"{one}/secret", headers=as_second, expect=201)
    assert (await secretive(city, asked["client_id"], made["client_secret"])).json()["error"] == "invalid_grant"
    for representative in (boss, second):
        assert await letters_to(city, representative.phone, "way-in-changed")
    (listed,) = (await boss.calls.get(MINE, headers=as_boss, expect=200))["clients"]
    assert listed["client_id"] == asked["client_id"]
    await boss.calls.post(f"/v1/enterprises/{mandate['principal']['id']}/lock", expect=204)
    await second.calls.post(f"{one}/secret", headers=as_second, expect=403, code="mandate-not-standing")


async def test_who_represents_it_does_not_decide_for_it(city: CityPeople, request: pytest.FixtureRequest) -> None:
    boss = await newcomer(city, level=2)
    mandate = await claimed(city, boss, number(), "Công ty Hư Cấu Một")
    contact = accounts.contact.parse("same@motcua.test")
    assert contact is not None
    async with city.house.db.begin() as conn:
        made = await accounts.open_officer(conn, city.house.keys, full_name=NAME, contact=contact)
        await offices.appoint(conn, account_id=made.id, office_id=WARD, roles=("operator",))
    namesake = await sign_in(city, "same@motcua.test")
    request.getfixturevalue("strict")
    asked = await boss.calls.post(APPLY, json=wanted(), headers=behalf(mandate), expect=201)
    seen = next(one for one in await namesake.get(WAITING, expect=200) if one["application"]["id"] == asked["id"])
    assert (seen["owner_kind"], seen["owner_name"]) == ("enterprise", "Công ty Hư Cấu Một")
    verdict = {"verdict": "approved", "reason": "ok"}
    await namesake.post(f"{WAITING}/{asked['id']}/verdict", json=verdict, expect=403, code="own-application")


# Services


async def test_a_service_of_a_partner_asks_about_the_tokens_that_are_for_it(
    city: CityPeople, partner: Newcomer
) -> None:
    uri = "https://maps.partner.test/api"
    asked = await partner.calls.post(APPLY, json=service(uri), expect=201)
    its = (asked["client_id"], await _secret(partner, asked["client_id"]))
    await partner.calls.post(APPLY, json=service(uri), expect=409, code="service-exists")
    app = await partner.calls.post(APPLY, json=wanted(resources=[uri]), expect=201)
    library = Browser(city, app["client_id"], CALLBACK)
    allowed = ["profile", f"service:{uri}"]
    told = await library.through(allow=allowed, scope="openid profile", resource=uri)
    form = {"grant_type": "authorization_code", "code": told["code"], "code_verifier": library.pkce.verifier}
    who = (app["client_id"], await _secret(partner, app["client_id"]))
    answer = await city.client.post(TOKEN, data=form | {"resource": uri}, auth=who)
    assert answer.status_code == 200, answer.text
    token = answer.json()["access_token"]
    seen = (await city.client.post("/v1/oauth/introspect", data={"token": token}, auth=its)).json()
    assert (seen["active"], seen["aud"], seen["client_id"]) == (True, uri, app["client_id"])
    own = await city.client.post(TOKEN, data={"grant_type": "client_credentials"}, auth=its)
    assert own.json()["scope"] == "", "it asks about tokens, and reads nothing for itself"
    change = service("https://maps.partner.test/new", client_id=asked["client_id"])
    await partner.calls.post(APPLY, json=change, expect=422, code="bad-client")
    await partner.calls.post(APPLY, json=wanted(client_id=asked["client_id"]), expect=422, code="bad-client")


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"kind": "public"}, "bad-client"),
        ({"redirect_uris": [CALLBACK]}, "bad-client"),
        ({"stays_signed_in": True}, "bad-client"),
        ({"resources": ["https://nobody.test/api"]}, "bad-client"),
        ({"scopes": ["desk"]}, "scope-not-for-partners"),
        ({"scopes": ["offline_access"]}, "bad-service"),
        ({"service": {"uri": "http://maps.test/api", "name": {"vi": "a", "en": "b"}}}, "bad-service"),
        ({"service": {"uri": "https://maps.test/api#x", "name": {"vi": "a", "en": "b"}}}, "bad-service"),
        ({"service": {"uri": "https://maps.test/api", "name": {"vi": "a"}}}, "malformed-request"),
    ],
)
async def test_what_is_no_service(partner: Newcomer, changed: dict[str, Any], code: str) -> None:
    await partner.calls.post(APPLY, json=service("https://none.test/api", **changed), code=code)
    assert (await partner.calls.get(MINE, expect=200))["applications"] == []


async def test_a_service_waits_for_an_operator_like_an_app(
    city: CityPeople, partner: Newcomer, operator: Person, strict: None
) -> None:
    uri = "https://waits.partner.test/api"
    asked = await partner.calls.post(APPLY, json=service(uri), expect=201)
    await partner.calls.post(APPLY, json=wanted(resources=[uri]), expect=422, code="bad-client")
    seen = next(one for one in await operator.get(WAITING, expect=200) if one["application"]["id"] == asked["id"])
    assert seen["application"]["wanted"]["service"]["uri"] == uri
    yes = {"verdict": "approved", "reason": "Đã xem hợp đồng."}
    await operator.post(f"{WAITING}/{asked['id']}/verdict", json=yes, expect=200)
    await partner.calls.post(APPLY, json=wanted(resources=[uri]), expect=201)


async def _secret(partner: Newcomer, client_id: str) -> str:
    return (await partner.calls.post(f"{MINE}/{client_id}/secret", expect=201))["client_secret"]


# Errors on demand


async def _app(city: CityPeople) -> tuple[str, Device]:
    browser, device = Browser(city), Device()
    told = await browser.through(allow=["profile"])
    return (await browser.redeem(told["code"], device)).json()["access_token"], device


async def test_each_error_is_said_in_full_where_it_happens(city: CityPeople) -> None:
    listed = (await city.client.get("/v1/sandbox/errors")).json()
    assert [one["name"] for one in listed] == list(sandbox_errors.every())
    paths = {place: f"/v1/oauth/{place}" for place in ("token", "par", "device_authorization", "introspect", "revoke")}
    token, device = await _app(city)
    for one in sandbox_errors.every().values():
        assert one.vi != one.en
        assert (one.error is None) != (one.code is None)
        for place in one.at:
            if place == "api":
                headers = device.headers("GET", ISSUER + "/v1/oauth/userinfo", token)
                answer = await city.client.get(
                    "/v1/oauth/userinfo", headers=headers | {sandbox_errors.HEADER: one.name}
                )
                assert answer.json()["code"] == one.code
                assert answer.headers["content-type"].startswith("application/problem+json")
            else:
                answer = await secretive(city, "partner-server", "x", paths[place], **{sandbox_errors.HEADER: one.name})
                assert answer.json()["error"] == (one.error or "temporarily_unavailable")
                assert answer.headers["cache-control"] == "no-store"
            assert 400 <= answer.status_code < 600


def _same(made_up: httpx.Response, real: httpx.Response) -> None:
    """But for the request's own id."""
    bodies = [{k: v for k, v in one.json().items() if k != "instance"} for one in (made_up, real)]
    assert bodies[0] == bodies[1]
    assert made_up.status_code == real.status_code
    for name in ("www-authenticate", "content-type", "cache-control"):
        assert made_up.headers.get(name) == real.headers.get(name), name


async def test_a_made_up_error_is_the_real_one_word_for_word(city: CityPeople, partner: Newcomer) -> None:
    secret = city.furnished.secrets["partner-server"]

    async def ask(name: str) -> httpx.Response:
        return await secretive(city, "partner-server", secret, **{sandbox_errors.HEADER: name})

    _same(await ask("invalid_grant"), await secretive(city, "partner-server", secret))
    _same(await ask("invalid_client"), await secretive(city, "partner-server", "wrong"))
    token, device = await _app(city)

    async def info(**headers: str) -> httpx.Response:
        path = "/v1/oauth/userinfo"
        return await city.client.get(path, headers=shown(device, "GET", path, token) | headers)

    revoked, expired = (
        await info(**{sandbox_errors.HEADER: "token_revoked"}),
        await info(**{sandbox_errors.HEADER: "token_expired"}),
    )
    with clock.shifted(timedelta(minutes=16)):
        _same(expired, await info())
    parent = await city.signed_in("parent")
    standing = next(
        x
        for x in (await parent.get("/v1/me/consents"))["consents"]
        if x["state"] == "standing" and x["client_id"] == "partner-app"
    )
    await parent.delete(f"/v1/me/consents/{standing['id']}", expect=204)
    _same(revoked, await info())


async def test_only_a_sandbox_client_and_only_in_a_sandbox(city: CityPeople, partner: Newcomer, strict: None) -> None:
    secret = city.furnished.secrets["partner-server"]
    asks = {sandbox_errors.HEADER: "temporarily_unavailable"}
    assert (await secretive(city, "partner-server", secret, **asks)).json()["error"] == "invalid_grant"
    assert (await city.client.get("/v1/sandbox/errors")).status_code == 404
    city.house.issuer.sandbox = True
    assert (await secretive(city, "partner-server", secret, **asks)).json()["error"] == "temporarily_unavailable"
    async with city.house.db.begin() as conn:
        real = await tokens.register_client(
            conn, client_id="real", name="Real", kind="confidential", grants=["client_credentials"], scopes=["cards:read"],
            first_party=True,
        )  # fmt: skip
    assert real is not None
    answer = await city.client.post(TOKEN, data={"grant_type": "client_credentials"}, auth=("real", real), headers=asks)
    assert answer.status_code == 200
    assert (await secretive(city, "partner-server", secret, **{sandbox_errors.HEADER: "nonsense"})).status_code == 400


async def test_an_older_sandbox_gets_its_clients_brought_up_to_date(settings: Settings, city: CityPeople) -> None:
    """A home made before a client was given a grant kept the old one for ever."""
    async with city.house.db.begin() as conn:
        await tokens.change_client(
            conn, client_id="partner-app", name="Old", kind="public", scopes=["openid"], grants=["refresh_token"],
            purpose=None,
        )  # fmt: skip
    again = await sandbox.furnish(settings)
    assert again.secrets == city.furnished.secrets
    told = await Browser(city).through(allow=["profile", "phone"], scope="openid profile phone", prompt="consent")
    assert "code" in told
    assert json.loads((settings.home / "sandbox-secrets.json").read_text()) == again.secrets
