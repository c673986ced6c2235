"""Fees: the table's amount or none, a provider's sealed word, one receipt; work stopped and taken up again; results handed over."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from dossiers import paying
from dossiers.messages import TakeCash
from dossiers.refusals import OwnDossier
from kit import clock
from kit.actor import Actor
from tests.dossiers import steps
from tests.dossiers.test_lifecycle import BRANCH, WHY, at, desk, in_review, lapse, later, payment_requested, shown
from tests.dossiers.test_papers import text_of
from tests.dossiers.test_registered import filed, status_for
from tests.people import CityPeople
from wires.payments import Paid, SandboxPayments

pytestmark = pytest.mark.anyio

AMOUNT = 10_000


def state(dossier: dict[str, Any]) -> tuple[str, int]:
    branch = steps.branch(dossier, BRANCH)
    return branch["state"], branch["national_status"]


def provider(city: CityPeople) -> SandboxPayments:
    found = city.house.payments
    assert isinstance(found, SandboxPayments)
    return found


def notice(city: CityPeople, order: dict[str, Any], **changes: Any) -> dict[str, str]:
    said = {
        "order_id": order["order_id"],
        "amount_dong": order["amount_dong"],
        "reference": "NGÂN-HÀNG-1" + order["order_id"],
        "at": clock.now(),
    } | changes
    return provider(city).notice(Paid(**said))


async def fee_unpaid(city: CityPeople) -> dict[str, Any]:
    """A criminal record certificate, filed online, with two copies, taken by the officer."""
    he = await city.signed_in("delegate")
    asked = {
        "requester.phone": "0912345678",
        "home.residence": steps.HOME,
        "copies.count": 2,
        "record.form": "form_1",
        "record.purpose": "Xin việc làm",
        "record.lived": [{"from": "2009", "address": steps.HOME}],
    }
    dossier = await filed(he, "criminal_record_certificate", asked)
    officer = await city.signed_in("residence")
    await officer.post(f"/v1/desk/branches/{dossier['branches'][0]['id']}/claim", expect=201)
    return dossier


async def test_no_result_before_its_fee_is_paid(city: CityPeople) -> None:
    """Nothing asked for a fee before an approval, unless an officer thought of it."""
    dossier = await fee_unpaid(city)
    he, officer = await city.signed_in("delegate"), await city.signed_in("residence")
    path, [branch] = f"/v1/dossiers/{dossier['id']}", dossier["branches"]
    [fee] = dossier["fees"]
    assert (fee["amount_dong"], fee["state"], fee["branch"]) == (210_000, "due", branch["name"])
    assert "Lệ phí: 210.000 đồng" in text_of((await he.get(f"{path}/receipt", expect=200)).content)
    at, approve = f"/v1/desk/branches/{branch['id']}", {"outcome": "approved", "result": {"number": "12/LLTP"}}
    told = await officer.post(f"{at}/decision", json=approve, expect=409, code="fee-unpaid")
    assert "210.000 đồng" in told["message"]["vi"]
    await officer.post(f"{at}/payment-request", json={}, expect=201)
    order = await he.get(f"{path}/branches/{branch['name']}/payment", expect=200)
    await city.nobody.post("/v1/payments/notices", json=notice(city, order), expect=204)
    assert [one["state"] for one in (await he.get(path, expect=200))["fees"]] == ["paid"]
    await officer.post(f"{at}/decision", json=approve, expect=201)


@pytest.mark.parametrize("asked_first", [False, True])
async def test_a_fee_is_waived_with_a_reason(city: CityPeople, asked_first: bool) -> None:
    dossier = await fee_unpaid(city)
    he, officer = await city.signed_in("delegate"), await city.signed_in("residence")
    path, [branch] = f"/v1/dossiers/{dossier['id']}", dossier["branches"]
    at = f"/v1/desk/branches/{branch['id']}"
    why = "Hộ nghèo, có giấy chứng nhận của phường."
    if asked_first:
        await officer.post(f"{at}/payment-request", json={}, expect=201)
    else:
        poor = {"person_classes": ["poor"]}
        await officer.post(f"{at}/payment-request", json=poor, expect=409, code="fee-exempt")
    await officer.post(f"{at}/fee-waiver", json={"reason": "Nghèo"}, expect=422, code="reason-missing")
    await city.nobody.post(f"{at}/fee-waiver", json={"reason": why}, expect=401)
    await he.post(f"{at}/fee-waiver", json={"reason": why}, expect=404)
    await (await city.signed_in("civil_status")).post(f"{at}/fee-waiver", json={"reason": why}, expect=404)
    waived = await officer.post(f"{at}/fee-waiver", json={"reason": why}, expect=201)
    assert (waived["branch"]["state"], waived["branch"]["asked"]) == ("in_review", None)
    dossier = await he.get(path, expect=200)
    assert [one["state"] for one in dossier["fees"]] == ["waived"]
    [line] = [line for line in dossier["timeline"] if line["kind"] == "waive_fee"]
    assert line["message"]["vi"].endswith(f"được miễn nộp 210.000 đồng. Lý do: {why}")
    approve = {"outcome": "approved", "result": {"number": "13/LLTP"}}
    await officer.post(f"{at}/decision", json=approve, expect=201)


async def test_what_costs_nothing_is_not_waived_and_not_asked_for(city: CityPeople) -> None:
    dossier = await in_review(city)
    assert dossier["fees"] == []
    officer = await city.signed_in("residence")
    told = await officer.post(f"{desk(dossier)}/fee-waiver", json={"reason": WHY}, expect=409, code="nothing-to-pay")
    assert "0 đồng" in told["message"]["vi"]


async def test_a_fee_is_asked_for_paid_and_receipted_once(city: CityPeople) -> None:
    dossier = await payment_requested(city)
    parent, officer = await city.signed_in("parent"), await city.signed_in("residence")
    assert state(dossier) == ("payment_requested", 6)
    assert steps.branch(dossier, BRANCH)["asked"]["amount_dong"] == AMOUNT
    approve = {"outcome": "approved", "result": steps.RESULTS[BRANCH]}
    await officer.post(f"{desk(dossier)}/decision", json=approve, expect=409, code="action-not-allowed")
    order = await parent.get(at(dossier, "payment"), expect=200)
    assert (order["amount_dong"], order["paid_at"], order["receipt"]) == (AMOUNT, None, None)
    await (await city.signed_in("stranger")).get(at(dossier, "payment"), expect=404, code="dossier-unknown")
    told = notice(city, order)
    for _ in range(2):  # the provider did not hear our answer and says it again
        await city.nobody.post("/v1/payments/notices", json=told, expect=204)
    dossier = await shown(city, dossier)
    assert state(dossier) == ("in_review", 4)
    paid = await parent.get(at(dossier, "payment"), expect=200)
    assert (paid["pay_at"], paid["receipt"] is not None) == (None, True)
    assert [line["kind"] for line in dossier["timeline"]].count("pay") == 1
    assert any(f"biên lai {paid['receipt']}" in line["message"]["vi"] for line in dossier["timeline"])
    await officer.post(f"{desk(dossier)}/decision", json=approve, expect=201)


@pytest.mark.parametrize(
    ("changes", "code", "status"),
    [({"amount_dong": 9_999}, "payment-differs", 409), ({"order_id": "pay_none"}, "payment-unknown", 404)],
)  # fmt: skip
async def test_a_notice_that_does_not_fit_records_nothing(
    city: CityPeople, changes: dict[str, Any], code: str, status: int
) -> None:
    dossier = await payment_requested(city)
    order = await (await city.signed_in("parent")).get(at(dossier, "payment"), expect=200)
    await city.nobody.post("/v1/payments/notices", json=notice(city, order, **changes), expect=status, code=code)
    assert await shown(city, dossier) == dossier


async def test_a_fee_is_taken_in_cash_once_whichever_way_more_comes(city: CityPeople) -> None:
    dossier = await payment_requested(city)
    parent, head = await city.signed_in("parent"), await city.signed_in("head_cong_an")
    order, path = await parent.get(at(dossier, "payment"), expect=200), f"{desk(dossier)}/cash-payment"
    cash = {"amount_dong": AMOUNT}
    who_decides, elsewhere = await city.signed_in("residence"), await city.signed_in("head_bhxh")
    await who_decides.post(path, json=cash, expect=403, code="role-missing")
    await elsewhere.post(path, json=cash, expect=404, code="branch-unknown")
    await head.post(path, json={"amount_dong": AMOUNT - 1}, expect=409, code="payment-differs")
    await head.post(path, json={"amount_dong": 0}, expect=400)
    assert await shown(city, dossier) == dossier, "nothing is recorded of what is refused"
    waits = (await head.get(desk(dossier), expect=200))["branch"]["version"]
    await head.post(path, json=cash, headers={"If-Match": f'"{waits - 1}"'}, expect=412, code="stale")
    # A double press, and the bank's notice at the same time: one of them is the payment.
    answers = await asyncio.gather(
        *(head.post(path, json=cash) for _ in range(3)),
        city.nobody.post("/v1/payments/notices", json=notice(city, order)),
    )
    assert sum("branch" in one if isinstance(one, dict) else one.status_code == 204 for one in answers) == 1
    await head.post(path, json=cash, expect=409, code="action-not-allowed")
    after = await shown(city, dossier)
    assert state(after) == ("in_review", 4)
    assert [line["kind"] for line in after["timeline"]].count("pay") == 1


async def test_cash_says_who_took_it_when_and_how_much(city: CityPeople) -> None:
    dossier = await payment_requested(city)
    parent, head = await city.signed_in("parent"), await city.signed_in("head_cong_an")
    order = await parent.get(at(dossier, "payment"), expect=200)
    await head.post(f"{desk(dossier)}/cash-payment", json={"amount_dong": AMOUNT}, expect=201)
    paid = await parent.get(at(dossier, "payment"), expect=200)
    assert (paid["cash"], paid["pay_at"], paid["amount_dong"]) == (True, None, AMOUNT)
    line = next(line for line in (await shown(city, dossier))["timeline"] if line["kind"] == "pay")
    assert f"10.000 đồng tiền mặt tại quầy, biên lai {paid['receipt']}" in line["message"]["vi"]
    assert "Nơi thu: Công an" in line["message"]["vi"]
    query = text(
        "select a.full_name, p.taken_at_office = b.office_id, p.paid_at is not null, p.reference from payments p"
        " join branches b on b.dossier_id = p.dossier_id and b.name = p.branch join accounts a on a.id = p.taken_by where p.id = :id"
    )
    async with city.house.db.connect() as conn:
        kept = (await conn.execute(query, {"id": order["order_id"]})).one()
    assert tuple(kept)[1:] == (True, True, f"cash:{order['order_id']}")
    # The bank's money comes all the same: said, and recorded by nobody.
    late = notice(city, order)
    await city.nobody.post("/v1/payments/notices", json=late, expect=409, code="paid-otherwise")
    history = await parent.get(f"/v1/dossiers/{dossier['id']}/history", expect=200)
    assert history["intact"]
    assert [one["actor"] for one in history["lines"] if one["message"] == line["message"]] == ["officer"]


async def test_nobody_takes_cash_in_a_matter_of_their_own(city: CityPeople) -> None:
    dossier = await payment_requested(city)
    async with city.house.db.connect() as conn:
        query = text("select account_id from dossiers where id = :id")
        owner = (await conn.execute(query, {"id": dossier["id"]})).scalar_one()
    roles = frozenset({"reception"})
    me = Actor(kind="officer", account_id=owner, office_id="off_cong_an_sai_gon", roles=roles, level=2)
    branch_id = steps.branch(dossier, BRANCH)["id"]
    with pytest.raises(OwnDossier):
        await paying.take_cash(city.house.stand, me, branch_id, TakeCash(amount_dong=AMOUNT), version=None)
    assert await shown(city, dossier) == dossier


async def test_money_that_comes_twice_is_no_notice_told_twice(city: CityPeople) -> None:
    """Said again it is the same money; with another number of the provider's it is more, and one number pays one fee."""
    parent, (dossier, other) = await city.signed_in("parent"), [await payment_requested(city) for _ in range(2)]
    order, another = [await parent.get(at(one, "payment"), expect=200) for one in (dossier, other)]
    for _ in range(2):
        await city.nobody.post("/v1/payments/notices", json=notice(city, order), expect=204)
    paid = await shown(city, dossier)
    more = [
        notice(city, order, reference="NGÂN-HÀNG-2"),
        notice(city, another, reference=notice(city, order)["reference"]),
    ]
    for told in more:
        await city.nobody.post("/v1/payments/notices", json=told, expect=409, code="paid-otherwise")
    assert await shown(city, dossier) == paid
    assert await shown(city, other) == other


