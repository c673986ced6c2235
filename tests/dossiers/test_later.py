"""After the submission: a supplement and its clock, withdrawing, filing again, consent of others, results put right."""

import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from kit import clock
from tests.dossiers import steps
from tests.dossiers.test_lifecycle import (
    WHY,
    act,
    answer,
    approved,
    at,
    correcting,
    declined,
    desk,
    in_review,
    invitation_of,
    lapse,
    later,
    refused,
    shown,
    supplement_requested,
    unconfirmed,
    waiting,
)
from tests.people import CityPeople

pytestmark = pytest.mark.anyio


def residence(dossier: dict[str, Any]) -> dict[str, Any]:
    return steps.branch(dossier, "residence")


async def events_of(city: CityPeople, key: str = "parent") -> list[str]:
    messages = (await (await city.signed_in(key)).get("/v1/me/messages", expect=200))["messages"]
    return [message["event"] for message in messages]


# --- supplement -----------------------------------------------------------------------------------------------------------


async def test_the_clock_stops_while_the_citizen_is_asked_and_the_promise_says_so(city: CityPeople) -> None:
    dossier = await supplement_requested(city)
    branch = residence(dossier)
    assert (branch["national_status"], branch["overdue"]) == (5, False)
    assert branch["asked"]["fields"] == ["residence.address"]
    # Seven working days, as the linked software grants them.
    due = city.house.catalogue.calendar.promise(clock.now(), city.house.catalogue.lifecycle.supplement).due_at
    assert abs(datetime.fromisoformat(branch["asked"]["due_at"]) - due) < timedelta(seconds=1)
    assert "supplement-requested" in await events_of(city)
    async with later(city, timedelta(days=6)) as then:
        late = await shown(then, dossier)
        assert not residence(late)["overdue"], "nobody is late while the clock stands still"
        given = {"fields": {"residence.address": steps.HOME}}
        parent = await then.signed_in("parent")
        after = await parent.post(at(dossier, "supplement"), json=given, expect=200)
    assert residence(after)["state"] == "in_review"
    assert residence(after)["asked"] is None
    before_due, after_due = (datetime.fromisoformat(residence(one)["due_at"]) for one in (dossier, after))
    assert after_due > before_due
    promised, promised_now = (datetime.fromisoformat(one["promised"]["due_at"]) for one in (dossier, after))
    assert promised_now > promised
    assert any("tạm dừng" in step["vi"] for step in after["promised"]["steps"])


async def test_a_supplement_is_all_that_was_asked_and_nothing_else(city: CityPeople) -> None:
    parent, officer = await city.signed_in("parent"), await city.signed_in("residence")
    dossier = await in_review(city)
    asked = {"reason": WHY, "fields": ["residence.address", "residence.relation_to_head"], "documents": ["ct01"]}
    await officer.post(f"{desk(dossier)}/supplement-request", json=asked, expect=201)
    for given, wrong in (
        ({}, {"residence.address", "residence.relation_to_head", "documents.ct01"}),
        ({"fields": {"residence.address": steps.HOME, "child.full_name": "Hoàng Khác"}},
         {"residence.relation_to_head", "documents.ct01", "child.full_name"}),
    ):  # fmt: skip
        told = await parent.post(at(dossier, "supplement"), json=given, expect=422, code="supplement-incomplete")
        assert {fault["field"] for fault in told["faults"]} == wrong
    whole = {
        "fields": {"residence.address": {"ward": "26740"}, "residence.relation_to_head": "uncle of a friend"},
        "documents": {"ct01": await steps.upload(parent)},
    }
    told = await parent.post(at(dossier, "supplement"), json=whole, expect=422, code="supplement-incomplete")
    assert {fault["field"] for fault in told["faults"]} == {"residence.relation_to_head"}
    unchanged = await shown(city, dossier)
    assert residence(unchanged)["state"] == "supplement_requested"
    assert unchanged["form"]["residence.relation_to_head"]["value"] == "child"


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"reason": "Thiếu.", "fields": ["residence.address"]}, 422, "reason-missing"),
        ({"reason": WHY}, 422, "nothing-asked"),
        ({"reason": WHY, "fields": ["residence.colour"]}, 422, "supplement-request-refused"),
        ({"reason": WHY, "fields": ["mother.full_name"]}, 422, "supplement-request-refused"),
        ({"reason": WHY, "documents": ["passport"]}, 422, "supplement-request-refused"),
        (
            {"reason": WHY, "documents": ["ct01"], "notes": {"residence.address": "?"}},
            422,
            "supplement-request-refused",
        ),
        ({"reason": WHY, "documents": ["ct01"], "notes": {"documents.ct01": 301 * "?"}}, 400, None),
    ],
)
async def test_what_an_officer_cannot_ask(city: CityPeople, asked: dict[str, Any], status: int, code: str) -> None:
    dossier, officer = await in_review(city), await city.signed_in("residence")
    await officer.post(f"{desk(dossier)}/supplement-request", json=asked, expect=status, code=code)
    assert residence(await shown(city, dossier))["state"] == "in_review"


