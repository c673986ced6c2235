"""A request for a supplement answered at a counter: any centre takes it in, the citizen confirms on their phone or by a signature."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from sqlalchemy import text

from dossiers import bringing, jobs
from dossiers.messages_desk import Bring, ChangeBrought
from dossiers.refusals import OwnDossier
from identity import offices
from tests.dossiers import steps
from tests.dossiers.test_deciding import officer_actor
from tests.dossiers.test_lifecycle import BRANCH, WHY, begun, desk, lapse, later, shown
from tests.dossiers.test_queueing import person_of
from tests.people import CityPeople, Person
from tests.uploads.test_examining import picture

pytestmark = pytest.mark.anyio

PARENT = {"pin": "079192000011", "date_of_birth": "1992-05-20"}
SCAN = {"file": ("scan.pdf", steps.paper(), "application/pdf")}
PAPER = "separate_residence_papers"
ADDRESS = steps.HOME | {"detail": "Số 99 đường Hư Cấu"}
HOME = {"fields": {"residence.address": ADDRESS}}


async def asked_for(city: CityPeople, *, papers: tuple[str, ...] = (PAPER,)) -> dict[str, Any]:
    """A dossier of the parent whose residence branch waits for an address, and for a paper."""
    dossier = await begun(city, invited=False)
    police = await city.signed_in("residence")
    await police.post(f"{desk(dossier)}/claim", expect=201)
    asked = {"reason": WHY, "fields": ["residence.address"], "documents": list(papers)}
    await police.post(f"{desk(dossier)}/supplement-request", json=asked, expect=201)
    return await shown(city, dossier)


def branch_of(dossier: dict[str, Any]) -> dict[str, Any]:
    return steps.branch(dossier, BRANCH)


def path_of(dossier: dict[str, Any]) -> str:
    return f"/v1/desk/supplements/{branch_of(dossier)['id']}"


async def reception_of(city: CityPeople) -> Person:
    return await city.signed_in("identity_checker")


async def prepared(city: CityPeople, reception: Person) -> dict[str, Any]:
    """All that was asked for, filled in at the counter; the dossier."""
    dossier = await asked_for(city)
    await reception.post("/v1/desk/supplements", json={**PARENT, "branch_id": branch_of(dossier)["id"]}, expect=201)
    await reception.patch(f"{path_of(dossier)}/form", json=HOME, expect=200)
    filled = await reception.put(f"{path_of(dossier)}/documents/{PAPER}", files=SCAN, expect=200)
    assert filled["faults"] == []
    return dossier


async def line_of(city: CityPeople, dossier: dict[str, Any]) -> dict[str, Any]:
    """The history's line of the supplement; the chain holds."""
    parent = await city.signed_in("parent")
    history = await parent.get(f"/v1/dossiers/{dossier['id']}/history", expect=200)
    assert history["intact"]
    [line] = [one for one in history["lines"] if one["kind"] == "supplement"]
    return line


async def test_what_they_are_asked_for_is_found_by_their_card(city: CityPeople) -> None:
    dossier, reception = await asked_for(city), await reception_of(city)
    found = await reception.post("/v1/desk/supplement-requests", json=PARENT, expect=200)
    [mine] = [one for one in found["requests"] if one["branch_id"] == branch_of(dossier)["id"]]
    assert (mine["receipt_code"], mine["asked"]["documents"]) == (dossier["receipt_code"], [PAPER])
    for wrong in ({"date_of_birth": "1992-05-21"}, {"pin": "079192000099"}):
        await reception.post("/v1/desk/supplement-requests", json=PARENT | wrong, expect=404, code="bringer-unknown")
    reads = await (await city.signed_in("parent")).get("/v1/me/reads", expect=200)
    assert "tại quầy" in str(reads)
    # Of somebody else nothing is found, and nothing begun.
    other = {"pin": "079190000012", "date_of_birth": "1990-02-11"}
    body = {**other, "branch_id": branch_of(dossier)["id"]}
    await reception.post("/v1/desk/supplements", json=body, expect=404)


