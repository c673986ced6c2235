"""Drafts: what is stored, what is refused, what another device changed."""

import uuid
from typing import Any

import pytest
from sqlalchemy import text

from kit.actor import Actor
from tests.dossiers import steps
from tests.people import CityPeople

pytestmark = pytest.mark.anyio

TAG = {"If-Match": '"1"'}


async def draft_of(city: CityPeople, key: str = "parent", **options: Any) -> tuple[str, dict[str, Any]]:
    draft = await (await city.signed_in(key)).post(
        "/v1/dossiers", json={"procedure": steps.GROUP, "options": options}, expect=201
    )
    return f"/v1/dossiers/{draft['id']}", draft


async def test_level_one_may_not_file(city: CityPeople) -> None:
    from dossiers.drafting import open_draft
    from dossiers.messages import OpenDraft
    from kit.actor import InsufficientLevel

    house = city.house
    async with house.db.connect() as conn:
        account_id = (await conn.execute(text("select id from accounts where kind = 'person' limit 1"))).scalar_one()
    low = Actor(kind="citizen", account_id=account_id, level=1, scopes=frozenset({"dossiers:write"}))
    with pytest.raises(InsufficientLevel) as refused:
        await open_draft(house.stand, low, OpenDraft(procedure=steps.GROUP))
    assert refused.value.code == "insufficient-level"
    assert "urn:motcua:loa:2" in refused.value.headers["WWW-Authenticate"]


async def test_what_cannot_be_asked_for(city: CityPeople) -> None:
    parent = await city.signed_in("parent")
    await parent.post("/v1/dossiers", json={"procedure": "9.999999"}, expect=404, code="unknown-procedure")
    await parent.post("/v1/dossiers", json={"procedure": "2.002621"}, expect=409, code="procedure-not-in-force")
    options = {"branches": ["residence", "insurance"]}
    await parent.post(
        "/v1/dossiers", json={"procedure": steps.GROUP, "options": options}, expect=422, code="bad-branch-choice"
    )
    await parent.post("/v1/dossiers", json={"procedure": steps.GROUP, "status": "approved"}, expect=400)


async def test_same_key_opens_one_draft(city: CityPeople) -> None:
    parent, headers = await city.signed_in("parent"), {"Idempotency-Key": uuid.uuid4().hex}
    first = await parent.post("/v1/dossiers", json={"procedure": steps.GROUP}, headers=headers, expect=201)
    again = await parent.post("/v1/dossiers", json={"procedure": steps.GROUP}, headers=headers, expect=201)
    assert first["id"] == again["id"]


async def test_only_what_is_named_changes_and_null_clears(city: CityPeople) -> None:
    parent = await city.signed_in("parent")
    path, _ = await draft_of(city)
    fields = {"child.full_name": "Hoàng An", "requester.phone": None}
    changed = await parent.patch(f"{path}/form", json={"fields": fields}, headers=TAG, expect=200)
    assert changed["version"] == 2
    assert changed["form"]["child.full_name"] == {
        "value": "Hoàng An",
        "source": "citizen",
        "locked": False,
        "origin": None,
        "contested": None,
    }
    assert "requester.phone" not in changed["form"], "a cleared answer is not filled in again"
    untouched = await parent.patch(f"{path}/form", json={}, headers={"If-Match": '"2"'}, expect=200)
    assert untouched["form"] == changed["form"]


async def test_stale_and_unversioned_changes_are_refused(city: CityPeople) -> None:
    parent = await city.signed_in("parent")
    path, _ = await draft_of(city)
    change = {"fields": {"child.full_name": "Hoàng An"}}
    await parent.patch(f"{path}/form", json=change, expect=428, code="version-missing")
    await parent.patch(f"{path}/form", json=change, headers={"If-Match": "abc"}, expect=428, code="version-missing")
    await parent.patch(f"{path}/form", json=change, headers=TAG, expect=200)
    await parent.patch(f"{path}/form", json=change, headers=TAG, expect=412, code="stale")


