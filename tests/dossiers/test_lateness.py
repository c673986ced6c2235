"""A promise about to be missed is warned of, a missed one is apologised for with a new date; ratings and figures tell of it."""

from datetime import datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from dossiers import lateness
from kit import clock
from procedures.messages import Deadline
from tests.dossiers import steps
from tests.dossiers.test_deciding import path_of
from tests.dossiers.test_papers import text_of
from tests.people import CityPeople

pytestmark = pytest.mark.anyio

WHY = "Hệ thống đăng ký hộ tịch bị gián đoạn, cơ quan đang khắc phục."


async def taken(city: CityPeople) -> tuple[dict[str, Any], str]:
    dossier, officer = await steps.submitted(await city.signed_in("parent")), await city.signed_in("civil_status")
    path = path_of(dossier, "birth")
    await officer.post(f"{path}/claim", expect=201)
    return dossier, path


async def warn(city: CityPeople) -> int:
    return await lateness.warn(city.house.stand)


async def told(city: CityPeople, event: str) -> list[dict[str, Any]]:
    await city.run_jobs()
    letters = (await city.client.get("/sandbox/inbox.json")).json()
    return [letter for letter in letters if letter["event"] == event]


def working_day(city: CityPeople, days: int) -> str:
    """So many working days from now, as a day."""
    rule = Deadline(working_days=days, source="assumption")
    return city.house.catalogue.calendar.promise(clock.now(), rule).due_on.isoformat()


async def due_of(city: CityPeople, dossier: dict[str, Any], due: datetime) -> None:
    """The promise as if it had been made for then; a birth's own is kept within the day."""
    async with city.house.db.begin() as conn:
        values = {"due": due, "id": steps.branch(dossier, "birth")["id"]}
        await conn.execute(text("update branches set due_at = :due where id = :id"), values)


async def test_warned_once_before_and_once_after(city: CityPeople) -> None:
    dossier, path = await taken(city)
    await due_of(city, dossier, clock.now() + timedelta(days=30))
    await warn(city)
    async with city.house.db.connect() as conn:
        query = text("select warned from branches where id = :id")
        ids = {"id": steps.branch(dossier, "birth")["id"]}
        assert (await conn.execute(query, ids)).scalar_one() == 0
    await due_of(city, dossier, clock.now() + timedelta(hours=1))
    before = len(await told(city, "deadlines-near"))
    assert await warn(city) == 1
    assert await warn(city) == 0
    letters = await told(city, "deadlines-near")
    assert len(letters) == before + 1
    assert letters[0]["to"] == "khanh.tuphap@motcua.test"
    assert dossier["receipt_code"] not in str(letters[0])
    await due_of(city, dossier, clock.now() - timedelta(seconds=1))
    assert await warn(city) == 1
    assert await warn(city) == 0
    # Who has it and the head.
    assert {letter["to"] for letter in await told(city, "deadlines-missed")} == {
        "khanh.tuphap@motcua.test", "truc.chutich@motcua.test"
    }  # fmt: skip
    queue = await (await city.signed_in("civil_status")).get("/v1/desk/queue", expect=200)
    item = next(item for item in queue["items"] if item["id"] == path.split("/")[-1])
    assert (item["overdue"], item["due_soon"]) == (True, False)


