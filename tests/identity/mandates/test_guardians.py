"""Children and wards: a parent whom our birth entry names acts at once, others by an officer; it ends with childhood, by decision, by death."""

import asyncio
from datetime import date, timedelta
from typing import Any

import pytest

from identity import mandates
from identity.mandates import jobs
from identity.mandates.policy import years_after
from identity.mandates.refusals import MandateNotStanding
from kit import clock
from kit.actor import Actor
from kit.db import raw
from tests.identity.accounts.newcomers import letters_to, newcomer
from tests.identity.mandates.acts import GUARDIANSHIPS, MINE, NAME, WARDS, child_of, person
from tests.people import CityPeople

pytestmark = pytest.mark.anyio

CHILD = "079322000021"
"""The sandbox's, of the parent and the other parent."""

PAPER = {
    "kind": "guardianship_registration",
    "number": "12/2026",
    "issued_on": "2026-01-05",
    "issued_by": "UBND phường",
}


@pytest.fixture(autouse=True)
async def _uncounted(city: CityPeople) -> None:
    await city.house.valkey.forget_everything()


def guardianship(guardian_pin: str, ward_pin: str, **more: Any) -> dict[str, Any]:
    return {
        "guardian_pin": guardian_pin,
        "guardian_name": NAME,
        "ward_pin": ward_pin,
        "ward_name": "Trần Bé Út",
        "ward_date_of_birth": "2015-04-03",
        "ward_sex": "male",
        "paper": PAPER,
    } | more


async def stands(city: CityPeople, holder_id: str, mandate_id: str) -> bool:
    """Whether its holder may act under it now, by the room's own verb."""
    actor = Actor(kind="citizen", account_id=holder_id, level=2)
    async with city.house.db.begin() as conn:
        try:
            await mandates.acting(conn, city.house.mandates, actor, mandate_id, hold=False)
        except MandateNotStanding:
            return False
    return True


async def test_both_parents_act_for_one_child(city: CityPeople) -> None:
    father, mother = await city.signed_in("other_parent"), await city.signed_in("parent")
    his = await father.post(WARDS, json={"pin": CHILD}, expect=201)
    hers = (await mother.get(MINE, expect=200))["held"][0]
    assert his["principal"] == hers["principal"]
    assert his["principal"]["name"] == "Hoàng Nguyễn Bảo Ngân"
    assert CHILD not in str(his), "a child's number is masked"
    # Born 2022-06-01.
    assert {his["until_on"], hers["until_on"]} == {"2040-05-31"}
    assert his["basis"]["en"] == "birth entry in the civil register"
    assert "mandate-changed" in {one["event"] for one in (await mother.get("/v1/me/messages", expect=200))["messages"]}
    await father.post(WARDS, json={"pin": CHILD}, expect=409, code="mandate-already-held")


async def test_another_parents_child_a_missing_one_and_no_child_look_alike(city: CityPeople) -> None:
    stranger, mother = await city.signed_in("stranger"), await person(city)
    grown = await child_of(city, mother, born=date(2008, 1, 5))
    told = {
        (await who.post(WARDS, json={"pin": pin}, expect=404, code="no-such-child"))["detail"]
        for who, pin in ((stranger, CHILD), (stranger, "079322999999"), (stranger, grown), (mother.calls, grown))
    }
    assert len(told) == 1
    low = await newcomer(city, level=1)
    await low.calls.post(WARDS, json={"pin": CHILD}, expect=401, code="insufficient-level")
    await city.nobody.post(WARDS, json={"pin": CHILD}, expect=401, code="not-signed-in")
    for bad in ("1", "07932200002x", CHILD + "1"):
        await stranger.post(WARDS, json={"pin": bad}, expect=400, code="malformed-request")


async def test_numbers_of_children_are_not_tried_out(city: CityPeople) -> None:
    someone = await person(city)
    for serial in range(10):
        await someone.calls.post(WARDS, json={"pin": f"0793220007{serial:02d}"}, expect=404, code="no-such-child")
    await someone.calls.post(WARDS, json={"pin": CHILD}, expect=429, code="too-many-requests")


