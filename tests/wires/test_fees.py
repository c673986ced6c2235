"""An agency says with its result what became of the fee: taken at its own counter, or let off; a result without either waits for it."""

import asyncio
import json
from datetime import datetime, timedelta

import msgspec
import pytest

from identity import accounts
from kit import clock, ids
from tests.dossiers import steps
from tests.dossiers.test_registered import filed
from tests.wires.test_agency import Program, feed, wake
from wires import Signer, Wire
from wires.linked import TAG
from wires.signing import Message

pytestmark = pytest.mark.anyio

WHY = "Người yêu cầu thuộc hộ nghèo, đã xuất trình giấy chứng nhận tại quầy."
FEE = 210_000
AN_HOUR_AGO = clock.now().replace(microsecond=0) - timedelta(hours=1)
TAKEN = {
    "soTien": FEE,
    "soBienLai": "1C26-0000123",
    "ngayThu": f"{AN_HOUR_AGO.astimezone(clock.CITY):%Y%m%d%H%M%S}",
}
CERTIFICATE = json.dumps({"soPhieu": "12/LLTP"})


async def opened(city, key_id, public, url, name):
    contact = accounts.contact.parse(f"{name}@motcua.test")
    async with city.house.db.begin() as conn:
        account = await accounts.open_officer(conn, city.house.keys, full_name="Hệ thống công an", contact=contact)
        await city.house.wires.open_wire(conn, Wire(name, "cong_an_xa", url, key_id, public, account.id))


async def closed(city, name):
    async with city.house.db.begin() as conn:
        await conn.exec_driver_sql("update wires set closed_at = now() where name = %(name)s", {"name": name})


async def certificate(city):
    """A criminal record certificate, filed online with two copies, and passed to the police over the wire."""
    asked = {
        "requester.phone": "0912345678",
        "home.residence": steps.HOME,
        "copies.count": 2,
        "record.form": "form_1",
        "record.purpose": "Xin việc làm",
        "record.lived": [{"from": "2009", "address": steps.HOME}],
    }
    dossier = await filed(await city.signed_in("delegate"), "criminal_record_certificate", asked)
    await feed(city)
    return dossier


async def seen(city, dossier):
    return await (await city.signed_in("delegate")).get(f"/v1/dossiers/{dossier['id']}", expect=200)


# --- word by word -----------------------------------------------------------------------------------------------------


@pytest.fixture
async def police(city):
    """A wire to the police whose far end is this test; what is said on it is said of the dossier that is named."""
    signer, name = Signer(bytes([9]) * 32), f"ca-{ids.new_id('w')[-6:]}"
    await opened(city, signer.key_id, signer.public, "http://127.0.0.1:9/", name)

    async def say(dossier, status, *, expect, code=None, number=1, **rest):
        branch_id = dossier["branches"][0]["id"]
        body = {"maHoSo": branch_id, "trangThai": status, "thoiGianThucHien": "20261127101500", **rest}
        raw = msgspec.json.encode(body)
        headers = {
            "content-type": "application/json",
            "idempotency-key": f"hand-{ids.new_id('m')}",
            "message-sequence": str(number),
        }
        path = f"/v1/wires/{name}/statuses"
        message = Message("POST", city.house.settings.public_url + path, headers)
        signer.sign(message, raw, tag=TAG)
        return await city.nobody.post(path, content=raw, headers=message.headers, expect=expect, code=code)

    yield say, name
    await closed(city, name)


async def test_what_it_took_is_the_one_payment_of_the_branch_and_then_the_result_stands(city, police):
    """It was refused with fee-unpaid whatever the agency had taken."""
    say, name = police
    dossier = await certificate(city)
    await say(dossier, 3, expect=200)
    await say(dossier, 4, expect=409, code="fee-unpaid", number=2, ketQuaXuLy=CERTIFICATE)
    told = {"ketQuaXuLy": CERTIFICATE, "lePhiDaThu": TAKEN}
    await say(dossier, 4, expect=200, number=2, **told)
    shown = await seen(city, dossier)
    [branch] = shown["branches"]
    assert (branch["state"], [one["state"] for one in shown["fees"]]) == ("approved", ["paid"])
    line = next(one for one in shown["timeline"] if one["kind"] == "pay")
    assert "210.000 đồng tại quầy của" in line["message"]["vi"]
    he = await city.signed_in("delegate")
    paid = await he.get(f"/v1/dossiers/{dossier['id']}/branches/{branch['name']}/payment", expect=200)
    assert (paid["receipt"], paid["amount_dong"], paid["cash"]) == (f"{name}/1C26-0000123", FEE, False)
    assert datetime.fromisoformat(paid["paid_at"]) == AN_HOUR_AGO
    assert (await he.get(f"/v1/dossiers/{dossier['id']}/history", expect=200))["intact"]


