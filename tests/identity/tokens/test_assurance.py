"""Verified claims (OpenID Connect for Identity Assurance 1.0): rows IDA of the checklist, and the claims parameter (Core §5.5)."""

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import jwt
import pytest

from api.caller import Device
from identity import accounts
from identity.tokens import assurance, evidence, scopes
from identity.tokens.assurance import VerifiedAsked
from identity.tokens.evidence import Verified
from identity.tokens.rfc6749 import OAuthError
from kit import clock
from kit.actor import NOBODY
from kit.db import raw
from tests.identity.tokens.browsing import PARENT, Browser
from tests.people import ISSUER, CityPeople

TF = evidence.policy().trust_framework
CARD_AT = datetime(2026, 3, 1, 8, 0, 0, 123456, UTC)
CHECK_AT, AT = CARD_AT + timedelta(days=1), datetime(2026, 3, 20, tzinfo=UTC)
ANY: dict[str, Any] = {"trust_framework": None}


@pytest.fixture(scope="module")
async def uncounted(city: CityPeople) -> Any:
    city.house.limits._scale = 1000  # pyright: ignore[reportPrivateUsage]
    yield city
    city.house.limits._scale = 1  # pyright: ignore[reportPrivateUsage]


def claim(value: Any, *sources: str, at: datetime = CARD_AT) -> Any:
    return SimpleNamespace(value=value, sources=sources, proved_at=at)


PROVEN = {
    "full_name": claim("NGUYỄN VĂN THỬ", "card:print", "card:qr"),
    "date_of_birth": claim("1990-01-02", "card:print", "card:mrz", "card:qr"),
    "sex": claim("male", "card:qr"),
    "residence": claim("Số 1 đường Hư Cấu", "register:sandbox", at=CHECK_AT),
    "card_issued_on": claim("2023-05-06", "card:qr"),
    "card_expires_on": claim("2035-01-02", "card:mrz"),
}
LEVELS: list[dict[str, Any]] = [
    {
        "level": 1,
        "evidence": {
            "session": "prf_1",
            "card": {"at": CARD_AT.isoformat()},
            "face": {"at": (CARD_AT + timedelta(minutes=1)).isoformat()},
            "register": None,
        },
    },
    {"level": 2, "evidence": {"session": "prf_1", "officer": {"reason": "x", "at": CHECK_AT.isoformat()}}},
]


def known(**change: Any) -> dict[str, Verified]:
    return evidence.verified(PROVEN | change, LEVELS, acr="urn:motcua:loa:2")


def told(verification: Any = ANY, claims: Any = None, have: dict[str, Verified] | None = None) -> Any:
    asked = assurance.asked({"verification": verification, "claims": claims or {"name": None}})
    return assurance.told(asked, known() if have is None else have, AT)


@pytest.mark.parametrize("how", [None, {}, {"essential": False}, {"essential": True}])
def test_IDA_1_that_claim_and_the_trust_framework_alone(how: Any) -> None:
    assert told(claims={"name": how}) == {
        "verification": {"trust_framework": TF}, "claims": {"name": "NGUYỄN VĂN THỬ"},
    }  # fmt: skip


def test_IDA_1_which_evidence_proved_which_claim_and_when() -> None:
    evidence = [{"type": {"value": kind}, "check_details": None} for kind in ("document", "electronic_record")]
    found = told({"time": None, "evidence": evidence}, {"name": None, "gender": None, "address": None})
    name, sex, address = found
    by = [[one["check_id"] for one in each["verification"]["evidence"][0]["check_details"]] for each in found]
    holder = ["face", "officer", "officer"]
    assert by == [["card:print", "card:qr", *holder], ["card:qr", *holder], ["register:sandbox"]]
    assert name["verification"]["time"] == sex["verification"]["time"] == "2026-03-01T08:00:00Z"
    assert address == {
        "verification": {
            "trust_framework": TF,
            "time": "2026-03-02T08:00:00Z",
            "evidence": [
                {
                    "type": "electronic_record",
                    "check_details": [
                        {"check_method": "data", "check_id": "register:sandbox", "time": "2026-03-02T08:00:00Z"}
                    ],
                }
            ],
        },
        "claims": {"address": {"formatted": "Số 1 đường Hư Cấu"}},
    }
    methods = [(one["check_method"], one["time"]) for one in name["verification"]["evidence"][0]["check_details"]]
    assert methods[-3:] == [
        ("bvr", "2026-03-01T08:01:00Z"), ("vpip", "2026-03-02T08:00:00Z"), ("pvp", "2026-03-02T08:00:00Z"),
    ]  # fmt: skip


