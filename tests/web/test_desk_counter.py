"""Filing at a counter at a browser: which procedure, for whom, the citizens' own form and papers, their confirmation, the receipt."""

import re
import secrets
from datetime import date
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from sqlalchemy import text

from identity import accounts
from identity.tokens import browser as browsers
from kit import clock
from notifications import Contact
from tests.dossiers import steps
from tests.dossiers.test_behalf import CARD, CHILD, WARD, mandate_for_child
from tests.people import ISSUER, CityPeople
from tests.uploads.test_examining import picture
from tests.web.test_desk import COUNTER, PARENT, REGISTRAR, at_desk
from tests.web.test_filing import Browser, inputs
from wires.population import Registered, SandboxRegister

pytestmark = pytest.mark.anyio

GROUP = f"/desk/counter/procedures/{steps.GROUP}"
THEM = {"pin": "079192000011", "born": "1992-05-20"}
UNTIL = {"expires": "2035-02-03"}
SCAN = ("scan.pdf", steps.paper(), "application/pdf")


@pytest.fixture(autouse=True)
async def _uncounted(city: CityPeople) -> None:
    await city.house.valkey.forget_everything()


async def begun(city: CityPeople, **person: str) -> tuple[Browser, str]:
    """At the counter, with the form of a draft open: the browser and the draft's address."""
    browser = await at_desk(city, COUNTER)
    await browser.get(GROUP)
    await browser.send(f"{GROUP}?lang=vi", THEM | person)
    path = urlsplit(browser.url).path
    assert re.fullmatch(r"/desk/counter/dos_\w+", path), browser.url
    return browser, path


async def filled(city: CityPeople, **person: str) -> tuple[Browser, str]:
    """All of it answered, the paper scanned; at the papers' page."""
    browser, path = await begun(city, **person)
    typed: dict[str, str] = {}
    for name, value in steps.child().items():
        parts = value.items() if isinstance(value, dict) else [("", value)]
        typed |= {f"f.{name}.{part}".rstrip("."): str(text) for part, text in parts}
    page = await browser.send(f"{path}/form?lang=vi", typed, do="next")
    assert urlsplit(browser.url).path == f"{path}/papers", page
    await uploaded(browser, f"{path}/papers?lang=vi", do="attach:birth_notification")
    assert "Hồ sơ đã đủ" in browser.page
    return browser, path


async def uploaded(browser: Browser, action: str, *, file: Any = SCAN, expect: int = 200, **pressed: str) -> str:
    """The form with this action, with a scanned file."""
    data = inputs(browser.page, action) | pressed
    return await browser.arrived(await browser.client.post(action, data=data, files={"file": file}), expect)


async def test_plain_words_find_what_is_asked_for(city: CityPeople) -> None:
    browser = await at_desk(city, COUNTER)
    page = await browser.get("/desk/counter?q=giay khai sinh")
    assert f'href="{GROUP}?lang=vi"' in page
    assert len(page.encode()) <= 50_000
    assert "Giúp" not in await browser.get("/desk/counter?q=x")
    assert 'href="/desk/counter?lang=vi"' in page, "a room of whoever receives"
    registrar = await at_desk(city, REGISTRAR)
    assert "/desk/counter" not in registrar.page
    assert "vai trò khác" in await registrar.get("/desk/counter", expect=403)


async def test_confirmed_on_their_phone_and_the_receipt_is_printed(city: CityPeople) -> None:
    browser, path = await filled(city)
    assert f'href="{path}?lang=vi"' in await browser.get("/desk/counter"), "found again"
    await browser.get(f"{path}/papers")
    page = await browser.send(f"{path}/confirmation-request?lang=vi")
    assert "Đã nhắn người dân" in page
    assert (await browser.client.get(f"{path}/receipt")).status_code == 404, (
        "there is nothing yet to give a receipt for"
    )
    parent = await city.signed_in("parent")
    submitted = await steps.submit(parent, path.rsplit("/", 1)[1])
    page = await browser.get(f"{path}/papers?lang=vi&asked=1")
    assert urlsplit(browser.url).path == path
    assert submitted["receipt_code"] in page
    assert len(page.encode()) <= 50_000
    paper = await browser.client.get(f"{path}/receipt")
    assert (paper.status_code, paper.headers["content-type"]) == (200, "application/pdf")
    assert f'href="{path}?lang=vi"' not in await browser.get("/desk/counter"), "no draft any more"
    assert "Giúp bạn điền hồ sơ tại quầy" in str(await parent.get("/v1/me/reads", expect=200))
    # What comes late, from the page of before, changes nothing.
    late = await browser.client.post(f"{path}/form?lang=vi", data={"csrf": "x"})
    assert (late.status_code, late.headers["location"]) == (303, f"{path}?lang=vi")


