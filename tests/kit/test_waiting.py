"""Answers are waited for with one watch of the socket per transaction: whatever happens meanwhile, the next question is answered."""

import asyncio
import queue
import select
import socket
import threading
import time
from pathlib import Path

import psycopg
import pytest
import uvloop
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import make_url
from sqlalchemy.exc import OperationalError

from kit.db import Database, raw, rows
from kit.waiting import Waiting

pytestmark = pytest.mark.anyio


async def beneath(db: Database) -> Waiting:
    """The connection of a pool of one."""
    async with db.connect() as conn:
        found = await raw(conn)
    assert isinstance(found, Waiting)
    return found


@pytest.fixture
async def one(database_url: str):
    db = Database(database_url, pool_size=1)
    yield db
    await db.close()


async def test_the_socket_is_watched_within_a_transaction_only(one: Database) -> None:
    async with one.begin() as conn:
        found = await raw(conn)
        assert isinstance(found, Waiting)
        await rows(conn, "select 1 as n")
        assert found.watched
    assert not found.watched
    async with one.direct() as direct:
        await direct.execute("select 1")
        assert isinstance(direct, Waiting)
        assert not direct.watched


async def test_who_gives_up_leaves_a_connection_that_answers(one: Database) -> None:
    """Its statement is cancelled on the server: it would hold the connection, and its locks, for as long as it runs."""
    before = await beneath(one)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2), one.begin() as conn:
            await rows(conn, "select 1 as n from pg_sleep(20)")
    async with asyncio.timeout(5), one.begin() as conn:
        assert (await rows(conn, "select 2 as n"))[0].n == 2
        # Nothing of the wait that was given up is taken for the next one's.
        assert (await rows(conn, "select 3 as n"))[0].n == 3
        assert await raw(conn) is before


async def test_a_server_that_goes_in_mid_transaction(one: Database, db: Database) -> None:
    """Idle in its transaction, and in the middle of a statement: it is told, and the next transaction has another connection."""
    for statement in (None, "select 1 as n from pg_sleep(20)"):
        with pytest.raises((psycopg.OperationalError, OperationalError)):
            async with one.begin() as conn:
                found = await raw(conn)
                asking = asyncio.create_task(rows(conn, statement)) if statement else None
                await asyncio.sleep(0.1)
                async with db.begin() as other:
                    await (await raw(other)).execute("select pg_terminate_backend(%s, 5000)", (found.info.backend_pid,))
                await asyncio.sleep(0.1)
                await (asking or rows(conn, "select 1 as n"))
        async with one.begin() as conn:
            assert (await rows(conn, "select 2 as n"))[0].n == 2


async def test_more_than_a_socket_holds(one: Database) -> None:
    much = "x" * 8_000_000
    async with one.begin() as conn:
        assert (await rows(conn, "select length(%s) as n", (much,)))[0].n == len(much)
        assert len((await rows(conn, "select repeat('y', 8000000) as much"))[0].much) == 8_000_000
        assert (await rows(conn, "select 1 as n"))[0].n == 1


async def test_notices_between_two_questions_are_nothing(one: Database) -> None:
    async with one.begin() as conn:
        await (await raw(conn)).execute("do $$ begin raise warning 'heard'; end $$")
        await asyncio.sleep(0.05)
        assert (await rows(conn, "select 1 as n"))[0].n == 1


async def test_the_number_of_a_closed_socket_belongs_to_the_next(database_url: str) -> None:
    """Each connection is closed in mid-transaction; the next one's socket has its number, and is heard."""
    for _ in range(3):
        conn = await Waiting.connect(database_url.replace("postgresql+psycopg://", "postgresql://"))
        await conn.execute("select 1")
        await conn.close()
        assert not conn.watched


def _says_why_and_dies(
    listening: socket.socket, database: str, loops: "queue.SimpleQueue[asyncio.AbstractEventLoop]"
) -> None:
    """In the server's place, as its backends die at an immediate stop: everything passes until a statement `select 2` comes, which is left
    unread behind a notice."""
    client, _ = listening.accept()
    with client, socket.socket(socket.AF_UNIX) as server:
        server.connect(database)
        passing = {client: server, server: client}
        while True:
            for one in select.select(list(passing), [], [])[0]:
                if one is client and b"select 2" in client.recv(65_536, socket.MSG_PEEK):
                    told = b"SWARNING\0C57P02\0Mterminating connection\0\0"
                    # The loop looks up when both have happened.
                    loops.get().call_soon_threadsafe(time.sleep, 0.3)
                    time.sleep(0.1)
                    client.sendall(b"N" + (len(told) + 4).to_bytes(4, "big") + told)
                    return
                if not (said := one.recv(65_536)):
                    return
                passing[one].sendall(said)


@pytest.mark.parametrize("way", ["transaction", "line"])
def test_a_server_that_says_why_it_goes_and_leaves_a_statement_unread(
    database_url: str, tmp_path: Path, way: str
) -> None:
    """On the loop that serves: uvloop tells of such a socket once, and that once it is the notice that is read."""
    asked = conninfo_to_dict(database_url.replace("postgresql+psycopg://", "postgresql://"))
    here = make_url(database_url).update_query_dict({"host": str(tmp_path)}).render_as_string(hide_password=False)

    loops = queue.SimpleQueue[asyncio.AbstractEventLoop]()

    async def ask() -> None:
        loops.put(asyncio.get_running_loop())
        db = Database(here, pool_size=1)
        line, patience = db.line(), asyncio.timeout(20)
        try:
            async with patience:
                if way == "line":
                    assert await line.ask("select to_json(1) where $1::json is not null", {}) == b"1"
                    await line.ask("select 2 where $1::json is not null", {})
                async with db.begin() as conn:
                    await rows(conn, "select 1 as n")
                    await rows(conn, "select 2 as n")
        finally:
            assert not patience.expired(), "it would have waited for ever"
            await line.close()
            await db.close()

    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / ".s.PGSQL.5432"))
        listening.listen()
        server = f"{asked['host']}/.s.PGSQL.{asked.get('port', 5432)}"
        dying = threading.Thread(target=_says_why_and_dies, args=(listening, server, loops))
        dying.start()
        with pytest.raises((psycopg.OperationalError, OperationalError)):
            uvloop.run(ask())
        dying.join()
