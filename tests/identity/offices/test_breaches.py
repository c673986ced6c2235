"""The register of breaches: who, what, when known; 72 hours to tell the authority; every step appended."""

from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest

from identity.offices.breaches import service
from kit import clock
from kit.db import raw
from tests.identity.accounts.newcomers import letters_to
from tests.identity.offices.test_staff import WARD, account_of, appointed
from tests.people import CityPeople, Person

PATH = "/v1/breaches"


@pytest.fixture(scope="module")
async def operator(city: CityPeople) -> Person:
    return await appointed(city, "breach@motcua.test", WARD, "operator")


def breach(hours_ago: float = 1) -> dict[str, Any]:
    known = clock.now() - timedelta(hours=hours_ago)
    return {
        "what": "Máy tính bảng bị mất",
        "affected": "khoảng 20 người: họ tên, số điện thoại",
        "known_at": known.isoformat(),
    }


async def test_for_operators_only(city: CityPeople) -> None:
    await city.nobody.get(PATH, expect=401, code="not-signed-in")
    for who in ("parent", "civil_status"):
        await (await city.signed_in(who)).get(PATH, expect=404, code="not-found")
        await (await city.signed_in(who)).post(PATH, json=breach(), expect=404, code="not-found")


async def test_the_clock_runs_from_when_it_was_known(operator: Person) -> None:
    sent = breach(hours_ago=70)
    made = await operator.post(PATH, json=sent, expect=201)
    known, deadline = (datetime.fromisoformat(made[name]) for name in ("known_at", "deadline_at"))
    assert deadline - known == timedelta(hours=72)
    assert made["overdue"] is False
    with clock.shifted(timedelta(hours=2, minutes=1)):
        assert clock.now() > deadline
    late = await operator.post(PATH, json=breach(hours_ago=72.1), expect=201)
    assert late["overdue"] is True
    future = sent | {"known_at": (clock.now() + timedelta(minutes=5)).isoformat()}
    await operator.post(PATH, json=future, expect=422, code="known-in-future")
    await operator.post(PATH, json=sent | {"known_at": "2026-11-27T10:00:00"}, expect=400, code="malformed-request")
    await operator.post(PATH, json=sent | {"what": ""}, expect=400, code="malformed-request")


async def test_steps_in_their_order_each_with_who(operator: Person) -> None:
    made = await operator.post(PATH, json=breach(), expect=201)
    path, said = f"{PATH}/{made['id']}", {"said": "Đã khoá thiết bị từ xa"}
    await operator.post(f"{path}/closure", json=said, expect=409, code="breach-not-ready")
    await operator.post(f"{path}/notes", json=said, expect=201)
    told = await operator.post(f"{path}/notice", json={"said": "A05-2026-0123"}, expect=201)
    assert (told["notice_reference"], told["overdue"]) == ("A05-2026-0123", False)
    await operator.post(f"{path}/notice", json=said, expect=409, code="breach-not-ready")
    closed = await operator.post(f"{path}/closure", json={"said": "Thiết bị đã mã hoá, không lộ"}, expect=201)
    await operator.post(f"{path}/closure", json=said, expect=409, code="breach-not-ready")
    assert closed["closed_with"] == "Thiết bị đã mã hoá, không lộ"
    me = await account_of(operator)
    assert [(one["what"], one["officer_id"]) for one in closed["events"]] == [
        ("entered", me), ("noted", me), ("notified", me), ("closed", me),
    ]  # fmt: skip
    assert (await operator.get(PATH, expect=200))[0]["id"] == made["id"]
    for verb in ("notes", "notice", "closure"):
        await operator.post(f"{PATH}/brc_none/{verb}", json=said, expect=404, code="not-found")


async def test_operators_are_warned_once_a_stage(city: CityPeople, operator: Person) -> None:
    made = await operator.post(PATH, json=breach(hours_ago=0), expect=201)
    mail, house = "breach@motcua.test", city.house

    async def warned(after: timedelta) -> int:
        with clock.shifted(after):
            await service.warn(house.db, house.keys, house.post_office, house.settings)
            await service.warn(house.db, house.keys, house.post_office, house.settings)
            await city.run_jobs()
        return len(await letters_to(city, mail, "breach-deadline"))

    async with house.db.begin() as conn:
        await (await raw(conn)).execute(
            "update breaches set notified_at = now(), notice_reference = 'x' where id <> %s and notified_at is null",
            (made["id"],),
        )
    before = len(await letters_to(city, mail, "breach-deadline"))
    assert await warned(timedelta(hours=20)) == before
    assert await warned(timedelta(hours=25)) == before + 1
    assert await warned(timedelta(hours=49)) == before + 2
    assert await warned(timedelta(hours=80)) == before + 3
    await operator.post(f"{PATH}/{made['id']}/notice", json={"said": "A05-1"}, expect=201)
    assert await warned(timedelta(hours=90)) == before + 3


async def test_steps_are_appended(city: CityPeople, operator: Person) -> None:
    await operator.post(PATH, json=breach(), expect=201)
    async with city.house.db.begin() as conn:
        beneath = await raw(conn)
        for spoilt in ("update breach_events set said = 'x'", "delete from breach_events"):
            with pytest.raises(psycopg.errors.RaiseException):
                async with beneath.transaction():
                    await beneath.execute(spoilt)
