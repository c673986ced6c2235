"""The wire: carried over in each dossier's order, however often it is retried; dead letters; one agency that hangs delays no other."""

import asyncio
from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import text

from kit import clock, ids
from kit.calling import Caller
from kit.jobs import Jobs
from wires import Intake, Signer, Wire, WireExists, WireOffice, signing
from wires.jobs import tasks
from wires.linked import TAG
from wires.refusals import MessageGone
from wires.signing import Message

pytestmark = pytest.mark.anyio

AGENCY = Signer(bytes(32))


def intake(branch_id, status=1, **data):
    return Intake(
        trangThai=status, maDonVi="off_1", maTTHC="1.1", module="", maHoSo=branch_id, maHoSoLT="R-1", maHoSoMCDT="R-1",
        ngayTiepNhan="20261127101500", techId=branch_id, data=data,
    )  # fmt: skip


@pytest.fixture
async def office(db, database_url, far):
    async with db.begin() as conn:
        await conn.execute(text("truncate wires, wire_cases, wire_messages, wire_received, procrastinate_jobs cascade"))
    jobs = Jobs(database_url, tasks)
    made = WireOffice(jobs, Signer(bytes(range(32))), Caller(timeout_seconds=1), public_url="https://city.example")
    jobs.serve(SimpleNamespace(db=db, wires=made))
    async with db.begin() as conn:
        await made.open_wire(conn, Wire("bhxh", "bhxh", far.url, AGENCY.key_id, AGENCY.public, "acc_1"))
    return made


async def put(db, office, branch_id, status=1, agency="bhxh", **data):
    async with db.begin() as conn:
        wire = await office.wire_to(conn, agency)
        await office.put(conn, wire, branch_id, intake(branch_id, status, **data))


async def rows(db, what):
    async with db.connect() as conn:
        return [tuple(row) for row in (await conn.execute(text(what))).all()]


STATES = "select sequence, state from wire_messages order by case_id, sequence"


def bra():
    return ids.new_id("bra")


async def test_a_message_arrives_signed_once_and_is_forgotten_here(db, office, far):
    one = bra()
    await put(db, office, one, nksHoTen="Bé Hư Cấu")
    await office.drain(db)
    await office.drain(db)
    ((headers, body),) = far.got
    assert body["data"] == {"nksHoTen": "Bé Hư Cấu"}
    assert body["maHoSo"] == one
    signing.check(
        Message("POST", far.url, headers),
        (await sent_bytes(far)),
        tag=TAG,
        keys={office.signer.key_id: office.signer.public},
    )
    assert await rows(db, "select state, body from wire_messages") == [("sent", None)]
    assert await rows(db, "select status from wire_cases") == [(7,)]


async def sent_bytes(far):
    import msgspec

    # The body as it was sent: the same bytes msgspec writes for it.
    return msgspec.json.encode(msgspec.convert(far.got[0][1], Intake))


async def test_a_cause_that_is_rolled_back_puts_nothing_on_the_wire(db, office, far):
    with pytest.raises(RuntimeError):
        async with db.begin() as conn:
            await office.put(conn, await office.wire_to(conn, "bhxh"), "x", intake("x"))
            raise RuntimeError
    assert await rows(db, "select 1 from wire_messages union all select 1 from procrastinate_jobs") == []


async def test_the_worker_carries_it_over_when_woken(db, office, far):
    await put(db, office, bra())
    await office._jobs.work(until_idle=True)
    assert len(far.got) == 1


async def test_a_later_message_never_passes_an_earlier_one(db, office, far):
    one = bra()
    for number in range(3):
        await put(db, office, one, number=number)
    far.answers += [(500, "Server error")]
    await office.drain(db)
    assert [body["data"]["number"] for _, body in far.got] == [0]
    with clock.shifted(timedelta(minutes=1)):
        await office.drain(db)
    assert [body["data"]["number"] for _, body in far.got] == [0, 0, 1, 2]
    assert [headers["message-sequence"] for headers, _ in far.got] == ["1", "1", "2", "3"]
    assert far.got[0][0]["idempotency-key"] == far.got[1][0]["idempotency-key"]


async def test_while_one_dossier_waits_others_go_on(db, office, far):
    one, two = bra(), bra()
    await put(db, office, one)
    far.answers += [(503, "")]
    await office.drain(db)
    await put(db, office, two)
    await office.drain(db)
    assert [body["maHoSo"] for _, body in far.got] == [one, two]


