"""What the room of offices does by itself."""

from typing import Any

from identity.offices.breaches import service
from kit.jobs import Task


async def warn(services: Any) -> None:
    await service.warn(services.db, services.keys, services.post_office, services.settings)


tasks: list[Task] = [Task(name="identity.offices.warn_of_breaches", run=warn, cron="*/10 * * * *")]
