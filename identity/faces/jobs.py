"""Pictures are forgotten when policy's time for them is over."""

from typing import Any

from kit.jobs import Task


async def forget_pictures(services: Any) -> None:
    await services.pictures.forget()


tasks: list[Task] = [Task(name="faces.forget_pictures", run=forget_pictures, cron="17 * * * *")]