@pytest.mark.parametrize(("in_person", "methods"), [(False, ["vri", "pvr"]), (True, ["vri", "vpip", "pvp"])])
def test_IDA_1_a_face_that_an_officer_compared_is_no_machines(*, in_person: bool, methods: list[str]) -> None:
    face = {"by": "officer", "in_person": in_person, "at": CHECK_AT.isoformat()}
    levels = [{"level": 1, "evidence": {**LEVELS[0]["evidence"], "face": face}}]
    found = evidence.verified(PROVEN, levels, acr="urn:motcua:loa:1")["gender"].verification["evidence"][0]
    assert [check["check_method"] for check in found["check_details"]] == methods


def test_IDA_1_members_are_told_as_they_are_asked() -> None:
    entry = {"type": {"value": "document"}, "document_details": {"type": None, "date_of_expiry": None, "nothing": None}}
    verification = {"assurance_level": None, "verification_process": None, "evidence": [entry], "nothing": None}
    assert told(verification)["verification"] == {
        "trust_framework": TF,
        "assurance_level": "urn:motcua:loa:2",
        "verification_process": "prf_1",
        "evidence": [{"type": "document", "document_details": {"type": "idcard", "date_of_expiry": "2035-01-02"}}],
    }


@pytest.mark.parametrize(
    ("verification", "met"),
    [
        ({"trust_framework": {"value": TF}}, True),
        ({"trust_framework": {"values": ["eidas", TF]}}, True),
        ({"trust_framework": {"value": "eidas"}}, False),
        ({"trust_framework": {"values": []}}, False),
        ({"assurance_level": {"value": "urn:motcua:loa:2"}}, True),
        ({"assurance_level": {"value": "urn:motcua:loa:3"}}, False),
        ({"assurance_level": {"essential": True}}, True),
        ({"time": {"max_age": 19 * 86400}}, True),
        ({"time": {"max_age": 18 * 86400}}, False),
        ({"nothing": {"value": "x"}}, False),
        ({"nothing": {"essential": True}}, True),
        ({"evidence": [{"type": {"value": "document"}}]}, True),
        ({"evidence": [{"type": {"value": "vouch"}}]}, False),
        ({"evidence": [{"type": {"value": "vouch"}}, {"type": {"value": "document"}}]}, True),
        ({"evidence": [{"type": {"value": "document"}, "check_details": [{"check_method": {"value": "pvp"}}]}]}, True),
        ({"evidence": [{"type": {"value": "document"}, "check_details": [{"check_method": {"value": "kbv"}}]}]}, False),
        ({"evidence": [{"type": {"value": "document"}, "document_details": {"type": {"value": "passport"}}}]}, False),
        ({"evidence": [{"type": {"value": "document"}, "attachments": [{"desc": {"value": "x"}}]}]}, False),
        (
            {"evidence": [{"type": {"value": "document"}, "document_details": {"date_of_expiry": {"max_age": 0}}}]},
            True,
        ),
        (
            {"evidence": [{"type": {"value": "document"}, "document_details": {"date_of_issuance": {"max_age": 9}}}]},
            False,
        ),
    ],
)
def test_IDA_1_conditions_of_the_verification(verification: Any, *, met: bool) -> None:
    assert (told(verification) is not None) is met


