"""Filing at a browser without JavaScript: search, sign in, the form with its repeats and conditions, papers, submission."""

import re
from html import unescape
from urllib.parse import urlsplit

import httpx
import pytest
from sqlalchemy import text

from tests.dossiers import steps
from tests.people import ISSUER, CityPeople

pytestmark = pytest.mark.anyio

PARENT, OTHER = "+84900000011", "+84900000012"
Form = dict[str, str]


@pytest.fixture(autouse=True)
async def _uncounted(city: CityPeople) -> None:
    """Limits count over all tests of a session."""
    await city.house.valkey.forget_everything()


SIGNED_IN: dict[tuple[int, str], dict[str, str]] = {}
"""The cookie of each person's browser: signing in for every test would be too often."""


class Browser:
    """A browser that runs no script: it keeps cookies, follows redirects and sends what a form holds."""

    def __init__(self, city: CityPeople) -> None:
        transport = httpx.ASGITransport(app=city.app, raise_app_exceptions=False)
        self.client = httpx.AsyncClient(transport=transport, base_url=ISSUER, headers={"Accept-Language": "vi"})
        self.city, self.page, self.url = city, "", ""

    async def get(self, path: str, expect: int = 200) -> str:
        return await self.arrived(await self.client.get(path), expect)

    async def send(self, action: str, form: Form | None = None, *, expect: int = 200, **pressed: str) -> str:
        """The form with this action, as the page fills it in, with these changes and the button pressed."""
        data = inputs(self.page, action) | (form or {}) | pressed
        return await self.arrived(await self.client.post(action, data=data), expect)

    async def arrived(self, answer: httpx.Response, expect: int) -> str:
        for _ in range(8):
            if answer.status_code != 303:
                break
            answer = await self.client.get(answer.headers["location"])
        assert answer.status_code == expect, (answer.url, answer.status_code, answer.text[:600])
        self.page, self.url = answer.text, str(answer.url)
        return self.page

    async def sign_in(self, login: str) -> None:
        """On the sign-in page already."""
        at = urlsplit(self.url).path
        await self.send(f"{at}/login?lang=vi", login=login)
        code = await self.city.code_sent_to(login)
        await self.send(f"{at}/code?lang=vi", code=code)


def inputs(page: str, action: str) -> Form:
    """What the form of this action sends when nothing is changed: hidden and typed texts, chosen options, ticked boxes."""
    escaped = action.replace("&", "&amp;")
    match = re.search(rf'<form[^>]*action="{re.escape(escaped)}"[^>]*>(.*?)</form>', page, re.S)
    assert match, (action, re.findall(r'action="([^"]+)"', page))
    body, found = match[1], {}
    for tag in re.findall(r"<input[^>]*>", body):
        at = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        if "name" not in at or at.get("type") in ("file",):
            continue
        if at.get("type") in ("radio", "checkbox") and " checked" not in tag:
            continue
        found[at["name"]] = unescape(at.get("value", ""))
    for name, options in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', body, re.S):
        chosen = re.search(r'<option value="([^"]*)" selected', options)
        found[name] = unescape(chosen[1]) if chosen else ""
    for name, typed in re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>(.*?)</textarea>', body, re.S):
        found[name] = unescape(typed)
    return found


async def drafted(city: CityPeople, code: str, login: str = PARENT, **branches: str) -> tuple[Browser, str]:
    """Signed in, with a draft of this procedure open: the browser and the form's address."""
    browser = Browser(city)
    browser.client.cookies.update(SIGNED_IN.get((id(city), login), {}))
    await browser.get(f"/procedures/{code}")
    start = f"/procedures/{code}/start?lang=vi"
    await browser.send(start, **branches)
    if "/sign-in/" in browser.url:
        await browser.sign_in(login)
        assert urlsplit(browser.url).path == f"/procedures/{code}", "back at the page it was for"
        SIGNED_IN[id(city), login] = dict(browser.client.cookies)
        await browser.send(start, **branches)
    path = urlsplit(browser.url).path
    assert re.fullmatch(r"/dossiers/dos_\w+", path), browser.url
    return browser, path


