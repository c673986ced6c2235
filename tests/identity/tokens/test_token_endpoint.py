"""POST /v1/oauth/token on the whole app: rows COD, PKC, TOK, DPO and IDT of the checklist."""

import asyncio
import base64
import hashlib
import json
import math
import secrets
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest

from api.caller import Device, Pkce
from identity import accounts, tokens
from identity.tokens import Issuer, clients, redeeming, rfc7515, rfc7638
from identity.tokens.messages import TokenReply
from identity.tokens.refusals import BadClient, NoSuchKey
from kit import clock, keys
from kit.db import Database, raw
from kit.valkey import ValkeyGone
from tests.people import ISSUER, CityPeople

PATH = "/v1/oauth/token"


class Shop:
    """The token endpoint and what it takes to be there: clients, a citizen, codes."""

    def __init__(self, city: CityPeople, citizen_id: str, secret: dict[str, str]) -> None:
        self.city, self.citizen_id, self.secret = city, citizen_id, secret
        self.db: Database = city.house.db

    async def code(self, pkce: Pkce, *, client_id: str = "test-web", device: Device | None = None, **rest: Any) -> str:
        async with self.db.begin() as conn:
            return await self.city.house.issuer.issue_code(
                conn,
                client_id=client_id,
                account_id=rest.pop("account_id", self.citizen_id),
                code_challenge=pkce.challenge,
                jkt=None if device is None else rfc7638.thumbprint(device.key.public_key()),
                scope=rest.pop("scope", None),
                amr=["otp", "sms"],
                auth_time=clock.now(),
                **rest,
            )

    async def ask(self, *, headers: dict[str, str] | None = None, **form: Any) -> httpx.Response:
        return await self.city.client.post(PATH, data=form, headers=headers or {})

    async def redeem(
        self, code: str, verifier: str | None, *, client_id: str = "test-web", device: Device | None = None, **form: Any
    ) -> httpx.Response:
        sent = {"grant_type": "authorization_code", "client_id": client_id, "code": code, **form}
        if verifier is not None:
            sent["code_verifier"] = verifier
        if client_id in self.secret:
            sent["client_secret"] = self.secret[client_id]
        headers = {} if device is None else {"DPoP": device.proof("POST", ISSUER + PATH)}
        return await self.ask(headers=headers, **sent)

    async def me(self, token: str) -> httpx.Response:
        return await self.city.client.get("/v1/me", headers={"Authorization": f"Bearer {token}"})


@pytest.fixture(scope="module")
async def shop(city: CityPeople) -> AsyncIterator[Shop]:
    kinds: dict[str, dict[str, Any]] = {
        "test-web": {"kind": "public", "dpop_required": False},
        "test-phone": {"kind": "public"},
        "test-server": {"kind": "confidential"},
    }
    secret: dict[str, str] = {}
    async with city.house.db.begin() as conn:
        for client_id, rest in kinds.items():
            made = await tokens.register_client(
                conn, client_id=client_id, name=client_id, grants=["authorization_code"], first_party=True,
                scopes=["openid", "profile", "phone"], **rest,
            )  # fmt: skip
            if made is not None:
                secret[client_id] = made
        made = await tokens.register_client(
            conn, client_id="test-robot", name="robot", kind="confidential", grants=["client_credentials"], scopes=[]
        )
        assert made is not None
        secret["test-robot"] = made
        phone = accounts.contact.parse("0900000011")
        assert phone is not None
        parent = await accounts.by_login(conn, city.house.keys, phone)
    assert parent is not None
    # Limits are counted per address and would stop a test that asks as often as a crowd does.
    city.house.limits._scale = 1000  # pyright: ignore[reportPrivateUsage]
    yield Shop(city, parent.id, secret)
    city.house.limits._scale = 1  # pyright: ignore[reportPrivateUsage]


def error_of(response: httpx.Response, status: int = 400) -> str:
    """RFC 6749 §5.2, never stored (TOK-2)."""
    assert response.status_code == status, response.text
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["content-type"].startswith("application/json")
    body = response.json()
    assert set(body) == {"error", "error_description"}
    assert "Traceback" not in response.text
    return body["error"]


