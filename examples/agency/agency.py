"""An insurance agency at the far end of the wire: a program of its own that knows nothing of the city's code.

It takes dossiers over signed HTTP (RFC 9421), keeps them in a file, works on them and tells the city what became of each, and of its fee
where it took one. It can be slow, wrong, doubled and silent, each in a share of the cases, the same cases for the same seed:

    python agency.py --key agency.key --public            # its public key, for `motcua wires add`
    python agency.py --key agency.key --book agency.db --city http://127.0.0.1:8000 --wire bhxh --slow 0.2 --silent 0.1

People, numbers and cards are made up.
"""

import argparse
import base64
import json
import random
import sqlite3
import sys
import threading
import time
import urllib.error
import urllib.request
import uuid
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from http_message_signatures import (
    HTTPMessageSignaturesException,
    HTTPMessageSigner,
    HTTPMessageVerifier,
    MappingKeyResolver,
    algorithms,
)

TAG = "motcua-wire"
COVERED = ("@method", "@target-uri", "content-type", "content-digest", "idempotency-key", "message-sequence")
VIETNAM = timezone(timedelta(hours=7))

BOOK = """
create table if not exists received (message_id text primary key, digest blob not null);
create table if not exists cases (ma_ho_so text primary key, sequence integer not null, data text not null, taken integer not null);
create table if not exists reports (
  id text primary key, ma_ho_so text not null, sequence integer not null, body text not null, state text not null default 'waiting',
  tries integer not null default 0, due real not null, told text, unique (ma_ho_so, sequence)
);
"""


class Message:
    """A request as the signature sees it."""

    def __init__(self, method, url, headers):
        self.method, self.url, self.headers = method, url, headers


