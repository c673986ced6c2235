"""Every address of the desk, by everybody, at every kind of dossier, made from the routes: who has no business there finds nothing."""

import re
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from tests.api.routes import Route, routes
from tests.dossiers import steps
from tests.people import CityPeople, Person

pytestmark = pytest.mark.anyio

WHY = "Giấy chứng sinh không đọc được, đề nghị nộp lại bản rõ hơn."
SCAN = {"files": {"file": ("scan.pdf", steps.paper(), "application/pdf")}}

# What is sent, so that nothing but who calls is wrong with it. A new route without a line here fails the test.
SENT: dict[str, dict[str, Any]] = {
    "GET": {},
    "claim": {},
    "receipt": {},
    "decision": {"json": {"outcome": "approved"}},
    "refusal-verdict": {"json": {"verdict": "confirm"}},
    "supplement-request": {"json": {"reason": WHY, "documents": ["birth_notification"]}},
    "extension": {"json": {"reason": WHY}},
    "apology": {"json": {"reason": WHY, "due_on": "2030-01-07"}},
    "reopening": {"json": {"reason": WHY}},
    "corrected-result": {"json": {"reason": WHY, "result": {}}},
    "upheld-result": {"json": {"reason": WHY}},
    "return-to-queue": {"json": {}},
    "escalation": {"json": {"reason": WHY}},
    "assignment": {"json": {"officer_id": "acc_nobody"}},
    "stop": {"json": {"reason": WHY}},
    "resumption": {},
    "payment-request": {"json": {"channel": "counter"}},
    "fee-waiver": {"json": {"reason": WHY, "channel": "counter"}},
    "cash-payment": {"json": {"amount_dong": 10_000}},
    "delivery": {"json": {"by": "counter"}},
    "forwarding": {"json": {"office_id": "off_bhxh_sai_gon", "reason": WHY}},
    "form": {"json": {"fields": {}}, "headers": {"If-Match": "*"}},
    "birth_notification": SCAN,
    "scans": {**SCAN, "data": {"pages": '{"birth_notification": "1"}'}},
    "confirmation-request": {},
    "submission": {**SCAN, "headers": {"Idempotency-Key": "not-at-this-door-1"}},
    "skills": {"json": {"skills": None}},
}
OUTSIDE = ("residence", "insurance", "head_cong_an", "head_bhxh")
# Reception looks at what is in its office, says that it came in, takes cash and hands results over; it decides nothing.
RECEPTION_MAY = {"GET", "receipt", "cash-payment", "delivery"}


def of_desk(city: CityPeople, under: str) -> list[Route]:
    return [route for route in routes(city) if route[1].startswith(f"/v1/desk/{under}/{{")]


async def call(who: Person, route: Route, named: str) -> httpx.Response:
    method, path = route
    path = (
        re.sub(r"{(branch_id|dossier_id|officer_id)}", named, path)
        .replace("{kind}", "birth_notification")
        .replace("{order_id}", "pay_none")
    )
    sent = SENT["GET"] if method == "GET" else SENT[path.rsplit("/", 1)[-1]]
    headers = who.headers(method, path) | sent.get("headers", {})
    return await who.client.request(method, path, headers=headers, **{k: v for k, v in sent.items() if k != "headers"})


def said(response: httpx.Response) -> tuple[int, str | None]:
    return response.status_code, response.json().get("code") if "json" in response.headers["content-type"] else None


def told(response: httpx.Response) -> dict[str, Any]:
    """An answer without what differs from call to call."""
    return {k: v for k, v in response.json().items() if k not in ("instance", "request_id", "trace_id")}


async def standing(city: CityPeople, dossier_id: str) -> list[Any]:
    """Everything a desk could change."""
    query = text(
        "select d.version, d.event_count, d.form, b.id, b.version, b.state, b.claimed_by, b.office_id, (select count(*) from desk_acts a"
        " where a.branch_id = b.id) from dossiers d left join branches b on b.dossier_id = d.id where d.id = :id order by b.id"
    )
    async with city.house.db.connect() as conn:
        return [tuple(row) for row in await conn.execute(query, {"id": dossier_id})]


async def test_branches_are_of_one_office_and_one_trade(city: CityPeople) -> None:
    parent = await city.signed_in("parent")
    submitted, decided = await steps.submitted(parent), await steps.submitted(parent)
    taken, proposed = await steps.submitted(parent), await steps.submitted(parent)
    officer = await city.signed_in("civil_status")
    await steps.decide(city, decided, "birth")
    for one in (taken, proposed):
        await officer.post(f"/v1/desk/branches/{steps.branch(one, 'birth')['id']}/claim", expect=201)
    birth = f"/v1/desk/branches/{steps.branch(proposed, 'birth')['id']}"
    await officer.post(f"{birth}/decision", json={"outcome": "refused", "reason": WHY}, expect=201)
    doors = of_desk(city, "branches")
    assert len(doors) >= 16
    for dossier in (submitted, taken, proposed, decided):
        branch_id, before = steps.branch(dossier, "birth")["id"], await standing(city, dossier["id"])
        for route in doors:
            what = f"{route} at {dossier['id']}"
            assert said(await call(city.nobody, route, branch_id))[0] == 401, what
            for citizen in ("parent", "stranger", "kiosk"):
                who = await city.signed_in(citizen)
                here, missing = [await call(who, route, named) for named in (branch_id, "bra_none")]
                assert (here.status_code, told(here)) == (404, told(missing)), f"{citizen}: {what}"
            for key in (*OUTSIDE, "social_affairs"):
                who = await city.signed_in(key)
                here, missing = [await call(who, route, named) for named in (branch_id, "bra_none")]
                assert said(here) == (404, "branch-unknown"), f"{key}: {what}: {here.text}"
                assert told(here) == told(missing), f"{key}: {what}"
            verb = "GET" if route[0] == "GET" else route[1].rsplit("/", 1)[-1]
            if verb not in RECEPTION_MAY:
                reception = await city.signed_in("identity_checker")
                assert said(await call(reception, route, branch_id)) == (403, "role-missing"), what
        assert await standing(city, dossier["id"]) == before
    # What has not begun is nobody's, of its own office and trade as well.
    waiting = steps.branch(submitted, "residence")["id"]
    for route in doors:
        for key in ("residence", "head_cong_an", "civil_status"):
            assert said(await call(await city.signed_in(key), route, waiting)) == (404, "branch-unknown"), (route, key)


