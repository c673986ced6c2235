"""Callers that are nobody's ordinary app: odd paths, invented methods, many addresses."""

import ipaddress
import json
import tempfile
from typing import Any

import pytest

from api import access
from api.caller import Device, Pkce
from tests.dossiers.test_lifecycle import WHY, desk, in_review
from tests.people import ISSUER, CityPeople

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("odd", ["%2F..%2Fetc", "%00", "%c3%a9", "a%20b", "%41"])
async def test_an_escaped_path_is_proven_as_it_was_sent(city: CityPeople, odd: str) -> None:
    """The proof's address was compared with the decoded path: %2F in an id gave 401 instead of 404."""
    stranger = await city.signed_in("stranger")
    await stranger.get(f"/v1/uploads/upl_{odd}", expect=404, code="not-found")


async def test_invented_methods_do_not_grow_the_metrics(city: CityPeople) -> None:
    """Every method a stranger made up became a time series of its own, until memory was full."""
    for method in ("FOO", "BAR1", "PROPFIND"):
        await city.client.request(method, "/v1/procedures")
    told = (await city.client.get("/metrics")).text
    assert 'method="other"' in told
    assert "FOO" not in told


@pytest.mark.parametrize(
    "sent", [{"client_id": "\0"}, {"client_id": "x", "client_secret": "\0"}, {"\0": "x"}, {"client_id": "é"}]
)
@pytest.mark.parametrize("endpoint", ["token", "revoke"])
async def test_a_nul_at_the_oauth_endpoints_is_an_invalid_request(
    city: CityPeople, endpoint: str, sent: dict[str, str]
) -> None:
    """A client_id of one NUL reached the database, which cannot look it up: 500."""
    answer = await city.client.post(
        f"/v1/oauth/{endpoint}", data={"token": "x", "grant_type": "client_credentials"} | sent
    )
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    basic = await city.client.post(f"/v1/oauth/{endpoint}", data={"token": "x", "grant_type": "x"}, auth=("%00", "x"))
    assert (basic.status_code, basic.json()["error"]) == (401, "invalid_client")


@pytest.mark.parametrize("odd", [{"client_id": "\0"}, {"nonce": "\0"}, {"scope": "openid\x1fprofile"}])
async def test_a_nul_in_a_sign_in_is_malformed(city: CityPeople, odd: dict[str, str]) -> None:
    """A NUL in client_id or nonce reached the database: 500."""
    challenge = {"code_challenge": Pkce().challenge, "code_challenge_method": "S256"}
    body: dict[str, Any] = {"client_id": "citizen-app", "login": "+84900000011"} | challenge | odd
    proof = Device().proof("POST", f"{ISSUER}/v1/sign-ins")
    headers = {"DPoP": proof, "Content-Type": "application/json"}
    answer = await city.client.post("/v1/sign-ins", content=json.dumps(body), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed-request")


async def test_a_nul_in_a_path_or_query_is_no_500(city: CityPeople) -> None:
    """An id or a ward of %00 reached the database: 500."""
    await city.nobody.post("/v1/sign-ins/%00/code", json={"code": "123456"}, expect=410, code="sign-in-over")
    await city.nobody.get("/v1/offices?ward=%00", expect=400, code="malformed-request")


async def test_a_nul_in_what_an_officer_writes_is_malformed(city: CityPeople) -> None:
    """A NUL in a reason or a name reached the database, as text or within JSON: 500."""
    dossier = await in_review(city)
    officer = await city.signed_in("residence")
    odd = {"reason": f"{WHY}\0"}
    for verb in ("stop", "return-to-queue", "escalation"):
        await officer.post(f"{desk(dossier)}/{verb}", json=odd, expect=400, code="malformed-request")
    await officer.post(f"{desk(dossier)}/stop", json={"reason": WHY}, expect=201)


async def test_a_large_photo_never_lies_on_the_disk(city: CityPeople, monkeypatch: pytest.MonkeyPatch) -> None:
    """The framework spooled every photo over a megabyte to /tmp: faces and cards in the clear, on whatever disk that is."""
    on_disk: list[object] = []

    def rolled_over(file: object) -> None:
        on_disk.append(file)

    monkeypatch.setattr(tempfile.SpooledTemporaryFile, "rollover", rolled_over)
    parent = await city.signed_in("parent")
    file = ("photo.jpg", b"\xff\xd8\xff" + bytes(5_000_000), "image/jpeg")
    await parent.post("/v1/uploads", files={"file": file}, expect=422, code="bad-image")
    await parent.put("/v1/me/face-lookup", files={"selfie": file}, expect=422, code="face-consent-missing")
    assert on_disk == []


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::/64"),
        ("unix", "unix"),
    ],
)
def test_an_ipv6_line_is_one_caller(address: str, counted: str) -> None:
    """Each of a line's 2^64 addresses had limits of its own, so that nobody with IPv6 was limited at all."""
    assert access.counted_address(address) == counted


def test_a_proxy_is_trusted_also_over_an_ipv6_socket() -> None:
    """As ::ffff:10.0.0.2 the proxy was a stranger, and the whole city shared its limits."""
    trusted = [ipaddress.ip_network("10.0.0.0/8")]
    assert access.believed_address("::ffff:10.0.0.2", "198.51.100.1", trusted) == "198.51.100.1"
