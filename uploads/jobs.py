"""Nightly: what nobody claimed is erased."""

from typing import Any

from kit.jobs import Task
from uploads import resuming, service


async def forget(services: Any) -> None:
    await service.forget_unclaimed(services.db, services.vault)
    await resuming.forget_expired(services.db, services.vault)
    await service.forget_orphans(services.db, services.vault)


tasks: list[Task] = [Task(name="uploads.forget", run=forget, cron="40 2 * * *")]