async def test_money_that_was_taken_stays_told_though_the_result_is_wrong_and_said_twice_is_the_same(city, police):
    say, _ = police
    dossier = await certificate(city)
    await say(dossier, 3, expect=200)
    taken = TAKEN | {"soBienLai": "1C26-0000200"}
    for _ in range(2):
        await say(dossier, 4, expect=422, code="result-incomplete", number=2, ketQuaXuLy="{}", lePhiDaThu=taken)
    assert [one["kind"] for one in (await seen(city, dossier))["timeline"]].count("pay") == 1
    other = taken | {"soBienLai": "1C26-0000201"}
    more = {"ketQuaXuLy": CERTIFICATE, "lePhiDaThu": other}
    await say(dossier, 4, expect=409, code="paid-otherwise", number=2, **more)
    await say(dossier, 4, expect=200, number=2, ketQuaXuLy=CERTIFICATE)
    # One receipt is not the payment of two fees.
    second = await certificate(city)
    await say(second, 3, expect=200)
    twice = {"ketQuaXuLy": CERTIFICATE, "lePhiDaThu": taken}
    await say(second, 4, expect=409, code="paid-otherwise", number=2, **twice)
    assert [one["state"] for one in (await seen(city, second))["fees"]] == ["due"]


async def test_what_it_let_off_needs_a_reason_the_citizen_reads_and_is_a_line_once(city, police):
    say, _ = police
    dossier = await certificate(city)
    await say(dossier, 3, expect=200)
    short = {"ketQuaXuLy": CERTIFICATE, "lyDoMienLePhi": "Hộ nghèo"}
    await say(dossier, 4, expect=422, code="reason-missing", number=2, **short)
    for result, expect in (("{}", 422), (CERTIFICATE, 200)):
        await say(dossier, 4, expect=expect, number=2, ketQuaXuLy=result, lyDoMienLePhi=WHY)
    shown = await seen(city, dossier)
    assert (shown["branches"][0]["state"], [one["state"] for one in shown["fees"]]) == ("approved", ["waived"])
    [line] = [one for one in shown["timeline"] if one["kind"] == "waive_fee"]
    assert WHY in line["message"]["vi"]


@pytest.mark.parametrize(
    ("fee", "code"),
    [
        ({"lePhiDaThu": TAKEN | {"soTien": 200_000}}, "payment-differs"),
        ({"lePhiDaThu": TAKEN | {"ngayThu": "20260231091500"}}, "message-malformed"),
        ({"lePhiDaThu": TAKEN | {"ngayThu": "20991231091500"}}, "message-malformed"),
        ({"lePhiDaThu": TAKEN | {"soTien": 0}}, "message-malformed"),
        ({"lePhiDaThu": TAKEN | {"soBienLai": "<b>"}}, "message-malformed"),
        ({"lePhiDaThu": TAKEN | {"nguoiThu": "Ai đó"}}, "message-malformed"),
        ({"lePhiDaThu": TAKEN, "lyDoMienLePhi": WHY}, "message-malformed"),
    ],
)
async def test_what_cannot_be_a_fee_of_this_dossier_is_refused_and_nothing_is_kept(city, police, fee, code):
    say, _ = police
    dossier = await certificate(city)
    early = {"expect": 422, "code": "message-malformed"}
    await say(dossier, 3, **early, lePhiDaThu=TAKEN)
    await say(dossier, 3, expect=200)
    refused = 409 if code == "payment-differs" else 422
    await say(dossier, 4, expect=refused, code=code, number=2, ketQuaXuLy=CERTIFICATE, **fee)
    shown = await seen(city, dossier)
    assert (shown["branches"][0]["state"], [one["state"] for one in shown["fees"]]) == ("in_review", ["due"])
    assert not {"pay", "waive_fee"} & {one["kind"] for one in shown["timeline"]}


# --- the example's agency, a program of its own -----------------------------------------------------------------------


async def test_the_example_agency_says_what_it_took_or_let_off_and_stops_where_a_person_is_needed(
    city, bridge, tmp_path
):
    program = Program(tmp_path, city.house.settings.public_url, bridge(asyncio.get_running_loop()))
    name = f"ca-{ids.new_id('w')[-6:]}"
    key_id, public = program.public()
    url = program.start("--wire", name)
    await opened(city, key_id, public, url, name)
    try:
        for options, ends_as in (
            (("--took", str(FEE)), ("approved", "paid")),
            (("--waived", WHY), ("approved", "waived")),
            ((), ("in_review", "due")),
        ):
            program.kill()
            program.start("--wire", name, *options)
            dossier = await certificate(city)
            for _ in range(300):
                await wake(city)
                shown = await seen(city, dossier)
                book = await program.book()
                mine = [one for one in book["reports"] if one[0] == dossier["branches"][0]["id"]]
                if len(mine) == 2 and all(state in ("told", "failed") for _, _, state, _ in mine):
                    break
                await asyncio.sleep(0.2)
            assert (shown["branches"][0]["state"], shown["fees"][0]["state"]) == ends_as, book
            assert mine[1][2] == ("told" if options else "failed"), mine
        assert "fee-unpaid" in mine[1][3]
    finally:
        program.kill()
        await closed(city, name)
