"""What an office writes to whoever filed: sealed at first need, the same bytes for everybody ever after, and told apart by what they are."""

from datetime import datetime
from typing import Any

import pytest

from dossiers.papers.amounts import in_words
from kit import clock
from tests.dossiers import steps
from tests.dossiers.test_lifecycle import BRANCH, WHY, at, desk, in_review, payment_requested, shown
from tests.dossiers.test_papers import text_of
from tests.people import CityPeople

pytestmark = pytest.mark.anyio

AMOUNT = 10_000
NOTE = "Ghi cả số nhà và tên đường."


async def asked(city: CityPeople, **more: Any) -> dict[str, Any]:
    """A field with a note, and a paper without."""
    dossier = await in_review(city)
    body = {"reason": WHY, "fields": ["residence.address"], "notes": {"residence.address": NOTE}} | more
    officer = await city.signed_in("residence")
    await officer.post(f"{desk(dossier)}/supplement-request", json=body, expect=201)
    return dossier


async def test_a_request_for_a_supplement_is_a_letter_of_the_office(city: CityPeople) -> None:
    before = await in_review(city)
    parent, officer = await city.signed_in("parent"), await city.signed_in("residence")
    await parent.get(at(before, "supplement-request"), expect=404, code="supplement-unknown")
    await officer.get(f"{desk(before)}/supplement-request", expect=404, code="supplement-unknown")
    dossier = await asked(city)
    letter = (await parent.get(at(dossier, "supplement-request"), expect=200)).content
    assert (await officer.get(f"{desk(dossier)}/supplement-request", expect=200)).content == letter
    due = steps.branch(await shown(city, dossier), BRANCH)["asked"]["due_at"]
    last = datetime.fromisoformat(due).astimezone(clock.CITY)
    said = text_of(letter)
    for words in (
        "PHIẾU YÊU CẦU BỔ SUNG, HOÀN THIỆN HỒ SƠ",
        dossier["receipt_code"][-5:],
        "Kính gửi: ông/bà Nguyễn Thị Hồng Thắm",
        WHY,
        f"Nơi đăng ký thường trú: {NOTE}",
        f"Hạn cuối: {last:%H giờ %M phút, ngày %d/%m/%Y}",
        f"/dossiers/{dossier['id']}",
    ):
        assert words in said, f"{words} is not in {said}"
    await city.nobody.get(at(dossier, "supplement-request"), expect=401)
    stranger, elsewhere = await city.signed_in("stranger"), await city.signed_in("insurance")
    await stranger.get(at(dossier, "supplement-request"), expect=404, code="dossier-unknown")
    await elsewhere.get(f"{desk(dossier)}/supplement-request", expect=404, code="branch-unknown")


async def test_answered_it_is_still_there_and_the_next_one_is_another(city: CityPeople) -> None:
    dossier = await asked(city)
    parent, officer = await city.signed_in("parent"), await city.signed_in("residence")
    first = (await parent.get(at(dossier, "supplement-request"), expect=200)).content
    given = {"fields": {"residence.address": {"ward": "26740", "detail": "Số 11 đường Hư Cấu"}}}
    await parent.post(at(dossier, "supplement"), json=given, expect=200)
    assert (await parent.get(at(dossier, "supplement-request"), expect=200)).content == first
    again: dict[str, Any] = {"reason": "Số nhà trên tờ khai không có trên bản đồ.", "fields": ["residence.address"]}
    await officer.post(f"{desk(dossier)}/supplement-request", json=again, expect=201)
    second = text_of((await officer.get(f"{desk(dossier)}/supplement-request", expect=200)).content)
    assert again["reason"] in second
    assert NOTE not in second


