"""Enterprises: claimed, confirmed by the register or an officer, acted for by delegates, and never left without a representative."""

import asyncio
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from identity.mandates import claiming, store
from identity.mandates.messages import ClaimRequest
from kit import clock, ids
from kit.actor import Actor
from kit.db import raw
from tests.identity.accounts.newcomers import letters_to, newcomer
from tests.identity.mandates.acts import (
    CLAIMS,
    DESK_CLAIMS,
    HOME,
    HOME_NAME,
    MINE,
    NAME,
    account_of,
    claimed,
    granted,
    number,
    person,
)
from tests.identity.offices.test_staff import WARD, appointed
from tests.people import CityPeople
from wires.business import BusinessAnswer, BusinessRegisterAway

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
async def _uncounted(city: CityPeople) -> None:
    await city.house.valkey.forget_everything()


async def test_who_may(city: CityPeople) -> None:
    body = {"number": number(), "legal_name": "Hợp tác xã Hư Cấu"}
    await city.nobody.post(CLAIMS, json=body, expect=401, code="not-signed-in")
    officer, parent = await city.signed_in("identity_checker"), await city.signed_in("parent")
    await officer.post(CLAIMS, json=body, expect=404, code="not-found")
    for someone in (parent, await city.signed_in("civil_status")):
        await someone.get(DESK_CLAIMS, expect=404, code="not-found")
        await someone.post(
            f"{DESK_CLAIMS}/ecl_x/verdict", json={"verdict": "confirmed", "reason": "x"}, expect=404, code="not-found"
        )


async def test_the_register_says_yes_and_the_mandate_stands_at_once(city: CityPeople) -> None:
    representative = await city.signed_in("representative")
    held = (await representative.get(MINE, expect=200))["held"]
    assert [(one["kind"], one["state"], one["principal"]["number"]) for one in held] == [
        ("representative", "standing", HOME)
    ]
    assert held[0]["principal"]["name"] == HOME_NAME
    assert held[0]["basis"]["en"] == "business register"
    body = {"number": HOME, "legal_name": HOME_NAME}
    await representative.post(CLAIMS, json=body, expect=409, code="already-represents")


@pytest.mark.parametrize("said", ["no", "unknown", "away", "none"])
async def test_anything_but_yes_waits_for_an_officer_and_looks_alike(city: CityPeople, said: str) -> None:
    class Other:
        development_only = True

        async def confirm(self, **_: Any) -> BusinessAnswer:
            if said == "away":
                raise BusinessRegisterAway
            return BusinessAnswer(said, "test")  # type: ignore[arg-type] - only the register's three words come here

    someone = await person(city)
    ways = msgspec.structs.replace(city.house.mandates, business=None if said == "none" else Other())
    actor = Actor(kind="citizen", account_id=someone.account_id, level=2)
    asked = ClaimRequest(number=number(), legal_name="Hợp tác xã Hư Cấu")
    told = await claiming.claim(ways, actor, asked)
    assert (told.state, told.mandate, told.reason) == ("waiting", None, None)
    again = await claiming.claim(ways, actor, asked)
    assert again.id == told.id, "asked again it is the same claim"
    officer = await city.signed_in("identity_checker")
    seen = next(one for one in await officer.get(DESK_CLAIMS, expect=200) if one["id"] == told.id)
    assert seen["answer"] == said
    assert seen["claimant_pin_masked"] != someone.pin


async def test_a_claim_is_kept_by_a_plan_made_once_for_all(city: CityPeople) -> None:
    """On a connection that had kept ten of them, the eleventh found no index for its conflict and was a 500."""
    someone = await person(city)
    said = {"account_id": someone.account_id, "number": number(), "legal_name": "Hợp tác xã Hư Cấu", "answer": "none"}
    async with city.house.db.begin() as conn:
        await (await raw(conn)).execute("set local plan_cache_mode = force_generic_plan")
        # The driver prepares what it sees for the sixth time.
        kept = {await store.keep_claim(conn, id=ids.new_id("ecl"), claimed_at=clock.now(), **said) for _ in range(7)}
    assert len(kept) == 1