@pytest.mark.parametrize("name", ["unknown", "né?'\"<b>", "nationalities", "phone_number"])
def test_IDA_2_claims_nobody_verifies_are_left_out(name: str) -> None:
    assert assurance.asked({"verification": ANY, "claims": {name: {"essential": True}}}) == ()
    assert told(claims={name: None, "name": None})["claims"] == {"name": "NGUYỄN VĂN THỬ"}


def test_IDA_2_a_value_that_is_not_so() -> None:
    assert told(claims={"name": {"value": "8f3a"}}) is None
    assert told(claims={"name": {"values": ["8f3a"]}, "gender": {"value": "male"}})["claims"] == {"gender": "male"}


@pytest.mark.parametrize(
    "sent",
    [
        5, "x", [5], {}, {"verification": ANY}, {"claims": {"name": None}}, {"verification": ANY, "claims": {}},
        {"verification": ANY, "claims": None}, {"verification": None, "claims": {"name": None}},
        {"verification": ANY, "claims": {"name": 5}}, {"verification": ANY, "claims": {"name": {"values": "x"}}},
        {"verification": ANY, "claims": {"name": {"essential": "yes"}}},
        {"verification": {"evidence": []}, "claims": {"name": None}},
        {"verification": {"evidence": {}}, "claims": {"name": None}},
        {"verification": {"evidence": [{"type": None}]}, "claims": {"name": None}},
        {"verification": {"evidence": [{"type": {"values": ["document"]}}]}, "claims": {"name": None}},
        {"verification": {"time": {"max_age": "1"}}, "claims": {"name": None}},
        {"verification": {"time": 5}, "claims": {"name": None}},
        {"verification": {"time": {"values": 5}}, "claims": {"name": None}},
    ],
)  # fmt: skip
def test_IDA_2_requests_that_are_none(sent: Any) -> None:
    with pytest.raises(OAuthError, match="invalid_request"):
        assurance.asked(sent)


def test_IDA_4_only_what_evidence_proved() -> None:
    own = known(residence=claim("Nơi tôi nói", "self"), full_name=claim("TÊN", "one-time-code"))
    assert set(own) == {"birthdate", "gender"}
    assert evidence.verified(PROVEN, LEVELS, acr=None) == {}, "a level that has lapsed proves nothing any more"
    assert set(evidence.policy().claims) <= set(scopes.CLAIMS)
    with_contacts = known(phone=claim("+84900000011", "card:qr"), phone_number=claim("+84900000011", "card:qr"))
    assert set(with_contacts) == set(known())


def test_IDA_1_the_metadata_says_what_is_answered() -> None:
    said = evidence.metadata()
    everything = known().values()
    entries = [entry for one in everything for entry in one.verification["evidence"]]
    assert said["trust_frameworks_supported"] == [TF]
    assert set(said["claims_in_verified_claims_supported"]) == set(known())
    assert {entry["type"] for entry in entries} == set(said["evidence_supported"])
    methods = {check["check_method"] for e in entries if e["type"] == "document" for check in e["check_details"]}
    chip, photos = "vcrypt", "pvr"
    assert methods | {chip, photos} == set(said["documents_check_methods_supported"])


# On the whole app


def asking(where: str, *names: str, verification: Any = ANY) -> dict[str, Any]:
    return {where: {"verified_claims": {"verification": verification, "claims": dict.fromkeys(names)}}}


class Seen:
    """What a sign-in told an app."""

    def __init__(self, id_token: dict[str, Any], userinfo: dict[str, Any]) -> None:
        self.id_token, self.userinfo = id_token, userinfo