async def test_confirmed_by_a_signature_on_what_was_printed(city: CityPeople) -> None:
    browser, path = await filled(city)
    printed = await browser.client.get(f"{path}/declaration?lang=vi")
    assert printed.status_code == 200
    version = re.search(r'name="version" value="(\d+)"', browser.page)
    assert version
    assert f"bản số {version[1]}" in printed.text
    assert "Nguyễn Thị Hồng Thắm" in printed.text
    assert len(printed.content) <= 50_000
    seen, send = browser.page, f"{path}/submission?lang=vi"
    # The citizen changes something on their phone meanwhile: what was printed is no longer what would go in.
    parent = await city.signed_in("parent")
    changed = {"fields": {"child.full_name": "Hoàng Thị Thu"}}
    await parent.patch(
        f"/v1/dossiers/{path.rsplit('/', 1)[1]}/form", json=changed, headers={"If-Match": "*"}, expect=200
    )
    page = await uploaded(browser, send, expect=412)
    assert 'role="alert"' in page
    page = await uploaded(browser, send)
    code = re.search(r"<code>([^<]+)</code>", page)
    assert code
    assert "Hồ sơ đã được nộp" in page
    twice = await browser.client.post(send, data=inputs(seen, send), files={"file": SCAN})
    assert (twice.status_code, twice.headers["location"]) == (303, f"{path}?lang=vi")
    told = await parent.get(f"/v1/dossiers/{path.rsplit('/', 1)[1]}", expect=200)
    assert told["receipt_code"] == code[1]
    assert "đã ký xác nhận trên giấy" in str(told["timeline"])


async def test_what_is_no_scan_is_refused_and_nothing_goes_in(city: CityPeople) -> None:
    browser, path = await filled(city)
    for data, expect in ((b"", 422), (b"MZ not a paper", 415)):
        file = ("signed.pdf", data, "application/pdf")
        page = await uploaded(browser, f"{path}/submission?lang=vi", file=file, expect=expect)
        assert 'role="alert"' in page
    assert "Hồ sơ đã đủ" in await browser.get(f"{path}/papers")


async def test_one_scan_of_several_papers_is_sorted_by_page(city: CityPeople) -> None:
    browser, path = await begun(city)
    await browser.get(f"{path}/papers")
    needed, other, *_ = re.findall(r'name="(pages\.\w+)"', browser.page)
    assert needed == "pages.birth_notification"
    sort = f"{path}/scans?lang=vi"
    typed = {"do": "sort", needed: "1", other: "hai"}
    data = inputs(browser.page, sort) | typed
    page = await browser.arrived(await browser.client.post(sort, data=data, files={"file": SCAN}), 422)
    assert "Ghi số trang như 1-2, 5" in page
    assert 'value="hai"' in page, "what was typed is not lost"
    data = inputs(browser.page, sort) | typed | {other: "1"}
    page = await browser.arrived(await browser.client.post(sort, data=data, files={"file": SCAN}), 200)
    assert page.count("Đã đính kèm") == 2, "papers that may be handed in too"


