"""The one way to PostgreSQL: psycopg 3 under SQLAlchemy, UTC, short locks, JSON by msgspec."""

import secrets
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, LiteralString, cast

import msgspec
import psycopg
from psycopg._preparing import PrepareManager
from psycopg.abc import QueryNoTemplate
from psycopg.pq import ConnStatus
from psycopg.rows import namedtuple_row
from psycopg.types.json import set_json_dumps, set_json_loads
from psycopg_pool import AsyncConnectionPool
from sqlalchemy import DateTime, MetaData, Table, Text, event, exc, func, make_url, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from kit import clock
from kit.line import Line
from kit.waiting import Waiting

# One way to read and write JSON, whichever way a statement goes.
set_json_loads(msgspec.json.decode)
set_json_dumps(msgspec.json.encode)

_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

metadata = MetaData(naming_convention=_NAMES)
"""Every table of the city's database. Faces keep their own (`faces_metadata`), for they live in another database."""

faces_metadata = MetaData(naming_convention=_NAMES)

Id = Text
Instant = DateTime(timezone=True)
Json = JSONB(none_as_null=True)

_SESSION = {
    "timezone": "UTC",
    "lock_timeout": "5s",
    "statement_timeout": "30s",
    "idle_in_transaction_session_timeout": "60s",
    "application_name": "motcua",
}

# On a line a statement is planned once, perhaps while its tables are empty, and for good: it finds its rows by index, each for itself,
# or it would read whole tables once they have grown. Not by bitmap: such a scan does not mark the entries of rows that are gone, and goes
# through all of them again until the next vacuum.
_BY_INDEX = {f"enable_{way}": "off" for way in ("seqscan", "hashjoin", "mergejoin", "bitmapscan")} | {"jit": "off"}


def _options(settings: Mapping[str, str]) -> str:
    return " ".join(f"-c {name}={value}" for name, value in settings.items())


_CONNECT: dict[str, Any] = {"options": _options(_SESSION), "connect_timeout": 10}

_DURABLE = ("fsync", "synchronous_commit", "full_page_writes")


class _KeptStatements(PrepareManager):
    """Prepared statements outlive a rollback, as they do in PostgreSQL.

    psycopg throws all of a connection's away at each, lest a table they name was made in the transaction: nothing here makes tables.
    Every read and every refusal ends in a rollback, and cost the next verb on that connection the planning of all its statements.
    """

    prepared_max = 400

    def clear(self) -> bool:
        return False


class _Connection(Waiting):
    """What everybody here gets."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._prepared = _KeptStatements()


class NotDurable(Exception):
    """The server would lose an acknowledged dossier in a crash; the process does not start on it."""


def to_json(value: Any) -> Any:
    """Structs, dates and sets as plain JSON values, ready for a jsonb column."""
    return msgspec.to_builtins(value, str_keys=True)


class TrustsEverybody(Exception):
    """The server lets anybody in without the password; production does not start on it."""


class Database:
    """A pool of connections. `begin` is a transaction: committed at the end of the block, rolled back by an exception."""

    def __init__(self, url: str, *, pool_size: int = 12) -> None:
        self.url = url
        self._pool_size = pool_size
        self._direct: AsyncConnectionPool[psycopg.AsyncConnection[Any]] | None = None
        self.engine: AsyncEngine = create_async_engine(
            dialect_url(url),
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=5,
            connect_args={**_CONNECT, "async_creator_fn": _Connection.connect},
            json_deserializer=msgspec.json.decode,
            # An error's text goes to the log; what was to be written is people's names and days of birth.
            hide_parameters=True,
        )
        event.listen(self.engine.sync_engine, "checkout", _refuse_the_dead)

    @asynccontextmanager
    async def begin(self) -> AsyncGenerator[AsyncConnection]:
        async with self.engine.begin() as conn:
            yield conn

    @asynccontextmanager
    async def connect(self) -> AsyncGenerator[AsyncConnection]:
        """For reads; whatever is written here is rolled back."""
        async with self.engine.connect() as conn:
            yield conn

    @asynccontextmanager
    async def snapshot(self) -> AsyncGenerator[AsyncConnection]:
        """For several reads that must fit together: all see one moment, whatever commits in between."""
        async with self.engine.connect() as conn:
            yield await conn.execution_options(isolation_level="REPEATABLE READ")

    def line(self) -> Line:
        """A connection beside the pool; closed by whoever asked for it."""
        return Line(self.url, _CONNECT | {"options": _options(_SESSION | _BY_INDEX)})

    @asynccontextmanager
    async def direct(self) -> AsyncGenerator[psycopg.AsyncConnection[Any]]:
        """For hot reads of one statement: psycopg without a transaction around it and SQLAlchemy above it.

        A connection the server has closed meanwhile is replaced before it is given out. Raises psycopg.OperationalError.
        """
        if self._direct is None:
            self._direct = AsyncConnectionPool(
                self.url.replace("postgresql+psycopg://", "postgresql://"),
                connection_class=_Connection,
                min_size=0,
                max_size=max(2, self._pool_size // 2),
                timeout=5,
                kwargs={**_CONNECT, "autocommit": True},
                check=_closed_meanwhile,
                open=False,
            )
        if self._direct.closed:
            await self._direct.open()
        async with self._direct.connection() as conn:
            yield conn

    async def close(self) -> None:
        if self._direct is not None:
            await self._direct.close()
        await self.engine.dispose()

    async def refuse_unless_durable(self) -> None:
        """Raises NotDurable naming each setting that is off."""
        async with self.connect() as conn:
            raw_conn = await raw(conn)
            off: list[str] = []
            for name in _DURABLE:
                row = await (await raw_conn.execute(f"show {name}")).fetchone()
                if row is None or row[0] not in ("on", "remote_apply", "remote_write"):
                    off.append(name)
        if off:
            raise NotDurable(
                f"PostgreSQL runs with {', '.join(off)} off. Turn on in postgresql.conf, reload, start again."
            )

    async def refuse_if_trusting(self) -> None:
        """Raises TrustsEverybody when a made-up password opens the door (`trust` in pg_hba.conf)."""
        guessed = make_url(self.url).set(drivername="postgresql", password=secrets.token_hex(8))
        try:
            stranger = await psycopg.AsyncConnection.connect(
                guessed.render_as_string(hide_password=False), connect_timeout=10
            )
        except psycopg.OperationalError:
            return
        await stranger.close()
        raise TrustsEverybody(
            f"PostgreSQL lets {guessed.username} in with any password (trust). Use scram-sha-256 in pg_hba.conf, reload, start again."
        )


async def _closed_meanwhile(conn: psycopg.AsyncConnection[Any]) -> None:
    """Raises psycopg.OperationalError for a connection the server has closed."""
    _look(conn)


def _refuse_the_dead(connection: Any, _record: Any, _proxied: Any) -> None:
    """Of a connection that SQLAlchemy gives out: one the server has closed is replaced, and so are those as old."""
    try:
        _look(connection.driver_connection)
    except psycopg.OperationalError as error:
        raise exc.InvalidatePoolError from error


def _look(conn: psycopg.AsyncConnection[Any]) -> None:
    """What a server that went away left in the socket is read without asking it anything, which would be a round trip more for each
    transaction. Raises psycopg.OperationalError."""
    # Twice: a server that says why it goes has its words read first, and its going only then.
    conn.pgconn.consume_input()
    conn.pgconn.consume_input()
    if conn.pgconn.status != ConnStatus.OK:
        raise psycopg.OperationalError("the server has closed this connection")


Direct = psycopg.AsyncConnection[Any]
"""A connection as `Database.direct` gives it: a transaction for each statement."""


async def raw(conn: AsyncConnection | Direct) -> psycopg.AsyncConnection[Any]:
    """The psycopg connection beneath, in the same transaction: for hot statements, COPY and deferring jobs."""
    if isinstance(conn, psycopg.AsyncConnection):
        return conn
    proxied = conn.sync_connection
    # There already, unless it was lost: then it has to be fetched.
    beneath = (
        (await conn.get_raw_connection()).driver_connection
        if proxied is None or proxied.invalidated
        else proxied.connection.driver_connection
    )
    assert isinstance(beneath, psycopg.AsyncConnection)
    return beneath


async def write(conn: AsyncConnection, query: QueryNoTemplate, args: Sequence[Any] | Mapping[str, Any] = ()) -> int:
    """One prepared statement in the caller's transaction that gives no rows; how many it wrote."""
    return (await (await raw(conn)).execute(query, args, prepare=True)).rowcount