async def test_an_apology_sets_a_new_date_once_and_the_citizen_is_told_why(city: CityPeople) -> None:
    dossier, path = await taken(city)
    officer, parent = await city.signed_in("civil_status"), await city.signed_in("parent")
    day, body = working_day(city, 5), {"reason": WHY}
    far = datetime.combine(clock.today() + timedelta(days=30), time(17), clock.CITY)
    await due_of(city, dossier, far)
    early = {**body, "due_on": (clock.today() + timedelta(days=60)).isoformat()}
    refused = await officer.post(f"{path}/apology", json=early, expect=409, code="not-late-yet")
    assert f"17:00 {far:%d/%m/%Y}" in refused["message"]["vi"], "the city's time, not the database's"
    was = clock.now() - timedelta(minutes=1)
    await due_of(city, dossier, was)
    await officer.post(f"{path}/apology", json={"reason": "Bận.", "due_on": day}, expect=422, code="reason-missing")
    saturday = clock.today() + timedelta(days=(5 - clock.today().weekday()) % 7 or 7)
    for bad in (clock.today() - timedelta(days=1), saturday, clock.today() + timedelta(days=90)):
        await officer.post(f"{path}/apology", json={**body, "due_on": bad.isoformat()}, expect=422, code="bad-new-date")
    reception = await city.signed_in("identity_checker")
    await reception.post(f"{path}/apology", json={**body, "due_on": day}, expect=403, code="role-missing")
    done = await officer.post(f"{path}/apology", json={**body, "due_on": day}, expect=201)
    assert done["acts"][-1]["kind"] == "apologise"
    await officer.post(f"{path}/apology", json={**body, "due_on": day}, expect=409, code="not-late-yet")
    shown = await parent.get(f"/v1/dossiers/{dossier['id']}", expect=200)
    branch = steps.branch(shown, "birth")
    assert (branch["apology"]["reason"]["vi"], branch["overdue"]) == (WHY, False)
    assert branch["due_at"].startswith(day) or branch["apology"]["due_at"] == branch["due_at"]
    assert WHY in shown["timeline"][-1]["message"]["vi"]
    assert shown["promised"]["due_at"] >= branch["due_at"]
    status = await parent.get(f"/v1/dossiers/{dossier['id']}/status", expect=200)
    assert next(one for one in status["branches"] if one["name"] == "birth")["promised_anew"]
    letter = (await told(city, "promise-moved"))[0]
    assert dossier["receipt_code"] in letter["text"]
    assert WHY not in letter["text"]
    assert (await parent.get(f"/v1/dossiers/{dossier['id']}/history", expect=200))["intact"]
    # A supplement does not bring the old date back, and a second apology is refused.
    asked = {"reason": WHY, "documents": ["birth_notification"]}
    await officer.post(f"{path}/supplement-request", json=asked, expect=201)
    given = {"documents": {"birth_notification": await steps.upload(parent)}}
    await parent.post(f"/v1/dossiers/{dossier['id']}/branches/birth/supplement", json=given, expect=200)
    after = steps.branch(await parent.get(f"/v1/dossiers/{dossier['id']}", expect=200), "birth")
    assert after["due_at"] >= branch["due_at"]
    await due_of(city, dossier, was)
    await officer.post(f"{path}/apology", json={**body, "due_on": day}, expect=409, code="apologised-already")


async def test_the_apology_is_a_letter_of_the_office(city: CityPeople) -> None:
    """As it was sealed first, for who follows the dossier and for who works on it."""
    dossier, path = await taken(city)
    officer, parent = await city.signed_in("civil_status"), await city.signed_in("parent")
    mine = f"/v1/dossiers/{dossier['id']}/branches/birth/apology"
    await parent.get(mine, expect=404, code="apology-unknown")
    await officer.get(f"{path}/apology", expect=404, code="apology-unknown")
    was = clock.now() - timedelta(minutes=1)
    await due_of(city, dossier, was)
    await officer.post(f"{path}/apology", json={"reason": WHY, "due_on": working_day(city, 5)}, expect=201)
    letter = (await parent.get(mine, expect=200)).content
    assert (await officer.get(f"{path}/apology", expect=200)).content == letter
    new = datetime.fromisoformat(
        steps.branch(await parent.get(f"/v1/dossiers/{dossier['id']}", expect=200), "birth")["apology"]["due_at"]
    ).astimezone(clock.CITY)
    said = text_of(letter)
    for words in (
        "PHIẾU XIN LỖI VÀ HẸN LẠI NGÀY TRẢ KẾT QUẢ",
        dossier["receipt_code"][-5:],
        "Nguyễn Thị Hồng Thắm",
        WHY,
        f"Hẹn lại: {new:%H giờ %M phút, ngày %d/%m/%Y}",
        f"hẹn trả kết quả vào {was.astimezone(clock.CITY):%H giờ %M phút, ngày %d/%m/%Y}",
        "Trần Thị Mai Khanh",
    ):
        assert words in said, words
    await (await city.signed_in("stranger")).get(mine, expect=404, code="dossier-unknown")
    await (await city.signed_in("insurance")).get(f"{path}/apology", expect=404, code="branch-unknown")