async def test_a_person_without_an_account_shows_their_card(city: CityPeople) -> None:
    """They file on a signature, follow by receipt code and birthday, and open a proven account later: the dossier is theirs."""
    browser = await at_desk(city, COUNTER)
    await browser.get(GROUP)
    pin = f"079190{secrets.randbelow(10**6):06d}"
    person = {"pin": pin, "born": "1990-02-03"}
    page = await browser.send(f"{GROUP}?lang=vi", person, expect=404)
    assert 'role="alert"' in page
    assert "<details open>" in page
    assert f'value="{pin}"' in page
    # No sex, no last day, a sex that the number does not have.
    her = {"full_name": "Phan Thị Bích", "sex": "female"}
    for wrong in ({"full_name": "Phan Thị Bích"}, her, her | UNTIL | {"sex": "male"}):
        page = await browser.send(f"{GROUP}?lang=vi", person | wrong, expect=422)
        assert "Thông tin trên thẻ ghi chưa đúng" in page
    expired = {"full_name": "Phan Thị Bích", "sex": "female", "expires": "2025-02-03"}
    page = await browser.send(f"{GROUP}?lang=vi", person | expired, expect=422)
    assert "Thẻ đã hết hạn" in page
    assert 'value="2025-02-03"' in page
    await browser.send(f"{GROUP}?lang=vi", person | UNTIL | {"full_name": "Phan Thị Bích", "sex": "female"})
    path = urlsplit(browser.url).path
    assert "Phan Thị Bích" in browser.page, "filled in from the card"
    # Under the same number nobody else: another name does not come in.
    await browser.get(GROUP)
    other = person | UNTIL | {"full_name": "Lê Thị Bích", "sex": "female"}
    assert "đã có tài khoản với họ tên" in await browser.send(f"{GROUP}?lang=vi", other, expect=409)
    reception = await city.signed_in("identity_checker")
    fields = {"fields": steps.child() | MORE}
    api = f"/v1/desk/assisted/{path.rsplit('/', 1)[1]}"
    draft = await reception.patch(f"{api}/form", json=fields, headers={"If-Match": "*"}, expect=200)
    assert draft["form"]["mother.full_name"]["value"] == "Phan Thị Bích"
    draft = await reception.put(f"{api}/documents/birth_notification", files={"file": SCAN}, expect=200)
    assert draft["faults"] == []
    page = await browser.get(f"{path}/papers")
    page = await browser.send(f"{path}/confirmation-request?lang=vi", expect=409)
    assert "không có điện thoại" in page
    page = await uploaded(browser, f"{path}/submission?lang=vi")
    code = re.search(r"<code>(H29[^<]+)</code>", page)
    assert code, page
    look_up = {"receipt_code": code[1], "date_of_birth": "1990-02-03"}
    await city.nobody.post("/v1/lookups", json=look_up, expect=200)
    officer = await at_desk(city, REGISTRAR)
    desk = await officer.get(f"/desk/branches/{await branch_of(city, path)}")
    assert "cán bộ xem thẻ tại quầy" in desk
    # Proven later, by machine: the same person, the same account.
    assert await proven(city, pin) == await account_of(city, path)


MORE = {
    "requester.phone": "0912345678",
    "mother.ethnicity": "01",
    "child.ethnicity": "01",
    "mother.nationality": "VNM",
}


async def branch_of(city: CityPeople, path: str) -> str:
    return await _value(city, "select id from branches where name = 'birth' and dossier_id = :id", path)


async def account_of(city: CityPeople, path: str) -> str:
    return await _value(city, "select account_id from dossiers where id = :id", path)


async def _value(city: CityPeople, query: str, path: str) -> str:
    async with city.house.db.connect() as conn:
        return (await conn.execute(text(query), {"id": path.rsplit("/", 1)[1]})).scalar_one()


async def proven(city: CityPeople, pin: str) -> str:
    """The account that a card, a face and a phone open for this number."""
    said = {"pin": pin, "full_name": "PHAN THỊ BÍCH", "date_of_birth": "1990-02-03", "sex": "female"}
    now = clock.now()
    claims = [accounts.ProvedClaim(name, value, ("card:print", "card:qr"), now) for name, value in said.items()]
    contact = Contact(kind="phone", value=f"+8491{pin[-7:]}")
    async with city.house.db.begin() as conn:
        opened = await accounts.open_or_find(
            conn, city.house.keys, claims=claims, contact=contact, level=1, evidence={}, at=now
        )
    return opened.id


async def test_a_parent_files_for_their_child_and_confirms_at_their_own_browser(city: CityPeople) -> None:
    """What was opened under a mandate was nobody's at a browser."""
    await mandate_for_child(await city.signed_in("parent"))
    page_of = f"/desk/counter/procedures/{CARD}"
    browser = await at_desk(city, COUNTER)
    page = await browser.get(page_of)
    assert "số định danh của trẻ hoặc người được giám hộ" in page
    for number, expect in (("12", 404), ("079322999999", 404), ("", 409)):
        page = await browser.send(f"{page_of}?lang=vi", THEM | {"acting_for": number}, expect=expect)
        assert 'role="alert"' in page
        assert f'value="{number}"' in page
    await browser.send(f"{page_of}?lang=vi", THEM | {"acting_for": f" {CHILD[:6]} {CHILD[6:]} "})
    path = urlsplit(browser.url).path
    assert "nộp thay cho" in browser.page
    assert "Hoàng Nguyễn Bảo Ngân" in browser.page
    typed = {"ward": "Phường Sài Gòn", "f.home.address.ward": WARD, "f.home.address.detail": "Số 9 đường Hư Cấu"}
    typed |= {"f.insurance.facility": "Bệnh viện Nhi Đồng 2"}
    page = await browser.send(f"{path}/form?lang=vi", typed, do="next")
    assert "Hồ sơ đã đủ" in page, page
    assert "Hoàng Nguyễn Bảo Ngân" in (await browser.client.get(f"{path}/declaration?lang=vi")).text
    await browser.send(f"{path}/confirmation-request?lang=vi")
    citizen, own = Browser(city), path.replace("/desk/counter/", "/dossiers/")
    await citizen.get(own)
    await citizen.sign_in(PARENT)
    listed = (await citizen.get("/dossiers?lang=vi")).split(f'href="{own}?lang=vi"')[1].split("</li>")[0]
    assert "Nộp thay cho <strong>Hoàng Nguyễn Bảo Ngân</strong>" in listed
    await citizen.get(f"{own}/papers?lang=vi")
    page = await citizen.send(f"{own}/submission?lang=vi")
    assert urlsplit(citizen.url).path == own
    assert "H29" in page
    assert (await citizen.client.get(f"{own}/receipt")).headers["content-type"] == "application/pdf"
    stranger = Browser(city)
    await stranger.get("/account")
    await stranger.sign_in("+84900000013")
    for step in ("", "/papers", "/receipt"):
        assert (await stranger.client.get(own + step)).status_code == 404, step
    assert own not in await stranger.get("/dossiers")


