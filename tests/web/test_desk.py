"""The officers' desk at a browser: in by the officers' own door, the queue, one branch, every button; without JavaScript."""

import asyncio
import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from litestar.routes import HTTPRoute
from sqlalchemy import text

from tests.dossiers import steps
from tests.people import CityPeople
from tests.web.test_filing import Browser, inputs

pytestmark = pytest.mark.anyio

REGISTRAR, POLICE, COUNTER = "khanh.tuphap@motcua.test", "bao.congan@motcua.test", "phuc.motcua@motcua.test"
HEAD = "truc.chutich@motcua.test"
PARENT = "+84900000011"
WHY = "Giấy chứng sinh không đọc được, đề nghị nộp lại bản rõ hơn."

VERBS = (
    "claim", "receipt", "decision", "refusal-verdict", "supplement-request", "return-to-queue", "escalation", "assignment",
    "forwarding", "extension", "apology", "reopening", "corrected-result", "upheld-result", "payment-request", "fee-waiver", "cash-payment", "stop",
    "resumption", "delivery",
)  # fmt: skip

SIGNED_IN: dict[tuple[int, str], dict[str, str]] = {}


@pytest.fixture(autouse=True)
async def _uncounted(city: CityPeople) -> None:
    await city.house.valkey.forget_everything()


async def at_desk(city: CityPeople, mail: str = REGISTRAR) -> Browser:
    """An officer's browser, at the queue."""
    browser = Browser(city)
    browser.client.cookies.update(SIGNED_IN.get((id(city), mail), {}))
    await browser.get("/desk")
    if "/sign-in/" in browser.url:
        await browser.sign_in(mail)
        SIGNED_IN[id(city), mail] = dict(browser.client.cookies)
    assert urlsplit(browser.url).path == "/desk", browser.url
    return browser


async def filed(city: CityPeople, name: str = "birth", **changed: Any) -> tuple[dict[str, Any], str]:
    """A dossier just submitted, and the address of one of its branches at the desk."""
    dossier = await steps.submitted(await city.signed_in("parent"), **changed)
    return dossier, f"/desk/branches/{steps.branch(dossier, name)['id']}"


async def claimed(city: CityPeople, mail: str = REGISTRAR) -> tuple[Browser, dict[str, Any], str]:
    dossier, path = await filed(city)
    browser = await at_desk(city, mail)
    await browser.get(path)
    await browser.send(f"{path}/claim?lang=vi")
    return browser, dossier, path


async def test_an_officer_signs_in_and_comes_back_to_the_page_they_wanted(city: CityPeople) -> None:
    _, path = await filed(city)
    browser = Browser(city)
    await browser.get(path)
    assert "/sign-in/" in browser.url
    await browser.sign_in(REGISTRAR)
    assert urlsplit(browser.url).path == path
    policy = (await browser.client.get(path)).headers["content-security-policy"]
    assert "unsafe" not in policy


async def test_a_citizen_does_not_come_in_by_the_officers_door(city: CityPeople) -> None:
    browser = Browser(city)
    await browser.get("/desk")
    page = await sign_in(browser, PARENT, expect=403)
    assert 'role="alert"' in page
    await browser.get("/desk", expect=403)
    await browser.get("/account")
    officer = await at_desk(city)
    answer = await officer.client.get("/account")
    assert (answer.status_code, "/sign-in/" in answer.headers["location"]) == (303, True)


async def sign_in(browser: Browser, login: str, *, expect: int) -> str:
    at = urlsplit(browser.url).path
    await browser.send(f"{at}/login?lang=vi", login=login)
    return await browser.send(f"{at}/code?lang=vi", code=await browser.city.code_sent_to(login), expect=expect)


async def test_the_session_ends_with_the_shift(city: CityPeople) -> None:
    browser = await at_desk(city, POLICE)
    officer = "account_id = (select id from accounts where full_name = 'Phạm Quốc Bảo')"
    async with city.house.db.begin() as conn:
        await conn.execute(text(f"update officers set shift_from = '00:00', shift_until = '00:00:01' where {officer}"))
    try:
        answer = await browser.client.get("/desk")
        assert (answer.status_code, "/sign-in/" in answer.headers["location"]) == (303, True)
        async with city.house.db.begin() as conn:
            await conn.execute(text(f"update officers set shift_from = null, shift_until = null where {officer}"))
        await browser.get("/desk")
        assert urlsplit(browser.url).path == "/desk"
        # Of another day's shift: the browser is signed in still, the desk wants it shown again.
        async with city.house.db.begin() as conn:
            await conn.execute(
                text(f"update browser_sessions set auth_time = auth_time - interval '1 day' where {officer}")
            )
        await browser.get("/desk")
        assert "/sign-in/" in browser.url
    finally:
        SIGNED_IN.pop((id(city), POLICE), None)
        async with city.house.db.begin() as conn:
            await conn.execute(text(f"update officers set shift_from = null, shift_until = null where {officer}"))


