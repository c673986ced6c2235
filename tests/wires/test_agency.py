"""The insurance agency as a program of its own over the wire: slow, wrong, doubled, silent, killed; and strangers on its wire."""

import asyncio
import base64
import json
import subprocess
import sys
import urllib.request
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from dossiers.jobs import close_lapsed
from identity import accounts
from kit import clock, ids
from tests.dossiers import steps
from tests.dossiers.test_lifecycle import answer, begun
from wires import Signer, Wire
from wires.linked import TAG
from wires.signing import Message

pytestmark = pytest.mark.anyio

PROGRAM = Path(__file__).parents[2] / "examples/agency/agency.py"


class Program:
    """The agency, started, killed and started again with the same key and book."""

    def __init__(self, home, city, through):
        self.home, self.city, self.through, self.process, self.port = home, city, through, None, 0

    def public(self):
        told = subprocess.run(
            [sys.executable, PROGRAM, "--key", self.home / "key", "--public"],
            capture_output=True,
            text=True,
            check=True,
        )
        key_id, public = told.stdout.split()
        return key_id, base64.b64decode(public)

    def start(self, *options):
        command = [
            sys.executable,
            PROGRAM,
            "--key",
            self.home / "key",
            "--book",
            self.home / "book.db",
            "--port",
            str(self.port),
        ]
        command += ["--city", self.city, "--through", self.through, "--works-seconds", "0", *options]
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

    async def book(self):
        def read():
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=10) as answer:
                return json.load(answer)

        return await asyncio.to_thread(read)


@pytest.fixture
async def agency(city, bridge, tmp_path):
    loop = asyncio.get_running_loop()
    program = Program(tmp_path, city.house.settings.public_url, bridge(loop))
    name = f"bhxh-{ids.new_id('w')[-6:]}"
    key_id, public = program.public()
    url = program.start("--wire", name)
    contact = accounts.contact.parse(f"{name}@motcua.test")
    async with city.house.db.begin() as conn:
        account = await accounts.open_officer(conn, city.house.keys, full_name="Hệ thống BHXH", contact=contact)
        wire = Wire(name, "bhxh", url, key_id, public, account.id)
        await city.house.wires.open_wire(conn, wire)
    program.wire = wire

    def again(*options):
        program.kill()
        program.start("--wire", name, *options)

    program.again = again
    yield program
    program.kill()
    async with city.house.db.begin() as conn:
        await conn.exec_driver_sql(
            "update wires set closed_at = now() where name = %(name)s and closed_at is null", {"name": name}
        )


async def feed(city):
    from dossiers.feeding import feed as run

    await run(city.house)


async def born(city, **rest):
    """A dossier whose birth is registered, so that its insurance branch begins."""
    dossier = await steps.submitted(await city.signed_in("parent"), **rest)
    await steps.decide(city, dossier, "birth")
    await feed(city)
    return dossier


async def until(city, dossier, state, seconds=60):
    """Drains the wire until the insurance branch is in that state."""
    parent = await city.signed_in("parent")
    for _ in range(seconds * 5):
        await wake(city)
        shown = await parent.get(f"/v1/dossiers/{dossier['id']}", expect=200)
        if steps.branch(shown, "insurance")["state"] == state:
            return shown
        await asyncio.sleep(0.2)
    raise AssertionError(steps.branch(shown, "insurance"))


async def wake(city):
    async with city.house.db.begin() as conn:
        await conn.exec_driver_sql("update wire_messages set next_attempt_at = now() where state = 'waiting'")
    await city.house.wires.drain(city.house.db)


async def test_a_card_is_asked_for_and_issued_over_the_wire(city, agency):
    dossier = await born(city)
    shown = await until(city, dossier, "approved")
    branch = steps.branch(shown, "insurance")
    parent = await city.signed_in("parent")
    timeline = [line["kind"] for line in shown["timeline"] if line["branch"] == "insurance"]
    assert timeline == ["plant", "start", "claim", "approve"]
    book = await agency.book()
    assert [case for case, *_ in book["cases"]] == [branch["id"]]
    pdf = await parent.get(branch["result"]["href"], expect=200)
    assert pdf.content.startswith(b"%PDF")
    # Told to the citizen as if the agency sat at the desk.
    await city.run_jobs()
    assert "result-ready" in {one["event"] for one in (await parent.get("/v1/me/messages", expect=200))["messages"]}


