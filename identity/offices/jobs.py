"""What the room of offices does by itself."""

from datetime import timedelta
from typing import Any

from identity.offices.breaches import service
from identity.offices.kiosks import store as kiosks
from kit import clock
from kit.jobs import Task


async def warn(services: Any) -> None:
    await service.warn(services.db, services.keys, services.post_office, services.settings)


async def forget(services: Any) -> None:
    async with services.db.begin() as conn:
        await kiosks.forget(conn, clock.now() - timedelta(days=1))


tasks: list[Task] = [
    Task(name="identity.offices.warn_of_breaches", run=warn, cron="*/10 * * * *"),
    Task(name="identity.offices.forget_kiosks", run=forget, cron="45 3 * * *"),
]
