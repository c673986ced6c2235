"""A connection to PostgreSQL beside the pool, for the few statements that machines ask all day: JSON in, JSON out, nothing between.

A cursor adapts every value, and enters the event loop anew for every answer: 130 µs of CPU for a small statement. By the same library's
`pq` it takes 20 (decision 0040).
"""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, LiteralString

import msgspec
import psycopg
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus

from kit.waiting import Watch

if TYPE_CHECKING:
    from psycopg.pq.abc import PGconn, PGresult


class Line:
    """Opened when it is first asked, and anew when it has died. What goes wrong on it costs the connection: nobody knows how it stands."""

    def __init__(self, url: str, connect: Mapping[str, Any]) -> None:
        self._url, self._connect = url.replace("postgresql+psycopg://", "postgresql://"), connect
        self._conn: psycopg.AsyncConnection[Any] | None = None
        self._watch: Watch | None = None
        self._prepared: dict[str, bytes] = {}
        self._heard: asyncio.Future[None] | None = None

    async def ask(self, statement: LiteralString, *sent: Any) -> bytes:
        """The one value, JSON, of a statement that takes some as `$1`, `$2`: a transaction of its own, prepared once. Asked by one at a time.

        Raises psycopg.Error.
        """
        try:
            pg = await self._living()
            name = self._prepared.get(statement)
            if name is None:
                name = f"line_{len(self._prepared)}".encode()
                pg.send_prepare(name, statement.encode())
                await self._result(pg)
                self._prepared[statement] = name
            pg.send_query_prepared(name, [msgspec.json.encode(one) for one in sent])
            value = (await self._result(pg)).get_value(0, 0)
        except BaseException:
            await self.close()
            raise
        assert value is not None, "these statements answer an empty list, never nothing"
        return value

    async def close(self) -> None:
        conn, self._conn = self._conn, None
        self._prepared.clear()
        self._listen_no_more()
        if conn is not None:
            await conn.close()

    async def _living(self) -> "PGconn":
        if self._conn is not None and not _lives(self._conn.pgconn):
            await self.close()
        if self._conn is None:
            self._conn = await psycopg.AsyncConnection.connect(self._url, autocommit=True, **self._connect)
            pg = self._conn.pgconn
            self._watch = Watch(pg.socket, lambda: self._hear(pg))
        return self._conn.pgconn

    def _hear(self, pg: "PGconn") -> None:
        """Something came, or the server went away; which of the two, whoever waits finds out."""
        if self._heard is not None and not self._heard.done():
            self._heard.set_result(None)
        elif not _lives(pg):
            # Nobody waits; who asks next opens another.
            self._listen_no_more()

    def _listen_no_more(self) -> None:
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.end()

    async def _result(self, pg: "PGconn") -> "PGresult":
        loop, found = asyncio.get_running_loop(), None
        while pg.flush():
            # What was sent is larger than the socket holds: the server may have to be heard before it reads on.
            self._heard = loop.create_future()
            socket = pg.socket
            loop.add_writer(socket, self._hear, pg)
            try:
                await self._heard
            finally:
                loop.remove_writer(socket)
            pg.consume_input()
        while True:
            while pg.is_busy():
                self._heard = loop.create_future()
                await self._heard
                pg.consume_input()
            result = pg.get_result()
            if result is None:
                break
            found = result
        self._heard = None
        assert found is not None, "every statement has a result"
        if found.status not in (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK):
            raise error_from_result(found)
        return found


def _lives(pg: "PGconn") -> bool:
    """Reads what is in the socket and asks nothing. Twice: a server that says why it goes has its words read first, and its going then."""
    try:
        pg.consume_input()
        pg.consume_input()
    except psycopg.OperationalError:
        return False
    return pg.status == ConnStatus.OK
