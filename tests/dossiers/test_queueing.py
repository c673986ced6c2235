"""The queue: by role and skill, by page; ten officers never take the same one; given back, passed on, forwarded, stood in for."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from dossiers import deciding, desk, handing, queueing
from dossiers.messages_desk import Assign, Because, QueueFilter
from dossiers.refusals import NothingWaits, OwnDossier
from identity import accounts, mandates, offices
from identity.offices.staff import service as staff
from identity.offices.staff.messages import LeaveRequest, PersonRequest
from kit import clock
from kit.actor import Actor
from tests.dossiers import steps
from tests.dossiers.test_deciding import officer_actor, path_of
from tests.people import CityPeople

pytestmark = pytest.mark.anyio

WHY = "Vượt thẩm quyền của tôi, đề nghị người đứng đầu xem xét."
OFFICE = "off_ubnd_sai_gon"


async def filed(city: CityPeople, count: int = 1) -> list[dict[str, Any]]:
    parent = await city.signed_in("parent")
    return [await steps.submitted(parent) for _ in range(count)]


async def person_of(city: CityPeople, officer: Actor, pin: str) -> None:
    """An operator enters which person an officer is."""
    operator = await officer_actor(city, f"operator-{pin}", "operator")
    assert officer.account_id is not None
    await staff.set_person(city.house.db, city.house.keys, operator, officer.account_id, PersonRequest(pin=pin))


async def test_ten_officers_on_one_queue_never_take_the_same_dossier_twice(city: CityPeople) -> None:
    await filed(city, 12)
    ten = [await officer_actor(city, f"next-{n}", "civil_status") for n in range(10)]
    taken: list[str] = []
    while True:
        answers = await asyncio.gather(
            *(queueing.claim_next(city.house.stand, one) for one in ten), return_exceptions=True
        )
        won = [answer.branch.id for answer in answers if not isinstance(answer, BaseException)]
        assert all(isinstance(answer, NothingWaits) for answer in answers if isinstance(answer, BaseException)), answers
        taken += won
        if not won:
            break
    assert len(taken) == len(set(taken)) >= 12
    async with city.house.db.connect() as conn:
        query = text(
            "select count(distinct claimed_by), count(*) from branches where id = any(:ids) and state = 'in_review'"
        )
        assert tuple((await conn.execute(query, {"ids": taken})).one()) == (10, len(taken))


async def test_the_next_is_the_oldest_of_my_roles(city: CityPeople) -> None:
    first, second = await filed(city, 2)
    other, officer = await city.signed_in("insurance"), await city.signed_in("civil_status")
    queue = await officer.get("/v1/desk/queue", expect=200)
    waiting = [item["id"] for item in queue["items"] if not item["claimed"]]
    await other.post("/v1/desk/claims", expect=404, code="nothing-waits")
    taken = await officer.post("/v1/desk/claims", expect=201)
    assert (taken["branch"]["id"], taken["claimed_by_me"]) == (waiting[0], True)
    assert taken["branch"]["state"] == "in_review"
    again = await officer.post("/v1/desk/claims", expect=201)
    assert again["branch"]["id"] == waiting[1]
    assert {steps.branch(one, "birth")["id"] for one in (first, second)} <= set(waiting)


async def test_a_queue_is_of_ones_skills_and_narrowed_by_state_procedure_and_day(city: CityPeople) -> None:
    dossier = (await filed(city))[0]
    birth, head = steps.branch(dossier, "birth"), await city.signed_in("head_ubnd")
    skilled = await officer_actor(city, "skilled", "civil_status")
    skills = f"/v1/desk/officers/{skilled.account_id}/skills"
    await head.put(skills, json={"skills": ["marriage_registration"]}, expect=200)
    await head.put(skills, json={"skills": ["moon"]}, expect=422, code="unknown-skill")
    await (await city.signed_in("civil_status")).put(skills, json={"skills": None}, expect=404)
    await (await city.signed_in("head_bhxh")).put(skills, json={"skills": None}, expect=404)

    async def ids(**asked: Any) -> set[str]:
        house = city.house
        page = await queueing.queue(house.stand, skilled, QueueFilter(**asked), after=None, limit=200)
        return {item.id for item in page.items}

    assert birth["id"] not in await ids()
    with pytest.raises(NothingWaits):
        await queueing.claim_next(city.house.stand, skilled)
    assert birth["id"] in await ids(everybodys=True)
    field = city.house.catalogue.procedure("birth_registration", clock.today()).field.vi
    told = await head.put(skills, json={"skills": [field]}, expect=200)
    assert next(one for one in told["officers"] if one["id"] == skilled.account_id)["skills"] == [field]
    assert birth["id"] in await ids(procedure="birth_registration", state="submitted")
    assert (
        await ids(procedure="marriage_registration") == await ids(state="received") == await ids(state="moon") == set()
    )
    due = clock.now() + timedelta(days=30)
    assert birth["id"] in await ids(due_before=due)
    assert await ids(due_before=clock.now() - timedelta(days=30)) == set()
    officer = await city.signed_in("civil_status")
    await officer.get("/v1/desk/queue?after=x", expect=400)


async def test_given_back_it_is_free_and_nothing_of_it_is_told(city: CityPeople) -> None:
    dossier, officer = (await filed(city))[0], await city.signed_in("civil_status")
    path, parent = path_of(dossier, "birth"), await city.signed_in("parent")
    await officer.post(f"{path}/claim", expect=201)
    before = (await parent.get(f"/v1/dossiers/{dossier['id']}/history", expect=200))["lines"]
    given = await officer.post(f"{path}/return-to-queue", json={"reason": "Hết ca."}, expect=201)
    assert (given["claimed"], given["branch"]["state"]) == (False, "in_review")
    assert given["acts"][-1] | {"at": ""} == {
        "at": "", "kind": "give_back", "by": "Trần Thị Mai Khanh", "to": None, "said": "Hết ca."
    }  # fmt: skip
    await officer.post(f"{path}/return-to-queue", json={}, expect=409, code="not-claimed")
    await officer.post(f"{path}/claim", expect=201)
    assert (await parent.get(f"/v1/dossiers/{dossier['id']}/history", expect=200))["lines"] == before
    other = await officer_actor(city, "not-theirs", "civil_status")
    with pytest.raises(deciding.ClaimedByAnother):
        await handing.give_back(city.house.stand, other, path.split("/")[-1], Because(), version=None)
    # The head takes it from whoever has it.
    await (await city.signed_in("head_ubnd")).post(f"{path}/return-to-queue", json={}, expect=201)


async def test_what_is_passed_to_the_head_is_the_heads(city: CityPeople) -> None:
    dossier, officer = (await filed(city))[0], await city.signed_in("civil_status")
    path, head = path_of(dossier, "birth"), await city.signed_in("head_ubnd")
    await officer.post(f"{path}/claim", expect=201)
    await officer.post(f"{path}/escalation", json={}, expect=422, code="reason-missing")
    await officer.post(f"{path}/escalation", json={"reason": WHY}, expect=201)
    branch_id = steps.branch(dossier, "birth")["id"]

    async def shows(who: Any, query: str) -> bool:
        return branch_id in [
            item["id"] for item in (await who.get(f"/v1/desk/queue?limit=200{query}", expect=200))["items"]
        ]

    assert not await shows(officer, "")
    assert await shows(officer, "&all=true")
    assert await shows(head, "&escalated=true")
    assert not await shows(head, "&escalated=false")
    await officer.post(f"{path}/claim", expect=403, code="waits-for-the-head")
    await head.post(f"{path}/claim", expect=201)
    await head.post(f"{path}/decision", json={"outcome": "approved"}, expect=201)


async def test_a_head_assigns_to_a_colleague_of_the_trade(city: CityPeople) -> None:
    dossier, officer = (await filed(city))[0], await city.signed_in("civil_status")
    path, head = path_of(dossier, "birth"), await city.signed_in("head_ubnd")
    await officer.post(f"{path}/claim", expect=201)
    staff_now = {one["full_name"]: one for one in (await head.get("/v1/desk/officers", expect=200))["officers"]}
    assert staff_now["Trần Thị Mai Khanh"]["claimed"] >= 1
    colleague, stranger = await officer_actor(city, "colleague", "civil_status"), staff_now["Ngô Thị Hồng Hạnh"]["id"]
    for nobody in (stranger, "acc_nobody"):
        await head.post(f"{path}/assignment", json={"officer_id": nobody}, expect=422, code="not-a-colleague")
    done = await head.post(f"{path}/assignment", json={"officer_id": colleague.account_id}, expect=201)
    assert (done["claimed"], done["claimed_by_me"], done["acts"][-1]["to"]) == (True, False, "Lâm Thị Kiều")
    assert (await desk.look(city.house.stand, colleague, path.split("/")[-1])).claimed_by_me
    await officer.post(f"{path}/decision", json={"outcome": "approved"}, expect=409, code="claimed-by-another")


async def test_forwarded_the_promise_goes_on_and_the_other_office_has_it(city: CityPeople) -> None:
    dossier, officer = (await filed(city))[0], await city.signed_in("civil_status")
    path, branch_id = path_of(dossier, "birth"), steps.branch(dossier, "birth")["id"]
    async with city.house.db.begin() as conn:
        made = {"ward_code": "26743", "name_vi": "UBND phường Hư Cấu", "name_en": "Hư Cấu ward", "address": ""}
        await offices.create_office(conn, office_id="off_other", agency="ubnd_xa", **made)
    await officer.post(f"{path}/claim", expect=201)
    for office in (OFFICE, "off_bhxh_sai_gon", "off_nowhere"):
        body = {"office_id": office, "reason": WHY}
        await officer.post(f"{path}/forwarding", json=body, expect=422, code="not-forwarded-there")
    body = {"office_id": "off_other", "reason": WHY}
    await officer.post(f"{path}/forwarding", json=body, expect=201)
    await officer.get(path, expect=404, code="branch-unknown")
    parent = await city.signed_in("parent")
    told = await parent.get(f"/v1/dossiers/{dossier['id']}", expect=200)
    branch = steps.branch(told, "birth")
    assert (branch["office"]["id"], branch["state"]) == ("off_other", "received")
    assert branch["due_at"] == steps.branch(dossier, "birth")["due_at"]
    assert "UBND phường Hư Cấu" in told["timeline"][-1]["message"]["vi"]
    there = await officer_actor(city, "there", "civil_status")
    assert there.account_id is not None
    async with city.house.db.begin() as conn:
        await offices.end_appointment(conn, account_id=there.account_id)
        await offices.appoint(conn, account_id=there.account_id, office_id="off_other", roles=["civil_status"])
    taken = await queueing.claim_next(city.house.stand, Actor(kind="officer", account_id=there.account_id, office_id="off_other", roles=there.roles))  # fmt: skip
    assert taken.branch.id == branch_id


async def test_a_substitute_works_the_claims_of_who_is_away(city: CityPeople) -> None:
    dossier = (await filed(city))[0]
    branch_id = steps.branch(dossier, "birth")["id"]
    away, here = await officer_actor(city, "away", "civil_status"), await officer_actor(city, "here", "civil_status")
    assert away.account_id is not None
    await deciding.claim(city.house.stand, away, branch_id, version=None)
    with pytest.raises(deciding.ClaimedByAnother):
        await handing.give_back(city.house.stand, here, branch_id, Because(), version=None)
    operator, today = await officer_actor(city, "leaves", "operator"), clock.today()
    asked = LeaveRequest(from_on=today, until_on=today, substitute_id=here.account_id)
    leave = await staff.enter_leave(city.house.db, operator, away.account_id, asked)
    assert (await desk.look(city.house.stand, here, branch_id)).may_decide
    house = city.house
    page = await queueing.queue(house.stand, here, QueueFilter(), after=None, limit=200)
    assert next(item for item in page.items if item.id == branch_id).claimed_by_me
    head = await officer_actor(city, "a-head", "head")
    with pytest.raises(handing.NotAColleague):
        await handing.assign(city.house.stand, head, branch_id, Assign(officer_id=away.account_id), version=None)
    await staff.end_leave(house.db, operator, leave.id)
    assert not (await desk.look(city.house.stand, here, branch_id)).may_decide


async def test_nobody_decides_for_their_family_or_for_whom_they_speak(city: CityPeople) -> None:
    """An officer's working account is not their own: by that alone nobody ever was a party to anything."""
    house = city.house
    dossier = (await filed(city))[0]
    branch_id = steps.branch(dossier, "birth")["id"]
    # The mother who filed; the father whom the marriage entry names; their elder daughter, as the books name her with them.
    for n, pin in enumerate(("079192000011", "079089000012", "079322000021")):
        officer = await officer_actor(city, f"kin-{n}", "civil_status")
        await deciding.claim(city.house.stand, officer, branch_id, version=None)
        await handing.give_back(city.house.stand, officer, branch_id, Because(), version=None)
        await person_of(city, officer, pin)
        with pytest.raises(OwnDossier):
            await deciding.claim(city.house.stand, officer, branch_id, version=None)
        # Nor is it given to them by the queue, or by a colleague.
        with pytest.raises(NothingWaits):
            while (await queueing.claim_next(city.house.stand, officer)).branch.id != branch_id:
                pass
        head = await officer_actor(city, f"kin-head-{n}", "head")
        await deciding.claim(city.house.stand, head, branch_id, version=None)
        with pytest.raises(OwnDossier):
            await handing.assign(
                city.house.stand, head, branch_id, Assign(officer_id=officer.account_id or ""), version=None
            )
        await handing.give_back(city.house.stand, head, branch_id, Because(), version=None)
    stranger = await officer_actor(city, "kin-none", "civil_status")
    await person_of(city, stranger, "079195000013")
    await deciding.claim(city.house.stand, stranger, branch_id, version=None)
    # Who represents an enterprise speaks for it, whoever files.
    async with house.db.connect() as conn:
        representative = await accounts.by_pin(conn, house.keys, "079180000014")
        assert representative is not None
        company = (await conn.execute(text("select account_id from enterprises"))).scalar_one()
        ids = [representative.id]
        assert await mandates.speaks_for(conn, house.keys, ids, principal_id=company, pins=[])
        assert not await mandates.speaks_for(conn, house.keys, ids, principal_id=None, pins=[])
        mother = await accounts.by_pin(conn, house.keys, "079192000011")
        assert mother is not None
        assert await mandates.speaks_for(conn, house.keys, [mother.id], principal_id=None, pins=["079322000021"])
        assert not await mandates.speaks_for(conn, house.keys, [mother.id], principal_id=company, pins=["079195000013"])