async def test_rated_once_after_the_result_and_a_low_score_keeps_its_step(city: CityPeople) -> None:
    dossier, path = await taken(city)
    officer, parent = await city.signed_in("civil_status"), await city.signed_in("parent")
    rating = f"/v1/dossiers/{dossier['id']}/branches/birth/rating"
    await parent.post(rating, json={"score": 5}, expect=409, code="nothing-to-rate")
    await officer.post(f"{path}/decision", json={"outcome": "approved"}, expect=201)
    await city.nobody.post(rating, json={"score": 1}, expect=401)
    for other in ("stranger", "other_parent"):
        await (await city.signed_in(other)).post(rating, json={"score": 1}, expect=404, code="dossier-unknown")
    await parent.post(rating, json={"score": 6}, expect=400)
    await parent.post(rating, json={"score": 1, "step": "correcting"}, expect=422, code="not-a-step")
    # Its examination was late: longer than a short wait at the counter.
    async with city.house.db.begin() as conn:
        late = text(
            "update branch_steps set due_at = left_at - interval '1 hour' where branch_id = :id and state = 'in_review'"
        )
        await conn.execute(late, {"id": path.split("/")[-1]})
    said = {"score": 1, "comment": "Phải chờ lâu quá."}
    shown = await parent.post(rating, json=said, expect=200)
    assert steps.branch(shown, "birth")["rating"]["score"] == 1
    await parent.post(rating, json=said, expect=409, code="rated-already")
    head = await city.signed_in("head_ubnd")
    figures = await head.get("/v1/desk/figures", expect=200)
    assert figures["ratings"]["low_by_step"] == {"in_review": 1}
    assert figures["ratings"]["low"][0]["comment"] == "Phải chờ lâu quá."
    assert (figures["ratings"]["given"], figures["ratings"]["scores"]) == (1, [1, 0, 0, 0, 0])
    assert figures["bottleneck"] == "in_review"


async def test_a_refusal_is_rated_too_by_the_step_one_names(city: CityPeople) -> None:
    dossier = await steps.submitted(await city.signed_in("parent"))
    await steps.decide(city, dossier, "birth", refuse="Giấy chứng sinh không có trong dữ liệu.")
    parent = await city.signed_in("parent")
    rating = f"/v1/dossiers/{dossier['id']}/branches/birth/rating"
    # An inner step is no step to a citizen; what never began is nothing to rate.
    await parent.post(rating, json={"score": 2, "step": "refusal_proposed"}, expect=422, code="not-a-step")
    unstarted = f"/v1/dossiers/{dossier['id']}/branches/residence/rating"
    await parent.post(unstarted, json={"score": 2}, expect=409, code="nothing-to-rate")
    await parent.post(rating, json={"score": 4, "step": "submitted"}, expect=200)


async def test_figures_are_the_heads_own_offices_and_count_the_first_promise(city: CityPeople) -> None:
    head = await city.signed_in("head_ubnd")
    before = await head.get("/v1/desk/figures", expect=200)
    for path in ("", "?since=2026-01-02&until=2026-01-01", "?since=2020-01-01"):
        await (await city.signed_in("civil_status")).get(f"/v1/desk/figures{path}", expect=404)
    await head.get("/v1/desk/figures?since=2026-01-02&until=2026-01-01", expect=422, code="bad-span")
    await head.get("/v1/desk/figures?since=2020-01-01", expect=422, code="bad-span")
    dossier, path = await taken(city)
    officer = await city.signed_in("civil_status")
    await due_of(city, dossier, clock.now() - timedelta(minutes=1))
    waiting = (await head.get("/v1/desk/figures", expect=200))["waiting"]
    assert waiting["overdue"] == before["waiting"]["overdue"] + 1
    assert waiting["open"] == sum(waiting["ageing"].values())
    body = {"reason": WHY, "due_on": working_day(city, 5)}
    await officer.post(f"{path}/apology", json=body, expect=201)
    await officer.post(f"{path}/decision", json={"outcome": "approved"}, expect=201)
    after = await head.get("/v1/desk/figures", expect=200)
    # Decided before the new date, and late all the same.
    assert (after["decided"], after["on_time"]) == (before["decided"] + 1, before["on_time"])
    assert {one["state"] for one in after["steps"]} >= {"submitted", "in_review"}
    assert {one["what"] for one in after["supplements"]} == {"birth_notification"}
    other = await (await city.signed_in("head_bhxh")).get("/v1/desk/figures", expect=200)
    assert (other["decided"], other["on_time_ratio"], other["bottleneck"]) == (0, None, None)
