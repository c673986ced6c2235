"""Several at once, and one that fails half way: nothing lost, nothing half done, the history whole."""

import asyncio
import dataclasses
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from dossiers import deciding, desk, history, store
from dossiers.messages import Decide
from dossiers.messages_desk import DeskBranch
from kit.actor import Actor
from kit.pin import Sex
from tests.dossiers import steps
from tests.dossiers.test_deciding import officer_actor, path_of
from tests.people import CityPeople, Person
from wires.population import PinIssuerAway

pytestmark = pytest.mark.anyio


async def refused_or_done(*calls: Any) -> list[str]:
    """The refusal's code, or `done`, of calls made at once."""
    answers = await asyncio.gather(*calls)
    return sorted(answer.get("code", "done") for answer in answers)


async def whole(parent: Person, dossier: dict[str, Any]) -> dict[str, Any]:
    """The dossier, once its history is seen to hold: every line linked, each branch's steps joined end to end."""
    path = f"/v1/dossiers/{dossier['id']}"
    told = await parent.get(f"{path}/history", expect=200)
    assert told["intact"]
    states: dict[str, str | None] = {}
    for line in told["lines"]:
        if line["branch"] is not None:
            assert line["before"] == states.get(line["branch"])
            states[line["branch"]] = line["after"]
    shown = await parent.get(path, expect=200)
    assert states == {branch["name"]: branch["state"] for branch in shown["branches"]}
    return shown


async def test_two_officers_who_take_one_branch(city: CityPeople) -> None:
    parent, dossier = await city.signed_in("parent"), await steps.submitted(await city.signed_in("parent"))
    branch_id = steps.branch(dossier, "birth")["id"]
    officers = [await officer_actor(city, f"cung-luc-{n}", "civil_status") for n in range(4)]
    answers = await asyncio.gather(
        *(deciding.claim(city.house.stand, officer, branch_id, version=None) for officer in officers),
        return_exceptions=True,
    )
    codes = sorted(getattr(answer, "code", "done") for answer in answers)
    assert codes == ["claimed-by-another"] * 3 + ["done"]
    shown = await whole(parent, dossier)
    assert steps.branch(shown, "birth")["version"] == 2


async def test_approved_and_refused_at_once_is_one_of_the_two(city: CityPeople) -> None:
    """An officer's two screens say opposite things; whichever came second changes nothing."""
    parent, officer = await city.signed_in("parent"), await city.signed_in("civil_status")
    dossier = await steps.submitted(parent)
    path = path_of(dossier, "birth")
    await officer.post(f"{path}/claim", expect=201)
    approve = {"outcome": "approved"}
    refuse = {"outcome": "refused", "reason": "Giấy chứng sinh mờ, không đọc được số."}
    calls = [officer.post(f"{path}/decision", json=body) for body in (approve, refuse) * 2]
    said = await refused_or_done(*calls)
    shown = await whole(parent, dossier)
    states = [branch["state"] for branch in shown["branches"]]
    assert (said, states) in (
        (["already-decided"] * 3 + ["done"], ["approved", "submitted", "submitted", "submitted"]),
        # A refusal that is only proposed is none yet.
        (["action-not-allowed"] * 3 + ["done"], ["in_review", "waiting", "waiting", "waiting"]),
    )
    async with city.house.db.connect() as conn:
        query = text("select count(*) from results where branch_id = :id")
        made = (await conn.execute(query, {"id": steps.branch(shown, "birth")["id"]})).scalar_one()
    assert made == (1 if states[0] == "approved" else 0)


async def test_branches_of_one_dossier_decided_at_once(city: CityPeople) -> None:
    parent, dossier = await city.signed_in("parent"), await steps.submitted(await city.signed_in("parent"))
    await steps.decide(city, dossier, "birth")
    for key in ("residence", "insurance"):
        await city.signed_in(key)
    await asyncio.gather(
        steps.decide(city, dossier, "residence", refuse="Chủ hộ không đồng ý cho đăng ký thường trú."),
        steps.decide(city, dossier, "insurance"),
        steps.decide(city, dossier, "identity_card"),
    )
    shown = await whole(parent, dossier)
    assert shown["status"] == "closed"
    assert [branch["state"] for branch in shown["branches"]] == ["approved", "refused", "approved", "approved"]
    # A refused branch has its reason, and no paper for anybody.
    residence = steps.branch(shown, "residence")
    assert (residence["result"], residence["reason"]["vi"]) == (None, "Chủ hộ không đồng ý cho đăng ký thường trú.")
    await parent.get(f"/v1/dossiers/{dossier['id']}/results/residence", expect=404, code="result-unknown")
    police = await city.signed_in("residence")
    await police.get(f"{path_of(dossier, 'residence')}/result", expect=404, code="result-unknown")