async def test_a_sentence_stands_with_each_thing_that_was_marked(city: CityPeople) -> None:
    parent, officer = await city.signed_in("parent"), await city.signed_in("residence")
    dossier = await in_review(city)
    notes = {"residence.address": "  Thiếu số nhà. ", "documents.ct01": " "}
    asked = {"reason": WHY, "fields": ["residence.address"], "documents": ["ct01"], "notes": notes}
    await officer.post(f"{desk(dossier)}/supplement-request", json=asked, expect=201)
    told = residence(await shown(city, dossier))["asked"]
    assert told["notes"] == {"residence.address": "Thiếu số nhà."}, "a blank one is none"
    history = await parent.get(f"/v1/dossiers/{dossier['id']}/history", expect=200)
    assert history["intact"]


async def test_what_does_not_come_in_time_closes_with_notice_and_can_be_filed_again(city: CityPeople) -> None:
    parent, dossier = await city.signed_in("parent"), await supplement_requested(city)
    due = datetime.fromisoformat(residence(dossier)["asked"]["due_at"])
    await lapse(city, after=due - clock.now() - timedelta(seconds=5))
    assert residence(await shown(city, dossier))["state"] == "supplement_requested", "to the last second"
    assert await lapse(city, after=due - clock.now() + timedelta(seconds=5)) >= 1
    closed = await shown(city, dossier)
    assert (residence(closed)["state"], closed["status"]) == ("lapsed", "closed")
    assert steps.branch(closed, "birth")["state"] == "approved", "the birth stands"
    assert "branch-lapsed" in await events_of(city)
    assert await lapse(city) == 0, "once"
    again = await parent.post(at(dossier, "refiling"), json={}, expect=200)
    assert (residence(again)["state"], again["status"]) == ("submitted", "open")


async def test_the_same_key_supplements_once(city: CityPeople) -> None:
    parent, dossier = await city.signed_in("parent"), await supplement_requested(city)
    headers = {"Idempotency-Key": uuid.uuid4().hex}
    given = {"fields": {"residence.address": steps.HOME}}
    first = await parent.post(at(dossier, "supplement"), json=given, headers=headers, expect=200)
    assert await parent.post(at(dossier, "supplement"), json=given, headers=headers, expect=200) == first
    other = {"fields": {"residence.address": {"ward": "26740"}}}
    await parent.post(at(dossier, "supplement"), json=other, headers=headers, expect=422, code="idempotency-key-reused")
    await parent.post(at(dossier, "supplement"), json=given, expect=409, code="action-not-allowed")


async def test_row_25_an_old_request_after_a_newer_state_is_refused(city: CityPeople) -> None:
    parent, dossier = await city.signed_in("parent"), await supplement_requested(city)
    stale = {"If-Match": f'"{dossier["version"] - 1}"'}
    given = {"fields": {"residence.address": steps.HOME}}
    await parent.post(at(dossier, "supplement"), json=given, headers=stale, expect=412, code="stale")


# --- withdrawing, filing again, reopening ---------------------------------------------------------------------------------


