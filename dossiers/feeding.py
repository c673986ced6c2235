"""What happened is told on, in each dossier's order: to agencies at the far end of a wire, to the national portal, to apps its owner lets see."""

import logging
from datetime import timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from dossiers import issuing, portal, store, wired
from dossiers.history import Event
from identity import consents
from identity.consents import reads
from kit import clock
from kit.actor import Actor
from kit.db import Backlog
from procedures import Catalogue
from wires import Webhooks

_log = logging.getLogger("motcua.dossiers")

_BATCH = 50
_LONGEST_WAIT = timedelta(minutes=30)
_SCOPE = "dossiers:read"


async def feed(services: Any) -> None:
    """Tells everything that was not told yet. A line that cannot be told waits, and those of its dossier behind it; others go on."""
    while True:
        async with services.db.begin() as conn:
            taken = await store.take_fed(conn, at=clock.now(), limit=_BATCH)
            for row in taken:
                try:
                    async with conn.begin_nested():
                        await _tell(conn, services, row.dossier_id, row.seq)
                        await store.end_fed(conn, row.dossier_id, row.seq)
                except Exception:  # whatever one dossier's data breaks must not stop the city's
                    _log.exception(
                        "a dossier's event cannot be told", extra={"dossier": row.dossier_id, "seq": row.seq}
                    )
                    again = clock.now() + min(timedelta(seconds=5 * 2 ** min(row.attempts, 12)), _LONGEST_WAIT)
                    await store.put_off_fed(conn, row.dossier_id, row.seq, attempts=row.attempts + 1, again=again)
        if not taken:
            return


async def backlog(conn: AsyncConnection) -> Backlog:
    """What happened and was not told yet."""
    return await store.fed(conn)


async def _tell(conn: AsyncConnection, services: Any, dossier_id: str, seq: int) -> None:
    event, dossier = await store.event(conn, dossier_id, seq), await store.dossier(conn, dossier_id)
    assert dossier is not None
    await wired.tell_agency(conn, services, dossier, event)
    await portal.tell_portal(conn, services, dossier, event)
    await issuing.tell_signer(conn, services, dossier, event)
    if dossier.principal_id is not None:
        return  # an app of others' acts for nobody but its own user
    readers = await consents.readers(conn, dossier.account_id, _SCOPE, clock.now())
    await _tell_partners(conn, services.webhooks, services.catalogue, dossier, event, readers)


async def _tell_partners(
    conn: AsyncConnection, webhooks: Webhooks, catalogue: Catalogue, dossier: Any, event: Event, readers: list[str]
) -> None:
    """Code, branch and state; what an officer or a citizen wrote stays in the dossier."""
    label = next((state.label for state in catalogue.lifecycle.states if state.name == event.after), None)
    if label is None or event.after is None:
        return
    read = reads.OfDossier(dossier.id, dossier.account_id, dossier.receipt_code)
    for client_id in readers:
        await reads.record_many(conn, Actor(kind="client", client_id=client_id), "app", [read])
        await webhooks.add(
            conn,
            client_id,
            at=event.at,
            receipt_code=dossier.receipt_code,
            branch=event.branch,
            state=event.after,
            label=label,
        )
