"""Live status: how a dossier stands for those who poll, and each line of its history as it is written for those who listen."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import contextmanager
from typing import Final

import msgspec
from psycopg import OperationalError

from dossiers import following, store, views
from dossiers.messages import Line, Status
from dossiers.refusals import DossierUnknown, TooManyListeners
from dossiers.standing import Stand
from kit import clock
from kit.actor import Actor
from kit.db import Database
from kit.refusal import Refusal

# A listener comes back after this with the last line it has: tokens end, and so does what a stream may hold open.
LISTENED_FOR_SECONDS: Final = 600
_HEARTBEAT_SECONDS: Final = 15
_LISTENERS: Final = 1000


class Feed:
    """Wakes those who listen to a dossier. One question a second to the database for all of them together, however many
    there are; it asks nothing while nobody listens."""

    def __init__(self, db: Database, *, every_seconds: float = 1.0) -> None:
        self._db, self._every = db, every_seconds
        self._counts: dict[str, int] = {}
        self._listening: dict[str, set[asyncio.Event]] = defaultdict(set)
        self._asking: asyncio.Task[None] | None = None

    @contextmanager
    def listen(self, dossier_id: str) -> Generator[asyncio.Event]:
        """The event is set whenever the dossier may have a new line. Raises TooManyListeners."""
        if sum(map(len, self._listening.values())) >= _LISTENERS:
            raise TooManyListeners(retry_after_seconds=30)
        woken = asyncio.Event()
        self._listening[dossier_id].add(woken)
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask(), name="dossiers-feed")
        try:
            yield woken
        finally:
            self._listening[dossier_id].discard(woken)
            if not self._listening[dossier_id]:
                del self._listening[dossier_id]
                self._counts.pop(dossier_id, None)

    async def close(self) -> None:
        """Stops asking."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.wait([self._asking])

    async def _ask(self) -> None:
        while self._listening:
            await asyncio.sleep(self._every)
            try:
                async with self._db.direct() as conn:
                    counts = await store.event_counts(conn, list(self._listening))
            except OperationalError:
                continue  # asked again; whoever listens waits, and comes back by itself in the end
            for dossier_id, count in counts.items():
                if self._counts.get(dossier_id) != count:
                    self._counts[dossier_id] = count
                    for woken in self._listening.get(dossier_id, ()):
                        woken.set()


async def status(stand: Stand, actor: Actor, dossier_id: str, *, behalf: str | None = None) -> Status:
    """As little as tells how it stands, for whoever may follow it. Raises DossierUnknown for a draft too: it stands nowhere."""
    await following.refuse_strangers(stand, actor, dossier_id, behalf=behalf)
    async with stand.db.direct() as conn:
        standing = await store.standing(conn, dossier_id)
    if standing is None:
        raise DossierUnknown
    return views.standing(stand.catalogue, standing, clock.now())


async def lines(
    db: Database, feed: Feed, dossier_id: str, *, after: int, still: Callable[[], Awaitable[None]] | None = None
) -> AsyncGenerator[list[Line]]:
    """The lines after one, then each as it comes; an empty list when there was nothing for a while. The caller was let in; where that
    may end meanwhile, `still` is asked before each line that is told, and its refusal ends the stream."""
    with feed.listen(dossier_id) as woken:
        now = asyncio.get_running_loop().time
        until = now() + LISTENED_FOR_SECONDS
        while (left := until - now()) > 0:
            woken.clear()
            async with db.connect() as conn:
                events = await store.events_of(conn, dossier_id, after=after)
            if events:
                if still is not None:
                    try:
                        await still()
                    except Refusal:
                        return
                after = events[-1].seq
                yield views.timeline(events)
            try:
                await asyncio.wait_for(woken.wait(), min(left, _HEARTBEAT_SECONDS))
            except TimeoutError:
                yield []


def told(new: list[Line]) -> bytes:
    """Lines as server-sent events (WHATWG HTML §9.2): the id is where to go on from; nothing new is a comment."""
    if not new:
        return b": still here\n\n"
    return b"".join(b"id: %d\nevent: line\ndata: %s\n\n" % (line.seq, msgspec.json.encode(line)) for line in new)
