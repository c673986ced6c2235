"""A national portal at the far end of the wire: a program of its own that knows nothing of the city's code.

It lets a city sign in, takes dossiers (DongBoHoSoMC) and their progress (CapNhatTienDoHoSoMC) in the published names, and keeps them in a
file. It can be slow, wrong, doubled (it takes a message and says nothing the first time, so that it comes again) and silent, each in a share
of the messages, the same messages for the same seed; its sessions can be short:

    python portal.py --book portal.db --username h29 --password-file portal-password --slow 0.2 --silent 0.1

What a real portal answers besides `error_code` is not published: these words are made up, as are the people.
"""

import argparse
import json
import random
import secrets
import sqlite3
import sys
import threading
import time
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

FILED = {
    "MaHoSo", "MaTTHC", "TenTTHC", "MaLinhVuc", "TenLinhVuc", "ChuHoSo", "LoaiDoiTuong", "MaDoiTuong", "Email", "SoDienThoai",
    "TrichYeuHoSo", "NgayTiepNhan", "NgayHenTra", "TrangThaiHoSo", "NgayTra", "HinhThuc", "NgayKetThucXuLy", "DonViXuLy", "GhiChu",
    "TaiLieuNop", "DanhSachLePhi", "DanhSachTepDinhKemKhac", "DanhSachHoSoBoSung", "DanhSachGiayToKetQua",
}  # fmt: skip
PROGRESS = {
    "MaHoSo", "NguoiXuLy", "ChucDanh", "ThoiDiemXuLy", "PhongBanXuLy", "NoiDungXuLy", "TrangThai", "NgayBatDau",
    "NgayKetThucTheoQuyDinh",
}  # fmt: skip
NEEDED = ("MaHoSo", "MaTTHC", "TenTTHC", "ChuHoSo", "NgayTiepNhan", "TrangThaiHoSo", "DonViXuLy")

BOOK = """
create table if not exists dossiers (ma_ho_so text primary key, data text not null, updates integer not null default 0);
create table if not exists progress (
  number integer primary key, ma_ho_so text not null, data text not null, unique (ma_ho_so, data)
);
create table if not exists received (message_id text not null, at real not null);
"""

TAKEN = {"error_code": "00", "message": "Thành công"}


def no(code, words):
    return {"error_code": code, "message": words}


class Portal:
    def __init__(self, args):
        self.args = args
        self.password = args.password_file.read_text(encoding="utf-8").strip()
        self.book = sqlite3.connect(args.book, check_same_thread=False, isolation_level=None)
        self.book.execute("pragma journal_mode = wal")
        self.book.execute("pragma synchronous = full")
        self.book.executescript(BOOK)
        self.lock = threading.Lock()
        self.sessions = {}
        self.chance = random.Random(args.seed)

    def now_and_then(self, share):
        with self.lock:
            return self.chance.random() < share

    def sign_in(self, asked):
        if asked.get("username") != self.args.username or asked.get("password") != self.password:
            return no(1, "Sai tài khoản hoặc mật khẩu")
        session = secrets.token_urlsafe(18)
        self.sessions[session] = time.monotonic() + self.args.session_seconds
        return {"session": session, "error_code": 0}

    def take(self, message_id, asked):
        """What it answers. Effects are in the book before anybody is answered."""
        if self.sessions.get(asked.get("session"), 0) < time.monotonic():
            return no(3, "Phiên làm việc đã hết hạn")
        service, data = asked.get("service"), asked.get("data")
        if not isinstance(data, list) or len(data) != 1 or service not in ("DongBoHoSoMC", "CapNhatTienDoHoSoMC"):
            return no(9, "Thông điệp không hợp lệ")
        with self.lock:
            self.book.execute("begin immediate")
            try:
                self.book.execute("insert into received values (?, ?)", (message_id, time.time()))
                answer = self.file(asked, data[0]) if service == "DongBoHoSoMC" else self.go_on(data[0])
                self.book.execute("commit")
            except BaseException:
                self.book.execute("rollback")
                raise
        return answer

    def file(self, asked, told):
        if set(told) != FILED or not all(told[name] for name in NEEDED):
            return no(9, "Thiếu trường bắt buộc hoặc có trường lạ")
        if told["LoaiDoiTuong"] not in ("0", "1", "2") or not 1 <= int(told["TrangThaiHoSo"]) <= 10:
            return no(9, "Mã không hợp lệ")
        if not all(is_instant(told[name]) for name in ("NgayTiepNhan", "NgayHenTra", "NgayTra", "NgayKetThucXuLy")):
            return no(9, "Thời gian không đúng định dạng")
        code, said = told["MaHoSo"], json.dumps(told, ensure_ascii=False)
        known = self.book.execute("select 1 from dossiers where ma_ho_so = ?", (code,)).fetchone()
        if asked.get("isUpdating") == "True":
            if not known:
                return no(5, "Hồ sơ không tồn tại")
            self.book.execute(
                "update dossiers set data = ?, updates = updates + (data <> ?) where ma_ho_so = ?", (said, said, code)
            )
            return TAKEN
        if known:
            return no(4, "Hồ sơ đã tồn tại")
        self.book.execute("insert into dossiers (ma_ho_so, data) values (?, ?)", (code, said))
        return TAKEN

    def go_on(self, told):
        if set(told) != PROGRESS or not told["MaHoSo"] or not 1 <= int(told["TrangThai"]) <= 10:
            return no(9, "Thiếu trường bắt buộc hoặc có trường lạ")
        if not all(is_instant(told[name]) for name in ("ThoiDiemXuLy", "NgayBatDau", "NgayKetThucTheoQuyDinh")):
            return no(9, "Thời gian không đúng định dạng")
        if not self.book.execute("select 1 from dossiers where ma_ho_so = ?", (told["MaHoSo"],)).fetchone():
            return no(5, "Hồ sơ không tồn tại")
        said = json.dumps(told, ensure_ascii=False)
        # The same step in the same words is the same step.
        self.book.execute("insert or ignore into progress (ma_ho_so, data) values (?, ?)", (told["MaHoSo"], said))
        return TAKEN


