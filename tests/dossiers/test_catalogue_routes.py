"""What may be asked for, over HTTP, for anyone."""

import pytest

from tests.people import CityPeople

pytestmark = pytest.mark.anyio

SPLIT = "1 đường Hư Cấu, Phường Sơn Kỳ, Quận Tân Phú, Thành phố Hồ Chí Minh"


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


async def test_what_is_assumed_is_marked(city: CityPeople) -> None:
    listed = (await city.nobody.get("/v1/procedures", expect=200))["procedures"]
    marks = {item["key"]: item["source"] for item in listed}
    assert (marks["birth_group"], marks["criminal_record_certificate"]) == ("published", "assumption")
    item = await city.nobody.get("/v1/procedures/criminal_record_certificate", expect=200)
    assert "national_code" not in item
    assert {item["deadline"]["source"], *(fee["source"] for fee in item["fees"])} == {"assumption"}
    assert [step["working_days"] for step in item["steps"]] == [1, 7, 2]


async def test_versions_with_their_days_of_force(city: CityPeople) -> None:
    now = await city.nobody.get("/v1/procedures/death_registration", expect=200)
    assert [(one["from"], one["until"]) for one in now["versions"]] == [
        ("2024-07-01", "2027-02-28"),
        ("2027-03-01", None),
    ]
    later = await city.nobody.get("/v1/procedures/death_registration?on=2027-03-01", expect=200)
    assert (now["result"]["name"]["vi"], later["result"]["name"]["vi"]) == ("Trích lục khai tử", "Giấy chứng tử")
    await city.nobody.get("/v1/procedures/2.002621?on=2026-08-31", expect=200)
    await city.nobody.get("/v1/procedures/2.002621", expect=409, code="procedure-not-in-force")
    await city.nobody.get("/v1/procedures/2.002621?on=tomorrow", expect=400)


async def test_life_events_lead_to_what_is_in_force(city: CityPeople) -> None:
    events = (await city.nobody.get("/v1/life-events", expect=200))["events"]
    assert {"birth", "death", "marriage", "business"} <= {event["key"] for event in events}
    birth = await city.nobody.get("/v1/life-events/birth", expect=200)
    assert birth["procedures"][0]["code"] == "3.000722"
    assert len(birth["guide"]) >= 2
    await city.nobody.get("/v1/life-events/moon", expect=404, code="unknown-life-event")


async def test_code_lists_and_both_maps(city: CityPeople) -> None:
    names = (await city.nobody.get("/v1/code-lists", expect=200))["lists"]
    assert {"ethnicity", "nationality", "sex", "wards", "relation_to_head"} <= set(names)
    assert len((await city.nobody.get("/v1/code-lists/wards", expect=200))["codes"]) == 168
    assert len((await city.nobody.get("/v1/code-lists/ethnicity", expect=200))["codes"]) == 56
    assert len((await city.nobody.get("/v1/code-lists/nationality", expect=200))["codes"]) == 250
    await city.nobody.get("/v1/code-lists/shoe_sizes", expect=404, code="unknown-code-list")
    old = await city.nobody.get(
        "/v1/places/resolution", params={"address": "12 Lê Lợi, Phường Bến Nghé, Quận 1, TP. Hồ Chí Minh"}, expect=200
    )
    assert (old["ward"], old["detail"], old["today"][0]["code"]) == ("26740", "12 Lê Lợi", "79/26740")
    await city.nobody.get("/v1/places/resolution", expect=400)


async def test_an_old_ward_that_was_split_leaves_several_to_choose_from(city: CityPeople) -> None:
    split = await city.nobody.get("/v1/places/resolution", params={"address": SPLIT}, expect=200)
    assert split["ward"] is None
    assert len(split["today"]) > 1
    assert {one["map"] for one in split["today"]} == {"since-2025-07-01"}