async def test_an_officer_refuses_or_confirms_once(city: CityPeople) -> None:
    someone, of = await person(city), number()
    asked = await someone.calls.post(CLAIMS, json={"number": of, "legal_name": "Hợp tác xã Hư Cấu"}, expect=201)
    officer, path = await city.signed_in("identity_checker"), f"{DESK_CLAIMS}/{asked['id']}/verdict"
    refused = await officer.post(path, json={"verdict": "refused", "reason": "Thiếu giấy chứng nhận"}, expect=200)
    assert (refused["state"], refused["mandate"]) == ("refused", None)
    await officer.post(path, json={"verdict": "confirmed", "reason": "x"}, expect=409, code="claim-decided")
    assert (await someone.calls.get(CLAIMS, expect=200))[0]["reason"] == "Thiếu giấy chứng nhận"
    mandate = await claimed(city, someone, of)
    assert (mandate["kind"], mandate["state"], mandate["until_on"]) == ("representative", "standing", None)
    assert await letters_to(city, someone.phone, "mandate-changed")


@pytest.mark.parametrize("bad", ["0100233487", "123", "079192000011", "0100233488001", ""])
async def test_a_number_that_is_none(city: CityPeople, bad: str) -> None:
    someone = await city.signed_in("stranger")
    answer = await someone.post(
        CLAIMS, json={"number": bad, "legal_name": "x"}, expect=422, code="enterprise-number-wrong"
    )
    assert answer["faults"][0]["field"] == "number"


async def test_level_one_claims_nothing(city: CityPeople) -> None:
    someone = await newcomer(city, level=1)
    body = {"number": number(), "legal_name": "Hợp tác xã Hư Cấu"}
    await someone.calls.post(CLAIMS, json=body, expect=401, code="insufficient-level")


async def test_one_number_is_one_account_with_one_name(city: CityPeople) -> None:
    first, second, of = await person(city), await person(city), number()
    mandate = await claimed(city, first, of)
    other_name = await second.calls.post(CLAIMS, json={"number": of, "legal_name": "Tên khác"}, expect=201)
    officer = await city.signed_in("identity_checker")
    verdict = {"verdict": "confirmed", "reason": "x"}
    await officer.post(
        f"{DESK_CLAIMS}/{other_name['id']}/verdict", json=verdict, expect=409, code="enterprise-name-differs"
    )
    assert (await claimed(city, second, of))["principal"]["id"] == mandate["principal"]["id"]
    # Who was there first hears of the second.
    assert len(await letters_to(city, first.phone, "mandate-changed")) == 2


async def test_two_claims_of_one_new_number_at_once_open_one_account(city: CityPeople) -> None:
    people, of = [await person(city) for _ in range(4)], number()
    mandates = await asyncio.gather(*(claimed(city, one, of) for one in people))
    assert len({one["principal"]["id"] for one in mandates}) == 1


async def test_a_delegate_from_grant_to_end_with_record_and_notices(city: CityPeople) -> None:
    boss, clerk, of = await person(city), await person(city), number()
    mandate = await claimed(city, boss, of)
    enterprise = f"/v1/enterprises/{mandate['principal']['id']}"
    given = await granted(boss.calls, mandate["principal"]["id"], clerk, procedures=["1.001193", "3.000722"])
    assert given["until_on"] == clock.today().replace(year=clock.today().year + 1).isoformat(), "one year (Đ563)"
    path = f"{enterprise}/delegates/{given['id']}"
    narrower = {"acts": ["follow"], "procedures": ["1.001193"], "version": given["version"]}
    narrowed = await boss.calls.patch(path, json=narrower, expect=200)
    assert (narrowed["acts"], narrowed["procedures"]) == (["follow"], ["1.001193"])
    stale = await boss.calls.patch(path, json=narrower, expect=409, code="mandate-changed")
    assert str(narrowed["version"]) in stale["detail"]
    for wider in (
        {"acts": ["file", "follow"]},
        {"procedures": ["1.001193", "2.000635"]},
        {"procedures": ["2.000635"]},
        {"until_on": (clock.today() + timedelta(days=800)).isoformat()},
    ):
        body = wider | {"version": narrowed["version"]}
        await boss.calls.patch(path, json=body, expect=409, code="mandate-only-narrows")
    past = {"until_on": (clock.today() - timedelta(days=1)).isoformat(), "version": narrowed["version"]}
    await boss.calls.patch(path, json=past, expect=422, code="bad-mandate-term")
    await boss.calls.delete(path, expect=204)
    await boss.calls.delete(path, expect=403, code="mandate-not-standing")
    told = await boss.calls.get(enterprise, expect=200)
    events = next(one["events"] for one in told["mandates"] if one["mandate"]["id"] == given["id"])
    assert [(one["what"], one["by"]) for one in events] == [
        ("granted", "principal"),
        ("narrowed", "principal"),
        ("ended", "principal"),
    ]
    assert events[1]["covers"]["acts"] == ["follow"]
    # One for each change; the representative's own beginning is one more.
    assert len(await letters_to(city, clerk.phone, "mandate-changed")) == 3
    assert len(await letters_to(city, boss.phone, "mandate-changed")) == 4
    assert not any(
        clerk.pin in letter or NAME in letter for letter in await letters_to(city, boss.phone, "mandate-changed")
    )


