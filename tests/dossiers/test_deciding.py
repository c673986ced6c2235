"""The desk: one officer takes a branch, decides it with a result or a reason, never in a matter of their own."""

import asyncio
import dataclasses
from typing import Any

import msgspec
import pytest
from sqlalchemy import text

from dossiers import deciding, handing
from dossiers.desk import look
from dossiers.messages import Decide
from dossiers.messages_desk import Because
from dossiers.refusals import ClaimedByAnother, NoPinIssuer, NotClaimed, OwnDossier
from identity import accounts, offices
from kit import clock, names
from kit.actor import Actor
from kit.pin import Sex
from register import PinTaken
from tests.dossiers import steps
from tests.people import CityPeople

pytestmark = pytest.mark.anyio

WHY = "Giấy chứng sinh không đọc được, đề nghị nộp lại bản rõ hơn."


async def officer_actor(city: CityPeople, key: str, *roles: str) -> Actor:
    """A further officer of the ward, as their token would say."""
    house = city.house
    contact = accounts.contact.parse(f"{key}@motcua.test")
    assert contact is not None
    async with house.db.begin() as conn:
        account = await accounts.open_officer(conn, house.keys, full_name="Lâm Thị Kiều", contact=contact)
        office_id = "off_ubnd_sai_gon"
        await offices.appoint(conn, account_id=account.id, office_id=office_id, roles=list(roles))
    return Actor(kind="officer", account_id=account.id, office_id=office_id, roles=frozenset(roles))


def path_of(dossier: dict[str, Any], name: str) -> str:
    return f"/v1/desk/branches/{steps.branch(dossier, name)['id']}"


async def test_queue_holds_what_is_ready_for_my_role(city: CityPeople) -> None:
    dossier = await steps.submitted(await city.signed_in("parent"), name="Hoàng Nguyễn Bảo Ngọc")
    birth = steps.branch(dossier, "birth")["id"]
    queue = await (await city.signed_in("civil_status")).get("/v1/desk/queue", expect=200)
    item = next(item for item in queue["items"] if item["id"] == birth)
    assert (item["subject"], item["requester"]) == ("Hoàng Nguyễn Bảo Ngọc", "Nguyễn Thị Hồng Thắm")
    others = await (await city.signed_in("residence")).get("/v1/desk/queue", expect=200)
    waiting = {steps.branch(dossier, name)["id"] for name in ("residence", "identity_card")}
    assert not waiting & {item["id"] for item in others["items"]}
    await steps.decide(city, dossier, "birth")
    others = await (await city.signed_in("residence")).get("/v1/desk/queue", expect=200)
    assert waiting <= {item["id"] for item in others["items"]}
    queue = await (await city.signed_in("civil_status")).get("/v1/desk/queue", expect=200)
    assert birth not in [item["id"] for item in queue["items"]]


