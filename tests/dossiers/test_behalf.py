"""Filing and following for another: as far as the mandate goes and as long as it stands; nobody else learns that there is anything."""

import asyncio
import json
import uuid
from datetime import date
from typing import Any

import pypdfium2
import pytest

from dossiers import known
from kit.db import raw
from tests.dossiers import steps
from tests.identity.accounts.newcomers import letters_to
from tests.identity.mandates.acts import MINE, WARDS, behalf, child_of, claimed, granted, number, person
from tests.people import CityPeople, Person

pytestmark = pytest.mark.anyio

CARD, BIRTH = "child_health_insurance", "1.001193"
CHILD = "079322000021"
WARD = "26740"


@pytest.fixture(autouse=True)
async def _uncounted(city: CityPeople) -> None:
    await city.house.valkey.forget_everything()


async def mandate_for_child(person: Person) -> dict[str, Any]:
    """The sandbox's child."""
    held = [one for one in (await person.get(MINE, expect=200))["held"] if one["state"] == "standing"]
    return held[0] if held else await person.post(WARDS, json={"pin": CHILD}, expect=201)


async def card_draft(parent: Person, mandate: dict[str, Any]) -> dict[str, Any]:
    """A draft for a child's insurance card that could be submitted."""
    body = {"procedure": CARD, "options": {"ward": WARD}}
    draft = await parent.post("/v1/dossiers", json=body, headers=behalf(mandate), expect=201)
    fields = {
        "home.address": {"ward": WARD, "detail": "Số 9 đường Hư Cấu"},
        "insurance.facility": "Bệnh viện Nhi Đồng 2",
    }
    headers = behalf(mandate) | {"If-Match": f'"{draft["version"]}"'}
    return await parent.patch(f"/v1/dossiers/{draft['id']}/form", json={"fields": fields}, headers=headers, expect=200)


async def filed(parent: Person, mandate: dict[str, Any], **rest: Any) -> dict[str, Any]:
    draft = await card_draft(parent, mandate)
    return await submit(parent, draft["id"], mandate, **rest)


async def submit(person: Person, dossier_id: str, mandate: dict[str, Any], **rest: Any) -> dict[str, Any]:
    headers = behalf(mandate) | {"Idempotency-Key": uuid.uuid4().hex}
    return await person.post(f"/v1/dossiers/{dossier_id}/submission", headers=headers, **({"expect": 201} | rest))


async def refuse_card(city: CityPeople, dossier_id: str) -> None:
    """What the insurance officer decides."""
    async with city.house.db.begin() as conn:
        row = await (await raw(conn)).execute("select id from branches where dossier_id = %s", (dossier_id,))
        branch = (await row.fetchone())[0]  # type: ignore[index] - it was filed
    officer = await city.signed_in("insurance")
    await officer.post(f"/v1/desk/branches/{branch}/claim", expect=201)
    refusal = {"outcome": "refused", "reason": "Trẻ đã có thẻ bảo hiểm y tế còn giá trị."}
    await officer.post(f"/v1/desk/branches/{branch}/decision", json=refusal, expect=201)
    head = await city.signed_in("head_bhxh")
    await head.post(f"/v1/desk/branches/{branch}/refusal-verdict", json={"verdict": "confirm"}, expect=201)


async def test_a_parent_files_for_the_child_and_both_follow(city: CityPeople) -> None:
    mother, father = await city.signed_in("parent"), await city.signed_in("other_parent")
    hers, his = await mandate_for_child(mother), await mandate_for_child(father)
    draft = await card_draft(mother, hers)
    form = {path: (answer["value"], answer["locked"]) for path, answer in draft["form"].items()}
    assert form["child.full_name"] == ("Hoàng Nguyễn Bảo Ngân", True)
    assert form["child.pin"] == (CHILD, True)
    assert form["child.sex"] == ("female", True)
    assert form["requester.full_name"] == ("Nguyễn Thị Hồng Thắm", True)
    assert form["requester.relation"][0] == "mother"
    path = f"/v1/dossiers/{draft['id']}"
    # A draft is whose who writes it; what was filed both parents follow, each under a mandate of their own.
    await father.get(path, headers=behalf(his), expect=404, code="dossier-unknown")
    await submit(mother, draft["id"], hers)
    for who, mandate in ((mother, hers), (father, his)):
        seen = await who.get(path, headers=behalf(mandate), expect=200)
        assert seen["behalf"]["name"] == "Hoàng Nguyễn Bảo Ngân"
        assert seen["behalf"]["filed_by"] == "Nguyễn Thị Hồng Thắm"
        assert CHILD not in seen["behalf"]["number"]
        listed = (await who.get("/v1/dossiers", headers=behalf(mandate), expect=200))["dossiers"]
        assert draft["id"] in [one["id"] for one in listed]
        # In one's own name it is not there: the request says on whose behalf.
        await who.get(path, expect=404, code="dossier-unknown")
        assert draft["id"] not in [one["id"] for one in (await who.get("/v1/dossiers", expect=200))["dossiers"]]
    phones = ("+84900000011", "+84900000012")
    assert all(
        [
            any(seen["receipt_code"] in text for text in await letters_to(city, phone, "dossier-received"))
            for phone in phones
        ]
    )


