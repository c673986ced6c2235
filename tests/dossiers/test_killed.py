"""The program is killed in mid-air, again and again: what was acknowledged stands once, what was not is sent again and stands once."""

import os
import queue
import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.demo.people import Caller, Unexpected
from api.demo.server import Server
from tests.dossiers import steps

pytestmark = pytest.mark.slow

_KILLS = 10
_CLIENTS = 6
_PARENT = "+84900000011"


class Attempt:
    """One draft and the key it is submitted with: `code` is what the server acknowledged, None while nobody knows."""

    def __init__(self, draft_id: str, key: str) -> None:
        self.draft_id, self.key = draft_id, key
        self.code: str | None = None


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    running = Server(Path(".motcua/killed"))
    running.wipe()
    running.start()
    yield running
    running.stop()


def _clients(server: Server) -> list[Caller]:
    """The parent's app, on as many connections as there are threads."""
    first = Caller(server.url, "citizen-app")
    first.sign_in(_PARENT)
    clients = [Caller(server.url, "citizen-app") for _ in range(_CLIENTS)]
    for client in clients:
        client.device, client.token = first.device, first.token
    return clients


def _prepare(client: Caller, key: str) -> Attempt:
    """A draft that lacks nothing."""
    draft = client.post("/v1/dossiers", json={"procedure": steps.GROUP})
    path = f"/v1/dossiers/{draft['id']}"
    client.call("PATCH", f"{path}/form", json={"fields": steps.child()}, headers={"If-Match": "*"})
    upload = client.post("/v1/uploads", files={"file": ("gcs.pdf", steps.paper(), "application/pdf")})
    ready = client.call("PUT", f"{path}/documents/birth_notification", json={"upload_id": upload["id"]})
    assert ready["faults"] == []
    return Attempt(draft["id"], key)


def _submit(client: Caller, attempt: Attempt) -> dict[str, Any] | None:
    """The receipt; None when no answer came, or one that says to send it again."""
    headers = {"Idempotency-Key": attempt.key}
    try:
        return client.post(f"/v1/dossiers/{attempt.draft_id}/submission", headers=headers)
    except httpx.TransportError:
        return None
    except Unexpected as error:
        # The dead process's transaction may not have ended yet.
        if "request-in-progress" in str(error) or "storage-unavailable" in str(error):
            return None
        raise


def _note(attempt: Attempt, receipt: dict[str, Any]) -> None:
    assert attempt.code in (None, receipt["receipt_code"]), "one key, two dossiers"
    attempt.code = receipt["receipt_code"]


def _until_killed(
    server: Server, clients: list[Caller], waiting: "queue.SimpleQueue[Attempt]", chance: random.Random
) -> list[Attempt]:
    """Everybody submits until the server dies at a moment of chance; what was left without an answer."""
    unknown: list[Attempt] = []
    acknowledged = threading.Semaphore(0)

    def keep_submitting(client: Caller) -> None:
        while True:
            try:
                attempt = waiting.get_nowait()
            except queue.Empty:
                return
            receipt = _submit(client, attempt)
            if receipt is None:
                unknown.append(attempt)
                return
            _note(attempt, receipt)
            acknowledged.release()

    with ThreadPoolExecutor(_CLIENTS) as threads:
        running = [threads.submit(keep_submitting, client) for client in clients]
        # At first, or behind the first answer: the others go in together, and are answered together.
        for _ in range(chance.randrange(2)):
            acknowledged.acquire(timeout=10)
        time.sleep(chance.uniform(0, 0.1))
        server.kill()
        for thread in running:
            thread.result()
    return unknown


def _again(client: Caller, attempt: Attempt) -> None:
    for _ in range(100):
        receipt = _submit(client, attempt)
        if receipt is not None:
            return _note(attempt, receipt)
        time.sleep(0.2)
    raise AssertionError(f"{attempt.draft_id} was never answered")


def _stands(client: Caller, attempt: Attempt) -> bool:
    """Whether it was submitted: whole, with four branches as they begin and a history of one submission, or not at all."""
    shown = client.get(f"/v1/dossiers/{attempt.draft_id}")
    if shown["status"] == "draft":
        assert (shown["receipt_code"], shown["branches"], shown["timeline"]) == (None, [], [])
        assert attempt.code is None, "acknowledged and lost"
        return False
    assert attempt.code in (None, shown["receipt_code"])
    branches = [(branch["name"], branch["state"]) for branch in shown["branches"]]
    assert branches == [
        ("birth", "submitted"),
        ("residence", "waiting"),
        ("insurance", "waiting"),
        ("identity_card", "waiting"),
    ]
    told = client.get(f"/v1/dossiers/{attempt.draft_id}/history")
    assert told["intact"]
    assert [line["kind"] for line in told["lines"]] == ["submit", "plant", "plant", "plant", "plant"]
    return True


def test_each_submission_stands_once_whenever_the_program_is_killed(server: Server) -> None:
    seed = int(os.environ.get("MOTCUA_TEST_SEED") or random.SystemRandom().randrange(2**32))
    print(f"MOTCUA_TEST_SEED={seed}")  # noqa: T201 - what a failed run is repeated with
    chance = random.Random(seed)
    clients = _clients(server)
    keys = [f"{chance.getrandbits(128):032x}" for _ in range(_KILLS * _CLIENTS)]
    with ThreadPoolExecutor(_CLIENTS) as threads:
        attempts = list(threads.map(lambda n: _prepare(clients[n % _CLIENTS], keys[n]), range(len(keys))))
    waiting: queue.SimpleQueue[Attempt] = queue.SimpleQueue()
    lost = landed = 0
    for kill in range(_KILLS):
        for attempt in attempts[kill * _CLIENTS : (kill + 1) * _CLIENTS]:
            waiting.put(attempt)
        unknown = _until_killed(server, clients, waiting, chance)
        lost += len(unknown)
        server.start()
        for client in clients:
            client.again_after_restart()
        for attempt in unknown:
            landed += _stands(clients[0], attempt)
            waiting.put(attempt)
    print(f"{_KILLS} kills, {lost} submissions without an answer, {landed} of them stood")  # noqa: T201 - how hard it was tested
    assert lost, "every kill missed: nothing was tested"
    with ThreadPoolExecutor(_CLIENTS) as threads:
        # Those acknowledged are sent again as well: their answer is the one they had.
        list(threads.map(lambda n: _again(clients[n % _CLIENTS], attempts[n]), range(len(attempts))))
        assert all(threads.map(lambda n: _stands(clients[n % _CLIENTS], attempts[n]), range(len(attempts))))
    assert len({attempt.code for attempt in attempts}) == len(attempts)
    listed = clients[0].get("/v1/dossiers")["dossiers"]
    assert {one["receipt_code"] for one in listed} == {attempt.code for attempt in attempts}
    told = [one for one in clients[0].get("/sandbox/inbox.json") if one["event"] == "dossier-received"]
    assert all(sum(attempt.code in one["text"] for one in told) <= 1 for attempt in attempts if attempt.code)
