"""What the room of accounts does by itself."""

from typing import Any

from identity.accounts import history
from kit import clock
from kit.jobs import Task


async def forget(services: Any) -> None:
    async with services.db.begin() as conn:
        await history.forget(conn, clock.now())


tasks: list[Task] = [Task(name="identity.accounts.forget", run=forget, cron="50 3 * * *")]
