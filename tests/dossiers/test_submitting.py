"""Submission: whole or not at all, once or never twice."""

import asyncio
import uuid

import pytest
from sqlalchemy import text

from tests.dossiers import steps
from tests.people import CityPeople

pytestmark = pytest.mark.anyio


async def count(city: CityPeople, table: str, dossier_id: str) -> int:
    async with city.house.db.connect() as conn:
        query = text(f"select count(*) from {table} where dossier_id = :id")
        return (await conn.execute(query, {"id": dossier_id})).scalar_one()


async def test_same_key_same_reply_one_dossier(city: CityPeople) -> None:
    parent, key = await city.signed_in("parent"), uuid.uuid4().hex
    draft = await steps.filled_draft(parent)
    first = await steps.submit(parent, draft["id"], key=key)
    again = await steps.submit(parent, draft["id"], key=key)
    assert first == again
    assert await count(city, "branches", draft["id"]) == 4
    assert await count(city, "dossier_events", draft["id"]) == 5


async def test_another_key_is_told_the_receipt_code(city: CityPeople) -> None:
    parent = await city.signed_in("parent")
    draft = await steps.filled_draft(parent)
    first = await steps.submit(parent, draft["id"])
    refused = await steps.submit(parent, draft["id"], expect=409, code="already-submitted")
    assert first["receipt_code"] in refused["detail"]
    path = f"/v1/dossiers/{draft['id']}"
    await parent.patch(
        f"{path}/form", json={"fields": {}}, headers={"If-Match": "*"}, expect=409, code="already-submitted"
    )
    await parent.delete(f"{path}/documents/birth_notification", expect=409, code="already-submitted")


async def test_twins_at_once_make_one_dossier(city: CityPeople) -> None:
    parent, key = await city.signed_in("parent"), uuid.uuid4().hex
    draft = await steps.filled_draft(parent)
    path = f"/v1/dossiers/{draft['id']}/submission"
    answers = await asyncio.gather(*(parent.post(path, headers={"Idempotency-Key": key}) for _ in range(8)))
    codes = {answer["receipt_code"] for answer in answers if "receipt_code" in answer}
    assert len(codes) == 1
    assert {answer["code"] for answer in answers if "receipt_code" not in answer} <= {"request-in-progress"}
    again = await steps.submit(parent, draft["id"], key=key)
    assert {again["receipt_code"]} == codes
    assert await count(city, "branches", draft["id"]) == 4


async def test_different_keys_at_once_make_one_dossier(city: CityPeople) -> None:
    parent = await city.signed_in("parent")
    draft = await steps.filled_draft(parent)
    path = f"/v1/dossiers/{draft['id']}/submission"
    answers = await asyncio.gather(
        *(parent.post(path, headers={"Idempotency-Key": uuid.uuid4().hex}) for _ in range(5))
    )
    assert sum("receipt_code" in answer for answer in answers) == 1
    assert {answer["code"] for answer in answers if "receipt_code" not in answer} == {"already-submitted"}


async def test_keys_are_needed_and_belong_to_one_body(city: CityPeople) -> None:
    parent, key = await city.signed_in("parent"), uuid.uuid4().hex
    draft = await steps.filled_draft(parent)
    path = f"/v1/dossiers/{draft['id']}/submission"
    await parent.post(path, expect=400, code="idempotency-key-missing")
    await parent.post(path, json={}, headers={"Idempotency-Key": key}, expect=201)
    other = {"note": "another body"}
    await parent.post(path, json=other, headers={"Idempotency-Key": key}, expect=422, code="idempotency-key-reused")


async def test_refused_whole_with_every_fault_named(city: CityPeople) -> None:
    parent = await city.signed_in("parent")
    draft = await parent.post("/v1/dossiers", json={"procedure": steps.GROUP}, expect=201)
    refused = await steps.submit(parent, draft["id"], expect=422, code="dossier-incomplete")
    fields = {fault["field"] for fault in refused["faults"]}
    assert {
        "child.full_name",
        "child.date_of_birth",
        "child.sex",
        "mother.residence_kind",
        "insurance.facility",
        "residence.household_head_pin",
        "documents.birth_notification",
    } <= fields
    assert "ward" not in fields, "the mother's residence decides it, read from the address on her card"
    assert all(fault["message"]["vi"] and fault["message"]["en"] for fault in refused["faults"])
    again = await parent.get(f"/v1/dossiers/{draft['id']}", expect=200)
    assert (again["status"], again["receipt_code"]) == ("draft", None)
    assert await count(city, "branches", draft["id"]) == 0


