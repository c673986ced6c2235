"""Messages are rows: sent once a cause, however often retried, and nothing secret stays behind."""

import asyncio
from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import text

import notifications.service
from kit import clock, crypto
from kit.jobs import Jobs
from kit.refusal import Words
from notifications import Contact, NoWayToReach, PostOffice, Recipient, SandboxChannel, Undeliverable, inbox_of
from notifications import sandbox_messages as letters_in
from notifications.jobs import tasks
from notifications.receipts import Receipt
from notifications.service import forget_old

pytestmark = pytest.mark.anyio

KEY = crypto.new_key()
PHONE = Contact("phone", "+84900000099")
RECEIVED = {
    "receipt_code": "26740-2026-7KQ4M9XW",
    "status": Words("Đã tiếp nhận", "Received"),
    "link": "https://x.example",
}


class Wire:
    """A channel whose other side the test plays."""

    name, development_only = "wire", True

    def __init__(self, *answers, kind="sms", receipts=False, at_once=50):
        self.answers, self.letters, self.kind, self.receipts = list(answers), [], kind, receipts
        self.at_once = at_once

    async def send(self, letter):
        self.letters.append(letter)
        answer = self.answers.pop(0) if self.answers else None
        if answer is not None:
            raise answer


class Slow(Wire):
    """Takes three tenths of a second a letter."""

    under_way = most = 0

    async def send(self, letter):
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        await asyncio.sleep(0.3)
        self.under_way -= 1
        await super().send(letter)


class Noted(Jobs):
    """The real queue on the real transaction; only noted, so that a test can tell when it was woken."""

    def __init__(self, url):
        super().__init__(url, tasks)
        self.woken = []

    async def defer(self, conn, name, *, lock=None, at=None, **kwargs):
        await super().defer(conn, name, lock=lock, at=at, **kwargs)
        self.woken.append((name, at))


@pytest.fixture
async def office(db, database_url):
    """A post office with one wire, over an empty house."""
    async with db.begin() as conn:
        await conn.execute(text("truncate messages, deliveries, sandbox_messages, procrastinate_jobs cascade"))

    def make(*channels):
        return PostOffice(channels, Noted(database_url), KEY)

    return make


async def send(db, office, event="dossier-received", fields=RECEIVED, once_key="cause-1", to=None):
    async with db.begin() as conn:
        return await office.send(
            conn, event=event, to=to or Recipient("acc_1", (PHONE,)), fields=fields, once_key=once_key
        )


async def rows(db, what):
    async with db.connect() as conn:
        return (await conn.execute(text(what))).all()


async def test_a_message_leaves_once_however_often_its_cause_is_retried(db, office):
    wire = Wire()
    post = office(wire)
    assert await send(db, post) is True
    assert await send(db, post) is False
    await post.drain(db)
    await post.drain(db)
    assert [letter.text for letter in wire.letters] == [
        "Ho so 26740-2026-7KQ4M9XW: Da tiep nhan. Xem tai https://x.example"
    ]


async def test_twins_at_the_same_moment_send_one_message(db, office):
    wire = Wire()
    post = office(wire)
    assert sorted(await asyncio.gather(*(send(db, post) for _ in range(5)))) == [False] * 4 + [True]
    await asyncio.gather(*(post.drain(db) for _ in range(5)))
    assert len(wire.letters) == 1


async def test_a_cause_that_is_rolled_back_sends_nothing(db, office):
    post = office(Wire())
    with pytest.raises(RuntimeError):
        async with db.begin() as conn:
            await post.send(
                conn, event="dossier-received", to=Recipient("acc_1", (PHONE,)), fields=RECEIVED, once_key="x"
            )
            raise RuntimeError
    assert await rows(db, "select 1 from messages") == []
    assert await rows(db, "select 1 from procrastinate_jobs") == []


async def test_the_job_that_carries_it_out_is_woken_on_the_same_transaction(db, office):
    post = office(Wire())
    await send(db, post)
    assert [row.task_name for row in await rows(db, "select task_name from procrastinate_jobs")] == [
        "notifications.drain"
    ]


async def test_without_a_contact_the_inbox_alone_hears_of_it(db, office):
    wire = Wire()
    post = office(wire)
    await send(db, post, to=Recipient("acc_1"))
    await post.drain(db)
    assert wire.letters == []
    async with db.connect() as conn:
        box = await inbox_of(conn, "acc_1")
    assert [(one.event, one.subject.en, one.link) for one in box.messages] == [
        ("dossier-received", "Dossier 26740-2026-7KQ4M9XW received", "https://x.example")
    ]


