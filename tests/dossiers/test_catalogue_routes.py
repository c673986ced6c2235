"""What may be asked for, over HTTP, for anyone."""

import pytest

from tests.people import CityPeople

pytestmark = pytest.mark.anyio


async def test_plain_words_find_the_group(city: CityPeople) -> None:
    found = await city.nobody.get("/v1/procedures?q=lam khai sinh cho con", expect=200)
    assert "3.000722" in [item["code"] for item in found["procedures"]]
    everything = await city.nobody.get("/v1/procedures", expect=200)
    assert len(everything["procedures"]) >= len(found["procedures"])


async def test_one_item_is_shown_with_its_sources_in_law(city: CityPeople) -> None:
    item = await city.nobody.get("/v1/procedures/3.000722", expect=200)
    assert [branch["name"] for branch in item["branches"]] == ["birth", "residence", "insurance", "identity_card"]
    assert item["cites"]
    assert "cases" not in item
    await city.nobody.get("/v1/procedures/0.000000", expect=404, code="unknown-procedure")


async def test_form_is_a_json_schema_of_the_chosen_branches(city: CityPeople) -> None:
    whole = (await city.client.get("/v1/procedures/3.000722/form")).json()
    assert {"child", "residence", "insurance"} <= set(whole["properties"])
    part = (await city.client.get("/v1/procedures/3.000722/form?branches=birth,insurance")).json()
    assert "residence" not in part["properties"]
    await city.nobody.get("/v1/procedures/3.000722/form?branches=residence", expect=422, code="bad-branch-choice")
