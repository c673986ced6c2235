"""The embedded engines: started once, shared, never opened twice, stopped in order."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg
import pytest

from kit.db import Database, NotDurable
from kit.engines import Engines, EngineTrouble

_USE = """
import sys
import tempfile
from pathlib import Path
from kit.engines import Engines
engines = Engines(Path(sys.argv[1]))
print(engines.start().database, flush=True)
sys.stdin.readline()
print(engines.stop(), flush=True)
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    # pytest's own folder is closed to other users, as a home under /root would be.
    return tmp_path_factory.mktemp("engines")


def _user(home: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", _USE, str(home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def test_two_processes_share_one_cluster_and_the_last_one_stops_it(home: Path) -> None:
    first, second = _user(home), _user(home)
    assert first.stdout
    assert second.stdout
    urls = {first.stdout.readline().strip(), second.stdout.readline().strip()}
    assert len(urls) == 1
    url = urls.pop()
    assert first.communicate("\n", timeout=60)[0].strip() == "False", "somebody still used it"
    with psycopg.connect(url) as conn:
        settings = {
            name: conn.execute(f"show {name}").fetchone()
            for name in ("fsync", "synchronous_commit", "full_page_writes")
        }
        assert set(settings.values()) == {("on",)}
        locale = conn.execute(
            "select datlocprovider, datlocale from pg_database where datname = current_database()"
        ).fetchone()
        assert locale == ("b", "C.UTF-8")
        assert conn.execute("select rolsuper from pg_roles where rolname = current_user").fetchone() == (False,)
    assert second.communicate("\n", timeout=60)[0].strip() == "True", "nobody used it any more"
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url)


def test_no_password_no_entry(home: Path) -> None:
    engines = Engines(home)
    url = engines.start().database
    try:
        head, _, tail = url.partition("@")
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(f"{head.rsplit(':', 1)[0]}:wrong@{tail}")
    finally:
        engines.stop()


def test_a_killed_process_leaves_engines_that_the_next_one_reuses(home: Path) -> None:
    killed = _user(home)
    assert killed.stdout
    url = killed.stdout.readline().strip()
    with psycopg.connect(url) as conn:
        conn.execute("create table if not exists kept (n int)")
        conn.execute("insert into kept values (1)")
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    engines = Engines(home)
    assert engines.start().database == url
    with psycopg.connect(url) as conn:
        assert conn.execute("select n from kept").fetchone() == (1,)
    assert engines.stop() is True


def test_lost_passwords_are_told_not_guessed(home: Path) -> None:
    passwords = home / "postgres.json"
    hidden = passwords.rename(passwords.with_suffix(".hidden"))
    try:
        with pytest.raises(EngineTrouble, match=r"Restore that file"):
            Engines(home).start()
    finally:
        hidden.rename(passwords)


def test_a_foreign_server_on_the_data_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody starts the same data directory by hand, on a socket of his own: we do not open it a second time."""
    monkeypatch.setattr("kit.engines._RECOVERY_SECONDS", 2)
    engines = Engines(home)
    engines.start()
    engines.stop()
    data = engines._data  # pyright: ignore[reportPrivateUsage]
    elsewhere = Path(tempfile.mkdtemp(dir="/tmp"))
    elsewhere.chmod(0o777)
    binaries = engines._postgres_binaries()  # pyright: ignore[reportPrivateUsage]
    command = [
        binaries / "pg_ctl",
        "-D",
        data,
        "-w",
        "-l",
        data / "foreign.log",
        "-o",
        f"-c listen_addresses= -k {elsewhere}",
        "start",
    ]
    engines._run(command, failure="foreign server")  # pyright: ignore[reportPrivateUsage]
    try:
        with pytest.raises(EngineTrouble, match=r"another PostgreSQL|open in another"):
            Engines(home).start()
    finally:
        engines._run([binaries / "pg_ctl", "-D", data, "-w", "-m", "fast", "stop"], failure="stop")  # pyright: ignore[reportPrivateUsage]


@pytest.mark.anyio
async def test_a_server_that_would_lose_a_commit_is_refused(engines: object, database_url: str) -> None:
    sound = Database(database_url)
    await sound.refuse_unless_durable()
    await sound.close()
    lossy = Database(database_url)
    with psycopg.connect(database_url, autocommit=True) as conn:
        name = conn.info.dbname
        conn.execute(f'alter database "{name}" set synchronous_commit = off')
    try:
        with pytest.raises(NotDurable, match="synchronous_commit"):
            await lossy.refuse_unless_durable()
    finally:
        await lossy.close()
        with psycopg.connect(database_url, autocommit=True) as conn:
            conn.execute(f'alter database "{name}" reset synchronous_commit')


def test_start_waits_for_the_other_starter(home: Path) -> None:
    """Six at once on an empty home: one makes the cluster, all get it."""
    fresh = home / "six"
    fresh.mkdir()
    users = [_user(fresh) for _ in range(6)]
    urls = {user.stdout.readline().strip() for user in users if user.stdout}
    assert len(urls) == 1
    answers = [user.communicate("\n", timeout=120)[0].strip() for user in users]
    assert answers.count("True") == 1