async def test_every_field_that_cannot_be_stored_is_named(city: CityPeople) -> None:
    parent = await city.signed_in("parent")
    path, _ = await draft_of(city)
    fields = {
        "mother.full_name": "Người Khác",
        "child.nickname": "Tí",
        "child.sex": "x",
        "child.date_of_birth": "2026-02-30",
        "child.birth_place": {"ward": "00000"},
    }
    refused = await parent.patch(f"{path}/form", json={"fields": fields}, headers=TAG, expect=422, code="form-refused")
    assert {(fault["field"], fault["code"]) for fault in refused["faults"]} == {
        ("mother.full_name", "locked"),
        ("child.nickname", "unknown-field"),
        ("child.sex", "not-code"),
        ("child.date_of_birth", "not-date"),
        ("child.birth_place.ward", "not-ward"),
    }
    same = {"mother.full_name": "Nguyễn Thị Hồng Thắm"}
    await parent.patch(f"{path}/form", json={"fields": same}, headers=TAG, expect=200)


async def test_a_grandparent_is_nobodys_parent(city: CityPeople) -> None:
    # The requester's own marriage must not become the child's parents' when the requester is no parent.
    _, draft = await draft_of(city, "parent", relation="grandparent")
    assert "mother.full_name" not in draft["form"]
    assert "marriage.number" not in draft["form"]
    path, draft = await draft_of(city, "parent")
    parent = await city.signed_in("parent")
    fields = {"requester.relation": "relative"}
    changed = await parent.patch(f"{path}/form", json={"fields": fields}, headers=TAG, expect=200)
    assert "mother.full_name" in draft["form"]
    assert "mother.full_name" not in changed["form"]


async def test_a_child_of_other_parents_is_not_filled_from_the_marriage(city: CityPeople) -> None:
    _, draft = await draft_of(city, relation="mother", of_marriage=False)
    assert draft["form"]["mother.full_name"]["source"] == "card"
    assert "father.full_name" not in draft["form"]
    assert "marriage.number" not in draft["form"]


async def test_papers_of_the_right_kind_and_of_ones_own(city: CityPeople) -> None:
    parent, stranger = await city.signed_in("parent"), await city.signed_in("stranger")
    path, _ = await draft_of(city)
    mine, theirs = await steps.upload(parent), await steps.upload(stranger)
    await parent.put(f"{path}/documents/passport", json={"upload_id": mine}, expect=422, code="document-not-asked")
    await parent.put(f"{path}/documents/birth_notification", json={"upload_id": theirs}, expect=404)
    await parent.put(f"{path}/documents/birth_notification", json={"upload_id": "upl_none"}, expect=404)
    held = await parent.put(f"{path}/documents/birth_notification", json={"upload_id": mine}, expect=200)
    assert [paper["kind"] for paper in held["documents"]] == ["birth_notification"]
    bare = await parent.delete(f"{path}/documents/birth_notification", expect=200)
    assert bare["documents"] == []
    await parent.delete(f"{path}/documents/birth_notification", expect=404, code="document-unknown")


async def test_drafts_nobody_came_back_to_are_forgotten(city: CityPeople) -> None:
    """Their files once stayed for ever, tied to a dossier that was no more."""
    from dossiers import jobs
    from kit import clock
    from uploads import jobs as upload_jobs

    parent = await city.signed_in("parent")
    path, _ = await draft_of(city)
    file = await steps.upload(parent)
    await parent.put(f"{path}/documents/birth_notification", json={"upload_id": file}, expect=200)
    kept = await steps.submitted(parent)
    with clock.shifted(jobs.DRAFTS_KEPT_FOR):
        await jobs.forget_drafts(city.house)
        await upload_jobs.forget(city.house)
    await parent.get(path, expect=404, code="dossier-unknown")
    await parent.get(f"/v1/uploads/{file}/content", expect=404)
    await parent.get(f"/v1/dossiers/{kept['id']}", expect=200)
    officer, branch = await city.signed_in("civil_status"), steps.branch(kept, "birth")["id"]
    await officer.get(f"/v1/desk/branches/{branch}/documents/birth_notification", expect=200)


async def test_a_draft_opened_twice_with_one_key_is_told_alike(city: CityPeople) -> None:
    """The second answer once came without faults, as if nothing were missing."""
    parent, headers = await city.signed_in("parent"), {"Idempotency-Key": uuid.uuid4().hex}
    first = await parent.post("/v1/dossiers", json={"procedure": steps.GROUP}, headers=headers, expect=201)
    again = await parent.post("/v1/dossiers", json={"procedure": steps.GROUP}, headers=headers, expect=201)
    assert first["faults"]
    assert again == first
