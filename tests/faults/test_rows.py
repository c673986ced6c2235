"""The reliability checklist on real processes, row by row: whatever is hurt, the invariants hold afterwards (`benchmarks/faults`)."""

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from benchmarks.faults import kill
from benchmarks.faults.ledger import Ledger, check
from benchmarks.faults.proxy import bad_line
from benchmarks.faults.town import Client, Draft, Town, children_of, in_parallel
from tests.uploads.test_examining import picture

pytestmark = pytest.mark.slow

_ROOT = Path(__file__).parents[2]
_POINTS = _ROOT / "benchmarks/faults/points"
_SEED = int(os.environ.get("MOTCUA_TEST_SEED") or random.SystemRandom().randrange(2**32))
_TUS = {"Tus-Resumable": "1.0.0"}


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    """One for all rows: what one row broke, the next one finds healed."""
    print(f"MOTCUA_TEST_SEED={_SEED}")  # noqa: T201 - what a failed run is repeated with
    town = Town(Path(".motcua/faults"))
    town.start()
    yield town
    town.stop()


def _chance(row: int) -> random.Random:
    return random.Random(f"{_SEED} {row}")


def _submitted(town: Town, count: int) -> tuple[Client, list[Draft], Ledger]:
    phone = town.parent()
    drafts = town.drafts(phone, count)
    return phone, drafts, Ledger(drafts)


# --- rows 1, 4 and 5: killed at random moments; the long run is benchmarks/faults/kill.py ---------------------------------


def test_row_1_the_api_is_killed_while_everybody_submits(town: Town) -> None:
    hurt, heal, seconds = kill.FAULTS["API killed"]
    ledger, healed = kill.under_fire(town, hurt, heal, kills=4, clients=12, chance=_chance(1))
    check(town, ledger)
    assert max(healed) < max(seconds, 60), "I8"
    assert ledger.unknown, "every kill missed: nothing was tested"


def test_row_4_the_queue_worker_is_killed_in_mid_job(town: Town) -> None:
    hurt, heal, _ = kill.FAULTS["queue worker killed"]
    ledger, _ = kill.under_fire(town, hurt, heal, kills=2, clients=10, chance=_chance(4))
    check(town, ledger)


def test_row_5_postgresql_is_killed_and_started_again(town: Town) -> None:
    hurt, heal, _ = kill.FAULTS["PostgreSQL killed"]
    ledger, _ = kill.under_fire(town, hurt, heal, kills=2, clients=10, chance=_chance(5))
    check(town, ledger)


# --- row 2: killed at named points -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("point", ["after-insert", "before-commit", "after-commit-before-reply"])
def test_row_2_the_api_dies_at_a_named_point_of_a_submission(town: Town, tmp_path: Path, point: str) -> None:
    phone, drafts, ledger = _submitted(town, 3)
    with _api_that_dies(town, tmp_path, point):
        ledger.note(drafts[0], phone.submit(drafts[0]))
        assert ledger.unknown == {drafts[0].id}, f"it did not die {point}"
        town.wait_until_ready()
        with town.connect() as conn:
            row = conn.execute("select status from dossiers where id = %s", (drafts[0].id,)).fetchone()
        assert row == ("open" if point == "after-commit-before-reply" else "draft",)
        ledger.send_again(phone)
    check(town, ledger)


@pytest.mark.parametrize("point", ["after-outbox-read", "after-sent-before-mark"])
def test_row_2_the_worker_dies_at_a_named_point_of_a_message(town: Town, tmp_path: Path, point: str) -> None:
    phone, _, ledger = _submitted(town, 3)
    town.worker.stop()
    dying = _dying(town.worker, tmp_path, point)
    dying.start()
    ledger.send_again(phone)
    deadline = time.monotonic() + 120
    while dying.poll() is None and time.monotonic() < deadline:
        time.sleep(0.1)
    assert dying.poll() == -signal.SIGKILL, f"it did not die {point}"
    # Another one takes over; a letter that had left is told apart by its id, so that its reader has it once.
    with town.connect() as conn:
        conn.execute("update deliveries set next_attempt_at = now() where state = 'waiting'")
    town.worker.start()
    check(town, ledger)


class _Dying:
    """A process of the town's with a fault point in it."""

    def __init__(self, process: Any, environment: dict[str, str]) -> None:
        self._process, self._more = process, environment

    def start(self) -> None:
        kept = dict(self._process._environment)
        self._process._environment |= self._more
        self._process.start()
        self._process._environment = kept

    def poll(self) -> int | None:
        return self._process._running.poll()


