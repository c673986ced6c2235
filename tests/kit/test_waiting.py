"""Answers are waited for with one watch of the socket per transaction: whatever happens meanwhile, the next question is answered."""

import asyncio

import psycopg
import pytest
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
