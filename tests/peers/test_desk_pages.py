"""The officers' desk in a real browser: axe finds nothing on any page, on paper-wide and phone-wide screens, and the keyboard is enough."""

import asyncio
import json
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.demo.people import Caller
from api.demo.server import Server
from identity import accounts, offices
from kit.db import Database
from kit.engines import Engines
from kit.keys import FileKeys
from tests.dossiers import steps
from tests.peers.chromium import Tab, running
from tests.uploads.test_examining import picture

pytestmark = pytest.mark.slow

PARENT, REGISTRAR, OPERATOR = "+84900000011", "khanh.tuphap@motcua.test", "van.hanh@motcua.test"
POLICE, COUNTER = "bao.congan@motcua.test", "phuc.motcua@motcua.test"
"""The operator is a head as well."""
WHY = "Giấy chứng sinh không đọc được, đề nghị nộp lại bản rõ hơn."


@pytest.fixture
def tab(tmp_path: Path) -> Iterator[Tab]:
    with running(tmp_path / "profile") as browser:
        made = browser.tab(1280, 900)
        made.call("Network.enable")
        made.call("Network.setExtraHTTPHeaders", headers={"Accept-Language": "vi"})
        yield made


@pytest.fixture(scope="module")
def parent(server: Server) -> Caller:
    made = Caller(server.url, "citizen-app")
    made.sign_in(PARENT)
    return made


def filed(parent: Caller) -> str:
    """The id of the birth's branch in a dossier just submitted."""
    return steps.branch(submitted(parent), "birth")["id"]


def submitted(parent: Caller) -> Any:
    """A dossier with a photographed paper."""
    draft = parent.post("/v1/dossiers", json={"procedure": steps.GROUP})
    path = f"/v1/dossiers/{draft['id']}"
    parent.call(
        "PATCH",
        f"{path}/form",
        json={"fields": steps.child()},
        headers={"If-Match": f'"{draft["version"]}"'},
    )
    upload = parent.post("/v1/uploads", files={"file": ("gcs.jpg", picture(size=(900, 1200)), "image/jpeg")})
    parent.call("PUT", f"{path}/documents/birth_notification", json={"upload_id": upload["id"]})
    parent.post(f"{path}/submission", headers={"Idempotency-Key": uuid.uuid4().hex})
    return parent.get(path)


def sign_in(server: Server, tab: Tab, mail: str, page: str = "/desk") -> None:
    """By the keyboard alone: what is typed goes where the page put the cursor."""
    tab.call("Page.navigate", url=f"{server.url}{page}?lang=vi")
    tab.wait("document.querySelector('#login')")
    inbox = Caller(server.url)
    inbox._used_codes.update(inbox._codes(mail))  # pyright: ignore[reportPrivateUsage]
    tab.wait("document.activeElement.id === 'login'")
    tab.call("Input.insertText", text=mail)
    press(tab, "Enter")
    tab.wait("document.querySelector('#code')")
    tab.type("#code", inbox.code_sent_to(mail))
    press(tab, "Enter")
    tab.wait(f"location.pathname === '{page}' && document.readyState === 'complete'")


