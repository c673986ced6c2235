"""After the submission, at a browser without JavaScript: following, supplements, refilings, withdrawals, consents; and papers in pieces."""

from typing import Any

import pytest

from tests.dossiers import steps
from tests.people import CityPeople
from tests.web.test_filing import OTHER, PARENT, SIGNED_IN, Browser, drafted, inputs

pytestmark = pytest.mark.anyio

STRANGER = "+84900000013"
WHY = "Đề nghị ghi rõ địa chỉ và nộp giấy tờ về chỗ ở."
TUS = {"Tus-Resumable": "1.0.0"}


@pytest.fixture(autouse=True)
async def _uncounted(city: CityPeople) -> None:
    await city.house.valkey.forget_everything()


async def at_home(city: CityPeople, path: str, login: str = PARENT, expect: int = 200) -> Browser:
    """A browser of this person at this page."""
    browser = Browser(city)
    browser.client.cookies.update(SIGNED_IN.get((id(city), login), {}))
    await browser.get(path, expect=200 if "/sign-in/" in browser.url else expect)
    if "/sign-in/" in browser.url:
        await browser.sign_in(login)
        SIGNED_IN[id(city), login] = dict(browser.client.cookies)
    return browser


async def test_a_supplement_is_given_by_form_and_every_fault_is_told(city: CityPeople) -> None:
    parent = await city.signed_in("parent")
    dossier = await steps.submitted(parent)
    await steps.decide(city, dossier, "birth")
    police, residence = await city.signed_in("residence"), steps.branch(dossier, "residence")
    desk = f"/v1/desk/branches/{residence['id']}"
    await police.post(f"{desk}/claim", expect=201)
    asked: dict[str, Any] = {"reason": WHY, "fields": ["residence.address"]}
    asked["documents"] = ["separate_residence_papers"]
    asked["notes"] = {
        "residence.address": "Thiếu số nhà <hẻm>.",
        "documents.separate_residence_papers": "Trang 2 bị mờ.",
    }
    await police.post(f"{desk}/supplement-request", json=asked, expect=201)
    at = f"/dossiers/{dossier['id']}"
    browser = await at_home(city, f"{at}?lang=vi")
    assert WHY in browser.page
    page = f"{at}/branches/residence/supplement"
    assert f'href="{page}?lang=vi"' in browser.page
    await browser.get(f"{page}?lang=vi")
    sent = inputs(browser.page, f"{page}?lang=vi")
    beside = browser.page.split('data-q="residence.address"')[1].split('name="f.residence.address.ward"')[0]
    assert "Cán bộ ghi: Thiếu số nhà &lt;hẻm&gt;." in beside, "beside its field, and as text"
    assert "Cán bộ ghi: Trang 2 bị mờ." in browser.page.split('id="paper-separate_residence_papers"')[1]
    assert [name for name in sent if name.startswith("f.")] == [
        "f.residence.address.ward",
        "f.residence.address.detail",
        "f.residence.address.country",
    ]
    data = sent | {"f.residence.address.detail": "Số 9A đường Hư Cấu"}
    answer = await browser.client.post(f"{page}?lang=vi", data=data, files={"x": ("", b"")})
    assert answer.status_code == 422
    assert "Cán bộ đã yêu cầu bổ sung mục này." in answer.text
    assert "Số 9A đường Hư Cấu" in answer.text, "what was typed is not lost"
    file = ("a.pdf", steps.paper(), "application/pdf")
    answer = await browser.client.post(f"{page}?lang=vi", data=data, files={"file.separate_residence_papers": file})
    assert "Đang xử lý" in await browser.arrived(answer, 200)
    shown = await parent.get(f"/v1{at}", expect=200)
    assert shown["form"]["residence.address"]["value"]["detail"] == "Số 9A đường Hư Cấu"
    await browser.get(f"{page}?lang=vi")
    assert browser.url.partition("?")[0].endswith(at), "nothing is asked any more"


