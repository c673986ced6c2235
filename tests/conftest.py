"""The engines, a fresh database, and the whole city in process."""

import contextlib
import hashlib
import os
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import msgspec
import psycopg
import pytest
from psycopg import sql

import migrations
from api import sandbox
from api.app import create_app
from api.wiring import WARM, WARM_FOR_FILES
from kit import keys
from kit import settings as kit_settings
from kit.db import Database
from kit.engines import Engines, Urls
from kit.pool import InferencePool
from kit.settings import Settings
from tests.people import CityPeople

HOME = Path(os.environ.get("MOTCUA_TEST_HOME", ".motcua/tests")).resolve()


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def engines() -> Iterator[Urls]:
    """The embedded engines of the tests, kept between runs, stopped after."""
    HOME.mkdir(parents=True, exist_ok=True)
    keys.create(HOME / "keys")
    running = Engines(HOME)
    yield running.start()
    running.stop()


def _admin(url: str) -> "psycopg.Connection[tuple[object, ...]]":
    return psycopg.connect(url, autocommit=True)


def _template(url: str, chain: migrations.Chain) -> str:
    """The name of a migrated database to copy from; made once per state of the migrations."""
    folder = Path(migrations.__file__).parent / ("faces/versions" if chain == "faces" else "versions")
    state = hashlib.sha256(b"".join(file.read_bytes() for file in sorted(folder.glob("*.py")))).hexdigest()[:12]
    name = f"template_{chain}_{state}"
    with _admin(url) as conn:
        # One worker makes it; the others wait, until that one's connection ends.
        conn.execute("select pg_advisory_lock(hashtextextended(%s, 0))", (name,))
        if conn.execute("select 1 from pg_database where datname = %s", (name,)).fetchone():
            return name
        part = f"{name}_part"
        conn.execute(sql.SQL("drop database if exists {}").format(sql.Identifier(part)))
        conn.execute(sql.SQL("create database {}").format(sql.Identifier(part)))
        migrations.upgrade(with_database(url, part), chain)
        conn.execute(sql.SQL("alter database {} rename to {}").format(sql.Identifier(part), sql.Identifier(name)))
    return name


def with_database(url: str, name: str) -> str:
    """The same server and role, another database."""
    head, _, tail = url.partition("?")
    return f"{head.rsplit('/', 1)[0]}/{name}?{tail}"


@contextlib.contextmanager
def fresh_database(url: str, chain: migrations.Chain) -> Iterator[str]:
    """The URL of a migrated, empty database of the caller's own, dropped after."""
    template = _template(url, chain)
    name = f"test_{chain}_{os.getpid()}_{os.urandom(4).hex()}"
    with _admin(url) as conn:
        conn.execute(
            sql.SQL("create database {} template {} strategy file_copy").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
    try:
        yield with_database(url, name)
    finally:
        with _admin(url) as conn:
            drop_database(conn, name)


def drop_database(conn: "psycopg.Connection[tuple[object, ...]]", name: str) -> None:
    """With whoever is still connected; but for PostgreSQL's own autovacuum, which a plain role may not end and waits for."""
    drop = sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
    for _ in range(40):
        with contextlib.suppress(psycopg.errors.InsufficientPrivilege):
            conn.execute(drop)
            return
        time.sleep(0.25)
    conn.execute(drop)


@pytest.fixture(scope="module")
def database_url(engines: Urls) -> Iterator[str]:
    with fresh_database(engines.database, "city") as url:
        yield url


@pytest.fixture(scope="module")
def faces_database_url(engines: Urls) -> Iterator[str]:
    with fresh_database(engines.faces_database, "faces") as url:
        yield url


@pytest.fixture(scope="module")
async def db(database_url: str) -> AsyncIterator[Database]:
    """The city's database, migrated and empty, one per module."""
    database = Database(database_url)
    yield database
    await database.close()


@pytest.fixture(scope="module")
async def faces_db(faces_database_url: str) -> AsyncIterator[Database]:
    database = Database(faces_database_url)
    yield database
    await database.close()


@pytest.fixture(scope="session")
def pool() -> Iterator[InferencePool]:
    """One set of models for the whole run; its processes start at the first photo."""
    shared = InferencePool(workers=1, queue=64, warm=WARM)
    yield shared
    shared.close()


@pytest.fixture(scope="session")
def files() -> Iterator[InferencePool]:
    """The worker that looks at files, one for the whole run."""
    shared = InferencePool(workers=1, queue=64, warm=WARM_FOR_FILES)
    yield shared
    shared.close()


@pytest.fixture(scope="module")
def settings(
    engines: Urls, database_url: str, faces_database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Settings:
    """The sandbox's settings on databases of this module's own."""
    made, _ = kit_settings.load(
        {},
        **sandbox.settings("127.0.0.1", 8000),
        home=tmp_path_factory.mktemp("home"),
        keys=HOME / "keys",
        database_url=database_url,
        faces_database_url=faces_database_url,
        # Tests run beside these ones, and begin by forgetting everything: each worker has a database of its own.
        redis_url=f"{engines.redis}?db={1 + int(os.environ.get('PYTEST_XDIST_WORKER', 'gw0').removeprefix('gw'))}",
        database_pool_size=20,
    )
    # Tests run the jobs themselves, when they want them run.
    return msgspec.structs.replace(made, work_in_process=False)


@pytest.fixture(scope="module")
async def city(settings: Settings, pool: InferencePool, files: InferencePool) -> AsyncIterator[CityPeople]:
    """The whole app in process, furnished as the sandbox, with the people everyone knows signed in on demand."""
    furnished = await sandbox.furnish(settings)
    app = create_app(settings, pool=pool, files=files)
    async with app.lifespan():
        # Each module is another set of callers: counts of the last one must not refuse this one.
        await app.state.house.valkey.forget_everything()
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=settings.public_url) as client:
            yield CityPeople(app, client, furnished)