async def test_confirmed_on_the_citizens_own_phone(city: CityPeople) -> None:
    reception, parent = await reception_of(city), await city.signed_in("parent")
    dossier = await prepared(city, reception)
    listed = (await reception.get("/v1/desk/supplements", expect=200))["supplements"]
    assert branch_of(dossier)["id"] in [one["branch_id"] for one in listed]
    for _ in range(2):
        await reception.post(f"{path_of(dossier)}/confirmation-request", expect=201)
    await city.run_jobs()
    letters = (await city.client.get("/sandbox/inbox.json")).json()
    told = [one for one in letters if one["event"] == "supplement-prepared" and dossier["receipt_code"] in str(one)]
    assert len({one.get("once_key", str(one)) for one in told}) == len(told) == 1
    assert branch_of(await shown(city, dossier))["state"] == "supplement_requested", "nothing is given yet"
    mine = f"/v1/dossiers/{dossier['id']}/branches/{BRANCH}/supplement"
    ready = await parent.get(mine, expect=200)
    given = {"fields": ready["fields"], "documents": ready["documents"]}
    after = await parent.post(mine, json=given, expect=200)
    assert branch_of(after)["state"] == "in_review"
    assert after["form"]["residence.address"]["value"] == ADDRESS
    line = await line_of(city, dossier)
    assert line["actor"] == "citizen"
    assert "giúp điền tại quầy; người nộp tự xác nhận" in line["message"]["vi"]
    done = await reception.get(path_of(dossier), expect=200)
    assert done["given_at"] is not None
    listed = (await reception.get("/v1/desk/supplements", expect=200))["supplements"]
    assert branch_of(dossier)["id"] not in [one["branch_id"] for one in listed]
    await parent.get(mine, expect=404, code="supplement-not-prepared")
    await reception.patch(f"{path_of(dossier)}/form", json=HOME, expect=409, code="action-not-allowed")


async def test_what_the_citizen_gives_otherwise_is_their_own(city: CityPeople) -> None:
    reception, parent = await reception_of(city), await city.signed_in("parent")
    dossier = await prepared(city, reception)
    given = {"fields": {"residence.address": ADDRESS}, "documents": {PAPER: await steps.upload(parent)}}
    await parent.post(f"/v1/dossiers/{dossier['id']}/branches/{BRANCH}/supplement", json=given, expect=200)
    assert "tại quầy" not in (await line_of(city, dossier))["message"]["vi"]
    await reception.get(path_of(dossier), expect=409, code="action-not-allowed")


async def test_the_faults_are_those_of_the_citizens_own_answer(city: CityPeople) -> None:
    reception, parent = await reception_of(city), await city.signed_in("parent")
    dossier = await asked_for(city)
    body, path = {**PARENT, "branch_id": branch_of(dossier)["id"]}, path_of(dossier)
    empty = await reception.post("/v1/desk/supplements", json=body, expect=201)
    own = f"/v1/dossiers/{dossier['id']}/branches/{BRANCH}/supplement"
    told = await parent.post(own, json={}, expect=422, code="supplement-incomplete")
    assert empty["faults"] == told["faults"]
    # Nothing is ready to be shown to them, asked about or signed.
    await parent.get(own, expect=404, code="supplement-not-prepared")
    await reception.post(f"{path}/confirmation-request", expect=422, code="supplement-incomplete")
    key = {"Idempotency-Key": "nothing-was-filled-in-1"}
    await reception.post(f"{path}/submission", files=SCAN, headers=key, expect=422, code="supplement-incomplete")
    for fields, fault in (
        ({"child.full_name": "Hoàng Thị Khác"}, "not-asked"),
        ({"residence.address": {"ward": "99999", "detail": "1"}}, None),
    ):
        told = await reception.patch(f"{path}/form", json={"fields": fields}, expect=422, code="form-refused")
        assert fault is None or [one["code"] for one in told["faults"]] == [fault]
    await reception.put(f"{path}/documents/birth_notification", files=SCAN, expect=422, code="document-not-asked")
    image = {"file": ("x.gif", picture(size=(60, 40), kind="GIF"), "image/gif")}
    await reception.put(f"{path}/documents/{PAPER}", files=image, expect=415)
    # What is there already stays while the rest is filled in; an answer can be taken out.
    await reception.patch(f"{path}/form", json=HOME, expect=200)
    both = await reception.put(f"{path}/documents/{PAPER}", files=SCAN, expect=200)
    assert both["faults"] == []
    out = await reception.patch(f"{path}/form", json={"fields": {"residence.address": None}}, expect=200)
    assert [one["field"] for one in out["faults"]] == ["residence.address"]
    stale = {"If-Match": f'"{both["version"]}"'}
    await reception.patch(f"{path}/form", json=HOME, headers=stale, expect=412, code="stale")
    # Trying whether it could be given gave nothing.
    assert branch_of(await shown(city, dossier))["state"] == "supplement_requested"
    assert (await shown(city, dossier))["form"]["residence.address"] == dossier["form"]["residence.address"]