async def test_a_read_under_a_mandate_is_written_down_by_the_readers_name(city: CityPeople) -> None:
    """For whoever filed it; what one reads oneself is no news."""
    mother, father = await city.signed_in("parent"), await city.signed_in("other_parent")
    hers, his = await mandate_for_child(mother), await mandate_for_child(father)
    draft = await card_draft(mother, hers)
    path = f"/v1/dossiers/{draft['id']}"
    await mother.get(path, headers=behalf(hers), expect=200)
    await submit(mother, draft["id"], hers)
    await mother.get(path, headers=behalf(hers), expect=200)
    assert await read_by_a_person(mother, draft["id"]) == []
    for address in (path, f"{path}/history", f"{path}/receipt", "/v1/dossiers", "/v1/dossiers"):
        await father.get(address, headers=behalf(his), expect=200)
    seen = await read_by_a_person(mother, draft["id"])
    # The list is one row a day.
    assert len(seen) == 4
    assert {one["by"]["name"]["vi"] for one in seen} == {"Hoàng Văn Đức"}
    assert seen[0]["why"]["en"] == "Looked at the dossier under a recorded mandate or guardianship."
    assert await read_by_a_person(father, draft["id"]) == []


async def read_by_a_person(who: Person, dossier_id: str) -> list[dict[str, Any]]:
    reads = (await who.get("/v1/me/reads", expect=200))["reads"]
    return [one for one in reads if one["dossier_id"] == dossier_id and one["by"]["kind"] == "person"]


async def test_what_one_filed_for_oneself_is_in_no_form_for_another(city: CityPeople) -> None:
    """Answers of earlier dossiers are those of the same side."""
    mother = await person(city)
    async with city.house.db.connect() as conn:
        for mine in (None, "wrd_x"):
            await (await raw(conn)).execute(
                "insert into dossiers (id, account_id, principal_id, behalf, receipt_code, procedure, procedure_version,"
                " options, status, form, opened_at, changed_at, submitted_at)"
                " values (%s, %s, %s, %s, %s, 'x', '2024-07-01', '{}', 'open', %s, now(), now(), now())",
                (
                    f"dos_{mine}", mother.account_id, mine, None if mine is None else "{}", f"code-{mine}",
                    json.dumps({"a.b": {"value": mine or "own", "source": "citizen", "locked": False}}),
                ),
            )  # fmt: skip
        for principal, said in ((None, "own"), ("wrd_x", "wrd_x")):
            held = await known.held(conn, mother.account_id, principal_id=principal, ward_pin=None)
            assert held["earlier"]["answers"] == {"a": {"b": said}}
        await conn.rollback()


