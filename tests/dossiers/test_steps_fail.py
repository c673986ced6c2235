"""Row 41 of the reliability checklist: whichever step of a bundle fails, all stands as before or as after, and it can go on."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

import register
from dossiers import deciding, store, store_moving
from dossiers.messages import Decide
from identity import offices
from notifications import PostOffice
from tests.dossiers import steps
from tests.dossiers.test_at_once import whole
from tests.dossiers.test_deciding import officer_actor
from tests.dossiers.test_lifecycle import WHY
from tests.people import CityPeople

pytestmark = pytest.mark.anyio

ORDER = ["birth", "residence", "insurance", "identity_card"]
STEPS: dict[str, tuple[Any, str, int]] = {
    "entering the register": (register, "register_birth", 1),
    "keeping the result": (store, "add_result", 1),
    "what begins after it and where": (offices, "offices_by_id", 1),
    "moving the branches, writing the history, moving the dossier along": (store_moving, "advance", 1),
    "telling the citizen": (PostOffice, "send_all", 1),
}


def failing(function: Callable[..., Any], nth: int, *, after: bool) -> Callable[..., Any]:
    """The nth call fails: before it does anything, or with all of it done."""
    calls = 0

    async def fails(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == nth and not after:
            raise ConnectionResetError("in mid-air")
        done = await function(*args, **kwargs)
        if calls == nth:
            raise ConnectionResetError("in mid-air")
        return done

    return fails


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", STEPS)
async def test_row_41_a_step_of_the_decision_fails(
    city: CityPeople, monkeypatch: pytest.MonkeyPatch, step: str, after: bool
) -> None:
    house, parent = city.house, await city.signed_in("parent")
    dossier = await steps.submitted(parent)
    branch_id = steps.branch(dossier, "birth")["id"]
    officer = await officer_actor(city, f"buoc-{list(STEPS).index(step)}-{int(after)}", "civil_status")
    await deciding.claim(house.stand, officer, branch_id, version=None)
    before = await parent.get(f"/v1/dossiers/{dossier['id']}", expect=200)
    told = await parent.get("/v1/me/messages", expect=200)

    async def decide() -> None:
        asked = Decide(outcome="approved")
        await deciding.decide(house.stand, officer, branch_id, asked, version=None)

    owner, name, nth = STEPS[step]
    with monkeypatch.context() as patched:
        patched.setattr(owner, name, failing(getattr(owner, name), nth, after=after))
        with pytest.raises(ConnectionResetError):
            await decide()
    assert await parent.get(f"/v1/dossiers/{dossier['id']}", expect=200) == before
    assert await parent.get("/v1/me/messages", expect=200) == told
    await whole(parent, dossier)
    await decide()
    shown = await whole(parent, dossier)
    assert [branch["state"] for branch in shown["branches"]] == ["approved", "submitted", "submitted", "submitted"]
    async with house.db.connect() as conn:
        query = text("select count(*) from results where branch_id = :id")
        assert (await conn.execute(query, {"id": branch_id})).scalar_one() == 1


@pytest.mark.parametrize("fails_at", ORDER)
async def test_row_41_a_branch_of_the_bundle_fails_and_is_taken_up_again(city: CityPeople, fails_at: str) -> None:
    """What the citizen is shown is what the history ends in, at every step; in the end all four results are there."""
    parent = await city.signed_in("parent")
    dossier = await steps.submitted(parent)
    path = f"/v1/dossiers/{dossier['id']}"
    for name in ORDER[: ORDER.index(fails_at)]:
        await steps.decide(city, dossier, name)
        await whole(parent, dossier)
    await steps.decide(city, dossier, fails_at, refuse=WHY)
    shown = await whole(parent, dossier)
    others = {branch["name"]: branch["state"] for branch in shown["branches"] if branch["name"] != fails_at}
    if fails_at == "birth":
        assert set(others.values()) == {"not_started"}
    else:
        assert all(state == ("approved" if ORDER.index(name) < ORDER.index(fails_at) else "submitted")
                   for name, state in others.items())  # fmt: skip
    await parent.post(f"{path}/branches/{fails_at}/refiling", json={}, expect=200)
    for name in ORDER[ORDER.index(fails_at) :]:
        await steps.decide(city, dossier, name)
        await whole(parent, dossier)
    shown = await parent.get(path, expect=200)
    assert (shown["status"], {branch["state"] for branch in shown["branches"]}) == ("closed", {"approved"})