async def good(shop: Shop, **rest: Any) -> dict[str, Any]:
    pkce = Pkce()
    device = rest.get("device")
    response = await shop.redeem(
        await shop.code(pkce, **rest), pkce.verifier, device=device, client_id=rest.get("client_id", "test-web")
    )
    assert response.status_code == 200, response.text
    assert response.headers["cache-control"] == "no-store"
    return response.json()


async def test_a_code_becomes_a_token_that_works(shop: Shop) -> None:
    answer = await good(shop)
    assert answer["token_type"] == "Bearer"
    assert answer["expires_in"] == 600
    assert answer["scope"] == "openid profile phone"
    assert (await shop.me(answer["access_token"])).json()["account_id"] == shop.citizen_id


@pytest.mark.parametrize("wait", [0, 1, 30])
async def test_COD_1_a_code_used_again_ends_its_token(shop: Shop, wait: int) -> None:
    pkce = Pkce()
    code = await shop.code(pkce)
    first = (await shop.redeem(code, pkce.verifier)).json()["access_token"]
    assert (await shop.me(first)).status_code == 200
    with clock.shifted(timedelta(seconds=wait)):
        assert error_of(await shop.redeem(code, pkce.verifier)) == "invalid_grant"
        after = await shop.me(first)
    assert (after.status_code, after.json()["code"]) == (401, "token-revoked")


async def test_COD_2_fifty_parallel_redemptions(shop: Shop) -> None:
    pkce = Pkce()
    code = await shop.code(pkce)
    answers = await asyncio.gather(*(shop.redeem(code, pkce.verifier) for _ in range(50)))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 400: 49}
    assert {error_of(answer) for answer in answers if answer.status_code == 400} == {"invalid_grant"}
    token = next(answer for answer in answers if answer.status_code == 200).json()["access_token"]
    assert (await shop.me(token)).status_code == 401
    async with shop.db.connect() as conn:
        rows = await (await raw(conn)).execute(
            "select revoked_why from oauth_grants g join authorization_codes c on c.grant_id = g.id where c.code_challenge = %s",
            (pkce.challenge,),
        )
        assert await rows.fetchall() == [("its code was used twice",)]


async def test_COD_3_a_code_lives_a_minute(shop: Shop) -> None:
    pkce = Pkce()
    early, late = await shop.code(pkce), await shop.code(pkce)
    with clock.shifted(timedelta(seconds=58)):
        assert (await shop.redeem(early, pkce.verifier)).status_code == 200
    with clock.shifted(timedelta(seconds=61)):
        assert error_of(await shop.redeem(late, pkce.verifier)) == "invalid_grant"


async def test_COD_4_another_clients_code(shop: Shop) -> None:
    pkce = Pkce()
    code = await shop.code(pkce)
    assert error_of(await shop.redeem(code, pkce.verifier, client_id="test-server")) == "invalid_grant"
    # The stranger neither burnt it nor can end what it became.
    token = (await shop.redeem(code, pkce.verifier)).json()["access_token"]
    assert error_of(await shop.redeem(code, pkce.verifier, client_id="test-server")) == "invalid_grant"
    assert (await shop.me(token)).status_code == 200


async def test_COD_5_codes_are_random_and_only_their_hash_is_kept(shop: Shop) -> None:
    pkce = Pkce()
    codes = [await shop.code(pkce) for _ in range(300)]
    secrets_only = "".join(code.removeprefix("mc_ac_") for code in codes)
    assert len(set(codes)) == 300
    counts = Counter(secrets_only)
    bits = -sum(n / len(secrets_only) * math.log2(n / len(secrets_only)) for n in counts.values())
    assert bits * 43 >= 96
    async with shop.db.connect() as conn:
        rows = await (await raw(conn)).execute("select * from authorization_codes")
        kept = repr(await rows.fetchall())
    assert not [code for code in codes if code in kept or code.removeprefix("mc_ac_") in kept]


@pytest.mark.parametrize("verifier", [None, "", "A" * 42, "A" * 43, "A" * 129])
async def test_PKC_2_a_verifier_that_does_not_fit(shop: Shop, verifier: str | None) -> None:
    pkce = Pkce()
    code = await shop.code(pkce)
    assert error_of(await shop.redeem(code, verifier)) == "invalid_grant"
    # Seeing a code go by gives nobody the power to end the sign-in.
    assert (await shop.redeem(code, pkce.verifier)).status_code == 200