async def test_the_queue_says_what_is_late_and_can_be_narrowed(city: CityPeople) -> None:
    dossier, path = await filed(city)
    browser = await at_desk(city)
    page = await browser.get("/desk")
    assert f'href="{path}?lang=vi"' in page
    assert len(page.encode()) <= 50_000
    branch_id = path.rsplit("/", 1)[1]
    async with city.house.db.begin() as conn:
        await conn.execute(
            text("update branches set due_at = now() - interval '3 days' where id = :id"), {"id": branch_id}
        )
    page = await browser.get("/desk")
    line = next(one for one in page.split("<li ") if path in one)
    assert "Quá hạn 3 ngày" in " ".join(line.split())
    assert line.startswith('class="due-overdue"')
    assert path in await browser.get("/desk?due=overdue")
    assert path not in await browser.get("/desk?due=soon")
    assert path in await browser.get("/desk?state=submitted&due=overdue&procedure=1.001193")
    assert path not in await browser.get("/desk?procedure=1.000894")
    assert path not in await browser.get("/desk?state=in_review")
    page = await browser.get("/desk?state=submitted&procedure=%27%3Cmoon&due=never&after=moon")
    assert path in page, "what is no word of ours is not asked for"
    assert 'href="/desk?lang=en&amp;state=submitted"' in page, "the other language keeps what is asked for"
    assert steps.branch(dossier, "birth")["title"]["vi"] in page


async def test_the_queue_comes_in_pages_without_a_gap(city: CityPeople) -> None:
    from web import desk

    parent = await city.signed_in("parent")
    for _ in range(3):
        await steps.submitted(parent)
    browser = await at_desk(city)
    whole = re.findall(r'href="/desk/branches/(\w+)\?', await browser.get("/desk"))
    before, desk.PAGE = desk.PAGE, 2
    try:
        paged: list[str] = []
        page = await browser.get("/desk")
        while True:
            paged += re.findall(r'href="/desk/branches/(\w+)\?', page)
            more = re.search(r'href="(/desk\?[^"]*after=[^"]*)"', page)
            if more is None:
                break
            page = await browser.get(more[1].replace("&amp;", "&"))
    finally:
        desk.PAGE = before
    assert paged[: len(whole)] == whole
    assert len(set(paged)) == len(paged)


async def test_officers_press_the_same_button_and_one_has_it(city: CityPeople) -> None:
    from tests.dossiers.test_deciding import officer_actor

    _, path = await filed(city)
    browsers: list[Browser] = []
    for number in range(4):
        await officer_actor(city, f"desk-{number}", "civil_status")
        browsers.append(await at_desk(city, f"desk-{number}@motcua.test"))
    forms = [inputs(await one.get("/desk"), f"{path}/claim?lang=vi") for one in browsers]
    answers = await asyncio.gather(
        *(one.client.post(f"{path}/claim?lang=vi", data=form) for one, form in zip(browsers, forms, strict=True))
    )
    assert sorted(answer.status_code for answer in answers) == [303, 409, 409, 409]
    late = next(answer for answer in answers if answer.status_code == 409)
    assert "Đồng nghiệp khác đã nhận việc này" in late.text
    assert "<h1>Hồ sơ chờ xử lý</h1>" in late.text, "the queue as it is now"
    assert f'action="{path}/claim' not in late.text


async def test_ten_press_for_the_next_one_and_each_has_another(city: CityPeople) -> None:
    from tests.dossiers.test_deciding import officer_actor

    parent = await city.signed_in("parent")
    for _ in range(4):
        await steps.submitted(parent)
    browsers: list[Browser] = []
    for number in range(4):
        await officer_actor(city, f"next-{number}", "civil_status")
        browsers.append(await at_desk(city, f"next-{number}@motcua.test"))
    forms = [inputs(await one.get("/desk"), "/desk/next?lang=vi") for one in browsers]
    # A double click each: two requests of every browser at once.
    answers = await asyncio.gather(
        *(one.client.post("/desk/next?lang=vi", data=form) for one, form in zip(browsers, forms, strict=True))
    )
    taken = [answer.headers["location"] for answer in answers]
    assert len(set(taken)) == 4
    assert "Bạn đã nhận hồ sơ này" in await browsers[0].get(taken[0])
    insurance = await at_desk(city, "lananh.bhxh@motcua.test")
    await insurance.send("/desk/next?lang=vi", expect=404)
    assert 'role="alert"' in insurance.page


