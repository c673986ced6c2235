"""What waits to leave: the feed of what happened, the wires' messages, people's letters."""

import asyncio
import time

from dossiers import feeding
from kit.db import Backlog, Database
from notifications import PostOffice
from wires import WireOffice

_KEPT_SECONDS = 5.0


class Backlogs:
    """Asked of the database, at most once in five seconds: a scrape may come from anybody, and often."""

    def __init__(self, db: Database, wires: WireOffice, post_office: PostOffice) -> None:
        self._db, self._wires, self._post_office = db, wires, post_office
        self._found: dict[str, Backlog] = {}
        self._found_at, self._asking = float("-inf"), asyncio.Lock()

    async def now(self) -> dict[str, Backlog]:
        """By queue. Raises what the database raises when it does not answer."""
        async with self._asking:
            if time.monotonic() - self._found_at > _KEPT_SECONDS:
                self._found, self._found_at = await self._ask(), time.monotonic()
            return self._found

    async def _ask(self) -> dict[str, Backlog]:
        async with self._db.connect() as conn:
            return {
                "feed": await feeding.backlog(conn),
                "wires": await self._wires.backlog(conn),
                "letters": await self._post_office.backlog(conn),
            }
