"""The outbox in the city's replay: how fast letters and news are written, how fast they leave, and how much waits at most.

    uv run python benchmarks/outbox.py [--quick] [--json OUT] [--share PERCENT]

`benchmarks/city.py` replays its days twice as fast as it can. First with nobody who lets anything out; then a worker empties what was left, with
nothing beside it: its rate stands beside the rate at which the replay wrote. Then with the worker beside the replay on the same cores, as in
a city: what waits is read from `/metrics` once a second. Letters go to a mail server (SMTP) and an SMS provider (HTTP) on loopback; news (the
feed) have no wire and no partner to go to, and are read and ended all the same.
"""

import asyncio
import os
import re
import sys
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import httpx
import uvloop
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from api.wiring import open_house
from benchmarks.city import DOSSIERS, City, replay
from benchmarks.faults.town import Process, Town, _free_port
from benchmarks.reporting import Row, arguments, tell

QUEUES: Final = ("letters", "feed")
_PATIENCE_SECONDS: Final = 1800
_BACKLOG: Final = re.compile(r'^motcua_backlog\{queue="(\w+)"\} ([0-9.e+]+)$', re.MULTILINE)
_WAITING: Final = {
    "letters": "select count(*) from deliveries where state = 'waiting'",
    "feed": "select count(*) from dossier_feed",
}
_WRITTEN: Final = {
    "letters": "select count(*) from deliveries where state <> 'held'",
    "feed": "select count(*) from dossier_events",
}


class Outbox:
    """A town whose worker is a process of this benchmark's, with peers to send to."""

    def __init__(self, town: Town) -> None:
        self._town, self.smtp, self.http = town, _free_port(), _free_port()
        ports = [str(self.smtp), str(self.http)]
        log = town.home / "outbox.log"
        self._peers = Process(["benchmarks.leaving.peers", *ports], dict(os.environ), log)
        self._worker = Process(["benchmarks.leaving.worker", *ports], dict(town.worker._environment), log)

    @asynccontextmanager
    async def peers(self) -> AsyncGenerator[None]:
        self._peers.start()
        try:
            yield
        finally:
            self._peers.stop()

    @asynccontextmanager
    async def worker(self) -> AsyncGenerator[None]:
        self._worker.start()
        try:
            yield
        finally:
            await asyncio.to_thread(self._worker.stop)

    async def taken(self) -> int:
        """Letters that arrived."""
        async with httpx.AsyncClient() as client:
            return sum((await client.get(f"http://127.0.0.1:{self.http}/")).json().values())

    async def seen(self) -> dict[str, float]:
        """The backlogs as whoever watches the city reads them."""
        async with httpx.AsyncClient(timeout=30) as client:
            told = (await client.get(f"{self._town.url}/metrics")).text
        return {queue: float(waiting) for queue, waiting in _BACKLOG.findall(told)}


def _counts(conn: Any, queries: dict[str, str]) -> dict[str, int]:
    return {queue: conn.execute(query).fetchone()[0] for queue, query in queries.items()}


async def _emptied(city: City) -> dict[str, float]:
    """When each was empty, in seconds from now."""
    began, found = time.monotonic(), dict[str, float]()
    while len(found) < len(QUEUES):
        took = time.monotonic() - began
        assert took < _PATIENCE_SECONDS, _counts(city.sql, _WAITING)
        for queue, waiting in _counts(city.sql, _WAITING).items():
            if waiting == 0:
                found.setdefault(queue, took)
        await asyncio.sleep(0.2)
    return found