async def test_one_notification_in_two_dossiers_decided_at_once(city: CityPeople) -> None:
    """Both parents file for one child; two officers approve in the same moment."""
    parent, number = await city.signed_in("parent"), "00888.GCS.79888.26"
    births = [await steps.submitted(parent, gcs=number) for _ in range(2)]
    officers = [await officer_actor(city, f"hai-so-{n}", "civil_status") for n in range(2)]
    ids = [steps.branch(dossier, "birth")["id"] for dossier in births]
    for officer, branch_id in zip(officers, ids, strict=True):
        await deciding.claim(city.house.stand, officer, branch_id, version=None)
    answers = await asyncio.gather(
        *(approve(city, officer, branch_id) for officer, branch_id in zip(officers, ids, strict=True)),
        return_exceptions=True,
    )
    assert sorted(getattr(answer, "code", "done") for answer in answers) == ["birth-notification-used", "done"]
    for dossier in births:
        await whole(parent, dossier)


async def approve(city: CityPeople, officer: Actor, branch_id: str, pins: Any = None) -> DeskBranch:
    stand, asked = city.house.stand, Decide(outcome="approved")
    await deciding.decide(dataclasses.replace(stand, pins=pins or stand.pins), officer, branch_id, asked, version=None)
    return await desk.look(stand, officer, branch_id)


class Failing:
    """An issuer that gives the number and then fails, or fails at once: its reply is lost either way."""

    development_only = True

    def __init__(self, error: Exception) -> None:
        self.error = error

    async def issue(self, *, province_code: str, sex: Sex, birth_date: Any, request_id: str) -> str:
        raise self.error


@pytest.mark.parametrize("error", [PinIssuerAway(retry_after_seconds=30), ConnectionResetError("in mid-air")])
async def test_an_issuer_that_fails_leaves_all_as_it_was(city: CityPeople, error: Exception) -> None:
    parent, dossier = await city.signed_in("parent"), await steps.submitted(await city.signed_in("parent"))
    before = await parent.get("/v1/me/messages", expect=200)
    branch_id = steps.branch(dossier, "birth")["id"]
    officer = await officer_actor(city, f"mat-mang-{type(error).__name__}".lower(), "civil_status")
    await deciding.claim(city.house.stand, officer, branch_id, version=None)
    with pytest.raises(type(error)):
        await approve(city, officer, branch_id, Failing(error))
    shown = await whole(parent, dossier)
    assert [branch["state"] for branch in shown["branches"]] == ["in_review", "waiting", "waiting", "waiting"]
    assert await parent.get("/v1/me/messages", expect=200) == before
    decided = await approve(city, officer, branch_id)
    assert decided.branch.state == "approved"


async def test_a_number_asked_for_twice_is_one_number(city: CityPeople, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process dies between the issuer's reply and the commit: asked again, the child has the first number."""
    parent, dossier = await city.signed_in("parent"), await steps.submitted(await city.signed_in("parent"))
    branch_id = steps.branch(dossier, "birth")["id"]
    officer = await officer_actor(city, "chet-giua-chung", "civil_status")
    await deciding.claim(city.house.stand, officer, branch_id, version=None)
    given: list[str] = []

    class Listening:
        development_only = True

        async def issue(self, *, request_id: str, **rest: Any) -> str:
            given.append(await city.house.pins.issue(request_id=request_id, **rest))  # type: ignore[union-attr]
            return given[-1]

    async def dies(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(store, "add_result", dies)
        with pytest.raises(KeyboardInterrupt):
            await approve(city, officer, branch_id, Listening())
    assert (await whole(parent, dossier))["status"] == "open"
    await approve(city, officer, branch_id, Listening())
    assert len(given) == 2
    assert given[0] == given[1]
    async with city.house.db.connect() as conn:
        query = text("select count(*) from register_entries where pin = :pin")
        assert (await conn.execute(query, {"pin": given[0]})).scalar_one() == 1


async def test_what_is_read_while_it_is_decided_is_of_one_moment(
    city: CityPeople, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A decision between two reads of one page once made an honest history look tampered with."""
    parent, officer = await city.signed_in("parent"), await city.signed_in("civil_status")
    dossier = await steps.submitted(parent)
    refuse = {"outcome": "refused", "reason": "Giấy chứng sinh mờ, không đọc được số."}
    read = store.events_of

    async def decided_meanwhile(conn: AsyncConnection, dossier_id: str) -> list[history.Event]:
        monkeypatch.setattr(store, "events_of", read)
        await officer.post(f"{path_of(dossier, 'birth')}/claim", expect=201)
        await officer.post(f"{path_of(dossier, 'birth')}/decision", json=refuse, expect=201)
        return await read(conn, dossier_id)

    monkeypatch.setattr(store, "events_of", decided_meanwhile)
    told = await parent.get(f"/v1/dossiers/{dossier['id']}/history", expect=200)
    assert (told["intact"], len(told["lines"])) == (True, 5)
    assert len((await parent.get(f"/v1/dossiers/{dossier['id']}/history", expect=200))["lines"]) > 5

    dossier = await steps.submitted(parent)
    monkeypatch.setattr(store, "events_of", decided_meanwhile)
    shown = await parent.get(f"/v1/dossiers/{dossier['id']}", expect=200)
    assert (shown["status"], len(shown["timeline"])) == ("open", 5)
    assert {branch["state"] for branch in shown["branches"]} == {"submitted", "waiting"}
