"""Nobody is 401, the stranger is 404, both parents see, the officers of the office see; everybody else finds nothing."""

import uuid

import pytest

from tests.dossiers import steps
from tests.people import CityPeople

pytestmark = pytest.mark.anyio


async def test_nobody_stranger_parents(city: CityPeople) -> None:
    parent = await city.signed_in("parent")
    other_parent, stranger = await city.signed_in("other_parent"), await city.signed_in("stranger")
    dossier = await steps.submitted(parent)
    path = f"/v1/dossiers/{dossier['id']}"
    for address in (path, f"{path}/history", f"{path}/receipt"):
        await city.nobody.get(address, expect=401, code="not-signed-in")
        missing = await stranger.get("/v1/dossiers/dos_nothing", expect=404, code="dossier-unknown")
        refused = await stranger.get(address, expect=404, code="dossier-unknown")
        assert refused["detail"] == missing["detail"]
        await parent.get(address, expect=200)
        # Named by the register's marriage entry, not by anybody's typing.
        await other_parent.get(address, expect=200)
    await stranger.get(f"{path}/results/birth", expect=404, code="dossier-unknown")


async def test_other_parent_follows_but_does_not_change(city: CityPeople) -> None:
    draft = await steps.filled_draft(await city.signed_in("parent"))
    other_parent = await city.signed_in("other_parent")
    path = f"/v1/dossiers/{draft['id']}"
    await other_parent.get(path, expect=404, code="dossier-unknown")
    await other_parent.patch(
        f"{path}/form", json={"fields": {}}, headers={"If-Match": '"1"'}, expect=404, code="dossier-unknown"
    )
    await other_parent.post(
        f"{path}/submission", headers={"Idempotency-Key": uuid.uuid4().hex}, expect=404, code="dossier-unknown"
    )


async def test_pin_finds_ones_own_alone(city: CityPeople) -> None:
    parent, stranger = await city.signed_in("parent"), await city.signed_in("stranger")
    other_parent = await city.signed_in("other_parent")
    dossier = await steps.submitted(parent)
    mine = await parent.get("/v1/dossiers?pin=079192000011", expect=200)
    assert dossier["id"] in [one["id"] for one in mine["dossiers"]]
    theirs = await other_parent.get("/v1/dossiers?pin=079089000012", expect=200)
    assert dossier["id"] in [one["id"] for one in theirs["dossiers"]]
    assert (await stranger.get("/v1/dossiers?pin=079192000011", expect=200))["dossiers"] == []
    assert (await stranger.get("/v1/dossiers", expect=200))["dossiers"] == []
    await city.nobody.get("/v1/dossiers?pin=079192000011", expect=401)


async def test_a_typed_number_lets_nobody_in(city: CityPeople) -> None:
    stranger, parent = await city.signed_in("stranger"), await city.signed_in("parent")
    # An unmarried mother types a father's number: he is not let in by that.
    draft = await stranger.post("/v1/dossiers", json={"procedure": steps.GROUP}, expect=201)
    assert draft["form"]["requester.relation"]["value"] == "mother"
    fields = {
        **steps.child("Đặng Bảo Châu"),
        "child.ethnicity": "01",
        "mother.ethnicity": "01",
        "mother.nationality": "VNM",
        "father.full_name": "Hoàng Văn Đức",
        "father.pin": "079089000012",
        "father.date_of_birth": "1989",
        "father.ethnicity": "01",
        "father.nationality": "VNM",
    }
    path = f"/v1/dossiers/{draft['id']}"
    await stranger.patch(f"{path}/form", json={"fields": fields}, headers={"If-Match": '"1"'}, expect=200)
    upload = await steps.upload(stranger)
    await stranger.put(f"{path}/documents/birth_notification", json={"upload_id": upload}, expect=200)
    await steps.submit(stranger, draft["id"])
    father = await city.signed_in("other_parent")
    await father.get(path, expect=404, code="dossier-unknown")
    await parent.get(path, expect=404, code="dossier-unknown")


async def test_officers_see_their_office_and_trade_alone(city: CityPeople) -> None:
    parent = await city.signed_in("parent")
    dossier = await steps.submitted(parent)
    birth = f"/v1/desk/branches/{steps.branch(dossier, 'birth')['id']}"
    await city.nobody.get(birth, expect=401)
    await parent.get(birth, expect=404)
    await (await city.signed_in("insurance")).get(birth, expect=404, code="branch-unknown")
    seen = await (await city.signed_in("civil_status")).get(birth, expect=200)
    assert seen["receipt_code"] == dossier["receipt_code"]
    # Reception looks, and decides nothing.
    reception = await city.signed_in("identity_checker")
    await reception.get(birth, expect=200)
    await reception.post(f"{birth}/claim", expect=403, code="role-missing")
    # A branch that has not started is in nobody's queue.
    residence = f"/v1/desk/branches/{steps.branch(dossier, 'residence')['id']}"
    await (await city.signed_in("residence")).get(residence, expect=404, code="branch-unknown")


async def test_officers_see_the_papers_of_their_branches(city: CityPeople) -> None:
    dossier = await steps.submitted(await city.signed_in("parent"))
    path = f"/v1/desk/branches/{steps.branch(dossier, 'birth')['id']}/documents"
    officer = await city.signed_in("civil_status")
    paper = await officer.get(f"{path}/birth_notification", expect=200)
    assert paper.headers["content-type"] == "application/pdf"
    await officer.get(f"{path}/passport", expect=404, code="document-unknown")
    await (await city.signed_in("insurance")).get(f"{path}/birth_notification", expect=404, code="branch-unknown")