async def seen(
    city: CityPeople, claims: dict[str, Any], allow: list[str] | None = None, scope: str = "openid", login: str = PARENT
) -> Seen:
    browser, device, path = Browser(city), Device(), "/v1/oauth/userinfo"
    allowed = [scopes.item_verified(name) for name in evidence.policy().claims] if allow is None else allow
    asked = {"scope": scope, "claims": json.dumps(claims), "prompt": "consent"}
    response = await browser.go(**asked)
    page = await browser.to(await browser.sign_in(await browser.to(response), login))
    told = browser.answer(await browser.send(page, "/consent", allow=allowed)) if "/consent?" in page.text else {}
    assert told, page.text
    assert "code" in told, told
    held = (await browser.redeem(told["code"], device)).json()
    proof = {
        "Authorization": f"DPoP {held['access_token']}",
        "DPoP": device.proof("GET", ISSUER + path, held["access_token"]),
    }
    info = await city.client.get(path, headers=proof)
    assert info.status_code == 200, info.text
    return Seen(jwt.decode(held["id_token"], options={"verify_signature": False}), info.json())


async def test_IDA_1_by_the_claims_parameter(uncounted: CityPeople) -> None:
    found = await seen(uncounted, asking("userinfo", "birthdate"))
    assert set(found.userinfo) == {"sub", "verified_claims"}
    claims = found.userinfo["verified_claims"]
    assert claims["verification"] == {"trust_framework": TF}
    assert set(claims["claims"]) == {"birthdate"}
    detailed = {"evidence": [{"type": {"value": "electronic_record"}, "record": None}], "assurance_level": None}
    found = await seen(uncounted, asking("id_token", "name", verification=detailed))
    assert found.id_token["verified_claims"]["verification"]["evidence"] == [
        {"type": "electronic_record", "record": {"type": "sandbox", "source": {"name": "sandbox"}}}
    ]


async def test_IDA_1_from_the_evidence_that_was_kept(uncounted: CityPeople) -> None:
    """As proofing writes it, and an officer after it."""
    house, contact = uncounted.house, accounts.contact.parse("+84987000001")
    assert contact is not None
    read_at, now = clock.now() - timedelta(days=2), clock.now()
    said = {"pin": "079193000777", "full_name": "Lê Thị Thử", "date_of_birth": "1993-05-12", "sex": "female"}
    evidence = {
        "session": "prf_ida",
        "card": {"document": "cccd", "at": read_at.isoformat()},
        "face": {"at": read_at.isoformat()},
        "register": None,
    }
    async with house.db.begin() as conn:
        who = await accounts.open_or_find(
            conn, house.keys, contact=contact, level=1, evidence=evidence, at=now,
            claims=[accounts.ProvedClaim(name, value, ("card:print", "card:qr"), read_at) for name, value in said.items()],
        )  # fmt: skip
        seen_by = {"session": "prf_ida", "officer": {"reason": "x", "at": now.isoformat()}}
        await accounts.raise_level(conn, who.id, 2, seen_by, NOBODY)
    wanted: dict[str, Any] = {"assurance_level": None, "verification_process": None, "time": None}
    wanted["evidence"] = [{"type": {"value": "document"}, "check_details": None}]
    found = await seen(uncounted, asking("userinfo", "name", verification=wanted), login="+84987000001")
    told = found.userinfo["verified_claims"]
    assert told["claims"] == {"name": "Lê Thị Thử"}
    verification = told["verification"]
    assert (verification["assurance_level"], verification["verification_process"]) == ("urn:motcua:loa:2", "prf_ida")
    checks = [(check["check_id"], check["check_method"]) for check in verification["evidence"][0]["check_details"]]
    assert checks == [
        ("card:print", "vri"), ("card:qr", "vri"), ("face", "bvr"), ("officer", "vpip"), ("officer", "pvp"),
    ]  # fmt: skip


async def test_IDA_2_the_sign_in_succeeds_all_the_same(uncounted: CityPeople) -> None:
    for names in (("unknown",), ("né?'\"<b>", "name")):
        found = await seen(uncounted, asking("userinfo", *names), allow=["openid", "verified:name"])
        assert ("verified_claims" in found.userinfo) is ("name" in names)
    odd = {"userinfo": {"verified_claims": {"verification": ANY, "claims": {"name": {"value": "x"}}}}}
    assert "verified_claims" not in (await seen(uncounted, odd)).userinfo
    browser = Browser(uncounted)
    broken = json.dumps(asking("userinfo"))
    assert (browser.answer(await browser.go(claims=broken)) or {})["error"] == "invalid_request"