async def test_what_the_register_says_otherwise_is_compared_again(city: CityPeople) -> None:
    browser = await at_desk(city, COUNTER)
    await browser.get(GROUP)
    pin, before = f"079190{secrets.randbelow(10**6):06d}", city.house.population
    city.house.population = SandboxRegister([Registered(pin, "Phan Thị Biếc", date(1990, 2, 3), {})])
    person = {"pin": pin, "born": "1990-02-03", "full_name": "Phan Thị Bích", "sex": "female", "no_term": "yes"}
    try:
        page = await browser.send(f"{GROUP}?lang=vi", person, expect=409)
        assert 'name="looked_again"' in page
        assert "<details open>" in page
        page = await browser.send(f"{GROUP}?lang=vi", person | {"looked_again": "yes"})
    finally:
        city.house.population = before
    assert "Cơ sở dữ liệu dân cư ghi khác" in page


async def test_buttons_need_this_browsers_own_page(city: CityPeople) -> None:
    browser, path = await begun(city)
    for verb in ("form", "papers", "scans", "confirmation-request", "submission"):
        answer = await browser.client.post(f"{path}/{verb}", data={"csrf": "moon"})
        assert answer.status_code == 403, verb
        assert 'role="alert"' in answer.text
    answer = await browser.client.post(GROUP, data=THEM | {"csrf": "moon"})
    assert answer.status_code == 403


async def test_of_another_office_or_role_nobody_finds_it(city: CityPeople) -> None:
    _, path = await filled(city)
    registrar = await at_desk(city, REGISTRAR)
    citizen = Browser(city)
    await citizen.get("/account")
    await citizen.sign_in(PARENT)
    for step in ("", "/papers", "/declaration", "/receipt"):
        assert (await registrar.client.get(path + step)).status_code == 403, step
        answer = await citizen.client.get(path + step)
        assert (answer.status_code, "/sign-in/" in answer.headers["location"]) == (303, True), step
    browser = await at_desk(city, COUNTER)
    own = await (await city.signed_in("parent")).post("/v1/dossiers", json={"procedure": steps.GROUP}, expect=201)
    for step in ("", "/papers", "/declaration", "/receipt"):
        assert (await browser.client.get(f"/desk/counter/{own['id']}{step}")).status_code == 404, step


async def test_a_scan_sent_in_pieces(city: CityPeople) -> None:
    """By the page's own script, over a bad line; only by who receives, and only to a draft of this office."""
    browser, path = await begun(city)
    scan = picture(size=(60, 40))
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": str(len(scan))}

    async def begin(who: Browser, at: str = path) -> httpx.Response:
        """With the token that a page of ours would have given this browser."""
        cookie = who.client.cookies.get(browsers.cookie_name(ISSUER)) or ""
        headers["X-Form-Token"] = browsers.form_token(cookie, at.rsplit("/", 1)[1])
        return await who.client.post(f"{at}/uploads", headers=headers)

    made = await begin(browser)
    assert made.status_code == 201, made.text
    piece = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}
    sent = await browser.client.patch(made.headers["location"], headers=headers | piece, content=scan)
    assert sent.status_code == 204, sent.text
    await browser.get(f"{path}/papers")
    upload = made.headers["location"].rsplit("/", 1)[1]
    page = await browser.send(f"{path}/papers?lang=vi", do="attach:birth_notification", upload=upload)
    assert "Đã đính kèm" in page
    assert (await begin(await at_desk(city, REGISTRAR))).status_code == 401, "of the office, and of another trade"
    assert (await begin(Browser(city))).status_code == 401
    own = await (await city.signed_in("parent")).post("/v1/dossiers", json={"procedure": steps.GROUP}, expect=201)
    assert (await begin(browser, f"/desk/counter/{own['id']}")).status_code == 404, "no draft of this office"
