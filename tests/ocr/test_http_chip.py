"""A chip sent along with the photos: its verdict, its word against the card's, and nonces that serve once."""

import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.people import CityPeople

from .chip import issuing
from .test_http import PATH, back, front

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
async def _uncounted(city: CityPeople) -> AsyncIterator[None]:
    city.house.limits._scale = 1000  # pyright: ignore[reportPrivateUsage]
    yield
    city.house.limits._scale = 1  # pyright: ignore[reportPrivateUsage]


CHALLENGES = "/v1/cards/challenges"


def chip_files(**more: Any) -> dict[str, Any]:
    """The TEST ONLY chip of another person than the specimen's."""
    issue = issuing.Issue(chain=issuing.chain())
    files = {"sod": issuing.sod(issue), **{f"dg{n}": data for n, data in issue.groups.items()}}
    return {name: base64.b64encode(data).decode() for name, data in files.items()} | more


async def send(city: CityPeople, told: Any, **expected: Any) -> Any:
    files = {
        "front": ("f", front(), "image/jpeg"),
        "back": ("b", back(), "image/jpeg"),
        "chip": (None, told if isinstance(told, bytes) else json.dumps(told).encode()),
    }
    return await (await city.signed_in("parent")).post(PATH, files=files, **expected)


async def test_a_chip_of_another_person_contradicts_and_its_issuer_is_unknown(city: CityPeople) -> None:
    reading = await send(city, chip_files())
    assert reading["chip"]["verdict"] == "issuer_unknown", "no authority is pinned in the tests' settings"
    assert reading["chip"]["cloned_checked"] == "not_done"
    number = reading["fields"]["number"]
    assert number["status"] == "conflict"
    assert {source["source"]: source["value"] for source in number["sources"]}["chip"] == issuing.NUMBER
    assert reading["decision"] == "review"
    assert "chip-issuer-unknown" in {issue["code"] for issue in reading["issues"]}
    assert reading["fields"]["ethnicity"]["sources"][0]["source"] == "chip", "only the chip knows it on this card"


async def test_a_tampered_chip_fails_and_says_nothing(city: CityPeople) -> None:
    told = chip_files()
    told["dg1"] = base64.b64encode(issuing.dg1(number="079303000002")).decode()
    reading = await send(city, told)
    assert reading["chip"]["verdict"] == "failed"
    assert all(source["source"] != "chip" for field in reading["fields"].values() for source in field["sources"])
    assert reading["decision"] == "review"


async def test_a_nonce_is_good_once_and_for_whom_it_was_made(city: CityPeople) -> None:
    nonce = (await (await city.signed_in("parent")).post(CHALLENGES, expect=201))["nonce"]
    answer = issuing.answer(issuing.key("p256", "chip"), base64.b64decode(nonce))
    told = chip_files(active={"nonce": nonce, "signature": base64.b64encode(answer).decode()})
    reading = await send(city, told)
    assert reading["chip"]["cloned_checked"] == "pass"
    await send(city, told, expect=409, code="stale-chip-challenge")


@pytest.mark.parametrize("told", [b"{", b'{"sod": "!!"}', b"[]", b'{"sod": "AA==", "dg1": "AA==", "dg3": "AA=="}'])
async def test_what_is_no_chips_files_is_refused(city: CityPeople, told: bytes) -> None:
    await send(city, told, expect=422, code="bad-chip-files")


async def test_nobody_gets_a_nonce(city: CityPeople) -> None:
    await city.nobody.post(CHALLENGES, expect=401)
