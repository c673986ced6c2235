"""A kiosk in a real browser, and two people in turn before it; the second one wants to know about the first."""

import io
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.demo.people import Caller
from api.demo.server import Server
from tests.dossiers import steps
from tests.identity.tokens.browsing import PARENT, form_of
from tests.peers.chromium import Chromium, Tab, running

pytestmark = pytest.mark.slow

# The second one has no part in the first one's dossiers.
STRANGER = "+84900000013"
NAMES = {PARENT: "Nguyễn Thị Hồng Thắm", STRANGER: "Đặng K'Hoa"}
MENU = "!document.querySelector('[data-state=approved]').hidden"
SIGNED_IN = "document.querySelector('[data-signed-in]')"


class Phone:
    """Somebody's own phone: reads the picture on the screen, and decides."""

    def __init__(self, url: str, login: str) -> None:
        self.login, self.http = login, httpx.Client(base_url=url, follow_redirects=True, timeout=30)

    def send(self, page: httpx.Response, form: str, **fields: Any) -> httpx.Response:
        action, values = form_of(page, form)
        return self.http.post(action, data=values | fields)

    def allow(self, address: str) -> None:
        """The page names kiosk and place, and the code that is on its screen."""
        entered = self.http.get(address)
        code = address.rpartition("=")[2]
        page = self.send(entered, "/device", code=code)
        if "/consent?" not in page.text:
            before = self._codes()
            page = self.send(page, "/login", login=self.login)
            page = self.send(page, "/code", code=self._code_after(before))
        for said in (code, "Ki-ốt sảnh chính", "Số 1 đường Hư Cấu"):
            assert said in page.text
        done = self.send(page, "/consent", allow=["profile", "dossiers:read"], same="yes")
        assert "Đã cho phép" in done.text

    def _codes(self) -> list[str]:
        letters = self.http.get("/sandbox/inbox.json").json()
        mine = [one["text"] for one in letters if one["to"] == self.login and one["event"] == "one-time-code"]
        return [code for text in mine for code in re.findall(r"\b(\d{6})\b", text)]

    def _code_after(self, before: list[str]) -> str:
        for _ in range(50):
            if len(codes := self._codes()) > len(before):
                return codes[0]
            time.sleep(0.2)
        raise AssertionError("no code came")


@pytest.fixture(scope="module")
def phones(server: Server) -> dict[str, Phone]:
    """Each person's, signed in after the first time: nobody gets a code a minute."""
    return {login: Phone(server.url, login) for login in NAMES}


@pytest.fixture(scope="module")
def browser(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    camera = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    with running(tmp_path_factory.mktemp("kiosk"), *camera) as started:
        yield started


@pytest.fixture(scope="module")
def kiosk(server: Server, browser: Chromium) -> Tab:
    """A machine that registered, and was approved by whoever read its code."""
    tab = browser.tab()
    tab.go(f"{server.url}/kiosk")
    tab.click("[data-register]")
    tab.wait("document.querySelector('[data-code]').textContent")
    tab.click("[data-state=waiting] button")
    tab.wait(MENU)
    return tab


class Patient(Caller):
    """Somebody whose first paper may take as long as the server's models take to load."""

    def __init__(self, url: str, client_id: str) -> None:
        super().__init__(url, client_id)
        self._http = httpx.Client(base_url=url, timeout=400)


@pytest.fixture(scope="module")
def receipt(server: Server) -> str:
    """The code of a dossier of the first person."""
    app = Patient(server.url, "citizen-app")
    app.sign_in(PARENT)
    draft = app.post("/v1/dossiers", json={"procedure": steps.GROUP})
    path = f"/v1/dossiers/{draft['id']}"
    paper = app.post("/v1/uploads", files={"file": ("gcs.pdf", steps.paper(), "application/pdf")})
    app.call("PUT", f"{path}/documents/birth_notification", json={"upload_id": paper["id"]})
    version = app.get(path)["version"]
    app.call("PATCH", f"{path}/form", json={"fields": steps.child()}, headers={"If-Match": f'"{version}"'})
    return app.post(f"{path}/submission", headers={"Idempotency-Key": "kiosk-1"})["receipt_code"]


@pytest.fixture
def start(server: Server, kiosk: Tab) -> Tab:
    """Standing at its first screen."""
    kiosk.offline(False)
    kiosk.go(f"{server.url}/kiosk")
    kiosk.wait(MENU)
    return kiosk


def read_by_camera(tab: Tab) -> str:
    """The address in the picture on the screen, as a phone's camera reads it."""
    import zxingcpp
    from PIL import Image

    tab.click("[data-begin] button")
    tab.wait("document.querySelector('.qr svg')")
    (found,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(tab.picture())))
    return found.text


