"""A result's paper: signed at its first need, and then what was signed."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from dossiers import outcomes, store, views
from dossiers.history import Event
from dossiers.issuing import store as signed_papers
from dossiers.issuing.sealing import issued
from dossiers.issuing.store import Key
from dossiers.refusals import ResultUnknown
from identity import offices
from kit.db import Database, raw
from kit.jobs import Task
from kit.pades import Signed
from kit.seals import Seals
from kit.settings import Settings

SIGN = "dossiers.sign_result"


def is_signed(services: Any, event: Event) -> bool:
    """A branch was approved, or its result corrected, where results are sealed."""
    return services.seals is not None and event.after == "approved"


async def tell_signer(conn: AsyncConnection, services: Any, dossier: views.Row, event: Event) -> None:
    """The paper is signed soon, so that nobody waits for it who asks for it."""
    await services.jobs.defer(await raw(conn), SIGN, dossier_id=dossier.id, branch=event.branch)


async def sign_result(services: Any, dossier_id: str, branch: str) -> None:
    await paper(services.db, services.settings, services.seals, dossier_id, branch)


TASK = Task(name=SIGN, run=sign_result)


async def paper(db: Database, settings: Settings, seals: Seals | None, dossier_id: str, branch: str) -> bytes:
    """The PDF of one branch's result, for a caller already let in. Where the deployment has seals it is signed at the first need.

    Raises ResultUnknown, SealMissing, TimestampsAway.
    """
    async with db.snapshot() as conn:
        rows = await store.branches_of(conn, [dossier_id])
        row = next((row for row in rows if row.name == branch), None)
        made = None if row is None else await store.result(conn, row.id)
        if row is None or made is None:
            raise ResultUnknown
        key = Key(row.id, "result", made.made_at)
        if (held := await signed_papers.signed(conn, key)) is not None:
            return held
        outcome = outcomes.printer(made.kind, made.data)
        fetched = await outcome.fetch(conn, made.data)
        office = await offices.office(conn, row.office_id)

    def render(specimen: bool, signed: Signed | None) -> bytes:
        return outcome.render(fetched, specimen=specimen, signed=signed)

    return await issued(db, settings, seals, office, key, render)
