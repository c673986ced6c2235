"""Filing at a counter on a citizen's behalf: an officer fills in, the citizen confirms on their own phone or by a signature on paper.

Any office's reception takes in; the agency that decides is told by the form, as ever.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

import uploads
from dossiers import drafting, examining, following, store, store_desk, submitting, telling, views
from dossiers.messages import AttachDocument, ChangeForm, Dossier, OpenDraft, Submitted
from dossiers.messages_desk import Assist, AssistedDraft, AssistedDrafts
from dossiers.refusals import (
    AlreadySubmitted,
    BadPages,
    CardMisread,
    CitizenUnknown,
    DossierUnknown,
    KnownOtherwise,
    LevelTooLow,
    NotComplete,
    NotOnTheirPhone,
    ResultUnknown,
    Stale,
)
from dossiers.standing import Stand
from identity import accounts
from identity.consents import reads
from kit import clock
from kit import pin as pins
from kit.actor import Actor
from kit.refusal import Fault, fault
from uploads import Keeper

_LISTED = 100


async def open_draft(stand: Stand, actor: Actor, asked: Assist) -> Dossier:
    """A draft of the citizen's own, which this office may fill in until it is sent in. The citizen's list of reads tells of it.

    Raises CitizenUnknown, LevelTooLow, CardMisread, KnownOtherwise, AccountClosed, and what `drafting.open_draft` does.
    """
    item = stand.catalogue.find(asked.procedure, clock.today())
    async with stand.db.begin() as conn:
        found = await _asked_for(stand, conn, actor, asked)
        if asked.card is None and found.level < item.level_to_file:
            raise LevelTooLow(level=item.level_to_file)
        await reads.record(conn, actor, "counter", found.id)
    # Who stands there with their card needs no level: an officer looked.
    citizen = _citizen(found, level=max(found.level, item.level_to_file))
    draft = await drafting.open_draft(stand, citizen, OpenDraft(procedure=asked.procedure, options=asked.options))
    async with stand.db.begin() as conn:
        how = {"office_id": actor.office_id, "officer_id": actor.account_id, "at": clock.now().isoformat()}
        await store_desk.set_assisted(conn, draft.id, {**how, "card_seen": asked.card is not None})
    return draft


async def _asked_for(stand: Stand, conn: AsyncConnection, actor: Actor, asked: Assist) -> accounts.Account:
    """Whose account it is; opened for whoever has none, and shows their card."""
    if asked.card is not None:
        if faults := pins.faults(asked.pin, sex=asked.card.sex, birth_year=asked.date_of_birth.year):
            raise CardMisread(faults=faults)
        try:
            return await accounts.open_or_find_shown(
                conn,
                stand.keys,
                pin=asked.pin,
                full_name=asked.card.full_name,
                date_of_birth=asked.date_of_birth,
                sex=asked.card.sex,
                at=clock.now(),
                actor=actor,
            )
        except accounts.IdentityConflict as conflict:
            raise KnownOtherwise from conflict
    found = await accounts.by_pin(conn, stand.keys, asked.pin)
    if found is None or found.closed_at is not None or found.date_of_birth != asked.date_of_birth:
        raise CitizenUnknown
    return found


async def drafts(stand: Stand, actor: Actor) -> AssistedDrafts:
    """Those this office helps with and nobody has sent in yet."""
    assert actor.office_id is not None
    async with stand.db.begin() as conn:
        rows = await store_desk.assisted(conn, actor.office_id, limit=_LISTED)
        for account_id in sorted({row.account_id for row in rows}):
            await reads.record_many(conn, actor, "counter", [account_id])
    return AssistedDrafts(
        drafts=[
            AssistedDraft(
                id=row.id,
                procedure=views.ref(views.item_of(stand.catalogue, row)),
                requester=row.requester,
                version=row.version,
                changed_at=row.changed_at,
            )
            for row in rows
        ]
    )


async def show(stand: Stand, actor: Actor, dossier_id: str) -> Dossier:
    """The draft with what is still wrong with it. Raises DossierUnknown, AlreadySubmitted."""
    async with stand.db.begin() as conn:
        row, _ = await _helped(stand, conn, actor, dossier_id)
        return await views.dossier(
            conn, stand.catalogue, row, faults=await examining.faults_of(conn, stand.catalogue, row)
        )


async def change_form(
    stand: Stand, actor: Actor, dossier_id: str, asked: ChangeForm, *, version: int | None
) -> Dossier:
    """As the citizen says. Raises what `show` and `drafting.change_form` do."""
    citizen = await acting_for(stand, actor, dossier_id)
    return await drafting.change_form(stand, citizen, dossier_id, asked, version=version)


async def scan(stand: Stand, keeper: Keeper, actor: Actor, dossier_id: str, kind: str, data: bytes) -> Dossier:
    """A paper the citizen brought, scanned: it is theirs, and the draft's paper of this kind. Raises what `show`, the uploads and
    `drafting.attach_document` do."""
    citizen = await acting_for(stand, actor, dossier_id)
    assert citizen.account_id is not None
    upload = await uploads.receive(stand.db, keeper, account_id=citizen.account_id, data=data)
    asked = AttachDocument(upload_id=upload.id)
    return await drafting.attach_document(stand, citizen, dossier_id, kind, asked, version=None)


async def sort_scan(
    stand: Stand,
    keeper: Keeper,
    actor: Actor,
    dossier_id: str,
    data: bytes,
    pages: Mapping[str, str],
    *,
    leave_out: bool = False,
) -> Dossier:
    """One scan of everything the citizen brought, sorted into the draft's papers: by kind, which pages, as `1-2, 5`. All or none is kept.

    Raises BadPages with every fault, what `show` and `drafting.attach_documents` do, and what the uploads refuse of the scan.
    """
    citizen = await acting_for(stand, actor, dossier_id)
    assert citizen.account_id is not None
    read = {kind: uploads.pages_of(said) for kind, said in pages.items()}
    if not read or None in read.values():
        raise BadPages(faults=_misread(read))
    parts = {kind: numbers for kind, numbers in read.items() if numbers is not None}
    papers: dict[str, str] = {}
    for kind, part in (await keeper.split(data, parts, leave_out=leave_out)).items():
        papers[kind] = (await uploads.receive(stand.db, keeper, account_id=citizen.account_id, data=part)).id
    return await drafting.attach_documents(stand, citizen, dossier_id, papers, version=None)


def _misread(read: Mapping[str, list[int] | None]) -> list[Fault]:
    wrong = [kind for kind, numbers in read.items() if numbers is None]
    return [
        fault(
            f"pages.{kind}" if kind else "pages", "no-pages", "Hãy ghi số trang như 1-2, 5.", "Give pages like 1-2, 5."
        )
        for kind in wrong or [""]
    ]


async def ask_to_confirm(stand: Stand, actor: Actor, dossier_id: str) -> Dossier:
    """The citizen is told that it waits for them, once for each version; on their own phone they send it in as any other. Raises
    NotComplete with every fault, NotOnTheirPhone, and what `show` does."""
    async with stand.db.begin() as conn:
        row, citizen = await _helped(stand, conn, actor, dossier_id)
        if faults := await examining.faults_of(conn, stand.catalogue, row):
            raise NotComplete(faults=faults)
        assert citizen.account_id is not None
        to = telling.recipient(await accounts.account(conn, stand.keys, citizen.account_id))
        if not to.contacts:
            raise NotOnTheirPhone
        once_key = f"draft-prepared:{row.id}:{row.version}"
        link = f"{stand.settings.public_url}/dossiers"
        await stand.post_office.send(conn, event="draft-prepared", to=to, fields={"link": link}, once_key=once_key)
        return await views.dossier(conn, stand.catalogue, row)


async def submit_signed(
    stand: Stand,
    keeper: Keeper,
    actor: Actor,
    dossier_id: str,
    signed: bytes,
    *,
    key: str | None,
    version: int | None = None,
) -> Submitted:
    """Sent in on the strength of a paper the citizen signed, whose scan is kept with the dossier and sealed in its history; the citizen
    is told at once, as of any submission. The same key answers the same; `version` is what was printed for them to sign.

    Raises DossierUnknown, and what the uploads and `submitting.submit` do.
    """
    citizen = await acting_for(stand, actor, dossier_id, also_submitted=True)
    assert citizen.account_id is not None
    upload = await uploads.receive(stand.db, keeper, account_id=citizen.account_id, data=signed, key=key)
    async with stand.db.begin() as conn:
        row = await store.dossier(conn, dossier_id, lock=True)
        assert row is not None
        if row.status == "draft":
            if version is not None and version != row.version:
                raise Stale(version=row.version)
            await uploads.claim(conn, upload.id, account_id=citizen.account_id, dossier_id=dossier_id)
            signature = {"upload_id": upload.id, "sha256": upload.sha256, "version": row.version}
            await store_desk.set_assisted(
                conn, dossier_id, {**row.assisted, "officer_id": actor.account_id, "signature": signature}
            )
    return await submitting.submit(stand, citizen, dossier_id, key=key, version=None)


async def taken_in(stand: Stand, actor: Actor, dossier_id: str) -> Dossier:
    """What was sent in, for the office that helped to say so. Raises DossierUnknown, ResultUnknown."""
    async with stand.db.begin() as conn:
        row = await _sent_in(stand, conn, actor, dossier_id)
        return await views.dossier(conn, stand.catalogue, row)


async def receipt(stand: Stand, actor: Actor, dossier_id: str) -> bytes:
    """The receipt to print for the citizen. Raises DossierUnknown, ResultUnknown."""
    async with stand.db.begin() as conn:
        row = await _sent_in(stand, conn, actor, dossier_id)
        data = await following.receipt_of(stand, conn, row)
    return await following.printed(stand, data)


async def _sent_in(stand: Stand, conn: AsyncConnection, actor: Actor, dossier_id: str) -> views.Row:
    row, _ = await _helped(stand, conn, actor, dossier_id, also_submitted=True)
    if row.status == "draft":
        raise ResultUnknown
    return row


async def acting_for(stand: Stand, actor: Actor, dossier_id: str, *, also_submitted: bool = False) -> Actor:
    """The citizen whose draft this office helps with, as one who acts: their list of reads tells of it. Raises what `show` does."""
    async with stand.db.begin() as conn:
        _, citizen = await _helped(stand, conn, actor, dossier_id, also_submitted=also_submitted)
    return citizen


async def _helped(
    stand: Stand, conn: AsyncConnection, actor: Actor, dossier_id: str, *, also_submitted: bool = False
) -> tuple[views.Row, Actor]:
    """A draft this office helps with, and its citizen as one who acts, whose list of reads tells of it; any other answers as a missing
    one does."""
    row: Any = await store.dossier(conn, dossier_id)
    if row is None or row.assisted is None or row.assisted["office_id"] != actor.office_id:
        raise DossierUnknown
    if row.status != "draft" and not also_submitted:
        raise AlreadySubmitted(receipt_code=row.receipt_code)
    await reads.record(conn, actor, "counter", row.account_id)
    return row, _citizen(await accounts.account(conn, stand.keys, row.account_id))


def _citizen(account: accounts.Account, *, level: int | None = None) -> Actor:
    """The citizen, as the verbs of a draft know them: everything is theirs, and in their name."""
    level = account.level if level is None else level
    return Actor(kind="citizen", account_id=account.id, level=level, auth_at=clock.now())
