"""What an office writes to whoever filed: an apology with a new date, what is to be supplemented, a receipt for cash. Sealed at the first
need and kept, as a result's paper is; by the instant of what it tells."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from dossiers import papers, store, store_paying, views
from dossiers.issuing import store as signed_papers
from dossiers.issuing.sealing import issued
from dossiers.issuing.store import Key
from dossiers.papers.amounts import in_words
from dossiers.refusals import ApologyUnknown, PaymentUnknown, SupplementUnknown
from dossiers.standing import Stand
from identity import accounts, offices
from kit.pades import Signed
from kit.refusal import Refusal
from kit.seals import Seals

Letter = Callable[[Stand, Seals | None, str, str], Awaitable[bytes]]
"""A letter about a branch, by dossier and branch, for a caller already let in."""


class _Made(msgspec.Struct, frozen=True, kw_only=True):
    """`made` gives the paper, of what every letter begins with; `by` signs for the office."""

    paper: str
    at: datetime
    office_id: str
    by: str
    made: Callable[[dict[str, Any]], msgspec.Struct]
    printed: Callable[..., bytes]


_Find = Callable[[AsyncConnection, views.Row, views.Row], Awaitable[_Made | None]]
"""The letter of a dossier and a branch of it; None where there is none."""


async def apology(stand: Stand, seals: Seals | None, dossier_id: str, branch: str) -> bytes:
    """With which an office apologised for a branch and set a new date.

    Raises ApologyUnknown, SealMissing, TimestampsAway.
    """

    async def find(conn: AsyncConnection, dossier: views.Row, row: views.Row) -> _Made | None:
        said = row.apology
        if said is None:
            return None

        def made(common: dict[str, Any]) -> papers.Apology:
            was, due = (datetime.fromisoformat(said[name]) for name in ("was_due_at", "due_at"))
            title, reason = said["title"], said["reason"]
            return papers.Apology(**common, was_due_at=was, due_at=due, reason=reason, signer_title=title)

        at = datetime.fromisoformat(said["at"])
        return _Made(
            paper="apology", at=at, office_id=said["office_id"], by=said["by"], made=made, printed=papers.apology
        )

    return await _issued(stand, seals, dossier_id, branch, find, ApologyUnknown)


async def supplement_request(stand: Stand, seals: Seals | None, dossier_id: str, branch: str) -> bytes:
    """What was asked for last of a branch, answered or not: as it is sealed in the history.

    Raises SupplementUnknown, SealMissing, TimestampsAway.
    """

    async def find(conn: AsyncConnection, dossier: views.Row, row: views.Row) -> _Made | None:
        event = await store.newest_event(conn, dossier.id, branch=branch, kind="ask_supplement")
        # Lines of before there was a letter do not say which office asked.
        if event is None or event.facts is None or "office_id" not in event.facts:
            return None
        said, item = event.facts, views.item_of(stand.catalogue, dossier)
        kinds = stand.catalogue.documents(item, views.opened_on(dossier), views.chosen_of(dossier))
        names = {paper.kind: paper.name.vi for paper in kinds}
        notes = said.get("notes", {})

        def made(common: dict[str, Any]) -> papers.SupplementRequest:
            return papers.SupplementRequest(
                **common,
                reason=said["reason"],
                fields=[
                    papers.Marked(views.placed_label(item, path).vi, notes.get(path, "")) for path in said["fields"]
                ],
                documents=[
                    papers.Marked(names[kind], notes.get(f"documents.{kind}", "")) for kind in said["documents"]
                ],
                due_at=datetime.fromisoformat(said["due_at"]),
                answer_at=f"{stand.settings.public_url}/dossiers/{dossier.id}",
                signer_title=said["signer_title"],
            )

        assert event.actor_id is not None
        return _Made(
            paper="supplement-request",
            at=event.at,
            office_id=said["office_id"],
            by=event.actor_id,
            made=made,
            printed=papers.supplement_request,
        )

    return await _issued(stand, seals, dossier_id, branch, find, SupplementUnknown)


def cash_receipt(order_id: str) -> Letter:
    """For this fee of a branch, taken in cash, sealed by the office whose counter took it.

    The letter raises PaymentUnknown, also for what was not paid in cash; SealMissing, TimestampsAway.
    """

    async def receipt(stand: Stand, seals: Seals | None, dossier_id: str, branch: str) -> bytes:
        async def find(conn: AsyncConnection, dossier: views.Row, row: views.Row) -> _Made | None:
            paid = await store_paying.payment(conn, order_id)
            if paid is None or (paid.dossier_id, paid.branch) != (dossier.id, branch) or paid.taken_by is None:
                return None

            def made(common: dict[str, Any]) -> papers.CashReceipt:
                return papers.CashReceipt(
                    **common,
                    number=paid.receipt,
                    amount_dong=paid.amount_dong,
                    amount_in_words=in_words(paid.amount_dong),
                    reason=paid.reason["vi"],
                    paid_at=paid.paid_at,
                )

            return _Made(
                paper="cash-receipt",
                at=paid.paid_at,
                office_id=paid.taken_at_office,
                by=paid.taken_by,
                made=made,
                printed=papers.cash_receipt,
            )

        return await _issued(stand, seals, dossier_id, branch, find, PaymentUnknown)

    return receipt


async def _issued(
    stand: Stand, seals: Seals | None, dossier_id: str, branch: str, find: _Find, unknown: type[Refusal]
) -> bytes:
    async with stand.db.snapshot() as conn:
        dossier = await store.dossier(conn, dossier_id)
        row = next((row for row in await store.branches_of(conn, [dossier_id]) if row.name == branch), None)
        letter = None if dossier is None or row is None else await find(conn, dossier, row)
        if dossier is None or row is None or letter is None:
            raise unknown
        key = Key(row.id, letter.paper, letter.at)
        if (held := await signed_papers.signed(conn, key)) is not None:
            return held
        office = await offices.office(conn, letter.office_id)
        signers = await accounts.names_of(conn, [letter.by])
    requester = dossier.form["requester.full_name"]["value"]
    paper = letter.made(
        {
            "office": views.letterhead(office, stand.settings),
            "receipt_code": dossier.receipt_code,
            "procedure": stand.catalogue.procedure(row.procedure, views.opened_on(dossier)).name.vi,
            "requested_by": requester if dossier.behalf is None else dossier.behalf["principal"]["name"],
            "signer_name": signers[letter.by],
            "issued_on": views.day_of(letter.at),
        }
    )

    def render(specimen: bool, signed: Signed | None) -> bytes:
        return letter.printed(paper, specimen=specimen, signed=signed)

    return await issued(stand.db, stand.settings, seals, office, key, render)
