"""How our own API answers a token: rows RS-10 to RS-12 of the checklist, and what ends a token before its time."""

from datetime import timedelta
from typing import Any

import jwt
import pytest

from identity import accounts, offices, tokens
from identity.tokens import rfc7638
from identity.tokens.rfc9068 import LIFETIME, PROOFING_LIFETIME
from kit import clock, ids
from kit.refusal import Refusal, Words
from tests.people import ISSUER, CityPeople, Person


async def account_of(person: Person) -> str:
    return (await person.get("/v1/me", expect=200))["account_id"]


async def fresh(city: CityPeople, key: str) -> Person:
    """The person signed in anew, whatever happened to their last token."""
    city._known.pop(key, None)  # pyright: ignore[reportPrivateUsage]
    await city.house.valkey.forget_everything()
    return await city.signed_in(key)


async def test_nobody_and_everybody(city: CityPeople) -> None:
    await city.nobody.get("/v1/me", expect=401, code="not-signed-in")
    parent = await (await city.signed_in("parent")).get("/v1/me", expect=200)
    assert (parent["kind"], parent["level"], parent["acr"]) == ("person", 2, "urn:motcua:loa:2")
    assert parent["pin_masked"] == "079*******11"
    assert parent["contacts"][0]["masked"] == "+84*****0011"
    officer = await (await city.signed_in("civil_status")).get("/v1/me", expect=200)
    assert (officer["kind"], officer["office"]["id"]) == ("officer", "off_ubnd_sai_gon")
    assert officer["office"]["roles"] == ["civil_status"]


async def test_RS_10_three_ways_of_not_being_let_in(city: CityPeople) -> None:
    none = await city.client.get("/v1/me")
    assert none.status_code == 401
    assert "error" not in none.headers["www-authenticate"]
    # RFC 6750 §3: the scheme is followed by at least one parameter.
    assert none.headers["www-authenticate"].endswith('Bearer realm="motcua"')
    bad = await city.client.get("/v1/me", headers={"Authorization": "Bearer nonsense"})
    assert (bad.status_code, bad.json()["code"]) == (401, "invalid-token")
    assert 'error="invalid_token"' in bad.headers["www-authenticate"]
    for empty in ("Bearer", "Bearer ", "DPoP"):
        assert (await city.client.get("/v1/me", headers={"Authorization": empty})).status_code == 401
    two = [("Authorization", "Bearer a"), ("Authorization", "Bearer b")]
    assert (await city.client.get("/v1/me", headers=two)).status_code == 401


async def test_RS_8_a_token_of_a_megabyte(city: CityPeople) -> None:
    answer = await city.client.get("/v1/me", headers={"Authorization": "Bearer " + "a." * 500_000})
    assert answer.status_code in (400, 401, 431)


async def test_RS_11_a_token_in_the_address_is_not_seen(city: CityPeople) -> None:
    parent = await city.signed_in("parent")
    answer = await city.client.get("/v1/me", params={"access_token": parent.token or ""})
    assert (answer.status_code, answer.json()["code"]) == (401, "not-signed-in")


