"""Pictures are forgotten when policy's time for them is over; faces whose keys were destroyed do not come back by a restore."""

from typing import Any

from kit.jobs import Task


async def forget(services: Any) -> None:
    await services.pictures.forget()
    await services.faces.forget_unreadable()


tasks: list[Task] = [Task(name="faces.forget", run=forget, cron="17 * * * *")]