def is_instant(text):
    try:
        return text == "" or bool(datetime.strptime(f"{text}+0700", "%Y%m%d%H%M%S%z"))
    except ValueError:
        return False


class Handler(BaseHTTPRequestHandler):
    portal: Portal
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        args = self.portal.args
        asked = json.loads(self.rfile.read(int(self.headers.get("content-length", "0"))))
        if self.path == "/login":
            return self.say(200, self.portal.sign_in(asked))
        if self.portal.now_and_then(args.slow):
            time.sleep(args.slow_seconds)
        if self.portal.now_and_then(args.wrong):
            return self.say(500, no(500, "Server Error"))
        answer = self.portal.take(self.headers.get("idempotency-key", ""), asked)
        if self.portal.now_and_then(args.doubled):
            # It is in the book; the city hears of an error and sends it once more.
            return self.say(503, no(503, "Server Error"))
        if self.portal.now_and_then(args.silent):
            time.sleep(args.silent_seconds)
            self.close_connection = True
            return None
        return self.say(200, answer)

    def do_GET(self):
        """What it has in its book, for whoever plays with it; a real portal shows nobody."""
        with self.portal.lock:
            dossiers = self.portal.book.execute("select data, updates from dossiers").fetchall()
            progress = self.portal.book.execute("select data from progress order by number").fetchall()
            twins = self.portal.book.execute("select count(*) - count(distinct message_id) from received").fetchone()
        return self.say(
            200,
            {
                "dossiers": [{**json.loads(data), "updates": updates} for data, updates in dossiers],
                "progress": [json.loads(data) for (data,) in progress],
                "twins": twins[0],
            },
        )

    def say(self, status, answer):
        body = json.dumps(answer, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--book", default="portal.db", help="where it keeps what it took")
    parser.add_argument("--username", default="h29")
    parser.add_argument("--password-file", type=Path, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--session-seconds", type=float, default=600, help="how long a sign-in lasts")
    parser.add_argument("--slow", type=float, default=0, help="share of the messages it answers late")
    parser.add_argument("--slow-seconds", type=float, default=2)
    parser.add_argument("--wrong", type=float, default=0, help="share it answers with an error, untouched")
    parser.add_argument("--doubled", type=float, default=0, help="share it takes and answers with an error")
    parser.add_argument("--silent", type=float, default=0, help="share it takes and never answers")
    parser.add_argument("--silent-seconds", type=float, default=20)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    server = ThreadingHTTPServer((args.host, args.port), Handler)
    Handler.portal = Portal(args)
    print(f"http://{args.host}:{server.server_port}", flush=True)
    server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