async def test_RS_1_what_stands_in_a_token(city: CityPeople) -> None:
    citizen, officer = await city.signed_in("parent"), await city.signed_in("residence")
    claims = jwt.decode(citizen.token or "", options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == LIFETIME.total_seconds() <= 900
    assert (claims["iss"], claims["aud"], claims["client_id"], claims["kind"]) == (
        ISSUER,
        ISSUER,
        "citizen-app",
        "citizen",
    )
    assert claims["acr"] == "urn:motcua:loa:2"
    assert claims["amr"] == ["otp", "sms"]
    claims = jwt.decode(officer.token or "", options={"verify_signature": False})
    assert (claims["kind"], claims["office"], claims["roles"]) == (
        "officer",
        "off_cong_an_sai_gon",
        ["criminal_record", "identity_card", "residence"],
    )
    assert claims["amr"] == ["otp"]


async def test_RS_7_a_token_ends_with_its_time(city: CityPeople) -> None:
    parent = await city.signed_in("parent")
    claims = jwt.decode(parent.token or "", options={"verify_signature": False})
    left = timedelta(seconds=claims["exp"] - clock.now().timestamp())
    for by, expect in ((left - timedelta(seconds=2), 200), (left + timedelta(seconds=1), 401)):
        with clock.shifted(by):
            proof = parent.device.proof("GET", ISSUER + "/v1/me", parent.token, iat=int(clock.now().timestamp()))  # type: ignore[union-attr]
            answer = await parent.get("/v1/me", headers={"DPoP": proof}, expect=expect)
    assert answer["code"] == "token-expired"


async def test_RS_12_a_revoked_person_is_out_at_once(city: CityPeople) -> None:
    stranger = await city.signed_in("stranger")
    account_id = await account_of(stranger)
    async with city.house.db.begin() as conn:
        assert await tokens.revoke_tokens(conn, account_id=account_id, reason="asked for at the desk") == 1
    await stranger.get("/v1/me", expect=401, code="token-revoked")
    await (await fresh(city, "stranger")).get("/v1/me", expect=200)


async def test_an_officer_who_leaves_is_out_at_once(city: CityPeople) -> None:
    officer = await city.signed_in("insurance")
    account_id = await account_of(officer)
    async with city.house.db.begin() as conn:
        await offices.end_appointment(conn, account_id=account_id)
    await officer.get("/v1/me", expect=401, code="token-revoked")
    today = clock.today()
    async with city.house.db.begin() as conn:
        await offices.appoint(
            conn, account_id=account_id, office_id="off_bhxh_sai_gon", roles=["insurance", "head"], from_on=today, until_on=today
        )  # fmt: skip
    # The old token named the old appointment; a new sign-in names the new one.
    await officer.get("/v1/me", expect=401, code="token-revoked")
    again = await fresh(city, "insurance")
    assert (await again.get("/v1/me", expect=200))["office"]["roles"] == ["head", "insurance"]


async def test_a_proofing_token_reads_nothing_of_anybody(city: CityPeople) -> None:
    parent = await city.signed_in("parent")
    device = parent.device
    assert device is not None
    async with city.house.db.begin() as conn:
        token = await city.house.issuer.proofing_token(
            conn, session_id=ids.new_id("prf"), client_id="citizen-app", jkt=rfc7638.thumbprint(device.key.public_key())
        )
    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["kind"], claims["scope"]) == ("proofing", "proofing")
    assert claims["exp"] - claims["iat"] == PROOFING_LIFETIME.total_seconds()
    await Person(city.client, "session", token=token, device=device).get("/v1/me", expect=404)


async def test_a_level_lowered_is_lowered_at_once_and_a_raised_one_waits_for_a_new_token(city: CityPeople) -> None:
    other = await city.signed_in("other_parent")
    assert (await other.get("/v1/me", expect=200))["level"] == 2
    phone = accounts.contact.parse("0900000012")
    assert phone is not None

    async def set_level(level: int) -> None:
        async with city.house.db.begin() as conn:
            found = await accounts.by_login(conn, city.house.keys, phone)
            assert found is not None
            await conn.exec_driver_sql("update accounts set level = %s where id = %s", (level, found.id))

    await set_level(1)
    assert (await other.get("/v1/me", expect=200))["acr"] == "urn:motcua:loa:1"
    at_one = await fresh(city, "other_parent")
    await set_level(2)
    assert (await at_one.get("/v1/me", expect=200))["level"] == 1


async def test_registering_clients_refuses_what_is_unsafe(city: CityPeople) -> None:
    base: dict[str, Any] = {
        "purpose": Words("Để thử.", "To try."),
        "redirect_uris": ["https://app.test/cb"],
        "client_id": "x-app",
        "name": "x",
        "kind": "public",
        "grants": ["authorization_code"],
        "scopes": ["openid"],
    }
    wrong: list[dict[str, Any]] = [
        {"grants": ["password"]}, {"grants": []}, {"grants": ["client_credentials"]}, {"scopes": ["everything"]}, {"name": " "},
        {"client_id": "a b"}, {"client_id": "'; drop table"}, {"office_id": "off_ubnd_sai_gon"},
        {"redirect_uris": ["http://good.test/cb"]}, {"redirect_uris": ["javascript:alert(1)"]}, {"redirect_uris": ["data:x"]},
        {"redirect_uris": ["https://good.test/cb#f"]}, {"redirect_uris": ["https://good.test@evil.test/cb"]},
        {"redirect_uris": ["https:\\\\evil.test"]}, {"redirect_uris": ["http://localhost/cb"]},
    ]  # fmt: skip
    async with city.house.db.begin() as conn:
        for change in wrong:
            with pytest.raises(Refusal, match="bad-client"):
                await tokens.register_client(conn, **base | change)
        good = ["https://app.test/cb", "http://127.0.0.1/cb", "http://[::1]/cb", "vn.gov.hcm.app:/cb"]
        assert await tokens.register_client(conn, **base | {"redirect_uris": good}) is None
        secret = await tokens.register_client(conn, **base | {"client_id": "y-app", "kind": "confidential"})
        assert secret is not None
        assert len(secret) > 43
        with pytest.raises(Refusal, match="client-exists"):
            await tokens.register_client(conn, **base)
