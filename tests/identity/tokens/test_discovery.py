"""The documents others configure themselves from: rows DIS of the checklist."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jwt
import msgspec
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from api.caller import Device
from identity import tokens
from identity.tokens import Issuer, rfc7638, rfc8414
from identity.tokens.refusals import BadClient
from kit import clock, keys
from kit.refusal import Words
from kit.settings import BadSetting, Settings
from tests.people import ISSUER, CityPeople

OPENID, OAUTH = "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"


async def read(city: CityPeople, path: str, **headers: str) -> dict[str, Any]:
    response = await city.client.get(path, headers=headers)
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("application/json")
    return response.json()


async def test_DIS_1_every_advertised_endpoint_answers(city: CityPeople) -> None:
    said = await read(city, OPENID)
    assert said["issuer"] == ISSUER
    endpoints = {name: url for name, url in said.items() if name.endswith(("_endpoint", "_uri"))}
    assert set(endpoints) == {
        "authorization_endpoint", "token_endpoint", "revocation_endpoint", "userinfo_endpoint", "jwks_uri",
        "pushed_authorization_request_endpoint", "device_authorization_endpoint", "introspection_endpoint", "end_session_endpoint",
    }  # fmt: skip
    for name, url in endpoints.items():
        assert url.startswith(f"{ISSUER}/")
        method = (
            "GET"
            if name in ("authorization_endpoint", "end_session_endpoint", "jwks_uri", "userinfo_endpoint")
            else "POST"
        )
        answer = await city.client.request(method, urlsplit(url).path)
        assert answer.status_code not in (404, 405, 500), (name, answer.text)


async def test_DIS_2_both_documents_say_the_same(city: CityPeople) -> None:
    assert await read(city, OPENID) == await read(city, OAUTH)
    assert (await city.client.get(f"{OAUTH}/another/issuer")).status_code == 404


def test_DIS_2_an_issuer_with_a_path() -> None:
    assert (
        rfc8414.metadata("https://city.example/mot-cua", ["ES256"])["jwks_uri"]
        == "https://city.example/mot-cua/v1/oauth/jwks"
    )


@pytest.mark.parametrize("header", ["Host", "X-Forwarded-Host", "Forwarded"])
async def test_DIS_3_the_host_a_caller_names_changes_nothing(city: CityPeople, header: str) -> None:
    value = "host=evil.test" if header == "Forwarded" else "evil.test"
    response = await city.client.get(OPENID, headers={header: value, "X-Forwarded-Proto": "https"})
    assert response.status_code in (200, 400)
    assert "evil" not in response.text
    if response.status_code == 200:
        assert response.json() == await read(city, OPENID)


async def test_DIS_4_the_keys_are_public_halves(city: CityPeople) -> None:
    keys = (await read(city, "/v1/oauth/jwks"))["keys"]
    assert keys
    assert len({key["kid"] for key in keys}) == len(keys)
    for key in keys:
        assert set(key) == {"kty", "crv", "x", "y", "kid", "use", "alg"}
        assert (key["kty"], key["crv"], key["use"], key["alg"]) == ("EC", "P-256", "sig", "ES256")


async def test_DIS_5_nothing_weak_is_offered(city: CityPeople) -> None:
    said = await read(city, OPENID)
    assert said["code_challenge_methods_supported"] == ["S256"]
    assert said["response_types_supported"] == ["code"]
    assert said["authorization_response_iss_parameter_supported"] is True
    assert said["grant_types_supported"] == [
        "authorization_code", "refresh_token", "client_credentials", "urn:ietf:params:oauth:grant-type:device_code",
        "urn:ietf:params:oauth:grant-type:token-exchange",
    ]  # fmt: skip
    assert said["subject_types_supported"] == ["pairwise"]
    assert said["request_uri_parameter_supported"] is False
    algorithms = [values for name, values in said.items() if "alg_values" in name]
    assert algorithms
    assert all(values == ["ES256"] for values in algorithms)
    text = json.dumps(said)
    assert not [weak for weak in ("HS256", '"plain"', "password", "implicit") if weak in text]


class _TwoKeys:
    """A deployment in the middle of a rotation: the older key verifies, the newer one signs."""

    development_only = True

    def __init__(self, keys: dict[str, ec.EllipticCurvePrivateKey]) -> None:
        self._keys = keys

    def key(self, name: str) -> bytes:
        return name.encode().ljust(32, b"-")

    def secret(self, name: str) -> str | None:
        return None

    def signing_keys(self) -> dict[str, ec.EllipticCurvePrivateKey]:
        return self._keys


async def test_DIS_6_old_tokens_outlive_a_new_key(city: CityPeople) -> None:
    old, new = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    house = city.house
    before = Issuer(house.settings, _TwoKeys({"old": old}), house.valkey)
    after = Issuer(house.settings, _TwoKeys({"old": old, "new": new}), house.valkey)
    assert [key["kid"] for key in after.jwks["keys"]] == ["old", "new"]
    path = "/v1/me"
    for issuer, kid in ((before, "old"), (after, "new")):
        device = Device()
        async with house.db.begin() as conn:
            token = await issuer.proofing_token(
                conn,
                session_id="prf_1",
                client_id="citizen-app",
                jkt=rfc7638.thumbprint(device.key.public_key()),
            )
        assert jwt.get_unverified_header(token)["kid"] == kid
        proof = device.proof("GET", ISSUER + path, token)
        actor = await after.actor(house.db, authorization=[f"DPoP {token}"], dpop=[proof], method="GET", path=path)
        assert (actor.kind, actor.session_id, actor.account_id) == ("proofing", "prf_1", None)


def _lasting(folder: Path, alg: keys.SigningKind, settings: Settings) -> Settings:
    """Keys of this kind, and the settings that sign by them."""
    keys.create(folder)
    if alg != "ES256":
        began = clock.now() - keys.PUBLISHED_FIRST
        keys.rotate(folder, began, start=alg)
    return msgspec.structs.replace(settings, signing_algorithm=alg)


@pytest.mark.parametrize("alg", keys.KINDS)
async def test_DIS_6_a_rotation_rehearsed(city: CityPeople, tmp_path: Path, alg: keys.SigningKind) -> None:
    house, folder = city.house, tmp_path / "keys"
    settings = _lasting(folder, alg, house.settings)
    begun = {file.stem for file in (folder / "signing").glob("*.pem")}
    jkt = rfc7638.thumbprint(Device().key.public_key())

    async def signs(issuer: Issuer) -> tuple[str, str]:
        async with house.db.begin() as conn:
            token = await issuer.proofing_token(conn, session_id="prf_1", client_id="citizen-app", jkt=jkt)
        header = jwt.get_unverified_header(token)
        assert header["alg"] == alg
        return token, header["kid"]

    before = Issuer(settings, keys.FileKeys(folder), house.valkey)
    old_token, first = await signs(before)
    each, removed = keys.rotate(folder, clock.now())
    assert removed == []
    assert len(each) == (1 if alg == "ES256" else 2), "the next of each kind"
    made = next(file for file in each if file.stem.startswith(alg.lower()))
    after = Issuer(settings, keys.FileKeys(folder), house.valkey)
    shown = [key["kid"] for key in after.jwks["keys"]]
    assert set(shown) == begun | {file.stem for file in each}, "shown"
    assert shown.index(first) < shown.index(made.stem)
    assert (await signs(after))[1] == first, "before it signs"
    with clock.shifted(keys.PUBLISHED_FIRST + timedelta(seconds=1)):
        new_token, kid = await signs(after)
        assert kid == made.stem
        assert after.claims_in_force(new_token) is not None
        assert after.claims_in_force(old_token) is not None, "good until it expires"
    for days in (30, 60, 90):
        assert keys.rotate(folder, clock.now() + timedelta(days=days))[1] == []
    gone = keys.rotate(folder, clock.now() + timedelta(days=101))[1]
    assert first in [file.stem for file in gone], "followed more than a hundred days ago"


@pytest.mark.parametrize("alg", keys.KINDS)
async def test_DIS_4_a_key_of_each_kind(city: CityPeople, tmp_path: Path, alg: keys.SigningKind) -> None:
    house = city.house
    settings = _lasting(tmp_path / "keys", alg, house.settings)
    issuer = Issuer(settings, keys.FileKeys(tmp_path / "keys"), house.valkey)
    supported = issuer.metadata["id_token_signing_alg_values_supported"]
    assert supported[0] == alg
    assert set(supported) == {"ES256", alg}, "what there is a key for, and nothing else"
    public = {"EC": {"crv", "x", "y"}, "OKP": {"crv", "x"}, "RSA": {"n", "e"}}
    for key in issuer.jwks["keys"]:
        assert set(key) == {"kty", "kid", "use", "alg"} | public[key["kty"]]
    shown = {key["kid"]: jwt.PyJWK(key) for key in issuer.jwks["keys"]}
    async with house.db.begin() as conn:
        token = await issuer.proofing_token(conn, session_id="prf_1", client_id="citizen-app", jkt="x" * 43)
    kid = jwt.get_unverified_header(token)["kid"]
    # As a partner verifies it: with what the key set says, and no more.
    said = jwt.decode(token, shown[kid].key, algorithms=[shown[kid].algorithm_name], audience=ISSUER)
    assert said["sub"] == "prf_1"
    assert issuer.claims_in_force(token) is not None


def test_DIS_4_keys_that_sign_nothing_here(tmp_path: Path, settings: Settings) -> None:
    keys.create(tmp_path)
    file = tmp_path / "signing" / "weak.pem"
    for weak in (rsa.generate_private_key(65537, 1024), ec.generate_private_key(ec.SECP384R1())):
        file.write_bytes(
            weak.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        file.chmod(0o600)
        with pytest.raises(BadSetting, match=r"weak\.pem"):
            keys.FileKeys(tmp_path)


async def test_DIS_4_no_key_of_the_kind_that_is_set(city: CityPeople, tmp_path: Path) -> None:
    house = city.house
    keys.create(tmp_path)
    settings = msgspec.structs.replace(house.settings, signing_algorithm="RS256")
    with pytest.raises(BadSetting, match="--start RS256"):
        Issuer(settings, keys.FileKeys(tmp_path), house.valkey)


OPEN_TO_SCRIPTS = (
    OPENID,
    OAUTH,
    "/v1/oauth/jwks",
    "/v1/oauth/token",
    "/v1/oauth/par",
    "/v1/oauth/revoke",
    "/v1/oauth/userinfo",
)
NEVER = (
    "/v1/oauth/authorize",
    "/v1/oauth/logout",
    "/v1/oauth/introspect",
    "/device",
    "/v1/me",
    "/v1/lookups",
    "/",
    "/nowhere",
)


async def answers(city: CityPeople, path: str, origin: str) -> list[Any]:
    """To a preflight, and to what would follow it."""
    foreign = {"Origin": origin}
    asked = {**foreign, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "dpop"}
    return [
        await city.client.options(path, headers=asked),
        await city.client.post(path, headers=foreign),
        await city.client.get(path, headers=foreign),
    ]


def leave(answer: Any) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name.startswith("access-control-")}


async def test_WEB_1_no_foreign_origin_is_let_in(city: CityPeople) -> None:
    for path in (*OPEN_TO_SCRIPTS, *NEVER):
        for origin in ("https://evil.test", "null", ISSUER, "https://app.motcua.test.evil.test", "x" * 9000):
            for answer in await answers(city, path, origin):
                assert leave(answer) == {}, (path, origin)


async def test_WEB_1_a_registered_origin_is_let_in_where_scripts_call_and_nowhere_else(city: CityPeople) -> None:
    origin = "https://app.motcua.test"
    async with city.house.db.begin() as conn:
        await tokens.register_client(
            conn, client_id="single-page", name="Trang", kind="public", grants=["authorization_code"], scopes=["openid"],
            redirect_uris=[f"{origin}/callback"], purpose=Words(vi="Để thử.", en="To try."), origins=[origin],
        )  # fmt: skip
    for path in OPEN_TO_SCRIPTS:
        preflight, *real = await answers(city, path, origin)
        assert preflight.status_code == 204
        assert leave(preflight)["access-control-allow-headers"] == "authorization, content-type, dpop"
        for answer in (preflight, *real):
            assert answer.headers["access-control-allow-origin"] == origin, (
                path,
                "refusals too: a script must read them",
            )
            assert "access-control-allow-credentials" not in answer.headers
            assert "Origin" in answer.headers["vary"]
            assert answer.headers["x-content-type-options"] == "nosniff"
        for other in (
            "http://app.motcua.test",
            "https://app.motcua.test:444",
            "https://evil.test",
            "HTTPS://APP.MOTCUA.TEST",
        ):
            assert not any(leave(answer) for answer in await answers(city, path, other)), (path, other)
    for path in NEVER:
        assert not any(leave(answer) for answer in await answers(city, path, origin)), path
    async with city.house.db.begin() as conn:
        await tokens.disable_client(conn, "single-page")
    assert not any(leave(answer) for answer in await answers(city, "/v1/oauth/token", origin))


@pytest.mark.parametrize(
    "origin",
    [
        "*",
        "null",
        "http://app.motcua.test",
        "https://app.motcua.test/",
        "https://a@app.motcua.test",
        "https://APP.motcua.test",
        "app.motcua.test",
        "https://",
    ],
)
async def test_WEB_1_what_is_no_origin_is_not_registered(city: CityPeople, origin: str) -> None:
    async with city.house.db.begin() as conn:
        with pytest.raises(BadClient):
            await tokens.register_client(
                conn, client_id="no-page", name="Trang", kind="public", grants=["authorization_code"], scopes=["openid"],
                redirect_uris=["https://app.motcua.test/callback"], purpose=Words(vi="Để thử.", en="To try."), origins=[origin],
            )  # fmt: skip