async def test_who_may_not(city: CityPeople) -> None:
    dossier = await asked_for(city)
    body = {**PARENT, "branch_id": branch_of(dossier)["id"]}
    for who, expect in (
        (city.nobody, 401),
        (await city.signed_in("parent"), 404),
        (await city.signed_in("residence"), 404),
    ):
        await who.post("/v1/desk/supplement-requests", json=PARENT, expect=expect)
        await who.post("/v1/desk/supplements", json=body, expect=expect)
    reception = await reception_of(city)
    # Not begun yet at this counter.
    await reception.get(path_of(dossier), expect=404, code="branch-unknown")
    # Nothing is asked for in the branch that ended, and none of the sort is there.
    birth = steps.branch(dossier, "birth")["id"]
    await reception.post(
        "/v1/desk/supplements", json=body | {"branch_id": birth}, expect=409, code="action-not-allowed"
    )
    await reception.post(
        "/v1/desk/supplements", json=body | {"branch_id": "bra_none"}, expect=404, code="branch-unknown"
    )
    await reception.post("/v1/desk/supplements", json=body, expect=201)
    stranger = await city.signed_in("stranger")
    await stranger.get(f"/v1/dossiers/{dossier['id']}/branches/{BRANCH}/supplement", expect=404, code="dossier-unknown")
    # Another counter goes on with it, and then it is that one's.
    async with city.house.db.begin() as conn:
        moved = text("update supplement_drafts set office_id = 'off_elsewhere' where branch_id = :id")
        await conn.execute(moved, {"id": branch_of(dossier)["id"]})
    await reception.get(path_of(dossier), expect=404, code="branch-unknown")


async def test_nobody_answers_in_a_matter_of_their_own(city: CityPeople) -> None:
    """By the person an operator entered for the officer's working account."""
    dossier = await asked_for(city)
    asked = msgspec.convert({**PARENT, "branch_id": branch_of(dossier)["id"]}, Bring)
    officer = await officer_actor(city, "brings-their-own", "reception")
    await person_of(city, officer, PARENT["pin"])
    with pytest.raises(OwnDossier):
        await bringing.begin(city.house.stand, officer, asked)
    other = await officer_actor(city, "brings-for-another", "reception")
    assert (await bringing.begin(city.house.stand, other, asked)).version == 1
    with pytest.raises(OwnDossier):
        await bringing.change(city.house.stand, officer, asked.branch_id, ChangeBrought(fields={}))
    await bringing.change(city.house.stand, other, asked.branch_id, ChangeBrought(fields={}))


async def test_the_last_day_passed(city: CityPeople) -> None:
    reception = await reception_of(city)
    dossier = await prepared(city, reception)
    await lapse(city)
    key = {"Idempotency-Key": "a-day-too-late-1"}
    await reception.post(
        f"{path_of(dossier)}/submission", files=SCAN, headers=key, expect=409, code="action-not-allowed"
    )
    body = {**PARENT, "branch_id": branch_of(dossier)["id"]}
    await reception.post("/v1/desk/supplements", json=body, expect=409, code="action-not-allowed")
    found = await reception.post("/v1/desk/supplement-requests", json=PARENT, expect=200)
    assert branch_of(dossier)["id"] not in [one["branch_id"] for one in found["requests"]]


