"""Following: the whole dossier for whoever filed it and for the persons it names, its history, its papers."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from dossiers import charging, history, issuing, known, papers, store, views, whose
from dossiers.examining import faults_of
from dossiers.messages import Dossier, DossierList, History, HistoryLine
from dossiers.refusals import DossierUnknown, ResultUnknown
from dossiers.standing import Stand
from dossiers.whose import Filer
from identity import accounts, mandates
from identity.consents import reads
from identity.consents.reads import listing
from identity.consents.reads.messages import DataReads
from identity.mandates import Acting
from kit import clock
from kit.actor import Actor
from kit.refusal import Refusal, Words
from kit.seals import Seals
from procedures.refusals import FeeNotKnown

_LISTED = 100


async def dossier(stand: Stand, actor: Actor, dossier_id: str, *, behalf: str | None = None) -> Dossier:
    """Raises DossierUnknown for strangers as for what is not there; with a mandate what `whose` refuses."""
    async with stand.db.snapshot() as conn:
        row = await _followed(stand, conn, actor, dossier_id, behalf)
        faults = await faults_of(conn, stand.catalogue, row) if row.status == "draft" else []
        found = await views.dossier(conn, stand.catalogue, row, faults=faults)
        if row.status != "draft":
            found = msgspec.structs.replace(found, fees=await charging.shown(conn, stand.catalogue, row))
        await conn.commit()
    return found


async def filer(stand: Stand, actor: Actor, dossier_id: str) -> Filer:
    """The caller, at a page of this dossier: what they opened for another they go on with under the mandate it was opened with."""
    async with stand.db.connect() as conn:
        row = await store.dossier(conn, dossier_id)
    mine = row is not None and row.account_id == actor.account_id
    return Filer(actor, whose.mandate_of(row) if mine else None)


async def may_change(stand: Stand, filer: Filer, dossier_id: str) -> bool:
    """Whether the caller filed this dossier; others whom it names follow it, and change nothing."""
    async with stand.db.connect() as conn:
        try:
            await whose.filed(conn, await whose.side(conn, stand.mandates, filer.actor, filer.behalf), dossier_id)
        except DossierUnknown:
            return False
        return True


async def dossiers(stand: Stand, actor: Actor, *, pin: str | None, behalf: str | None = None) -> DossierList:
    """The caller's own and those that name them, and the drafts they fill in for others under mandates that stand; with `pin` those of that
    person, which can only be the caller; with `behalf` those of whom the caller acts for, as far as the mandate goes."""
    assert actor.account_id is not None
    async with stand.db.snapshot() as conn:
        side = await whose.side(conn, stand.mandates, actor, behalf)
        me = await accounts.account(conn, stand.keys, actor.account_id)
        if pin is not None and pin != me.pin:
            return DossierList(dossiers=[])
        if side.acting is None:
            own_pin = me.pin if actor.level >= whose.PARTY_LEVEL else None
            rows = await store.followed_by(conn, account_id=me.id, pin=own_pin, limit=_LISTED)
            rows += [] if pin is not None else await _drafts_for_others(stand, conn, actor)
        else:
            rows = await store.followed_for(
                conn,
                principal_id=side.acting.principal.id,
                account_id=me.id,
                procedures=side.acting.may_follow,
                limit=_LISTED,
            )
        by_dossier: dict[str, list[views.Row]] = defaultdict(list)
        for branch in await store.branches_of(conn, [row.id for row in rows]):
            by_dossier[branch.dossier_id].append(branch)
    if side.acting is not None:
        # One row a day: two lists at once meet in it, which a snapshot would not bear.
        async with stand.db.begin() as conn:
            filed = [whose.read_of(row) for row in rows if row.status != "draft"]
            await reads.record_many(conn, actor, "mandate", filed)
    now = clock.now()
    return DossierList(dossiers=[views.summary(stand.catalogue, row, by_dossier[row.id], now) for row in rows])


async def _drafts_for_others(stand: Stand, conn: AsyncConnection, actor: Actor) -> list[views.Row]:
    """Each only while the mandate it was opened under lets it be gone on with."""
    assert actor.account_id is not None
    rows = await store.drafts_for_others(conn, actor.account_id, limit=_LISTED)
    standing: dict[str, Acting] = {}
    for mandate_id in {mandate_id for row in rows if (mandate_id := whose.mandate_of(row)) is not None}:
        with suppress(Refusal):
            standing[mandate_id] = await mandates.acting(conn, stand.mandates, actor, mandate_id, hold=False)
    return [
        row for row in rows if (acting := standing.get(row.behalf["mandate_id"])) and acting.may("file", row.procedure)
    ]


async def who_read(stand: Stand, actor: Actor, *, before: str | None) -> DataReads:
    """Who read the caller's data, and the dossiers that name them."""
    assert actor.account_id is not None
    async with stand.db.snapshot() as conn:
        me = await accounts.account(conn, stand.keys, actor.account_id)
        naming = await store.naming(conn, me.pin) if me.pin is not None and actor.level >= whose.PARTY_LEVEL else []
        return await listing.of_person(conn, me.id, dossier_ids=naming, before=before)