async def test_TOK_1_only_a_post_of_one_form(shop: Shop) -> None:
    client = shop.city.client
    assert (await client.get(PATH)).status_code == 405
    assert error_of(await client.post(PATH, json={"grant_type": "client_credentials"}), 415) == "invalid_request"
    twice = b"grant_type=client_credentials&grant_type=client_credentials"
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    assert error_of(await client.post(PATH, content=twice, headers=kind)) == "invalid_request"
    assert error_of(await client.post(PATH, content=b"", headers=kind)) == "invalid_request"
    assert error_of(await client.post(PATH)) == "invalid_request", "nothing at all is no wrong kind"
    assert error_of(await shop.ask(grant_type="authorization_code", client_id="test-web")) == "invalid_request"


async def test_TOK_2_nothing_of_it_is_stored_and_nothing_of_the_inside_is_told(shop: Shop) -> None:
    good_one = await shop.ask(
        grant_type="client_credentials", client_id="test-robot", client_secret=shop.secret["test-robot"]
    )
    forms: list[dict[str, str]] = [
        {},
        {"grant_type": "x"},
        {"grant_type": "password", "client_id": "test-robot"},
        {"a": "\x00"},
    ]
    for answer in (good_one, *[await shop.ask(**form) for form in forms]):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["pragma"] == "no-cache"
        assert answer.headers["content-type"].startswith("application/json")
        assert not [inside for inside in ("Traceback", "psycopg", ".py", "sqlalchemy") if inside in answer.text]


async def test_TOK_2_a_description_repeats_no_quotation_mark(shop: Shop) -> None:
    """RFC 6749 §5.2 allows neither quotation mark nor backslash in it: a scope was repeated as it came."""
    answer = await shop.ask(
        grant_type="client_credentials",
        client_id="test-robot",
        client_secret=shop.secret["test-robot"],
        scope='a"b\\c',
    )
    assert error_of(answer, 400) == "invalid_scope"
    assert answer.json()["error_description"] == "This client may not ask for the scope a?b?c."


async def test_TOK_3_a_wrong_secret(shop: Shop) -> None:
    for name, secret in (("test-robot", "wrong"), ("nobody-knows", "wrong"), ("test-web", "wrong"), ("test-robot", "")):
        answer = await shop.city.client.post(PATH, data={"grant_type": "client_credentials"}, auth=(name, secret))
        assert error_of(answer, 401) == "invalid_client"
        assert answer.headers["www-authenticate"].startswith("Basic ")
    answer = await shop.ask(grant_type="client_credentials", client_id="test-robot", client_secret="wrong")
    assert error_of(answer, 401) == "invalid_client"


async def test_TOK_4_TOK_5_TOK_6_one_way_of_saying_who(shop: Shop) -> None:
    robot, secret = "test-robot", shop.secret["test-robot"]
    basic = {"Authorization": "Basic " + base64.b64encode(f"{robot}:{secret}".encode()).decode()}
    assert (await shop.ask(headers=basic, grant_type="client_credentials")).status_code == 200
    assert (await shop.ask(grant_type="client_credentials", client_id=robot, client_secret=secret)).status_code == 200
    both = await shop.ask(headers=basic, grant_type="client_credentials", client_secret=secret)
    assert error_of(both) == "invalid_request"
    assert error_of(await shop.ask(grant_type="client_credentials", client_id=robot), 401) == "invalid_client"
    other = await shop.ask(headers=basic, grant_type="client_credentials", client_id="test-web")
    assert error_of(other) == "invalid_request"


@pytest.mark.parametrize("endpoint", ["token", "par", "device_authorization", "introspect", "revoke"])
async def test_TOK_3_another_scheme_is_no_authentication(shop: Shop, endpoint: str) -> None:
    """The guard read the client's Authorization as an access token, and answered with a problem document."""
    form, shown = {"grant_type": "client_credentials", "token": "x"}, {"Authorization": "Bearer nonsense"}
    refused = await shop.city.client.post(f"/v1/oauth/{endpoint}", data=form, headers=shown)
    assert error_of(refused, 401) == "invalid_client"
    assert refused.headers["www-authenticate"].startswith("Basic ")