@pytest.mark.parametrize(("days", "taken"), [(-1, False), (0, False), (1, True)])
async def test_of_age_yesterday_today_tomorrow(city: CityPeople, days: int, *, taken: bool) -> None:
    """Who turns 18 tomorrow is a child today, and on the birthday is none."""
    mother = await person(city)
    born = years_after(clock.today() + timedelta(days=days), -18)
    pin = await child_of(city, mother, born=born)
    if not taken:
        await mother.calls.post(WARDS, json={"pin": pin}, expect=404, code="no-such-child")
        return
    mandate = await mother.calls.post(WARDS, json={"pin": pin}, expect=201)
    assert mandate["until_on"] == clock.today().isoformat()
    assert await stands(city, mother.account_id, mandate["id"])
    # The job is not needed for it to end, and writes down what has ended.
    with clock.shifted(timedelta(days=1)):
        assert not await stands(city, mother.account_id, mandate["id"])
        assert await jobs.end_due(city.house.mandates) == 1
        assert await jobs.end_due(city.house.mandates) == 0
        assert len(await letters_to(city, mother.phone, "mandate-changed")) == 2


async def test_a_leap_day_child(city: CityPeople) -> None:
    mother = await person(city)
    pin = await child_of(city, mother, born=date(2012, 2, 29))
    mandate = await mother.calls.post(WARDS, json={"pin": pin}, expect=201)
    # 2030 has no such day: of age on 28 February.
    assert mandate["until_on"] == "2030-02-27"


async def test_an_officer_records_a_guardian_with_the_paper(city: CityPeople) -> None:
    guardian, officer = await person(city), await city.signed_in("civil_status")
    body = guardianship(guardian.pin, "079215000101")
    await (await city.signed_in("parent")).post(GUARDIANSHIPS, json=body, expect=404, code="not-found")
    await (await city.signed_in("identity_checker")).post(GUARDIANSHIPS, json=body, expect=404, code="not-found")
    mandate = await officer.post(GUARDIANSHIPS, json=body, expect=201)
    assert (mandate["kind"], mandate["state"], mandate["until_on"]) == ("guardian", "standing", "2033-04-02")
    held = (await guardian.calls.get(MINE, expect=200))["held"]
    assert [one["id"] for one in held] == [mandate["id"]]
    # What a court set earlier holds, what it set later ends with childhood.
    other = await person(city)
    for stated, until in (("2028-01-01", "2028-01-01"), ("2040-01-01", "2033-04-02")):
        body = guardianship(other.pin, "079215000101", until_on=stated)
        second = await officer.post(GUARDIANSHIPS, json=body, expect=201)
        assert second["until_on"] == until
        await other.calls.delete(f"{MINE}/{second['id']}", expect=204)


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"ward_date_of_birth": "2008-01-01", "ward_pin": "079208000102"}, 422, "of-age"),
        ({"ward_date_of_birth": "1999-01-01", "ward_pin": "079099000102", "adult": True}, 422, "court-decision-needed"),
        ({"ward_date_of_birth": "2015-04"}, 409, "birthday-not-whole"),
        ({"ward_date_of_birth": "2015", "until_on": "2034-01-01"}, 422, "of-age"),
        ({"ward_date_of_birth": "2015-13-01"}, 409, "ward-differs"),
        ({"ward_date_of_birth": "2016-04-03"}, 409, "ward-differs"),
        ({"ward_sex": "female"}, 409, "ward-differs"),
        ({"guardian_name": "Lê Thị Khác"}, 422, "no-such-delegate"),
        ({"guardian_pin": "079193999998"}, 422, "no-such-delegate"),
        ({"until_on": "2020-01-01"}, 422, "bad-mandate-term"),
        ({"ward_pin": CHILD, "ward_date_of_birth": "2022-06-01", "ward_sex": "female"}, 409, "ward-differs"),
    ],
)
async def test_what_an_officer_cannot_record(city: CityPeople, changed: dict[str, Any], status: int, code: str) -> None:
    guardian, officer = await person(city), await city.signed_in("civil_status")
    body = guardianship(guardian.pin, "079215000103") | changed
    await officer.post(GUARDIANSHIPS, json=body, expect=status, code=code)


async def test_a_birthday_without_its_day_needs_a_stated_end(city: CityPeople) -> None:
    guardian, officer = await person(city), await city.signed_in("civil_status")
    body = guardianship(guardian.pin, "079215000104", ward_date_of_birth="2015", until_on="2030-06-30")
    assert (await officer.post(GUARDIANSHIPS, json=body, expect=201))["until_on"] == "2030-06-30"