async def test_drafts_at_a_counter_are_of_one_office(city: CityPeople) -> None:
    parent, reception = await city.signed_in("parent"), await city.signed_in("identity_checker")
    helped = await reception.post(
        "/v1/desk/assisted",
        json={"pin": "079192000011", "date_of_birth": "1992-05-20", "procedure": steps.GROUP},
        expect=201,
    )
    own = await parent.post("/v1/dossiers", json={"procedure": steps.GROUP}, expect=201)
    filed = await steps.submitted(parent)
    async with city.house.db.begin() as conn:
        # The draft as if another office had begun it.
        elsewhere = text(
            """update dossiers set assisted = assisted || '{"office_id": "off_elsewhere"}' where id = :id"""
        )
        await conn.execute(elsewhere, {"id": helped["id"]})
    doors = of_desk(city, "assisted")
    assert len(doors) >= 5
    for dossier in (helped, own, filed):
        before = await standing(city, dossier["id"])
        for route in doors:
            what = f"{route} at {dossier['id']}"
            assert said(await call(city.nobody, route, dossier["id"]))[0] == 401, what
            for key in ("parent", "stranger", "kiosk", *OUTSIDE, "civil_status", "head_ubnd"):
                assert said(await call(await city.signed_in(key), route, dossier["id"]))[0] == 404, f"{key}: {what}"
            here, missing = [await call(reception, route, named) for named in (dossier["id"], "dos_none")]
            assert said(here) == (404, "dossier-unknown"), f"{what}: {here.text}"
            assert told(here) == told(missing), what
        assert await standing(city, dossier["id"]) == before


async def test_supplements_at_a_counter_are_of_one_office(city: CityPeople) -> None:
    parent, reception = await city.signed_in("parent"), await city.signed_in("identity_checker")
    begun, waiting, done = [await steps.submitted(parent) for _ in range(3)]
    officer = await city.signed_in("civil_status")
    for dossier in (begun, waiting):
        birth = f"/v1/desk/branches/{steps.branch(dossier, 'birth')['id']}"
        await officer.post(f"{birth}/claim", expect=201)
        await officer.post(f"{birth}/supplement-request", **SENT["supplement-request"], expect=201)
    body = {"pin": "079192000011", "date_of_birth": "1992-05-20", "branch_id": steps.branch(begun, "birth")["id"]}
    await reception.post("/v1/desk/supplements", json=body, expect=201)
    async with city.house.db.begin() as conn:
        # As if another office had begun it.
        elsewhere = text("update supplement_drafts set office_id = 'off_elsewhere' where branch_id = :id")
        await conn.execute(elsewhere, {"id": body["branch_id"]})
    doors = of_desk(city, "supplements")
    assert len(doors) >= 5
    for dossier in (begun, waiting, done):
        branch_id, before = steps.branch(dossier, "birth")["id"], await standing(city, dossier["id"])
        for route in doors:
            what = f"{route} at {dossier['id']}"
            assert said(await call(city.nobody, route, branch_id))[0] == 401, what
            for key in ("parent", "stranger", "kiosk", *OUTSIDE, "civil_status", "head_ubnd"):
                assert said(await call(await city.signed_in(key), route, branch_id))[0] == 404, f"{key}: {what}"
            here, missing = [await call(reception, route, named) for named in (branch_id, "bra_none")]
            assert said(here) == (404, "branch-unknown"), f"{what}: {here.text}"
            assert told(here) == told(missing), what
        assert await standing(city, dossier["id"]) == before


async def test_officers_are_of_ones_own_office(city: CityPeople) -> None:
    officer = next(
        one
        for one in (await (await city.signed_in("head_ubnd")).get("/v1/desk/officers", expect=200))["officers"]
        if one["roles"] == ["civil_status"]
    )
    for route in of_desk(city, "officers"):
        for key in ("head_bhxh", "civil_status", "identity_checker", "parent"):
            assert said(await call(await city.signed_in(key), route, officer["id"]))[0] == 404, (route, key)


async def test_lists_hold_nothing_of_another_office(city: CityPeople) -> None:
    dossier = await steps.submitted(await city.signed_in("parent"))
    for key in OUTSIDE:
        who = await city.signed_in(key)
        queue = await who.get("/v1/desk/queue?all=true&limit=200", expect=200)
        assert dossier["receipt_code"] not in str(queue), key
        assert "Trần Thị Mai Khanh" not in str(await who.get("/v1/desk/officers", expect=200)), key
        taken = await who.post("/v1/desk/claims")
        assert dossier["receipt_code"] not in str(taken), key