async def test_what_travels_is_what_the_agency_s_own_form_asks_and_no_more(city, agency):
    dossier = await born(city, name="Hoàng Thị Trên Đường Truyền")
    async with city.house.db.connect() as conn:
        found = await conn.exec_driver_sql(
            "select convert_from(body, 'UTF8') from wire_messages where case_id = %(id)s and body is not null",
            {"id": steps.branch(dossier, "insurance")["id"]},
        )
        told = json.loads(found.scalar_one())
    assert told["maHoSoLT"] == dossier["receipt_code"]
    assert told["trangThai"] == 1
    said = json.dumps(told["data"], ensure_ascii=False)
    assert "Hoàng Thị Trên Đường Truyền" in said
    assert told["data"]["child.pin"].isdigit()
    assert not [name for name in told["data"] if "head" in name], "the household's head is the police's to know"
    await until(city, dossier, "approved")


@pytest.mark.parametrize("fault", ["--slow", "--wrong", "--silent", "--doubled"])
async def test_an_agency_that_misbehaves_ends_with_one_card_each(city, agency, fault):
    agency.again(fault, "0.6", "--slow-seconds", "0.3", "--silent-seconds", "0.3")
    several = [await born(city) for _ in range(2)]
    for dossier in several:
        shown = await until(city, dossier, "approved")
        kinds = [line["kind"] for line in shown["timeline"] if line["branch"] == "insurance"]
        assert kinds == ["plant", "start", "claim", "approve"]
    book = await agency.book()
    assert [taken for _, _, taken in book["cases"]] == [1, 1]


async def test_a_refusal_over_the_wire_ends_the_branch_with_the_agency_s_reason(city, agency):
    agency.again("--refuse")
    dossier = await born(city)
    shown = await until(city, dossier, "refused")
    assert "tình huống thử nghiệm" in steps.branch(shown, "insurance")["reason"]["vi"]
    assert steps.branch(shown, "birth")["state"] == "approved"


async def test_a_supplement_is_asked_for_over_the_wire(city, agency):
    agency.again("--ask")
    dossier = await born(city)
    shown = await until(city, dossier, "supplement_requested")
    told = [line for line in shown["timeline"] if line["kind"] == "ask_supplement"]
    assert "nơi đăng ký khám chữa bệnh" in told[0]["message"]["vi"]


async def test_killed_between_taking_and_telling_it_loses_nothing(city, agency):
    several = [await born(city) for _ in range(2)]
    await wake(city)
    agency.again()
    for dossier in several:
        await until(city, dossier, "approved")


# --- strangers, and words out of order --------------------------------------------------------------------------------


@pytest.fixture
async def by_hand(city):
    """A wire whose far end is this test: its signer, its wire, and a branch that is in the agency's hands."""
    signer = Signer(bytes([7]) * 32)
    name = f"hand-{ids.new_id('w')[-6:]}"
    contact = accounts.contact.parse(f"{name}@motcua.test")
    async with city.house.db.begin() as conn:
        account = await accounts.open_officer(conn, city.house.keys, full_name="Hệ thống BHXH", contact=contact)
        await city.house.wires.open_wire(
            conn, Wire(name, "bhxh", "http://127.0.0.1:9/", signer.key_id, signer.public, account.id)
        )
    dossier = await born(city)
    branch_id = steps.branch(dossier, "insurance")["id"]

    async def say(
        status,
        *,
        expect,
        code=None,
        number=1,
        message_id=None,
        signer=signer,
        wire=name,
        branch_id=branch_id,
        sent=None,
        **rest,
    ):
        body = {"maHoSo": branch_id, "trangThai": status, "thoiGianThucHien": "20261127101500", **rest}
        raw = msgspec.json.encode(body)
        headers = {
            "content-type": "application/json",
            "idempotency-key": message_id or f"hand-{ids.new_id('m')}",
            "message-sequence": str(number),
        }
        path = f"/v1/wires/{wire}/statuses"
        message = Message("POST", city.house.settings.public_url + path, headers)
        signer.sign(message, raw, tag=TAG)
        return await city.nobody.post(path, content=sent or raw, headers=message.headers, expect=expect, code=code)

    yield say, dossier
    async with city.house.db.begin() as conn:
        await conn.exec_driver_sql("update wires set closed_at = now() where name = %(name)s", {"name": name})


async def state(city, dossier):
    parent = await city.signed_in("parent")
    return steps.branch(await parent.get(f"/v1/dossiers/{dossier['id']}", expect=200), "insurance")["state"]


CARD = json.dumps({"maSoThe": "TE1790000000001", "giaTriTu": "22/11/2026"})


async def test_only_who_holds_the_agency_s_key_speaks_on_its_wire(city, by_hand):
    say, dossier = by_hand
    await say(3, expect=401, code="not-signed", signer=Signer(bytes([8]) * 32))
    await say(3, expect=401, code="not-signed", wire="nowhere")
    await say(3, expect=401, code="not-signed", sent=b'{"maHoSo": "x"}')
    await city.nobody.post("/v1/wires/bhxh/statuses", content=b"{}", expect=401, code="not-signed")
    assert await state(city, dossier) == "submitted"