async def test_the_receipt_and_the_desk_show_who_filed_for_whom(city: CityPeople) -> None:
    mother = await city.signed_in("parent")
    hers = await mandate_for_child(mother)
    done = await filed(mother, hers)
    paper = await mother.get(f"/v1/dossiers/{done['id']}/receipt", headers=behalf(hers), expect=200)
    page = pypdfium2.PdfDocument(paper.content)[0].get_textpage().get_text_range()
    assert "Hoàng Nguyễn Bảo Ngân" in page
    assert "Người nộp thay: Nguyễn Thị Hồng Thắm" in page
    whole = await mother.get(f"/v1/dossiers/{done['id']}", headers=behalf(hers), expect=200)
    branch = whole["branches"][0]["id"]
    officer = await city.signed_in("insurance")
    await officer.post(f"/v1/desk/branches/{branch}/claim", expect=201)
    result = {"card_number": "TE1797922000021", "valid_from": "2026-11-22"}
    body = {"outcome": "approved", "result": result}
    decided = await officer.post(f"/v1/desk/branches/{branch}/decision", json=body, expect=201)
    assert decided["behalf"]["filed_by"] == "Nguyễn Thị Hồng Thắm"
    await mother.get(f"/v1/dossiers/{done['id']}/results/{CARD}", headers=behalf(hers), expect=200)
    # The history is shown to whoever holds the code: it names nobody.
    history = await mother.get(f"/v1/dossiers/{done['id']}/history", headers=behalf(hers), expect=200)
    assert "under a mandate" in history["lines"][0]["message"]["en"]
    assert "Thắm" not in str(history["lines"])


async def test_anothers_mandate_and_none_look_alike(city: CityPeople) -> None:
    mother, stranger = await city.signed_in("parent"), await city.signed_in("stranger")
    hers = await mandate_for_child(mother)
    done = await filed(mother, hers)
    path = f"/v1/dossiers/{done['id']}"
    for address in (path, f"{path}/history", f"{path}/receipt", f"{path}/results/x", "/v1/dossiers"):
        foreign = await stranger.get(address, headers=behalf(hers), expect=404, code="mandate-unknown")
        missing = await stranger.get(address, headers={"On-Behalf-Of": "mnd_none"}, expect=404, code="mandate-unknown")
        assert foreign["detail"] == missing["detail"]
    for method, address, body in (
        ("POST", "/v1/dossiers", {"procedure": CARD}),
        ("PATCH", f"{path}/form", {"fields": {}}),
        ("PUT", f"{path}/documents/x", {"upload_id": "upl_x"}),
        ("POST", f"{path}/submission", None),
    ):
        headers = behalf(hers) | {"If-Match": '"1"', "Idempotency-Key": uuid.uuid4().hex}
        await stranger.call(method, address, json=body, headers=headers, expect=404, code="mandate-unknown")
    await stranger.get(path, headers={"On-Behalf-Of": "' or 1=1"}, expect=400, code="malformed-request")
    await city.nobody.get(path, headers=behalf(hers), expect=401, code="not-signed-in")


async def test_one_mandate_opens_no_dossier_of_another_principal(city: CityPeople) -> None:
    mother, guardian = await city.signed_in("parent"), await person(city)
    done = await filed(mother, await mandate_for_child(mother))
    pin = await child_of(city, guardian, born=date(2021, 5, 5))
    other = await guardian.calls.post(WARDS, json={"pin": pin}, expect=201)
    path = f"/v1/dossiers/{done['id']}"
    await guardian.calls.get(path, headers=behalf(other), expect=404, code="dossier-unknown")
    await guardian.calls.get(path, expect=404, code="dossier-unknown")
    # And one's own dossier is not the child's.
    mine = await mother.post("/v1/dossiers", json={"procedure": steps.GROUP}, expect=201)
    hers = await mandate_for_child(mother)
    childs = await card_draft(mother, hers)
    for draft, headers in ((mine, behalf(hers)), (childs, {})):
        at = f"/v1/dossiers/{draft['id']}"
        await mother.get(at, headers=headers, expect=404, code="dossier-unknown")
        for method, address in (("PATCH", f"{at}/form"), ("POST", f"{at}/submission"), ("DELETE", f"{at}/documents/x")):
            sent = headers | {"If-Match": f'"{draft["version"]}"', "Idempotency-Key": uuid.uuid4().hex}
            body = {"json": {"fields": {}}} if method == "PATCH" else {}
            await mother.call(method, address, headers=sent, **body, expect=404, code="dossier-unknown")


async def test_what_is_filed_for_whom_the_catalogue_says(city: CityPeople) -> None:
    mother, boss = await city.signed_in("parent"), await city.signed_in("representative")
    hers = await mandate_for_child(mother)
    await mother.post("/v1/dossiers", json={"procedure": CARD}, expect=409, code="procedure-not-filed-for")
    await mother.post(
        "/v1/dossiers", json={"procedure": BIRTH}, headers=behalf(hers), expect=409, code="procedure-not-filed-for"
    )
    home = (await boss.get(MINE, expect=200))["held"][0]
    await boss.post(
        "/v1/dossiers", json={"procedure": CARD}, headers=behalf(home), expect=409, code="procedure-not-filed-for"
    )