class Agency:
    def __init__(self, args):
        self.args = args
        self.private = load_key(args.key)
        public = self.private.public_key().public_bytes_raw()
        self.key_id = "agency-" + base64.b16encode(public[:6]).decode().lower()
        self.book = sqlite3.connect(args.book, check_same_thread=False, isolation_level=None)
        self.book.execute("pragma journal_mode = wal")
        self.book.execute("pragma synchronous = full")
        self.book.executescript(BOOK)
        self.lock = threading.Lock()
        self.city_keys = {}
        self.chance = random.Random(args.seed)

    def now_and_then(self, share):
        with self.lock:
            return self.chance.random() < share

    # --- taking dossiers in ----------------------------------------------------------------------------------------------

    def take(self, path, headers, body):
        """HTTP status and the words of the reply. Effects are in the book before anybody is answered."""
        if not self.signed(Message("POST", self.args.url + path, headers), body):
            return 401, "Chữ ký không hợp lệ"
        message_id, sequence = headers["idempotency-key"], int(headers["message-sequence"])
        intake = json.loads(body)
        code = intake["maHoSo"]
        with self.lock:
            self.book.execute("begin immediate")
            try:
                status, words = self.enter(message_id, sequence, code, intake)
                self.book.execute("commit")
            except BaseException:
                self.book.execute("rollback")
                raise
        return status, words

    def enter(self, message_id, sequence, code, intake):
        if self.book.execute("select 1 from received where message_id = ?", (message_id,)).fetchone():
            return 200, "Hồ sơ đã tồn tại"
        last = self.book.execute("select sequence from cases where ma_ho_so = ?", (code,)).fetchone()
        expected = (last[0] if last else 0) + 1
        if sequence > expected:
            return 409, f"Chưa cập nhật: còn thiếu thông điệp số {expected}"
        if sequence < expected:
            return 200, "Hồ sơ đã tồn tại"
        self.book.execute("insert into received values (?, ?)", (message_id, b""))
        self.book.execute(
            "insert into cases values (?, ?, ?, 1) on conflict (ma_ho_so) do update set sequence = excluded.sequence, taken = taken + 1",
            (code, sequence, json.dumps(intake["data"])),
        )
        if intake["trangThai"] == 5:
            self.book.execute("delete from reports where ma_ho_so = ? and state = 'waiting'", (code,))
            return 200, "Rút hồ sơ thành công"
        self.plan(code, intake)
        return 200, "Tiếp nhận hồ sơ thành công"

    def plan(self, code, intake):
        """What will be told: in hand, then the card, or a refusal, or first a supplement."""
        number = self.book.execute("select count(*) from reports where ma_ho_so = ?", (code,)).fetchone()[0]
        steps = [(3, {"noiDungXuLy": "Đã tiếp nhận, đang xử lý"})]
        asked = self.args.ask and number == 0
        if asked:
            steps.append(
                (2, {"ghiChu": "Đề nghị bổ sung nơi đăng ký khám chữa bệnh ban đầu của trẻ.", "hanBoSungHoSo": "7"})
            )
        elif self.args.refuse:
            steps.append((6, {"ghiChu": "Trẻ đã được cấp thẻ bảo hiểm y tế tại nơi khác (tình huống thử nghiệm)."}))
        else:
            result, words = self.settle(code, intake["data"])
            steps.append((4, {"ketQuaXuLy": json.dumps(result), "noiDungXuLy": words, **self.fee(code)}))
        for place, (status, said) in enumerate(steps, number + 1):
            body = {
                "maHoSo": code,
                "maTTHC": intake["maTTHC"],
                "soHoSoLT": intake["maHoSoLT"],
                "coQuanXuLy": 4,
                "trangThai": status,
                "thoiGianThucHien": f"{datetime.now(VIETNAM):%Y%m%d%H%M%S}",
                "nguoiXuLy": "Cán bộ hư cấu",
                **said,
            }
            self.book.execute(
                "insert into reports (id, ma_ho_so, sequence, body, due) values (?, ?, ?, ?, ?)",
                (
                    f"bhxh-{uuid.uuid4()}",
                    code,
                    place,
                    json.dumps(body),
                    time.time() + self.args.works_seconds * (place - number),
                ),
            )

    def settle(self, code, data):
        """The result of a case and its words: a survivors' benefit where relatives are named, a criminal record certificate where its
        purpose is, else a child's card."""
        dice, today = random.Random(code), datetime.now(VIETNAM)
        if "survivors.people" in data:
            return {
                "soQuyetDinh": f"{dice.randrange(1, 10_000)}/QĐ-BHXH",
                "soTien": 10_000_000,
            }, "Đã giải quyết chế độ tử tuất"
        if "record.purpose" in data:
            return {"soPhieu": f"{dice.randrange(1, 10_000)}/LLTP"}, "Đã cấp phiếu lý lịch tư pháp"
        return {"maSoThe": f"TE179{dice.randrange(10**10):010d}", "giaTriTu": f"{today:%d/%m/%Y}"}, "Đã cấp thẻ"

    def fee(self, code):
        """What became of the fee, where this agency took it at its own counter or let it off."""
        if self.args.took:
            number = random.Random(code).randrange(10**7)
            return {
                "lePhiDaThu": {
                    "soTien": self.args.took,
                    "soBienLai": f"BL26T-{number:07d}",
                    "ngayThu": f"{datetime.now(VIETNAM):%Y%m%d%H%M%S}",
                }
            }
        return {"lyDoMienLePhi": self.args.waived} if self.args.waived else {}

    def signed(self, message, body):
        for fetch in (False, True):
            if fetch or not self.city_keys:
                self.city_keys = fetch_keys(self.args.through or self.args.city)
            verifier = HTTPMessageVerifier(
                signature_algorithm=algorithms.ED25519,
                key_resolver=MappingKeyResolver(public_keys=self.city_keys, private_keys={}),
            )
            verifier.max_clock_skew = timedelta(seconds=60)
            try:
                verifier.verify(
                    message, max_age=timedelta(minutes=5), expect_tag=TAG, require_components=COVERED, body=body
                )
                return True
            except (HTTPMessageSignaturesException, KeyError, ValueError):
                continue
        return False

    # --- telling the city ------------------------------------------------------------------------------------------------

    def tell(self):
        """For ever: of each dossier the first report that is not told yet."""
        while True:
            with self.lock:
                due = self.book.execute(
                    "select id, sequence, body, tries from reports r where state = 'waiting' and due <= ? and not exists"
                    " (select 1 from reports e where e.ma_ho_so = r.ma_ho_so and e.sequence < r.sequence and e.state <> 'told')"
                    " order by due limit 20",
                    (time.time(),),
                ).fetchall()
            for report in due:
                self.send(*report)
            if not due:
                time.sleep(0.1)

    def send(self, report_id, sequence, body, tries):
        copies = 2 if self.now_and_then(self.args.doubled) else 1
        status, words = 0, ""
        for _ in range(copies):
            status, words = self.post(report_id, sequence, body.encode())
        if 200 <= status < 300:
            state = "told"
        elif status in (0, 401, 403, 404, 408, 429) or status >= 500 or (status == 409 and its_turn_comes(words)):
            state = "waiting"
        else:
            state = "failed"
        with self.lock:
            self.book.execute(
                "update reports set state = ?, tries = tries + 1, due = ?, told = ? where id = ?",
                (state, time.time() + min(0.2 * 2**tries, 5), f"{status} {words}"[:200], report_id),
            )

    def post(self, report_id, sequence, body):
        path = f"/v1/wires/{self.args.wire}/statuses"
        headers = {
            "content-type": "application/json",
            "idempotency-key": report_id,
            "message-sequence": str(sequence),
        }
        message = Message("POST", self.args.city + path, headers)
        HTTPMessageSigner(
            signature_algorithm=algorithms.ED25519,
            key_resolver=MappingKeyResolver(public_keys={}, private_keys={self.key_id: self.private}),
        ).sign(message, key_id=self.key_id, tag=TAG, covered_component_ids=COVERED, body=body)
        request = urllib.request.Request((self.args.through or self.args.city) + path, body, message.headers)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode("utf-8", "replace")
        except OSError as error:
            return 0, type(error).__name__