async def test_cash_is_receipted_by_the_counter_that_took_it(city: CityPeople) -> None:
    dossier = await payment_requested(city)
    parent, head = await city.signed_in("parent"), await city.signed_in("head_cong_an")
    order = await parent.get(at(dossier, "payment"), expect=200)
    mine, theirs = (
        f"{one}/{order['order_id']}/receipt" for one in (at(dossier, "payments"), f"{desk(dossier)}/payments")
    )
    await parent.get(mine, expect=404, code="payment-unknown")
    await head.post(f"{desk(dossier)}/cash-payment", json={"amount_dong": AMOUNT}, expect=201)
    receipt = (await head.get(theirs, expect=200)).content
    assert (await parent.get(mine, expect=200)).content == receipt
    number = (await parent.get(at(dossier, "payment"), expect=200))["receipt"]
    said = text_of(receipt)
    for words in (
        "BIÊN LAI THU PHÍ, LỆ PHÍ",
        number,
        "Người nộp tiền: Nguyễn Thị Hồng Thắm",
        "Số tiền: 10.000 đồng",
        "Viết bằng chữ: Mười nghìn đồng",
        "CÔNG AN PHƯỜNG SÀI GÒN",
    ):
        assert words in said, f"{words} is not in {said}"
    letters = (await parent.get("/v1/me/messages", expect=200))["messages"]
    [told] = [one for one in letters if one["event"] == "fee-received" and dossier["receipt_code"] in str(one)]
    assert "10.000" not in str(told), "how much is no matter of a message"
    # By another branch's name, of another dossier, from another office, by a stranger: there is none.
    await parent.get(mine.replace(f"/{BRANCH}/", "/birth/"), expect=404, code="payment-unknown")
    other = await in_review(city)
    await parent.get(f"{at(other, 'payments')}/{order['order_id']}/receipt", expect=404, code="payment-unknown")
    await head.get(f"{desk(other)}/payments/{order['order_id']}/receipt", expect=404, code="payment-unknown")
    await (await city.signed_in("head_bhxh")).get(theirs, expect=404, code="branch-unknown")
    await (await city.signed_in("stranger")).get(mine, expect=404, code="dossier-unknown")


async def test_letters_of_one_instant_are_not_mistaken(city: CityPeople, monkeypatch: pytest.MonkeyPatch) -> None:
    """Papers were kept by branch and instant alone: two of one instant would have been one."""
    dossier = await payment_requested(city)
    parent, head = await city.signed_in("parent"), await city.signed_in("head_cong_an")
    order = await parent.get(at(dossier, "payment"), expect=200)
    now = clock.now()
    with monkeypatch.context() as still:
        still.setattr(clock, "now", lambda: now)
        await head.post(f"{desk(dossier)}/cash-payment", json={"amount_dong": AMOUNT}, expect=201)
        officer = await city.signed_in("residence")
        body = {"reason": WHY, "fields": ["residence.address"]}
        await officer.post(f"{desk(dossier)}/supplement-request", json=body, expect=201)
    receipt = await parent.get(f"{at(dossier, 'payments')}/{order['order_id']}/receipt", expect=200)
    letter = await parent.get(at(dossier, "supplement-request"), expect=200)
    assert "BIÊN LAI" in text_of(receipt.content)
    assert "PHIẾU YÊU CẦU" in text_of(letter.content)


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        (1, "Một"), (5, "Năm"), (10, "Mười"), (15, "Mười lăm"), (21, "Hai mươi mốt"), (25, "Hai mươi lăm"), (101, "Một trăm linh một"),
        (115, "Một trăm mười lăm"), (10_000, "Mười nghìn"), (85_000, "Tám mươi lăm nghìn"),
        (210_500, "Hai trăm mười nghìn năm trăm"), (1_000_005, "Một triệu không trăm linh năm"),
        (2_003_040, "Hai triệu không trăm linh ba nghìn không trăm bốn mươi"),
        (1_000_000_000, "Một tỷ"), (3_000_000_011, "Ba tỷ không trăm mười một"),
    ],
)  # fmt: skip
def test_a_sum_in_words(amount: int, words: str) -> None:
    assert in_words(amount) == f"{words} đồng"


def test_nothing_is_no_sum() -> None:
    with pytest.raises(ValueError, match="no sum"):
        in_words(0)