async def test_TOK_10_grants_the_client_may_not_use(shop: Shop) -> None:
    assert error_of(await shop.ask(grant_type="client_credentials", client_id="test-web")) == "unauthorized_client"
    assert error_of(await shop.ask(grant_type="refresh_token", client_id="test-web")) == "unauthorized_client"
    for grant in ("password", "implicit", "urn:ietf:params:oauth:grant-type:jwt-bearer"):
        assert error_of(await shop.ask(grant_type=grant, client_id="test-web")) == "unsupported_grant_type"


async def test_a_form_too_large_and_two_authorizations_are_told_as_oauth_tells(shop: Shop) -> None:
    """The verb stands before the framework, which limited and read these for it."""
    huge = await shop.ask(grant_type="client_credentials", client_id="test-robot", client_secret="x" * 20_000)
    assert error_of(huge, 413) == "invalid_request"
    twice = [("Authorization", "Basic eDp5"), ("Authorization", "Basic eDp5")]
    both = await shop.city.client.post(PATH, data={"grant_type": "client_credentials"}, headers=twice)
    assert error_of(both) == "invalid_request"
    assert both.headers["x-content-type-options"] == "nosniff", "the headers every answer has"
    assert "x-request-id" in both.headers


async def test_the_unforeseen_is_told_without_its_inside(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret inside")

    monkeypatch.setattr(type(shop.city.house.busy), "give_token", broken)
    answer = await shop.ask(grant_type="client_credentials", client_id="test-robot", client_secret="x")
    assert error_of(answer, 500) == "server_error"
    assert "secret inside" not in answer.text


async def test_what_changed_about_a_client_holds_at_once(shop: Shop) -> None:
    """Clients are kept in memory between requests: their row's version stands in every write."""
    async with shop.db.begin() as conn:
        secret = await tokens.register_client(
            conn, client_id="test-changing", name="changing", kind="confidential", grants=["client_credentials"], scopes=["cards:read"],
        )  # fmt: skip
    ask = {"grant_type": "client_credentials", "client_id": "test-changing"}
    assert (await shop.ask(**ask, client_secret=secret)).json()["scope"] == "cards:read"
    async with shop.db.begin() as conn:
        await (await raw(conn)).execute("update oauth_clients set scopes = '{}' where id = 'test-changing'")
    assert (await shop.ask(**ask, client_secret=secret)).json()["scope"] == ""
    async with shop.db.begin() as conn:
        newer = await tokens.renew_secret(conn, "test-changing")
    assert error_of(await shop.ask(**ask, client_secret=secret), 401) == "invalid_client"
    assert (await shop.ask(**ask, client_secret=newer)).status_code == 200
    async with shop.db.begin() as conn:
        await (await raw(conn)).execute(
            "update oauth_clients set grants = '{refresh_token}' where id = 'test-changing'"
        )
    assert error_of(await shop.ask(**ask, client_secret=newer)) == "unauthorized_client"


async def test_a_disabled_client_is_unknown_and_its_tokens_stop(shop: Shop) -> None:
    answer = await good(shop, client_id="test-server")
    assert (await shop.me(answer["access_token"])).status_code == 200
    async with shop.db.begin() as conn:
        await tokens.disable_client(conn, "test-server")
    assert (await shop.me(answer["access_token"])).json()["code"] == "token-revoked"
    refused = await shop.ask(
        grant_type="client_credentials", client_id="test-server", client_secret=shop.secret["test-server"]
    )
    assert error_of(refused, 401) == "invalid_client"
    async with shop.db.begin() as conn:
        await tokens.enable_client(conn, "test-server")


async def test_a_renewed_secret_ends_the_old_one(shop: Shop) -> None:
    old = shop.secret["test-robot"]
    async with shop.db.begin() as conn:
        shop.secret["test-robot"] = await tokens.renew_secret(conn, "test-robot")
    ask = {"grant_type": "client_credentials", "client_id": "test-robot"}
    assert error_of(await shop.ask(**ask, client_secret=old), 401) == "invalid_client"
    assert (await shop.ask(**ask, client_secret=shop.secret["test-robot"])).status_code == 200


async def test_scopes_narrow_and_never_widen(shop: Shop) -> None:
    pkce = Pkce()
    answer = (await shop.redeem(await shop.code(pkce, scope="phone"), pkce.verifier)).json()
    assert answer["scope"] == "phone"
    assert "id_token" not in answer
    refused = await shop.city.client.get("/v1/me", headers={"Authorization": f"Bearer {answer['access_token']}"})
    assert (refused.status_code, refused.json()["code"]) == (403, "insufficient-scope")
    kiosk = ("kiosk-sai-gon", shop.city.furnished.secrets["kiosk-sai-gon"])
    wide = await shop.city.client.post(PATH, data={"grant_type": "client_credentials", "scope": "desk"}, auth=kiosk)
    assert error_of(wide) == "invalid_scope"


async def test_a_kiosks_token_names_its_office(shop: Shop) -> None:
    kiosk = await shop.city.signed_in("kiosk")
    claims = jwt.decode(kiosk.token or "", options={"verify_signature": False})
    assert (claims["kind"], claims["office"], claims["scope"]) == ("kiosk", "off_ubnd_sai_gon", "dossiers:find-by-face")
    await kiosk.get("/v1/me", expect=404)


# Device keys


async def test_DPO_1_a_bound_token(shop: Shop) -> None:
    device = Device()
    answer = await good(shop, client_id="test-phone", device=device)
    assert answer["token_type"] == "DPoP"
    token = answer["access_token"]
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["cnf"] == {"jkt": rfc7638.thumbprint(device.key.public_key())}
    proof = device.proof("GET", ISSUER + "/v1/me", token)
    ours = {"Authorization": f"DPoP {token}", "DPoP": proof}
    assert (await shop.city.client.get("/v1/me", headers=ours)).status_code == 200


async def test_DPO_2_a_phone_must_bring_its_key(shop: Shop) -> None:
    pkce, device = Pkce(), Device()
    code = await shop.code(pkce, client_id="test-phone", device=device)
    assert error_of(await shop.redeem(code, pkce.verifier, client_id="test-phone")) == "invalid_dpop_proof"
    other = await shop.redeem(code, pkce.verifier, client_id="test-phone", device=Device())
    assert error_of(other) == "invalid_grant"
    wrong = {"DPoP": device.proof("POST", ISSUER + "/v1/oauth/revoke")}
    form = {"grant_type": "authorization_code", "client_id": "test-phone", "code": code, "code_verifier": pkce.verifier}
    assert error_of(await shop.ask(headers=wrong, **form)) == "invalid_dpop_proof"
    two = [("DPoP", device.proof("POST", ISSUER + PATH)), ("DPoP", device.proof("POST", ISSUER + PATH))]
    assert error_of(await shop.city.client.post(PATH, data=form, headers=two)) == "invalid_dpop_proof"
    assert (await shop.redeem(code, pkce.verifier, client_id="test-phone", device=device)).status_code == 200


async def test_DPO_7_a_proof_serves_once(shop: Shop) -> None:
    device = Device()
    token = (await good(shop, client_id="test-phone", device=device))["access_token"]
    proof = device.proof("GET", ISSUER + "/v1/me", token)
    headers = {"Authorization": f"DPoP {token}", "DPoP": proof}
    answers = await asyncio.gather(*(shop.city.client.get("/v1/me", headers=headers) for _ in range(8)))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 401: 7}
    refused = next(answer for answer in answers if answer.status_code == 401)
    assert refused.json()["code"] == "invalid-dpop-proof"
    assert 'error="invalid_dpop_proof"' in refused.headers["www-authenticate"]