async def history_of(stand: Stand, actor: Actor, dossier_id: str, *, behalf: str | None = None) -> History:
    """Every line with its hashes, and whether the chain still holds."""
    async with stand.db.snapshot() as conn:
        row = await _followed(stand, conn, actor, dossier_id, behalf)
        events = await store.events_of(conn, dossier_id)
        await conn.commit()
    lines = [
        HistoryLine(
            seq=event.seq,
            at=event.at,
            kind=event.kind,
            branch=event.branch,
            before=event.before,
            after=event.after,
            message=Words(vi=event.vi, en=event.en),
            actor=event.actor_kind,  # type: ignore[arg-type] - the table allows these three alone
            prev_hash=event.prev_hash.hex(),
            hash=event.hash.hex(),
        )
        for event in events
    ]
    return History(lines=lines, intact=history.intact(events, history.Head(row.event_count, bytes(row.event_hash))))


async def result(
    stand: Stand, seals: Seals | None, actor: Actor, dossier_id: str, branch: str, *, behalf: str | None = None
) -> bytes:
    """A result's PDF. Raises DossierUnknown and what `issuing.paper` raises."""
    async with stand.db.snapshot() as conn:
        await _followed(stand, conn, actor, dossier_id, behalf)
        await conn.commit()
    return await issuing.paper(stand.db, stand.settings, seals, dossier_id, branch)


async def letter(
    stand: Stand,
    seals: Seals | None,
    actor: Actor,
    dossier_id: str,
    branch: str,
    which: issuing.Letter,
    *,
    behalf: str | None = None,
) -> bytes:
    """What an office wrote about a branch, as PDF. Raises DossierUnknown and what that letter raises."""
    async with stand.db.snapshot() as conn:
        await _followed(stand, conn, actor, dossier_id, behalf)
        await conn.commit()
    return await which(stand, seals, dossier_id, branch)


async def receipt(stand: Stand, actor: Actor, dossier_id: str, *, behalf: str | None = None) -> bytes:
    """The receipt with its QR, rendered from the rows of the submission. Raises DossierUnknown, ResultUnknown for a draft."""
    async with stand.db.snapshot() as conn:
        row = await _followed(stand, conn, actor, dossier_id, behalf)
        if row.status == "draft":
            raise ResultUnknown
        data = await receipt_of(stand, conn, row)
        await conn.commit()
    return await printed(stand, data)


async def printed(stand: Stand, data: papers.Receipt) -> bytes:
    """A receipt as PDF."""
    return await asyncio.to_thread(papers.receipt, data, specimen=issuing.specimens(stand.settings))


async def receipt_of(stand: Stand, conn: AsyncConnection, row: views.Row) -> papers.Receipt:
    """What the receipt of a dossier says. Who may see it was looked at before."""
    rows = await store.branches_of(conn, [row.id])
    item = views.item_of(stand.catalogue, row)
    procedures = views.procedures_of(stand.catalogue, item, row)
    places = await views.offices_of(conn, rows)
    values = known.values_of(row.form)
    requester, copies = values.get("requester", {}), values.get("copies", {})
    documents = views.document_views(stand.catalogue, item, row, await store.documents_of(conn, row.id))
    return papers.Receipt(
        office=views.letterhead(places[rows[0].office_id], stand.settings),
        receipt_code=row.receipt_code,
        applicant=requester["full_name"] if row.behalf is None else row.behalf["principal"]["name"],
        filed_by=None if row.behalf is None else row.behalf["filed_by"],
        phone=requester.get("phone"),
        email=requester.get("email"),
        procedure=item.name.vi,
        procedure_code=item.code,
        documents=[document.name.vi for document in documents],
        branches=[
            papers.ReceiptBranch(
                procedure=procedures[branch.name].name.vi,
                agency=places[branch.office_id].name.vi,
                promised_at=branch.due_at or row.promised_at,
            )
            for branch in rows
        ],
        received_at=row.submitted_at,
        promised_at=row.promised_at,
        delivery=copies.get("delivery", "counter" if views.signed_at_counter(row) else "online"),
        fee_dong=_fee(stand, row, item, values),
        lookup_url=f"{stand.settings.public_url}/d/{row.receipt_code}",
    )


def _fee(stand: Stand, row: views.Row, item: views.Item, values: Mapping[str, Any]) -> int | None:
    """Đồng for all of it, as it was filed; None where the table does not say."""
    channel = charging.channel_of(row)
    on, copies = row.submitted_at.astimezone(clock.CITY).date(), values.get("copies", {}).get("count", 0)
    try:
        fees = stand.catalogue.fees_of(item, on, channel, values=values, copies=copies, chosen=views.chosen_of(row))
    except FeeNotKnown:
        return None
    return sum(fee.amount_dong for fee in fees.values())


async def refuse_strangers(stand: Stand, actor: Actor, dossier_id: str, *, behalf: str | None = None) -> None:
    """Raises DossierUnknown for whoever may not follow this dossier, and with a mandate what `whose` refuses."""
    async with stand.db.begin() as conn:
        side = await whose.side(conn, stand.mandates, actor, behalf)
        await whose.followed(conn, stand.keys, side, dossier_id, polled=True)


async def _followed(
    stand: Stand, conn: AsyncConnection, actor: Actor, dossier_id: str, behalf: str | None
) -> views.Row:
    return await whose.followed(conn, stand.keys, await whose.side(conn, stand.mandates, actor, behalf), dossier_id)