async def test_words_out_of_order_are_refused_and_the_same_words_again_do_nothing(city, by_hand):
    say, dossier = by_hand
    await say(4, expect=409, code="message-out-of-order", number=2, ketQuaXuLy=CARD)
    await say(4, expect=422, code="status-not-possible", number=1, ketQuaXuLy=CARD)
    assert await state(city, dossier) == "submitted"
    told = await say(3, expect=200, number=1, message_id="the-first-one")
    assert told == {"thongBao": "Tiếp nhận thành công."}
    again = await say(3, expect=200, number=1, message_id="the-first-one")
    assert again["thongBao"].startswith("Thông điệp đã tồn tại")
    await say(6, expect=422, code="message-changed", number=1, message_id="the-first-one", ghiChu="x" * 30)
    await say(6, expect=200, number=1, ghiChu="Một thông điệp cũ đến sau, với mã khác.")
    assert await state(city, dossier) == "in_review"
    await say(4, expect=200, number=2, ketQuaXuLy=CARD)
    assert await state(city, dossier) == "approved"
    await say(6, expect=422, code="status-not-possible", number=3, ghiChu="Đổi ý sau khi đã cấp thẻ cho trẻ.")
    assert await state(city, dossier) == "approved"


async def test_twenty_twins_at_once_have_one_effect(city, by_hand):
    say, dossier = by_hand
    path_answers = await asyncio.gather(*(say(3, expect=None, number=1, message_id="twins-of-one") for _ in range(20)))
    assert any(answer.get("thongBao") == "Tiếp nhận thành công." for answer in path_answers)
    assert sum(answer.get("thongBao") == "Tiếp nhận thành công." for answer in path_answers) == 1
    parent = await city.signed_in("parent")
    shown = await parent.get(f"/v1/dossiers/{dossier['id']}", expect=200)
    assert [line["kind"] for line in shown["timeline"] if line["branch"] == "insurance"].count("claim") == 1


@pytest.mark.parametrize(
    ("status", "rest"),
    [
        (6, {"ghiChu": "ngắn"}),
        (6, {}),
        (4, {}),
        (4, {"ketQuaXuLy": "không phải JSON"}),
        (4, {"ketQuaXuLy": "[]"}),
        (4, {"ketQuaXuLy": json.dumps({"maSoThe": "TE1", "giaTriTu": "31/02/2026"})}),
        (4, {"ketQuaXuLy": json.dumps({"maSoThe": "TE1"})}),
        (2, {}),
    ],
)
async def test_words_that_cannot_be_done_leave_everything_as_it_was_and_may_be_said_right(city, by_hand, status, rest):
    say, dossier = by_hand
    await say(3, expect=200)
    await say(status, expect=422, number=2, **rest)
    assert await state(city, dossier) == "in_review"
    await say(4, expect=200, number=2, ketQuaXuLy=CARD)
    assert await state(city, dossier) == "approved"


@pytest.mark.parametrize(
    "rest",
    [
        {"branch_id": "bra_" + "0" * 26, "expect": 404, "code": "case-unknown"},
        {"branch_id": "x", "expect": 422, "code": "message-malformed"},
        {"number": "0x1", "expect": 422, "code": "message-malformed"},
        {"number": -1, "expect": 422, "code": "message-malformed"},
        {"number": 10**9, "expect": 422, "code": "message-malformed"},
        {"message_id": "short", "expect": 422, "code": "message-malformed"},
        {"thoiGianThucHien": "hôm qua", "expect": 422, "code": "message-malformed"},
        {"unknown": 1, "expect": 422, "code": "message-malformed"},
        {"ghiChu": "x" * 3000, "expect": 422, "code": "message-malformed"},
    ],
)
async def test_malformed_messages_are_refused(city, by_hand, rest):
    say, _ = by_hand
    await say(3, **rest)


async def test_a_branch_of_another_agency_is_none_of_this_wire_s(city, by_hand):
    say, dossier = by_hand
    await say(3, expect=404, code="case-unknown", branch_id=steps.branch(dossier, "residence")["id"])


async def test_the_desk_of_a_wired_agency_is_still_there_and_its_decision_stands(city, by_hand):
    """An officer decided at the desk what the agency decides too: the first decision stands, the message says so."""
    say, dossier = by_hand
    await say(3, expect=200)
    insurance = await city.signed_in("insurance")
    path = f"/v1/desk/branches/{steps.branch(dossier, 'insurance')['id']}"
    await insurance.post(f"{path}/claim", expect=409, code="claimed-by-another")


async def sent(city, dossier, name="insurance"):
    """`trangThai` of every message about a branch, and the content of the last that is still here."""
    async with city.house.db.connect() as conn:
        rows = await conn.exec_driver_sql(
            "select status, convert_from(body, 'UTF8') from wire_messages where case_id = %(id)s order by sequence",
            {"id": steps.branch(dossier, name)["id"]},
        )
        rows = list(rows)
    bodies = [json.loads(body) for _, body in rows if body is not None]
    return [status for status, _ in rows], bodies[-1] if bodies else None


