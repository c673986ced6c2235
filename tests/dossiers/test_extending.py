"""A promise is made longer for verification: once, in time, by the term of the law; the new date is explained, told and followed."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from kit import clock
from tests.dossiers import steps
from tests.dossiers.test_deciding import path_of
from tests.dossiers.test_lateness import told, warn, working_day
from tests.people import CityPeople

pytestmark = pytest.mark.anyio

WHY = "Cần xác minh chỗ ở hợp pháp tại công an nơi chủ hộ đăng ký trước đây."


async def taken(city: CityPeople) -> tuple[dict[str, Any], str]:
    """The birth is registered, and an officer of the police has the residence."""
    parent = await city.signed_in("parent")
    dossier = await steps.submitted(parent)
    await steps.decide(city, dossier, "birth")
    path = path_of(dossier, "residence")
    await (await city.signed_in("residence")).post(f"{path}/claim", expect=201)
    return await parent.get(f"/v1/dossiers/{dossier['id']}", expect=200), path


async def set_due(city: CityPeople, dossier: dict[str, Any], due: datetime) -> None:
    async with city.house.db.begin() as conn:
        values = {"due": due, "id": steps.branch(dossier, "residence")["id"]}
        await conn.execute(text("update branches set due_at = :due, warned = 2 where id = :id"), values)


async def test_the_new_date_is_the_laws_explained_told_once_and_followed(city: CityPeople) -> None:
    dossier, path = await taken(city)
    before = steps.branch(dossier, "residence")
    assert (before["extension"], before["due_at"][:10]) == (None, working_day(city, 2))
    officer, parent = await city.signed_in("residence"), await city.signed_in("parent")
    done = await officer.post(f"{path}/extension", json={"reason": WHY}, expect=201)
    assert done["branch"]["state"] == "in_review"
    shown = await parent.get(f"/v1/dossiers/{dossier['id']}", expect=200)
    branch = steps.branch(shown, "residence")
    assert branch["due_at"][:10] == working_day(city, 5)
    assert (branch["state"], branch["national_status"]) == (before["state"], before["national_status"])
    extension = branch["extension"]
    assert (extension["reason"]["vi"], extension["was_due_at"], extension["due_at"]) == (
        WHY, before["due_at"], branch["due_at"],
    )  # fmt: skip
    assert "5 ngày làm việc (có xác minh)" in " ".join(step["vi"] for step in extension["steps"])
    assert "5 working days (with verification)" in " ".join(step["en"] for step in extension["steps"])
    # The whole group has the longer term as well, and says how it was counted.
    assert shown["promised"]["due_at"] == branch["due_at"]
    assert "5 ngày làm việc (có xác minh)" in " ".join(step["vi"] for step in shown["promised"]["steps"])
    line = shown["timeline"][-1]
    assert (line["kind"], line["before"], line["after"]) == ("extend", "in_review", "in_review")
    assert WHY in line["message"]["vi"]
    assert (await parent.get(f"/v1/dossiers/{dossier['id']}/history", expect=200))["intact"]
    status = await parent.get(f"/v1/dossiers/{dossier['id']}/status", expect=200)
    told_of = next(one for one in status["branches"] if one["name"] == "residence")
    assert (told_of["extended"], told_of["promised_anew"], told_of["due_at"]) == (True, False, branch["due_at"])
    letters = await told(city, "promise-extended")
    mine = [letter for letter in letters if dossier["receipt_code"] in letter["text"]]
    assert len(mine) == len({letter["to"] for letter in mine}) >= 1
    day = f"{datetime.fromisoformat(branch['due_at']).astimezone(clock.CITY):%d/%m/%Y}"
    assert all(day in letter["text"] and WHY not in letter["text"] for letter in mine)
    await officer.post(f"{path}/extension", json={"reason": WHY}, expect=409, code="extended-already")
    assert len(await told(city, "promise-extended")) == len(letters)


async def test_what_it_is_refused_for(city: CityPeople) -> None:
    dossier, path = await taken(city)
    officer = await city.signed_in("residence")
    await officer.post(f"{path}/extension", json={"reason": "Bận."}, expect=422, code="reason-missing")
    await officer.post(f"{path}/extension", json={"reason": WHY, "due_on": "2030-01-07"}, expect=400)
    head = await city.signed_in("head_cong_an")
    await head.post(f"{path}/extension", json={"reason": WHY}, expect=409, code="claimed-by-another")
    stale = {"If-Match": '"1"'}
    await officer.post(f"{path}/extension", json={"reason": WHY}, headers=stale, expect=412, code="stale")
    # Of the insurance agency's card the law knows no longer term.
    insurance, card = await city.signed_in("insurance"), path_of(dossier, "insurance")
    await insurance.post(f"{card}/claim", expect=201)
    await insurance.post(f"{card}/extension", json={"reason": WHY}, expect=409, code="not-extendable")
    # In time is before it has passed; then one apologises, and who apologised does not extend.
    was = clock.now() - timedelta(seconds=1)
    await set_due(city, dossier, was)
    late = await officer.post(f"{path}/extension", json={"reason": WHY}, expect=409, code="promise-passed")
    assert f"{was.astimezone(clock.CITY):%H:%M %d/%m/%Y}" in late["message"]["vi"]
    body = {"reason": WHY, "due_on": working_day(city, 3)}
    await officer.post(f"{path}/apology", json=body, expect=201)
    await officer.post(f"{path}/extension", json={"reason": WHY}, expect=409, code="apologised-already")
    await officer.post(f"{path}/decision", json={"outcome": "approved", "result": steps.RESULTS["residence"]})
    unchanged = steps.branch(
        await (await city.signed_in("parent")).get(f"/v1/dossiers/{dossier['id']}", expect=200), "residence"
    )
    assert unchanged["extension"] is None


async def test_a_stopped_clock_moves_the_longer_date_and_never_back(city: CityPeople) -> None:
    dossier, path = await taken(city)
    officer, parent = await city.signed_in("residence"), await city.signed_in("parent")
    await officer.post(f"{path}/extension", json={"reason": WHY}, expect=201)
    await officer.post(f"{path}/stop", json={"reason": WHY})
    await officer.post(f"{path}/extension", json={"reason": WHY}, expect=409, code="action-not-allowed")
    # It stood still over the closing of the day after it was taken up.
    async with city.house.db.begin() as conn:
        begun = text(
            "update branches set started_at = started_at - interval '14 days', pauses = jsonb_build_array(jsonb_build_array("
            " (now() - interval '7 days')::text, null)) where id = :id"
        )
        await conn.execute(begun, {"id": steps.branch(dossier, "residence")["id"]})
        started = (
            await conn.execute(
                text("select started_at from branches where id = :id"), {"id": steps.branch(dossier, "residence")["id"]}
            )
        ).scalar_one()
    await officer.post(f"{path}/resumption", expect=201)
    branch = steps.branch(await parent.get(f"/v1/dossiers/{dossier['id']}", expect=200), "residence")
    due = datetime.fromisoformat(branch["due_at"])
    deadline = city.house.catalogue.procedure(branch["procedure"], clock.today()).deadline
    unpaused = city.house.catalogue.calendar.promise(started, deadline, extended=True)
    assert due > unpaused.due_at
    assert branch["extension"] is not None


async def test_warnings_and_figures_follow_the_new_date_and_a_branch_filed_again_has_its_own(city: CityPeople) -> None:
    dossier, path = await taken(city)
    officer, head = await city.signed_in("residence"), await city.signed_in("head_cong_an")
    before = await head.get("/v1/desk/figures", expect=200)
    # About to be late: its office was warned.
    async with city.house.db.begin() as conn:
        ids = {"id": steps.branch(dossier, "residence")["id"]}
        await conn.execute(
            text("update branches set due_at = now() + interval '1 hour', warned = 1 where id = :id"), ids
        )
    soon = (await head.get("/v1/desk/figures", expect=200))["waiting"]
    assert soon["due_soon"] == before["waiting"]["due_soon"] + 1
    await officer.post(f"{path}/extension", json={"reason": WHY}, expect=201)
    waiting = (await head.get("/v1/desk/figures", expect=200))["waiting"]
    assert (waiting["due_soon"], waiting["extended"]) == (soon["due_soon"] - 1, before["waiting"]["extended"] + 1)
    assert waiting["promised_anew"] == before["waiting"]["promised_anew"]
    # Warned of the new date as of any other, apologised for against it, and on time against it.
    await set_due(city, dossier, clock.now() + timedelta(days=1))
    async with city.house.db.begin() as conn:
        await conn.execute(
            text("update branches set warned = 0, due_at = now() + interval '1 hour' where id = :id"), ids
        )
    assert await warn(city) >= 1
    await officer.post(f"{path}/decision", json={"outcome": "refused", "reason": WHY}, expect=201)
    await steps.confirm_refusal(city, dossier, "residence")
    after = await head.get("/v1/desk/figures", expect=200)
    assert (after["decided"], after["on_time"]) == (before["decided"] + 1, before["on_time"] + 1)
    parent = await city.signed_in("parent")
    await parent.post(f"/v1/dossiers/{dossier['id']}/branches/residence/refiling", json={}, expect=200)
    again = steps.branch(await parent.get(f"/v1/dossiers/{dossier['id']}", expect=200), "residence")
    assert (again["extension"], again["due_at"][:10]) == (None, working_day(city, 2))
    await officer.post(f"{path}/claim", expect=201)
    await officer.post(f"{path}/extension", json={"reason": WHY}, expect=201)
