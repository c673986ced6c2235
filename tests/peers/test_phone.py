"""Both linked groups from a phone of 360 px in a real browser: found, filled in, photographed, submitted, followed, received.

Three officers at three agencies work them; the social insurance is a program of its own at the far end of a wire.
"""

import base64
import hashlib
import io
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pypdfium2
import pytest

from api.demo import cast
from api.demo.people import Caller
from api.demo.server import Server
from kit import clock
from ocr.training import camera
from tests.dossiers import steps
from tests.peers.chromium import running
from tests.peers.phone import Phone

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PARENT, OTHER, STRANGER = "+84900000011", "+84900000012", "+84900000013"
BIRTH, DEATH = "3.000722", "2.002913"
CHILD, NUMBER = "Hoàng Nguyễn Minh Khôi", "00123.GCS.79001.26"
DECEASED = "Hoàng Văn Tư"
OFFICERS = {
    "civil_status": "khanh.tuphap@motcua.test",
    "police": "bao.congan@motcua.test",
    "social_affairs": "hanh.vanxa@motcua.test",
}
SAVED = "document.querySelector('[data-status]').textContent.startsWith('Đã lưu')"
CUT = "document.querySelector('[data-status]').textContent.startsWith('Mất mạng')"
SLOW_LINE = 60_000
OTHER_PAGES = (
    "/account", "/account/reads", "/account/mandates", "/dossiers", "/d", "/life-events/birth", "/procedures", "/sign-out",
)  # fmt: skip