async def test_the_branch_shows_form_papers_sources_and_how_the_day_was_counted(city: CityPeople) -> None:
    browser, dossier, path = await claimed(city)
    assert "Bạn đã nhận hồ sơ này" in browser.page
    page = browser.page
    assert len(page.encode()) <= 50_000
    assert dossier["form"]["child.full_name"]["value"] in page
    assert "Sổ hộ tịch điện tử" in page
    assert "Xác nhận bởi" in page
    assert "Chứng cứ trên thẻ" in page
    assert "Cách tính thời hạn" in page
    assert f'href="{path}/papers/birth_notification"' in page
    paper = await browser.client.get(f"{path}/papers/birth_notification")
    assert (paper.status_code, paper.headers["content-type"]) == (200, "application/pdf")
    assert paper.headers["content-disposition"].startswith("attachment")
    assert (await browser.client.get(f"{path}/papers/moon")).status_code == 404
    english = (await browser.client.get(f"{path}?lang=en")).text
    assert "How the day was counted" in english


async def test_a_contested_value_stands_out(city: CityPeople) -> None:
    parent = await city.signed_in("parent")
    draft = await steps.filled_draft(parent)
    said = {"field": "mother.full_name", "reason": "Thiếu chữ đệm", "value": "Nguyễn Thị Thắm"}
    seen = {"If-Match": f'"{draft["version"]}"'}
    await parent.post(f"/v1/dossiers/{draft['id']}/form/contests", json=said, headers=seen, expect=200)
    await steps.submit(parent, draft["id"])
    dossier = await parent.get(f"/v1/dossiers/{draft['id']}", expect=200)
    browser = await at_desk(city)
    page = await browser.get(f"/desk/branches/{steps.branch(dossier, 'birth')['id']}")
    assert 'id="mother.full_name" class="contested"' in page
    assert "Thiếu chữ đệm" in page


async def test_approve_and_again(city: CityPeople) -> None:
    browser, dossier, path = await claimed(city)
    form = inputs(browser.page, f"{path}/decision?lang=vi")
    page = await browser.send(f"{path}/decision?lang=vi", do="approve")
    assert "Đã duyệt" in page
    assert f"{path}/decision" not in page
    assert (await browser.client.get(f"{path}/result")).headers["content-type"] == "application/pdf"
    twice = await browser.client.post(f"{path}/decision?lang=vi", data=form | {"do": "approve"})
    assert twice.status_code == 409
    assert "Việc này đã được quyết định" in twice.text
    approved = await (await city.signed_in("parent")).get(f"/v1/dossiers/{dossier['id']}", expect=200)
    assert steps.branch(approved, "birth")["state"] == "approved"


async def test_result_fields_are_told_wrong_beside_what_was_typed(city: CityPeople) -> None:
    dossier, path = await filed(city, "residence")
    await steps.decide(city, dossier, "birth")
    browser = await at_desk(city, POLICE)
    await browser.get(path)
    await browser.send(f"{path}/claim?lang=vi")
    typed = {"r.number": "152/TB-CAP", "r.registered_on": "1999-01-01"}
    page = await browser.send(f"{path}/decision?lang=vi", typed, do="approve", expect=422)
    assert 'value="152/TB-CAP"' in page
    assert 'value="1999-01-01"' in page
    assert "Ngày đăng ký phải từ ngày sinh đến hôm nay" in page
    page = await browser.send(f"{path}/decision?lang=vi", {"r.registered_on": "2026-11-22"}, do="approve")
    assert "Đã duyệt" in page