async def test_DPO_7_without_valkey_no_proof_is_taken(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    device = Device()
    token = (await good(shop, client_id="test-phone", device=device))["access_token"]

    async def away(*_: Any, **__: Any) -> None:
        raise ValkeyGone

    monkeypatch.setattr(shop.city.house.valkey, "first", away)
    headers = {"Authorization": f"DPoP {token}", "DPoP": device.proof("GET", ISSUER + "/v1/me", token)}
    answer = await shop.city.client.get("/v1/me", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (503, "replay-check-unavailable")
    assert int(answer.headers["retry-after"]) > 0
    pkce = Pkce()
    code = await shop.code(pkce, client_id="test-phone", device=device)
    refused = await shop.redeem(code, pkce.verifier, client_id="test-phone", device=device)
    assert error_of(refused, 503) == "temporarily_unavailable"
    monkeypatch.undo()
    assert (await shop.redeem(code, pkce.verifier, client_id="test-phone", device=device)).status_code == 200


async def test_DPO_8_a_bound_token_without_its_key(shop: Shop) -> None:
    device, thief = Device(), Device()
    token = (await good(shop, client_id="test-phone", device=device))["access_token"]
    url = ISSUER + "/v1/me"
    wrong: list[dict[str, str]] = [
        {"Authorization": f"Bearer {token}"},
        {"Authorization": f"Bearer {token}", "DPoP": device.proof("GET", url, token)},
        {"Authorization": f"DPoP {token}"},
        {"Authorization": f"DPoP {token}", "DPoP": thief.proof("GET", url, token)},
        {"Authorization": f"DPoP {token}", "DPoP": device.proof("GET", url)},
        {"Authorization": f"DPoP {token}", "DPoP": device.proof("POST", url, token)},
    ]
    for headers in wrong:
        answer = await shop.city.client.get("/v1/me", headers=headers)
        assert answer.status_code == 401, headers
        assert answer.headers["www-authenticate"].startswith("DPoP ")
    unbound = (await good(shop))["access_token"]
    headers = {"Authorization": f"DPoP {unbound}", "DPoP": device.proof("GET", url, unbound)}
    assert (await shop.city.client.get("/v1/me", headers=headers)).status_code == 401


# Identity


async def test_IDT_1_the_id_token(shop: Shop) -> None:
    pkce = Pkce()
    nonce = secrets.token_urlsafe(16)
    answer = (await shop.redeem(await shop.code(pkce, nonce=nonce), pkce.verifier)).json()
    keys = jwt.PyJWKSet.from_dict((await shop.city.client.get("/v1/oauth/jwks")).json())
    kid = jwt.get_unverified_header(answer["id_token"])["kid"]
    claims = jwt.decode(answer["id_token"], keys[kid].key, ["ES256"], audience="test-web", issuer=ISSUER)
    assert {"iss", "sub", "aud", "exp", "iat", "auth_time", "acr", "amr", "at_hash", "nonce"} == set(claims)
    assert claims["nonce"] == nonce
    assert len(claims["sub"]) <= 255
    assert claims["acr"] == "urn:motcua:loa:2"
    assert claims["amr"] == ["otp", "sms"]
    left_half = rfc7515.unb64url(rfc7515.b64url(hashlib.sha256(answer["access_token"].encode()).digest()))[:16]
    assert claims["at_hash"] == rfc7515.b64url(left_half)
    info = await shop.city.client.get(
        "/v1/oauth/userinfo", headers={"Authorization": f"Bearer {answer['access_token']}"}
    )
    assert info.json() == {
        "sub": claims["sub"], "name": "Nguyễn Thị Hồng Thắm", "birthdate": "1992-05-20", "gender": "female", "locale": "vi",
        "phone_number": "+84900000011", "phone_number_verified": True,
    }  # fmt: skip
    posted = await shop.city.client.post(
        "/v1/oauth/userinfo", headers={"Authorization": f"Bearer {answer['access_token']}"}
    )
    assert posted.json() == info.json()


async def test_IDT_2_an_id_token_is_signed_whatever_a_client_would_like(shop: Shop) -> None:
    # The algorithm is the key's: one that was registered, and no list of ours holds `none` (DIS-5).
    pkce = Pkce()
    answer = (
        await shop.redeem(await shop.code(pkce), pkce.verifier, id_token_signed_response_alg="none", alg="none")
    ).json()
    assert jwt.get_unverified_header(answer["id_token"])["alg"] == "ES256"
    for alg in ("none", "HS256", "PS256"):
        async with shop.db.begin() as conn:
            with pytest.raises(BadClient):
                await tokens.register_client(
                    conn, client_id="x", name="x", kind="public", grants=["authorization_code"], scopes=[],
                    first_party=True, id_token_signed_response_alg=alg,  # type: ignore[arg-type]
                )  # fmt: skip


async def test_IDT_2_each_app_gets_what_it_registered(shop: Shop, tmp_path: Path) -> None:
    house, folder = shop.city.house, tmp_path / "keys"
    keys.create(folder)
    for kind in ("EdDSA", "RS256"):
        keys.rotate(folder, clock.now() - keys.PUBLISHED_FIRST, start=kind)
    issuer = Issuer(house.settings, keys.FileKeys(folder), house.valkey)
    shown = {key["kid"]: jwt.PyJWK(key) for key in issuer.jwks["keys"]}
    async with shop.db.begin() as conn:
        for alg in (None, *keys.KINDS):
            name = f"signed-{alg or 'any'}".lower()
            await tokens.register_client(
                conn, client_id=name, name=name, kind="public", dpop_required=False, first_party=True,
                grants=["authorization_code"], scopes=["openid"], id_token_signed_response_alg=alg,
            )  # fmt: skip
            client, pkce = await clients.known_client(conn, name), Pkce()
            code = await issuer.issue_code(
                conn, client_id=name, account_id=shop.citizen_id, code_challenge=pkce.challenge, jkt=None, scope=None,
                amr=["otp"], auth_time=clock.now(),
            )  # fmt: skip
            answer = await redeeming.redeem(conn, issuer, client, code=code, verifier=pkce.verifier, jkt=None)
            assert isinstance(answer, TokenReply)
            assert answer.id_token is not None
            header = jwt.get_unverified_header(answer.id_token)
            assert header["alg"] == (alg or "ES256")
            key = shown[header["kid"]]
            said = jwt.decode(answer.id_token, key.key, algorithms=[header["alg"]], audience=name)
            whole = (hashlib.sha512 if alg == "EdDSA" else hashlib.sha256)(answer.access_token.encode()).digest()
            assert said["at_hash"] == rfc7515.b64url(whole[: len(whole) // 2])
            assert jwt.get_unverified_header(answer.access_token)["alg"] == "ES256", "as the issuer's setting has it"
            assert issuer.hinted(answer.id_token)[0] == name
        # Where the key is gone nothing is signed by another.
        with pytest.raises(NoSuchKey):
            shop.city.house.issuer.signing(clock.now(), "RS256")


async def test_UIN_2_each_scope_gives_its_claims_only(shop: Shop) -> None:
    for scope, names in (("openid", {"sub"}), ("openid phone", {"sub", "phone_number", "phone_number_verified"})):
        pkce = Pkce()
        answer = (await shop.redeem(await shop.code(pkce, scope=scope), pkce.verifier)).json()
        info = await shop.city.client.get(
            "/v1/oauth/userinfo", headers={"Authorization": f"Bearer {answer['access_token']}"}
        )
        assert set(info.json()) == names


async def test_IDT_3_each_sector_knows_another_subject_and_never_the_number(shop: Shop) -> None:
    answers = {name: await good(shop, client_id=name) for name in ("test-web", "test-server")}
    subjects = {
        jwt.decode(answer["id_token"], options={"verify_signature": False})["sub"] for answer in answers.values()
    }
    assert len(subjects) == 2
    for answer in answers.values():
        for text in (answer["access_token"], answer["id_token"]):
            payload = json.dumps(jwt.decode(text, options={"verify_signature": False}))
            assert "079192000011" not in payload
            assert "Thắm" not in payload


# Giving back


async def test_a_token_given_back_stops(shop: Shop) -> None:
    token = (await good(shop))["access_token"]
    foreign = await shop.city.client.post("/v1/oauth/revoke", data={"token": token, "client_id": "test-phone"})
    assert foreign.status_code == 200
    assert (await shop.me(token)).status_code == 200, "another client's word ended it"
    own = await shop.city.client.post("/v1/oauth/revoke", data={"token": token, "client_id": "test-web"})
    assert (own.status_code, own.headers["cache-control"]) == (200, "no-store")
    assert (await shop.me(token)).json()["code"] == "token-revoked"
    nonsense = await shop.city.client.post("/v1/oauth/revoke", data={"token": "nonsense", "client_id": "test-web"})
    assert nonsense.status_code == 200
    assert (
        error_of(await shop.city.client.post("/v1/oauth/revoke", data={"client_id": "test-web"})) == "invalid_request"
    )
    assert error_of(await shop.city.client.post("/v1/oauth/revoke", data={"token": "x"}), 401) == "invalid_client"
