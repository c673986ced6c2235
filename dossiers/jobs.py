"""What the dossiers do by themselves."""

from datetime import timedelta
from typing import Any

import uploads
from dossiers import bringing, feeding, issuing, lateness, store, store_brought, supplementing
from kit import clock
from kit.jobs import Task

DRAFTS_KEPT_FOR = timedelta(days=90)
_BATCH = 500


async def forget_drafts(services: Any) -> None:
    """Drafts nobody came back to, and their files, hold people's data for nothing, as do a counter's drafts of answers that were given since;
    what was submitted is never touched."""
    while True:
        async with services.db.begin() as conn:
            gone = await store.forget_drafts(conn, untouched_since=clock.now() - DRAFTS_KEPT_FOR, limit=_BATCH)
            await uploads.release(conn, gone)
        if len(gone) < _BATCH:
            break
    async with services.db.begin() as conn:
        await store_brought.forget_given(conn, before=clock.now() - bringing.GIVEN_KEPT_FOR)


async def close_lapsed(services: Any) -> None:
    """What waited for the citizen, or for somebody invited, beyond its day is closed with notice."""
    await supplementing.lapse(services.stand)


async def warn_of_deadlines(services: Any) -> None:
    """Offices hear of promises about to be missed, and of those that were."""
    await lateness.warn(services.stand)


tasks = [
    Task(name="dossiers.forget_drafts", run=forget_drafts, cron="17 3 * * *"),
    Task(name="dossiers.close_lapsed", run=close_lapsed, cron="*/5 * * * *"),
    Task(name="dossiers.warn_of_deadlines", run=warn_of_deadlines, cron="*/10 * * * *"),
    # A branch due in days loses nothing by five seconds, and a submission need not wait for a job of its own.
    issuing.TASK,
    Task(name="dossiers.feed", run=feeding.feed, cron="* * * * * */5"),
]