async def test_a_home_registers_a_childs_birth_through_its_delegate(city: CityPeople) -> None:
    """Luật Hộ tịch Đ15: a body that cares for the child registers the birth."""
    boss, clerk = await city.signed_in("representative"), await city.signed_in("delegate")
    his, hers = [(await who.get(MINE, expect=200))["held"][0] for who in (clerk, boss)]
    draft = await clerk.post("/v1/dossiers", json={"procedure": BIRTH}, headers=behalf(his), expect=201)
    assert draft["behalf"] == {
        "kind": "enterprise",
        "name": "Công ty TNHH Mái ấm Hư Cấu",
        "number": "9900000016",
        "filed_by": "Trương Quang Huy",
        "mandate_id": his["id"],
    }
    assert draft["form"]["requester.relation"]["value"] == "carer"
    assert "father.full_name" not in draft["form"]
    assert draft["id"] not in [
        one["id"] for one in (await boss.get("/v1/dossiers", headers=behalf(hers), expect=200))["dossiers"]
    ]


async def test_never_more_than_the_mandate_covers(city: CityPeople) -> None:
    boss, clerk = await person(city), await person(city)
    of = (await claimed(city, boss, number()))["principal"]["id"]
    follow = await granted(boss.calls, of, clerk, acts=["follow"])
    body = {"procedure": BIRTH}
    path = f"/v1/enterprises/{of}/delegates"
    await clerk.calls.post("/v1/dossiers", json=body, headers=behalf(follow), expect=403, code="mandate-does-not-cover")
    await boss.calls.delete(f"{path}/{follow['id']}", expect=204)
    other = await granted(boss.calls, of, clerk, procedures=["3.000722"])
    await clerk.calls.post("/v1/dossiers", json=body, headers=behalf(other), expect=403, code="mandate-does-not-cover")
    group = await clerk.calls.post("/v1/dossiers", json={"procedure": "3.000722"}, headers=behalf(other), expect=201)
    # Narrowed to following: the draft can be read no more, written no more, filed no more.
    at = f"/v1/dossiers/{group['id']}"
    narrower = {"acts": ["follow"], "version": other["version"]}
    await boss.calls.patch(f"{path}/{other['id']}", json=narrower, expect=200)
    for method, address in (("GET", at), ("PATCH", f"{at}/form"), ("POST", f"{at}/submission")):
        headers = behalf(other) | {"If-Match": '"1"', "Idempotency-Key": uuid.uuid4().hex}
        sent = {"json": {"fields": {}}} if method == "PATCH" else {}
        await clerk.calls.call(method, address, headers=headers, **sent, expect=403, code="mandate-does-not-cover")


async def test_one_who_files_and_does_not_follow(city: CityPeople) -> None:
    boss, clerk = await person(city), await person(city)
    of = (await claimed(city, boss, number()))["principal"]["id"]
    files = await granted(boss.calls, of, clerk, acts=["file"])
    draft = await clerk.calls.post("/v1/dossiers", json={"procedure": BIRTH}, headers=behalf(files), expect=201)
    await clerk.calls.get(f"/v1/dossiers/{draft['id']}", headers=behalf(files), expect=200)
    assert (await clerk.calls.get("/v1/dossiers", headers=behalf(files), expect=200))["dossiers"] == []