async def test_a_notice_nobody_sealed_is_refused(city: CityPeople) -> None:
    dossier = await payment_requested(city)
    order = await (await city.signed_in("parent")).get(at(dossier, "payment"), expect=200)
    told = notice(city, order)
    for forged in ({**told, "amount_dong": "1"}, {**told, "seal": ""}, {}, {**told, "seal": "ü"}):
        await city.nobody.post("/v1/payments/notices", json=forged, expect=403, code="payment-notice-refused")
    assert await shown(city, dossier) == dossier


async def test_the_page_takes_no_other_amount(city: CityPeople) -> None:
    dossier = await payment_requested(city)
    order = await (await city.signed_in("parent")).get(at(dossier, "payment"), expect=200)
    link = order["pay_at"].removeprefix(city.house.settings.public_url)
    page = await city.client.get(link)
    assert (page.status_code, "10.000 đồng" in page.text) == (200, True)
    assert (await city.client.post(link.replace("amount=10000", "amount=1"))).status_code == 403
    assert state(await shown(city, dossier))[0] == "payment_requested"
    assert (await city.client.post(link)).status_code == 200
    assert state(await shown(city, dossier))[0] == "in_review"


async def test_money_is_never_guessed(city: CityPeople) -> None:
    """Nothing due is told as nothing due, a fee the table does not know as not known, and nobody states an amount."""
    dossier = await in_review(city)
    officer = await city.signed_in("residence")
    asked = f"{desk(dossier)}/payment-request"
    await officer.post(asked, json={"channel": "online"}, expect=409, code="nothing-to-pay")
    await officer.post(asked, json={"channel": "counter", "amount_dong": 1}, expect=400)
    assert state(await shown(city, dossier))[0] == "in_review"
    other = await filed(await city.signed_in("stranger"), "marital_status_certificate", status_for("property"))
    registrar, [branch] = await city.signed_in("civil_status"), other["branches"]
    await registrar.post(f"/v1/desk/branches/{branch['id']}/claim", expect=201)
    body = {"channel": "counter"}
    await registrar.post(
        f"/v1/desk/branches/{branch['id']}/payment-request", json=body, expect=409, code="fee-not-known"
    )


