"""Live status: lines as they are written, going on where one stopped; polling that costs nothing while nothing happens."""

import asyncio
from datetime import timedelta

import msgspec
import pytest

from dossiers import watching
from dossiers.messages import Line
from dossiers.refusals import TooManyListeners
from dossiers.watching import Feed
from tests.dossiers import steps
from tests.dossiers.test_lifecycle import later
from tests.people import CityPeople

pytestmark = pytest.mark.anyio


async def test_polling_is_answered_with_304_until_something_happens(city: CityPeople) -> None:
    parent = await city.signed_in("parent")
    dossier = await steps.submitted(parent)
    path = f"/v1/dossiers/{dossier['id']}/status"
    first = await parent.get(path, expect=200)
    assert first["receipt_code"] == dossier["receipt_code"]
    assert first["timeline"] == dossier["timeline"]
    answer = await parent.client.get(path, headers=parent.headers("GET", path))
    tag = answer.headers["etag"]
    again = await parent.client.get(path, headers=parent.headers("GET", path) | {"If-None-Match": tag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    async with later(city, timedelta(days=30)) as then:
        late = await (await then.signed_in("parent")).get(path, headers={"If-None-Match": tag}, expect=200)
        assert late["branches"][0]["overdue"], "lateness is derived, and still shows"
    await steps.decide(city, dossier, "birth")
    changed = await parent.get(path, headers={"If-None-Match": tag}, expect=200)
    assert changed["branches"][0]["state"] == "approved"


async def test_who_may_watch(city: CityPeople) -> None:
    parent = await city.signed_in("parent")
    dossier = await steps.submitted(parent)
    draft = await steps.filled_draft(parent)
    for verb in ("status", "events"):
        path = f"/v1/dossiers/{dossier['id']}/{verb}"
        await city.nobody.get(path, expect=401, code="not-signed-in")
        await (await city.signed_in("stranger")).get(path, expect=404, code="dossier-unknown")
    await (await city.signed_in("other_parent")).get(f"/v1/dossiers/{dossier['id']}/status", expect=200)
    await parent.get(f"/v1/dossiers/{draft['id']}/status", expect=404, code="dossier-unknown")


async def test_lines_come_as_they_are_written_and_go_on_where_one_stopped(city: CityPeople) -> None:
    parent = await city.signed_in("parent")
    dossier = await steps.submitted(parent)
    feed = Feed(city.house.db, every_seconds=0.05)
    heard: list[Line] = []
    stream = watching.lines(city.house.db, feed, dossier["id"], after=0)
    heard += await anext(stream)
    assert [line.seq for line in heard] == [1, 2, 3, 4, 5]
    await steps.decide(city, dossier, "birth")
    while len(heard) < 7:
        heard += await asyncio.wait_for(anext(stream), 60)
    await stream.aclose()
    resumed = watching.lines(city.house.db, feed, dossier["id"], after=6)
    rest = await anext(resumed)
    await resumed.aclose()
    assert rest[0].seq == 7
    await feed.close()
    told = watching.told(rest[:1])
    assert told.startswith(b"id: 7\nevent: line\ndata: {")
    assert told.endswith(b"}\n\n")
    assert msgspec.json.decode(told.split(b"data: ")[1], type=Line) == rest[0]
    assert watching.told([]).startswith(b":")


async def test_the_stream_over_http(city: CityPeople) -> None:
    parent = await city.signed_in("parent")
    dossier = await steps.submitted(parent)
    path = f"/v1/dossiers/{dossier['id']}/events"
    monkey = watching.LISTENED_FOR_SECONDS
    try:
        watching.LISTENED_FOR_SECONDS = 0.05  # type: ignore[misc] - the test client reads a whole answer
        answer = await parent.get(path, headers={"Last-Event-ID": "3"}, expect=200)
    finally:
        watching.LISTENED_FOR_SECONDS = monkey  # type: ignore[misc]
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert [line for line in answer.text.splitlines() if line.startswith("id:")] == ["id: 4", "id: 5"]


async def test_nobody_is_asked_about_while_nobody_listens_and_the_last_seat_is_the_last(
    city: CityPeople, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed = Feed(city.house.db, every_seconds=0.01)
    monkeypatch.setattr(watching, "_LISTENERS", 1)
    with feed.listen("dos_x"):
        with pytest.raises(TooManyListeners), feed.listen("dos_y"):
            raise AssertionError
        asking = next(task for task in asyncio.all_tasks() if task.get_name() == "dossiers-feed")
    await asyncio.wait_for(asking, 30)


async def test_a_dossier_is_small(city: CityPeople) -> None:
    """Under 50 kB on the line, with four results and the whole timeline."""
    parent = await city.signed_in("parent")
    dossier = await steps.submitted(parent)
    for name in steps.RESULTS:
        await steps.decide(city, dossier, name)
    path = f"/v1/dossiers/{dossier['id']}"
    for route in (path, f"{path}/status"):
        answer = await parent.client.get(route, headers=parent.headers("GET", route))
        assert answer.status_code == 200
        assert len(answer.content) < 50_000
    page = await city.client.post("/d", data={"code": dossier["receipt_code"], "born": "20/05/1992"})
    assert page.status_code == 200
    assert len(page.content) < 50_000