async def test_two_births_on_the_list_are_told_apart(city: CityPeople) -> None:
    """Both stood there as "Liên thông khai sinh", with a code that says nothing to a parent."""
    parent = await city.signed_in("parent")
    twins = [await steps.submitted(parent, name=name) for name in ("Hoàng Sinh Trước", "Hoàng Sinh Sau")]
    await steps.filled_draft(parent, name="Hoàng Chưa Nộp")
    empty = await parent.post("/v1/dossiers", json={"procedure": steps.GROUP}, expect=201)
    listed = {one["id"]: one for one in (await parent.get("/v1/dossiers", expect=200))["dossiers"]}
    assert [listed[twin["id"]]["about"] for twin in twins] == ["Hoàng Sinh Trước", "Hoàng Sinh Sau"]
    assert listed[empty["id"]]["about"] is None
    browser = await at_home(city, "/dossiers?lang=vi")
    for twin, name in zip(twins, ("Hoàng Sinh Trước", "Hoàng Sinh Sau"), strict=True):
        item = browser.page.partition(f"/dossiers/{twin['id']}?")[2].partition("</ul>")[0]
        assert f">{name}</span>" in item
        assert twin["submitted_at"][:16] in item
        assert "Đăng ký khai sinh: " in item
    assert ">Hoàng Chưa Nộp</span>" in browser.page
    await browser.get(f"/dossiers/{twins[0]['id']}?lang=vi")
    assert "Hoàng Sinh Trước</p>" in browser.page


async def test_a_refused_branch_is_filed_again_and_another_withdrawn(city: CityPeople) -> None:
    dossier = await steps.submitted(await city.signed_in("parent"))
    await steps.decide(city, dossier, "birth")
    await steps.decide(city, dossier, "insurance", refuse="Nơi khám chữa bệnh này không nhận đăng ký ban đầu.")
    at = f"/dossiers/{dossier['id']}"
    page = f"{at}/branches/insurance/refile?lang=vi"
    browser = await at_home(city, page)
    assert "không nhận đăng ký ban đầu" in browser.page
    assert "f.child.full_name" not in browser.page, "the birth was decided by it"
    await browser.send(page, {"f.insurance.facility": ""}, expect=422)
    await browser.send(page, {"f.insurance.facility": "Trạm y tế phường Sài Gòn"})
    assert "Đã nộp" in browser.page
    page = f"{at}/branches/identity_card/withdraw?lang=vi"
    await browser.get(page)
    await browser.send(page, {"reason": "Sẽ làm sau"})
    shown = await (await city.signed_in("parent")).get(f"/v1{at}", expect=200)
    assert steps.branch(shown, "identity_card")["state"] == "withdrawn"
    assert steps.branch(shown, "identity_card")["reason"]["vi"] == "Sẽ làm sau"
    page = f"{at}/branches/birth/ask_correction?lang=vi"
    await browser.get(page)
    await browser.send(page, {"reason": "x"}, expect=422)
    await browser.send(page, {"reason": "Tên đệm của cháu ghi thiếu dấu, đúng ra là Ngọc."})
    assert "Đang xem lại kết quả" in browser.page


async def test_the_head_of_the_household_consents_at_their_own_browser(city: CityPeople) -> None:
    head = {"residence.household_head_name": "Hoàng Văn Đức", "residence.household_head_pin": "079089000012"}
    parent = await city.signed_in("parent")
    draft = await steps.filled_draft(parent)
    tag = {"If-Match": f'"{draft["version"]}"'}
    await parent.patch(f"/v1/dossiers/{draft['id']}/form", json={"fields": head}, headers=tag, expect=200)
    await steps.submit(parent, draft["id"])
    dossier = await parent.get(f"/v1/dossiers/{draft['id']}", expect=200)
    await steps.decide(city, dossier, "birth")
    at = f"/dossiers/{draft['id']}"
    browser = await at_home(city, f"{at}?lang=vi")
    assert "Chủ hộ chưa xác nhận" in browser.page
    assert f"{at}/branches/residence/confirm_on_paper?lang=vi" in browser.page
    theirs = await at_home(city, "/dossiers?lang=vi", OTHER)
    assert "Có người cần bạn xác nhận" in theirs.page
    await theirs.get("/account/invitations?lang=vi")
    assert "Nguyễn Thị Hồng Thắm" in theirs.page
    sent = inputs(theirs.page, "/account/invitations?lang=vi")
    stranger = await at_home(city, "/account/invitations?lang=vi", STRANGER)
    assert "Không có lời mời nào" in stranger.page
    forged = await stranger.client.post("/account/invitations?lang=vi", data=sent | {"answer": "agree"})
    assert forged.status_code == 403, "a token of another browser"
    await theirs.send("/account/invitations?lang=vi", answer="agree")
    assert "Bạn đã đồng ý" in theirs.page
    await browser.get(f"{at}?lang=vi")
    assert "Chủ hộ chưa xác nhận" not in browser.page
    # Whom the dossier names follows it and changes nothing; nobody else learns that it exists.
    await theirs.get(f"{at}?lang=vi")
    assert "/withdraw" not in theirs.page
    await theirs.get(f"{at}/branches/insurance/withdraw?lang=vi")
    assert theirs.url.partition("?")[0].endswith(at)