async def test_everything_is_withdrawn_at_once_and_each_says_so(city: CityPeople) -> None:
    parent = await city.signed_in("parent")
    dossier = await steps.submitted(parent)
    path = f"/v1/dossiers/{dossier['id']}/withdrawal"
    gone = await parent.post(path, json={"reason": "Gia đình chuyển nơi ở."}, expect=200)
    assert gone["status"] == "closed"
    assert {branch["state"] for branch in gone["branches"]} == {"withdrawn"}
    assert all(branch["reason"]["vi"] == "Gia đình chuyển nơi ở." for branch in gone["branches"])
    assert (await parent.get(f"/v1/dossiers/{dossier['id']}/history", expect=200))["intact"]
    await parent.post(path, json={}, expect=409, code="nothing-to-withdraw")
    await parent.post(path, json={"branches": ["dance"]}, expect=404, code="branch-not-in-dossier")


async def test_a_birth_withdrawn_alone_leaves_the_others_unstarted_and_filed_again_they_wait(city: CityPeople) -> None:
    parent = await city.signed_in("parent")
    dossier = await steps.submitted(parent)
    path = f"/v1/dossiers/{dossier['id']}"
    gone = await parent.post(f"{path}/withdrawal", json={"branches": ["birth"]}, expect=200)
    assert [branch["state"] for branch in gone["branches"]] == [
        "withdrawn",
        "not_started",
        "not_started",
        "not_started",
    ]
    again = await parent.post(f"{path}/branches/birth/refiling", json={}, expect=200)
    assert [branch["state"] for branch in again["branches"]] == ["submitted", "waiting", "waiting", "waiting"]
    await steps.decide(city, again, "birth")
    after = await parent.get(path, expect=200)
    assert [branch["state"] for branch in after["branches"]] == ["approved", "submitted", "submitted", "submitted"]


async def test_a_refused_branch_is_filed_again_with_everything_given_but_what_is_changed(city: CityPeople) -> None:
    parent, dossier = await city.signed_in("parent"), await refused(city)
    given = {"fields": {"residence.address": {"ward": "26740", "detail": "Số 11 đường Hư Cấu"}}}
    again = await parent.post(at(dossier, "refiling"), json=given, expect=200)
    assert residence(again)["state"] == "submitted"
    assert residence(again)["reason"] is None
    assert again["form"]["residence.address"]["value"]["detail"] == "Số 11 đường Hư Cấu"
    assert again["form"]["child.full_name"] == dossier["form"]["child.full_name"]
    assert again["documents"] == dossier["documents"]
    decided = await steps.decide(city, again, "residence")
    assert decided["branch"]["state"] == "approved"
    # The second refusal of one branch is told as well as the first.
    assert (await events_of(city)).count("branch-refused") >= 1


async def test_what_an_approved_branch_was_decided_by_is_not_changed_by_the_way(city: CityPeople) -> None:
    parent, dossier = await city.signed_in("parent"), await refused(city)
    given = {"fields": {"child.full_name": "Hoàng Tên Khác"}, "documents": {"birth_notification": "upl_x"}}
    told = await parent.post(at(dossier, "refiling"), json=given, expect=422, code="supplement-incomplete")
    assert {(fault["field"], fault["code"]) for fault in told["faults"]} == {
        ("child.full_name", "settled"),
        ("documents.birth_notification", "settled"),
    }


async def test_nothing_begins_anew_under_law_that_has_ended(city: CityPeople) -> None:
    parent, dossier = await city.signed_in("parent"), await refused(city)
    await parent.post(at(dossier, "refiling"), json={}, expect=200)
    async with city.house.db.begin() as conn:
        change = text("update dossiers set procedure = '2.002621', opened_at = '2026-08-01' where id = :id")
        await conn.execute(change, {"id": dossier["id"]})
        await conn.execute(text("update branches set state = 'refused' where dossier_id = :id"), {"id": dossier["id"]})
    await parent.post(at(dossier, "refiling"), json={}, expect=409, code="procedure-version-ended")


async def test_the_agency_takes_up_again_what_it_refused(city: CityPeople) -> None:
    officer, dossier = await city.signed_in("residence"), await refused(city)
    await officer.post(f"{desk(dossier)}/reopening", json={"reason": "Nhầm."}, expect=422, code="reason-missing")
    await officer.post(f"{desk(dossier)}/reopening", json={"reason": WHY}, expect=201)
    again = await shown(city, dossier)
    assert (residence(again)["state"], again["status"]) == ("submitted", "open")
    assert WHY in again["timeline"][-1]["message"]["vi"]
    assert "branch-reopened" in await events_of(city)