async def rows(conn: AsyncConnection, query: LiteralString, args: Sequence[Any] | Mapping[str, Any] = ()) -> list[Any]:
    """The rows of one prepared statement in the caller's transaction, columns as attributes: for hot reads, a sixth of what the
    same statement takes by way of SQLAlchemy."""
    async with (await raw(conn)).cursor(row_factory=namedtuple_row) as cursor:
        await cursor.execute(query, args, prepare=True)
        return await cursor.fetchall()


TEXTS: LiteralString = "(select %s::text[])"
"""A parameter of several texts whose number the planner does not see. Where it does, it counts them, finds that a plan for so few is
cheaper than one for any number, and plans the statement anew at each call, which takes longer than the statement does."""


def every(table: Table) -> LiteralString:
    """A table's columns, each by its name: under `*` a prepared statement breaks when a migration adds one."""
    return cast("LiteralString", ", ".join(f'"{table.name}"."{column.name}"' for column in table.columns))


def select_from(table: Table, rest: LiteralString, *, more: LiteralString = "") -> LiteralString:
    """`select` of every column of a table, and `more`, for `rows`."""
    return "select " + every(table) + more + " from " + cast("LiteralString", table.name) + " " + rest  # noqa: S608 - our names


def dialect_url(url: str) -> str:
    """`postgresql://…` as SQLAlchemy wants it for psycopg 3."""
    head, _, rest = url.partition("://")
    if head not in ("postgresql", "postgres", "postgresql+psycopg"):
        raise ValueError(f"{head}:// is no PostgreSQL address")
    return f"postgresql+psycopg://{rest}"


class Backlog(msgspec.Struct, frozen=True):
    """What waits in a table that is drained: how much, since when it was due, how much was given up."""

    waiting: int
    due_at: datetime | None
    """When the first of it should have left, or should leave."""
    dead: int = 0

    @property
    def late_seconds(self) -> float:
        """How long the first of it has been due; 0 while nothing is."""
        return 0.0 if self.due_at is None else max(0.0, (clock.now() - self.due_at).total_seconds())


async def backlog(conn: AsyncConnection, table: Table) -> Backlog:
    """Of a table with `next_attempt_at` and, unless all its rows wait, `state` (`waiting`, `dead`), each with its partial index."""
    waiting, dead = select(func.count(), func.min(table.c.next_attempt_at)), 0
    if "state" in table.c:
        waiting = waiting.where(table.c.state == "waiting")
        dead = await conn.scalar(select(func.count()).select_from(table).where(table.c.state == "dead")) or 0
    count, due_at = (await conn.execute(waiting)).one()
    return Backlog(count, due_at, dead)
