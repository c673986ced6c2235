"""What a counter took in cash on a day: all of it for the head, their own for who receives, nothing for anybody else."""

import csv
import io
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from kit import clock
from tests.dossiers import steps
from tests.dossiers.test_lifecycle import BRANCH, at, desk, payment_requested
from tests.people import CityPeople, Person

pytestmark = pytest.mark.anyio

AMOUNT, TAKINGS = 10_000, "/v1/desk/takings"


async def taken(city: CityPeople, **changed: Any) -> dict[str, Any]:
    """A fee that the police's head took in cash; `changed` as if by another, at another counter or on another day. Answers with the payment."""
    dossier = await payment_requested(city)
    head, parent = await city.signed_in("head_cong_an"), await city.signed_in("parent")
    await head.post(f"{desk(dossier)}/cash-payment", json={"amount_dong": AMOUNT}, expect=201)
    paid = await parent.get(at(dossier, "payment"), expect=200)
    if changed:
        sets = ", ".join(f"{name} = :{name}" for name in changed)
        async with city.house.db.begin() as conn:
            await conn.execute(text(f"update payments set {sets} where id = :id"), changed | {"id": paid["order_id"]})
    return paid | {"receipt_code": dossier["receipt_code"], "branch_id": steps.branch(dossier, BRANCH)["id"]}


def line(found: Any, paid: dict[str, Any]) -> dict[str, Any]:
    return next(one for one in found["lines"] if one["order_id"] == paid["order_id"])


async def test_a_day_of_a_counter_for_its_head(city: CityPeople) -> None:
    head = await city.signed_in("head_cong_an")
    before = await head.get(TAKINGS, expect=200)
    assert before["day"] == clock.today().isoformat()
    paid = await taken(city)
    found = await head.get(TAKINGS, expect=200)
    said = line(found, paid)
    assert (said["receipt"], said["receipt_code"], said["amount_dong"]) == (
        paid["receipt"],
        paid["receipt_code"],
        AMOUNT,
    )
    assert said["branch_id"] == paid["branch_id"]
    assert found["sum_dong"] == before["sum_dong"] + AMOUNT == sum(one["amount_dong"] for one in found["lines"])
    assert sum(one["sum_dong"] for one in found["cashiers"]) == found["sum_dong"]
    assert "Nguyễn Thị Hồng Thắm" not in str(found), "whose it is stands in the dossier"
    [cashier] = [one for one in found["cashiers"] if one["full_name"] == said["by"]]
    own = await head.get(f"{TAKINGS}?by={cashier['officer_id']}", expect=200)
    assert own["sum_dong"] == cashier["sum_dong"]
    assert (await head.get(f"{TAKINGS}?by=acc_none", expect=200))["lines"] == []


async def test_the_days_edges_are_the_citys(city: CityPeople) -> None:
    head, day = await city.signed_in("head_cong_an"), date(2026, 3, 2)
    inside, after = [
        await taken(city, paid_at=clock.now().replace(year=2026, month=3, day=2, hour=hour, minute=minute, second=59))
        for hour, minute in ((16, 59), (17, 0))
    ]
    for one, on in ((inside, day), (after, day + timedelta(days=1))):
        found = await head.get(f"{TAKINGS}?day={on}", expect=200)
        assert line(found, one)["amount_dong"] == AMOUNT
        assert len(found["lines"]) == 1
    for far in (date.min, date.max):
        assert (await head.get(f"{TAKINGS}?day={far}", expect=200))["sum_dong"] == 0
    await head.get(f"{TAKINGS}?day=moon", expect=400)


async def test_who_receives_sees_what_they_took_and_nobody_else_anything(city: CityPeople) -> None:
    ward, other = await city.signed_in("identity_checker"), "acc_somebody_else"
    async with city.house.db.connect() as conn:
        find = "select id from accounts where kind = 'officer' and full_name = :name"
        me = (
            await conn.execute(text(find), {"name": (await ward.get("/v1/me", expect=200))["full_name"]})
        ).scalar_one()
    office = "off_ubnd_sai_gon"
    mine = await taken(city, taken_by=me, taken_at_office=office)
    theirs = await taken(city, taken_at_office=office)
    found = await ward.get(TAKINGS, expect=200)
    assert [one["order_id"] for one in found["lines"]] == [mine["order_id"]]
    assert found["sum_dong"] == AMOUNT
    assert line(found, mine)["branch_id"] is None, "the branch is another office's"
    assert len(found["cashiers"]) == 1
    await ward.get(f"{TAKINGS}?by={other}", expect=403, code="role-missing")
    assert (await ward.get(f"{TAKINGS}?by={me}", expect=200))["lines"] == found["lines"]
    police = await city.signed_in("head_cong_an")
    shown = {one["order_id"] for one in (await police.get(TAKINGS, expect=200))["lines"]}
    assert not shown & {mine["order_id"], theirs["order_id"]}, "another counter's"
    for path in (TAKINGS, f"{TAKINGS}/spreadsheet"):
        await city.nobody.get(path, expect=401)
        for who in ("parent", "residence", "insurance"):
            await (await city.signed_in(who)).get(path, expect=404)


async def test_a_spreadsheet_of_it(city: CityPeople) -> None:
    paid = await taken(city)
    head = await city.signed_in("head_cong_an")
    found = await head.get(TAKINGS, expect=200)
    rows = await saved(head)
    assert rows[0][0] == "Số biên lai"
    [row] = [row for row in rows if row[0] == paid["receipt"]]
    assert (row[2], row[5]) == (paid["receipt_code"], str(AMOUNT))
    assert (rows[-1][0], rows[-1][5]) == ("Tổng cộng", str(found["sum_dong"]))
    assert len(rows) == len(found["lines"]) + 2


async def saved(head: Person) -> list[list[str]]:
    answer = await head.get(f"{TAKINGS}/spreadsheet", expect=200)
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.content.startswith("\ufeff".encode())
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
