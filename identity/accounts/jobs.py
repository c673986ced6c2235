"""Sign-ins are forgotten a day after they end."""

from datetime import timedelta
from typing import Any

from identity.accounts import store
from kit import clock
from kit.jobs import Task

_KEPT_FOR = timedelta(days=1)


async def forget(services: Any) -> None:
    async with services.db.begin() as conn:
        await store.forget_sign_ins_before(conn, clock.now() - _KEPT_FOR)


tasks: list[Task] = [Task(name="identity.accounts.forget", run=forget, cron="45 3 * * *")]
