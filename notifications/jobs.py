"""The post office's work: let letters out when woken, look again every minute, forget old ones at night."""

from typing import Any

from kit.jobs import Task
from notifications.service import DRAIN, forget_old


async def drain(services: Any) -> None:
    await services.post_office.drain(services.db)


async def forget(services: Any) -> None:
    await forget_old(services.db)


tasks: list[Task] = [
    Task(name=DRAIN, run=drain),
    # Whoever died between taking letters and sending them left nobody to wake the next one.
    Task(name="notifications.look_again", run=drain, cron="* * * * *"),
    Task(name="notifications.forget_old", run=forget, cron="20 3 * * *"),
]