@pytest.mark.parametrize("given_here", [True, False])
async def test_a_later_request_begins_with_nothing(city: CityPeople, *, given_here: bool) -> None:
    """What answered the first request would else stand in the answer to the second, whether it was given or the citizen gave another."""
    reception, parent = await reception_of(city), await city.signed_in("parent")
    dossier = await prepared(city, reception)
    own = f"/v1/dossiers/{dossier['id']}/branches/{BRANCH}/supplement"
    if given_here:
        key = {"Idempotency-Key": "the-first-of-two-1"}
        await reception.post(f"{path_of(dossier)}/submission", files=SCAN, headers=key, expect=201)
    else:
        await parent.post(own, json={**HOME, "documents": {PAPER: await steps.upload(parent)}}, expect=200)
    police = await city.signed_in("residence")
    asked = {"reason": WHY, "documents": [PAPER]}
    await police.post(f"{desk(dossier)}/supplement-request", json=asked, expect=201)
    await reception.patch(f"{path_of(dossier)}/form", json=HOME, expect=404, code="branch-unknown")
    await parent.get(own, expect=404, code="supplement-not-prepared")
    body = {**PARENT, "branch_id": branch_of(dossier)["id"]}
    fresh = await reception.post("/v1/desk/supplements", json=body, expect=201)
    assert (fresh["fields"], fresh["documents"], fresh["given_at"]) == ({}, [], None)


async def test_what_was_given_is_forgotten_after_a_week(city: CityPeople) -> None:
    reception = await reception_of(city)
    given, waiting = await prepared(city, reception), await prepared(city, reception)
    key = {"Idempotency-Key": "given-and-forgotten-1"}
    await reception.post(f"{path_of(given)}/submission", files=SCAN, headers=key, expect=201)
    await jobs.forget_drafts(city.house)
    await reception.get(path_of(given), expect=200)
    async with later(city, timedelta(days=8)) as then:
        await jobs.forget_drafts(city.house)
        reception = await then.signed_in("identity_checker")
        await reception.get(path_of(given), expect=404, code="branch-unknown")
        await reception.get(path_of(waiting), expect=200)


async def test_confirmed_by_a_signature_on_paper_at_any_centre(city: CityPeople) -> None:
    """The counter is another ward's, and has nothing to do with the agency that asked. The last here, for the officer stays there."""
    async with city.house.db.begin() as conn:
        made = {"ward_code": "26743", "name_vi": "UBND phường Hư Cấu", "name_en": "Hư Cấu ward", "address": ""}
        await offices.create_office(conn, office_id="off_elsewhere", agency="ubnd_xa", **made)
        checker = await offices.colleagues(conn, "off_ubnd_sai_gon")
        account_id = next(one.account_id for one in checker if one.full_name == "Lê Hoàng Phúc")
        await offices.end_appointment(conn, account_id=account_id)
        await offices.appoint(conn, account_id=account_id, office_id="off_elsewhere", roles=["reception"])
    elsewhere = CityPeople(city.app, city.client, city.furnished)
    reception = await elsewhere.signed_in("identity_checker")
    dossier = await prepared(city, reception)
    seen = await reception.get(path_of(dossier), expect=200)
    path, key = f"{path_of(dossier)}/submission", {"Idempotency-Key": "the-same-key-twice-7"}
    stale = key | {"If-Match": f'"{seen["version"] - 1}"'}
    await reception.post(path, files=SCAN, headers=stale, expect=412, code="stale")
    version = {"If-Match": f'"{seen["version"]}"'}
    first = await reception.post(path, files=SCAN, headers=key | version, expect=201)
    again = await reception.post(path, files=SCAN, headers=key | version, expect=201)
    assert first == again
    other = {"Idempotency-Key": "quite-another-key-8"}
    await reception.post(path, files=SCAN, headers=other, expect=409, code="action-not-allowed")
    line = await line_of(city, dossier)
    assert "UBND phường Hư Cấu giúp điền tại quầy; người nộp đã ký xác nhận trên giấy" in line["message"]["vi"]
    query = text("select facts from dossier_events where dossier_id = :id and kind = 'supplement'")
    async with city.house.db.connect() as conn:
        sealed = (await conn.execute(query, {"id": dossier["id"]})).scalar_one()
    assert len(sealed["counter"]["signature_sha256"]) == 64
    assert sealed["counter"]["office_id"] == "off_elsewhere"
    messages = (await (await city.signed_in("parent")).get("/v1/me/messages", expect=200))["messages"]
    assert "supplement-signed" in [one["event"] for one in messages]
