"""A procedure that is one file in a folder, and no Python: filed, decided, its result printed. And the version that a dossier keeps."""

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

import procedures
from dossiers import drafting, store
from dossiers.messages import OpenDraft
from kit import clock
from kit.actor import Actor
from tests.dossiers import steps
from tests.dossiers.test_papers import text_of
from tests.people import CityPeople
from tests.procedures.test_catalogue import NEW

pytestmark = pytest.mark.anyio

RESULT = """
[[result.fields]]
name = "number"
kind = "text"
label = { vi = "Số thẻ", en = "Number of the card" }
required = true

[[result.fields]]
name = "valid_until"
kind = "date"
label = { vi = "Có giá trị đến", en = "Valid until" }
required = true

[[sections]]"""


@pytest.fixture
async def library(city: CityPeople, tmp_path: Path) -> AsyncIterator[CityPeople]:
    """The city with one file more in its catalogue."""
    (tmp_path / "library_card.toml").write_text(NEW.replace("\n[[sections]]", RESULT, 1), "utf-8")
    house, ours = city.house, city.house.catalogue
    object.__setattr__(house, "catalogue", procedures.load(None, tmp_path))
    yield city
    object.__setattr__(house, "catalogue", ours)


async def test_a_file_in_a_folder_is_filed_decided_and_printed(library: CityPeople) -> None:
    city, parent = library, await library.signed_in("parent")
    found = await parent.get("/v1/procedures?q=the thu vien", expect=200)
    assert [item["code"] for item in found["procedures"]] == ["library_card"]
    assert (await city.client.get("/v1/procedures/library_card/form")).json()["properties"]["reading"]
    draft = await parent.post(
        "/v1/dossiers", json={"procedure": "library_card", "options": {"ward": "26740"}}, expect=201
    )
    path = f"/v1/dossiers/{draft['id']}"
    assert [fault["field"] for fault in draft["faults"]] == ["reading.language"]
    await steps.submit(parent, draft["id"], expect=422, code="dossier-incomplete")
    await parent.patch(
        f"{path}/form", json={"fields": {"reading.language": "Tiếng Việt"}}, headers={"If-Match": '"1"'}, expect=200
    )
    await steps.submit(parent, draft["id"])
    dossier = await parent.get(path, expect=200)
    [branch] = dossier["branches"]
    officer = await city.signed_in("identity_checker")
    desk = f"/v1/desk/branches/{branch['id']}"
    await officer.post(f"{desk}/claim", expect=201)
    bare = {"outcome": "approved", "result": {"number": "TV-1"}}
    refused = await officer.post(f"{desk}/decision", json=bare, expect=422, code="result-incomplete")
    assert [fault["field"] for fault in refused["faults"]] == ["result.valid_until"]
    stated = {"outcome": "approved", "result": {"number": "TV-1", "valid_until": "2030-01-31"}}
    await officer.post(f"{desk}/decision", json=stated, expect=201)
    done = await parent.get(path, expect=200)
    assert (done["status"], done["branches"][0]["result"]["number"]) == ("closed", "TV-1")
    paper = await parent.get(done["branches"][0]["result"]["href"], expect=200)
    said = text_of(paper.content)
    assert "Thẻ thư viện" in said
    assert "31/01/2030" in said


# --- the version of the day it was opened -----------------------------------------------------------------------------


async def opened_on(city: CityPeople, day: str, procedure: str) -> dict[str, Any]:
    """A draft of the parent's, opened at nine in the morning of that day."""
    parent, house = await city.signed_in("parent"), city.house
    today = await parent.post("/v1/dossiers", json={"procedure": "civil_status_extract"}, expect=201)
    async with house.db.connect() as conn:
        row = await store.dossier(conn, today["id"])
    assert row is not None
    actor = Actor(kind="citizen", account_id=row.account_id, level=2, scopes=frozenset({"dossiers:write"}))
    with clock.frozen_near(datetime.fromisoformat(f"{day}T09:00").replace(tzinfo=clock.CITY)):
        draft = await drafting.open_draft(house.stand, actor, OpenDraft(procedure=procedure))
    return {"id": draft.id, "version": draft.procedure.version, "code": draft.procedure.code}


@pytest.mark.parametrize(
    ("key", "last", "first", "versions", "codes"),
    [
        ("birth_group", "2026-08-31", "2026-09-01", ("2024-07-01", "2026-09-01"), ("2.002621", "3.000722")),
        ("death_group", "2026-08-31", "2026-09-01", ("2024-07-01", "2026-09-01"), ("2.002622", "2.002913")),
        ("death_registration", "2027-02-28", "2027-03-01", ("2024-07-01", "2027-03-01"), ("1.000656", "1.000656")),
        ("birth_registration", "2027-02-28", "2027-03-01", ("2024-07-01", "2027-03-01"), ("1.001193", "1.001193")),
    ],
)
async def test_a_dossier_keeps_the_version_of_the_day_it_was_opened(
    city: CityPeople, key: str, last: str, first: str, versions: tuple[str, str], codes: tuple[str, str]
) -> None:
    parent = await city.signed_in("parent")
    old, new = await opened_on(city, last, key), await opened_on(city, first, key)
    assert (old["version"], new["version"]) == versions
    assert (old["code"], new["code"]) == codes
    # Whenever it is looked at, today or years later, it stands under its own law.
    for draft in (old, new):
        seen = await parent.get(f"/v1/dossiers/{draft['id']}", expect=200)
        assert (seen["procedure"]["version"], seen["procedure"]["code"]) == (draft["version"], draft["code"])


async def test_the_branches_of_a_dossier_are_those_of_its_version(city: CityPeople) -> None:
    """Opened on the last day of the old group, a dossier has no identity card among its branches, though today's has."""
    parent = await city.signed_in("parent")
    draft = await opened_on(city, "2026-08-31", "birth_group")
    seen = await parent.get(f"/v1/dossiers/{draft['id']}", expect=200)
    assert seen["options"]["branches"] == ["birth", "residence", "insurance"]
    assert (await opened_on(city, "2026-09-01", "birth_group"))["code"] == "3.000722"