async def test_nobody_else_sees_a_dossier_its_papers_or_its_events(city: CityPeople) -> None:
    dossier = await steps.submitted(await city.signed_in("parent"))
    await steps.decide(city, dossier, "birth")
    at = f"/dossiers/{dossier['id']}"
    browser = await at_home(city, at)
    for path in (f"{at}/results/birth", f"{at}/receipt"):
        answer = await browser.client.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
        assert "no-store" in answer.headers["cache-control"]
    assert (await browser.client.get(f"{at}/results/insurance")).status_code == 404
    stranger = await at_home(city, "/dossiers", STRANGER)
    assert dossier["receipt_code"] not in stranger.page
    for path in (f"{at}/results/birth", f"{at}/receipt", f"{at}/branches/residence/withdraw", at):
        assert (await stranger.client.get(path)).status_code == 404, path
    nobody = Browser(city)
    for one in (stranger, nobody):
        assert (await one.client.get(f"{at}/events")).status_code == 204, "a browser does not ask again"
    for path in (f"{at}/results/birth", f"{at}/receipt", "/dossiers", "/account/invitations"):
        assert (await nobody.client.get(path)).status_code == 303, path


async def test_a_paper_in_pieces_by_the_browsers_own_sign_in(city: CityPeople) -> None:
    browser, path = await drafted(city, "1.004859")
    await browser.get(f"{path}/papers?lang=vi")
    action, data = f"{path}/papers?lang=vi", steps.paper()
    token = {"X-Form-Token": inputs(browser.page, action)["csrf"]}
    length = {"Upload-Length": str(len(data))}
    client = browser.client
    assert (await client.post(f"{path}/uploads", headers=TUS | length)).status_code == 403, "no page of ours"
    signed_out = await Browser(city).client.post(f"{path}/uploads", headers=TUS | length | token)
    assert (signed_out.status_code, signed_out.json()["code"]) == (401, "signed-out")
    made = await client.post(f"{path}/uploads", headers=TUS | length | token)
    assert made.status_code == 201
    place = made.headers["location"]
    assert place.startswith(f"{path}/uploads/upl_")
    piece = TUS | token | {"Content-Type": "application/offset+octet-stream"}
    half = len(data) // 2
    sent = await client.patch(place, headers=piece | {"Upload-Offset": "0"}, content=data[:half])
    assert (sent.status_code, sent.headers["upload-offset"]) == (204, str(half))
    stands = await client.head(place, headers=TUS | token)
    assert stands.headers["upload-offset"] == str(half)
    stranger, _ = await drafted(city, "1.004859", STRANGER)
    strange = await stranger.client.head(place, headers=TUS | token)
    assert strange.status_code == 403
    await client.patch(place, headers=piece | {"Upload-Offset": str(half)}, content=data[half:])
    await browser.send(action, upload=place.rpartition("/")[2], do="attach:proof_of_correction")
    assert "Đã đính kèm" in browser.page


async def test_a_ward_nobody_knows_is_told_and_not_kept(city: CityPeople) -> None:
    browser, path = await drafted(city, "business_household_registration")
    form = f"{path}/form?lang=vi"
    await browser.send(form, ward="Phường Trăng", do="save", expect=422)
    assert "Không có phường, xã nào tên như vậy." in browser.page
    assert inputs(browser.page, form)["ward"] == "Phường Trăng", "what was typed is not lost"
    await browser.get(path)


async def test_what_is_typed_is_kept_by_the_pages_script_and_the_answer_is_small(city: CityPeople) -> None:
    browser, path = await drafted(city, "recognition")
    form = f"{path}/form?lang=vi"
    whole = len(browser.page)
    mark = inputs(browser.page, form)["was.recognised.full_name"]
    data = {"csrf": inputs(browser.page, form)["csrf"], "version": "1", "do": "typed"}
    data |= {"was.recognised.full_name": mark, "f.recognised.full_name": "Võ Gia Bảo"}
    answer = await browser.client.post(form, data=data)
    assert answer.status_code == 200
    assert 'value="Võ Gia Bảo"' in answer.text
    assert len(answer.text) < whole
    stored = (await (await city.signed_in("parent")).get(f"/v1{path}", expect=200))["form"]
    assert stored["recognised.full_name"]["value"] == "Võ Gia Bảo"