# --- consent of another ---------------------------------------------------------------------------------------------------


async def test_the_head_of_the_household_is_asked_and_sees_the_question_alone(city: CityPeople) -> None:
    dossier, head = await waiting(city), await city.signed_in("other_parent")
    assert "consent-asked" in await events_of(city, "other_parent")
    invitation_id = await invitation_of(city, dossier)
    questions = (await head.get("/v1/me/invitations", expect=200))["invitations"]
    question = next(one for one in questions if one["id"] == invitation_id)
    assert question["requester"] == "Nguyễn Thị Hồng Thắm"
    told = {line["label"]["vi"]: line["value"]["vi"] for line in question["about"]}
    assert told["Họ tên chủ hộ"] == "Hoàng Văn Đức"
    assert "Sài Gòn" in told["Nơi đăng ký thường trú"]
    assert dossier["receipt_code"] not in str(question)
    for key in ("stranger", "parent"):
        mine = (await (await city.signed_in(key)).get("/v1/me/invitations", expect=200))["invitations"]
        assert question["id"] not in [one["id"] for one in mine]
        told = await answer(city, key, dossier, "agree")
        assert told["code"] == "invitation-unknown"
    await city.nobody.get("/v1/me/invitations", expect=401)


async def test_a_typed_number_lets_nobody_in(city: CityPeople) -> None:
    """The person invited is not by that a follower of the dossier."""
    parent = await city.signed_in("parent")
    draft = await steps.filled_draft(parent)
    path = f"/v1/dossiers/{draft['id']}"
    fields = {"residence.household_head_name": "Đặng K'Hoa", "residence.household_head_pin": "079195000013"}
    await parent.patch(f"{path}/form", json={"fields": fields}, headers={"If-Match": "*"}, expect=200)
    await steps.submit(parent, draft["id"])
    invited = await city.signed_in("stranger")
    assert (await invited.get("/v1/me/invitations", expect=200))["invitations"]
    await invited.get(path, expect=404, code="dossier-unknown")


async def test_agreed_before_its_turn_the_branch_begins_without_waiting(city: CityPeople) -> None:
    dossier = await waiting(city)
    assert await answer(city, "other_parent", dossier, "agree") == {"answer": "agreed"}
    assert await answer(city, "other_parent", dossier, "agree") == {"answer": "agreed"}, "said twice"
    assert (await answer(city, "other_parent", dossier, "decline"))["code"] == "invitation-unknown"
    await steps.decide(city, dossier, "birth")
    assert residence(await shown(city, dossier))["state"] == "submitted"


async def test_unanswered_the_branch_waits_beside_the_others_and_lapses(city: CityPeople) -> None:
    dossier, police = await unconfirmed(city), await city.signed_in("residence")
    branch = residence(dossier)
    assert (branch["state"], branch["national_status"], branch["started_at"]) == ("unconfirmed", 5, None)
    assert branch["asked"]["due_at"]
    assert {"withdraw", "confirm_on_paper"} == set(branch["actions"])
    await police.get(desk(dossier), expect=404, code="branch-unknown")
    assert "consent-missing" in await events_of(city)
    await lapse(city)
    assert residence(await shown(city, dossier))["state"] == "lapsed"
    assert (await answer(city, "other_parent", dossier, "agree"))["code"] == "invitation-unknown"


async def test_a_signed_paper_is_the_way_out(city: CityPeople) -> None:
    dossier, police = await unconfirmed(city), await city.signed_in("residence")
    done = await act(city, await city.signed_in("parent"), dossier, "confirm_on_paper")
    assert residence(done)["state"] == "submitted"
    assert done["form"]["residence.confirmation"]["value"] == "ct01"
    assert "ct01" in {paper["kind"] for paper in done["documents"]}
    await police.get(f"{desk(done)}/documents/ct01", expect=200)
    assert (await answer(city, "other_parent", dossier, "decline"))["code"] == "invitation-unknown"


async def test_declined_it_can_be_filed_under_another_head(city: CityPeople) -> None:
    parent, dossier = await city.signed_in("parent"), await declined(city)
    fields = {"residence.household_head_name": "Nguyễn Thị Hồng Thắm", "residence.household_head_pin": "079192000011"}
    again = await parent.post(at(dossier, "refiling"), json={"fields": fields}, expect=200)
    assert residence(again)["state"] == "submitted", "whoever files consents by filing"