def sign_in(tab: Tab, phone: Phone) -> None:
    address = read_by_camera(tab)
    assert address.rpartition("=")[2] in tab.text(), "the code stands beside the picture"
    phone.allow(address)
    tab.wait(SIGNED_IN)
    assert NAMES[phone.login] in tab.text()


def kept(tab: Tab) -> dict[str, Any]:
    """Everything a script of this origin can read of what the browser keeps."""
    return json.loads(
        tab.js(
            """(async () => JSON.stringify({
              cookie: document.cookie, local: {...localStorage}, session: {...sessionStorage}, caches: await caches.keys(),
              databases: (await indexedDB.databases()).map((one) => one.name),
              workers: (await navigator.serviceWorker.getRegistrations()).length, name: window.name, state: history.state,
              referrer: document.referrer, filled: [...document.querySelectorAll('input')].map((one) => one.value).filter(Boolean),
            }))()"""
        )
    )


NOTHING = {
    "cookie": "", "local": {}, "session": {}, "caches": [], "databases": ["motcua-kiosk"], "workers": 0, "name": "", "state": None,
    "referrer": "", "filled": [],
}  # fmt: skip


def everywhere(tab: Tab, back: int) -> str:
    """What is to be seen on every page the history has, and after a reload of each."""
    seen = ""
    for _ in range(back):
        before = tab.js("performance.timeOrigin")
        entries = tab.call("Page.getNavigationHistory")
        seen += json.dumps(entries["entries"], ensure_ascii=False)
        previous = entries["entries"][max(0, entries["currentIndex"] - 1)]
        if not previous["url"].startswith("http"):
            break
        tab.call("Page.navigateToHistoryEntry", entryId=previous["id"])
        tab.wait(f"performance.timeOrigin !== {before} && document.readyState === 'complete'")
        seen += tab.text() + tab.js("document.documentElement.outerHTML")
        tab.call("Page.reload")
        tab.wait("document.readyState === 'complete'")
        seen += tab.text()
    return seen


def assert_nothing_of(name: str, seen: str) -> None:
    for said in (name, name.rpartition(" ")[2], "H29.26740-"):
        assert said not in seen, f"{said} in {seen}"


def test_the_second_person_finds_nothing_of_the_first(
    server: Server, start: Tab, phones: dict[str, Phone], receipt: str
) -> None:
    sign_in(start, phones[PARENT])
    assert receipt in start.text(), "what the first one came for"
    firsts = start.js("location.href")
    assert kept(start) == NOTHING, "no script reads the token, not even while it is good"
    cookies = [one for one in start.call("Network.getCookies")["cookies"] if one["name"] == "motcua-kiosk"]
    assert [(one["httpOnly"], one["sameSite"], one["session"]) for one in cookies] == [(True, "Strict", True)]
    start.click("[data-end]")
    start.wait(MENU)
    assert [one for one in start.call("Network.getCookies")["cookies"] if one["name"] == "motcua-kiosk"] == []
    # The second one looks, before signing in and after.
    for signs_in in (False, True):
        if signs_in:
            start.go(f"{server.url}/kiosk")
            start.wait(MENU)
            sign_in(start, phones[STRANGER])
        assert_nothing_of(NAMES[PARENT], start.text())
        start.go(firsts)
        assert_nothing_of(NAMES[PARENT], start.text())
        assert kept(start) == NOTHING
        assert_nothing_of(NAMES[PARENT], everywhere(start, 12))
        assert kept(start) == NOTHING
    # And the token of the first, had anybody copied it out of the machine, has ended.
    stolen = httpx.post(f"{server.url}/kiosk/visit/state", cookies={"motcua-kiosk": cookies[0]["value"]})
    assert stolen.json() == {"state": "over"}
    named = httpx.get(f"{server.url}/v1/oauth/userinfo", headers={"Authorization": f"Bearer {cookies[0]['value']}"})
    assert named.status_code == 401


