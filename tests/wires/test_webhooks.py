"""Partners' webhooks: signed, in order from a cursor, replayable; never to private addresses, never after a redirect."""

import asyncio
import ipaddress
import json
import socket
from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import text

from kit import calling, clock
from kit.calling import Caller, NoReply, NotPublic, Reply
from kit.refusal import Words
from tests.wires.conftest import serve
from wires import Signer, Webhooks, signing
from wires.refusals import BadWebhookAddress, NoWebhook
from wires.signing import Message
from wires.webhooks import COVERED, TAG

pytestmark = pytest.mark.anyio

URL = "https://partner.example/hook"


class Line(Caller):
    """A caller whose other side the test plays; addresses are checked as ever, by a table of names."""

    def __init__(self, names=None):
        super().__init__(public_only=True, look_up=self.addresses)
        self.names, self.got, self.answers = names or {"partner.example": ["93.184.215.14"]}, [], []

    async def addresses(self, host, port):
        answer = self.names.get(host, [])
        answer = answer.pop(0) if answer and isinstance(answer[0], list) else answer
        if not answer:
            raise NoReply("the name has no address")
        return [ipaddress.ip_address(one) for one in answer]

    async def post(self, url, *, content, headers):
        await self.check(url)
        self.got.append((url, dict(headers), json.loads(content), content))
        answer = self.answers.pop(0) if self.answers else 200
        if isinstance(answer, Exception):
            raise answer
        return Reply(status=answer, headers={}, body=b"")


@pytest.fixture
async def hooks(db):
    async with db.begin() as conn:
        await conn.execute(text("truncate webhooks, webhook_events"))
    return Webhooks(Signer(bytes(range(32))), Line())


async def happen(db, hooks, count=1, client="app-1"):
    for number in range(count):
        async with db.begin() as conn:
            await hooks.add(
                conn, client, at=clock.now(), receipt_code=f"R-{number}", branch="birth", state="approved",
                label=Words("Đã giải quyết", "Approved"),
            )  # fmt: skip


def told(hooks):
    return [[event["receipt_code"] for event in body["events"]] for _, _, body, _ in hooks._caller.got]


async def test_events_arrive_signed_in_order_and_once(db, hooks):
    await hooks.register(db, "app-1", URL)
    await happen(db, hooks, 3)
    await hooks.drain(db)
    await hooks.drain(db)
    assert told(hooks) == [["R-0", "R-1", "R-2"]]
    ((url, headers, body, raw),) = hooks._caller.got
    who = signing.check(
        Message("POST", url, headers), raw, tag=TAG, keys={hooks._signer.key_id: hooks._signer.public}, covered=COVERED
    )
    assert who == hooks._signer.key_id
    assert set(body["events"][0]) == {"cursor", "at", "receipt_code", "branch", "state", "label"}


async def test_a_new_webhook_hears_of_what_comes_and_a_replay_of_what_was(db, hooks):
    await happen(db, hooks, 2)
    made = await hooks.register(db, "app-1", URL)
    await hooks.drain(db)
    assert told(hooks) == []
    assert made.cursor > 0
    await hooks.replay(db, "app-1", 0)
    await hooks.drain(db)
    assert told(hooks) == [["R-0", "R-1"]]


async def test_the_same_events_can_be_fetched_from_a_cursor(db, hooks):
    await happen(db, hooks, 5)
    await happen(db, hooks, 2, client="app-2")
    first = await hooks.events(db, "app-1", 0, 3)
    rest = await hooks.events(db, "app-1", first.next, 3)
    assert [event.receipt_code for event in (*first.events, *rest.events)] == [f"R-{number}" for number in range(5)]
    assert (await hooks.events(db, "app-1", rest.next, 3)).next == rest.next


async def test_after_a_lost_reply_the_same_page_comes_again_under_the_same_name(db, hooks):
    await hooks.register(db, "app-1", URL)
    await happen(db, hooks, 2)
    hooks._caller.answers = [NoReply("no answer in time")]
    await hooks.drain(db)
    with clock.shifted(timedelta(minutes=1)):
        await hooks.drain(db)
    assert told(hooks) == [["R-0", "R-1"]] * 2
    assert len({headers["idempotency-key"] for _, headers, _, _ in hooks._caller.got}) == 1