def _dying(process: Any, folder: Path, point: str) -> _Dying:
    once = folder / "once"
    once.touch()
    path = os.pathsep.join([str(_POINTS), str(_ROOT)])
    return _Dying(process, {"PYTHONPATH": path, "FAULT_POINT": point, "FAULT_ONCE": str(once)})


class _api_that_dies:  # noqa: N801 - reads as what it is for
    """The API with a fault point in it; the server puts a worker in the dead one's place by itself."""

    def __init__(self, town: Town, folder: Path, point: str) -> None:
        self._town, self._dying = town, _dying(town.api, folder, point)

    def __enter__(self) -> None:
        self._town.api.stop()
        self._dying.start()
        self._town.wait_until_ready()

    def __exit__(self, *_: object) -> None:
        self._town.api.stop()
        self._town.api.start()
        self._town.wait_until_ready()


# --- rows 3 and 7: points nobody named, and a disk that fails ----------------------------------------------------------------


def test_row_3_the_api_dies_at_the_nth_send_whatever_it_was(town: Town) -> None:
    strace = shutil.which("strace")
    assert strace, "strace is missing: `make setup` installs requirements-debian.txt"
    phone, drafts, ledger = _submitted(town, 6)
    for draft in drafts:
        nth = _chance(3).randrange(1, 60) + drafts.index(draft) * 10
        pid = town.api.workers()[0]
        inject = f"inject=sendto,sendmsg:signal=SIGKILL:when={nth}"
        tracing = subprocess.Popen(
            [strace, "-f", "-qq", "-e", "trace=sendto,sendmsg", "-e", inject, "-o", "/dev/null", "-p", str(pid)],
            stderr=subprocess.PIPE,
        )
        time.sleep(0.5)
        deadline = time.monotonic() + 30
        while tracing.poll() is None and time.monotonic() < deadline:
            ledger.note(draft, phone.submit(draft))
            time.sleep(0.05)
        tracing.kill()
        tracing.wait()
        town.wait_until_ready()
    ledger.send_again(town.parent())
    check(town, ledger)


def test_row_7_the_disk_refuses_a_commit(town: Town) -> None:
    """fdatasync fails once on one backend: PostgreSQL stops to recover, clients are cut off, and nothing is lost or doubled."""
    strace = shutil.which("strace")
    assert strace, "strace is missing: `make setup` installs requirements-debian.txt"
    phone, drafts, ledger = _submitted(town, 6)
    for draft in drafts:
        assert phone.call("GET", f"/v1/dossiers/{draft.id}")[0] == 200
    postmaster = int(next(town._base().glob("**/postmaster.pid")).read_text().split("\n", 1)[0])
    pids = [arg for pid in children_of(postmaster) for arg in ("-p", str(pid))]
    tracing = subprocess.Popen(
        [
            strace,
            "-f",
            "-qq",
            "-e",
            "trace=fdatasync",
            "-e",
            "inject=fdatasync:error=EIO:when=1",
            "-o",
            "/dev/null",
            *pids,
        ],
        stderr=subprocess.PIPE,
    )
    time.sleep(1)
    in_parallel([lambda one=one: ledger.note(one, phone.twin().submit(one)) for one in drafts], 6)
    tracing.kill()
    tracing.wait()
    town.start_engines()
    town.wait_until_ready()
    ledger.send_again(town.parent())
    check(town, ledger)


# --- row 6: stopped in every way ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT], ids=["fast", "immediate"])
def test_row_6_postgresql_is_stopped_and_started_while_everybody_submits(town: Town, how: signal.Signals) -> None:
    def stopped(town: Town) -> None:
        postmaster = int(next(town._base().glob("**/postmaster.pid")).read_text().split("\n", 1)[0])
        os.kill(postmaster, how)
        while Path(f"/proc/{postmaster}").exists():
            time.sleep(0.02)

    ledger, _ = kill.under_fire(town, stopped, kill.restart_engines, kills=2, clients=8, chance=_chance(6))
    check(town, ledger)
    # The pool has recovered: no connection of before the restart answers a request with an error.
    phone = town.parent()
    assert {phone.call("GET", f"/v1/dossiers/{draft.id}/status")[0] for draft in ledger.drafts} == {200}


# --- row 15: Valkey ----------------------------------------------------------------------------------------------------------


