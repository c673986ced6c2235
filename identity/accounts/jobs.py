"""What the room of accounts does by itself."""

from datetime import timedelta
from typing import Any

from identity.accounts import history
from identity.accounts.authenticators import store as authenticators
from identity.accounts.passkeys import store as passkeys
from kit import clock
from kit.jobs import Task


async def forget(services: Any) -> None:
    async with services.db.begin() as conn:
        now = clock.now()
        await history.forget(conn, now)
        await authenticators.forget_confirmations(conn, now - timedelta(days=1))
        await passkeys.forget_challenges(conn, now - timedelta(days=1))


tasks: list[Task] = [Task(name="identity.accounts.forget", run=forget, cron="50 3 * * *")]
