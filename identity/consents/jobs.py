"""What the room of consents does by itself."""

from typing import Any

from identity.consents.reads import service as reads
from kit import clock
from kit.jobs import Task


async def forget_reads(services: Any) -> None:
    async with services.db.begin() as conn:
        await reads.forget(conn, clock.now())


tasks: list[Task] = [Task(name="identity.consents.forget_reads", run=forget_reads, cron="35 3 * * *")]