async def test_supplement_by_ticking_the_very_fields(city: CityPeople) -> None:
    browser, dossier, path = await claimed(city)
    assert 'form="ask" name="field" value="child.full_name"' in browser.page
    assert 'name="field" value="mother.full_name"' not in browser.page, "locked: the citizen cannot change it"
    ask = f"{path}/supplement-request?lang=vi"
    ticked = {"field": ["child.full_name", "child.birth_facility"], "document": ["birth_notification"]}
    form: dict[str, Any] = inputs(browser.page, ask) | ticked
    form |= {"note.child.full_name": "Ghi đủ chữ đệm.", "note.documents.birth_notification": "Chụp cả hai mặt."}
    form |= {"note.child.sex": "Viết rồi thôi, không đánh dấu."}
    short = await browser.client.post(ask, data=form | {"do": "ask", "reason": "ngắn"})
    assert short.status_code == 422
    assert short.text.count(" checked") == 3, "what was ticked is not lost"
    assert ">ngắn</textarea>" in short.text
    assert 'value="Ghi đủ chữ đệm."' in short.text
    answer = await browser.client.post(ask, data=form | {"do": "ask", "reason": WHY, "working_days": "5"})
    assert answer.status_code == 303, answer.text
    page = await browser.get(answer.headers["location"])
    assert "Đã gửi yêu cầu bổ sung" in page
    told = await (await city.signed_in("parent")).get(f"/v1/dossiers/{dossier['id']}", expect=200)
    asked = steps.branch(told, "birth")["asked"]
    assert (asked["fields"], asked["documents"]) == (ticked["field"], ticked["document"])
    notes = {"child.full_name": "Ghi đủ chữ đệm.", "documents.birth_notification": "Chụp cả hai mặt."}
    assert asked["notes"] == notes
    assert page.count('class="noted"') == 2
    assert "Thời hạn tạm dừng" in next(one for one in (await browser.get("/desk")).split("<li ") if path in one)


async def test_a_refusal_takes_two_and_is_reopened(city: CityPeople) -> None:
    browser, dossier, path = await claimed(city)
    page = await browser.send(f"{path}/decision?lang=vi", do="propose", reason="ngắn", expect=422)
    assert ">ngắn</textarea>" in page
    page = await browser.send(f"{path}/decision?lang=vi", do="propose", reason=WHY)
    assert "chờ người thứ hai duyệt" in page
    verdict = f"{path}/refusal-verdict?lang=vi"
    assert "Duyệt từ chối</button>" not in page, "not by who proposed it"
    own = await browser.client.post(verdict, data=inputs(page, verdict) | {"do": "confirm"})
    assert own.status_code == 403, own.text
    head = await at_desk(city, HEAD)
    page = await head.get(path)
    assert WHY in page
    page = await head.send(verdict, do="send_back", reason="ngắn", expect=422)
    assert ">ngắn</textarea>" in page
    page = await head.send(verdict, do="send_back", reason=WHY)
    assert "Hồ sơ trở lại bước xử lý" in page
    await browser.get(path)
    await browser.send(f"{path}/decision?lang=vi", do="propose", reason=WHY)
    await head.get(path)
    page = await head.send(verdict, do="confirm")
    assert "Đã từ chối; công dân được báo" in page
    told = await (await city.signed_in("parent")).get(f"/v1/dossiers/{dossier['id']}", expect=200)
    assert steps.branch(told, "birth")["state"] == "refused"
    await browser.get(path)
    page = await browser.send(f"{path}/reopening?lang=vi", do="reopen", reason=WHY)
    assert "Đã mở lại" in page


async def test_hands_change_within_the_office(city: CityPeople) -> None:
    browser, _, path = await claimed(city)
    page = await browser.send(f"{path}/return-to-queue?lang=vi", do="give_back", reason="Nghỉ chiều nay")
    assert "Đã trả lại hàng chờ" in page
    assert "Nghỉ chiều nay" in page
    assert 'action="/desk/next' in page, "and on to the next one"
    await browser.send(f"{path}/claim?lang=vi")
    page = await browser.send(f"{path}/escalation?lang=vi", do="escalate", reason=WHY)
    assert "Đã chuyển người đứng đầu" in page
    assert f"{path}/claim" not in page, "the head alone takes it up"
    head = await at_desk(city, HEAD)
    assert path in await head.get("/desk?escalated=1")
    await head.get(path)
    page = await head.send(f"{path}/claim?lang=vi")
    officers = dict(re.findall(r'<option value="(acc_\w+|\w+)">([^<(]+) \(', page))
    khanh = next(key for key, name in officers.items() if name == "Trần Thị Mai Khanh")
    assert "Lê Hoàng Phúc" not in officers.values(), "not of this trade"
    wrong = await head.client.post(
        f"{path}/assignment?lang=vi", data=inputs(page, f"{path}/assignment?lang=vi") | {"officer": "'moon"}
    )
    assert wrong.status_code < 500
    assert 'role="alert"' in wrong.text
    page = await head.send(f"{path}/assignment?lang=vi", do="assign", officer=khanh)
    assert "Đã giao cho đồng nghiệp" in page
    assert "Bạn đang xử lý" in await browser.get(path)
    assert f"{path}/return-to-queue" in await head.get(path), "a head takes it out of an officer's hands"