@pytest.mark.parametrize("words", ["giay khai sinh", "bao hiem cho be", "giay khai snih"])
async def test_plain_words_find_the_page_of_a_procedure(city: CityPeople, words: str) -> None:
    page = await Browser(city).get(f"/procedures?q={words}")
    assert 'href="/procedures/' in page
    assert "khai sinh" in page.lower()


@pytest.mark.parametrize("lang", ["vi", "en"])
async def test_every_procedure_and_life_event_has_a_page(city: CityPeople, lang: str) -> None:
    from kit import clock

    catalogue = city.house.catalogue
    for item in catalogue.in_force(clock.today()):
        answer = await city.client.get(f"/procedures/{item.code}?lang={lang}")
        assert answer.status_code == 200, item.code
        assert (item.guide[0].vi if lang == "vi" else item.guide[0].en).replace("'", "&#39;") in answer.text
        assert len(answer.content) < 50_000
        assert item.source == "published" or 'class="mark"' in answer.text
    for event in catalogue.events:
        assert (await city.client.get(f"/life-events/{event.key}?lang={lang}")).status_code == 200
    assert (await city.client.get("/procedures/0.000")).status_code == 404
    assert (await city.client.get("/procedures/2.002621")).status_code == 409
    assert (await city.client.get("/life-events/moon")).status_code == 404


async def test_a_page_says_field_level_and_what_of_the_fee_nobody_found(city: CityPeople) -> None:
    """The level was in the data and on no page; a fee that was not found looked like none."""
    page = await Browser(city).get("/procedures/1.000894")
    assert "Lĩnh vực: Hộ tịch" in page
    assert "Trực tuyến một phần" in page
    assert "Trường hợp khác" not in page
    page = await Browser(city).get("/procedures/1.004873")
    assert "Trực tuyến toàn trình" in page
    assert "Trường hợp khác: chưa tìm thấy mức thu công bố" in page
    page = await Browser(city).get("/procedures/criminal_record_certificate")
    assert "trước khi có kết quả" in page


async def test_an_assumption_is_marked_on_the_page(city: CityPeople) -> None:
    page = await Browser(city).get("/procedures/criminal_record_certificate")
    assert page.count("giả định") > 5
    assert "Mã thủ tục quốc gia" not in page, "no invented code"


async def test_nobody_and_strangers(city: CityPeople) -> None:
    browser, path = await drafted(city, "2.000635")
    someone = Browser(city)
    await someone.get(path)
    assert urlsplit(someone.url).path.startswith("/sign-in/"), "and from there back"
    await someone.sign_in(PARENT)
    assert urlsplit(someone.url).path == path
    stranger, _ = await drafted(city, "2.000635", "+84900000013")
    await stranger.get(path, expect=404)
    strange = await stranger.client.post(f"{path}/form", data=inputs(browser.page, f"{path}/form?lang=vi"))
    assert strange.status_code == 403, "a form no page of ours gave this browser"


async def test_signing_in_leads_nowhere_but_to_our_pages(city: CityPeople) -> None:
    for state in ("//evil.test", "https://evil.test/", "/\\evil.test", "/dossiers/../sandbox", "/d/x"):
        back = await city.client.get("/account/in", params={"state": state, "code": "x"})
        assert (back.status_code, back.headers["location"]) == (303, "/account"), state
    back = await city.client.get("/account/in", params={"state": "/dossiers/dos_1/papers"})
    assert back.headers["location"] == "/dossiers/dos_1/papers"


async def test_repeats_and_conditions_without_script(city: CityPeople) -> None:
    browser, path = await drafted(city, "business_household_registration")
    form = f"{path}/form?lang=vi"
    assert "f.members.people.0.full_name" not in browser.page, "asked only when a household owns it"
    await browser.send(
        form, {"f.members.owned_by": "household", "f.business.name": "Quán trà Hư Cấu"}, do="save:members"
    )
    assert "f.members.people.0.full_name" in browser.page
    assert 'value="Quán trà Hư Cấu"' in browser.page
    await browser.send(form, {"f.members.people.0.full_name": "Phạm An"}, do="add:members.people")
    assert "f.members.people.1.full_name" in browser.page
    assert 'value="Phạm An"' in browser.page
    await browser.send(
        form, {"f.members.people.1.full_name": "Phạm Bình", "f.members.people.1.pin": "079095002222"}, do="save"
    )
    await browser.send(form, do="remove:members.people.0")
    sent = inputs(browser.page, form)
    assert sent["f.members.people.0.full_name"] == "Phạm Bình"
    assert "f.members.people.1.full_name" not in sent
    await browser.send(form, {"f.members.owned_by": "person"}, do="save")
    assert "f.members.people" not in browser.page


