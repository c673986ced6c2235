"""What happened is told on, in each dossier's order: to agencies at the far end of a wire, to the national portal, to apps its owner lets see."""

import logging
from datetime import timedelta
from typing import Any

import msgspec
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
            if not taken:
                return
            heard = await _listeners(conn, services, {line.event.dossier_id for line in taken})
            told, waiting = list[Event](), set[str]()
            for line in taken:
                event = line.event
                if event.dossier_id in waiting:
                    continue
                try:
                    await _tell(conn, services, heard, event)
                    told.append(event)
                except Exception:  # whatever one dossier's data breaks must not stop the city's
                    _log.exception(
                        "a dossier's event cannot be told", extra={"dossier": event.dossier_id, "seq": event.seq}
                    )
                    waiting.add(event.dossier_id)
                    again = clock.now() + min(timedelta(seconds=5 * 2 ** min(line.attempts, 12)), _LONGEST_WAIT)
                    await store.put_off_fed(conn, event.dossier_id, event.seq, attempts=line.attempts + 1, again=again)
            await store.end_fed(conn, told)


async def backlog(conn: AsyncConnection) -> Backlog:
    """What happened and was not told yet."""
    return await store.fed(conn)


class _Listeners(msgspec.Struct, frozen=True):
    """The dossiers of a batch, and who may hear of them; most of a city's lines concern nobody outside."""

    dossiers: dict[str, Any]
    wires: bool
    apps: dict[str, list[str]]
    """Of an account the apps that it lets see its dossiers."""

    def of(self, dossier: Any) -> list[str]:
        """An app of others' acts for nobody but its own user."""
        return [] if dossier.principal_id is not None else self.apps.get(dossier.account_id, [])


async def _listeners(conn: AsyncConnection, services: Any, dossier_ids: set[str]) -> _Listeners:
    dossiers = await store.dossiers_of(conn, dossier_ids)
    owners = {row.account_id for row in dossiers.values() if row.principal_id is None}
    return _Listeners(
        dossiers, await services.wires.any_open(conn), await consents.readers(conn, owners, _SCOPE, clock.now())
    )


async def _tell(conn: AsyncConnection, services: Any, heard: _Listeners, event: Event) -> None:
    dossier = heard.dossiers[event.dossier_id]
    apps, signed = heard.of(dossier), issuing.is_signed(services, event)
    if not (heard.wires or apps or signed):
        return
    async with conn.begin_nested():
        if heard.wires:
            await wired.tell_agency(conn, services, dossier, event)
            await portal.tell_portal(conn, services, dossier, event)
        if signed:
            await issuing.tell_signer(conn, services, dossier, event)
        await _tell_partners(conn, services.webhooks, services.catalogue, dossier, event, apps)


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
