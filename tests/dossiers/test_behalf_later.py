"""After a submission for another: whoever may file for the principal goes on with it, whoever filed it; as long as the mandate stands."""

import asyncio
import uuid
from datetime import date
from typing import Any

import pytest

from dossiers import feeding, following, watching
from dossiers.watching import Feed
from kit.actor import Actor
from kit.db import raw
from tests.dossiers import steps
from tests.dossiers.test_behalf import (
    BIRTH,
    CARD,
    CHILD,
    WARD,
    card_draft,
    filed,
    mandate_for_child,
    read_by_a_person,
    refuse_card,
)
from tests.identity.accounts.newcomers import letters_to
from tests.identity.mandates.acts import WARDS, behalf, child_of, claimed, granted, number, person
from tests.people import CityPeople, Person

pytestmark = pytest.mark.anyio

WHY = "Giấy tờ gửi kèm không đọc được, đề nghị gửi lại bản rõ hơn."
ELSEWHERE = {"ward": WARD, "detail": "Số 21 đường Hư Cấu"}
# Every verb of a citizen on what was submitted, with a body that its Struct takes.
LATER: tuple[tuple[str, dict[str, Any]], ...] = (
    (f"branches/{CARD}/supplement", {"fields": {"home.address": ELSEWHERE}}),
    ("withdrawal", {}),
    (f"branches/{CARD}/refiling", {}),
    (f"branches/{CARD}/correction", {"reason": WHY}),
    (f"branches/{CARD}/consent-on-paper", {"upload_id": "upl_x"}),
)


@pytest.fixture(autouse=True)
async def _uncounted(city: CityPeople) -> None:
    await city.house.valkey.forget_everything()


async def asked_for(city: CityPeople, dossier_id: str, *, documents: tuple[str, ...] = ()) -> None:
    """The insurance officer misses the address, and papers."""
    async with city.house.db.connect() as conn:
        row = await (await raw(conn)).execute("select id from branches where dossier_id = %s", (dossier_id,))
        branch = (await row.fetchone())[0]  # type: ignore[index] - it was filed
    officer = await city.signed_in("insurance")
    await officer.post(f"/v1/desk/branches/{branch}/claim", expect=201)
    body = {"reason": WHY, "fields": ["home.address"], "documents": list(documents)}
    await officer.post(f"/v1/desk/branches/{branch}/supplement-request", json=body, expect=201)


async def state_of(who: Person, dossier_id: str, mandate: dict[str, Any]) -> str:
    return (await who.get(f"/v1/dossiers/{dossier_id}", headers=behalf(mandate), expect=200))["branches"][0]["state"]


async def test_the_other_parent_gives_what_the_officer_asked_for(city: CityPeople) -> None:
    mother, father = await city.signed_in("parent"), await city.signed_in("other_parent")
    hers, his = await mandate_for_child(mother), await mandate_for_child(father)
    done = await filed(mother, hers)
    await asked_for(city, done["id"], documents=("birth_certificate",))
    for phone in ("+84900000011", "+84900000012"):
        assert any(done["receipt_code"] in text for text in await letters_to(city, phone, "supplement-requested"))
    given = {
        "fields": {"home.address": ELSEWHERE},
        "documents": {"birth_certificate": await steps.upload(father)},
    }
    headers = behalf(his) | {"Idempotency-Key": uuid.uuid4().hex}
    path = f"/v1/dossiers/{done['id']}/branches/{CARD}/supplement"
    after = await father.post(path, json=given, headers=headers, expect=200)
    assert (after["branches"][0]["state"], after["form"]["home.address"]["value"]) == ("in_review", ELSEWHERE)
    assert (await father.post(path, json=given, headers=headers, expect=200))["version"] == after["version"]
    assert {one["by"]["name"]["vi"] for one in await read_by_a_person(mother, done["id"])} == {"Hoàng Văn Đức"}


async def test_what_ended_is_taken_up_again_and_withdrawn_under_the_mandate(city: CityPeople) -> None:
    mother, father = await city.signed_in("parent"), await city.signed_in("other_parent")
    hers, his = await mandate_for_child(mother), await mandate_for_child(father)
    done = await filed(mother, hers)
    await refuse_card(city, done["id"])
    path = f"/v1/dossiers/{done['id']}"
    await father.post(f"{path}/branches/{CARD}/refiling", json={}, headers=behalf(his), expect=200)
    assert await state_of(mother, done["id"], hers) == "submitted"
    await mother.post(f"{path}/withdrawal", json={}, headers=behalf(hers), expect=200)
    assert await state_of(father, done["id"], his) == "withdrawn"