async def test_a_file_that_is_gone_is_named(city: CityPeople) -> None:
    parent = await city.signed_in("parent")
    draft = await steps.filled_draft(parent)
    async with city.house.db.begin() as conn:
        await conn.execute(
            text("update documents set upload_id = 'upl_gone' where dossier_id = :id"), {"id": draft["id"]}
        )
    refused = await steps.submit(parent, draft["id"], expect=422, code="dossier-incomplete")
    assert [(fault["field"], fault["code"]) for fault in refused["faults"]] == [
        ("documents.birth_notification", "document-unfinished")
    ]


async def test_a_ward_without_the_agency_is_named(city: CityPeople) -> None:
    parent = await city.signed_in("parent")
    draft = await steps.filled_draft(parent)
    path = f"/v1/dossiers/{draft['id']}"
    # Thủ Đức has no office in this sandbox.
    fields = {"mother.residence": {"ward": "26824", "detail": "1"}}
    changed = await parent.patch(f"{path}/form", json={"fields": fields}, headers={"If-Match": "*"}, expect=200)
    assert {(fault["field"], fault["code"]) for fault in changed["faults"]} == {
        ("mother.residence.ward", "no-such-office")
    }
    await parent.patch(f"{path}/form", json={"ward": "26740"}, headers={"If-Match": "*"}, expect=200)
    await steps.submit(parent, draft["id"])


async def test_what_was_seen_is_what_is_submitted(city: CityPeople) -> None:
    parent = await city.signed_in("parent")
    draft = await steps.filled_draft(parent)
    path = f"/v1/dossiers/{draft['id']}/submission"
    headers = {"Idempotency-Key": uuid.uuid4().hex, "If-Match": '"1"'}
    await parent.post(path, headers=headers, expect=412, code="stale")
    await parent.post(path, headers=headers | {"If-Match": f'"{draft["version"]}"'}, expect=201)


async def test_branches_that_were_not_chosen_are_not_asked_and_not_planted(city: CityPeople) -> None:
    parent = await city.signed_in("parent")
    options = {"branches": ["birth", "insurance"]}
    draft = await parent.post("/v1/dossiers", json={"procedure": steps.GROUP, "options": options}, expect=201)
    path = f"/v1/dossiers/{draft['id']}"
    fields = {name: value for name, value in steps.child().items() if not name.startswith("residence.")}
    await parent.patch(f"{path}/form", json={"fields": fields}, headers={"If-Match": '"1"'}, expect=200)
    upload = await steps.upload(parent)
    await parent.put(f"{path}/documents/birth_notification", json={"upload_id": upload}, expect=200)
    receipt = await steps.submit(parent, draft["id"])
    assert [b["name"] for b in receipt["branches"]] == ["birth", "insurance"]


async def test_nothing_is_kept_when_a_message_cannot_be_written(
    city: CityPeople, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The messages are rows of the same transaction: where they fail, there is no dossier and no kept reply."""
    parent, key = await city.signed_in("parent"), uuid.uuid4().hex
    draft = await steps.filled_draft(parent)

    async def broken(*_: object, **__: object) -> bool:
        raise OSError("no more rows")

    with monkeypatch.context() as patched:
        patched.setattr(type(city.house.post_office), "send_all", broken)
        await steps.submit(parent, draft["id"], key=key, expect=500)
    assert await count(city, "branches", draft["id"]) == 0
    assert (await parent.get(f"/v1/dossiers/{draft['id']}", expect=200))["status"] == "draft"
    await steps.submit(parent, draft["id"], key=key)


async def test_promise_says_how_it_was_computed(city: CityPeople) -> None:
    from datetime import UTC, datetime

    from kit import clock

    parent = await city.signed_in("parent")
    draft = await steps.filled_draft(parent)
    # Friday 14:59:59 in the city; three working days, and 24 November is Culture Day.
    # Tokens and one-time codes are signed with the real time, so only the verb runs in the moved one.
    from dossiers.submitting import submit
    from kit.actor import Actor

    house = city.house
    async with house.db.connect() as conn:
        query = text("select account_id from dossiers where id = :id")
        account_id = (await conn.execute(query, {"id": draft["id"]})).scalar_one()
    actor = Actor(kind="citizen", account_id=account_id, level=2)
    with clock.frozen_near(datetime(2026, 11, 20, 7, 59, 50, tzinfo=UTC)):
        reply = await submit(house.stand, actor, draft["id"], key=uuid.uuid4().hex, version=None)
    assert reply.promised.due_at == datetime(2026, 11, 26, 10, 0, tzinfo=UTC)
    assert any("24/11/2026" in step.vi for step in reply.promised.steps)
    assert reply.receipt_code.startswith("H29.26740-261120-")
