"""The story, in the reader's language."""

import secrets
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

from api.demo import cast
from api.demo.people import Caller, Unexpected
from api.demo.server import DemoTrouble, Server
from identity.faces import portraits
from kit import clock
from web.sandbox import people as sandbox_people

_HOME = Path(".motcua/demo")

_BRANCH_OFFICER = {
    "birth": "civil_status",
    "residence": "residence",
    "insurance": "insurance",
    "identity_card": "residence",
}
_HEAD = {"birth": "head_ubnd"}


def run(lang: str, keep: Path | None) -> int:
    """Exit status 0 when every step went as told, 1 with the step that did not."""
    story = Story(lang, keep)
    try:
        story.tell()
    except (Unexpected, DemoTrouble) as error:
        story.out.print("[bold red]✗[/]", end=" ")
        story.out.print(f"{error}\n  {story.server.log}", markup=False, soft_wrap=True)
        return 1
    finally:
        story.server.stop()
    return 0


def _notification_number() -> str:
    """Of a fictional hospital; a new one for each child, for the register takes each number once."""
    return f"{secrets.randbelow(90_000) + 10_000}.GCS.79001.{clock.today():%y}"


def _new_key() -> dict[str, str]:
    return {"Idempotency-Key": secrets.token_hex(16)}


class Story:
    """One run of the main job."""

    def __init__(self, lang: str, keep: Path | None) -> None:
        self.lang, self.keep = lang, keep
        self.out = Console(highlight=False)
        self.server = Server(_HOME)
        self.began = time.monotonic()
        self.summary: list[tuple[str, str]] = []

    def t(self, vi: str, en: str) -> str:
        return vi if self.lang == "vi" else en

    def said(self, words: dict[str, str]) -> str:
        return words[self.lang]

    def chapter(self, number: int, vi: str, en: str) -> None:
        self.out.rule(f"[bold]{number}. {self.t(vi, en)}[/]", align="left", style="red")

    def line(self, vi: str, en: str) -> None:
        self.out.print(f"  {self.t(vi, en)}")

    def good(self, vi: str, en: str) -> None:
        self.out.print(f"  [green]✓[/] {self.t(vi, en)}")

    def refused(self, what_vi: str, what_en: str, problem: dict[str, Any]) -> None:
        """A bad road that ended where it should."""
        self.out.print(
            f"  [yellow]⛔ {self.t(what_vi, what_en)}[/] → {problem['status']} [bold]{problem['code']}[/]: {self.said(problem['message'])}"
        )
        self.summary.append((self.t(what_vi, what_en), f"{problem['status']} {problem['code']}"))

    def result(self, vi: str, en: str, value: str) -> None:
        self.summary.append((self.t(vi, en), value))

    def check(self, holds: bool, en: str) -> None:
        if not holds:
            raise Unexpected(en)

    # -- the chapters -------------------------------------------------------------------------------------------------

    def tell(self) -> None:
        self.out.print(
            f"[bold]Một Cửa[/] · {self.t('mọi người, số và địa chỉ đều hư cấu', 'every person, number and address is fictional')}"
        )
        with self.out.status(
            self.t("đang dựng máy chủ riêng cho bản trình diễn …", "starting a server of the demo's own …")
        ):
            self.server.wipe()
            self.server.start()
        self.good(f"máy chủ chạy ở {self.server.url}", f"the server runs at {self.server.url}")
        faces = portraits.default_directory()
        portraits.fetch(faces)
        self.selfie, self.other_selfie, self.kiosk_selfie = (
            (faces / name).read_bytes() for name in ("obama2.jpg", "biden.jpg", "obama3.jpg")
        )
        with self.out.status(self.t("đang vẽ thẻ mẫu và chụp ảnh …", "drawing the specimen card and taking photos …")):
            self.photos = cast.photographs((faces / "obama.jpg").read_bytes())
        self.folder = self.keep or self.server.home / "results"
        self.folder.mkdir(parents=True, exist_ok=True)
        for name, photo in msgspec.structs.asdict(self.photos).items():
            (self.folder / f"card-{name.replace('_', '-')}.jpg").write_bytes(photo)
        self.good(f"ảnh thẻ mẫu nằm ở {self.folder}", f"the specimen photos lie in {self.folder}")
        self.citizen = Caller(self.server.url, "citizen-app")
        self.officers = {officer.key: self._officer(officer.email) for officer in sandbox_people().officers}
        self.prove_who_he_is()
        self.match_the_face()
        self.open_the_account()
        self.fill_in_the_form()
        self.submit_once()
        self.kill_and_start_again()
        self.decide()
        self.collect_the_results()
        self.look_up_three_ways()
        self.act_for_the_child()
        self.refuse_a_birth()
        self.tell_the_summary()

    def _officer(self, email: str) -> Caller:
        officer = Caller(self.server.url, "desk-app")
        officer.sign_in(email)
        return officer

    def prove_who_he_is(self) -> None:
        self.chapter(
            1, "Ảnh thẻ vào, từng trường kèm bằng chứng ra", "A photo of the card in, every field with its evidence out"
        )
        self.session = self.citizen.post(
            "/v1/proofing/sessions",
            json={
                "client_id": "citizen-app",
                "code_challenge": self.citizen.pkce.challenge,
                "code_challenge_method": "S256",
            },
        )
        self.citizen.token = self.session["proofing_token"]
        self.path = f"/v1/proofing/sessions/{self.session['id']}"
        self.refused("ảnh mờ", "a blurred photo", self._card(self.photos.blurred, self.photos.back, 422))
        self.refused("ảnh không có thẻ", "a photo of no card", self._card(self.photos.no_card, self.photos.back, 422))
        tampered = self._card(self.photos.tampered_front, self.photos.tampered_back)
        self.check(tampered["reading"]["fields"]["number"]["status"] == "conflict", "the tampered card must conflict")
        self.out.print(
            f"  [yellow]⛔ {self.t('mã QR nói khác mặt chữ', 'the QR contradicts the print')}[/] → {tampered['decision']}: "
            f"{self.said(tampered['reading']['issues'][0]['message'])}"
        )
        self.result("mã QR nói khác mặt chữ", "QR contradicts the print", f"conflict → {tampered['decision']}")
        reading = self._card(self.photos.front, self.photos.back)["reading"]
        self._show(reading)
        self.check(reading["decision"] == "accept", f"the good card must be accepted: {reading['issues']}")
        self.line(
            "(bộ nhận dạng sẵn có chưa đọc dấu tiếng Việt: mặt chữ xác nhận mã QR và dòng MRZ sau khi bỏ dấu)",
            "(the stock recogniser has no Vietnamese letters: print confirms QR and MRZ with diacritics folded away)",
        )
        self.result("thẻ đọc được", "card read", f"{reading['document']['kind']}: {reading['decision']}")

    def _card(self, front: bytes, back: bytes, expect: int | None = None) -> Any:
        began = time.monotonic()
        files = {"front": ("front.jpg", front, "image/jpeg"), "back": ("back.jpg", back, "image/jpeg")}
        with self.out.status(self.t("đang đọc thẻ …", "reading the card …")):
            answer = self.citizen.post(f"{self.path}/card", expect, files=files)
        self.seconds = time.monotonic() - began
        return answer

    def _show(self, reading: dict[str, Any]) -> None:
        table = Table(
            self.t("trường", "field"),
            self.t("giá trị", "value"),
            self.t("kết luận", "verdict"),
            self.t("nguồn", "sources"),
            box=None,
            header_style="bold",
        )
        colours = {"confirmed": "green", "read": "cyan", "conflict": "red", "missing": "dim"}
        for name, field in reading["fields"].items():
            if field["status"] == "missing" or name in ("qr", "mrz"):
                continue
            sources = ", ".join(dict.fromkeys(source["source"] for source in field["sources"]))
            table.add_row(name, field["value"], f"[{colours[field['status']]}]{field['status']}[/]", sources)
        self.out.print(table)
        self.line(f"đọc hai mặt trong {self.seconds:.1f} giây", f"both sides read in {self.seconds:.1f} s")

    def match_the_face(self) -> None:
        self.chapter(2, "Ảnh chân dung khớp với ảnh trên thẻ", "The selfie matches the portrait on the card")
        self.refused("ảnh của người khác", "another person's selfie", self._face(self.other_selfie, 422))
        own = self._face(self.selfie)
        self.check(own["decision"] == "match", f"the owner's selfie must match: {own}")
        self.good("đúng là một người", "it is one person")
        self.result("ảnh của chính chủ", "the owner's selfie", own["decision"])

    def _face(self, selfie: bytes, expect: int | None = None) -> Any:
        with self.out.status(self.t("đang so khuôn mặt …", "comparing the faces …")):
            return self.citizen.post(
                f"{self.path}/selfie", expect, files={"selfie": ("selfie.jpg", selfie, "image/jpeg")}
            )

    def open_the_account(self) -> None:
        self.chapter(3, "Một tài khoản, một mã truy cập", "One account, one token")
        self.citizen.post(f"{self.path}/contact", json={"phone": cast.FATHER_PHONE})
        self.citizen.post(f"{self.path}/contact/code", json={"code": self.citizen.code_sent_to(cast.FATHER_PHONE)})
        account = self.citizen.post(f"{self.path}/account", json={})
        self.good(f"tài khoản mở ở mức {account['level']}", f"the account is open at level {account['level']}")
        checker = self.officers["identity_checker"]
        seen = checker.get(f"/v1/proofing/checks/{account['check_code']}")
        self.check(bool(seen), "the officer must see the claims")
        checker.post(
            f"/v1/proofing/checks/{account['check_code']}",
            json={
                "verdict": "confirmed",
                "reason": self.t(
                    "Đã đối chiếu thẻ gốc và người thật tại quầy.", "The card and its owner were seen at the desk."
                ),
            },
        )
        self.good("cán bộ tại quầy xác nhận: lên mức 2", "an officer at the desk confirms: level 2")
        code = self.citizen.post(f"{self.path}/authorization")["authorization_code"]
        answer = self.citizen.redeem(code)
        me = self.citizen.get("/v1/me")
        jwks = self.citizen.get("/v1/oauth/jwks")
        discovery = self.citizen.get("/.well-known/openid-configuration")
        self.check(me["level"] == 2, f"the level must be 2: {me}")
        self.good(
            f"mã truy cập {answer['token_type']} ES256, {answer['expires_in']} giây; khóa công bố: {len(jwks['keys'])}; bên phát hành {discovery['issuer']}",
            f"{answer['token_type']} access token, ES256, {answer['expires_in']} s; {len(jwks['keys'])} key(s) published; issuer {discovery['issuer']}",
        )
        self.result("tài khoản", "account", f"urn:motcua:loa:{me['level']}")

    def fill_in_the_form(self) -> None:
        self.chapter(4, "Tờ khai 3.000722 tự điền", "Form 3.000722 fills itself in")
        self.draft = self.citizen.post("/v1/dossiers", json={"procedure": "3.000722"})
        table = Table(
            self.t("mục", "field"), self.t("giá trị", "value"), self.t("lấy từ", "from"), box=None, header_style="bold"
        )
        for name, field in self.draft["form"].items():
            if field["value"] not in (None, ""):
                lock = " 🔒" if field["locked"] else ""
                table.add_row(name, self._plain(field["value"]), f"{field.get('origin') or field['source']}{lock}")
        self.out.print(table)
        filled = sum(1 for field in self.draft["form"].values() if field["value"] not in (None, ""))
        self.result("mục tự điền", "fields prefilled", str(filled))
        number = _notification_number()
        self.draft, told = self._tell_about(self.draft, cast.CHILD_NAME, number)
        self.good(f"phụ huynh khai thêm {told} mục về bé", f"the parent adds {told} fields about the child")
        incomplete = self.citizen.post(f"/v1/dossiers/{self.draft['id']}/submission", 422, headers=_new_key())
        self.refused("nộp khi còn thiếu giấy tờ", "submitting without the document", incomplete)
        self.draft = self._attach(self.draft, number)
        self.good("giấy chứng sinh đã đính kèm", "the hospital's birth notification is attached")
        self.check(not self.draft["faults"], f"nothing may be missing: {self.draft['faults']}")

    def _tell_about(self, draft: dict[str, Any], child: str, number: str) -> tuple[dict[str, Any], int]:
        """The draft after the parent typed what nobody knew yet, and how many fields that were."""
        ward = sandbox_people().ward.code
        fields = cast.about(child, number, ward)
        draft = self._change(draft, {"fields": fields})
        missing = {".".join(fault["field"].split(".")[:2]) for fault in draft["faults"]}
        more = {name: value for name, value in cast.answers(ward).items() if name in missing}
        return self._change(draft, {"fields": more, "ward": ward}), len(fields) + len(more)

    def _change(self, draft: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        path, version = f"/v1/dossiers/{draft['id']}/form", draft["version"]
        return self.citizen.call("PATCH", path, json=body, headers={"If-Match": f'"{version}"'})

    def _attach(self, draft: dict[str, Any], number: str) -> dict[str, Any]:
        paper = cast.birth_notification(number, draft["form"]["mother.full_name"]["value"])
        upload = self.citizen.post("/v1/uploads", files={"file": ("giay-chung-sinh.pdf", paper, "application/pdf")})
        path = f"/v1/dossiers/{draft['id']}/documents/birth_notification"
        return self.citizen.call("PUT", path, json={"upload_id": upload["id"]})

    def submit_once(self) -> None:
        self.chapter(5, "Nộp một lần, bốn thủ tục", "One submission, four procedures")
        path, key = f"/v1/dossiers/{self.draft['id']}/submission", secrets.token_hex(16)
        self.receipt = self.citizen.post(path, headers={"Idempotency-Key": key})
        self.good(
            f"mã hồ sơ [bold]{self.receipt['receipt_code']}[/]", f"receipt code [bold]{self.receipt['receipt_code']}[/]"
        )
        for step in self.receipt["promised"]["steps"]:
            self.out.print(f"    · {self.said(step)}")
        again = self.citizen.post(path, headers={"Idempotency-Key": key})
        self.check(again["receipt_code"] == self.receipt["receipt_code"], "the same key must give the same dossier")
        self.check(len(self.citizen.get("/v1/dossiers")["dossiers"]) == 1, "there must be one dossier")
        self.good("gửi lại đúng lần nộp ấy: vẫn một hồ sơ", "the same submission sent again: still one dossier")
        self.result("mã hồ sơ", "receipt code", self.receipt["receipt_code"])
        self.result("nộp hai lần cùng khóa", "sent twice with one key", self.t("một hồ sơ", "one dossier"))
        self._branches()

    def _branches(self, draft: dict[str, Any] | None = None) -> dict[str, Any]:
        dossier = self.citizen.get(f"/v1/dossiers/{(draft or self.draft)['id']}")
        for branch in dossier["branches"]:
            self.out.print(f"    {self.said(branch['title']):<48} {self.said(branch['label'])}")
        return dossier

    def kill_and_start_again(self) -> None:
        self.line(
            "SIGKILL máy chủ giữa lúc nộp và lúc giải quyết …",
            "SIGKILL to the server between submission and decision …",
        )
        self.server.kill()
        with self.out.status(self.t("đang chạy lại …", "starting again …")):
            self.server.start()
        for caller in (self.citizen, *self.officers.values()):
            caller.again_after_restart()
        dossier = self.citizen.get(f"/v1/dossiers/{self.draft['id']}")
        self.check(
            dossier["receipt_code"] == self.receipt["receipt_code"] and dossier["status"] == "open",
            "nothing may be lost",
        )
        self.good("chạy lại, không mất gì", "started again, nothing lost")
        self.result("SIGKILL giữa chừng", "SIGKILL in between", self.t("không mất gì", "nothing lost"))

    def decide(self) -> None:
        self.chapter(6, "Cán bộ từng cơ quan giải quyết", "Officers of each agency act")
        self._decide("birth", {})
        dossier = self._branches()
        started = [branch["name"] for branch in dossier["branches"] if branch["state"] == "submitted"]
        self.check(
            sorted(started) == ["identity_card", "insurance", "residence"], f"three branches must start now: {started}"
        )
        self.good(
            "bé có số định danh; ba thủ tục còn lại bắt đầu", "the child has a PIN; the three other branches start"
        )
        today = clock.today().isoformat()
        next_week = (clock.today() + timedelta(days=7)).isoformat()
        self._decide("residence", {"number": f"{secrets.randbelow(900) + 100}/TB-CAP", "registered_on": today})
        self._decide("insurance", {"card_number": f"TE179{secrets.randbelow(10**10):010d}", "valid_from": today})
        self._decide(
            "identity_card",
            {
                "appointment_on": next_week,
                "appointment_time": "09:30",
                "place": "Công an phường Sài Gòn, số 2 đường Hư Cấu",
            },
        )

    def _decide(self, branch: str, result: dict[str, Any]) -> None:
        item = self._at_the_desk(branch, {"outcome": "approved", "result": result})
        self.good(f"{self.said(item['title'])}: đã giải quyết", f"{self.said(item['title'])}: approved")

    def _at_the_desk(self, branch: str, decision: dict[str, Any]) -> dict[str, Any]:
        """The officer takes the branch, looks at form and papers, decides; a refusal is confirmed by the head."""
        officer = self.officers[_BRANCH_OFFICER[branch]]
        item = next(item for item in officer.get("/v1/desk/queue")["items"] if item["name"] == branch)
        officer.post(f"/v1/desk/branches/{item['id']}/claim")
        shown = officer.get(f"/v1/desk/branches/{item['id']}")
        for document in shown["documents"]:
            officer.get(f"/v1/desk/branches/{item['id']}/documents/{document['kind']}")
        officer.post(f"/v1/desk/branches/{item['id']}/decision", json=decision)
        if decision["outcome"] == "refused":
            head = self.officers[_HEAD[branch]]
            head.post(f"/v1/desk/branches/{item['id']}/refusal-verdict", json={"verdict": "confirm"})
        return item

    def collect_the_results(self) -> None:
        self.chapter(7, "Mọi kết quả về một nơi", "Every result in one place")
        dossier = self._branches()
        for branch in dossier["branches"]:
            paper = self.citizen.get(branch["result"]["href"])
            self.check(paper.startswith(b"%PDF-"), f"{branch['name']}: no PDF")
            file = self.folder / f"{branch['name']}.pdf"
            file.write_bytes(paper)
            self.good(
                f"{self.said(branch['result']['name'])}: {file} ({len(paper) // 1024} kB)",
                f"{self.said(branch['result']['name'])}: {file} ({len(paper) // 1024} kB)",
            )
            self.result(self.said(branch["title"]), self.said(branch["title"]), f"PDF, {self.said(branch['label'])}")
        history = self.citizen.get(f"/v1/dossiers/{self.draft['id']}/history")
        self.check(history["intact"], "the history's hash chain must hold")
        self.line(
            f"lịch sử {len(history['lines'])} dòng, chuỗi băm nguyên vẹn:",
            f"history of {len(history['lines'])} lines, hash chain intact:",
        )
        for event in dossier["timeline"]:
            self.out.print(f"    {event['at'][11:19]}  {self.said(event['message'])}")
        self._messages()

    def _messages(self) -> None:
        self.line("tin nhắn công dân đã nhận (hộp thư thử nghiệm):", "messages the citizen received (sandbox inbox):")
        letters: list[dict[str, Any]] = []
        for _ in range(100):
            letters = [one for one in self.citizen.get("/sandbox/inbox.json") if one["to"] == cast.FATHER_PHONE]
            if any(one["event"] == "appointment" for one in letters):
                break
            time.sleep(0.1)
        for letter in reversed(letters):
            text = "******" if letter["event"] == "one-time-code" else letter["text"]
            self.out.print(f"    [dim]{letter['channel']}[/] {letter['event']}: {text}", markup=True)
        self.result("tin nhắn", "messages", str(len(letters)))

    def look_up_three_ways(self) -> None:
        self.chapter(8, "Tra cứu ba cách", "Looked up three ways")
        anyone = Caller(self.server.url)
        birthday = "1990-08-04"
        found = anyone.post(
            "/v1/lookups", json={"receipt_code": self.receipt["receipt_code"], "date_of_birth": birthday}
        )
        self.good(f"mã hồ sơ + ngày sinh: {found['status']}", f"receipt code + birth date: {found['status']}")
        wrong = anyone.post(
            "/v1/lookups", 404, json={"receipt_code": self.receipt["receipt_code"], "date_of_birth": "1990-08-05"}
        )
        self.refused("đoán sai ngày sinh", "a wrong birth date", wrong)
        mine = self.citizen.get("/v1/dossiers?pin=079090000001")["dossiers"]
        self.check(len(mine) == 1, "the PIN must find one dossier")
        self.good("số định danh + mã truy cập: 1 hồ sơ", "PIN + token: 1 dossier")
        self.citizen.call(
            "PUT",
            "/v1/me/face-lookup",
            files={"selfie": ("selfie.jpg", self.selfie, "image/jpeg")},
            data={"consent": "find-my-dossier-by-face"},
        )
        kiosk = Caller(self.server.url, "kiosk-sai-gon")
        kiosk.as_client(self.server.secret("kiosk-sai-gon"))
        with self.out.status(self.t("ki-ốt đang tìm …", "the kiosk is looking …")):
            by_face = kiosk.post(
                "/v1/lookups/by-face", files={"selfie": ("selfie.jpg", self.kiosk_selfie, "image/jpeg")}
            )
        self.check(len(by_face["dossiers"]) == 1, f"the face must find one dossier: {by_face}")
        masked = by_face["dossiers"][0]["receipt_code"]
        self.good(f"khuôn mặt ở ki-ốt (có đồng ý trước): {masked}", f"face at a kiosk (consented before): {masked}")
        stranger = kiosk.post(
            "/v1/lookups/by-face", 404, files={"selfie": ("selfie.jpg", self.other_selfie, "image/jpeg")}
        )
        self.refused("khuôn mặt người lạ", "a stranger's face", stranger)
        self.result("tra cứu", "looked up", self.t("mã hồ sơ, số định danh, khuôn mặt", "by code, by PIN, by face"))

    def act_for_the_child(self) -> None:
        self.chapter(9, "Hành động thay con", "Acting for the child")
        pin = cast.number_on((self.folder / "birth.pdf").read_bytes())
        mandate = self.citizen.post("/v1/me/wards", 201, json={"pin": pin})
        name, until = mandate["principal"]["name"], mandate["until_on"]
        self.good(
            f"sổ hộ tịch ghi tên cha: thay cho {name} ngay bây giờ, đến hết {until}",
            f"the register names the father: he acts for {name} from now to the end of {until}",
        )
        behalf, asked = {"On-Behalf-Of": mandate["id"]}, {"procedure": "child_health_insurance"}
        draft = self.citizen.post("/v1/dossiers", json=asked, headers=behalf)
        locked = [answer["value"] for path, answer in draft["form"].items() if path.startswith("child.")]
        self.check(pin in locked, f"the form must know the child: {locked}")
        self.good("tờ khai của con đã điền sẵn, có khoá", "the child's form is filled in and locked")
        own = self.citizen.post("/v1/dossiers", 409, json=asked)
        self.refused("cùng thủ tục, đứng tên mình", "the same procedure in his own name", own)
        other = self.citizen.post("/v1/dossiers", 404, json=asked, headers={"On-Behalf-Of": "mnd_of_somebody_else"})
        self.refused("uỷ quyền của người khác", "somebody else's mandate", other)
        self.citizen.call("DELETE", f"/v1/me/mandates/{mandate['id']}", 204)
        ended = self.citizen.get(f"/v1/dossiers/{draft['id']}", 403, headers=behalf)
        self.refused("sau khi trả lại uỷ quyền", "after the mandate was given back", ended)
        self.result(
            "thay cho con",
            "for the child",
            self.t(f"đến hết {until}, chấm dứt là hết ngay", f"until {until}; over when ended"),
        )

    def refuse_a_birth(self) -> None:
        self.chapter(10, "Đường xấu: khai sinh bị từ chối", "A bad road: the birth is refused")
        draft = self.citizen.post("/v1/dossiers", json={"procedure": "3.000722"})
        number = _notification_number()
        draft, _ = self._tell_about(draft, "Nguyễn Lý Minh Anh", number)
        self._attach(draft, number)
        self.citizen.post(f"/v1/dossiers/{draft['id']}/submission", headers=_new_key())
        reason = "Số giấy chứng sinh không có trong dữ liệu của bệnh viện; đề nghị kiểm tra lại giấy."
        self._at_the_desk("birth", {"outcome": "refused", "reason": reason})
        branches = self._branches(draft)["branches"]
        states = {branch["name"]: branch["state"] for branch in branches}
        self.check(
            states.pop("birth") == "refused" and set(states.values()) == {"not_started"},
            f"a refused birth must end the others as not started: {states}",
        )
        for branch in branches:
            self.out.print(f"    · {self.said(branch['title'])}: {self.said(branch['reason'])}", markup=False)
        outcome = self.t("ba thủ tục kia không bắt đầu, có lý do", "the three others not started, with the reason")
        self.result("khai sinh bị từ chối", "birth refused", outcome)

    def tell_the_summary(self) -> None:
        seconds = time.monotonic() - self.began
        table = Table(
            self.t("việc", "what"),
            self.t("kết quả", "outcome"),
            title=self.t("Tóm tắt", "Summary"),
            header_style="bold",
        )
        for what, outcome in self.summary:
            table.add_row(what, outcome)
        table.add_section()
        table.add_row(self.t("toàn bộ câu chuyện", "the whole story"), f"{seconds:.0f} s")
        self.out.print(table)
        self.line(
            "tự thử, cả màn hình ki-ốt: make serve, rồi mở /kiosk",
            "try it yourself, the kiosk's screen too: make serve, then open /kiosk",
        )

    def _plain(self, value: Any) -> str:
        if isinstance(value, dict):
            return str(value.get("printed") or ", ".join(str(v) for v in value.values() if v))
        return str(value)
