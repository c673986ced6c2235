"""Fees, stopped work and results handed over, at browsers without JavaScript: what an officer asks, what the citizen sees and pays."""

import re
from html import unescape
from typing import Any

import pytest

from tests.dossiers import steps
from tests.dossiers.test_lifecycle import BRANCH, approved, in_review, lapse, payment_requested, stopped
from tests.dossiers.test_paying import fee_unpaid
from tests.people import CityPeople
from tests.web.test_desk import POLICE, WHY, at_desk
from tests.web.test_filing import OTHER, Browser, inputs
from tests.web.test_later import at_home

pytestmark = pytest.mark.anyio

PRICE = "10.000 đồng"
POLICE_HEAD = "quan.truongca@motcua.test"


@pytest.fixture(autouse=True)
async def _uncounted(city: CityPeople) -> None:
    await city.house.valkey.forget_everything()


def of_desk(dossier: dict[str, Any]) -> str:
    return f"/desk/branches/{steps.branch(dossier, BRANCH)['id']}"


async def desk_page(city: CityPeople, dossier: dict[str, Any]) -> Browser:
    browser = await at_desk(city, POLICE)
    await browser.get(of_desk(dossier))
    return browser


def branch_at_home(page: str) -> str:
    """The one branch's part of the citizen's page, in one line."""
    return " ".join(page.split(f'id="branch-{BRANCH}"')[1].split("</li>")[0].split())


def pay_link(page: str) -> str:
    found = re.search(r'class="button" href="([^"]*/sandbox/payments/[^"]*)"', page)
    assert found, branch_at_home(page)
    return unescape(found[1])


