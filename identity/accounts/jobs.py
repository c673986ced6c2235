"""What the room of accounts does by itself."""

from datetime import timedelta
from typing import Any

from identity.accounts import history
from identity.accounts.authenticators import store as authenticators
from identity.accounts.leaving import service as leaving
from identity.accounts.passkeys import store as passkeys
from identity.accounts.recovery import service as recovery
from kit import clock
from kit.jobs import Task


async def forget(services: Any) -> None:
    async with services.db.begin() as conn:
        now = clock.now()
        await history.forget(conn, now)
        await authenticators.forget_confirmations(conn, now - timedelta(days=1))
        await passkeys.forget_challenges(conn, now - timedelta(days=1))


async def complete_recovery(services: Any, recovery_id: str) -> None:
    await recovery.complete(
        recovery.Ways(
            db=services.db,
            keys=services.keys,
            settings=services.settings,
            post_office=services.post_office,
            limits=services.limits,
            jobs=services.jobs,
        ),
        recovery_id,
    )


async def erase_closed(services: Any) -> None:
    await leaving.erase_due(services.db)


tasks: list[Task] = [
    Task(name="identity.accounts.erase_closed", run=erase_closed, cron="20 3 * * *"),
    Task(name="identity.accounts.forget", run=forget, cron="50 3 * * *"),
    Task(name=recovery.COMPLETE, run=complete_recovery),
]