WORDS = "Đề nghị ghi rõ nơi đăng ký khám chữa bệnh ban đầu."


async def test_what_an_agency_misses_in_words_stops_the_clock_and_its_answer_goes_back_to_it(city, by_hand):
    say, dossier = by_hand
    await say(3, expect=200)
    await say(2, expect=200, number=2, ghiChu=WORDS)
    parent, path = await city.signed_in("parent"), f"/v1/dossiers/{dossier['id']}"
    branch = steps.branch(await parent.get(path, expect=200), "insurance")
    assert (branch["state"], branch["asked"]["reason"]["vi"]) == ("supplement_requested", WORDS)
    assert (branch["asked"]["fields"], branch["asked"]["documents"]) == ([], [])
    path += "/branches/insurance/supplement"
    for fields in ({}, {"residence.household_head_name": "Nguyễn Văn Khác"}, {"child.full_name": "Hoàng Khác"}):
        await parent.post(path, json={"fields": fields}, expect=422, code="supplement-incomplete")
    await parent.post(path, json={"fields": {"insurance.facility": "Bệnh viện Nhi Đồng 1"}}, expect=200)
    await feed(city)
    statuses, told = await sent(city, dossier)
    assert statuses == [1, 1]
    assert "Bệnh viện Nhi Đồng 1" in told["data"].values()
    await say(3, expect=200, number=3)
    await say(4, expect=200, number=4, ketQuaXuLy=CARD)
    assert await state(city, dossier) == "approved"


async def test_what_an_agency_refused_is_filed_again_over_the_same_wire(city, by_hand):
    say, dossier = by_hand
    await say(3, expect=200)
    await say(6, expect=200, number=2, ghiChu="Trẻ đã được cấp thẻ ở nơi khác.")
    parent = await city.signed_in("parent")
    await parent.post(f"/v1/dossiers/{dossier['id']}/branches/insurance/refiling", json={}, expect=200)
    await feed(city)
    assert (await sent(city, dossier))[0] == [1, 1]
    await say(3, expect=200, number=3)
    await say(4, expect=200, number=4, ketQuaXuLy=CARD)
    assert await state(city, dossier) == "approved"


async def test_an_agency_is_told_when_what_it_missed_did_not_come_in_time(city, by_hand):
    say, dossier = by_hand
    await say(3, expect=200)
    await say(2, expect=200, number=2, ghiChu=WORDS)
    with clock.shifted(timedelta(days=30)):
        await close_lapsed(city.house)
        await feed(city)
    assert await state(city, dossier) == "lapsed"
    assert (await sent(city, dossier))[0] == [1, 5]


async def test_a_branch_that_waits_for_a_consent_is_told_of_once_it_is_there(city):
    """`start` and `hold` are written in one breath: nothing may leave for an agency in between."""
    signer, name = Signer(bytes([9]) * 32), f"held-{ids.new_id('w')[-6:]}"
    contact = accounts.contact.parse(f"{name}@motcua.test")
    dossier = await begun(city, invited=True, birth=None)
    async with city.house.db.begin() as conn:
        account = await accounts.open_officer(conn, city.house.keys, full_name="Hệ thống cư trú", contact=contact)
        await city.house.wires.open_wire(
            conn, Wire(name, "cong_an_xa", "http://127.0.0.1:9/", signer.key_id, signer.public, account.id)
        )
    try:
        await steps.decide(city, dossier, "birth")
        await feed(city)
        assert await sent(city, dossier, "residence") == ([], None)
        assert await answer(city, "other_parent", dossier, "agree") == {"answer": "agreed"}
        await feed(city)
        assert (await sent(city, dossier, "residence"))[0] == [1]
    finally:
        async with city.house.db.begin() as conn:
            await conn.exec_driver_sql("update wires set closed_at = now() where name = %(name)s", {"name": name})


async def test_our_key_is_published_as_a_key_set(city):
    keys = (await city.nobody.get("/v1/wires/keys", expect=200))["keys"]
    assert [(key["kty"], key["crv"], key["kid"]) for key in keys] == [
        ("OKP", "Ed25519", city.house.wires.signer.key_id)
    ]
    assert "d" not in keys[0]


async def test_the_dead_letter_desk_is_for_operators(city):
    parent, officer = await city.signed_in("parent"), await city.signed_in("civil_status")
    one = "/v1/wires/dead-letters/wmg_" + "0" * 26
    for person, status in ((city.nobody, 401), (parent, 404), (officer, 404)):
        await person.get("/v1/wires/dead-letters", expect=status)
        await person.post(f"{one}/attempts", expect=status)
        await person.delete(one, expect=status)