def csrf(page: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found
    return found[1]


async def test_a_fee_is_due_shown_and_waived(city: CityPeople) -> None:
    dossier = await fee_unpaid(city)
    [branch] = dossier["branches"]
    at = f"/desk/branches/{branch['id']}"
    home = f"/dossiers/{dossier['id']}?lang=vi"
    citizen = await at_home(city, home, "+84900000015")
    assert "Phí, lệ phí phải nộp trước khi có kết quả: <strong>210.000 đồng</strong>" in citizen.page
    officer = await at_desk(city, POLICE)
    await officer.get(at)
    page = await officer.send(f"{at}/decision?lang=vi", {"r.number": "15/LLTP"}, do="approve", expect=409)
    assert "Hồ sơ chưa nộp 210.000 đồng" in page
    page = await officer.send(f"{at}/fee-waiver?lang=vi", do="waive_fee", channel="online", reason="Nghèo", expect=422)
    page = await officer.send(f"{at}/fee-waiver?lang=vi", do="waive_fee", channel="online", reason=WHY)
    assert "Đã ghi miễn phí, lệ phí." in page
    await citizen.get(home)
    assert "✓ Được miễn nộp <strong>210.000 đồng</strong>" in citizen.page
    assert "phải nộp trước khi có kết quả" not in citizen.page
    await officer.send(f"{at}/decision?lang=vi", {"r.number": "15/LLTP"}, do="approve")


async def test_a_fee_is_asked_for_shown_paid_and_receipted(city: CityPeople) -> None:
    dossier = await in_review(city)
    at, ask = of_desk(dossier), f"{of_desk(dossier)}/payment-request?lang=vi"
    officer = await desk_page(city, dossier)
    page = await officer.send(ask, do="ask_payment", channel="counter")
    assert "Đã yêu cầu nộp phí" in page
    assert PRICE in page
    assert "Chưa nộp" in page
    assert "Thời hạn tạm dừng" in page
    for verb in ("decision", "payment-request", "stop", "supplement-request"):
        assert f'action="{at}/{verb}' not in page, verb
    assert at in await officer.get("/desk?state=payment_requested")

    home = f"/dossiers/{dossier['id']}?lang=vi"
    citizen = await at_home(city, home)
    told = branch_at_home(citizen.page)
    assert "Chờ nộp phí, lệ phí" in told
    assert f"Cần nộp: <strong>{PRICE}</strong>" in told
    assert "Hạn đến hết ngày" in told
    assert "Thời hạn tạm dừng" in told
    asked = steps.branch(
        await (await city.signed_in("parent")).get(f"/v1/dossiers/{dossier['id']}", expect=200), BRANCH
    )
    assert asked["asked"]["reason"]["vi"] in told
    english = branch_at_home(await citizen.get(home.replace("vi", "en")))
    assert asked["asked"]["reason"]["en"] in english
    assert asked["asked"]["reason"]["vi"] not in english

    link = pay_link(await citizen.get(home))
    page = await citizen.get(link)
    assert PRICE in page
    action = re.search(r'action="([^"]*)"', page)
    assert action
    page = await citizen.arrived(await citizen.client.post(unescape(action[1])), 200)
    assert 'href="/dossiers?lang=' in page, "and back"

    told = branch_at_home(await citizen.get(home))
    receipt = re.search(r"Biên lai <code>(BL-\w+)</code>", told)
    assert receipt, told
    assert f"✓ Đã nộp <strong>{PRICE}</strong>" in told
    assert re.search(r"<time[^>]*>\d\d:\d\d \d\d/\d\d/\d{4}</time>", told)
    assert "/sandbox/payments/" not in told
    page = await officer.get(at)
    assert receipt[1] in page
    assert "Chưa nộp" not in page
    page = await officer.send(
        f"{at}/decision?lang=vi", {f"r.{name}": value for name, value in steps.RESULTS[BRANCH].items()}, do="approve"
    )
    assert "Đã duyệt" in page
    assert receipt[1] in branch_at_home(await citizen.get(home)), "kept with what became of it"


async def test_what_the_table_does_not_ask_is_told_beside_what_was_chosen(city: CityPeople) -> None:
    dossier = await in_review(city)
    officer = await desk_page(city, dossier)
    ask = f"{of_desk(dossier)}/payment-request?lang=vi"
    form = inputs(officer.page, ask) | {"do": "ask_payment"}
    chosen: dict[str, Any] = form | {"channel": "online", "person_class": ["poor", "merit"]}
    answer = await officer.client.post(ask, data=chosen)
    assert answer.status_code == 409
    assert "không phải nộp phí" in answer.text
    assert re.findall(r'name="person_class" value="(\w+)" checked', answer.text) == ["merit", "poor"]
    for wrong in ({"channel": "moon"}, {"channel": "counter", "person_class": "rich"}, {"channel": ""}):
        strange = await officer.client.post(ask, data=form | wrong)
        assert strange.status_code == 403, wrong
        assert 'role="alert"' in strange.text
    stale = await officer.client.post(ask, data=form | {"channel": "counter", "version": "1"})
    assert stale.status_code == 412
    assert '<option value="counter" selected>' in stale.text
    assert "Chưa nộp" not in stale.text


async def test_another_whom_the_dossier_names_sees_the_fee_and_is_not_led_to_pay_it(city: CityPeople) -> None:
    dossier = await payment_requested(city)
    theirs = await at_home(city, f"/dossiers/{dossier['id']}?lang=vi", OTHER)
    told = branch_at_home(theirs.page)
    assert PRICE in told
    assert "/sandbox/payments/" not in told


async def test_a_fee_that_lapsed_is_paid_nowhere(city: CityPeople) -> None:
    dossier = await payment_requested(city)
    await lapse(city)
    citizen = await at_home(city, f"/dossiers/{dossier['id']}?lang=vi")
    told = branch_at_home(citizen.page)
    assert "/sandbox/payments/" not in told
    assert "Hiện chưa nộp được" not in told
    assert "Chưa nộp" in (await desk_page(city, dossier)).page


async def test_without_a_provider_the_page_says_where_to_ask(city: CityPeople, monkeypatch: pytest.MonkeyPatch) -> None:
    dossier = await payment_requested(city)
    citizen = await at_home(city, "/dossiers?lang=vi")
    monkeypatch.setattr(city.app.state.house, "payments", None)
    told = branch_at_home(await citizen.get(f"/dossiers/{dossier['id']}?lang=vi"))
    assert f"Cần nộp: <strong>{PRICE}</strong>" in told
    assert "Hiện chưa nộp được trên mạng" in told


async def test_work_stops_with_a_reason_that_is_shown_and_goes_on(city: CityPeople) -> None:
    dossier = await in_review(city)
    at, home = of_desk(dossier), f"/dossiers/{dossier['id']}?lang=vi"
    officer = await desk_page(city, dossier)
    page = await officer.send(f"{at}/stop?lang=vi", do="stop", reason="ngắn", expect=422)
    assert ">ngắn</textarea>" in page
    old = inputs(page, f"{at}/stop?lang=vi")
    page = await officer.send(f"{at}/stop?lang=vi", do="stop", reason=WHY)
    assert "Đã tạm dừng" in page
    assert "Thời hạn tạm dừng" in page
    assert f'action="{at}/decision' not in page
    twice = await officer.client.post(f"{at}/stop?lang=vi", data=old | {"do": "stop", "reason": WHY})
    assert twice.status_code == 412
    citizen = await at_home(city, home)
    told = branch_at_home(citizen.page)
    assert "Tạm dừng xử lý" in told
    assert f"Lý do: {WHY}" in told
    assert "Thời hạn tạm dừng" in told
    assert at in await officer.get("/desk?state=stopped")
    await officer.get(at)
    page = await officer.send(f"{at}/resumption?lang=vi")
    assert "Hồ sơ được xử lý tiếp" in page
    assert f'action="{at}/decision' in page
    told = branch_at_home(await citizen.get(home))
    assert "Đang xử lý" in told
    assert f"Lý do: {WHY}" not in told, "it holds no more"


async def test_only_who_has_it_goes_on_with_it(city: CityPeople) -> None:
    dossier = await stopped(city)
    at = of_desk(dossier)
    head = await at_desk(city, POLICE_HEAD)
    page = await head.get(at)
    assert f'action="{at}/resumption' not in page
    answer = await head.client.post(f"{at}/resumption?lang=vi", data={"csrf": csrf(await head.get("/desk"))})
    assert answer.status_code == 409
    assert 'role="alert"' in answer.text


async def test_a_result_is_handed_over(city: CityPeople) -> None:
    dossier = await approved(city)
    at = of_desk(dossier)
    officer = await desk_page(city, dossier)
    form = inputs(officer.page, f"{at}/delivery?lang=vi")
    strange = await officer.client.post(f"{at}/delivery?lang=vi", data=form | {"by": "moon"})
    assert strange.status_code == 403
    page = await officer.send(f"{at}/delivery?lang=vi", do="deliver", by="post", to="  Hoàng Văn Đức ")
    assert "Đã ghi nhận trả kết quả" in page
    assert "qua bưu chính" in page
    assert f'action="{at}/delivery' not in page
    citizen = await at_home(city, f"/dossiers/{dossier['id']}?lang=vi")
    assert "Đã trả kết quả" in branch_at_home(citizen.page)
    assert "Hoàng Văn Đức" not in citizen.page.split('class="history"')[1]
    twice = await officer.client.post(f"{at}/delivery?lang=vi", data=form | {"by": "counter"})
    assert twice.status_code == 412


async def test_what_no_keyboard_types_is_left_out(city: CityPeople) -> None:
    """A NUL in what was typed reached the database: 500."""
    dossier = await in_review(city)
    officer = await desk_page(city, dossier)
    page = await officer.send(f"{of_desk(dossier)}/stop?lang=vi", do="stop", reason=f"{WHY}\0")
    assert f"tạm dừng xử lý. Lý do: {WHY}" in page


async def test_cash_at_the_counter(city: CityPeople) -> None:
    dossier = await payment_requested(city)
    officer = await desk_page(city, dossier)
    assert "cash-payment" not in officer.page, "who decides takes no money"
    head = await at_desk(city, POLICE_HEAD)
    page, take = await head.get(of_desk(dossier)), f"{of_desk(dossier)}/cash-payment?lang=vi"
    seen = inputs(page, take)
    assert f"Đã thu tiền mặt: {PRICE}" in page
    at = f"/dossiers/{dossier['id']}?lang=vi"
    home = await at_home(city, at)
    assert "Hoặc nộp tiền mặt tại quầy" in branch_at_home(home.page)
    page = await head.send(take, {"amount_dong": "9999"}, do="take_cash", expect=409)
    assert "9999 đồng" in page
    page = await head.send(take, do="take_cash")
    assert "Đã thu phí bằng tiền mặt" in page
    assert "tiền mặt tại quầy (" in page
    twice = await head.client.post(take, data=seen | {"do": "take_cash"})
    assert twice.status_code == 412
    paid = branch_at_home(await home.get(at))
    assert "tiền mặt tại quầy · Biên lai" in paid
    assert "/sandbox/payments/" not in paid
