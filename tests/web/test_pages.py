"""Pages: the right language, nothing foreign, no error document in a browser, closed outside the sandbox."""

from typing import Any

import httpx
import msgspec
import pytest

from api.app import create_app
from kit.pool import InferencePool
from kit.settings import Settings
from tests.dossiers import steps
from tests.people import CityPeople

pytestmark = pytest.mark.anyio


async def _page(city: CityPeople, path: str, **rest: object) -> httpx.Response:
    return await city.client.get(path, **rest)  # type: ignore[arg-type]


async def test_vietnamese_first_english_for_who_asks(city: CityPeople) -> None:
    assert '<html lang="vi">' in (await _page(city, "/")).text
    assert '<html lang="en">' in (await _page(city, "/?lang=en")).text
    assert '<html lang="en">' in (await _page(city, "/", headers={"Accept-Language": "en-GB,en;q=0.9"})).text
    assert '<html lang="vi">' in (await _page(city, "/", headers={"Accept-Language": "vi-VN,vi;q=0.9,en;q=0.8"})).text


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/d",
        "/d/H29.X",
        "/device",
        "/developers",
        "/docs",
        "/procedures",
        "/procedures/3.000722",
        "/life-events/birth",
        "/sandbox",
        "/sandbox/inbox",
    ],
)
async def test_every_page_is_small_and_keeps_foreign_script_out(city: CityPeople, path: str) -> None:
    answer = await _page(city, path)
    assert answer.status_code == 200
    assert len(answer.content) < 50_000
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["referrer-policy"] == "no-referrer"


async def test_a_wrong_guess_shows_the_form_again_with_what_to_do(city: CityPeople) -> None:
    wrong = await city.client.post("/d", data={"code": "H29.26740-261122-BCDFG-HJKLM-NPQRS", "born": "20/05/1992"})
    assert wrong.status_code == 404
    assert 'role="alert"' in wrong.text
    assert "H29.26740-261122-BCDFG-HJKLM-NPQRS" in wrong.text, "what was typed is not lost"
    no_day = await city.client.post("/d", data={"code": "x", "born": "32/13/1992"})
    assert no_day.status_code == 422
    assert 'role="alert"' in no_day.text


async def test_what_has_ended_has_no_term_and_says_where_its_paper_is(city: CityPeople) -> None:
    """A refused procedure was once shown as due."""
    parent = await city.signed_in("parent")
    dossier = await steps.submitted(parent)
    shown = await _followed(city, dossier)
    assert shown.count("due ") == 1
    await steps.decide(city, dossier, "birth")
    shown = await _followed(city, dossier)
    assert (shown.count("due "), shown.count("the paper is ready")) == (3, 1)
    refused = await steps.submitted(parent)
    await steps.decide(city, refused, "birth", refuse="Số giấy chứng sinh không có trong hệ thống của bệnh viện.")
    shown = await _followed(city, refused)
    assert "Số giấy chứng sinh không có" in shown, "the reason"
    assert (shown.count("due "), shown.count("the paper is ready")) == (0, 0)


async def _followed(city: CityPeople, dossier: dict[str, Any]) -> str:
    answer = await city.client.post("/d?lang=en", data={"code": dossier["receipt_code"], "born": "20/05/1992"})
    assert answer.status_code == 200
    assert f'href="/d/{dossier["receipt_code"]}?lang=vi"' in answer.text, "the other language keeps the code"
    return answer.text


async def test_what_is_typed_is_text_never_markup(city: CityPeople) -> None:
    answer = await city.client.post("/d", data={"code": '"><script>alert(1)</script>', "born": "1/1/1990"})
    assert "<script>alert" not in answer.text


async def test_the_promise_is_served_as_promised(city: CityPeople) -> None:
    assert (await _page(city, "/openapi.json")).json()["info"]["title"] == "Một Cửa"


async def test_no_page_of_the_sandbox_outside_of_it(settings: Settings, pool: InferencePool) -> None:
    closed = msgspec.structs.replace(settings, sandbox=False)
    app = create_app(closed, pool=pool)
    async with app.lifespan(), httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://x") as client:
        for path in ("/sandbox", "/sandbox/inbox", "/sandbox/inbox.json"):
            assert (await client.get(path)).status_code == 404
        assert "/sandbox" not in (await client.get("/")).text
