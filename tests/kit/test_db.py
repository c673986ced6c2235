"""Transactions: what a snapshot sees, and that nothing of it stays on the pooled connection."""

from typing import LiteralString

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from kit.db import TEXTS, Database, raw, rows

pytestmark = pytest.mark.anyio


async def isolation(conn: AsyncConnection) -> str:
    return (await conn.execute(text("show transaction_isolation"))).scalar_one()


async def test_a_snapshot_sees_one_moment_and_leaves_the_connection_as_it_was(database_url: str) -> None:
    db, other = Database(database_url, pool_size=1), Database(database_url, pool_size=1)
    count, add = text("select count(*) from seen"), text("insert into seen values (1)")
    try:
        async with other.begin() as writer:
            await writer.execute(text("create table seen (n int)"))
        async with db.snapshot() as conn:
            assert await isolation(conn) == "repeatable read"
            assert (await conn.execute(count)).scalar_one() == 0
            async with other.begin() as writer:
                await writer.execute(add)
            assert (await conn.execute(count)).scalar_one() == 0
        # The pool has one connection: it is the same one.
        async with db.begin() as conn:
            assert await isolation(conn) == "read committed"
            assert (await conn.execute(count)).scalar_one() == 1
    finally:
        await db.close()
        await other.close()


async def test_a_direct_connection_the_server_has_closed_is_replaced(db: Database) -> None:
    """A server that said why it went was taken for alive: its words were read, its going was not, and the next read failed."""
    async with db.direct() as conn:
        first = conn.info.backend_pid
    async with db.begin() as other:
        await (await raw(other)).execute("select pg_terminate_backend(%s, 5000)", (first,))
    async with db.direct() as conn:
        row = await (await conn.execute("select pg_backend_pid()")).fetchone()
    assert row is not None
    assert row[0] != first


async def test_a_pooled_connection_the_server_has_closed_is_replaced(database_url: str, db: Database) -> None:
    one = Database(database_url, pool_size=1)
    try:
        async with one.begin() as conn:
            first = (await raw(conn)).info.backend_pid
        async with db.begin() as other:
            await (await raw(other)).execute("select pg_terminate_backend(%s, 5000)", (first,))
        async with one.begin() as conn:
            assert [row.pid for row in await rows(conn, "select pg_backend_pid() as pid")] != [first]
    finally:
        await one.close()


async def test_a_rollback_leaves_what_was_prepared(database_url: str) -> None:
    """Each read and each refusal threw all prepared statements of its connection away, and the next verb planned them anew."""
    db = Database(database_url, pool_size=1)
    known = "select name from pg_prepared_statements where statement like 'select 40 + %%' order by name"
    try:
        for _ in range(2):
            with pytest.raises(ZeroDivisionError):
                async with db.begin() as conn:
                    assert [row.n for row in await rows(conn, "select 40 + %s::int as n", (2,))] == [42]
                    raise ZeroDivisionError
            async with db.connect() as conn:
                await rows(conn, "select 1")
        async with db.begin() as conn:
            assert len(await rows(conn, known)) == 1
            assert [row.name for row in await rows(conn, known)] == ["_pg3_0"]
    finally:
        await db.close()


@pytest.mark.parametrize(("texts", "kept"), [(TEXTS, True), ("%s::text[]", False)])
async def test_a_read_of_few_texts_keeps_its_plan(db: Database, texts: LiteralString, kept: bool) -> None:
    """The second is what PostgreSQL does where it sees how many are asked for; were it no longer so, TEXTS would be needless."""
    query = f"select many.id from unnest({texts}) as asked (id) join many on many.id = asked.id"
    async with db.begin() as conn:
        inner = await raw(conn)
        await inner.execute(
            "create temp table many on commit drop as select n::text as id from generate_series(1, 20000) n"
        )
        await inner.execute("create unique index on many (id)")
        await inner.execute("analyze many")
        for n in range(9):
            assert [row.id for row in await rows(conn, query, ([str(n + 1)],))] == [str(n + 1)]
        plans = "select generic_plans from pg_prepared_statements where statement like %s"
        (found,) = await rows(conn, plans, (query.replace("%s", "$1"),))
    # Planned anew five times, before PostgreSQL thinks of keeping a plan.
    assert found.generic_plans == (4 if kept else 0)