def test_row_15_valkey_is_killed_and_starts_empty(town: Town) -> None:
    """What guards log-ins refuses while nobody counts; reads go on; a submission was never Valkey's to lose."""
    phone, drafts, ledger = _submitted(town, 2)
    town.kill_valkey()
    asked = {
        "client_id": "citizen-app",
        "login": "+84900000012",
        "code_challenge": "x" * 43,
        "code_challenge_method": "S256",
    }
    path = "/v1/sign-ins"
    proof = {"DPoP": phone.device.proof("POST", town.url + path)}
    refused = httpx.post(town.url + path, json=asked, headers=proof, timeout=30)
    assert (refused.status_code, refused.json()["code"]) == (503, "limits-unavailable")
    assert int(refused.headers["retry-after"]) > 0
    town.start_engines()
    town.wait_until_ready()
    ledger.send_again(phone)
    assert phone.call("GET", f"/v1/dossiers/{drafts[0].id}")[0] == 200
    check(town, ledger)
    gone = town.parent(anew=True)
    ended = httpx.post(
        town.url + "/v1/oauth/revoke", data={"token": gone.token, "client_id": "citizen-app"}, timeout=30
    )
    assert ended.status_code == 200, ended.text
    town.kill_valkey()
    town.start_engines()
    town.wait_until_ready()
    town.parent(anew=True)
    assert gone.call("GET", f"/v1/dossiers/{drafts[0].id}")[0] == 401, (
        "I10: revoked stays revoked; it stands in PostgreSQL"
    )


# --- rows 20 to 23: bad lines ------------------------------------------------------------------------------------------------