async def test_another_enterprise_and_none_look_alike(city: CityPeople) -> None:
    boss, thief, clerk = await person(city), await person(city), await person(city)
    mandate, other = await claimed(city, boss, number()), await claimed(city, thief, number())
    theirs, mine = mandate["principal"]["id"], other["principal"]["id"]
    given = await granted(boss.calls, theirs, clerk)
    missing = await thief.calls.get("/v1/enterprises/acc_none", expect=404, code="not-found")
    foreign = await thief.calls.get(f"/v1/enterprises/{theirs}", expect=404, code="not-found")
    assert missing["detail"] == foreign["detail"]
    body = {"pin": thief.pin, "full_name": NAME}
    for path in (theirs, "acc_none", thief.account_id):
        await thief.calls.post(f"/v1/enterprises/{path}/delegates", json=body, expect=404, code="not-found")
        await thief.calls.post(f"/v1/enterprises/{path}/closure", expect=404, code="not-found")
    # One's own enterprise with another's mandate in the address.
    path = f"/v1/enterprises/{mine}/delegates/{given['id']}"
    await thief.calls.delete(path, expect=404, code="mandate-unknown")
    await thief.calls.patch(path, json={"version": 1}, expect=404, code="mandate-unknown")
    for gone in (given["id"], mandate["id"], "mnd_none"):
        await thief.calls.delete(f"{MINE}/{gone}", expect=404, code="mandate-unknown")
    # A delegate is no representative, and another representative is not ended by one.
    await clerk.calls.get(f"/v1/enterprises/{theirs}", expect=404, code="not-found")
    await clerk.calls.post(f"/v1/enterprises/{theirs}/delegates", json=body, expect=404, code="not-found")
    path = f"/v1/enterprises/{theirs}/delegates/{mandate['id']}"
    await boss.calls.delete(path, expect=404, code="mandate-unknown")


async def test_nobodys_number_is_tried_out_by_delegating(city: CityPeople) -> None:
    boss, known, low = await person(city), await person(city), await newcomer(city, level=1)
    of = (await claimed(city, boss, number()))["principal"]["id"]
    path = f"/v1/enterprises/{of}/delegates"
    answers = [
        await boss.calls.post(path, json={"pin": pin, "full_name": name}, expect=422, code="no-such-delegate")
        for pin, name in (("079193999999", NAME), (known.pin, "Lê Thị Khác"), (low.pin, NAME))
    ]
    assert len({answer["detail"] for answer in answers}) == 1
    for _ in range(17):
        await boss.calls.post(path, json={"pin": "079193999999", "full_name": NAME}, expect=422)
    await boss.calls.post(path, json={"pin": known.pin, "full_name": NAME}, expect=429, code="too-many-requests")


async def test_a_second_mandate_like_the_first_is_refused_until_that_is_over(city: CityPeople) -> None:
    boss, clerk = await person(city), await person(city)
    of = (await claimed(city, boss, number()))["principal"]["id"]
    given = await granted(boss.calls, of, clerk)
    body = {"pin": clerk.pin, "full_name": NAME}
    path = f"/v1/enterprises/{of}/delegates"
    await boss.calls.post(path, json=body, expect=409, code="mandate-already-held")
    async with city.house.db.begin() as conn:
        await (await raw(conn)).execute(
            "update mandates set from_on = current_date - 9, until_on = current_date - 2 where id = %s", (given["id"],)
        )
    again = await boss.calls.post(path, json=body, expect=201)
    held = (await clerk.calls.get(MINE, expect=200))["held"]
    assert [(one["id"], one["state"], one["ended_for"]) for one in held] == [
        (again["id"], "standing", None),
        (given["id"], "ended", "time"),
    ]