async def test_money_for_what_has_closed_is_kept_and_told(city: CityPeople) -> None:
    dossier = await payment_requested(city)
    order = await (await city.signed_in("parent")).get(at(dossier, "payment"), expect=200)
    await lapse(city)
    dossier = await shown(city, dossier)
    assert state(dossier)[0] == "lapsed"
    await city.nobody.post("/v1/payments/notices", json=notice(city, order), expect=204)
    after = await shown(city, dossier)
    assert state(after)[0] == "lapsed"
    assert "cơ quan hoàn lại" in after["timeline"][-1]["message"]["vi"]


async def test_work_stops_with_a_reason_and_the_promise_moves_by_the_time_it_stood(city: CityPeople) -> None:
    dossier = await in_review(city)
    officer = await city.signed_in("residence")
    due = steps.branch(dossier, BRANCH)["due_at"]
    await officer.post(f"{desk(dossier)}/stop", json={"reason": "ngắn"}, expect=422, code="reason-missing")
    await officer.post(f"{desk(dossier)}/stop", json={"reason": WHY}, expect=201)
    stopped = await shown(city, dossier)
    assert state(stopped) == ("stopped", 8)
    assert WHY in stopped["timeline"][-1]["message"]["vi"]
    async with later(city, timedelta(days=10)) as then:
        still = steps.branch(await shown(then, dossier), BRANCH)
        assert (still["state"], still["overdue"]) == ("stopped", False)
        officer = await then.signed_in("residence")
        await officer.post(f"{desk(dossier)}/resumption", expect=201)
        again = steps.branch(await shown(then, dossier), BRANCH)
        assert (again["state"], again["overdue"]) == ("in_review", False)
        assert again["due_at"] > due


async def test_the_counter_hands_over_and_the_day_of_the_decision_stays(city: CityPeople) -> None:
    dossier = await in_review(city)
    officer = await city.signed_in("residence")
    approve = {"outcome": "approved", "result": steps.RESULTS[BRANCH]}
    await officer.post(f"{desk(dossier)}/decision", json=approve, expect=201)
    decided = steps.branch(await shown(city, dossier), BRANCH)
    await officer.post(f"{desk(dossier)}/delivery", json={"by": "counter", "to": "Hoàng Văn Đức"}, expect=201)
    dossier = await shown(city, dossier)
    delivered = steps.branch(dossier, BRANCH)
    assert (state(dossier), dossier["status"]) == (("delivered", 10), "closed")
    assert (delivered["decided_at"], delivered["result"]) == (decided["decided_at"], decided["result"])
    assert "Hoàng Văn Đức" not in dossier["timeline"][-1]["message"]["vi"]
    await officer.post(f"{desk(dossier)}/delivery", json={"by": "post"}, expect=409, code="action-not-allowed")