async def test_a_letter_that_fails_waits_longer_each_time_and_then_leaves(db, office):
    wire = Wire(*[OSError("line is down")] * 3)
    post = office(wire)
    await send(db, post)
    at, waits = clock.now(), []
    for tried in (1, 2, 3):
        with clock.frozen_near(at):
            await post.drain(db)
            await post.drain(db)
            (row,) = await rows(db, "select state, attempts, next_attempt_at, last_error from deliveries")
            assert (row.state, row.attempts, row.last_error) == ("waiting", tried, "OSError")
            waits.append(round((row.next_attempt_at - clock.now()).total_seconds()))
            at = row.next_attempt_at + timedelta(seconds=1)
    assert waits == [5, 10, 20]
    with clock.frozen_near(at):
        await post.drain(db)
    (row,) = await rows(db, "select state, attempts, sent_at, contact_sealed from deliveries")
    assert (row.state, row.attempts, row.contact_sealed) == ("sent", 4, None)
    assert row.sent_at is not None
    assert len({letter.id for letter in wire.letters}) == 1


async def test_who_was_failing_is_woken_again_at_the_hour_he_waits_for(db, office):
    post = office(Wire(OSError()))
    await send(db, post)
    await post.drain(db)
    (row,) = await rows(db, "select next_attempt_at from deliveries")
    assert await rows(db, "select scheduled_at from procrastinate_jobs where scheduled_at is not null") == [
        (row.next_attempt_at,)
    ]


async def test_what_can_never_be_delivered_is_given_up_at_once(db, office):
    wire = Wire(Undeliverable("mailbox refused with 550"))
    post = office(wire)
    await send(db, post)
    await post.drain(db)
    (row,) = await rows(db, "select state, last_error, contact_sealed from deliveries")
    assert tuple(row) == ("given_up", "mailbox refused with 550", None)


async def test_after_twelve_attempts_it_is_a_dead_letter(db, office):
    wire = Wire(*[OSError()] * 20)
    post = office(wire)
    await send(db, post)
    for hours in range(0, 60, 3):
        with clock.shifted(timedelta(hours=hours)):
            await post.drain(db)
    (row,) = await rows(db, "select state, attempts from deliveries")
    assert tuple(row) == ("dead", 12)
    assert len(wire.letters) == 12


async def test_letters_of_a_worker_that_died_are_taken_again_after_its_lease(db, office):
    class Dies(BaseException):
        pass

    post = office(Wire(Dies()))
    await send(db, post)
    with pytest.raises(Dies):
        await post.drain(db)
    after = Wire()
    second = office_of(post, after)
    await second.drain(db)
    assert after.letters == []
    with clock.shifted(timedelta(minutes=4)):
        await second.drain(db)
    assert len(after.letters) == 1


def office_of(post, channel):
    return PostOffice([channel], post._jobs, KEY)


CODE = {"code": "042917", "minutes": "10"}


async def test_a_one_time_code_is_sealed_while_it_waits_and_gone_when_it_has_left(db, office):
    wire = Wire()
    post = office(wire)
    await send(db, post, "one-time-code", CODE, None, Recipient(None, (PHONE,)))
    for table in ("messages", "deliveries", "procrastinate_jobs"):
        dump = str(await rows(db, f"select t::text from {table} t"))
        assert "042917" not in dump
        assert "900000099" not in dump
    await post.drain(db)
    assert "042917" in wire.letters[0].text
    (row,) = await rows(db, "select secrets_sealed, fields from messages")
    assert tuple(row) == (None, {"minutes": "10"})


async def test_a_code_whose_time_is_over_does_not_leave_any_more(db, office):
    wire = Wire()
    post = office(wire)
    await send(db, post, "one-time-code", CODE, None, Recipient(None, (PHONE,)))
    with clock.shifted(timedelta(minutes=11)):
        await post.drain(db)
    assert wire.letters == []
    (row,) = await rows(db, "select state, secrets_sealed from deliveries join messages on messages.id = message_id")
    assert tuple(row) == ("expired", None)


async def test_a_code_that_no_channel_carries_is_refused_not_lost(db, office):
    with pytest.raises(NoWayToReach):
        await send(db, office(Wire()), "one-time-code", CODE, None, Recipient(None, (Contact("email", "a@b.vn"),)))
    assert await rows(db, "select 1 from messages") == []