@pytest.mark.parametrize("answer", [500, 404, 301, 302, 307, 308, 100])
async def test_what_is_not_taken_waits_longer_each_time_and_is_parked(db, hooks, answer):
    await hooks.register(db, "app-1", URL)
    await happen(db, hooks)
    hooks._caller.answers = [answer] * 100
    for hours in range(0, 150, 7):
        with clock.shifted(timedelta(hours=hours)):
            await hooks.drain(db)
    assert len(hooks._caller.got) == 15
    shown = await hooks.show(db, "app-1")
    assert (shown.parked, shown.last_error) == (True, f"answered {answer}")
    hooks._caller.answers = []
    await hooks.replay(db, "app-1", 0)
    await hooks.drain(db)
    assert not (await hooks.show(db, "app-1")).parked
    assert len(hooks._caller.got) == 16


async def test_events_that_came_during_a_delivery_are_not_passed_over(db, hooks):
    await hooks.register(db, "app-1", URL)
    await happen(db, hooks)
    await asyncio.gather(*(hooks.drain(db) for _ in range(4)))
    await happen(db, hooks, 2)
    await hooks.drain(db)
    assert sum(len(page) for page in told(hooks)) == 3


async def test_one_endpoint_a_client_and_none_of_another_s(db, hooks):
    with pytest.raises(NoWebhook):
        await hooks.show(db, "app-1")
    first = await hooks.register(db, "app-1", URL)
    second = await hooks.register(db, "app-1", URL + "2")
    assert first.id == second.id
    for verb in (hooks.show, hooks.remove):
        with pytest.raises(NoWebhook):
            await verb(db, "app-2")
    await hooks.remove(db, "app-1")
    with pytest.raises(NoWebhook):
        await hooks.replay(db, "app-1", 0)


async def test_events_are_kept_thirty_days(db, hooks):
    await happen(db, hooks)
    with clock.shifted(timedelta(days=31)):
        await hooks.forget_old(db)
    assert (await hooks.events(db, "app-1", 0, 10)).events == []


UNFIT = [
    "http://partner.example/",
    "ftp://partner.example/",
    "gopher://partner.example/",
    "file:///etc/passwd",
    "https://127.0.0.1/",
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[2002:7f00:1::]/",
    "https://[fe80::1]/",
    "https://[fc00::1]/",
    "https://169.254.169.254/latest/meta-data",
    "https://10.0.0.1/",
    "https://172.16.0.1/",
    "https://192.168.1.1/",
    "https://100.64.0.1/",
    "https://0.0.0.0/",
    "https://0x7f.1/",
    "https://2130706433/",
    "https://127.1/",
    "https://0177.0.0.1/",
    "https://localhost/",
    "https://postgres/",
    "https://valkey.internal/",
    "https://a@127.0.0.1/",
    "https://partner.example@127.0.0.1/",
    "https://user:word@partner.example/",
    "https://partner.example:22/",
    "https://partner.example:6379/",
    "https://partner.example:99999/",
    "https://partner.example/#x",
    "https://partner.example\\@127.0.0.1/",
    "https://partner.example/ x",
    "https://pärtner.example/",
    "https://",
    "//partner.example/",
    "javascript:alert(1)",
]


@pytest.mark.parametrize("url", UNFIT)
async def test_unfit_addresses_are_refused_at_registration(db, hooks, url):
    with pytest.raises(BadWebhookAddress):
        await hooks.register(db, "app-1", url)
    assert hooks._caller.got == []


@pytest.mark.parametrize(
    "addresses", [["127.0.0.1"], ["93.184.215.14", "10.0.0.1"], ["::1"], ["169.254.169.254"], ["::ffff:10.0.0.1"], []]
)
async def test_a_name_that_leads_inside_is_refused_at_registration(db, hooks, addresses):
    hooks._caller.names["partner.example"] = addresses
    with pytest.raises(BadWebhookAddress):
        await hooks.register(db, "app-1", URL)