@pytest.mark.parametrize(("verb", "body"), LATER)
async def test_no_later_verb_without_the_mandate(city: CityPeople, verb: str, body: dict[str, Any]) -> None:
    """Nobody, a stranger under it, the filer in their own name, and whoever acts for another."""
    mother, stranger = await city.signed_in("parent"), await city.signed_in("stranger")
    guardian = await person(city)
    hers = await mandate_for_child(mother)
    pin = await child_of(city, guardian, born=date(2021, 6, 6))
    other = await guardian.calls.post(WARDS, json={"pin": pin}, expect=201)
    done, draft = await filed(mother, hers), await card_draft(mother, hers)
    path = f"/v1/dossiers/{done['id']}/{verb}"
    await city.nobody.post(path, json=body, headers=behalf(hers), expect=401, code="not-signed-in")
    await stranger.post(path, json=body, headers=behalf(hers), expect=404, code="mandate-unknown")
    await stranger.post(path, json=body, expect=404, code="dossier-unknown")
    await mother.post(path, json=body, expect=404, code="dossier-unknown")
    await guardian.calls.post(path, json=body, headers=behalf(other), expect=404, code="dossier-unknown")
    # A draft is whose who writes it.
    father = await city.signed_in("other_parent")
    his = await mandate_for_child(father)
    await father.post(
        f"/v1/dossiers/{draft['id']}/{verb}", json=body, headers=behalf(his), expect=404, code="dossier-unknown"
    )
    # One's own dossier is not the child's.
    mine = await steps.submitted(mother)
    at = f"/v1/dossiers/{mine['id']}/{verb}"
    await mother.post(at, json=body, headers=behalf(hers), expect=404, code="dossier-unknown")


async def test_an_ended_mandate_ends_the_later_verbs_with_their_kept_answers(city: CityPeople) -> None:
    mother, officer = await person(city), await city.signed_in("civil_status")
    pin = await child_of(city, mother, born=date(2021, 7, 3))
    hers = await mother.calls.post(WARDS, json={"pin": pin}, expect=201)
    done = await filed(mother.calls, hers)
    await asked_for(city, done["id"])
    kept = behalf(hers) | {"Idempotency-Key": uuid.uuid4().hex}
    path = f"/v1/dossiers/{done['id']}"
    given = {"fields": {"home.address": ELSEWHERE}}
    await mother.calls.post(f"{path}/branches/{CARD}/supplement", json=given, headers=kept, expect=200)
    body = {"ended_for": "decision", "reason": "Quyết định hạn chế quyền của cha mẹ"}
    await officer.post(f"/v1/desk/mandates/{hers['id']}/end", json=body, expect=204)
    for verb, sent in LATER:
        await mother.calls.post(f"{path}/{verb}", json=sent, headers=kept, expect=403, code="mandate-not-standing")
        await mother.calls.post(f"{path}/{verb}", json=sent, expect=404, code="dossier-unknown")
    for seen in ("status", "events"):
        await mother.calls.get(f"{path}/{seen}", headers=behalf(hers), expect=403, code="mandate-not-standing")


async def test_changing_what_was_filed_takes_a_mandate_to_file_and_to_follow(city: CityPeople) -> None:
    boss, clerk = await person(city), await person(city)
    mandate = await claimed(city, boss, number())
    of = mandate["principal"]["id"]
    dossier_id = await _filed_for_enterprise(city, boss.calls, mandate)
    for acts in (["follow"], ["file"]):
        narrow = await granted(boss.calls, of, clerk, acts=acts)
        await clerk.calls.post(
            f"/v1/dossiers/{dossier_id}/withdrawal",
            json={},
            headers=behalf(narrow),
            expect=403,
            code="mandate-does-not-cover",
        )
        await boss.calls.delete(f"/v1/enterprises/{of}/delegates/{narrow['id']}", expect=204)
    whole = await granted(boss.calls, of, clerk, acts=["file", "follow"], procedures=[BIRTH])
    after = await clerk.calls.post(f"/v1/dossiers/{dossier_id}/withdrawal", json={}, headers=behalf(whole), expect=200)
    assert {branch["state"] for branch in after["branches"]} == {"withdrawn"}


async def _filed_for_enterprise(city: CityPeople, boss: Person, mandate: dict[str, Any]) -> str:
    """A birth a home registers, as far as the database goes: what stands in its form is another test's."""
    draft = await boss.post("/v1/dossiers", json={"procedure": BIRTH}, headers=behalf(mandate), expect=201)
    async with city.house.db.begin() as conn:
        put = await raw(conn)
        await put.execute(
            "update dossiers set status = 'open', receipt_code = id, submitted_at = now(), promised_at = now(),"
            " promise = '{\"steps\": []}' where id = %s",
            (draft["id"],),
        )
        await put.execute(
            "insert into branches (id, dossier_id, name, position, procedure, office_id, officer_role, needs, state, started_at, due_at)"
            " select 'bra_' || id, id, 'birth_registration', 0, 'birth_registration', 'off_ubnd_sai_gon', 'civil_status', '{}', 'submitted', now(), now()"
            " from dossiers where id = %s",
            (draft["id"],),
        )
    return draft["id"]


