"""Filing at a counter for another: by whoever holds a recorded mandate, as far as it goes, and only as long as it stands."""

import uuid
from typing import Any

import pytest

from tests.dossiers import steps
from tests.dossiers.test_behalf import BIRTH, CARD, CHILD, WARD, mandate_for_child, submit
from tests.identity.mandates.acts import behalf, claimed, granted, number, person
from tests.people import CityPeople, Person

pytestmark = pytest.mark.anyio

PARENT = {"pin": "079192000011", "date_of_birth": "1992-05-20"}
SCAN = {"file": ("scan.pdf", steps.paper(), "application/pdf")}
ASSISTED = "/v1/desk/assisted"
FIELDS = {"home.address": {"ward": WARD, "detail": "Số 9 đường Hư Cấu"}, "insurance.facility": "Bệnh viện Nhi Đồng 2"}


@pytest.fixture(autouse=True)
async def _uncounted(city: CityPeople) -> None:
    await city.house.valkey.forget_everything()


async def prepared(city: CityPeople, **changed: Any) -> tuple[Person, str]:
    """The reception, and its address of a card's draft for the sandbox's child, filled in with a parent beside it."""
    reception = await city.signed_in("identity_checker")
    asked = {**PARENT, "procedure": CARD, "options": {"ward": WARD}, "acting_for": CHILD, **changed}
    draft = await reception.post(ASSISTED, json=asked, expect=201)
    path = f"{ASSISTED}/{draft['id']}"
    filled = await reception.patch(f"{path}/form", json={"fields": FIELDS}, headers={"If-Match": "*"}, expect=200)
    assert filled["faults"] == []
    return reception, path


async def test_a_parent_files_for_their_child_on_a_signature(city: CityPeople) -> None:
    mother, father = await city.signed_in("parent"), await city.signed_in("other_parent")
    hers, his = await mandate_for_child(mother), await mandate_for_child(father)
    reception, path = await prepared(city)
    draft = await reception.get(path, expect=200)
    assert draft["behalf"]["name"] == "Hoàng Nguyễn Bảo Ngân"
    assert draft["form"]["child.pin"] == {**draft["form"]["child.pin"], "value": CHILD, "locked": True}
    key = {"Idempotency-Key": uuid.uuid4().hex}
    first = await reception.post(f"{path}/submission", files=SCAN, headers=key, expect=201)
    assert await reception.post(f"{path}/submission", files=SCAN, headers=key, expect=201) == first
    dossier = f"/v1/dossiers/{path.rsplit('/', 1)[1]}"
    for who, mandate in ((mother, hers), (father, his)):
        told = await who.get(dossier, headers=behalf(mandate), expect=200)
        assert (told["receipt_code"], told["behalf"]["filed_by"]) == (first["receipt_code"], "Nguyễn Thị Hồng Thắm")
    await mother.get(dossier, expect=404, code="dossier-unknown")
    await (await city.signed_in("stranger")).get(dossier, expect=404, code="dossier-unknown")
    assert (await reception.get(f"{path}/receipt", expect=200)).content.startswith(b"%PDF")


async def test_or_confirms_on_their_own_phone(city: CityPeople) -> None:
    mother = await city.signed_in("parent")
    mandate = await mandate_for_child(mother)
    reception, path = await prepared(city)
    await reception.post(f"{path}/confirmation-request", expect=201)
    await submit(mother, path.rsplit("/", 1)[1], mandate)
    await reception.get(path, expect=409, code="already-submitted")


async def test_a_representative_and_a_delegate_for_their_enterprise(city: CityPeople) -> None:
    boss, clerk = await person(city), await person(city)
    company = number()
    mandate = await claimed(city, boss, company)
    only_cards = await granted(boss.calls, mandate["principal"]["id"], clerk, procedures=[CARD])
    assert only_cards["state"] == "standing"
    reception = await city.signed_in("identity_checker")
    asked: dict[str, Any] = {"date_of_birth": "1993-05-12", "procedure": BIRTH, "acting_for": company}
    draft = await reception.post(ASSISTED, json={**asked, "pin": boss.pin}, expect=201)
    assert draft["behalf"]["number"] == company
    # Not what the delegate may file, and not for whom they hold nothing.
    await reception.post(ASSISTED, json={**asked, "pin": clerk.pin}, expect=404, code="mandate-missing")
    other = {**asked, "pin": boss.pin, "acting_for": number()}
    await reception.post(ASSISTED, json=other, expect=404, code="mandate-missing")
    await reception.post(ASSISTED, json={**other, "acting_for": "12"}, expect=400)


async def test_without_a_mandate_that_is_recorded_there_is_none(city: CityPeople) -> None:
    """Who shows their card is vouched for, and not what they say of others."""
    await mandate_for_child(await city.signed_in("parent"))
    reception = await city.signed_in("identity_checker")
    asked = {**PARENT, "procedure": CARD, "options": {"ward": WARD}}
    await reception.post(ASSISTED, json=asked, expect=409, code="procedure-not-filed-for")
    stranger = {
        "pin": "079190555012",
        "date_of_birth": "1990-02-03",
        "card": {"full_name": "Phan Thị Lạ", "sex": "female", "expires_on": None},
    }
    body = {**asked, **stranger, "acting_for": CHILD}
    await reception.post(ASSISTED, json=body, expect=404, code="mandate-missing")
    for who in ("parent", "civil_status"):
        wrong = await city.signed_in(who)
        assert "draft" not in str(await wrong.post(ASSISTED, json={**asked, "acting_for": CHILD}))


async def test_a_mandate_that_ends_meanwhile_ends_the_filing(city: CityPeople) -> None:
    boss = await person(city)
    company = number()
    mandate = await claimed(city, boss, company)
    clerk = await person(city)
    given = await granted(boss.calls, mandate["principal"]["id"], clerk)
    reception = await city.signed_in("identity_checker")
    body = {"pin": clerk.pin, "date_of_birth": "1993-05-12", "procedure": BIRTH, "acting_for": company}
    draft = await reception.post(ASSISTED, json=body, expect=201)

    async def listed(who: Person, query: str = "") -> list[Any]:
        found = await who.get(f"/v1/dossiers{query}", expect=200)
        return [one["behalf"] for one in found["dossiers"] if one["id"] == draft["id"]]

    # In the list of whoever fills it in, with for whom; in nobody else's, and not among those of the person.
    [kept] = await listed(clerk.calls)
    assert (kept["number"], kept["mandate_id"]) == (company, given["id"])
    assert await listed(boss.calls) == []
    assert await listed(clerk.calls, f"?pin={clerk.pin}") == []
    await clerk.calls.delete(f"/v1/me/mandates/{given['id']}", expect=204)
    assert await listed(clerk.calls) == [], "gone with the mandate"
    path = f"{ASSISTED}/{draft['id']}"
    await reception.get(path, expect=403, code="mandate-not-standing")
    change = {"json": {"fields": {}}, "headers": {"If-Match": "*"}}
    await reception.patch(f"{path}/form", **change, expect=403, code="mandate-not-standing")
    key = {"Idempotency-Key": uuid.uuid4().hex}
    await reception.post(f"{path}/submission", files=SCAN, headers=key, expect=403, code="mandate-not-standing")
    await reception.post(ASSISTED, json=body, expect=404, code="mandate-missing")