class Agency:
    """The example's insurance agency, started as its README says."""

    def __init__(self, home: Path, server: Server) -> None:
        program = [sys.executable, str(ROOT / "examples/agency/agency.py"), "--key", str(home / "agency.key")]
        told = subprocess.run([*program, "--public"], capture_output=True, text=True, check=True).stdout.split()
        work = ["--book", str(home / "agency.db"), "--city", server.url, "--works-seconds", "1"]
        self.process = subprocess.Popen([*program, *work], stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        url = self.process.stdout.readline().strip()
        wire = [
            "--agency",
            "bhxh",
            "--title",
            "Bảo hiểm xã hội (thử nghiệm)",
            "--email",
            "bhxh@motcua.test",
            "--url",
            url,
        ]
        added = server.command("wires", "add", "bhxh", *wire, "--key-id", told[0], "--key", told[1])
        assert added.returncode == 0, added.stderr

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


class Desk:
    """One officer at the desk's pages, on an office's PC; axe-core looks at each."""

    def __init__(self, pc: Phone, login: str) -> None:
        self.pc, self.name = pc, login.partition("@")[0]
        pc.go("/desk?lang=vi")
        pc.sign_in(login)
        assert pc.path == "/desk"

    def take(self, receipt_code: str, title: str) -> None:
        """This procedure of this dossier, as soon as it is in the queue; its page is then open."""
        found = (
            "[...document.querySelectorAll('.queue li')].find((one) =>"
            f" one.innerText.includes('{receipt_code}') && one.querySelector('.what strong').textContent === '{title}')"
        )
        for _ in range(40):
            self.pc.go("/desk?lang=vi")
            if self.pc.tab.js(f"!!{found}"):
                break
            time.sleep(0.5)
        self.pc.look(f"desk-{self.name}-queue")
        self.pc.tab.js(f"{found}.querySelector('button').id = 'take'")
        self.pc.press("#take")
        self.pc.says("Bạn đã nhận hồ sơ này", receipt_code)
        self.pc.look(f"desk-{self.name}-branch")

    def approve(self, **result: str) -> None:
        for name, value in result.items():
            self.pc.write(f"result.{name}", value)
        self.pc.press("button[value=approve]")
        self.pc.says("Đã duyệt")

    def ask(self, reason: str, *, fields: list[str], documents: list[str]) -> None:
        """The very fields and papers are ticked where they stand."""
        self.pc.tab.js("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        for name, wanted in (("field", fields), ("document", documents)):
            for value in wanted:
                self.pc.touch(f"[name={name}][value='{value}']")
        self.pc.write("why-ask", reason)
        self.pc.press("button[value=ask]")
        self.pc.says("Đã gửi yêu cầu bổ sung")
        self.pc.look(f"desk-{self.name}-asked")

    def again(self) -> None:
        """The page anew: somebody else did something meanwhile."""
        self.pc.reload()


@pytest.fixture(scope="module")
def town() -> Iterator[Server]:
    server = Server(Path(".motcua/phone"))
    server.wipe()
    server.start()
    agency = Agency(server.home, server)
    warm(server)
    yield server
    agency.stop()
    server.stop()


def warm(server: Server) -> None:
    """The first file of all waits for the server's models, which nobody's phone should."""
    app = Caller(server.url, "citizen-app")
    app.sign_in(STRANGER)
    path = "/v1/uploads"
    httpx.post(
        server.url + path,
        headers=app.headers("POST", path),
        files={"file": ("a.pdf", steps.paper(), "application/pdf")},
        timeout=400,
    ).raise_for_status()


@pytest.fixture(scope="module")
def phones(town: Server, axe: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator["Phones"]:
    with Phones(town, axe, tmp_path_factory.mktemp("phones")) as made:
        yield made


class Phones:
    """A browser of its own for every phone."""

    def __init__(self, town: Server, axe: str, folder: Path) -> None:
        self.town, self.axe, self.folder, self.open = town, axe, folder, list[Any]()
        self.pictures = folder / "pictures"
        self.pictures.mkdir()

    def __enter__(self) -> "Phones":
        return self

    def __exit__(self, *_: object) -> None:
        for one in self.open:
            one.__exit__(None, None, None)

    def desk(self, officer: str) -> Desk:
        return Desk(self.new(at_a_desk=True), OFFICERS[officer])

    def new(self, **kind: bool) -> Phone:
        browser = running(self.folder / f"profile{len(self.open)}")
        started = browser.__enter__()
        self.open.append(browser)
        return Phone(started, self.town.url, self.axe, self.pictures, **kind)


@pytest.fixture(scope="module")
def paper(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hospital's paper on a table, as a phone photographs it."""
    pdf = cast.birth_notification(NUMBER, "Nguyễn Thị Hồng Thắm")
    page = pypdfium2.PdfDocument(io.BytesIO(pdf))[0].render(scale=3).to_pil().convert("RGBA")
    photo = tmp_path_factory.mktemp("photos") / "IMG_0001.jpg"
    photo.write_bytes(camera.photograph(page, camera.Scene(seed=21, jpeg_quality=95)))
    assert 400_000 < photo.stat().st_size < 5_000_000
    return photo


def begin(phone: Phone, code: str, login: str, name: str) -> str:
    """From the search to the form; the dossier's page."""
    phone.go(f"/procedures/{code}?lang=vi")
    phone.says("Đăng nhập để bắt đầu khai")
    phone.look(f"{name}-procedure")
    phone.press("form[action*='/start'] button")
    if phone.path.startswith("/sign-in/"):
        phone.look("sign-in")
        phone.sign_in(login)
        assert phone.path == f"/procedures/{code}", "back at the page it was for"
        phone.says("Bạn đã đăng nhập.", "Bắt đầu khai")
        phone.press("form[action*='/start'] button")
    return phone.path


def keep(phone: Phone, path: str, text: str) -> None:
    """Written, and kept by the page itself."""
    version = "document.querySelector('[name=version]').value"
    before = phone.tab.js(version)
    phone.write(path, text)
    phone.until(f"{version} !== '{before}'")


def receipt_of(phone: Phone) -> str:
    found = re.search(r"H29\.\d{5}-\d{6}(?:-[0-9A-Z]{5}){3}", phone.tab.text())
    assert found, phone.tab.text()
    return found[0]


def branch_says(name: str, words: str) -> str:
    return f"document.querySelector('#branch-{name}')?.innerText.includes({words!r})"


def result(phone: Phone, name: str) -> bytes:
    """The paper behind the button, as it is saved."""
    phone.until(f"document.querySelector('#branch-{name} a[href*=\"/results/\"]')")
    data = phone.tab.js(
        f"""(async () => {{
          const answer = await fetch(document.querySelector('#branch-{name} a[href*="/results/"]').href);
          return btoa(String.fromCharCode(...new Uint8Array(await answer.arrayBuffer())));
        }})()"""
    )
    return base64.b64decode(data)


def day(ago: int) -> str:
    return (clock.today() - timedelta(days=ago)).isoformat()


def test_a_birth(town: Server, phones: Phones, paper: Path) -> None:
    phone = phones.new()
    phone.go("/?lang=vi")
    phone.look("home")
    phone.go("/procedures?q=giay+khai+sinh&lang=vi")
    phone.look("search")
    at = begin(phone, BIRTH, PARENT, "birth")
    phone.look("birth-form")

    # What authorities know stands there, with where it is from, and nobody types over it.
    phone.says("Hoàng Văn Đức", "Nguồn: Sổ hộ tịch điện tử", "Nguồn: Thẻ căn cước đã đọc")
    assert not phone.tab.js("document.querySelector('[name=\"f.father.full_name\"]')")
    phone.press("button[value='wrong:marriage.book']")
    phone.look("birth-contest")
    phone.write("contest.marriage.book.reason", "Quyển số 02")

    # What is typed is kept without a button, and is there on another device.
    phone.write("child.full_name", CHILD)
    phone.until(SAVED)
    phone.press("button[value='contest:marriage.book']")
    phone.says("Bạn đã báo sai, cán bộ sẽ thấy: Quyển số 02")
    tablet = phones.new()
    tablet.go("/dossiers?lang=vi")
    tablet.sign_in(PARENT)
    tablet.look("my-dossiers")
    tablet.press(f"a[href^='{at}']")
    assert tablet.tab.js("document.querySelector('[id=\"child.full_name\"]').value") == CHILD
    keep(tablet, "insurance.facility", "Bệnh viện Nhi Đồng 2")

    # An answer brings its question; what the other device wrote comes along.
    phone.touch("[id='child.multiple_birth']")
    phone.until("document.querySelector('[id=\"child.birth_order\"]')")
    assert phone.tab.js("document.querySelector('[id=\"insurance.facility\"]').value") == "Bệnh viện Nhi Đồng 2"
    phone.touch("[name='f.child.multiple_birth'][value='no']")
    phone.until("!document.querySelector('[id=\"child.birth_order\"]')")

    # Both answer one question: the later one sees the other, and chooses.
    keep(tablet, "child.birth_facility", "Bệnh viện Hùng Vương")
    phone.write("child.birth_facility", "Bệnh viện Từ Dũ")
    phone.until("document.querySelector('[data-elsewhere]')")
    phone.says("Trên thiết bị khác vừa ghi: Bệnh viện Hùng Vương")
    phone.write("child.birth_facility", "Bệnh viện Từ Dũ")
    phone.until("!document.querySelector('[data-elsewhere]')")

    # A wrong answer is told beside its question; the line goes and comes back.
    phone.write("birth_notification.number", "123")
    phone.touch("[id='child.birth_facility']")
    phone.until("document.querySelector('[id=\"birth_notification.number\"][aria-invalid]')")
    phone.throttle(-1, offline=True)
    phone.write("birth_notification.number", NUMBER)
    phone.until(CUT)
    phone.throttle(-1)
    phone.until(SAVED)

    # Everything that is missing is told at once, by field.
    phone.press("button[value=next]")
    phone.look("birth-papers-empty")
    phone.press("form[action*='/submission'] button")
    phone.says("Người được khai sinh: Hãy điền: Giới tính.", "Đăng ký thường trú cho trẻ: Hãy điền: Họ tên chủ hộ.")
    assert phone.tab.js("document.activeElement.matches('[role=alert]')"), "what is wrong is read first"
    phone.look("birth-refused")
    phone.press("a[href$='#child.sex']")
    phone.look("birth-form-faults")
    phone.choose("child.sex", "male")
    phone.write("child.date_of_birth", day(12))
    phone.write("child.birth_place", "phuong sai gon")
    phone.write("child.place_of_origin", "Phường Sài Gòn")
    phone.write("birth_notification.issued_on", day(11))
    phone.choose("mother.residence_kind", "permanent")
    phone.choose("father.residence_kind", "permanent")
    phone.write("residence.household_head_name", "Hoàng Văn Đức")
    phone.write("residence.household_head_pin", "079089000012")
    phone.choose("residence.relation_to_head", "child")
    phone.press("button[value=next]")
    phone.says("Đặt giấy trên mặt phẳng")
    assert "Còn thiếu" not in phone.tab.text(), phone.tab.text()

    # The photo goes on from where the line broke, and from where the page was lost.
    phone.throttle(SLOW_LINE)
    phone.photograph("birth_notification", paper)
    phone.until("document.querySelector('progress').value > 0.2")
    phone.throttle(-1, offline=True)
    phone.until(CUT)
    phone.picture("birth-upload-cut")
    phone.throttle(SLOW_LINE)
    before = phone.tab.js("document.querySelector('progress').value")
    phone.until(f"document.querySelector('progress').value > {before + 0.1}")
    phone.throttle(-1)
    phone.reload()
    phone.tab.js(
        "globalThis.sent = []; const real = fetch;"
        " globalThis.fetch = (to, how = {}) => { sent.push([how.method, Number(how.headers?.['Upload-Offset'] ?? 0)]); return real(to, how); }"
    )
    phone.throttle(SLOW_LINE)
    phone.photograph("birth_notification", paper)
    phone.until("globalThis.sent?.length > 1")
    (asked, _), (method, offset) = phone.tab.js("sent")[:2]
    assert (asked, method) == ("HEAD", "PATCH")
    assert offset > 0.2 * paper.stat().st_size, "not from the beginning"
    phone.until("document.querySelector('.done')")
    phone.throttle(-1)
    phone.says("Đã đính kèm", "Hồ sơ đã đủ")
    phone.look("birth-papers")
    app = Caller(town.url, "citizen-app")
    app.sign_in(PARENT)
    (kept,) = app.get(f"/v1{at}")["documents"]
    assert kept["sha256"] == hashlib.sha256(paper.read_bytes()).hexdigest()

    # Pressed twice, and gone back to: one dossier.
    press = "document.querySelector(\"form[action*='/submission'] button\").click();"
    phone.tab.js(press + press)
    phone.until(f"location.pathname === '{at}' && document.querySelector('.receipt')")
    receipt = receipt_of(phone)
    phone.says("Đã nộp xong", "Hẹn trả kết quả trước")
    phone.touch("summary")
    phone.says("ngày làm việc")
    phone.look("birth-receipt")
    phone.back()
    phone.until(f"location.pathname === '{at}'")
    assert receipt_of(phone) == receipt
    lines = app.get(f"/v1{at}/history")["lines"]
    assert [line["kind"] for line in lines].count("submit") == 1, lines

    # The officers work, and the page tells it while it is open.
    civil, police = phones.desk("civil_status"), phones.desk("police")
    civil.take(receipt, "Đăng ký khai sinh")
    phone.until(branch_says("birth", "Đang xử lý"))
    civil.approve()
    phone.until(branch_says("birth", "Tải kết quả"))
    phone.until(branch_says("residence", "Chờ người được mời xác nhận"))
    phone.says("Chủ hộ chưa xác nhận")
    phone.look("birth-under-way")

    # The head of the household, at his own phone.
    head = phones.new()
    head.go("/account/invitations?lang=vi")
    head.sign_in(OTHER)
    head.says("Nguyễn Thị Hồng Thắm", "Đăng ký thường trú")
    head.look("invitations")
    head.press("button[value=agree]")
    head.says("Bạn đã đồng ý")
    head.look("invitations-none")
    head.go(f"{at}?lang=vi")
    head.says(receipt)
    assert not head.tab.js("document.querySelector('a[href*=\"/withdraw\"]')"), "he follows, and changes nothing"

    # A supplement, asked for by field and paper, given at the phone.
    police.take(receipt, "Đăng ký thường trú")
    police.ask(
        "Đề nghị ghi rõ địa chỉ và chụp giấy tờ về chỗ ở.",
        fields=["residence.address"],
        documents=["separate_residence_papers"],
    )
    phone.until(branch_says("residence", "Bổ sung hồ sơ"))
    phone.press("#branch-residence a[href*='/residence/supplement?']")
    phone.look("birth-supplement")
    phone.press("form[data-once] > button")
    phone.says("Giấy tờ về chỗ ở hợp pháp (khi trẻ không thường trú cùng cha, mẹ): Cán bộ đã yêu cầu bổ sung mục này")
    phone.look("birth-supplement-refused")
    phone.write("residence.address.detail", "Số 9A đường Hư Cấu")
    phone.photograph("separate_residence_papers", paper)
    phone.until("document.querySelector('[data-upload]').value")
    phone.press("form[data-once] > button")
    assert phone.path == at
    phone.until(branch_says("residence", "Đang xử lý"))
    police.again()
    police.approve(number="152/TB-CAP", registered_on=day(0))
    police.take(receipt, "Cấp thẻ căn cước cho trẻ em dưới 6 tuổi")
    police.approve(appointment_on="2030-01-07", appointment_time="09:30")
    for name in ("birth", "residence", "insurance", "identity_card"):
        phone.until(branch_says(name, "Tải kết quả"))
        assert result(phone, name).startswith(b"%PDF-"), name
    assert app.get(f"/v1{at}")["status"] == "closed"
    phone.look("birth-results")

    # How it went is said once.
    phone.press("#branch-birth a[href*='/rating/']")
    phone.look("birth-rating")
    phone.touch("[name=score][value='5']")
    phone.press("form[action*='/rating/'] button")
    phone.says("5 / 5")
    phone.look("birth-rated")
    phone.go(f"{at}?lang=vi")
    assert not phone.tab.js("document.querySelector('#branch-birth a[href*=\"/rating/\"]')")

    # A mistake in a result is reported from the page.
    phone.press("#branch-residence a[href*='/ask_correction']")
    phone.look("birth-mistake")
    phone.write("reason", "Số nhà ghi thiếu chữ A")
    phone.press("form[data-once] > button")
    phone.until(branch_says("residence", "Đang xem lại kết quả"))
    for path in OTHER_PAGES:
        phone.go(f"{path}?lang=vi")
        phone.look(path.strip("/").replace("/", "-"))


def deceased(phone: Phone) -> None:
    phone.write("deceased.full_name", DECEASED)
    phone.write("deceased.date_of_birth", "1938")
    phone.choose("deceased.sex", "male")
    phone.write("deceased.ethnicity", "kinh")
    phone.write("deceased.date_of_death", f"{clock.today() - timedelta(days=3):%d/%m/%Y}")
    phone.write("deceased.place_of_death", "Phường Sài Gòn")
    phone.write("deceased.place_of_death.detail", "Số 5 đường Hư Cấu")


def test_a_death(town: Server, phones: Phones, paper: Path) -> None:
    phone = phones.new()
    at = begin(phone, DEATH, OTHER, "death")
    phone.look("death-form")
    deceased(phone)
    for address in ("removal.address", "survivors.address"):
        phone.write(address, "Phường Sài Gòn")
        phone.write(f"{address}.detail", "Số 9 đường Hư Cấu")
    phone.choose("funeral.entitlement", "social_assistance")
    phone.until("document.querySelector('[id=\"funeral.bank\"]')")
    phone.choose("funeral.paid_to", "cash")
    phone.until("!document.querySelector('[id=\"funeral.bank\"]')")
    phone.write("survivors.insurance_number", "0123456789")
    phone.write("survivors.people.0.full_name", "Lê Thị Hoa")
    phone.write("survivors.people.0.date_of_birth", "1940")
    phone.choose("survivors.people.0.relation", "spouse")
    phone.press("button[value='add:survivors.people']")
    phone.write("survivors.people.1.full_name", "Hoàng An")
    phone.write("survivors.people.1.date_of_birth", "05/2012")
    phone.choose("survivors.people.1.relation", "child")
    phone.until(SAVED)
    phone.press("button[value=next]")
    phone.says("Còn đi học")
    phone.press("a[href*='check=1#survivors']")
    phone.look("death-form-faults")
    phone.press("button[value='remove:survivors.people.1']")
    assert not phone.tab.js("document.querySelector('[id=\"survivors.people.1.full_name\"]')")
    phone.press("button[value=next]")
    phone.photograph("death_notice", paper)
    phone.until("document.querySelector('.done')")
    phone.says("Hồ sơ đã đủ")
    phone.press("form[action*='/submission'] button")
    assert phone.path == at
    receipt = receipt_of(phone)
    phone.look("death-receipt")

    civil, police, social = (phones.desk(who) for who in ("civil_status", "police", "social_affairs"))
    civil.take(receipt, "Đăng ký khai tử")
    civil.approve()
    phone.until(branch_says("death", "Tải kết quả"))
    # Withdrawn, and filed again with what was wrong put right and everything else kept.
    phone.press("#branch-residence_removal a[href*='/withdraw']")
    phone.look("death-withdraw")
    phone.write("reason", "Ghi nhầm số nhà")
    phone.press("form[data-once] > button")
    phone.until(branch_says("residence_removal", "Đã rút"))
    phone.press("#branch-residence_removal a[href*='/refile']")
    phone.says("Ghi nhầm số nhà")
    phone.look("death-refile")
    phone.write("removal.address.detail", "Số 9A đường Hư Cấu")
    phone.press("form[data-once] > button")
    phone.until(branch_says("residence_removal", "Đã nộp"))
    police.take(receipt, "Xóa đăng ký thường trú")
    police.approve(number="31/TB-CAP", removed_on=day(0))
    social.take(receipt, "Hỗ trợ chi phí mai táng")
    social.approve(number="77/QĐ", amount_dong="10000000", paid_from=day(0))
    for name in ("death", "residence_removal", "funeral", "survivors"):
        phone.until(branch_says(name, "Tải kết quả"))
        assert result(phone, name).startswith(b"%PDF-"), name
    phone.look("death-results")


def test_without_script(phones: Phones, paper: Path) -> None:
    """The same pages where no script runs: buttons do what it did."""
    phone = phones.new(script=False)
    phone.go(f"/procedures/{DEATH}?lang=vi")
    phone.press("form[action*='/start'] button")
    phone.sign_in(STRANGER)
    phone.touch("[name=branch][value=survivors]")
    phone.press("form[action*='/start'] button")
    at = phone.path
    deceased(phone)
    phone.write("removal.address", "Phường Sài Gòn")
    phone.write("funeral.address", "Phường Sài Gòn")
    phone.choose("funeral.entitlement", "merit")
    phone.choose("funeral.paid_to", "cash")
    phone.press("fieldset#funeral button[value^=save]")
    assert not phone.tab.js("document.querySelector('[id=\"funeral.bank\"]')")
    phone.press("button[value=next]")
    phone.photograph("death_notice", paper)
    phone.press("button[value^=attach]")
    phone.says("Đã đính kèm")
    phone.press("form[action*='/submission'] button")
    assert phone.path == at
    assert receipt_of(phone)
    phone.press("#branch-funeral a[href*='/withdraw']")
    phone.look("without-script-withdraw")
    phone.press("form[data-once] > button")
    assert phone.tab.js(branch_says("funeral", "Đã rút")), phone.tab.text()
