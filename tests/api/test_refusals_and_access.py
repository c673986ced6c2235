"""Whatever goes wrong: one problem document, no inside, the right status; whoever calls: only what the route allows."""

import ipaddress
import json
from pathlib import Path
from typing import Any

import pytest
from litestar.routes import HTTPRoute

from api import access
from api.backlogs import Backlogs
from identity import faces
from kit.actor import Actor, InsufficientLevel, Who, citizen
from kit.db import Database
from tests.people import CityPeople
from wires import Intake, Wire

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/v1/nothing-here", None, 404, "not-found"),
        ("DELETE", "/v1/procedures", None, 405, "method-not-allowed"),
        ("POST", "/v1/sign-ins", b"{", 400, "malformed-request"),
        ("POST", "/v1/sign-ins", b'{"client_id": 7}', 400, "malformed-request"),
        ("POST", "/v1/sign-ins", b"[" * 3_000, 400, "malformed-request"),
        ("POST", "/v1/sign-ins", b'{"login": "\xff"}', 400, "malformed-request"),
        ("POST", "/v1/lookups", b"x" * 2_000_000, 413, "body-too-large"),
    ],
)
async def test_bad_input_is_a_problem_document(
    city: CityPeople, method: str, path: str, body: bytes | None, status: int, code: str
) -> None:
    answer = await city.client.request(method, path, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    said = answer.json()
    assert said["code"] == code
    assert said["status"] == status
    assert set(said["message"]) == {"vi", "en"}
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    "path", ["/v1/oauth/jwks", "/.well-known/openid-configuration", "/", "/v1/procedures", "/v1/nothing"]
)
async def test_HEAD_is_GET_without_its_body(city: CityPeople, path: str) -> None:
    """It was 405 everywhere: RFC 9110 §9.1 has every server know both."""
    whole, head = await city.client.get(path), await city.client.head(path)
    assert (head.status_code, head.content) == (whole.status_code, b"")
    for name in ("content-type", "content-length"):
        assert head.headers.get(name) == whole.headers.get(name)


async def test_HEAD_where_nothing_can_be_got(city: CityPeople) -> None:
    refused = await city.client.head("/v1/oauth/token")
    assert (refused.status_code, refused.content) == (405, b"")


async def test_the_reader_is_told_in_the_language_asked_for(city: CityPeople) -> None:
    vietnamese = (await city.client.get("/v1/nothing")).json()
    english = (await city.client.get("/v1/nothing", headers={"Accept-Language": "en"})).json()
    assert vietnamese["detail"] == vietnamese["message"]["vi"]
    assert english["detail"] == english["message"]["en"]


