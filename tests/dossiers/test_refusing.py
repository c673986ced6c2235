"""Two persons for a refusal: proposed by one, confirmed by another; the citizen sees nothing until it stands."""

from typing import Any

import pytest
from sqlalchemy import text

from tests.dossiers import steps
from tests.dossiers.test_deciding import path_of
from tests.people import CityPeople

pytestmark = pytest.mark.anyio

WHY = "Giấy chứng sinh không đọc được, đề nghị nộp lại bản rõ hơn."
BACK = "Bản chụp đọc được, đề nghị xem lại trang hai của giấy."


async def proposed(city: CityPeople) -> tuple[dict[str, Any], str]:
    dossier, officer = await steps.submitted(await city.signed_in("parent")), await city.signed_in("civil_status")
    path = path_of(dossier, "birth")
    await officer.post(f"{path}/claim", expect=201)
    await officer.post(f"{path}/decision", json={"outcome": "refused", "reason": WHY}, expect=201)
    return dossier, path


async def test_a_proposed_refusal_is_seen_by_nobody_outside_the_office(city: CityPeople) -> None:
    parent, officer = await city.signed_in("parent"), await city.signed_in("civil_status")
    dossier = await steps.submitted(parent)
    path, mine = path_of(dossier, "birth"), f"/v1/dossiers/{dossier['id']}"
    await officer.post(f"{path}/claim", expect=201)
    await city.run_jobs()
    before = [await parent.get(f"{mine}{part}", expect=200) for part in ("", "/status", "/history")]
    letters = len((await city.client.get("/sandbox/inbox.json")).json())
    await officer.post(f"{path}/decision", json={"outcome": "refused", "reason": WHY}, expect=201)
    await city.run_jobs()
    after = [await parent.get(f"{mine}{part}", expect=200) for part in ("", "/status", "/history")]
    # The number by which two screens of the office notice each other, and nothing else.
    for told in (before[0], after[0]):
        steps.branch(told, "birth").pop("version")
    assert after == before
    assert len((await city.client.get("/sandbox/inbox.json")).json()) == letters
    # What the citizen may do is what they might before, and what they may not names no inner state.
    refused = await parent.post(f"{mine}/branches/birth/supplement", json={}, expect=409, code="action-not-allowed")
    assert "refusal" not in str(refused)
    await parent.post(f"{mine}/withdrawal", json={"branches": ["birth"]}, expect=200)
    lines = (await parent.get(f"{mine}/history", expect=200))["lines"]
    assert "refusal_proposed" not in {line["before"] for line in lines}


async def test_who_proposed_it_does_not_confirm_it(city: CityPeople) -> None:
    dossier, path = await proposed(city)
    officer, head = await city.signed_in("civil_status"), await city.signed_in("head_ubnd")
    confirm = {"verdict": "confirm"}
    await officer.post(f"{path}/refusal-verdict", json=confirm, expect=403, code="second-officer-needed")
    # Reception looks and judges nothing; another agency finds nothing.
    reception, other = await city.signed_in("identity_checker"), await city.signed_in("head_bhxh")
    await reception.post(f"{path}/refusal-verdict", json=confirm, expect=403, code="role-missing")
    await other.post(f"{path}/refusal-verdict", json=confirm, expect=404, code="branch-unknown")
    seen = await head.get(path, expect=200)
    assert (seen["branch"]["state"], seen["may_judge"], seen["proposal"]["reason"]) == ("refusal_proposed", True, WHY)
    done = await head.post(f"{path}/refusal-verdict", json=confirm, expect=201)
    assert (done["branch"]["state"], done["proposal"]) == ("refused", None)
    assert [act["kind"] for act in done["acts"]] == ["propose_refusal", "refuse"]
    assert done["acts"][0]["by"] != done["acts"][1]["by"]
    told = await (await city.signed_in("parent")).get(f"/v1/dossiers/{dossier['id']}", expect=200)
    assert [branch["state"] for branch in told["branches"]] == ["refused", "not_started", "not_started", "not_started"]
    assert steps.branch(told, "birth")["reason"]["vi"] == WHY
    await head.post(f"{path}/refusal-verdict", json=confirm, expect=409, code="already-decided")
    history = await (await city.signed_in("parent")).get(f"/v1/dossiers/{dossier['id']}/history", expect=200)
    assert history["intact"]
    assert [(line["before"], line["after"]) for line in history["lines"] if line["kind"] == "refuse"] == [
        ("in_review", "refused")
    ]


async def test_sent_back_it_goes_on_where_it_was(city: CityPeople) -> None:
    _, path = await proposed(city)
    officer, head = await city.signed_in("civil_status"), await city.signed_in("head_ubnd")
    back = {"verdict": "send_back", "reason": BACK}
    await head.post(f"{path}/refusal-verdict", json={"verdict": "send_back"}, expect=422, code="reason-missing")
    await head.post(f"{path}/refusal-verdict", json=back, headers={"If-Match": '"1"'}, expect=412, code="stale")
    await head.post(f"{path}/refusal-verdict", json=back, expect=201)
    await head.post(f"{path}/refusal-verdict", json=back, expect=409, code="action-not-allowed")
    seen = await officer.get(path, expect=200)
    assert (seen["branch"]["state"], seen["claimed_by_me"], seen["may_decide"]) == ("in_review", True, True)
    assert seen["acts"][-1]["said"] == BACK
    # While it waits for the second person it is not decided otherwise; taken back by who proposed it, it is.
    await officer.post(f"{path}/decision", json={"outcome": "refused", "reason": WHY}, expect=201)
    await officer.post(f"{path}/decision", json={"outcome": "approved"}, expect=409, code="action-not-allowed")
    await officer.post(f"{path}/refusal-verdict", json=back, expect=201)
    await officer.post(f"{path}/decision", json={"outcome": "approved"}, expect=201)


async def test_every_stay_in_a_state_is_written_down(city: CityPeople) -> None:
    dossier, _ = await proposed(city)
    await steps.confirm_refusal(city, dossier, "birth")
    async with city.house.db.connect() as conn:
        query = text(
            "select state, action, due_at >= entered_at as fits from branch_steps where branch_id = :id order by seq"
        )
        stays = (await conn.execute(query, {"id": steps.branch(dossier, "birth")["id"]})).all()
    assert [tuple(stay) for stay in stays] == [
        ("submitted", "claim", True),
        ("in_review", "propose_refusal", True),
        ("refusal_proposed", "refuse", True),
    ]