async def test_what_is_wrong_stands_beside_its_question_and_the_rest_is_kept(city: CityPeople) -> None:
    browser, path = await drafted(city, "recognition")
    form = f"{path}/form?lang=vi"
    typed = {
        "f.recognised.full_name": "V0 Gia Bảo",
        "f.recognised.date_of_birth": "13/2022",
        "f.recognition.reason": "Có kết quả giám định",
        "f.recognised.residence.ward": "phuong sai gon",
        "f.recognised.residence.detail": "7 Nguyễn Huệ",
        "f.claimant.ethnicity": "kinh",
    }
    page = await browser.send(form, typed, do="save", expect=422)
    assert 'value="V0 Gia Bảo"' in page, "what was typed is not lost"
    assert 'value="13/2022"' in page
    assert 'href="#recognised.full_name"' in page
    kept = inputs(page, form)
    assert kept["f.recognised.residence.ward"] == "Phường Sài Gòn", "typed without marks"
    page = await browser.send(
        form, {"f.recognised.full_name": "Võ Gia Bảo", "f.recognised.date_of_birth": "03/2022"}, do="save"
    )
    parent = await city.signed_in("parent")
    stored = (await parent.get(f"/v1{path}", expect=200))["form"]
    assert stored["recognised.residence"]["value"] == {"ward": "26740", "detail": "7 Nguyễn Huệ"}
    assert stored["claimant.ethnicity"]["value"] == "01"
    assert stored["recognised.full_name"]["value"] == "Võ Gia Bảo"


async def test_prefilled_values_say_their_source_and_locked_ones_can_be_contested(city: CityPeople) -> None:
    browser, path = await drafted(city, "recognition")
    form = f"{path}/form?lang=vi"
    assert "Nguồn: Thẻ căn cước đã đọc" in browser.page
    assert 'name="f.claimant.full_name"' not in browser.page, "locked"
    await browser.send(form, do="contest:claimant.full_name", expect=422)
    assert "Hãy ghi vì sao chưa đúng" in browser.page
    said = {"contest.claimant.full_name.reason": "Thiếu chữ đệm", "contest.claimant.full_name.value": "Nguyễn Thị Thắm"}
    await browser.send(form, said, do="contest:claimant.full_name")
    assert "Thiếu chữ đệm" in browser.page
    await browser.send(form, do="uncontest:claimant.full_name")
    assert "Thiếu chữ đệm" not in browser.page


async def test_a_draft_goes_on_on_another_device_and_two_devices_lose_nothing(city: CityPeople) -> None:
    phone, path = await drafted(city, "recognition")
    form = f"{path}/form?lang=vi"
    computer = Browser(city)
    await computer.get(path, expect=200)
    await computer.sign_in(PARENT)
    assert urlsplit(computer.url).path == path
    await phone.send(form, {"f.recognition.reason": "Giám định ADN", "f.recognised.full_name": "Võ Gia Bảo"}, do="save")
    # The computer still shows the page of before: what it changed is kept, what both changed is shown side by side.
    page = await computer.send(
        form,
        {"f.recognition.reason": "Có người làm chứng", "f.recognised.date_of_birth": "2022"},
        do="save",
        expect=422,
    )
    assert "Giám định ADN" in page
    assert "Có người làm chứng" in page
    sent = inputs(page, form)
    assert sent["f.recognised.full_name"] == "Võ Gia Bảo", "untouched here, so the phone's"
    assert sent["f.recognised.date_of_birth"] == "2022"
    await computer.send(form, do="save")
    await phone.get(path)
    assert inputs(phone.page, form)["f.recognition.reason"] == "Có người làm chứng"