async def test_IDA_3_only_where_it_was_asked_for(uncounted: CityPeople) -> None:
    found = await seen(uncounted, asking("id_token", "name"))
    assert "verified_claims" in found.id_token
    assert "verified_claims" not in found.userinfo
    found = await seen(uncounted, asking("userinfo", "name"))
    assert "verified_claims" not in found.id_token
    assert "verified_claims" in found.userinfo
    found = await seen(uncounted, asking("userinfo", "name") | asking("id_token", "gender"))
    assert set(found.userinfo["verified_claims"]["claims"]) == {"name"}
    assert set(found.id_token["verified_claims"]["claims"]) == {"gender"}


async def test_IDA_3_what_the_person_did_not_allow_is_not_told(uncounted: CityPeople) -> None:
    found = await seen(uncounted, asking("userinfo", "name", "gender"), allow=["verified:gender"])
    assert set(found.userinfo["verified_claims"]["claims"]) == {"gender"}
    found = await seen(uncounted, asking("userinfo", "name"), allow=["profile"], scope="openid profile")
    assert "verified_claims" not in found.userinfo, "a scope tells no evidence"
    assert found.userinfo["name"]


async def test_IDA_4_what_a_person_says_of_themselves(uncounted: CityPeople) -> None:
    house = uncounted.house
    found = await seen(uncounted, asking("userinfo", "address", "name"))
    assert set(found.userinfo["verified_claims"]["claims"]) == {"address", "name"}
    phone = accounts.contact.parse(PARENT)
    assert phone is not None
    async with house.db.begin() as conn:
        parent = await accounts.by_login(conn, house.keys, phone)
        assert parent is not None
        said = accounts.ProvedClaim("residence", "Nơi tôi nói", ("self",), clock.now())
        await accounts.service._keep_claims(conn, house.keys, parent.id, [said])  # type: ignore[attr-defined]
    try:
        both = asking("userinfo", "address", "name")
        both["userinfo"]["address"] = None
        found = await seen(uncounted, both, allow=["claim:address", "verified:address", "verified:name"])
        assert found.userinfo["address"] == {"formatted": "Nơi tôi nói"}
        assert set(found.userinfo["verified_claims"]["claims"]) == {"name"}
    finally:
        async with house.db.begin() as conn:
            await (await raw(conn)).execute("delete from account_claims where sources = '{self}'")


async def test_UIN_2_claims_with_conditions(uncounted: CityPeople) -> None:
    """Core §5.5.1: essential changes nothing that can be told, value and values leave out what is otherwise."""
    allow = ["claim:name", "claim:gender", "claim:birthdate"]
    name = (await seen(uncounted, {"userinfo": {"name": {"essential": True}}}, allow)).userinfo["name"]
    asked = {"userinfo": {"name": {"value": name}, "gender": {"values": ["x"]}, "birthdate": {"value": "1900-01-01"}}}
    assert set((await seen(uncounted, asked, allow)).userinfo) == {"sub", "name"}
    found = await seen(uncounted, {"id_token": {"name": {"values": ["x", name]}, "gender": {"value": "x"}}}, allow)
    assert found.id_token["name"] == name
    assert "gender" not in found.id_token
    browser = Browser(uncounted)
    for broken in ({"name": 5}, {"name": {"essential": 1}}, {"name": {"values": "x"}}):
        sent = json.dumps({"userinfo": broken})
        assert (browser.answer(await browser.go(claims=sent)) or {})["error"] == "invalid_request", broken


def test_IDA_1_a_request_is_kept_as_it_was_read() -> None:
    asked = assurance.asked([{"verification": ANY, "claims": {"name": {"values": ["x"]}}}])
    assert asked == (VerifiedAsked(ANY, {"name": {"values": ["x"]}}),)