async def apart(city: City, outbox: Outbox, total: int, progress: Progress) -> list[Row]:
    """The replay alone, then the worker alone."""
    before, began = _counts(city.sql, _WRITTEN), time.monotonic()
    await replay(city, total, progress)
    filling = time.monotonic() - began
    written = {queue: now - before[queue] for queue, now in _counts(city.sql, _WRITTEN).items()}
    task, left = progress.add_task("empties", total=None), _counts(city.sql, _WAITING)
    async with outbox.worker():
        # It opens first: what is measured begins with the first that leaves.
        while _counts(city.sql, _WAITING) == left:  # noqa: ASYNC110 - another process does it
            await asyncio.sleep(0.05)
        began, opened = time.monotonic(), _counts(city.sql, _WAITING)
        emptied = await _emptied(city)
    progress.remove_task(task)
    assert time.monotonic() >= began
    rows: list[Row] = []
    for queue in QUEUES:
        fill, drain = written[queue] / filling, opened[queue] / max(emptied[queue], 0.2)
        rows.append(
            Row(
                name=f"{queue}: {left[queue]:,} left one after the other by a worker alone (floor: as the replay wrote them)",
                value=drain, unit=f"{queue}/s", floor=fill, ratio=drain / fill, goal="> 1×", holds=drain > fill,
            )
        )  # fmt: skip
    return rows


async def beside(city: City, outbox: Outbox, total: int, progress: Progress) -> list[Row]:
    """The worker beside the replay."""
    most, going = dict.fromkeys(QUEUES, 0.0), True

    async def watch() -> None:
        while going:
            for queue, waiting in (await outbox.seen()).items():
                if queue in most:
                    most[queue] = max(most[queue], waiting)
            await asyncio.sleep(1)

    async with outbox.worker():
        before, began = _counts(city.sql, _WRITTEN), time.monotonic()
        watching = asyncio.create_task(watch())
        await replay(city, total, progress)
        took = time.monotonic() - began
        left = _counts(city.sql, _WAITING)
        emptied = await _emptied(city)
        going = False
        await watching
    rows: list[Row] = []
    for queue in QUEUES:
        written = _counts(city.sql, _WRITTEN)[queue] - before[queue]
        rows += [
            Row(name=f"{queue}: written with the worker beside the replay", value=written / took, unit=f"{queue}/s"),
            Row(
                name=f"{queue}: left meanwhile (floor: written)", value=(written - left[queue]) / took, unit=f"{queue}/s",
                floor=written / took, ratio=(written - left[queue]) / written,
            ),
            Row(name=f"{queue}: waited at most, as /metrics showed", value=most[queue], unit=queue),
            Row(name=f"{queue}: empty after the last result", value=emptied[queue], unit="s"),
        ]  # fmt: skip
    return rows


async def measure(town: Town, total: int, progress: Progress) -> list[Row]:
    assert town.urls is not None
    outbox = Outbox(town)
    async with open_house(town._settings(town.urls)) as house, outbox.peers():
        city = City(town, house)
        await city.furnish()
        # What furnishing wrote is not of the replay.
        async with outbox.worker():
            await _emptied(city)
        arrived = await outbox.taken()
        sent_before = _sent(city)
        rows = await apart(city, outbox, total, progress)
        rows += await beside(city, outbox, total, progress)
        sent, arrived = _sent(city) - sent_before, await outbox.taken() - arrived
        rows.append(
            Row(
                name="letters that arrived, of those that left", value=arrived, unit="letters", floor=sent,
                ratio=arrived / sent, goal="every one once", holds=arrived == sent,
            )
        )  # fmt: skip
        city.sql.close()
    return rows


def _sent(city: City) -> int:
    query = "select count(*) from deliveries where state in ('sent', 'received')"
    return (city.sql.execute(query).fetchone() or (0,))[0]


def main() -> None:
    parser = arguments(__doc__ or "")
    parser.add_argument("--share", type=float, default=1.0, help="percent of the period's dossiers, twice")
    options = parser.parse_args()
    total = round(DOSSIERS * (0.02 if options.quick else options.share) / 100)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with tempfile.TemporaryDirectory() as folder, Progress(*columns) as progress:
        town = Town(Path(folder) / "town", extra_environment={"MOTCUA_TRUSTED_PROXIES": "127.0.0.1/32"})
        try:
            town.start()
            town.worker.stop()
            rows = uvloop.run(measure(town, total, progress))
        finally:
            town.stop()
    tell("outbox", rows, options.json)
    if not all(row.holds for row in rows if row.holds is not None):
        sys.exit(1)


if __name__ == "__main__":
    main()