def test_who_walks_away_is_signed_out(server: Server, start: Tab, phones: dict[str, Phone]) -> None:
    sign_in(start, phones[PARENT])
    start.wait("!document.querySelector('[data-still]').hidden", 50)
    start.click("[data-stay]")
    start.wait("Number(document.querySelector('[data-seconds]').textContent) > 50", 10)
    token = next(one["value"] for one in start.call("Network.getCookies")["cookies"] if one["name"] == "motcua-kiosk")
    start.wait("location.pathname === '/kiosk'", 75)
    start.wait(MENU)
    assert_nothing_of(NAMES[PARENT], everywhere(start, 6))
    gone = httpx.get(f"{server.url}/v1/oauth/userinfo", headers={"Authorization": f"Bearer {token}"})
    assert gone.status_code == 401


def test_the_network_dies_in_the_middle(server: Server, start: Tab, phones: dict[str, Phone]) -> None:
    """The page empties itself, the server ends the token by itself, and the machine comes back by itself."""
    sign_in(start, phones[PARENT])
    token = next(one["value"] for one in start.call("Network.getCookies")["cookies"] if one["name"] == "motcua-kiosk")
    start.offline(True)
    start.wait("document.querySelector('[data-gone]') && !document.querySelector('main')", 75)
    assert_nothing_of(NAMES[PARENT], start.text() + start.js("document.documentElement.outerHTML"))
    gone = httpx.get(f"{server.url}/v1/oauth/userinfo", headers={"Authorization": f"Bearer {token}"})
    assert gone.status_code == 401, "nobody told the server"
    start.offline(False)
    start.wait("location.pathname === '/kiosk'")
    start.wait(MENU)
    assert_nothing_of(NAMES[PARENT], everywhere(start, 6))


def test_a_touch_while_the_network_is_gone_keeps_nothing_open(start: Tab, phones: dict[str, Phone]) -> None:
    """What is counted down is what the server counts: a touch it never heard of is none."""
    sign_in(start, phones[PARENT])
    start.offline(True)
    time.sleep(6)
    start.js("dispatchEvent(new Event('pointerdown'))")
    start.wait("!document.querySelector('[data-cut]').hidden")
    assert start.js("Number(document.querySelector('[data-seconds]').textContent)") < 55


def test_what_the_phone_takes_back_leaves_the_screen(start: Tab, phones: dict[str, Phone]) -> None:
    phone = phones[PARENT]
    sign_in(start, phone)
    signed_out = phone.send(phone.http.get("/sign-out"), "/sign-out")
    assert signed_out.status_code == 200
    time.sleep(5)
    start.click("h1")
    start.wait("location.pathname === '/kiosk'")


def test_the_key_stays_in_the_machine(start: Tab) -> None:
    told = start.js(
        """(async () => {
          const { pair } = await import('/static/kiosk/key.js');
          const { privateKey } = await pair();
          return crypto.subtle.exportKey('jwk', privateKey).then(() => 'out', (error) => error.name);
        })()"""
    )
    assert told == "InvalidAccessError"


def test_a_machine_nobody_approved_begins_nothing(server: Server, browser: Chromium) -> None:
    begun = httpx.post(f"{server.url}/kiosk/begin", data={"assertion": "e30.e30.x"})
    assert begun.status_code == 403
    assert "chưa phải là ki-ốt" in begun.text
    assert "set-cookie" not in begun.headers or "motcua-kiosk=;" in begun.headers["set-cookie"].replace('""', "")


def test_by_code_leaves_no_form_behind(start: Tab, receipt: str) -> None:
    start.click('a[href^="/kiosk/code"]')
    start.wait("document.querySelector('#code')")
    start.type("#code", receipt)
    for born, said in (("21/05/1992", "[data-problem]"), ("20/05/1992", "[data-found]")):
        start.js("document.querySelector('#born').value = ''")
        start.type("#born", born)
        start.click("[data-ask] button")
        start.wait(f"!document.querySelector('{said}').hidden")
    assert "Đăng ký khai sinh" in start.text()
    start.click("[data-end]")
    start.wait(MENU)
    assert_nothing_of(NAMES[PARENT], everywhere(start, 4))
    assert kept(start) == NOTHING