async def test_queue_comes_in_pages(city: CityPeople) -> None:
    parent, officer = await city.signed_in("parent"), await city.signed_in("civil_status")
    for n in range(3):
        await steps.submitted(parent, name=f"Hoàng Nguyễn An {['Bình', 'Chi', 'Dung'][n]}")
    whole = [item["id"] for item in (await officer.get("/v1/desk/queue?limit=200", expect=200))["items"]]
    paged: list[str] = []
    after = ""
    while True:
        page = await officer.get(f"/v1/desk/queue?limit=2{after}", expect=200)
        paged += [item["id"] for item in page["items"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert paged == whole


async def test_ten_officers_one_claim(city: CityPeople) -> None:
    dossier = await steps.submitted(await city.signed_in("parent"))
    branch_id = steps.branch(dossier, "birth")["id"]
    ten = [await officer_actor(city, f"ten-{n}", "civil_status") for n in range(10)]
    answers = await asyncio.gather(
        *(deciding.claim(city.house.stand, one, branch_id, version=None) for one in ten), return_exceptions=True
    )
    won = [answer for answer in answers if not isinstance(answer, BaseException)]
    assert len(won) == 1
    assert all(isinstance(answer, ClaimedByAnother) for answer in answers if isinstance(answer, BaseException))
    officer = await city.signed_in("civil_status")
    await officer.post(f"{path_of(dossier, 'birth')}/claim", expect=409, code="claimed-by-another")
    body = {"outcome": "approved"}
    await officer.post(f"{path_of(dossier, 'birth')}/decision", json=body, expect=409, code="claimed-by-another")


async def test_claiming_twice_changes_nothing(city: CityPeople) -> None:
    dossier, officer = await steps.submitted(await city.signed_in("parent")), await city.signed_in("civil_status")
    first = await officer.post(f"{path_of(dossier, 'birth')}/claim", expect=201)
    again = await officer.post(f"{path_of(dossier, 'birth')}/claim", expect=201)
    assert first == again
    assert first["may_decide"]


async def test_states_walked_by_the_desks_verbs(city: CityPeople) -> None:
    """Every verb of the desk in every state a branch of the group can be in: done, or refused by name, and nothing else."""
    parent, officer = await city.signed_in("parent"), await city.signed_in("civil_status")
    dossier = await steps.submitted(parent)
    birth, approve = path_of(dossier, "birth"), {"outcome": "approved"}
    refuse = {"outcome": "refused", "reason": WHY}
    # waiting: it is in no queue yet
    police = await city.signed_in("residence")
    await police.post(f"{path_of(dossier, 'residence')}/claim", expect=404, code="branch-unknown")
    await police.post(f"{path_of(dossier, 'residence')}/decision", json=refuse, expect=404, code="branch-unknown")
    # submitted
    await officer.post(f"{birth}/decision", json=approve, expect=409, code="not-claimed")
    await officer.post(f"{birth}/decision", json=refuse, expect=409, code="not-claimed")
    await officer.post(f"{birth}/claim", expect=201)
    # in_review, then approved
    await officer.post(f"{birth}/decision", json=approve, expect=201)
    for verb, body in (("claim", None), ("decision", approve), ("decision", refuse)):
        await officer.post(f"{birth}/{verb}", json=body, expect=409, code="already-decided")
    # refused
    await steps.decide(city, dossier, "residence", refuse=WHY)
    for verb, body in (("claim", None), ("decision", approve), ("decision", refuse)):
        await police.post(f"{path_of(dossier, 'residence')}/{verb}", json=body, expect=409, code="already-decided")
    # not_started
    stopped = await steps.submitted(parent, name="Hoàng Khánh Linh")
    await steps.decide(city, stopped, "birth", refuse=WHY)
    await police.post(f"{path_of(stopped, 'residence')}/claim", expect=404, code="branch-unknown")


async def test_a_refusal_needs_a_written_reason(city: CityPeople) -> None:
    dossier, officer = await steps.submitted(await city.signed_in("parent")), await city.signed_in("civil_status")
    path = path_of(dossier, "birth")
    await officer.post(f"{path}/claim", expect=201)
    for reason in ("", "Không.", " " * 40):
        body = {"outcome": "refused", "reason": reason}
        await officer.post(f"{path}/decision", json=body, expect=422, code="reason-missing")
    body = {"outcome": "refused", "reason": "x" * deciding.LEAST_REASON_LETTERS}
    await officer.post(f"{path}/decision", json=body, expect=201)


async def test_a_stale_desk_is_refused(city: CityPeople) -> None:
    dossier, officer = await steps.submitted(await city.signed_in("parent")), await city.signed_in("civil_status")
    path = path_of(dossier, "birth")
    claimed = await officer.post(f"{path}/claim", headers={"If-Match": '"1"'}, expect=201)
    body = {"outcome": "approved"}
    await officer.post(f"{path}/decision", json=body, headers={"If-Match": '"1"'}, expect=412, code="stale")
    version = claimed["branch"]["version"]
    await officer.post(f"{path}/decision", json=body, headers={"If-Match": f'"{version}"'}, expect=201)


async def test_results_are_the_agencys_and_every_fault_is_named(city: CityPeople) -> None:
    parent = await city.signed_in("parent")
    dossier = await steps.submitted(parent)
    await steps.decide(city, dossier, "birth")
    insurance, path = await city.signed_in("insurance"), path_of(dossier, "insurance")
    claimed = await insurance.post(f"{path}/claim", expect=201)
    # Born in November 2026: insured to the end of that month, six years on; the facility is the one asked for.
    assert claimed["known_result"] == {"facility": "Bệnh viện Nhi Đồng 2", "valid_until": "2032-11-30"}
    for result, wrong in (
        ({}, {"result.card_number", "result.valid_from"}),
        ({"card_number": "TE1", "valid_from": "2026-02-30"}, {"result.valid_from"}),
        ({"card_number": "TE1", "valid_from": "2026-11-09"}, {"result.valid_from"}),
        ({"card_number": "TE1", "valid_from": "2033-01-01"}, {"result.valid_until"}),
        ({"card_number": "TE1", "valid_from": "2026-11-22", "colour": "red"}, {"result.colour"}),
    ):
        body = {"outcome": "approved", "result": result}
        refused = await insurance.post(f"{path}/decision", json=body, expect=422, code="result-incomplete")
        assert {fault["field"] for fault in refused["faults"]} == wrong
    police, card = await city.signed_in("residence"), path_of(dossier, "identity_card")
    await police.post(f"{card}/claim", expect=201)
    past = {"outcome": "approved", "result": {"appointment_on": "2026-01-05", "appointment_time": "09:00"}}
    refused = await police.post(f"{card}/decision", json=past, expect=422, code="result-incomplete")
    assert refused["faults"][0]["field"] == "result.appointment_on"


async def test_nobody_decides_a_dossier_of_their_own(city: CityPeople) -> None:
    dossier = await steps.submitted(await city.signed_in("parent"))
    branch_id = steps.branch(dossier, "birth")["id"]
    house = city.house
    async with house.db.connect() as conn:
        owner = (
            await conn.execute(text("select account_id from dossiers where id = :id"), {"id": dossier["id"]})
        ).scalar_one()
        other_parent = await accounts.by_pin(conn, house.keys, "079089000012")
    assert other_parent is not None
    for account_id in (owner, other_parent.id):
        roles = frozenset({"civil_status"})
        actor = Actor(kind="officer", account_id=account_id, office_id="off_ubnd_sai_gon", roles=roles)
        with pytest.raises(OwnDossier):
            await deciding.claim(city.house.stand, actor, branch_id, version=None)


async def claimed_birth(city: CityPeople, key: str) -> tuple[dict[str, Any], str, Actor]:
    dossier = await steps.submitted(await city.signed_in("parent"), name=f"Hoàng {key}")
    branch_id = steps.branch(dossier, "birth")["id"]
    actor = await officer_actor(city, names.fold(key), "civil_status")
    await deciding.claim(city.house.stand, actor, branch_id, version=None)
    return dossier, branch_id, actor


async def test_without_an_issuer_no_birth_is_registered(city: CityPeople) -> None:
    _, branch_id, actor = await claimed_birth(city, "Khang")
    pinless = dataclasses.replace(city.house.stand, pins=None)
    with pytest.raises(NoPinIssuer):
        await deciding.decide(pinless, actor, branch_id, Decide(outcome="approved"), version=None)
    shown = await look(city.house.stand, actor, branch_id)
    assert shown.branch.state == "in_review"


class TakenThenFree:
    """An issuer whose first numbers are somebody's already."""

    development_only = True

    def __init__(self, taken: str, house_pins: Any, times: int) -> None:
        self.taken, self.house_pins, self.times, self.asked = taken, house_pins, times, 0

    async def issue(self, *, province_code: str, sex: Sex, birth_date: Any, request_id: str) -> str:
        self.asked += 1
        if self.asked <= self.times:
            return self.taken
        return await self.house_pins.issue(
            province_code=province_code, sex=sex, birth_date=birth_date, request_id=request_id
        )


async def number_of_a_birth(city: CityPeople, key: str) -> str:
    """That a child was just given."""
    _, branch_id, actor = await claimed_birth(city, key)
    await deciding.decide(city.house.stand, actor, branch_id, Decide(outcome="approved"), version=None)
    async with city.house.db.connect() as conn:
        query = text("select result ->> 'child.pin' from branches where id = :id")
        return str((await conn.execute(query, {"id": branch_id})).scalar_one())


@pytest.mark.parametrize(("times", "first", "second"), [(1, "Như", "Thư"), (11, "Nhã", "Thoa")])
async def test_a_number_that_is_taken_is_asked_for_anew(city: CityPeople, times: int, first: str, second: str) -> None:
    house = city.house
    taken = await number_of_a_birth(city, first)
    _, branch_id, actor = await claimed_birth(city, second)
    pins = TakenThenFree(taken, house.pins, times)
    stand = dataclasses.replace(house.stand, pins=pins)
    await deciding.decide(stand, actor, branch_id, Decide(outcome="approved"), version=None)
    decided = await look(stand, actor, branch_id)
    assert (decided.branch.state, pins.asked) == ("approved", times + 1)


async def test_an_issuer_that_gives_taken_numbers_only_leaves_all_as_it_was(city: CityPeople) -> None:
    house = city.house
    taken = await number_of_a_birth(city, "Nhi")
    _, branch_id, actor = await claimed_birth(city, "Thơ")
    stand = dataclasses.replace(house.stand, pins=TakenThenFree(taken, house.pins, times=1_000))
    with pytest.raises(PinTaken):
        await deciding.decide(stand, actor, branch_id, Decide(outcome="approved"), version=None)
    assert (await look(house.stand, actor, branch_id)).branch.state == "in_review"


async def test_what_happens_while_the_number_is_asked_for_is_seen(city: CityPeople) -> None:
    """Nothing is held meanwhile: here the branch is given back."""
    house = city.house
    _, branch_id, actor = await claimed_birth(city, "Sương")

    class GivenBack:
        development_only = True

        async def issue(self, **asked: Any) -> str:
            await handing.give_back(house.stand, actor, branch_id, Because(), version=None)
            return await house.stand.pins.issue(**asked)  # type: ignore[union-attr]

    with pytest.raises(NotClaimed):
        stand = dataclasses.replace(house.stand, pins=GivenBack())
        await deciding.decide(stand, actor, branch_id, Decide(outcome="approved"), version=None)
    assert (await look(house.stand, actor, branch_id)).branch.state != "approved"


async def test_what_the_register_refuses_leaves_all_as_it_was(city: CityPeople) -> None:
    parent = await city.signed_in("parent")
    one = await steps.submitted(parent, name="Hoàng Phúc", gcs="00777.GCS.79777.26")
    two = await steps.submitted(parent, name="Hoàng Lộc", gcs="00777.GCS.79777.26")
    await steps.decide(city, one, "birth")
    await steps.decide(city, two, "birth", expect=409, code="birth-notification-used")
    after = await parent.get(f"/v1/dossiers/{two['id']}", expect=200)
    assert [b["state"] for b in after["branches"]] == ["in_review", "waiting", "waiting", "waiting"]
    assert (await parent.get(f"/v1/dossiers/{two['id']}/history", expect=200))["intact"]


async def test_one_decision_of_many_at_once(city: CityPeople) -> None:
    """The same officer on two screens: one decision, one register entry, one message."""
    house = city.house
    _, branch_id, actor = await claimed_birth(city, "Yến")
    asked = Decide(outcome="approved")
    answers = await asyncio.gather(
        *(
            deciding.decide(city.house.stand, actor, branch_id, msgspec.structs.replace(asked), version=None)
            for _ in range(6)
        ),
        return_exceptions=True,
    )
    assert sum(not isinstance(answer, BaseException) for answer in answers) == 1
    async with house.db.connect() as conn:
        rows = (
            await conn.execute(text("select count(*) from results where branch_id = :id"), {"id": branch_id})
        ).scalar_one()
    assert rows == 1


async def test_twins_with_a_notification_each_are_both_registered(city: CityPeople) -> None:
    """Ánh and Anh fold to one name: without their order the second one looked like the first one again."""
    parent = await city.signed_in("parent")
    twins: list[dict[str, Any]] = []
    for order, name in enumerate(("Hoàng Ngọc Ánh", "Hoàng Ngọc Anh"), 1):
        draft = await steps.filled_draft(parent, name=name)
        fields = {"child.multiple_birth": True}
        path = f"/v1/dossiers/{draft['id']}"
        asked = await parent.patch(f"{path}/form", json={"fields": fields}, headers={"If-Match": "*"}, expect=200)
        assert [fault["field"] for fault in asked["faults"]] == ["child.birth_order"]
        fields = {"child.birth_order": order}
        await parent.patch(f"{path}/form", json={"fields": fields}, headers={"If-Match": "*"}, expect=200)
        await steps.submit(parent, draft["id"])
        twins.append(await parent.get(path, expect=200))
    for twin in twins:
        decided = await steps.decide(city, twin, "birth")
        assert decided["branch"]["state"] == "approved"


async def test_a_child_of_the_same_name_and_day_is_no_twin_unless_it_is_said(city: CityPeople) -> None:
    parent = await city.signed_in("parent")
    first, again = [await steps.submitted(parent, name="Hoàng Song Thư") for _ in range(2)]
    await steps.decide(city, first, "birth")
    await steps.decide(city, again, "birth", expect=409, code="birth-already-registered")


async def test_an_answer_in_both_languages_says_how_it_was_decided(city: CityPeople) -> None:
    """The English sentence once named the state in Vietnamese."""
    dossier, officer = await steps.submitted(await city.signed_in("parent")), await city.signed_in("civil_status")
    await steps.decide(city, dossier, "birth")
    refused = await officer.post(f"{path_of(dossier, 'birth')}/claim", expect=409, code="already-decided")
    lifecycle = city.house.catalogue.lifecycle
    assert lifecycle.state("approved").label.en in refused["message"]["en"]
    assert lifecycle.state("approved").label.vi in refused["message"]["vi"]


async def test_the_form_comes_in_the_order_it_asks(city: CityPeople) -> None:
    """The database keeps an object's keys by length; citizens and officers saw the answers in that order."""
    parent, officer = await city.signed_in("parent"), await city.signed_in("civil_status")
    dossier = await steps.submitted(parent)
    claimed = await officer.post(f"{path_of(dossier, 'birth')}/claim", expect=201)
    form = city.house.catalogue.find(steps.GROUP, clock.today()).form
    order = [f"{section.name}.{field.name}" for section in form.sections for field in section.fields]
    for answers in (dossier["form"], claimed["form"]):
        assert list(answers) == [path for path in order if path in answers]