async def test_the_unexpected_tells_nothing_of_its_inside(city: CityPeople, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret inside")

    monkeypatch.setattr(city.house.catalogue, "in_force", broken, raising=False)
    monkeypatch.setattr(type(city.house.catalogue), "in_force", broken, raising=False)
    monkeypatch.setattr(type(city.house.catalogue), "search", broken, raising=False)
    answer = await city.client.get("/v1/procedures", headers={"X-Request-Id": "asked-by-me"})
    assert answer.status_code == 500
    assert answer.json()["code"] == "unexpected"
    assert "secret inside" not in answer.text
    assert "asked-by-me" in answer.text, "the operator finds the log line by this id"


async def test_every_answer_carries_an_id_and_the_safe_headers(city: CityPeople) -> None:
    for path in ("/health", "/v1/nothing", "/v1/me", "/"):
        answer = await city.client.get(path)
        assert answer.headers["x-request-id"]
        assert answer.headers["x-content-type-options"] == "nosniff"
    forged = await city.client.get("/health", headers={"X-Request-Id": "a b\tc"})
    assert forged.headers["x-request-id"] != "a b\tc"


async def test_ready_tells_each_engine(city: CityPeople, monkeypatch: pytest.MonkeyPatch) -> None:
    engines = {"database": "ok", "faces_database": "ok", "valkey": "ok"}
    assert (await city.client.get("/ready")).json()["parts"] == {**engines, "faces": "ok"}
    # All but finding by face serves on.
    monkeypatch.setattr(faces, "has_both_eyes", lambda: False)
    one_eyed = await city.client.get("/ready")
    assert (one_eyed.status_code, one_eyed.json()["parts"]) == (200, {**engines, "faces": "one eye only"})


async def test_metrics_name_routes_not_paths(city: CityPeople) -> None:
    await city.client.get("/v1/procedures/3.000722")
    text = (await city.client.get("/metrics")).text
    assert 'route="/v1/procedures/{code}"' in text
    assert "3.000722" not in text


async def test_metrics_tell_what_waits_to_leave_and_what_was_given_up(
    city: CityPeople, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = Wire("metrics", "bhxh", "http://127.0.0.1:9/", "k", bytes(32), "acc_1")
    intake = Intake(
        trangThai=1, maDonVi="", maTTHC="", module="", maHoSo="", maHoSoLT="", maHoSoMCDT="", ngayTiepNhan="", techId="",
    )  # fmt: skip
    backlogs = Backlogs(city.house.db, city.house.wires, city.house.post_office)
    before = (await backlogs.now())["wires"]
    async with city.house.db.begin() as conn:
        await city.house.wires.open_wire(conn, wire)
        await city.house.wires.put(conn, wire, "bra_metrics_1", intake)
        await city.house.wires.put(conn, wire, "bra_metrics_2", intake)
        change = "update wire_messages set state = 'dead' where case_id = 'bra_metrics_2'"
        await conn.exec_driver_sql(change)
    try:
        assert (await backlogs.now())["wires"] == before, "asked once in five seconds"
        fresh = Backlogs(city.house.db, city.house.wires, city.house.post_office)
        monkeypatch.setattr(city.house, "backlogs", fresh)
        text = (await city.client.get("/metrics")).text
        assert f'motcua_backlog{{queue="wires"}} {before.waiting + 1:.1f}' in text
        assert f'motcua_dead_letters{{queue="wires"}} {before.dead + 1:.1f}' in text
        for queue in ("feed", "letters", "wires"):
            assert f'motcua_backlog_late_seconds{{queue="{queue}"}}' in text
    finally:
        async with city.house.db.begin() as conn:
            await conn.exec_driver_sql("delete from wire_messages where wire = 'metrics'")
            await conn.exec_driver_sql("update wires set closed_at = now() where name = 'metrics'")


async def test_metrics_are_told_without_a_database(city: CityPeople, monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = Database("postgresql://nobody:x@127.0.0.1:9/nothing")
    monkeypatch.setattr(city.house, "backlogs", Backlogs(nowhere, city.house.wires, city.house.post_office))
    text = (await city.client.get("/metrics")).text
    await nowhere.close()
    assert "motcua_requests_total" in text
    assert "motcua_backlog{" not in text


async def test_nobody_reaches_what_asks_for_somebody(city: CityPeople) -> None:
    """Every route that names who may call it, asked by nobody: 401, and the same for a path that does not exist behind it."""
    for path, method, who in _routes(city):
        if who.anyone or not path.startswith("/v1"):
            continue
        answer = await city.client.request(method, path.replace("{", "").replace("}", "").replace(":str", ""))
        assert answer.status_code == 401, f"{method} {path}: {answer.status_code}"
        assert "www-authenticate" in answer.headers


async def test_a_citizen_does_not_see_that_there_is_a_desk(city: CityPeople) -> None:
    stranger = await city.signed_in("stranger")
    for path, method, who in _routes(city):
        if who.anyone or "citizen" in who.kinds or any("citizen" in w.kinds for w in who.alternatives):
            continue
        body: Any = {"json": {}} if method in ("POST", "PUT", "PATCH") else {}
        answer = await stranger.call(method, path.replace("{", "").replace("}", "").replace(":str", ""), **body)
        assert isinstance(answer, dict)
        assert answer["status"] == 404, f"{method} {path}"


def _routes(city: CityPeople) -> list[tuple[str, str, Who]]:
    found: list[tuple[str, str, Who]] = []
    for route in city.app.routes:
        if isinstance(route, HTTPRoute):
            for handler in route.route_handlers:
                if isinstance(handler.opt.get("who"), Who):
                    methods = handler.http_methods - {"OPTIONS", "HEAD"}
                    found += [(route.path, str(method), handler.opt["who"]) for method in methods]
    return found


@pytest.mark.parametrize(
    ("peer", "forwarded", "believed"),
    [
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
        ("10.0.0.2", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.2", "1.1.1.1, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.2", "1.1.1.1, 198.51.100.1, 10.0.0.7", "198.51.100.1"),
        ("10.0.0.2", "not an address", "not an address"),
        ("10.0.0.2", "", "10.0.0.2"),
    ],
)
def test_the_address_is_believed_only_from_trusted_proxies(peer: str, forwarded: str, believed: str) -> None:
    """CVE-2025-59152: a forged X-Forwarded-For must not give a fresh rate limit."""
    assert access.believed_address(peer, forwarded, [ipaddress.ip_network("10.0.0.0/8")]) == believed


def test_the_promise_is_valid_json_with_problems_nowhere_hidden() -> None:
    promised = json.loads((Path(__file__).parents[2] / "openapi/openapi.json").read_text(encoding="utf-8"))
    assert promised["openapi"].startswith("3.1")


@pytest.mark.parametrize(("jkt", "scheme"), [(None, "Bearer"), ("thumbprint", "DPoP")])
def test_a_challenge_speaks_the_scheme_of_the_token(jkt: str | None, scheme: str) -> None:
    """RFC 9470 §3: which level is wanted; RFC 6750 §3: which scope."""
    low = Actor(kind="citizen", account_id="acc_1", level=1, scopes=frozenset({"a"}), jkt=jkt)
    with pytest.raises(InsufficientLevel) as refused:
        access.refuse(citizen("a", level=2), low)
    assert refused.value.status == 401
    assert refused.value.headers["WWW-Authenticate"] == (
        f'{scheme} error="insufficient_user_authentication", acr_values="urn:motcua:loa:2"'
    )
    with pytest.raises(access.InsufficientScope) as unscoped:
        access.refuse(citizen("b"), low)
    assert unscoped.value.headers["WWW-Authenticate"] == f'{scheme} error="insufficient_scope", scope="b"'
