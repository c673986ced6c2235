"""The wires' work: carry over when woken, look again every minute, call partners, forget at night."""

from typing import Any

from kit.jobs import Task
from wires import service
from wires.service import DRAIN


async def drain(services: Any) -> None:
    await services.wires.drain(services.db)


async def call_partners(services: Any) -> None:
    await services.webhooks.drain(services.db)


async def forget(services: Any) -> None:
    await service.forget_old(services.db)
    await services.webhooks.forget_old(services.db)


tasks: list[Task] = [
    Task(name=DRAIN, run=drain),
    # Whoever died between taking messages and carrying them over left nobody to wake the next one.
    Task(name="wires.look_again", run=drain, cron="* * * * *"),
    Task(name="wires.call_partners", run=call_partners, cron="* * * * * */5"),
    Task(name="wires.forget_old", run=forget, cron="40 3 * * *"),
]