@pytest.mark.parametrize(
    "term", [{"from_on": "2020-01-01"}, {"until_on": "2020-01-01"}, {"from_on": "2030-01-02", "until_on": "2030-01-01"}]
)
async def test_no_term_in_the_past(city: CityPeople, term: dict[str, str]) -> None:
    boss = await city.signed_in("representative")
    of = (await boss.get(MINE, expect=200))["held"][0]["principal"]["id"]
    body = {"pin": "079195000013", "full_name": "Đặng K'Hoa"} | term
    await boss.post(f"/v1/enterprises/{of}/delegates", json=body, expect=422, code="bad-mandate-term")


async def test_the_last_representative_stays(city: CityPeople) -> None:
    first, second, of = await person(city), await person(city), number()
    mandate = await claimed(city, first, of)
    await first.calls.delete(f"{MINE}/{mandate['id']}", expect=409, code="last-representative")
    await first.calls.post("/v1/me/closure", expect=409, code="last-representative")
    assert (await first.calls.get("/v1/me", expect=200))["account_id"] == first.account_id
    await claimed(city, second, of)
    await first.calls.delete(f"{MINE}/{mandate['id']}", expect=204)
    await first.calls.get(f"/v1/enterprises/{mandate['principal']['id']}", expect=404, code="not-found")
    left = (await second.calls.get(MINE, expect=200))["held"][0]
    await second.calls.delete(f"{MINE}/{left['id']}", expect=409, code="last-representative")


async def test_a_successor_whose_level_lapsed_is_none(city: CityPeople) -> None:
    first, second, of = await person(city), await person(city), number()
    mandate = await claimed(city, first, of)
    await claimed(city, second, of)
    async with city.house.db.begin() as conn:
        await (await raw(conn)).execute(
            "update accounts set level_2_until = current_date - 2 where id = %s", (second.account_id,)
        )
    await first.calls.delete(f"{MINE}/{mandate['id']}", expect=409, code="last-representative")


async def test_two_representatives_who_leave_at_once(city: CityPeople) -> None:
    people, of = [await person(city), await person(city)], number()
    held = [await claimed(city, one, of) for one in people]
    answers = await asyncio.gather(
        *(one.calls.delete(f"{MINE}/{mandate['id']}") for one, mandate in zip(people, held, strict=True))
    )
    assert sorted(getattr(one, "status_code", None) or one["status"] for one in answers) == [204, 409]


async def test_an_officer_ends_even_the_last_one(city: CityPeople) -> None:
    boss, clerk = await person(city), await person(city)
    mandate = await claimed(city, boss, number())
    await granted(boss.calls, mandate["principal"]["id"], clerk)
    path = f"/v1/desk/mandates/{mandate['id']}/end"
    body = {"ended_for": "death", "reason": "Trích lục khai tử số 5/2026"}
    await (await city.signed_in("parent")).post(path, json=body, expect=404, code="not-found")
    officer = await city.signed_in("identity_checker")
    await officer.post(path, json=body, expect=204)
    await officer.post(path, json=body, expect=403, code="mandate-not-standing")
    await officer.post("/v1/desk/mandates/mnd_none/end", json=body, expect=404, code="mandate-unknown")
    # The enterprise's own delegates go on: the mandate is its, not the representative's.
    assert (await clerk.calls.get(MINE, expect=200))["held"][0]["state"] == "standing"


async def test_closing_ends_every_mandate_and_a_new_claim_opens_it_again(city: CityPeople) -> None:
    boss, clerk, of = await person(city), await person(city), number()
    mandate = await claimed(city, boss, of)
    await granted(boss.calls, mandate["principal"]["id"], clerk)
    await boss.calls.post(f"/v1/enterprises/{mandate['principal']['id']}/closure", expect=204)
    for one in (boss, clerk):
        held = (await one.calls.get(MINE, expect=200))["held"][0]
        assert (held["state"], held["ended_for"]) == ("ended", "closed")
    assert (await account_of(city, boss.pin)).closed_at is None
    again = await claimed(city, boss, of)
    assert again["principal"]["id"] == mandate["principal"]["id"]
    # What ended with the account does not come back with it.
    assert (await clerk.calls.get(MINE, expect=200))["held"][0]["state"] == "ended"


