"""What stands around a branch for whoever decides it: how its day was counted, what proved the card's values, which papers it takes,
which fees were asked for."""

from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from dossiers import desk, moving, store_paying, views
from dossiers.messages import Around, PaperTaken, Proof
from dossiers.standing import Stand
from identity import accounts
from kit.actor import Actor
from kit.keys import Keys
from kit.refusal import Words
from procedures import Catalogue

_CARD = "card."


async def look(stand: Stand, actor: Actor, branch_id: str) -> Around:
    """Beside `desk.look`, which records the read. Raises BranchUnknown."""
    async with stand.db.snapshot() as conn, conn.begin():
        work = await desk.find(stand, conn, actor, branch_id)
        holder = work.branch.claimed_by
        payments = [
            row for row in await store_paying.payments_of(conn, work.dossier.id) if row.branch == work.branch.name
        ]
        takers = await accounts.names_of(conn, {row.taken_by for row in payments if row.taken_by is not None})
        opened_on, chosen = views.opened_on(work.dossier), views.chosen_of(work.dossier)
        return Around(
            opened_on=opened_on,
            branches=chosen,
            submitted_at=work.dossier.submitted_at,
            counted=_counted(stand.catalogue, work),
            pauses=[(datetime.fromisoformat(begin), _instant(end)) for begin, end in work.branch.pauses],
            holder=None if holder is None else (await accounts.account(conn, stand.keys, holder)).full_name,
            proofs=await _proofs(conn, stand.keys, work),
            papers=[
                PaperTaken(kind=paper.kind, name=paper.name)
                for paper in stand.catalogue.documents(work.item, opened_on, chosen)
            ],
            payments=[views.payment(row) for row in payments],
            cashiers={row.id: takers[row.taken_by] for row in payments if row.taken_by is not None},
        )


def _counted(catalogue: Catalogue, work: desk.Work) -> list[Words]:
    """How the day was counted, line by line; nothing where it was set otherwise than by counting."""
    row = work.branch
    paused = moving.closed_pauses(row.pauses)
    extended = row.extension is not None
    promise = catalogue.calendar.promise(row.started_at, work.procedure.deadline, extended=extended, paused=paused)
    return list(promise.steps) if promise.due_at == row.due_at else []


async def _proofs(conn: AsyncConnection, keys: Keys, work: desk.Work) -> dict[str, Proof]:
    """By the form's path: what of the requester's card gave a value that stands there still."""
    known = await accounts.prefill(conn, keys, work.dossier.account_id)
    found: dict[str, Proof] = {}
    for path, answer in work.dossier.form.items():
        origin: str = answer.get("origin") or ""
        proof = known.get(origin.removeprefix(_CARD)) if origin.startswith(_CARD) else None
        if proof is not None and _same(proof.value, answer["value"]):
            found[path] = Proof(by=list(proof.sources), at=proof.proved_at)
    return found


def _same(proved: Any, stands: Any) -> bool:
    """A place on the card is text, in the form an address that keeps it as printed."""
    return proved == stands or (isinstance(stands, dict) and stands.get("printed") == proved)


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