async def test_an_ended_mandate_ends_at_once_for_the_draft_and_for_what_was_filed(city: CityPeople) -> None:
    mother, officer = await person(city), await city.signed_in("civil_status")
    pin = await child_of(city, mother, born=date(2021, 7, 1))
    hers = await mother.calls.post(WARDS, json={"pin": pin}, expect=201)
    done, draft = await filed(mother.calls, hers), await card_draft(mother.calls, hers)
    key = uuid.uuid4().hex
    headers = behalf(hers) | {"Idempotency-Key": key}
    kept = await card_draft(mother.calls, hers)
    await mother.calls.post(f"/v1/dossiers/{kept['id']}/submission", headers=headers, expect=201)
    body = {"ended_for": "decision", "reason": "Quyết định hạn chế quyền của cha mẹ"}
    await officer.post(f"/v1/desk/mandates/{hers['id']}/end", json=body, expect=204)
    for path in (f"/v1/dossiers/{done['id']}", f"/v1/dossiers/{draft['id']}", "/v1/dossiers"):
        await mother.calls.get(path, headers=behalf(hers), expect=403, code="mandate-not-standing")
    await submit(mother.calls, draft["id"], hers, expect=403, code="mandate-not-standing")
    # Nor by the kept answer of a submission that went through, nor as the requester it was filed by.
    await mother.calls.post(
        f"/v1/dossiers/{kept['id']}/submission", headers=headers, expect=403, code="mandate-not-standing"
    )
    await mother.calls.get(f"/v1/dossiers/{done['id']}", expect=404, code="dossier-unknown")
    assert (await mother.calls.get("/v1/dossiers", expect=200))["dossiers"] == []
    # What comes of it is not told to who no longer acts.
    await refuse_card(city, done["id"])
    assert await letters_to(city, mother.phone, "branch-refused") == []


async def test_whose_time_is_over_hears_nothing_though_nobody_wrote_it_off(city: CityPeople) -> None:
    mother = await person(city)
    pin = await child_of(city, mother, born=date(2021, 7, 2))
    hers = await mother.calls.post(WARDS, json={"pin": pin}, expect=201)
    done = await filed(mother.calls, hers)
    assert await letters_to(city, mother.phone, "dossier-received")
    async with city.house.db.begin() as conn:
        over = "update mandates set from_on = current_date - 9, until_on = current_date - 2 where id = %s"
        await (await raw(conn)).execute(over, (hers["id"],))
    await refuse_card(city, done["id"])
    assert await letters_to(city, mother.phone, "branch-refused") == []


async def test_a_mandate_taken_away_while_filing_wins_or_comes_after(city: CityPeople) -> None:
    """Whichever is first: nothing is in that was filed after the end."""
    mother, officer = await person(city), await city.signed_in("civil_status")
    pin = await child_of(city, mother, born=date(2021, 8, 1))
    body = {"ended_for": "decision", "reason": "Quyết định"}
    for _ in range(4):
        hers = await mother.calls.post(WARDS, json={"pin": pin}, expect=201)
        draft = await card_draft(mother.calls, hers)
        answer, _ended = await asyncio.gather(
            submit(mother.calls, draft["id"], hers, expect=None),
            officer.post(f"/v1/desk/mandates/{hers['id']}/end", json=body, expect=204),
        )
        async with city.house.db.connect() as conn:
            row = await (await raw(conn)).execute(
                "select d.status, d.submitted_at <= m.ended_at from dossiers d, mandates m where d.id = %s and m.id = %s",
                (draft["id"], hers["id"]),
            )
            status, before_the_end = await row.fetchone()  # type: ignore[misc] - both were written
        if "receipt_code" in answer:
            assert (status, before_the_end) == ("open", True)
        else:
            assert (answer["code"], status) == ("mandate-not-standing", "draft")


async def test_an_app_of_others_acts_for_nobody_but_its_user(city: CityPeople) -> None:
    from identity import mandates
    from kit.actor import Actor

    mother = await city.signed_in("parent")
    hers = await mandate_for_child(mother)
    me = (await mother.get("/v1/me", expect=200))["account_id"]
    partner = Actor(kind="citizen", account_id=me, level=2, partner=True)
    async with city.house.db.begin() as conn:
        with pytest.raises(mandates.MandateUnknown):
            await mandates.acting(conn, city.house.mandates, partner, hers["id"], hold=False)


async def test_a_token_of_level_one_acts_for_nobody(city: CityPeople) -> None:
    mother = await person(city)
    pin = await child_of(city, mother, born=date(2021, 9, 1))
    hers = await mother.calls.post(WARDS, json={"pin": pin}, expect=201)
    async with city.house.db.begin() as conn:
        await (await raw(conn)).execute(
            "update accounts set level_2_until = current_date - 2 where id = %s", (mother.account_id,)
        )
    await mother.calls.get("/v1/dossiers", headers=behalf(hers), expect=401, code="insufficient-level")