# Stands where the server stands for these two calls: what a camera of a test sees is no face.
FOUND = """
const real = fetch;
globalThis.fetch = async (address, options = {}) => {
  const json = (value) => new Response(JSON.stringify(value), { status: 200, headers: { "Content-Type": "application/json" } });
  const words = { vi: "Hãy nhìn thẳng", en: "Look ahead" };
  if (address === "/v1/lookups/by-face/challenge") return json({
    challenge: "c", look_ahead: words, steps: [{ name: "blink", words }], colours: [[255, 0, 0], [0, 0, 255]],
    lead_ms: 1500, step_ms: 1500, colour_ms: 1500, least_frames: 8, most_frames: 40,
  });
  if (address !== "/v1/lookups/by-face") return real(address, options);
  const sizes = options.body.getAll("frames").map((one) => one.size);
  globalThis.sent = {
    selfie: options.body.get("selfie").size, frames: sizes.filter((size) => size > 1000).length,
    times: options.body.get("times").split(",").length, challenge: options.body.get("challenge"),
    proved: Boolean(options.headers.DPoP) && options.headers.Authorization.startsWith("DPoP "),
  };
  const branch = { state: "in_review", title: { vi: "Khai sinh", en: "Birth" }, label: { vi: "Đang xem xét", en: "In review" } };
  return json({ dossiers: [{
    receipt_code: "H29.26740-261127-•••••-•••••-BCDFG", procedure: { name: { vi: "<b>Hồ sơ</b> của Thắm", en: "x" } }, branches: [branch],
  }] });
};
"""


def test_found_by_face_is_drawn_masked_and_gone_with_the_person(server: Server, start: Tab) -> None:
    script = start.call("Page.addScriptToEvaluateOnNewDocument", source=FOUND)["identifier"]
    start.go(f"{server.url}/kiosk/face")
    start.click("[data-begin]")
    start.wait("!document.querySelector('[data-found]').hidden", 60)
    sent = start.js("sent")
    assert 8 <= sent["frames"] == sent["times"] <= 40, sent
    assert (sent["selfie"] > 1000, sent["challenge"], sent["proved"]) == (True, "c", True)
    shown = start.text()
    for said in ("H29.26740-261127-•••••-•••••-BCDFG", "<b>Hồ sơ</b>", "Đang xem xét"):
        assert said in shown
    assert not start.js("document.querySelector('video').srcObject"), "the camera is off"
    assert kept(start) == NOTHING
    start.call("Page.removeScriptToEvaluateOnNewDocument", identifier=script)
    start.click("[data-end]")
    start.wait(MENU)
    assert_nothing_of(NAMES[PARENT], everywhere(start, 4))


def test_where_no_face_is_seen_the_code_is_offered(server: Server, start: Tab) -> None:
    """The server itself looks at what the browser's own test camera films."""
    start.go(f"{server.url}/kiosk/face")
    start.click("[data-begin]")
    start.wait("!document.querySelector('[data-problem]').hidden", 400)
    start.wait("document.querySelector('[data-ready] a').checkVisibility()")
    assert not start.js("document.querySelector('video').srcObject")


def test_card_and_face_that_prove_nobody_lead_back_to_the_start(server: Server, start: Tab) -> None:
    read_by_camera(start)
    start.click('a[href^="/kiosk/card"]')
    start.click("[data-begin]")
    for side in ("front", "back"):
        start.wait(f"document.querySelector('[data-{side}]').checkVisibility()")
        start.wait("document.querySelector('video').videoWidth")
        start.click("[data-photograph]")
    start.wait("!document.querySelector('[data-problem]').hidden", 200)
    assert start.js("document.querySelector('[data-ready]').checkVisibility()")
    assert not start.js("document.querySelector('video').srcObject")


def test_every_screen_fits_and_has_no_script_of_others(server: Server, start: Tab, tmp_path: Path) -> None:
    for path in ("/kiosk", "/kiosk/code", "/kiosk/face", "/kiosk/visit"):
        for width, height in ((1080, 1920), (360, 740)):
            start.size(width, height)
            start.go(f"{server.url}{path}?lang=vi")
            assert start.js("document.documentElement.scrollWidth <= innerWidth"), (path, width)
            small = start.js(
                "[...document.querySelectorAll('button, .button, .choices > a')].filter((one) => one.checkVisibility())"
                ".map((one) => one.getBoundingClientRect().height).filter((height) => height < 44)"
            )
            assert small == [], (path, width, "too small for a finger")
    start.size(1080, 1920)
