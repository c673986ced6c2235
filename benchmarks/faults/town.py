"""API, worker and engines as processes of their own, clients with device keys, and drafts that lack nothing."""

import asyncio
import contextlib
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import httpx
import msgspec
import psycopg
from psycopg.types.json import Jsonb

import migrations
from api import sandbox
from api.caller import Device
from api.cli import environment
from api.demo.people import Caller, Unexpected
from api.wiring import House, open_house
from identity import accounts, tokens
from identity.tokens import redeeming, rfc7515
from identity.tokens import store as tokens_store
from kit import clock, ids, keys
from kit import settings as kit_settings
from kit.engines import Engines, EngineTrouble, Urls
from kit.settings import Settings

PARENT: Final = "+84900000011"
GROUP: Final = "3.000722"
READY_SECONDS: Final = 120
_SIGNED_IN_SECONDS: Final = 420
# As long as a proof of the device's key is taken for fresh; it tells its moment in whole seconds.
_PROOF_SECONDS: Final = 60 - 1
# The first photo after a start waits for the models, which on a busy machine takes longer than a minute.
_PATIENCE_SECONDS: Final = 180
_UNBOUND: Final = "benchmark"
HOME: Final[dict[str, Any]] = {"ward": "26740", "detail": "Số 9 đường Hư Cấu"}

ANSWERS: Final[dict[str, Any]] = {
    "child.full_name": "Hoàng Nguyễn An",
    "child.date_of_birth": "2026-11-10",
    "child.sex": "female",
    "child.birth_facility": "Bệnh viện Từ Dũ",
    "child.birth_place": {"ward": "26740"},
    "child.place_of_origin": {"ward": "26740"},
    "birth_notification.number": "00001.GCS.79001.26",
    "birth_notification.issued_on": "2026-11-11",
    "mother.residence": HOME,
    "mother.residence_kind": "permanent",
    "father.residence": HOME,
    "father.residence_kind": "permanent",
    "residence.address": HOME,
    "residence.household_head_name": "Nguyễn Thị Hồng Thắm",
    "residence.household_head_pin": "079192000011",
    "residence.relation_to_head": "child",
    "insurance.facility": "Bệnh viện Nhi Đồng 2",
}
"""What only the parent knows; the mother heads the household and so consents by filing."""

_SYLLABLES: Final = [
    "An",
    "Bình",
    "Châu",
    "Dung",
    "Giang",
    "Hạnh",
    "Khôi",
    "Linh",
    "Minh",
    "Nhi",
    "Oanh",
    "Phúc",
    "Quỳnh",
    "Sơn",
    "Thảo",
    "Uyên",
    "Vân",
    "Xuân",
    "Yến",
    "Ngọc",
]


class Draft(msgspec.Struct, frozen=True):
    """A draft that could be submitted now, and the key it will be submitted with."""

    id: str
    key: str


