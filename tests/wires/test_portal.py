"""The national portal as a program of its own: every dossier and every change once and in order, whatever it does to the messages."""

import asyncio
import json
import subprocess
import sys
import urllib.request
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from kit import clock, ids
from kit.calling import Reply
from procedures import load
from tests.dossiers import steps
from tests.identity.offices.test_staff import WARD, appointed
from tests.wires.test_agency import feed, wake
from wires import Portal, Signer, WireExists
from wires.national import National, heard_in
from wires.signing import Message

pytestmark = pytest.mark.anyio

PROGRAM = Path(__file__).parents[2] / "examples/portal/portal.py"


class Program:
    """The portal, started, killed and started again with the same book."""

    def __init__(self, home):
        self.home, self.process, self.port = home, None, 0
        (home / "password").write_text("mật khẩu hư cấu\n", encoding="utf-8")

    def start(self, *options):
        command = [sys.executable, PROGRAM, "--book", self.home / "book.db", "--port", str(self.port)]
        command += ["--username", "h29", "--password-file", self.home / "password", *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        url = self.process.stdout.readline().strip()
        self.port = int(url.rpartition(":")[2])
        return url

    def kill(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()
            self.process = None

    def again(self, *options):
        self.kill()
        self.start(*options)

    async def book(self, dossier):
        """The dossier as the portal has it, the steps it was told, and how many messages came twice."""

        def read():
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=10) as answer:
                return json.load(answer)

        told, code = await asyncio.to_thread(read), dossier["receipt_code"]
        filed = [one for one in told["dossiers"] if one["MaHoSo"] == code]
        steps_told = [one for one in told["progress"] if one["MaHoSo"] == code]
        return (filed[0] if filed else None), steps_told, told["twins"]


@pytest.fixture
async def portal(city, tmp_path, monkeypatch):
    program = Program(tmp_path)
    url = program.start()
    wires = city.house.wires
    monkeypatch.setitem(wires._protocols, Portal, National(wires._protocols[Portal]._caller, "mật khẩu hư cấu"))
    program.wire = Portal(f"cong-{ids.new_id('w')[-6:]}", f"{url}/", f"{url}/login", "h29", "H29")
    async with city.house.db.begin() as conn:
        await wires.open_wire(conn, program.wire)
    yield program
    program.kill()
    async with city.house.db.begin() as conn:
        await conn.exec_driver_sql("update wires set closed_at = now() where protocol = 'national'")


async def waiting(city, dossier):
    async with city.house.db.connect() as conn:
        found = await conn.exec_driver_sql(
            "select count(*) from wire_messages where case_id = %(id)s and state <> 'sent'", {"id": dossier["id"]}
        )
        return found.scalar_one()


async def told(city, dossier):
    """Everything that happened is handed over."""
    await feed(city)
    for _ in range(100):
        await wake(city)
        if await waiting(city, dossier) == 0:
            return
        await asyncio.sleep(0.2)
    raise AssertionError(await waiting(city, dossier))


async def test_a_dossier_s_opening_its_changes_and_its_end_in_the_published_names(city, portal):
    dossier = await steps.submitted(await city.signed_in("parent"))
    await told(city, dossier)
    filed, progress, _ = await portal.book(dossier)
    assert (filed["MaTTHC"], filed["TrangThaiHoSo"], filed["LoaiDoiTuong"], filed["updates"]) == (
        "3.000722",
        "1",
        "1",
        0,
    )
    assert filed["ChuHoSo"] == "Nguyễn Thị Hồng Thắm"
    assert [one["MaThanhPhanHoSo"] for one in filed["TaiLieuNop"]] == ["birth_notification"]
    assert progress == []
    await steps.decide(city, dossier, "birth")
    await told(city, dossier)
    _, progress, _ = await portal.book(dossier)
    said = [(one["TrangThai"], one["NoiDungXuLy"].rpartition(": ")[2]) for one in progress]
    assert said[:2] == [("4", "Đang xử lý"), ("4", "Đã giải quyết")]
    assert {words for _, words in said[2:]} == {"Đã nộp, chờ tiếp nhận"}
    assert len(said) == 5
    assert progress[0]["NguoiXuLy"]
    for name in ("residence", "insurance", "identity_card"):
        await steps.decide(city, dossier, name)
    await told(city, dossier)
    filed, progress, twins = await portal.book(dossier)
    assert (filed["TrangThaiHoSo"], filed["updates"], progress[-1]["TrangThai"], twins) == ("9", 1, "9", 0)
    assert len(filed["DanhSachGiayToKetQua"]) == 4
    assert filed["NgayKetThucXuLy"] == progress[-1]["ThoiDiemXuLy"]


async def test_what_people_wrote_and_personal_numbers_do_not_travel(city, portal):
    dossier = await steps.submitted(await city.signed_in("parent"))
    await steps.decide(city, dossier, "birth", refuse="Lời riêng của cán bộ với người dân, mười chữ trở lên.")
    await told(city, dossier)
    filed, progress, _ = await portal.book(dossier)
    said = json.dumps([filed, progress], ensure_ascii=False)
    assert "Lời riêng" not in said
    assert "079192000011" not in said
    assert (filed["TrangThaiHoSo"], filed["DanhSachGiayToKetQua"], filed["NgayTra"]) == ("3", [], "")


async def test_the_citizen_sees_that_the_portal_was_told(city, portal):
    parent = await city.signed_in("parent")
    dossier = await steps.submitted(parent)
    await told(city, dossier)
    reads = (await parent.get("/v1/me/reads", expect=200))["reads"]
    one = next(read for read in reads if read["dossier_id"] == dossier["id"] and read["kind"] == "national_portal")
    assert one["by"]["name"]["vi"] == "Cổng Dịch vụ công quốc gia"


@pytest.mark.parametrize("fault", ["--slow", "--wrong", "--doubled", "--silent"])
async def test_a_portal_that_misbehaves_has_everything_once_and_in_order(city, portal, fault):
    portal.again(fault, "0.5", "--slow-seconds", "0.3", "--silent-seconds", "0.3")
    dossier = await steps.submitted(await city.signed_in("parent"))
    await steps.decide(city, dossier, "birth")
    await told(city, dossier)
    filed, progress, twins = await portal.book(dossier)
    assert filed is not None
    assert [one["NoiDungXuLy"].rpartition(": ")[2] for one in progress[:2]] == ["Đang xử lý", "Đã giải quyết"]
    assert len(progress) == 5
    if fault in ("--doubled", "--silent"):
        assert twins > 0


async def test_killed_and_started_again_it_misses_nothing_and_a_session_that_ended_is_renewed(city, portal):
    dossier = await steps.submitted(await city.signed_in("parent"))
    await told(city, dossier)
    portal.kill()
    await steps.decide(city, dossier, "birth")
    await feed(city)
    await wake(city)
    portal.start("--session-seconds", "0.2")
    await told(city, dossier)
    _, progress, _ = await portal.book(dossier)
    assert len(progress) == 5


async def test_a_dossier_older_than_the_wire_is_told_with_its_next_change(city, portal):
    await close(city)
    dossier = await steps.submitted(await city.signed_in("parent"))
    await feed(city)
    async with city.house.db.begin() as conn:
        later = Portal(f"{portal.wire.name}-2", portal.wire.url, portal.wire.login_url, "h29", "H29")
        await city.house.wires.open_wire(conn, later)
    await steps.decide(city, dossier, "birth")
    await told(city, dossier)
    filed, progress, _ = await portal.book(dossier)
    assert (filed["TrangThaiHoSo"], len(progress)) == ("4", 5)


async def test_a_wrong_password_hands_nothing_over_and_loses_nothing(city, portal, monkeypatch):
    dossier = await steps.submitted(await city.signed_in("parent"))
    await feed(city)
    protocols, right = city.house.wires._protocols, city.house.wires._protocols[Portal]
    for wrong in ("sai", None):
        monkeypatch.setitem(protocols, Portal, National(right._caller, wrong))
        await wake(city)
        assert await waiting(city, dossier) == 1
    monkeypatch.setitem(protocols, Portal, right)
    await told(city, dossier)
    assert (await portal.book(dossier))[0] is not None


async def test_what_the_portal_refuses_for_good_is_a_dead_letter_and_sent_again_goes_on_in_order(city, portal):
    dossier = await steps.submitted(await city.signed_in("parent"))
    await feed(city)
    async with city.house.db.begin() as conn:
        query = "select body from wire_messages where case_id = %(id)s"
        right = (await conn.exec_driver_sql(query, {"id": dossier["id"]})).scalar_one()
        change = "update wire_messages set body = %(body)s where case_id = %(id)s"
        await conn.exec_driver_sql(
            change, {"body": right.replace(b'"ChuHoSo":"', b'"ChuHoSo":"","La":"'), "id": dossier["id"]}
        )
    await steps.decide(city, dossier, "birth")
    await feed(city)
    await wake(city)
    operator = await appointed(city, f"{ids.new_id('op')}@motcua.test", WARD, "operator")
    dead = [
        one for one in await operator.get("/v1/wires/dead-letters", expect=200) if one["branch_id"] == dossier["id"]
    ]
    assert [(one["wire"], one["waiting_behind"]) for one in dead] == [(portal.wire.name, 5)]
    assert "bắt buộc" in dead[0]["error"]
    assert (await portal.book(dossier))[:2] == (None, [])
    async with city.house.db.begin() as conn:
        await conn.exec_driver_sql(change + " and sequence = 1", {"body": right, "id": dossier["id"]})
    await operator.post(f"/v1/wires/dead-letters/{dead[0]['id']}/attempts", expect=201)
    await told(city, dossier)
    assert len((await portal.book(dossier))[1]) == 5


async def test_there_is_one_portal_and_it_speaks_no_statuses(city, portal):
    async with city.house.db.begin() as conn:
        with pytest.raises(WireExists):
            await city.house.wires.open_wire(conn, Portal("second", "http://127.0.0.1:9/", "", "h29", "H29"))
    signer = Signer(bytes([5]) * 32)
    path = f"/v1/wires/{portal.wire.name}/statuses"
    headers = {"content-type": "application/json", "idempotency-key": "portal-1", "message-sequence": "1"}
    message = Message("POST", city.house.settings.public_url + path, headers)
    signer.sign(message, b"{}", tag="motcua-wire")
    await city.nobody.post(path, content=b"{}", headers=message.headers, expect=401, code="not-signed")


async def close(city):
    async with city.house.db.begin() as conn:
        await conn.exec_driver_sql("update wires set closed_at = now() where protocol = 'national'")


@pytest.mark.parametrize(
    ("states", "status"),
    [
        (["submitted", "waiting", "waiting"], 1),
        (["received", "waiting"], 2),
        (["submitted", "received"], 2),
        (["in_review", "waiting"], 4),
        (["approved", "submitted"], 4),
        (["approved", "waiting"], 4),
        (["approved", "supplement_requested", "in_review"], 5),
        (["unconfirmed", "approved"], 5),
        (["approved", "refused"], 9),
        (["approved", "approved"], 9),
        (["refused", "not_started", "not_started"], 3),
        (["withdrawn"], 7),
        (["lapsed"], 8),
    ],
)
def test_what_a_dossier_of_several_branches_counts_as(states, status):
    from dossiers.portal import standing

    assert standing(load().lifecycle, states) == status


def test_every_state_a_branch_can_be_in_has_one_of_the_ten():
    from dossiers.portal import standing

    for state in load().lifecycle.states:
        if state.name != "draft":
            assert 1 <= standing(load().lifecycle, [state.name]) <= 10


@pytest.mark.parametrize(
    ("status", "body", "means"),
    [
        (200, {"error_code": 0}, "final"),
        (200, {"error_code": "00", "message": "Thành công"}, "final"),
        (200, {"error_code": "4", "message": "Hồ sơ đã tồn tại"}, "final"),
        (200, {"error_code": "5", "message": "Hồ sơ không tồn tại"}, "permanent"),
        (200, {"error_code": 9, "message": "Dữ liệu không hợp lệ"}, "permanent"),
        (200, {"error_code": 7, "message": "Thành công"}, "retry"),
        (200, {"error_code": 3, "message": "Phiên làm việc đã hết hạn"}, "retry"),
        (200, {"message": "Thành công"}, "retry"),
        (500, {"error_code": "00"}, "retry"),
        (503, {}, "retry"),
        (400, {"message": "lạ"}, "permanent"),
    ],
)
def test_what_an_answer_of_the_portal_asks_of_us(status, body, means):
    assert heard_in(Reply(status, {}, json.dumps(body).encode())).meaning == means


async def test_while_the_portal_is_away_attempts_grow_apart(city, portal):
    portal.kill()
    dossier = await steps.submitted(await city.signed_in("parent"))
    await feed(city)
    await city.house.wires.drain(city.house.db)
    query = "select attempts, next_attempt_at from wire_messages where case_id = %(id)s"
    async with city.house.db.connect() as conn:
        attempts, again = (await conn.exec_driver_sql(query, {"id": dossier["id"]})).one()
    assert attempts == 1
    assert again > clock.now()
    with clock.shifted(timedelta(minutes=1)):
        await city.house.wires.drain(city.house.db)
    async with city.house.db.connect() as conn:
        attempts, later = (await conn.exec_driver_sql(query, {"id": dossier["id"]})).one()
    assert attempts == 2
    assert later > again


async def test_a_new_date_is_told_though_the_state_is_the_same(city, portal):
    """An apology set another day, and the portal went on with the first one until the dossier ended."""
    dossier = await steps.submitted(await city.signed_in("parent"))
    await steps.decide(city, dossier, "birth")
    await told(city, dossier)
    filed, progress, _ = await portal.book(dossier)
    was, steps_before = filed["NgayHenTra"], len(progress)
    officer = await city.signed_in("residence")
    path = f"/v1/desk/branches/{steps.branch(dossier, 'residence')['id']}"
    await officer.post(f"{path}/claim", expect=201)
    reason = "Cần xác minh chỗ ở hợp pháp nơi chủ hộ đăng ký trước đây."
    extended = await officer.post(f"{path}/extension", json={"reason": reason}, expect=201)
    await told(city, dossier)
    filed, progress, twins = await portal.book(dossier)
    due = f"{datetime.fromisoformat(extended['branch']['due_at']).astimezone(clock.CITY):%Y%m%d%H%M%S}"
    assert filed["NgayHenTra"] == due > was
    assert (filed["updates"], filed["TrangThaiHoSo"], filed["NgayKetThucXuLy"], twins) == (1, "4", "", 0)
    claimed, longer = progress[steps_before:]
    assert longer["NgayKetThucTheoQuyDinh"] == due
    assert longer["NoiDungXuLy"].endswith(": Gia hạn để xác minh")
    assert longer["TrangThai"] == claimed["TrangThai"] == "4"
    assert reason not in str(filed) + str(progress)