async def test_while_an_enterprise_is_locked_everybodys_mandate_rests(city: CityPeople) -> None:
    boss, clerk, stranger, its = await person(city), await person(city), await person(city), number()
    of = (await claimed(city, boss, its))["principal"]["id"]
    await granted(boss.calls, of, clerk)
    own, desk = f"/v1/enterprises/{of}/lock", f"/v1/enterprise-accounts/{its}"
    operator, why = await appointed(city, "locks@motcua.test", WARD, "operator"), {"reason": "Công văn của toà án"}

    async def rests(state: str) -> None:
        for one in (boss, clerk):
            assert (await one.calls.get(MINE, expect=200))["held"][0]["state"] == state
        await boss.calls.get(f"/v1/enterprises/{of}", expect=404 if state == "resting" else 200)

    await city.nobody.post(own, expect=401)
    for one in (stranger, clerk):
        await one.calls.post(own, expect=404)
    for verb in ("lock", "unlock"):
        await city.nobody.post(f"{desk}/{verb}", json=why, expect=401)
        await boss.calls.post(f"{desk}/{verb}", json=why, expect=404)
        await (await city.signed_in("identity_checker")).post(f"{desk}/{verb}", json=why, expect=404)
        await operator.post(f"/v1/enterprise-accounts/{number()}/{verb}", json=why, expect=404)
        await operator.post(f"{desk}/{verb}", json={"reason": ""}, expect=400)

    await operator.post(f"{desk}/unlock", json=why, expect=409, code="enterprise-not-locked")
    await boss.calls.post(own, expect=204)
    await rests("resting")
    await boss.calls.post(own, expect=404)
    await operator.post(f"{desk}/lock", json=why, expect=409, code="enterprise-locked")
    await operator.post(f"{desk}/unlock", json=why, expect=204)
    await rests("standing")
    await operator.post(f"{desk}/lock", json=why, expect=204)
    await rests("resting")
    for one in (boss, clerk):
        letters = await letters_to(city, one.phone, "mandate-changed")
        assert sum("khoa" in letter for letter in letters) >= 3, letters
    async with city.house.db.connect() as conn:
        lines = await (await raw(conn)).execute(
            "select what, by_id, office_id is null, said from enterprise_locks where enterprise_id = %s order by id",
            (of,),
        )
        kept = await lines.fetchall()
    assert [(what, own, said) for what, _, own, said in kept] == [
        ("locked", True, ""), ("unlocked", False, why["reason"]), ("locked", False, why["reason"]),
    ]  # fmt: skip
    assert kept[0][1] == boss.account_id


async def test_who_closes_their_account_acts_for_nobody(city: CityPeople) -> None:
    boss, clerk = await person(city), await person(city)
    mandate = await claimed(city, boss, number())
    of = mandate["principal"]["id"]
    given = await granted(boss.calls, of, clerk)
    await clerk.calls.post("/v1/me/closure", expect=200)
    told = await boss.calls.get(f"/v1/enterprises/{of}", expect=200)
    ended = next(one["mandate"] for one in told["mandates"] if one["mandate"]["id"] == given["id"])
    assert (ended["state"], ended["ended_for"]) == ("ended", "closed")


async def test_eight_grants_at_once_are_one_mandate(city: CityPeople) -> None:
    boss, clerk = await person(city), await person(city)
    of = (await claimed(city, boss, number()))["principal"]["id"]
    body = {"pin": clerk.pin, "full_name": NAME}
    answers = await asyncio.gather(*(boss.calls.post(f"/v1/enterprises/{of}/delegates", json=body) for _ in range(8)))
    assert sorted(one.get("code", "given") for one in answers) == ["given", *["mandate-already-held"] * 7]


async def test_the_record_is_appended_never_changed(city: CityPeople) -> None:
    for statement in (
        "update mandate_events set said = 'x'",
        "delete from mandate_events",
        "update enterprise_locks set said = 'x'",
        "delete from enterprise_locks",
    ):
        with pytest.raises(Exception, match="appended, never changed"):
            async with city.house.db.begin() as conn:
                await (await raw(conn)).execute(statement)