def its_turn_comes(words):
    """Of the city's refusals with 409 these are for another try; the others (a fee unpaid, money that differs) are for a person."""
    try:
        return json.loads(words).get("code") in ("message-out-of-order", "case-busy")
    except (ValueError, AttributeError):
        return True


def load_key(file):
    """32 bytes as hex, made at the first start."""
    if not file.exists():
        file.write_text(Ed25519PrivateKey.generate().private_bytes_raw().hex())
        file.chmod(0o600)
    return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(file.read_text()))


def fetch_keys(city):
    try:
        with urllib.request.urlopen(f"{city}/v1/wires/keys", timeout=10) as answer:
            keys = json.load(answer)["keys"]
    except OSError:
        return {}
    return {key["kid"]: Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(key["x"] + "==")) for key in keys}


class Handler(BaseHTTPRequestHandler):
    agency: Agency
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        args = self.agency.args
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        if self.agency.now_and_then(args.slow):
            time.sleep(args.slow_seconds)
        if self.agency.now_and_then(args.wrong):
            return self.say(500, "Server Error")
        headers = {name.lower(): value for name, value in self.headers.items()}
        status, words = self.agency.take(self.path, headers, body)
        if self.agency.now_and_then(args.silent):
            # It is in the book, and the city never hears that it is.
            time.sleep(args.silent_seconds)
            self.close_connection = True
            return None
        return self.say(status, words)

    def do_GET(self):
        """What it has in its book, for whoever plays with it; a real agency shows nobody."""
        with self.agency.lock:
            cases = self.agency.book.execute("select ma_ho_so, sequence, taken from cases").fetchall()
            reports = self.agency.book.execute("select ma_ho_so, sequence, state, told from reports").fetchall()
        return self.say(200, {"cases": cases, "reports": reports})

    def say(self, status, words):
        body = json.dumps(words if isinstance(words, dict) else {"thongBao": words}, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--key", type=Path, required=True, help="file of its private key; made when missing")
    parser.add_argument("--public", action="store_true", help="print key id and public key, and end")
    parser.add_argument("--book", default="agency.db", help="where it keeps what it took")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--url", help="the address the city calls it by; else host and port")
    parser.add_argument("--city", help="the city's public address, as it is signed")
    parser.add_argument("--through", help="where the city is reached instead, behind a proxy")
    parser.add_argument("--wire", default="bhxh", help="the wire's name at the city")
    parser.add_argument("--works-seconds", type=float, default=0.2, help="how long a step of its work takes")
    parser.add_argument("--slow", type=float, default=0, help="share of the messages it answers late")
    parser.add_argument("--slow-seconds", type=float, default=2)
    parser.add_argument("--wrong", type=float, default=0, help="share it answers with an error, untouched")
    parser.add_argument("--silent", type=float, default=0, help="share it takes and never answers")
    parser.add_argument("--silent-seconds", type=float, default=20)
    parser.add_argument("--doubled", type=float, default=0, help="share of its own reports it sends twice")
    parser.add_argument("--ask", action="store_true", help="ask for a supplement first")
    parser.add_argument("--refuse", action="store_true", help="refuse everything")
    parser.add_argument(
        "--took", type=int, metavar="DONG", help="say with each result that it took this fee at its own counter"
    )
    parser.add_argument("--waived", metavar="WHY", help="say with each result that it let the fee off, and why")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    if args.public:
        public = load_key(args.key).public_key().public_bytes_raw()
        print("agency-" + base64.b16encode(public[:6]).decode().lower(), base64.b64encode(public).decode())
        return 0
    server = ThreadingHTTPServer((args.host, args.port), Handler)
    args.url = args.url or f"http://{args.host}:{server.server_port}"
    Handler.agency = Agency(args)
    print(args.url, flush=True)
    threading.Thread(target=Handler.agency.tell, daemon=True).start()
    server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