def press(tab: Tab, key: str, times: int = 1) -> None:
    code = {"Enter": 13, "Tab": 9, " ": 32}[key]
    text = {"text": "\r"} if key == "Enter" else {"text": " "} if key == " " else {}
    for _ in range(times):
        tab.call("Input.dispatchKeyEvent", type="keyDown", key=key, windowsVirtualKeyCode=code, **text)
        tab.call("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)


def tab_to(tab: Tab, test: str, most: int = 120) -> None:
    """Tab after tab until the focused element passes; it must be in sight and show that it has the focus."""
    for _ in range(most):
        press(tab, "Tab")
        if tab.js(f"(e => {test})(document.activeElement)"):
            assert tab.js("document.activeElement.checkVisibility()")
            return
    raise AssertionError(f"the keyboard never gets there: {test}")


def faults(tab: Tab, axe: str) -> list[Any]:
    """What axe finds, each rule with the elements that break it."""
    tab.js(f"{axe}; undefined")
    found = tab.js("axe.run().then(r => JSON.stringify(r.violations.map(v => [v.id, v.nodes.map(n => n.html)])))")
    return json.loads(found)


def sound(tab: Tab, axe: str, name: str) -> None:
    """On a desk's screen and on a phone: nothing for axe to say, nothing wider than the screen, small enough for an old line."""
    for width, height in ((1280, 900), (360, 740)):
        tab.size(width, height)
        assert faults(tab, axe) == [], (name, width)
        assert tab.js("document.documentElement.scrollWidth <= innerWidth"), (name, width, "wider than the screen")
    tab.size(1280, 900)
    assert tab.js("performance.getEntriesByType('navigation')[0].decodedBodySize <= 50000"), name
    assert tab.js("[...document.scripts].every(s => s.src && s.type === 'module')")


def test_the_queue_and_a_branch_by_the_keyboard_alone(server: Server, parent: Caller, axe: str, tab: Tab) -> None:
    branch = filed(parent)
    sign_in(server, tab, REGISTRAR)
    sound(tab, axe, "queue")
    tab_to(tab, f"e.tagName === 'BUTTON' && e.form.action.includes('{branch}')")
    press(tab, "Enter")
    tab.wait(f"location.pathname === '/desk/branches/{branch}'")
    assert "Bạn đã nhận hồ sơ này" in tab.text()
    tab.wait("document.querySelector('.sheet img').complete && document.querySelector('.sheet img').naturalWidth > 0")
    sound(tab, axe, "branch")
    # The very field is ticked where it stands, and the reason written below.
    tab_to(tab, "e.name === 'field' && e.value === 'child.full_name'")
    assert not tab.js("document.querySelector('[name=\"note.child.full_name\"]').checkVisibility()")
    press(tab, " ")
    tab_to(tab, "e.name === 'note.child.full_name'", 1)
    tab.call("Input.insertText", text="Ghi đủ chữ đệm.")
    sound(tab, axe, "a note")
    tab_to(tab, "e.tagName === 'SUMMARY' && e.textContent === 'Yêu cầu bổ sung'")
    press(tab, "Enter")
    tab_to(tab, "e.id === 'why-ask'", 3)
    tab.call("Input.insertText", text=WHY)
    tab_to(tab, "e.value === 'ask' && e.tagName === 'BUTTON'", 4)
    press(tab, "Enter")
    tab.wait("document.body.innerText.includes('Đã gửi yêu cầu bổ sung')")
    sound(tab, axe, "asked")
    # Back to the page of before, and its button again: a sentence, and nothing done.
    tab.js("history.back()")
    tab.wait("document.querySelector('button[value=approve]')")
    tab.js("document.querySelector('button[value=approve]').click()")
    tab.wait("document.querySelector('[role=alert]')")
    sound(tab, axe, "stale")
    tab.call("Emulation.setEmulatedMedia", media="print")
    assert not tab.js("document.querySelector('.rooms').checkVisibility()")
    tab.call("Emulation.setEmulatedMedia", media="")


def test_two_persons_refuse_and_the_page_of_every_button(server: Server, parent: Caller, axe: str, tab: Tab) -> None:
    branch = filed(parent)
    sign_in(server, tab, REGISTRAR)
    tab.go(f"{server.url}/desk/branches/{branch}")
    tab.click("form[action*='/claim'] button")
    tab.wait("document.querySelector('button[value=propose]')")
    tab.js("document.querySelectorAll('details').forEach(one => one.open = true)")
    sound(tab, axe, "every button")
    tab.go(f"{server.url}/desk/branches/{branch}/forwarding")
    sound(tab, axe, "forwarding")
    tab.go(f"{server.url}/desk/branches/{branch}")
    tab.js("document.querySelectorAll('details').forEach(one => one.open = true)")
    tab.type("#why-refuse", WHY)
    tab.click("button[value=propose]")
    tab.wait("document.querySelector('.proposal')")
    sound(tab, axe, "proposed")


def test_without_script_a_dossier_is_decided(server: Server, parent: Caller, axe: str, tab: Tab) -> None:
    branch = filed(parent)
    tab.call("Emulation.setScriptExecutionDisabled", value=True)
    sign_in(server, tab, REGISTRAR)
    tab.go(f"{server.url}/desk/branches/{branch}")
    tab.click("form[action*='/claim'] button")
    tab.wait("document.querySelector('button[value=approve]')")
    tab.click("button[value=approve]")
    tab.wait("document.body.innerText.includes('Đã duyệt')")
    tab.call("Emulation.setScriptExecutionDisabled", value=False)
    sound(tab, axe, "approved")
    tab.go(f"{server.url}/desk/branches/bra_moon")
    sound(tab, axe, "trouble")


def test_a_fee_paid_work_stopped_and_a_result_handed_over(
    server: Server, parent: Caller, axe: str, tab: Tab, tmp_path: Path
) -> None:
    dossier = submitted(parent)
    registrar = Caller(server.url, "desk-app")
    registrar.sign_in(REGISTRAR)
    birth = f"/v1/desk/branches/{steps.branch(dossier, 'birth')['id']}"
    registrar.post(f"{birth}/claim")
    registrar.post(f"{birth}/decision", json={"outcome": "approved"})
    branch = f"{server.url}/desk/branches/{steps.branch(dossier, 'residence')['id']}"
    sign_in(server, tab, POLICE)
    tab.go(branch)
    tab.click("form[action*='/claim'] button")
    tab.wait("document.querySelector('#channel')")
    tab.js("document.querySelectorAll('details').forEach(one => one.open = true)")
    sound(tab, axe, "every button of a branch with a fee")
    tab.js("document.querySelector('#channel').value = 'counter'")
    tab.click("button[value=ask_payment]")
    tab.wait("document.body.innerText.includes('Đã yêu cầu nộp phí')")
    sound(tab, axe, "asked for a fee")
    with running(tmp_path / "citizen") as browser:
        phone = browser.tab(360, 740)
        phone.call("Network.enable")
        phone.call("Network.setExtraHTTPHeaders", headers={"Accept-Language": "vi"})
        sign_in(server, phone, PARENT, f"/dossiers/{dossier['id']}")
        sound(phone, axe, "a fee to pay")
        phone.click("a[href*='/sandbox/payments/']")
        phone.wait("document.querySelector('main form button')")
        sound(phone, axe, "the page to pay at")
        phone.click("main form button")
        phone.wait("document.querySelector('.banner')")
        sound(phone, axe, "paid")
        phone.go(f"{server.url}/dossiers/{dossier['id']}")
        phone.wait("document.querySelector('.paid code')")
        sound(phone, axe, "a receipt")
        tab.go(branch)
        tab.js("document.querySelectorAll('details').forEach(one => one.open = true)")
        tab.type("#why-stop", WHY)
        tab.click("button[value=stop]")
        tab.wait("document.querySelector('button[value=resume]')")
        sound(tab, axe, "stopped")
        phone.wait(f"document.querySelector('#branch-residence').innerText.includes({json.dumps(WHY)})")
        sound(phone, axe, "told why")
    tab.click("button[value=resume]")
    tab.wait("document.querySelector('button[value=approve]')")
    for name, value in steps.RESULTS["residence"].items():
        tab.js(f"document.querySelector('[name=\"r.{name}\"]').value = {json.dumps(value)}")
    tab.click("button[value=approve]")
    tab.wait("document.querySelector('button[value=deliver]')")
    sound(tab, axe, "to hand over")
    tab.click("button[value=deliver]")
    tab.wait("document.body.innerText.includes('Đã ghi nhận trả kết quả')")
    sound(tab, axe, "handed over")


def test_filing_at_a_counter(server: Server, parent: Caller, axe: str, tab: Tab, tmp_path: Path) -> None:
    """From plain words to the receipt, on a signature; each page on an office's screen and on a phone's."""
    scan = tmp_path / "scan.jpg"
    scan.write_bytes(picture(size=(900, 1200)))
    sign_in(server, tab, COUNTER, "/desk/counter")
    tab.call("Input.insertText", text="giay khai sinh")
    press(tab, "Enter")
    tab.wait("document.querySelector('a[href*=\"/counter/procedures/\"]')")
    sound(tab, axe, "counter")
    tab.go(f"{server.url}/desk/counter/procedures/{steps.GROUP}")
    sound(tab, axe, "for whom")
    tab.js(
        "document.querySelector('#pin').value = '079192000011'; document.querySelector('#born').value = '1992-05-21'"
    )
    tab.click("main form button")
    tab.wait("document.querySelector('[role=alert]') && document.querySelector('#full-name').checkVisibility()")
    sound(tab, axe, "a card to look at")
    tab.js("document.querySelector('#born').value = '1992-05-20'")
    tab.click("main form button")
    tab.wait("location.pathname.startsWith('/desk/counter/dos_')")
    sound(tab, axe, "the form")
    for name, value in steps.child().items():
        for part, text in value.items() if isinstance(value, dict) else [("", value)]:
            field = f"f.{name}.{part}".rstrip(".")
            tab.js(f"document.querySelector('[name=\"{field}\"]').value = {json.dumps(text)}")
    tab.click("button[value=next]")
    tab.wait("location.pathname.endsWith('/papers') && document.readyState === 'complete'")
    tab.js("document.querySelectorAll('details').forEach(one => one.open = true)")
    sound(tab, axe, "the papers")
    choose(tab, "#file-birth_notification", scan)
    tab.wait("document.querySelector('#signed')")
    sound(tab, axe, "to be confirmed")
    papers = tab.js("location.href")
    tab.go(papers.replace("/papers", "/declaration"))
    sound(tab, axe, "to be signed")
    tab.call("Emulation.setEmulatedMedia", media="print")
    assert not tab.js("document.querySelector('.rooms').checkVisibility()")
    assert tab.js("document.querySelector('.signature').checkVisibility()")
    tab.call("Emulation.setEmulatedMedia", media="")
    tab.go(papers)
    tab.click("form[action*=confirmation-request] button")
    tab.wait("document.querySelector('.banner')")
    sound(tab, axe, "asked to confirm")
    choose(tab, "#signed", scan)
    tab.click("form[action*=submission] button")
    tab.wait("document.querySelector('.receipt code')")
    sound(tab, axe, "the receipt")


def test_a_supplement_at_a_counter(server: Server, parent: Caller, axe: str, tab: Tab, tmp_path: Path) -> None:
    """From the card to what was given, on a signature; each page on an office's screen and on a phone's."""
    scan = tmp_path / "scan.jpg"
    scan.write_bytes(picture(size=(900, 1200)))
    registrar = Caller(server.url, "desk-app")
    registrar.sign_in(REGISTRAR)
    branch_id = filed(parent)
    registrar.post(f"/v1/desk/branches/{branch_id}/claim")
    asked: dict[str, Any] = {"reason": WHY, "fields": ["child.birth_facility"], "documents": ["birth_notification"]}
    asked["notes"] = {"documents.birth_notification": "Chụp cả mặt sau."}
    registrar.post(f"/v1/desk/branches/{branch_id}/supplement-request", json=asked)
    sign_in(server, tab, COUNTER, "/desk/counter/supplements")
    sound(tab, axe, "whose supplement")
    tab.js("document.querySelector('#pin').value = '079192000011'")
    tab.js("document.querySelector('#born').value = '1992-05-20'")
    tab.click("main form button")
    begin = f"button[value='begin:{branch_id}']"
    tab.wait(f'document.querySelector("{begin}")')
    sound(tab, axe, "what is asked for")
    tab.click(begin)
    tab.wait(f"location.pathname.endsWith('{branch_id}') && document.readyState === 'complete'")
    sound(tab, axe, "the supplement")
    page = tab.js("location.href")
    tab.js("document.querySelector('[name=\"f.child.birth_facility\"]').value = 'Bệnh viện Hư Cấu'")
    choose(tab, "#file-birth_notification", scan)
    tab.click("form.long > button")
    tab.wait("document.querySelector('#signed')")
    sound(tab, axe, "a supplement to be confirmed")
    tab.go(page.replace("?", "/declaration?"))
    sound(tab, axe, "a supplement to be signed")
    tab.go(page)
    choose(tab, "#signed", scan)
    tab.click("form[action*=submission] button")
    tab.wait("document.querySelector('.receipt code')")
    sound(tab, axe, "a supplement given")


def choose(tab: Tab, selector: str, file: Path) -> None:
    """A file in this input, as if it was picked."""
    document = tab.call("DOM.getDocument")["root"]["nodeId"]
    node = tab.call("DOM.querySelector", nodeId=document, selector=selector)["nodeId"]
    tab.call("DOM.setFileInputFiles", nodeId=node, files=[str(file)])


def test_the_operators_pages(server: Server, axe: str, tab: Tab) -> None:
    asyncio.run(_operator(server))
    sign_in(server, tab, OPERATOR)
    tab.go(f"{server.url}/desk/wires")
    assert re.search("Mọi thông điệp đều đến nơi|Gửi lại", tab.text())
    sound(tab, axe, "wires")
    for page in ("passkey", "figures", "officers", "takings"):
        tab.go(f"{server.url}/desk/{page}")
        tab.js("document.querySelectorAll('details').forEach(one => one.open = true)")
        sound(tab, axe, page)


async def _operator(server: Server) -> None:
    db = Database(Engines(server.home).start().database)
    contact = accounts.contact.parse(OPERATOR)
    assert contact is not None
    async with db.begin() as conn:
        keys = FileKeys(server.home / "keys")
        made = await accounts.open_officer(conn, keys, full_name="Tạ Văn Hành", contact=contact)
        await offices.appoint(conn, account_id=made.id, office_id="off_ubnd_sai_gon", roles=["operator", "head"])
    await db.close()
