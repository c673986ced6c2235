"""What a session held is erased when its time is over."""

from typing import Any

from identity.proofing.sessions import end_expired
from kit.jobs import Task


async def expire(services: Any) -> None:
    await end_expired(services.db)


tasks: list[Task] = [Task(name="proofing.end_expired", run=expire, cron="*/5 * * * *")]