async def test_twenty_messages_of_ten_dossiers_by_four_workers_arrive_once_and_in_order(db, office, far):
    several = [bra() for _ in range(10)]
    for number in range(2):
        for one in several:
            await put(db, office, one, number=number)
    far.answers += [(500, "x"), (200, "Chưa cập nhật"), (200, "gì đó")] * 3
    for minutes in range(0, 200, 20):
        with clock.shifted(timedelta(minutes=minutes)):
            await asyncio.gather(*(office.drain(db) for _ in range(4)))
    assert {state for _, state in await rows(db, STATES)} == {"sent"}
    for one in several:
        told = [headers["message-sequence"] for headers, body in far.got if body["maHoSo"] == one]
        assert told == sorted(told)
        assert {"1", "2"} == set(told)


@pytest.mark.parametrize("answer", [(301, ""), (302, "Tiếp nhận thành công"), (307, "")])
async def test_a_redirect_is_not_followed(db, office, far, answer):
    await put(db, office, bra())
    far.answers += [(answer[0], answer[1])]
    await office.drain(db)
    assert len(far.got) == 1


async def test_what_can_never_be_taken_is_dead_at_once_and_those_behind_wait_for_the_desk(db, office, far):
    one = bra()
    await put(db, office, one)
    await put(db, office, one)
    far.answers += [(200, "Logic xử lý không hợp lệ: 079303000001")]
    await office.drain(db)
    (dead,) = await office.dead(db, before=None, limit=10)
    assert (dead.wire, dead.branch_id, dead.sequence, dead.attempts, dead.waiting_behind) == ("bhxh", one, 1, 1, 1)
    assert "079303000001" not in dead.error
    with clock.shifted(timedelta(days=1)):
        await office.drain(db)
    assert len(far.got) == 1
    await office.send_again(db, dead.id)
    with pytest.raises(MessageGone):
        await office.send_again(db, dead.id)
    await office.drain(db)
    assert [headers["message-sequence"] for headers, _ in far.got] == ["1", "1", "2"]
    assert await office.dead(db, before=None, limit=10) == []


async def test_what_was_settled_by_telephone_is_set_aside_and_those_behind_go_on(db, office, far):
    one = bra()
    await put(db, office, one)
    await put(db, office, one)
    far.answers += [(400, "Thiếu trường")]
    await office.drain(db)
    (dead,) = await office.dead(db, before=None, limit=10)
    await office.set_aside(db, dead.id)
    await office.drain(db)
    assert [headers["message-sequence"] for headers, _ in far.got] == ["1", "2"]
    assert await rows(db, STATES) == [(1, "set_aside"), (2, "sent")]
    with pytest.raises(MessageGone):
        await office.set_aside(db, dead.id)


async def test_after_twenty_attempts_it_is_a_dead_letter_that_can_be_sent_again(db, office, far):
    await put(db, office, bra())
    far.answers += [(500, "x")] * 20
    for hours in range(0, 60, 2):
        with clock.shifted(timedelta(hours=hours)):
            await office.drain(db)
    (dead,) = await office.dead(db, before=None, limit=10)
    assert dead.attempts == len(far.got) == 20
    await office.send_again(db, dead.id)
    await office.drain(db)
    assert len(far.got) == 21
    assert await rows(db, STATES) == [(1, "sent")]


async def test_a_message_of_a_worker_that_died_is_taken_again_after_its_lease_under_the_same_id(db, office, far):
    class Dies(BaseException):
        pass

    await put(db, office, bra())

    async def die(*_, **__):
        raise Dies

    caller = office._protocols[Wire]._caller
    post, caller.post = caller.post, die
    with pytest.raises(Dies):
        await office.drain(db)
    caller.post = post
    await office.drain(db)
    assert far.got == []
    with clock.shifted(timedelta(minutes=3)):
        await office.drain(db)
    assert len(far.got) == 1


async def test_an_agency_that_hangs_delays_no_other(db, office, far):
    import socket

    hangs = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{hangs.getsockname()[1]}"
    async with db.begin() as conn:
        await office.open_wire(conn, Wire("police", "cong_an_xa", url, "k", bytes(32), "acc_2"))
    for _ in range(3):
        await put(db, office, bra(), agency="cong_an_xa")
    await put(db, office, bra())
    draining = asyncio.create_task(office.drain(db))
    assert await asyncio.to_thread(far.came.wait, 10)
    assert not draining.done()
    await draining
    hangs.close()
    assert await rows(db, "select count(*), min(last_error) from wire_messages where state = 'waiting'") == [
        (3, "no answer in time")
    ]


async def test_one_wire_an_agency(db, office, far):
    async with db.begin() as conn:
        for wrong in (
            Wire("other", "bhxh", far.url, "k", bytes(32), "a"),
            Wire("bhxh", "ubnd_xa", far.url, "k", bytes(32), "a"),
            Wire("short", "ubnd_xa", far.url, "k", bytes(31), "a"),
        ):
            with pytest.raises(WireExists):
                await office.open_wire(conn, wrong)