async def test_from_the_search_to_the_receipt(city: CityPeople) -> None:
    """A marital-status certificate: found, filled in, submitted, decided, all in a browser that runs no script."""
    browser, path = await drafted(city, "1.004873", OTHER)
    form = f"{path}/form?lang=vi"
    sent = inputs(browser.page, form)
    assert sent["f.status.residence.ward"] == "Phường Sài Gòn", (
        "the ward of the printed address, where it can be only one"
    )
    await browser.send(form, {"f.status.purpose": "other"}, do="save")
    page = await browser.send(form, do="next")
    assert urlsplit(browser.url).path == f"{path}/papers"
    assert f'href="{path}?lang=vi&amp;check=1#status.purpose_text"' in page
    await browser.send(f"{path}/submission?lang=vi", expect=422)
    await browser.get(f"{path}?check=1")
    assert 'aria-invalid="true"' in browser.page
    await browser.send(form, {"f.status.purpose_text": "Vay vốn ngân hàng"}, do="next")
    page = await browser.send(f"{path}/submission?lang=vi")
    assert re.search(r"H29\.26740-\d{6}", page)
    assert "Hẹn trả trước" in page
    officer = await city.signed_in("civil_status")
    dossier = await (await city.signed_in("other_parent")).get(f"/v1{path}", expect=200)
    [branch] = dossier["branches"]
    desk = f"/v1/desk/branches/{branch['id']}"
    await officer.post(f"{desk}/claim", expect=201)
    await officer.post(f"{desk}/decision", json={"outcome": "approved", "result": {}}, expect=201)
    assert "Đã giải quyết" in await browser.get(path)


async def test_a_paper_is_handed_in_and_taken_out_by_form(city: CityPeople) -> None:
    browser, path = await drafted(city, "1.004859")
    await browser.get(f"{path}/papers")
    action = f"{path}/papers?lang=vi"
    data = {"csrf": inputs(browser.page, action)["csrf"], "do": "attach:proof_of_correction"}
    answer = await browser.client.post(action, data=data, files={"file": ("a.pdf", steps.paper(), "application/pdf")})
    page = await browser.arrived(answer, 200)
    assert "Đã đính kèm" in page
    await browser.send(action, do="detach:proof_of_correction")
    assert "Đã đính kèm" not in browser.page
    bad = await browser.client.post(action, data=data, files={"file": ("a.exe", b"MZ", "application/octet-stream")})
    assert bad.status_code == 422 or bad.status_code == 415
    assert 'role="alert"' in bad.text


async def test_what_is_typed_is_text_never_markup(city: CityPeople) -> None:
    browser, path = await drafted(city, "1.004859")
    form = f"{path}/form?lang=vi"
    page = await browser.send(form, {"f.correction.reason": '"><script>alert(1)</script>'}, do="save")
    assert "<script>alert" not in page
    assert len(page.encode()) < 100_000


async def test_who_signed_in_too_long_ago_shows_it_again_for_an_extract_alone(city: CityPeople) -> None:
    browser, _ = await drafted(city, "2.000635")
    async with city.house.db.begin() as conn:
        await conn.execute(text("update browser_sessions set auth_time = auth_time - interval '2 hours'"))
    try:
        await browser.get("/procedures/2.000635?lang=vi")
        await browser.send("/procedures/2.000635/start?lang=vi")
        assert urlsplit(browser.url).path.startswith("/sign-in/")
        await browser.get("/procedures/1.004859?lang=vi")
        await browser.send("/procedures/1.004859/start?lang=vi")
        assert urlsplit(browser.url).path.startswith("/dossiers/")
    finally:
        async with city.house.db.begin() as conn:
            await conn.execute(text("update browser_sessions set auth_time = auth_time + interval '2 hours'"))


async def test_a_locked_account_is_nobody_at_a_browser(city: CityPeople) -> None:
    browser, path = await drafted(city, "1.004859", OTHER)
    async with city.house.db.begin() as conn:
        locked = text(
            "update accounts set locked_at = now() where id = (select account_id from dossiers where id = :id)"
        )
        await conn.execute(locked, {"id": path.rpartition("/")[2]})
    try:
        await browser.get(path)
        assert urlsplit(browser.url).path.startswith("/sign-in/")
    finally:
        async with city.house.db.begin() as conn:
            await conn.execute(text("update accounts set locked_at = null"))
