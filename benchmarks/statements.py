"""What the hot verbs ask of PostgreSQL: statements sent, and statements planned anew.

    uv run python benchmarks/statements.py [--quick] [--json OUT]

Counted, not timed: the same on a busy machine as on an idle one, and what the times of `benchmarks/city.py` are made of. Every verb has
run before it is counted. BEGIN and COMMIT are not among the statements.
"""

import asyncio
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import psycopg
from rich.progress import Progress

from api.wiring import open_house
from benchmarks.city import BIRTH, City
from benchmarks.faults.town import GROUP, Town
from benchmarks.reporting import Row, arguments, tell
from dossiers import deciding, queueing, submitting
from dossiers.messages import Decide
from dossiers.messages_desk import QueueFilter

GOALS: dict[str, int] = {"submit a birth": 12, "submit a linked group": 12, "take a branch": 6, "approve a birth": 16}
"""Statements at most: one more is one more for every dossier of the city."""
_WARM = 3

_seen = Counter[str]()


def count() -> None:
    """From now on, whoever sends it: every statement passes through a cursor, and is planned when it is prepared."""
    execute, prepare = psycopg.AsyncCursor.execute, psycopg.AsyncCursor._send_prepare

    async def counted(self: Any, *args: Any, **rest: Any) -> Any:
        _seen["statements"] += 1
        return await execute(self, *args, **rest)

    def planned(self: Any, *args: Any) -> Any:
        _seen["planned"] += 1
        return prepare(self, *args)

    psycopg.AsyncCursor.execute = counted
    psycopg.AsyncCursor._send_prepare = planned


async def of(verbs: list[Awaitable[Any]]) -> tuple[float, float]:
    """Statements and plans of one of these on average, when they run one after the other."""
    for verb in verbs[:_WARM]:
        await verb
    _seen.clear()
    for verb in verbs[_WARM:]:
        await verb
    counted = len(verbs) - _WARM
    return _seen["statements"] / counted, _seen["planned"] / counted


async def measure(town: Town, times: int, progress: Progress) -> list[Row]:
    assert town.urls is not None
    task = progress.add_task("verbs", total=len(GOALS))
    rows: list[Row] = []

    def told(name: str, found: tuple[float, float]) -> None:
        statements, planned = found
        goal = GOALS[name]
        rows.append(
            Row(name=name, value=statements, unit="statements", goal=f"<= {goal}", holds=round(statements) <= goal)
        )
        rows.append(Row(name=f"{name}: planned anew", value=planned, unit="statements", goal="< 1", holds=planned < 1))
        progress.advance(task)

    async with open_house(town._settings(town.urls)) as house:
        city = City(town, house)
        await city.furnish()

        def submit(draft: str) -> Awaitable[Any]:
            return submitting.submit(house.stand, city.owner, draft, key=os.urandom(16).hex(), version=None)

        for name, procedure in (("submit a birth", BIRTH), ("submit a linked group", GROUP)):
            told(name, await of([submit(draft) for draft in city.drafts(procedure, times + _WARM)]))
        officers = [actor for actors in city.officers.values() for actor in actors]
        work: list[Any] = []
        for officer in officers:
            at_most = 2 * (times + _WARM)
            queue = await queueing.queue(house.stand, officer, QueueFilter(), after=None, limit=at_most)
            work += [(officer, item.id) for item in queue.items]
        work = work[: times + _WARM]
        told(
            "take a branch",
            await of([deciding.claim(house.stand, officer, one, version=None) for officer, one in work]),
        )
        approved = Decide(outcome="approved", result={})
        decisions = [deciding.decide(house.stand, officer, one, approved, version=None) for officer, one in work]
        told("approve a birth", await of(decisions))
    return rows


def main() -> None:
    parser = arguments(__doc__ or "")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, Progress() as progress:
        town = Town(Path(folder) / "town")
        try:
            town.start()
            town.worker.stop()
            count()
            rows = asyncio.run(measure(town, 10 if options.quick else 50, progress))
        finally:
            town.stop()
    tell("statements", rows, options.json)
    if not all(row.holds for row in rows if row.holds is not None):
        sys.exit(1)


if __name__ == "__main__":
    main()