async def test_letters_swapped_between_rows_do_not_open(db, office):
    wire = Wire()
    post = office(wire)
    await send(db, post, once_key="a")
    await send(db, post, once_key="b", to=Recipient("acc_2", (Contact("phone", "+84900000098"),)))
    async with db.begin() as conn:
        await conn.execute(
            text(
                "update deliveries d set contact_sealed = (select contact_sealed from deliveries e where e.id <> d.id limit 1)"
            )
        )
    await post.drain(db)
    assert wire.letters == []


async def test_a_letter_s_time_does_not_run_while_it_waits_for_its_turn(db, office, monkeypatch):
    """Of fifty letters to a mail server that took three seconds each the last ones were given up in line, left all the same, and
    left again."""
    monkeypatch.setattr(notifications.service, "_SEND_SECONDS", 0.5)
    wire = Slow(at_once=2)
    out = office(wire)
    for number in range(8):
        await send(db, out, once_key=f"slow:{number}")
    await out.drain(db)
    assert wire.most == 2
    assert len(wire.letters) == len({letter.id for letter in wire.letters}) == 8
    assert {row.state for row in await rows(db, "select state from deliveries")} == {"sent"}


async def test_what_left_together_is_written_down_together_and_a_receipt_that_was_faster_stands(db, office):
    out = office(Slow(receipts=True))
    for number in range(12):
        await send(db, out, once_key=f"together:{number}")
    written, write_down = [], out._sent

    async def sent(db, letters):
        if not written:
            await out.receive(db, Receipt(letters[0].id, arrived=True))
        written.append(len(letters))
        await write_down(db, letters)

    out._sent = sent
    await out.drain(db)
    assert sum(written) == 12
    assert len(written) < 12
    states = [row.state for row in await rows(db, "select state from deliveries")]
    assert (states.count("received"), states.count("sent")) == (1, 11)


async def test_a_batch_of_many_drains_whole(db, office):
    wire = Wire()
    post = office(wire)
    async with db.begin() as conn:
        for number in range(130):
            await post.send(
                conn, event="dossier-received", to=Recipient("acc_1", (PHONE,)), fields=RECEIVED, once_key=f"n{number}"
            )
    await asyncio.gather(post.drain(db), post.drain(db))
    assert len({letter.id for letter in wire.letters}) == len(wire.letters) == 130


async def test_the_sandbox_keeps_every_letter_once_for_its_page(db, office):
    post = office(SandboxChannel("sms", db), SandboxChannel("email", db))
    to = Recipient("acc_1", (PHONE, Contact("email", "a@b.vn")), "en")
    await send(db, post, "level-raised", {"level": "2", "link": "https://x.example"}, to=to)
    await post.drain(db)
    async with db.connect() as conn:
        kept = await letters_in(conn)
    assert {(one.channel, one.to) for one in kept} == {("sms", PHONE.value), ("email", "a@b.vn")}
    assert all("level 2" in one.text for one in kept)


async def test_the_inbox_pages_back_newest_first_and_shows_nobody_else_s(db, office):
    post = office(Wire())
    for number in range(5):
        await send(db, post, once_key=f"n{number}", fields={**RECEIVED, "receipt_code": f"R{number}"})
    await send(db, post, once_key="other", to=Recipient("acc_2", (PHONE,)))
    async with db.connect() as conn:
        first = await inbox_of(conn, "acc_1", limit=3)
        rest = await inbox_of(conn, "acc_1", limit=3, before=first.next)
    said = [one.subject.en for page in (first, rest) for one in page.messages]
    assert said == [f"Dossier R{number} received" for number in (4, 3, 2, 1, 0)]
    assert rest.next is None


async def test_after_two_years_a_message_is_forgotten(db, office):
    post = office(Wire())
    await send(db, post)
    with clock.shifted(timedelta(days=729)):
        await forget_old(db)
    assert len(await rows(db, "select 1 from messages")) == 1
    with clock.shifted(timedelta(days=731)):
        await forget_old(db)
    assert await rows(db, "select 1 from messages union all select 1 from deliveries") == []


async def test_the_worker_carries_letters_out(db, office, database_url):
    wire = Wire()
    services = SimpleNamespace(db=db)
    jobs = Jobs(database_url, tasks)
    jobs.serve(services)
    services.post_office = PostOffice([wire], jobs, KEY)
    await send(db, services.post_office)
    await jobs.work(until_idle=True)
    assert len(wire.letters) == 1
