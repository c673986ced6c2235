"""What an authority says wrongly of somebody, what two devices write at once, and what is never asked for twice."""

from typing import Any

import pytest

from tests.dossiers import steps
from tests.people import CityPeople

pytestmark = pytest.mark.anyio

WRONG = {"field": "father.full_name", "reason": "Cha của bé họ Hồng, thẻ cũ ghi nhầm.", "value": "Hồng Văn Đức"}


async def opened(city: CityPeople, **options: Any) -> tuple[str, dict[str, Any]]:
    parent = await city.signed_in("parent")
    draft = await parent.post("/v1/dossiers", json={"procedure": steps.GROUP, "options": options}, expect=201)
    return f"/v1/dossiers/{draft['id']}", draft


async def test_nobody_contests_and_a_stranger_finds_nothing_to_contest(city: CityPeople) -> None:
    path, _ = await opened(city)
    await city.nobody.post(f"{path}/form/contests", json=WRONG, expect=401)
    stranger = await city.signed_in("stranger")
    await stranger.post(f"{path}/form/contests", json=WRONG, expect=404, code="dossier-unknown")
    await stranger.delete(f"{path}/form/contests/father.full_name", expect=404, code="dossier-unknown")


async def test_a_locked_value_is_contested_kept_and_shown_to_the_officer(city: CityPeople) -> None:
    parent = await city.signed_in("parent")
    draft = await steps.filled_draft(parent)
    path = f"/v1/dossiers/{draft['id']}"
    said = await parent.post(f"{path}/form/contests", json=WRONG, expect=200)
    told = said["form"]["father.full_name"]
    assert (told["value"], told["locked"]) == ("Hoàng Văn Đức", True), "the record itself stays"
    assert told["contested"]["reason"] == WRONG["reason"]
    assert told["contested"]["value"] == "Hồng Văn Đức"
    tag = {"If-Match": f'"{said["version"]}"'}
    kept = await parent.patch(
        f"{path}/form", json={"fields": {"child.time_of_birth": "07:30"}}, headers=tag, expect=200
    )
    assert kept["form"]["father.full_name"]["contested"] == told["contested"], "another answer does not undo it"
    await steps.submit(parent, draft["id"])
    dossier = await parent.get(path, expect=200)
    assert any(WRONG["reason"] in line["message"]["vi"] for line in dossier["timeline"])
    officer = await city.signed_in("civil_status")
    seen = await officer.get(f"/v1/desk/branches/{steps.branch(dossier, 'birth')['id']}", expect=200)
    assert seen["form"]["father.full_name"]["contested"]["value"] == "Hồng Văn Đức"
    assert (await parent.get(f"{path}/history", expect=200))["intact"]


async def test_what_cannot_be_contested(city: CityPeople) -> None:
    parent = await city.signed_in("parent")
    path, _ = await opened(city)
    contests = f"{path}/form/contests"
    await parent.post(contests, json={**WRONG, "field": "child.full_name"}, expect=409, code="not-locked")
    await parent.post(contests, json={**WRONG, "field": "no.such"}, expect=409, code="not-locked")
    await parent.post(contests, json={**WRONG, "reason": ""}, expect=400)
    refused = await parent.post(contests, json={**WRONG, "value": "H0ng"}, expect=422, code="form-refused")
    assert [fault["code"] for fault in refused["faults"]] == ["not-name"]
    await parent.delete(f"{contests}/father.full_name", expect=404, code="not-contested")
    await parent.post(contests, json=WRONG, headers={"If-Match": '"7"'}, expect=412, code="stale")
    await parent.post(contests, json=WRONG, expect=200)
    back = await parent.delete(f"{contests}/father.full_name", expect=200)
    assert back["form"]["father.full_name"]["contested"] is None


async def test_two_devices_lose_nothing_silently(city: CityPeople) -> None:
    """The phone and the computer both opened version 1; what one of them wrote is never overwritten unseen."""
    parent = await city.signed_in("parent")
    path, _ = await opened(city)
    one = {"If-Match": '"1"'}
    phone = {"child.full_name": "Hoàng An", "child.sex": "female"}
    await parent.patch(f"{path}/form", json={"fields": phone}, headers=one, expect=200)
    computer = {"child.full_name": "Hoàng Bình", "child.sex": "female", "child.birth_facility": "Từ Dũ"}
    stale = await parent.patch(f"{path}/form", json={"fields": computer}, headers=one, expect=412, code="stale")
    assert [(fault["field"], fault["code"]) for fault in stale["faults"]] == [("child.full_name", "changed-elsewhere")]
    now = await parent.get(path, expect=200)
    assert now["version"] == 2
    assert now["form"]["child.full_name"]["value"] == "Hoàng An"
    assert "child.birth_facility" not in now["form"], "refused whole"
    decided = {"If-Match": f'"{now["version"]}"'}
    done = await parent.patch(f"{path}/form", json={"fields": computer}, headers=decided, expect=200)
    assert done["form"]["child.full_name"]["value"] == "Hoàng Bình"
    await parent.patch(f"{path}/form", json={"fields": {"child.time_of_birth": "07:30"}}, headers=decided, expect=412)


async def test_what_the_city_holds_already_is_not_asked_for_again(city: CityPeople) -> None:
    """Once the birth is registered here, its certificate is not asked of the parent for a later procedure alone."""
    parent, stranger = await city.signed_in("other_parent"), await city.signed_in("stranger")
    first = await parent.post("/v1/dossiers", json={"procedure": "child_identity_card"}, expect=201)
    asked = {fault["field"] for fault in first["faults"]}
    assert "documents.birth_certificate" in asked
    dossier = await steps.submitted(parent)
    await steps.decide(city, dossier, "birth")
    later = await parent.post("/v1/dossiers", json={"procedure": "child_identity_card"}, expect=201)
    child = later["form"]["child.full_name"]
    assert (child["value"], child["source"], child["locked"]) == (
        dossier["form"]["child.full_name"]["value"],
        "register",
        True,
    )
    assert "documents.birth_certificate" not in {fault["field"] for fault in later["faults"]}
    other = await stranger.post("/v1/dossiers", json={"procedure": "child_identity_card"}, expect=201)
    assert "child.full_name" not in other["form"], "nobody else's child"
    assert "documents.birth_certificate" in {fault["field"] for fault in other["faults"]}