async def test_a_name_that_changes_its_mind_after_registration_is_never_called(db, hooks):
    """DNS rebinding: fit when registered, inside when called."""
    hooks._caller.names["partner.example"] = [["93.184.215.14"], ["127.0.0.1"]]
    await hooks.register(db, "app-1", URL)
    await happen(db, hooks)
    await hooks.drain(db)
    assert hooks._caller.got == []
    assert "open Internet" in (await hooks.show(db, "app-1")).last_error


@pytest.fixture
def inside():
    got = []

    def answer(method, path, headers, body):
        got.append(path)
        return 200, {}, b"secret"

    server, url = serve(answer)
    yield SimpleNamespace(url=url, got=got, port=server.server_port)
    server.shutdown()
    server.server_close()


async def test_the_address_that_was_checked_is_the_one_that_is_called(inside):
    """The second look-up of a rebinding name leads inside: whoever looked twice would call it."""
    looked = []

    async def rebinding(host, port):
        looked.append(host)
        return [ipaddress.ip_address("192.0.2.1" if len(looked) == 1 else "127.0.0.1")]

    caller = Caller(public_only=True, look_up=rebinding, timeout_seconds=1)
    with pytest.raises((NoReply, NotPublic)):
        await caller.post(f"http://partner.example:{inside.port}/", content=b"", headers={})
    assert (len(looked), inside.got) == (1, [])
    with pytest.raises(NotPublic):
        await caller.post(f"http://partner.example:{inside.port}/", content=b"", headers={})
    assert inside.got == []
    await caller.close()


async def test_an_open_caller_reaches_inside_and_follows_no_redirect_and_reads_no_flood(inside):
    caller = Caller(timeout_seconds=2)
    assert (await caller.post(inside.url, content=b"", headers={})).body == b"secret"
    server, url = serve(lambda *_: (302, {"location": inside.url + "/redirected"}, b""))
    assert (await caller.post(url, content=b"", headers={})).status == 302
    server.shutdown()
    server.server_close()
    server, url = serve(lambda *_: (200, {}, b"x" * 10_000_000))
    with pytest.raises(NoReply, match="too long"):
        await caller.post(url, content=b"", headers={})
    server.shutdown()
    server.server_close()
    assert inside.got == ["/"]
    await caller.close()


async def test_who_never_answers_is_given_up_in_time():
    silent = socket.create_server(("127.0.0.1", 0))
    caller = Caller(timeout_seconds=0.3)
    with pytest.raises(NoReply, match="in time"):
        await caller.post(f"http://127.0.0.1:{silent.getsockname()[1]}/", content=b"x", headers={})
    silent.close()
    await caller.close()


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:4700::1111"])
def test_addresses_of_the_open_internet_are_fit(address):
    assert calling.is_public(ipaddress.ip_address(address))


async def test_only_a_partner_s_own_token_manages_its_webhook(city):
    parent = await city.signed_in("parent")
    await city.nobody.get("/v1/webhook", expect=401)
    await parent.get("/v1/webhook", expect=404)
    await parent.put("/v1/webhook", json={"url": URL}, expect=404)
    kiosk = await city.signed_in("kiosk")
    await kiosk.get("/v1/webhook", expect=404)


async def test_a_consent_is_what_lets_a_partner_hear(city):
    """Events reach the apps that the dossier's owner lets see dossiers, and no others."""
    from dossiers.feeding import feed
    from identity import consents
    from tests.dossiers import steps

    house, parent = city.house, await city.signed_in("parent")
    me = (await parent.get("/v1/me", expect=200))["account_id"]
    for client, allowed in (("partner-server", ["openid", "dossiers:read"]), ("citizen-app", ["openid"])):
        async with house.db.begin() as conn:
            await consents.give(
                conn, account_id=me, client_id=client, asked=allowed, allowed=allowed, purpose=None, at=clock.now()
            )
    dossier = await steps.submitted(parent)
    await feed(house)
    seen = await house.webhooks.events(house.db, "partner-server", 0, 100)
    mine = [event for event in seen.events if event.receipt_code == dossier["receipt_code"]]
    assert ("birth", "submitted") in [(event.branch, event.state) for event in mine]
    assert (await house.webhooks.events(house.db, "citizen-app", 0, 100)).events == []