async def test_a_consent_once_given_holds_for_the_same_thing_only(city: CityPeople) -> None:
    parent = await city.signed_in("parent")
    for changed, state in (({}, "submitted"), ({"residence.address": {"ward": "26740"}}, "unconfirmed")):
        dossier = await waiting(city)
        await answer(city, "other_parent", dossier, "agree")
        await steps.decide(city, dossier, "birth")
        dossier = await shown(city, dossier)
        await steps.decide(city, dossier, "residence", refuse=WHY)
        again = await parent.post(at(dossier, "refiling"), json={"fields": changed}, expect=200)
        assert residence(again)["state"] == state


# --- results put right ----------------------------------------------------------------------------------------------------


async def test_a_mistake_in_a_result_is_reported_and_corrected_and_the_old_one_kept(city: CityPeople) -> None:
    parent, officer = await city.signed_in("parent"), await city.signed_in("residence")
    dossier = await correcting(city)
    assert (residence(dossier)["state"], dossier["status"]) == ("correcting", "open")
    await parent.get(residence(dossier)["result"]["href"], expect=200)  # it holds meanwhile
    queue = await officer.get("/v1/desk/queue?limit=200", expect=200)
    assert residence(dossier)["id"] in [item["id"] for item in queue["items"]]
    asked = {"reason": WHY, "result": {"number": "777/TB-CAP"}}
    await officer.post(f"{desk(dossier)}/corrected-result", json=asked, expect=201)
    after = await shown(city, dossier)
    assert (residence(after)["result"]["number"], after["status"]) == ("777/TB-CAP", "closed")
    assert "result-reviewed" in await events_of(city)
    async with city.house.db.connect() as conn:
        query = text("select seq, number from replaced_results where branch_id = :id order by seq")
        kept = [tuple(row) for row in await conn.execute(query, {"id": residence(after)["id"]})]
    assert kept == [(1, steps.RESULTS["residence"]["number"])]
    wrong = {"reason": WHY, "result": {"registered_on": "2030-01-01"}}
    await officer.post(f"{desk(dossier)}/corrected-result", json=wrong, expect=422, code="result-incomplete")


async def test_a_result_reported_may_be_upheld(city: CityPeople) -> None:
    dossier, officer = await correcting(city), await city.signed_in("residence")
    await officer.post(f"{desk(dossier)}/upheld-result", json={"reason": WHY}, expect=201)
    after = await shown(city, dossier)
    assert residence(after)["state"] == "approved"
    assert residence(after)["result"] == residence(dossier)["result"]


async def test_an_entry_of_the_register_is_not_corrected_at_the_desk(city: CityPeople) -> None:
    dossier, officer = await approved(city), await city.signed_in("civil_status")
    path = f"/v1/desk/branches/{steps.branch(dossier, 'birth')['id']}/corrected-result"
    asked = {"reason": WHY, "result": {}}
    await officer.post(path, json=asked, expect=409, code="corrected-in-register")


async def test_an_officer_sees_to_no_matter_of_their_own(city: CityPeople) -> None:
    """Every verb of the desk that judges refuses it, as deciding does."""
    from dossiers import correcting as correcting_verbs
    from dossiers import refiling
    from dossiers.messages import CorrectResult, Reason
    from dossiers.refusals import OwnDossier
    from kit.actor import Actor

    house = city.house
    dossier = await approved(city)
    async with house.db.connect() as conn:
        query = text("select account_id from dossiers where id = :id")
        owner = (await conn.execute(query, {"id": dossier["id"]})).scalar_one()
    me = Actor(
        kind="officer", account_id=owner, office_id="off_cong_an_sai_gon", roles=frozenset({"residence"}), level=2
    )
    ways = house.stand, me, residence(dossier)["id"]
    for verb, asked in (
        (refiling.reopen, Reason(reason=WHY)),
        (correcting_verbs.uphold, Reason(reason=WHY)),
        (correcting_verbs.correct, CorrectResult(reason=WHY, result={})),
    ):
        with pytest.raises(OwnDossier):
            await verb(*ways, asked, version=None)