def _upload(town: Town, phone: Client, data: bytes, *, at_once: int = 65_536) -> str:
    """As tus-js-client does: begin, send on, and after each break ask how much is there; the upload's id."""
    status, location = 0, ""
    while status != 201:
        status, location = _tus(phone, "POST", "/v1/uploads/resumable", {"Upload-Length": str(len(data))}, "location")
    offset = 0
    for _ in range(400):
        if offset == len(data):
            return location.rpartition("/")[2]
        headers = {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
        status, said = _tus(phone, "PATCH", location, headers, "upload-offset", data[offset : offset + at_once])
        if status != 204:
            status, said = _tus(phone, "HEAD", location, {}, "upload-offset")
        if status in (200, 204):
            offset = int(said)
    raise AssertionError(f"it came to {offset} of {len(data)} bytes")


def _tus(
    phone: Client, method: str, path: str, headers: dict[str, str], wanted: str, body: bytes | None = None
) -> tuple[int, str]:
    """Status and one header; 0 when the line broke."""
    signed = phone.device.headers(method, (phone._signed_for or phone.url) + path, phone.token)
    try:
        with httpx.Client(base_url=phone.url, timeout=180) as line:
            answer = line.request(method, path, headers=signed | _TUS | headers, content=body)
    except httpx.TransportError:
        return 0, ""
    return answer.status_code, answer.headers.get(wanted, "")


def _whole(phone: Client, upload_id: str, data: bytes) -> None:
    """I6."""
    status, kept = phone.call("GET", f"/v1/uploads/{upload_id}")
    assert status == 200, kept
    assert (kept["sha256"], kept["size_bytes"]) == (hashlib.sha256(data).hexdigest(), len(data))


def test_row_20_a_line_that_breaks_again_and_again(town: Town) -> None:
    phone, data = town.parent(), picture(size=(1500, 1100), quality=98)
    with bad_line(town.port, lambda proxy: setattr(proxy, "cut_chance", 0.08)) as proxy:
        upload_id = _upload(town, phone.by_way_of(proxy.url), data)
    _whole(phone, upload_id, data)


def test_row_21_a_slow_line(town: Town) -> None:
    """64 kbit/s: no time-out while bytes come."""
    phone, data = town.parent(), picture(size=(900, 700), quality=90)[:200_000]
    with bad_line(town.port, lambda proxy: setattr(proxy, "bytes_per_second", 8_000)) as proxy:
        upload_id = _upload(town, phone.by_way_of(proxy.url), data, at_once=len(data))
    _whole(phone, upload_id, data)


def test_row_22_the_line_is_down_for_a_while_and_another_address_goes_on(town: Town) -> None:
    phone, data = town.parent(), picture(size=(1500, 1100), quality=98)
    with bad_line(town.port, lambda proxy: setattr(proxy, "bytes_per_second", 60_000)) as proxy:
        slow = phone.by_way_of(proxy.url)
        _, location = _tus(slow, "POST", "/v1/uploads/resumable", {"Upload-Length": str(len(data))}, "location")
        headers = {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
        sending = threading.Thread(target=_tus, args=(slow, "PATCH", location, headers, "upload-offset", data))
        sending.start()
        time.sleep(1)
        proxy.cut_chance = 1.0
        sending.join()
    time.sleep(1)
    _, said = _tus(phone, "HEAD", location, {}, "upload-offset")
    offset = int(said)
    assert 0 < offset < len(data)
    headers = {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
    assert _tus(phone, "PATCH", location, headers, "upload-offset", data[offset:])[0] == 204
    _whole(phone, location.rpartition("/")[2], data)


def test_row_23_the_line_is_cut_after_the_last_byte_and_before_the_reply(town: Town) -> None:
    phone, drafts, ledger = _submitted(town, 3)
    with bad_line(town.port, lambda proxy: setattr(proxy, "cut_before_reply", len(drafts))) as proxy:
        for draft in drafts:
            ledger.note(draft, phone.by_way_of(proxy.url).submit(draft))
    assert ledger.unknown == {draft.id for draft in drafts}, "the cut came too late"
    with town.connect() as conn:
        stood = conn.execute(
            "select count(*) from dossiers where id = any(%s) and status = 'open'", ([d.id for d in drafts],)
        )
        assert stood.fetchone() == (len(drafts),), "no reply is not: not saved"
    ledger.send_again(phone)
    check(town, ledger)


class _NoKey:
    """In a device's place, for a token that is bound to none: only such a request can be doubled byte by byte."""

    def headers(self, method: str, url: str, token: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {token}"}


def test_row_24_a_request_arrives_twice(town: Town) -> None:
    """Two at once by a proxy that doubles, and one more much later: one effect, and the stored reply."""
    phone, drafts, ledger = _submitted(town, 6)
    unbound: Any = _NoKey()
    partner = Client(town.url, unbound, town.unbound_token(["dossiers:read", "dossiers:write"]))
    with bad_line(town.port, lambda proxy: setattr(proxy, "twice", True)) as proxy:
        for draft in drafts[:3]:
            ledger.note(draft, partner.by_way_of(proxy.url).submit(draft))
        for draft in drafts[3:]:
            # Of two with one proof of the device's key, one is refused before it comes to anything.
            path, key = f"/v1/dossiers/{draft.id}/submission", {"Idempotency-Key": draft.key}
            status, body = phone.by_way_of(proxy.url).call("POST", path, headers=key)
            assert status == 201 or body["code"] in ("invalid-dpop-proof", "request-in-progress"), body
    ledger.send_again(phone)
    ledger.send_again(phone)
    check(town, ledger)


# --- rows 27 and 28: the disk of the uploads ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "point", ["after-piece-before-offset", "after-last-offset-before-file", "after-file-before-row"]
)
def test_row_27_the_api_dies_while_a_file_is_written(town: Town, tmp_path: Path, point: str) -> None:
    phone, data = town.parent(), picture(size=(800, 600), quality=95)
    with _api_that_dies(town, tmp_path, point):
        upload_id = _upload(town, phone, data)
        assert not (tmp_path / "once").exists(), f"it did not die {point}"
        _whole(phone, upload_id, data)


def test_row_28_the_disk_of_the_uploads_is_full(town: Town, tmp_path: Path) -> None:
    folder = town.home / "uploads"
    town.api.stop()
    beside = tmp_path / "uploads"
    shutil.move(folder, beside)
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "none", str(folder)], check=True)
    try:
        town.api.start()
        town.wait_until_ready()
        phone = town.parent()
        refused: tuple[int, Any] = (0, None)
        for _ in range(20):
            refused = phone.call(
                "POST", "/v1/uploads", files={"file": ("a.jpg", picture(size=(1500, 1100), quality=98))}
            )
            if refused[0] != 201:
                break
        assert (refused[0], refused[1]["code"]) == (507, "upload-storage-full"), json.dumps(refused[1])
        assert phone.call("GET", "/v1/dossiers")[0] == 200, "the rest goes on"
        assert not list(folder.glob("**/*.part")), "half a file on a full disk would keep it full"
    finally:
        town.api.stop()
        subprocess.run(["umount", str(folder)], check=True)
        folder.rmdir()
        shutil.move(beside, folder)
        town.api.start()
        town.wait_until_ready()
