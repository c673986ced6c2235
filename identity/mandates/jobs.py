"""What the room of mandates does by itself: writes off what time, age, death or a closed account has ended, and tells both sides.

Nothing hangs on it: whether a mandate stands is decided each time somebody acts.
"""

from typing import Any

from identity.mandates import changing, store, views
from identity.mandates.standing import state_of
from identity.mandates.ways import Mandates
from kit import clock
from kit.jobs import Task

_PAGE = 500


async def end_due(ways: Mandates) -> int:
    """How many."""
    async with ways.db.connect() as conn:
        due = list(await store.due(conn, clock.today()))
    dead = await _of_the_dead(ways)
    ended = 0
    for mandate_id in dict.fromkeys([*due, *dead]):
        # One transaction each: a notice that cannot be sent keeps no other from its end.
        async with ways.db.begin() as conn:
            row = await store.hold(conn, mandate_id)
            over = state_of(row, clock.today(), dead=mandate_id in dead) == "ended"
            if row.ended_at is None and over:
                await changing.end(conn, ways, row, views.why(row, mandate_id in dead), by=None)
                ended += 1
    return ended


async def _of_the_dead(ways: Mandates) -> set[str]:
    found: set[str] = set()
    after = ""
    while True:
        async with ways.db.connect() as conn:
            page = await store.open_guardianships(conn, after=after, limit=_PAGE)
            found |= await views.deaths(conn, ways, page)
        if len(page) < _PAGE:
            return found
        after = page[-1].id


async def _run(services: Any) -> None:
    await end_due(services.mandates)


# Five past midnight in the city.
tasks: list[Task] = [Task(name="identity.mandates.end_due", run=_run, cron="5 17 * * *")]
