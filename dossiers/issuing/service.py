"""A result's paper, and an apology: signed at its first need, and then what was signed."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from dossiers import outcomes, papers, store, views
from dossiers.history import Event
from dossiers.issuing import store as signed_papers
from dossiers.refusals import ApologyUnknown, ResultUnknown
from dossiers.standing import Stand
from identity import accounts, offices
from kit import clock, pades
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
    """The PDF of one branch's result, for a caller already let in. Where the deployment has seals it is signed at the first need; of
    several at once the first one's bytes stand, for everybody.

    Raises ResultUnknown, SealMissing, TimestampsAway.
    """
    async with db.snapshot() as conn:
        rows = await store.branches_of(conn, [dossier_id])
        row = next((row for row in rows if row.name == branch), None)
        made = None if row is None else await store.result(conn, row.id)
        if row is None or made is None:
            raise ResultUnknown
        if (held := await signed_papers.signed(conn, row.id, made.made_at)) is not None:
            return held
        outcome = outcomes.printer(made.kind, made.data)
        fetched = await outcome.fetch(conn, made.data)
        office = await offices.office(conn, row.office_id)

    def render(specimen: bool, signed: Signed | None) -> bytes:
        return outcome.render(fetched, specimen=specimen, signed=signed)

    return await _issued(db, settings, seals, office, row.id, made.made_at, render)


async def apology(stand: Stand, seals: Seals | None, dossier_id: str, branch: str) -> bytes:
    """The letter with which an office apologised for a branch and set a new date, for a caller already let in; sealed and kept as a
    result's paper is. Raises ApologyUnknown, SealMissing, TimestampsAway."""
    db, settings = stand.db, stand.settings
    async with db.snapshot() as conn:
        dossier = await store.dossier(conn, dossier_id)
        row = next((row for row in await store.branches_of(conn, [dossier_id]) if row.name == branch), None)
        if dossier is None or row is None or row.apology is None:
            raise ApologyUnknown
        said, at = row.apology, datetime.fromisoformat(row.apology["at"])
        if (held := await signed_papers.signed(conn, row.id, at)) is not None:
            return held
        office = await offices.office(conn, said["office_id"])
        signers = await accounts.names_of(conn, [said["by"]])
    requester = dossier.form["requester.full_name"]["value"]
    letter = papers.Apology(
        office=views.letterhead(office, settings),
        receipt_code=dossier.receipt_code,
        procedure=stand.catalogue.procedure(row.procedure, views.opened_on(dossier)).name.vi,
        requested_by=requester if dossier.behalf is None else dossier.behalf["principal"]["name"],
        was_due_at=datetime.fromisoformat(said["was_due_at"]),
        due_at=datetime.fromisoformat(said["due_at"]),
        reason=said["reason"],
        signer_name=signers[said["by"]],
        signer_title=said["title"],
        issued_on=at.astimezone(clock.CITY).date(),
    )

    def render(specimen: bool, signed: Signed | None) -> bytes:
        return papers.apology(letter, specimen=specimen, signed=signed)

    return await _issued(db, settings, seals, office, row.id, at, render)


async def _issued(
    db: Database,
    settings: Settings,
    seals: Seals | None,
    office: offices.Office,
    branch_id: str,
    made_at: datetime,
    render: Callable[[bool, Signed | None], bytes],
) -> bytes:
    """Rendered, and where the deployment has seals sealed and kept under the branch and the instant; whose bytes came first stand."""
    specimen = specimens(settings)
    if seals is None:
        return await asyncio.to_thread(render, specimen, None)
    seal = await asyncio.to_thread(seals.of, office.id, views.letterhead(office, settings))
    # As the signature states it: no fractions of a second.
    signed = Signed(seal.name, clock.now().replace(microsecond=0))

    def issue() -> bytes:
        pdf = render(specimen, signed)
        return pades.sign(pdf, seal, at=signed.at, timestamps_url=settings.timestamps_url)

    pdf = await asyncio.to_thread(issue)
    async with db.begin() as conn:
        return await signed_papers.keep(
            conn,
            {
                "branch_id": branch_id,
                "made_at": made_at,
                "pdf": pdf,
                "signer": seal.name,
                "signed_at": signed.at,
            },
        )


def specimens(settings: Settings) -> bool:
    """Outside production no paper may be mistaken for a real one."""
    return settings.environment != "production"