async def test_an_adult_ward_by_a_courts_decision_has_no_age(city: CityPeople) -> None:
    guardian, officer = await person(city), await city.signed_in("civil_status")
    court = PAPER | {"kind": "court_decision", "issued_by": "Toà án nhân dân khu vực"}
    body = guardianship(guardian.pin, "079060000105", ward_date_of_birth="1960-04-03", adult=True, paper=court)
    mandate = await officer.post(GUARDIANSHIPS, json=body, expect=201)
    assert mandate["until_on"] is None
    path = f"/v1/desk/mandates/{mandate['id']}/end"
    decision = {"ended_for": "decision", "reason": "Quyết định số 3/2026 của Toà án"}
    await officer.post(path, json=decision, expect=204)
    held = (await guardian.calls.get(MINE, expect=200))["held"][0]
    assert (held["state"], held["ended_for"]) == ("ended", "decision")


@pytest.mark.parametrize("who", ["ward", "guardian"])
async def test_death_in_the_books_ends_it_at_once(city: CityPeople, who: str) -> None:
    mother = await person(city)
    pin = await child_of(city, mother, born=date(2015, 6, 1))
    mandate = await mother.calls.post(WARDS, json={"pin": pin}, expect=201)
    assert await stands(city, mother.account_id, mandate["id"])
    async with city.house.db.begin() as conn:
        await (await raw(conn)).execute(
            "insert into register_people (entry_id, role, pin, name_folded) select e.id, 'deceased', %s, 'x'"
            " from register_entries e where e.pin = %s",
            (pin if who == "ward" else mother.pin, pin),
        )
    assert not await stands(city, mother.account_id, mandate["id"])
    assert (await mother.calls.get(MINE, expect=200))["held"][0]["ended_for"] == "death"
    assert await jobs.end_due(city.house.mandates) == 1
    await mother.calls.post(WARDS, json={"pin": pin}, expect=404, code="no-such-child")


async def test_a_ward_with_an_account_sees_who_acts_for_them(city: CityPeople) -> None:
    guardian, ward, officer = await person(city), await newcomer(city), await city.signed_in("civil_status")
    court = PAPER | {"kind": "court_decision"}
    body = guardianship(
        guardian.pin,
        ward.pin,
        ward_name=NAME,
        ward_date_of_birth="1993-05-12",
        ward_sex="female",
        adult=True,
        paper=court,
    )
    mandate = await officer.post(GUARDIANSHIPS, json=body, expect=201)
    mine = await ward.calls.get(MINE, expect=200)
    assert mine["held"] == []
    assert [one["id"] for one in mine["over_me"]] == [mandate["id"]]
    assert await letters_to(city, ward.phone, "mandate-changed")
    # Who is acted for does not end it by themselves, and nobody is their own guardian.
    await ward.calls.delete(f"{MINE}/{mandate['id']}", expect=404, code="mandate-unknown")
    body["guardian_pin"] = ward.pin
    await officer.post(GUARDIANSHIPS, json=body, expect=422, code="no-such-delegate")


async def test_a_lapsed_level_a_lock_and_a_closed_account(city: CityPeople) -> None:
    """It rests while nobody knows well enough who its holder is, and is over with the account."""
    mother = await person(city)
    pin = await child_of(city, mother, born=date(2015, 6, 2))
    mandate = await mother.calls.post(WARDS, json={"pin": pin}, expect=201)

    async def state(statement: str) -> tuple[bool, str]:
        async with city.house.db.begin() as conn:
            await (await raw(conn)).execute(statement, {"id": mother.account_id})  # type: ignore[arg-type] - literals below
        actor_sees = await mother.calls.get(MINE)
        seen = actor_sees["held"][0]["state"] if "held" in actor_sees else actor_sees["code"]
        return await stands(city, mother.account_id, mandate["id"]), seen

    assert await state("update accounts set level_2_until = current_date - 2 where id = %(id)s") == (False, "resting")
    assert await state("update accounts set level_2_until = '9999-12-31' where id = %(id)s") == (
        True,
        "standing",
    )
    assert await state("update accounts set locked_at = now() where id = %(id)s") == (False, "token-revoked")
    assert await state("update accounts set locked_at = null where id = %(id)s") == (True, "standing")
    assert await state("update accounts set closed_at = now() where id = %(id)s") == (False, "token-revoked")


async def test_two_phones_of_one_parent_take_it_up_once(city: CityPeople) -> None:
    mother = await person(city)
    pin = await child_of(city, mother, born=date(2015, 6, 3))
    answers = await asyncio.gather(*(mother.calls.post(WARDS, json={"pin": pin}) for _ in range(8)))
    assert sorted(one.get("code", "given") for one in answers) == ["given", *["mandate-already-held"] * 7]