async def test_forwarded_it_is_gone_from_here(city: CityPeople) -> None:
    from identity import offices

    async with city.house.db.begin() as conn:
        far = await offices.create_office(
            conn,
            agency="ubnd_xa",
            ward_code="26743",
            name_vi="Ủy ban nhân dân phường Tân Định",
            name_en="Tân Định",
            address="-",
        )
    browser, _, path = await claimed(city)
    page = await browser.get(f"{path}/forwarding")
    assert far.name.vi in page
    assert "Công an" not in page
    form = f"{path}/forwarding?lang=vi"
    page = await browser.send(form, office=far.id, reason="ngắn", expect=422)
    assert f'value="{far.id}" selected' in page
    page = await browser.send(form, office=far.id, reason=WHY)
    assert "Đã chuyển sang cơ quan khác" in page
    assert path not in page
    await browser.get(path, expect=404)


async def test_an_apology_with_a_new_date(city: CityPeople) -> None:
    from datetime import timedelta

    from kit import clock

    browser, dossier, path = await claimed(city)
    async with city.house.db.begin() as conn:
        await conn.execute(
            text("update branches set due_at = now() - interval '1 hour' where id = :id"),
            {"id": steps.branch(dossier, "birth")["id"]},
        )
    page = await browser.get(path)
    assert "Quá hạn" in page
    form = f"{path}/apology?lang=vi"
    page = await browser.send(form, do="apologise", due_on="moon", reason=WHY, expect=422)
    assert f">{WHY}</textarea>" in page
    day = city.house.catalogue.calendar.next_working(clock.today() + timedelta(days=2))
    page = await browser.send(form, do="apologise", due_on=day.isoformat(), reason=WHY)
    assert "ngày hẹn mới" in page
    assert f"{day:%d/%m/%Y}" in page
    assert form not in page, "once"
    assert f'href="{path}/apology"' in page
    letter = await browser.client.get(f"{path}/apology")
    assert letter.headers["content-type"] == "application/pdf"
    citizen = Browser(city)
    await citizen.get("/account")
    await citizen.sign_in(PARENT)
    home = await citizen.get(f"/dossiers/{dossier['id']}?lang=vi")
    link = re.search(r'href="(/dossiers/[^"]+/apologies/birth\?lang=vi)"', home)
    assert link
    assert (await citizen.client.get(link[1])).content == letter.content


async def test_longer_for_verification_with_the_day_and_how_it_was_counted(city: CityPeople) -> None:
    dossier, path = await filed(city, "residence")
    await steps.decide(city, dossier, "birth")
    browser = await at_desk(city, POLICE)
    form = f"{path}/extension?lang=vi"
    assert form not in await browser.get(path), "taken first"
    await browser.send(f"{path}/claim?lang=vi")
    page = await browser.get(path)
    assert "Thời hạn khi cần xác minh: 5 ngày làm việc." in " ".join(page.split())
    page = await browser.send(form, do="extend", reason="Bận.", expect=422)
    assert ">Bận.</textarea>" in page
    page = await browser.send(form, do="extend", reason=WHY)
    assert "Đã gia hạn; công dân được báo" in page
    assert "5 ngày làm việc (có xác minh)" in page
    assert form not in page, "once"
    citizen = Browser(city)
    await citizen.get("/account")
    await citizen.sign_in(PARENT)
    home = await citizen.get(f"/dossiers/{dossier['id']}?lang=vi")
    assert "Cơ quan cần xác minh nên hẹn trả:" in home
    assert WHY in home
    assert home.count("5 ngày làm việc (có xác minh)") == 2, "of the procedure, and of the whole"


async def test_what_another_took_meanwhile_is_a_sentence_not_a_crash(city: CityPeople) -> None:
    browser, dossier, path = await claimed(city)
    form = inputs(browser.page, f"{path}/decision?lang=vi")
    async with city.house.db.begin() as conn:
        await conn.execute(
            text(
                "update branches set version = version + 1,"
                " claimed_by = (select id from accounts where full_name = 'Lê Hoàng Phúc') where id = :id"
            ),
            {"id": steps.branch(dossier, "birth")["id"]},
        )
    answer = await browser.client.post(f"{path}/decision?lang=vi", data=form | {"do": "approve"})
    assert answer.status_code == 409
    assert "Đồng nghiệp khác đã nhận việc này" in answer.text
    assert "Lê Hoàng Phúc" in answer.text


