"""GET /v1/offices: anybody may know where things are done."""

from tests.people import CityPeople


async def test_anybody_sees_the_offices(city: CityPeople) -> None:
    offices = await city.nobody.get("/v1/offices", expect=200)
    assert [office["agency"] for office in offices] == ["bhxh", "cong_an_xa", "ubnd_xa"]
    assert all(office["name"]["vi"] and office["name"]["en"] and office["address"] for office in offices)
    police = await city.nobody.get("/v1/offices", params={"agency": "cong_an_xa", "ward": "26740"}, expect=200)
    assert [office["id"] for office in police] == ["off_cong_an_sai_gon"]
    assert await city.nobody.get("/v1/offices", params={"ward": "00001"}, expect=200) == []
    await city.nobody.get("/v1/offices", params={"agency": "palace"}, expect=400, code="malformed-request")
