"""What the issuer forgets at night: codes, sign-ins and ended tokens, once nobody can have a question about them."""

from datetime import timedelta
from typing import Any

from identity.tokens import backchannel, store
from kit import clock
from kit.jobs import Task

# Long enough for a person to ask who signed in; the row holds no secret.
_KEPT_FOR = timedelta(days=30)


async def forget(services: Any) -> None:
    async with services.db.begin() as conn:
        await store.forget_before(conn, clock.now() - _KEPT_FOR)


TASKS: list[Task] = [Task(name="identity.tokens.forget", run=forget, cron="40 3 * * *"), *backchannel.TASKS]
