"""Submissions that come while others are taken in: one transaction, and each of them on its own for whatever goes wrong."""

import asyncio
import uuid
from typing import Any

import pytest
from sqlalchemy import text

from dossiers import store
from tests.dossiers import steps
from tests.people import CityPeople, Person

pytestmark = pytest.mark.anyio


async def sent(parent: Person, draft_id: str, key: str | None = None) -> dict[str, Any]:
    """The answer, whatever it is."""
    path = f"/v1/dossiers/{draft_id}/submission"
    return await parent.post(path, headers={"Idempotency-Key": key or uuid.uuid4().hex})


async def transactions(city: CityPeople, draft_ids: list[str]) -> int:
    """In how many these dossiers were last written."""
    async with city.house.db.connect() as conn:
        query = text("select count(distinct xmin::text) from dossiers where id = any(:ids)")
        return (await conn.execute(query, {"ids": draft_ids})).scalar_one()


async def drafts(parent: Person, count: int) -> list[str]:
    return [(await steps.filled_draft(parent))["id"] for _ in range(count)]


async def test_several_go_in_one_transaction_each_with_its_own_answer(city: CityPeople) -> None:
    parent = await city.signed_in("parent")
    ids = await drafts(parent, 6)
    answers = await asyncio.gather(*(sent(parent, draft_id) for draft_id in ids))
    assert [answer["id"] for answer in answers] == ids
    assert len({answer["receipt_code"] for answer in answers}) == 6
    assert await transactions(city, ids) < 6
    for answer in answers:
        shown = await parent.get(f"/v1/dossiers/{answer['id']}", expect=200)
        assert shown["receipt_code"] == answer["receipt_code"]
        assert len(shown["branches"]) == 4
        assert (await parent.get(f"/v1/dossiers/{answer['id']}/history", expect=200))["intact"]
    async with city.house.db.connect() as conn:
        query = text("select count(*) from messages where event = 'dossier-received' and once_key like any(:keys)")
        keys = [f"dossier-received:{draft_id}:%" for draft_id in ids]
        assert (await conn.execute(query, {"keys": keys})).scalar_one() == 6


async def test_what_is_wrong_with_one_is_told_to_that_one(city: CityPeople) -> None:
    parent, other = await city.signed_in("parent"), await city.signed_in("stranger")
    whole, half = (
        await drafts(parent, 3),
        await parent.post("/v1/dossiers", json={"procedure": steps.GROUP}, expect=201),
    )
    answers = await asyncio.gather(
        sent(parent, whole[0]), sent(parent, half["id"]), sent(other, whole[1]), sent(parent, whole[2])
    )
    assert [answer.get("code", "done") for answer in answers] == [
        "done",
        "dossier-incomplete",
        "dossier-unknown",
        "done",
    ]
    assert (await parent.get(f"/v1/dossiers/{whole[1]}", expect=200))["status"] == "draft"


async def test_two_for_one_dossier_and_one_key_for_two(city: CityPeople) -> None:
    parent, key = await city.signed_in("parent"), uuid.uuid4().hex
    one, two = await drafts(parent, 2)
    answers = await asyncio.gather(sent(parent, one, key), sent(parent, two, key), sent(parent, one, key))
    assert answers[0] == answers[2]
    assert [answer["id"] for answer in answers[:2]] == [one, two], "a key is of one dossier's submission"
    three = (await drafts(parent, 1))[0]
    said = await asyncio.gather(*(sent(parent, three) for _ in range(4)))
    assert sorted(answer.get("code", "done") for answer in said) == ["already-submitted"] * 3 + ["done"]


async def test_where_the_transaction_fails_each_has_its_own(city: CityPeople, monkeypatch: pytest.MonkeyPatch) -> None:
    parent = await city.signed_in("parent")
    ids = await drafts(parent, 5)
    write, broken = store.submit, ids[2]

    async def fails(conn: Any, taken: Any) -> None:
        await write(conn, taken)
        if broken in {one.dossier_id for one in taken}:
            raise ConnectionResetError("in mid-air")

    with monkeypatch.context() as patched:
        patched.setattr(store, "submit", fails)
        answers = await asyncio.gather(*(sent(parent, draft_id) for draft_id in ids))
    assert [answer.get("code", "done") for answer in answers] == ["done", "done", "unexpected", "done", "done"]
    assert (await parent.get(f"/v1/dossiers/{broken}", expect=200))["status"] == "draft"
    assert (await sent(parent, broken))["id"] == broken
