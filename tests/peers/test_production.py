"""The commands of the Dockerfile in production settings, on engines that are not the process's own."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import msgspec
import psycopg
import pytest

from benchmarks.faults.town import children_of
from kit import keys
from kit.engines import Urls

pytestmark = pytest.mark.slow


@pytest.fixture
def environ(engines: Urls, database_url: str, faces_database_url: str, tmp_path: Path) -> dict[str, str]:
    keys.create(tmp_path / "keys")
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MOTCUA_")}
    return clean | {
        "MOTCUA_ENVIRONMENT": "production",
        "MOTCUA_HOME": str(tmp_path / "home"),
        "MOTCUA_KEYS": str(tmp_path / "keys"),
        "MOTCUA_PUBLIC_URL": "https://motcua.test",
        "DATABASE_URL": database_url,
        "FACES_DATABASE_URL": faces_database_url,
        "REDIS_URL": engines.redis,
    }


def _motcua(environ: dict[str, str], *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "api", *arguments], env=environ, capture_output=True, text=True, timeout=120, check=False
    )


class Served(msgspec.Struct):
    """Two processes of the API under one supervisor."""

    url: str
    process: "subprocess.Popen[bytes]"

    def workers(self) -> set[int]:
        found: set[int] = set()
        for child in children_of(self.process.pid):
            if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
                found.add(child)
        return found


@pytest.fixture
def served(environ: dict[str, str]) -> Iterator[Served]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert _motcua(environ, "db", "upgrade").returncode == 0
    command = [sys.executable, "-m", "api", "serve", "--port", str(port), "--workers", "2"]
    process = subprocess.Popen(
        command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
    )
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        assert process.poll() is None, process.stderr and process.stderr.read()
        try:
            if httpx.get(f"{url}/ready", timeout=2).status_code == 200:
                break
        except httpx.TransportError:
            time.sleep(0.2)
    else:
        pytest.fail("the server was not ready in time")
    yield Served(url, process)
    process.send_signal(signal.SIGTERM)
    process.wait(40)


def until(true: Callable[[], bool], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "never true"
        time.sleep(0.1)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/ready", timeout=2).status_code == 200
    except httpx.TransportError:
        return False


def test_a_killed_process_is_replaced_and_none_outlives_its_supervisor(served: Served) -> None:
    until(lambda: len(served.workers()) == 2)
    first, second = served.workers()
    os.kill(first, signal.SIGKILL)
    until(lambda: len(served.workers()) == 2 and first not in served.workers())
    assert second in served.workers()
    until(lambda: all(_answers(served.url) for _ in range(10)))
    served.process.kill()
    # Nobody holds the port any more: the next start finds it free.
    until(lambda: not _answers(served.url))


def test_two_api_processes_serve_and_show_nothing_of_the_sandbox(served: Served) -> None:
    assert httpx.get(f"{served.url}/health").json() == {"status": "ok"}
    assert httpx.get(f"{served.url}/sandbox/inbox.json").status_code == 404
    assert "max-age=" in httpx.get(f"{served.url}/health").headers["strict-transport-security"]
    discovery = httpx.get(f"{served.url}/.well-known/openid-configuration", headers={"Host": "evil.test"}).json()
    assert discovery["issuer"] == "https://motcua.test"
    # What the Dockerfile's HEALTHCHECK runs, with this server's address.
    code = f"import urllib.request; urllib.request.urlopen('{served.url}/health', timeout=2)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_a_development_adapter_is_refused_by_name(environ: dict[str, str], command: str) -> None:
    done = _motcua(environ | {"MOTCUA_PIN_ISSUER": "sandbox"}, command)
    assert done.returncode == 2
    assert "SandboxPins" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr


def test_a_server_that_would_lose_a_commit_is_refused(environ: dict[str, str]) -> None:
    with psycopg.connect(environ["DATABASE_URL"], autocommit=True) as conn:
        conn.execute(f'alter database "{conn.info.dbname}" set synchronous_commit = off')
        try:
            done = _motcua(environ, "serve")
        finally:
            conn.execute(f'alter database "{conn.info.dbname}" reset synchronous_commit')
    assert done.returncode == 3
    assert "synchronous_commit" in done.stderr


def test_a_server_that_trusts_everybody_is_refused(environ: dict[str, str], tmp_path: Path) -> None:
    """`trust` in pg_hba.conf, on a cluster made for this."""
    from kit.engines import Engines

    engines = Engines(tmp_path / "trusting")
    urls = engines.start()
    try:
        data = engines._data  # pyright: ignore[reportPrivateUsage]
        (data / "pg_hba.conf").write_text("local all all trust\n")
        engines._run(  # pyright: ignore[reportPrivateUsage]
            [engines._postgres_binaries() / "pg_ctl", "-D", data, "reload"],  # pyright: ignore[reportPrivateUsage]
            failure="reload",
        )
        time.sleep(0.5)
        done = _motcua(environ | {"DATABASE_URL": urls.database, "FACES_DATABASE_URL": urls.faces_database}, "serve")
    finally:
        engines.stop()
    assert done.returncode == 3, done.stderr
    assert "trust" in done.stderr