async def test_the_status_is_polled_under_the_mandate_and_written_down_once_a_day(city: CityPeople) -> None:
    mother, father = await city.signed_in("parent"), await city.signed_in("other_parent")
    hers, his = await mandate_for_child(mother), await mandate_for_child(father)
    done = await filed(mother, hers)
    path = f"/v1/dossiers/{done['id']}/status"
    listed = "/v1/dossiers"
    await asyncio.gather(*(father.get(seen, headers=behalf(his), expect=200) for seen in [path, listed] * 4))
    await mother.get(path, expect=404, code="dossier-unknown")
    await (await city.signed_in("stranger")).get(path, headers=behalf(his), expect=404, code="mandate-unknown")
    assert len(await read_by_a_person(mother, done["id"])) == 1


async def test_a_stream_ends_with_the_mandate(city: CityPeople) -> None:
    """What is told while one listens is told under the mandate as it stands then."""
    house, mother, officer = city.house, await person(city), await city.signed_in("civil_status")
    pin = await child_of(city, mother, born=date(2021, 7, 4))
    hers = await mother.calls.post(WARDS, json={"pin": pin}, expect=201)
    done = await filed(mother.calls, hers)
    actor = Actor(kind="citizen", account_id=mother.account_id, level=2, client_id="citizen-app")
    feed = Feed(house.db, every_seconds=0.05)

    async def still() -> None:
        await following.refuse_strangers(house.stand, actor, done["id"], behalf=hers["id"])

    stream = watching.lines(house.db, feed, done["id"], after=0, still=still)
    assert await anext(stream)
    body = {"ended_for": "decision", "reason": "Quyết định"}
    await officer.post(f"/v1/desk/mandates/{hers['id']}/end", json=body, expect=204)
    await refuse_card(city, done["id"])
    with pytest.raises(StopAsyncIteration):
        while True:
            assert await asyncio.wait_for(anext(stream), 60) == []
    await feed.close()


async def test_no_app_of_others_is_told_of_what_was_filed_for_another(
    city: CityPeople, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A filer's own consent to an app covers the filer's own dossiers."""
    mother, parent = await person(city), await city.signed_in("parent")
    pin = await child_of(city, mother, born=date(2021, 7, 5))
    await filed(mother.calls, await mother.calls.post(WARDS, json={"pin": pin}, expect=201))
    await steps.submitted(parent)
    asked: list[str] = []

    async def readers(_conn: Any, account_ids: Any, *_rest: Any) -> dict[str, list[str]]:
        asked.extend(account_ids)
        return {}

    monkeypatch.setattr(feeding.consents, "readers", readers)
    await feeding.feed(city.house)
    assert (await parent.get("/v1/me", expect=200))["account_id"] in asked
    assert mother.account_id not in asked


async def test_consent_for_a_ward_is_the_guardians_who_did_not_file_it(city: CityPeople) -> None:
    """Nobody agrees in their ward's name to what they ask for themselves (as Bộ luật Dân sự Đ59.3 has it of a ward's property)."""
    mother, father = await city.signed_in("parent"), await city.signed_in("other_parent")
    hers, his = await mandate_for_child(mother), await mandate_for_child(father)
    draft = await steps.filled_draft(mother)
    fields = {"residence.household_head_name": "Hoàng Nguyễn Bảo Ngân", "residence.household_head_pin": CHILD}
    path = f"/v1/dossiers/{draft['id']}"
    await mother.patch(f"{path}/form", json={"fields": fields}, headers={"If-Match": "*"}, expect=200)
    await steps.submit(mother, draft["id"])

    async def asked(who: Person, headers: dict[str, str]) -> list[str]:
        return [one["id"] for one in (await who.get("/v1/me/invitations", headers=headers, expect=200))["invitations"]]

    async with city.house.db.connect() as conn:
        found = await (await raw(conn)).execute("select id from invitations where dossier_id = %s", (draft["id"],))
        invitation = (await found.fetchone())[0]  # type: ignore[index] - the head of the household is asked
    assert invitation in await asked(father, behalf(his))
    assert invitation not in await asked(father, {})
    assert invitation not in await asked(mother, behalf(hers))
    at, yes = f"/v1/me/invitations/{invitation}/answer", {"answer": "agree"}
    await mother.post(at, json=yes, headers=behalf(hers), expect=404, code="invitation-unknown")
    await father.post(at, json=yes, expect=404, code="invitation-unknown")
    stranger = await city.signed_in("stranger")
    await stranger.post(at, json=yes, headers=behalf(his), expect=404, code="mandate-unknown")
    assert await father.post(at, json=yes, headers=behalf(his), expect=200) == {"answer": "agreed"}