class Process:
    """`python -m api …`, to be killed and started again."""

    def __init__(self, arguments: Sequence[str], environment: dict[str, str], log: Path) -> None:
        self._arguments, self._environment, self._log = list(arguments), environment, log
        self._running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._running = subprocess.Popen(
                [sys.executable, "-m", *self._arguments],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        assert self._running is not None
        return self._running.pid

    def workers(self) -> list[int]:
        """The server's own children that serve, forked or spawned: not the helper Python starts beside them."""
        found: list[int] = []
        for child in children_of(self.pid):
            with contextlib.suppress(OSError):
                if b"resource_tracker" not in Path(f"/proc/{child}/cmdline").read_bytes():
                    found.append(child)
        return found

    def ended(self) -> bool:
        return self._running is not None and self._running.poll() is not None

    def kill(self) -> None:
        """SIGKILL to all of it."""
        if self._running is not None and self._running.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
            self._running.wait()

    def stop(self) -> None:
        if self._running is not None and self._running.poll() is None:
            self._running.send_signal(signal.SIGTERM)
            try:
                self._running.wait(30)
            except subprocess.TimeoutExpired:
                self.kill()


class _Patient(Caller):
    """The worker that carries the codes may have been killed a moment ago."""

    def code_sent_to(self, contact: str) -> str:
        for _ in range(12):
            with contextlib.suppress(Unexpected):
                return super().code_sent_to(contact)
        return super().code_sent_to(contact)


class Town:
    """One home, wiped at the start. The program is served as the sandbox is, but its worker is a process beside it."""

    def __init__(self, home: Path, *, extra_environment: dict[str, str] | None = None) -> None:
        self.home, self._extra = home.resolve(), extra_environment or {}
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._engines = Engines(self.home)
        self.urls: Urls | None = None
        self._phone: Client | None = None
        self._signed_in_at = 0.0
        self.api: Process
        self.worker: Process

    def start(self) -> None:
        """Engines, an empty furnished city, API and worker; returns when the API is ready."""
        if self.home.exists():
            self._engines.stop()
            shutil.rmtree(self.home)
        self.home.mkdir(parents=True)
        keys.create(self.home / "keys")
        urls = self.urls = self._engines.start()
        migrations.upgrade(urls.database, "city")
        migrations.upgrade(urls.faces_database, "faces")
        made = self._settings(urls)
        asyncio.run(sandbox.furnish(made))
        clean = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("MOTCUA_") and name not in ("DATABASE_URL", "FACES_DATABASE_URL", "REDIS_URL")
        }
        spoken = clean | environment(made) | self._extra
        self.api = Process(["api", "serve", "--port", str(self.port)], spoken, self.home / "api.log")
        self.worker = Process(["api", "worker"], spoken, self.home / "worker.log")
        self.api.start()
        self.worker.start()
        self.wait_until_ready()

    def _settings(self, urls: Urls) -> Settings:
        made, _ = kit_settings.load(
            {},
            **sandbox.settings("127.0.0.1", self.port) | {"work_in_process": False},
            home=self.home,
            keys=self.home / "keys",
            database_url=urls.database,
            faces_database_url=urls.faces_database,
            redis_url=urls.redis,
        )
        return made

    def stop(self) -> None:
        """Also of a town that did not come to its feet."""
        for process in filter(None, (getattr(self, "api", None), getattr(self, "worker", None))):
            process.stop()
        self._engines.stop()

    def wait_until_ready(self, seconds: float = READY_SECONDS) -> float:
        """How long it took. Raises TimeoutError.

        A server whose worker dies twice within 5.5 s takes that for a crash loop and ends; it is started again from above, as
        `restart` in compose.yaml does.
        """
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            if self.api.ended():
                self.api.start()
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(f"{self.url}/ready", timeout=2).status_code == 200:
                    return time.monotonic() - began
            time.sleep(0.05)
        raise TimeoutError(f"not ready after {seconds} s; see {self.home}/api.log")

    def kill_api_workers(self) -> None:
        """SIGKILL to whatever answers requests; the server starts another by itself."""
        serving = self.api.workers()
        assert serving, "nobody serves: nothing would be killed"
        for pid in serving:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def kill_postgres(self) -> None:
        """SIGKILL to every process of the database, as a power cut would."""
        postmaster = int(next(self._base().glob("**/postmaster.pid")).read_text().split("\n", 1)[0])
        for pid in (postmaster, *children_of(postmaster)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        _wait_gone(postmaster)

    def kill_valkey(self) -> None:
        """SIGKILL; what it held is gone."""
        assert self.urls is not None
        sockets = Path(self.urls.redis.removeprefix("unix://")).parent
        pid = int((sockets / "valkey.pid").read_text())
        os.kill(pid, signal.SIGKILL)
        _wait_gone(pid)

    def start_engines(self) -> None:
        """Those that were killed; the rest runs on. A backend that outlives its postmaster for a moment keeps the next one out."""
        for _ in range(30):
            with contextlib.suppress(EngineTrouble):
                self._engines.start()
                return
            time.sleep(1)
        self._engines.start()

    def connect(self) -> "psycopg.Connection[Any]":
        assert self.urls is not None
        return psycopg.connect(self.urls.database, autocommit=True)

    def parent(self, *, anew: bool = False) -> "Client":
        """The parent's phone; signed in anew when asked, or before its token of ten minutes ends."""
        if anew or self._phone is None or time.monotonic() - self._signed_in_at > _SIGNED_IN_SECONDS:
            caller = _Patient(self.url, "citizen-app")
            caller.sign_in(PARENT)
            assert caller.token is not None
            self._phone, self._signed_in_at = Client(self.url, caller.device, caller.token), time.monotonic()
        return self._phone.twin()

    def unbound_token(self, scopes: list[str]) -> str:
        """For a foreign client that knows no device keys."""
        assert self.urls is not None
        made = self._settings(self.urls)

        async def issue() -> str:
            async with open_house(made) as house:
                contact = accounts.contact.parse(PARENT)
                assert contact is not None
                async with house.db.connect() as conn:
                    parent = await accounts.by_login(conn, house.keys, contact)
                assert parent is not None
                return await unbound_token(house, parent.id, scopes)

        return asyncio.run(issue())

    def drafts(self, client: "Client", count: int) -> list[Draft]:
        """One made over the API, the others copied from its rows, each with a child and a birth notification of its own."""
        _, opened = client.call("POST", "/v1/dossiers", json={"procedure": GROUP})
        path = f"/v1/dossiers/{opened['id']}"
        client.call("PATCH", f"{path}/form", json={"fields": ANSWERS}, headers={"If-Match": "*"})
        with self.connect() as conn:
            hand_in(conn, opened["id"])
        _, ready = client.call("GET", path)
        assert ready["faults"] == [], ready["faults"]
        with self.connect() as conn:
            copied = copy_drafts(conn, opened["id"], count)
        return [Draft(draft_id, os.urandom(16).hex()) for draft_id in copied]

    def _base(self) -> Path:
        return self._engines._base  # pyright: ignore[reportPrivateUsage]


async def unbound_token(house: House, account_id: str, scopes: list[str]) -> str:
    """A token bound to no key, by way of a code like any other: what is measured or driven must not sign each call."""
    verifier = "v" * 43
    challenge = rfc7515.b64url(hashlib.sha256(verifier.encode()).digest())
    async with house.db.begin() as conn:
        if await tokens_store.client(conn, _UNBOUND) is None:
            await tokens.register_client(
                conn, client_id=_UNBOUND, name=_UNBOUND, kind="public", grants=["authorization_code"], dpop_required=False,
                scopes=scopes, first_party=True,
            )  # fmt: skip
        code = await house.issuer.issue_code(
            conn, client_id=_UNBOUND, account_id=account_id, code_challenge=challenge, jkt=None, scope=None, amr=["otp"],
            auth_time=clock.now(),
        )  # fmt: skip
        client = await tokens.known_client(conn, _UNBOUND)
        reply = await redeeming.redeem(conn, house.issuer, client, code=code, verifier=verifier, jkt=None)
    assert not isinstance(reply, Exception)
    return reply.access_token


def hand_in(conn: "psycopg.Connection[Any]", draft_id: str) -> None:
    """The rows of the one paper a birth asks for, without its bytes: no row of these looks into a file."""
    upload_id = ids.new_id("upl")
    paper = {"dossier": draft_id, "upload": upload_id, "sha256": bytes(32)}
    conn.execute(
        "insert into uploads (id, account_id, dossier_id, sha256, size_bytes, media_type, pages, uploaded_at)"
        " select %(upload)s, account_id, id, %(sha256)s, 1000, 'application/pdf', 1, now() from dossiers where id = %(dossier)s",
        paper,
    )
    conn.execute(
        "insert into documents (dossier_id, kind, upload_id, sha256, media_type, size_bytes, attached_at)"
        " values (%(dossier)s, 'birth_notification', %(upload)s, %(sha256)s, 'application/pdf', 1000, now())",
        paper,
    )


def copy_drafts(
    conn: "psycopg.Connection[Any]", template: str, count: int, *, first: int = 0, more: Sequence[dict[str, Any]] = ()
) -> list[str]:
    """Copies of a draft's rows; each child has a name and a birth notification of its own, and what `more` says in turn."""
    dossiers = [ids.new_id("dos") for _ in range(count)]
    said = [Jsonb(_child(first + n, more[n % len(more)] if more else {})) for n in range(count)]
    with conn.transaction():
        conn.execute(
            """
            insert into dossiers (id, account_id, procedure, procedure_version, options, status, form, opened_at, changed_at)
            select n.id, d.account_id, d.procedure, d.procedure_version, d.options, 'draft', d.form || n.said, d.opened_at,
              d.changed_at
            from unnest(%s::text[], %s::jsonb[]) as n (id, said), dossiers d where d.id = %s
            """,
            (dossiers, said, template),
        )
        conn.execute(
            """
            with papers as (
              select n.id as dossier_id, 'upl_' || substr(n.id, 5) as upload_id, p.kind, p.sha256, p.media_type, p.size_bytes,
                p.attached_at, d.account_id
              from unnest(%s::text[]) as n (id), documents p join dossiers d on d.id = p.dossier_id where d.id = %s
            ), files as (
              insert into uploads (id, account_id, dossier_id, sha256, size_bytes, media_type, uploaded_at)
              select upload_id, account_id, dossier_id, sha256, size_bytes, media_type, attached_at from papers
            )
            insert into documents (dossier_id, kind, upload_id, sha256, media_type, size_bytes, attached_at)
            select dossier_id, kind, upload_id, sha256, media_type, size_bytes, attached_at from papers
            """,
            (dossiers, template),
        )
    return dossiers


def _child(n: int, more: dict[str, Any]) -> dict[str, Any]:
    def answered(value: Any) -> dict[str, Any]:
        return {"value": value, "source": "citizen", "locked": False}

    base = len(_SYLLABLES)
    words = [_SYLLABLES[n // base**place % base] for place in range(5)]
    return {path: answered(value) for path, value in more.items()} | {
        "child.full_name": answered(f"Hoàng {' '.join(words)}"),
        "birth_notification.number": answered(f"{n % 100_000:05d}.GCS.{10_000 + n // 100_000:05d}.26"),
    }


class Client:
    """A phone: it signs each call with its device key, and tells what came back or that nothing did."""

    def __init__(self, url: str, device: Device, token: str) -> None:
        self.url, self.device, self.token = url, device, token
        self._http = httpx.Client(base_url=url, timeout=_PATIENCE_SECONDS)

    def twin(self, url: str | None = None) -> "Client":
        """The same phone on another connection, by way of another address perhaps."""
        twin = Client(url or self.url, self.device, self.token)
        twin._signed_for = self._signed_for
        return twin

    _signed_for: str | None = None

    def by_way_of(self, url: str) -> "Client":
        """Through a proxy; what is signed is the server's own address."""
        twin = self.twin(url)
        twin._signed_for = self.url
        return twin

    def call(self, method: str, path: str, **rest: Any) -> tuple[int, Any]:
        """Status and decoded body. Raises httpx.TransportError when no answer came, AssertionError for an answer that tells
        too much or too little (I7)."""
        headers = self.device.headers(method, (self._signed_for or self.url) + path, self.token) | rest.pop(
            "headers", {}
        )
        answer = self._http.request(method, path, headers=headers, **rest)
        body = answer.json() if "json" in answer.headers.get("content-type", "") else answer.content
        if answer.status_code >= 400:
            refuse_chatter(answer)
        return answer.status_code, body

    def again(self) -> None:
        """A new connection; the old one died with the server."""
        self._http.close()
        self._http = httpx.Client(base_url=self.url, timeout=_PATIENCE_SECONDS)

    def submit(self, draft: Draft) -> str | None:
        """The receipt code; None when nobody knows."""
        began = time.monotonic()
        try:
            status, body = self.call(
                "POST", f"/v1/dossiers/{draft.id}/submission", headers={"Idempotency-Key": draft.key}
            )
        except httpx.TransportError:
            self.again()
            return None
        if status == 201:
            return body["receipt_code"]
        if status in (409, 429, 503) and body["code"] != "already-submitted":
            return None
        # It waited for a server longer than what it was signed with holds: it is signed anew, and sent again.
        if (status, body["code"]) == (401, "invalid-dpop-proof") and time.monotonic() - began > _PROOF_SECONDS:
            return None
        raise AssertionError(f"{draft.id}: {status} {body}")


def refuse_chatter(answer: httpx.Response) -> None:
    """I7: every refusal is a problem document with a stable code, says when to come back where apt, and nothing of the inside."""
    assert answer.headers["content-type"].startswith("application/problem+json"), answer.text[:300]
    body = answer.json()
    assert body["code"], body
    if answer.status_code in (429, 503):
        assert int(answer.headers["retry-after"]) > 0, body
    assert not any(word in answer.text for word in ("Traceback", "psycopg", "sqlalchemy", "select ", "/site-packages/"))


def children_of(pid: int) -> list[int]:
    found: list[int] = []
    for thread in Path(f"/proc/{pid}/task").glob("*"):
        with contextlib.suppress(OSError):
            found += map(int, (thread / "children").read_text().split())
    return found


def _wait_gone(pid: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and Path(f"/proc/{pid}").exists():
        if "\nState:\tZ" in _status(pid):
            return
        time.sleep(0.01)


def _status(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return "\nState:\tZ"


def in_parallel(work: Iterable[Any], at_once: int) -> list[Any]:
    """The answers of callables, this many at a time."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(at_once) as threads:
        return list(threads.map(lambda one: one(), work))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