async def test_a_page_of_before_is_told_that_it_is_old(city: CityPeople) -> None:
    """Pressing back shows the page of before; what is pressed there does nothing that was not meant for what stands now."""
    browser, dossier, path = await claimed(city)
    form = inputs(browser.page, f"{path}/decision?lang=vi")
    async with city.house.db.begin() as conn:
        await conn.execute(
            text("update branches set version = version + 1 where id = :id"),
            {"id": steps.branch(dossier, "birth")["id"]},
        )
    answer = await browser.client.post(f"{path}/decision?lang=vi", data=form | {"do": "propose", "reason": WHY})
    assert answer.status_code == 412
    assert f">{WHY}</textarea>" in answer.text


async def test_no_form_but_one_of_this_browsers_pages(city: CityPeople) -> None:
    browser, dossier, path = await claimed(city)
    other = await at_desk(city, POLICE)
    theirs = re.search(r'name="csrf" value="([^"]+)"', (await other.client.get(path)).text)
    for verb in VERBS:
        for csrf in ("", "x", theirs[1] if theirs else "y"):
            answer = await browser.client.post(
                f"{path}/{verb}?lang=vi", data={"csrf": csrf, "do": "approve", "reason": WHY}
            )
            assert answer.status_code == 403, verb
    now = await (await city.signed_in("parent")).get(f"/v1/dossiers/{dossier['id']}", expect=200)
    assert steps.branch(now, "birth")["state"] == "in_review"


async def test_every_page_of_the_desk_for_everybody_else(city: CityPeople) -> None:
    """Nobody and the citizen sign in; another office finds nothing; another role is told so. The pages are the app's own list."""
    _, path = await filed(city)
    at = {
        "{branch_id}": path.rsplit("/", 1)[1],
        "{kind}": "birth_notification",
        "{message_id}": "wmg_" + 26 * "0",
        "{officer_id}": "x",
        "{kiosk_id}": "ksk_" + 26 * "0",
        "{dossier_id}": "dos_" + 26 * "0",
        "{code}": steps.GROUP,
        "{order_id}": "pay_" + 26 * "0",
    }
    pages: list[tuple[str, str]] = []
    for route in (one for one in city.app.routes if isinstance(one, HTTPRoute)):
        address = re.sub(r":\w+}", "}", route.path)
        for name, value in at.items():
            address = address.replace(name, value)
        if address.startswith("/desk") and not address.endswith(("-options", "/uploads")):
            methods = {method for handler in route.route_handlers for method in handler.http_methods}
            pages += [(method, address) for method in sorted(methods & {"GET", "POST"})]
    assert {f"{path}/{verb}" for verb in VERBS} <= {address for _, address in pages}
    nobody, citizen = Browser(city), Browser(city)
    await citizen.get("/account")
    await citizen.sign_in(PARENT)
    for browser in (nobody, citizen):
        for method, address in pages:
            answer = await browser.client.request(method, address)
            assert answer.status_code == 303, (method, address)
            assert answer.headers["location"].startswith("/sign-in/"), (method, address)
    police = await at_desk(city, POLICE)
    token = re.search(r'name="csrf" value="([^"]+)"', await police.get("/desk"))
    assert token
    for method, address in pages:
        data = {"csrf": token[1], "do": "propose", "reason": WHY, "office": "x", "officer": "x", "due_on": "2026-12-30"}
        data |= {"channel": "counter", "by": "post", "amount_dong": "10000"}
        answer = await police.client.request(method, address, data=data if method == "POST" else None)
        wanted = (
            404
            if path in address
            else 403
            if re.search("wires|figures|officers|kiosks|counter|takings", address)
            else None
        )
        if address == f"{path}/claim":
            assert 'role="alert"' in answer.text
        assert wanted is None or answer.status_code == wanted, (method, address, answer.status_code)
        assert answer.status_code < 500, (method, address)


async def test_the_counter_looks_and_receives_but_does_not_decide(city: CityPeople) -> None:
    _, path = await filed(city)
    browser = await at_desk(city, COUNTER)
    page = await browser.get(path)
    assert f'action="{path}/receipt' in page
    page = await browser.send(f"{path}/receipt?lang=vi")
    assert "Đã ghi nhận tiếp nhận" in page
    assert f'action="{path}/decision' not in page
