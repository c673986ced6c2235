"""Filing at a counter on a citizen's behalf: an officer fills in, the citizen confirms on their own phone or by a signature on paper.

Any office's reception takes in; the agency that decides is told by the form, as ever.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

import uploads
from dossiers import drafting, examining, following, store, store_desk, submitting, telling, views, whose
from dossiers.messages import AttachDocument, ChangeForm, Dossier, OpenDraft, Submitted
from dossiers.messages_desk import Assist, AssistedDraft, AssistedDrafts, SeenCard
from dossiers.refusals import (
    AlreadySubmitted,
    BadPages,
    CardExpired,
    CardMisread,
    CitizenUnknown,
    DossierUnknown,
    KnownOtherwise,
    LevelTooLow,
    MandateMissing,
    NotComplete,
    NotOnTheirPhone,
    RegisterContradicts,
    ResultUnknown,
    Stale,
)
from dossiers.standing import Stand
from dossiers.whose import Filer
from identity import accounts, mandates, proofing
from identity.consents import reads
from kit import clock
from kit import pin as pins
from kit.actor import Actor
from kit.refusal import Fault, fault
from uploads import Keeper

_LISTED = 100


async def open_draft(stand: Stand, actor: Actor, asked: Assist) -> Dossier:
    """A draft of the citizen's own, which this office may fill in until it is sent in. The citizen's list of reads tells of it.

    For another they file under a mandate of theirs, which every page and button looks at anew. Raises CitizenUnknown, LevelTooLow, CardExpired, CardMisread,
    RegisterContradicts, KnownOtherwise, AccountClosed, MandateMissing, and what `drafting.open_draft` does.
    """
    item = stand.catalogue.find(asked.procedure, clock.today())
    found, register = await _asked_for(stand, actor, asked)
    if asked.card is None and found.level < item.level_to_file:
        raise LevelTooLow(level=item.level_to_file)
    behalf = None
    async with stand.db.begin() as conn:
        await reads.record(conn, actor, "counter", found.id)
        if asked.acting_for is not None:
            behalf = await mandates.to_file(conn, stand.mandates, found.id, asked.acting_for, item.code)
    if asked.acting_for is not None and behalf is None:
        raise MandateMissing
    # Who stands there with their card needs no level: an officer looked.
    citizen = _citizen(found, level=max(found.level, item.level_to_file))
    wanted = OpenDraft(procedure=asked.procedure, options=asked.options)
    draft = await drafting.open_draft(stand, citizen, wanted, behalf=behalf)
    how = {
        "office_id": actor.office_id,
        "officer_id": actor.account_id,
        "at": clock.now().isoformat(),
        "card_seen": asked.card is not None,
        "register": register,
    }
    async with stand.db.begin() as conn:
        await store_desk.set_assisted(conn, draft.id, how)
        return await _as_helped(stand, conn, draft.id)


async def _as_helped(stand: Stand, conn: AsyncConnection, dossier_id: str) -> Dossier:
    row = await views.again(conn, dossier_id)
    return await views.dossier(conn, stand.catalogue, row, faults=await examining.faults_of(conn, stand.catalogue, row))


async def _asked_for(stand: Stand, actor: Actor, asked: Assist) -> tuple[accounts.Account, proofing.Answer | None]:
    """Whose account it is, and what the register said where it was asked; opened for whoever has none, and shows their card."""
    if asked.card is not None:
        return await _shown(stand, actor, asked, asked.card)
    async with stand.db.connect() as conn:
        found = await accounts.by_pin(conn, stand.keys, asked.pin)
    if found is None or found.closed_at is not None or found.date_of_birth != asked.date_of_birth:
        raise CitizenUnknown
    return found, None


async def _shown(
    stand: Stand, actor: Actor, asked: Assist, card: SeenCard
) -> tuple[accounts.Account, proofing.Answer | None]:
    """What an officer read off a card is one witness, the register the other: with its yes the account stands at the level that policy gives
    for both, without it where it stood; neither is asked about a card that is no longer good."""
    if proofing.card_expired(card.expires_on, clock.today()):
        raise CardExpired
    if faults := pins.faults(asked.pin, sex=card.sex, birth_year=asked.date_of_birth.year):
        raise CardMisread(faults=faults)
    policy, said = proofing.current(), None
    reached = policy.level(("officer", "register"))
    async with stand.db.connect() as conn:
        known = await accounts.by_pin(conn, stand.keys, asked.pin)
    if policy.register.ask and (known is None or known.level < reached):
        said = await proofing.ask(
            stand.population, pin=asked.pin, full_name=card.full_name, date_of_birth=asked.date_of_birth
        )
        if said.answer in policy.register.to_a_person and not card.looked_again:
            raise RegisterContradicts
    now = clock.now()
    async with stand.db.begin() as conn:
        try:
            found = await accounts.open_or_find_shown(
                conn,
                stand.keys,
                pin=asked.pin,
                full_name=card.full_name,
                date_of_birth=asked.date_of_birth,
                sex=card.sex,
                at=now,
                actor=actor,
            )
        except accounts.IdentityConflict as conflict:
            raise KnownOtherwise from conflict
        if said is None:
            return found, None
        if said.answer == "yes":
            evidence = {"officer": {"counter": actor.office_id, "at": now.isoformat()}, "register": said.evidence()}
            until = policy.lasts_until(reached, card.expires_on, today=clock.today())
            await accounts.raise_level(conn, found.id, reached, evidence, actor, until=until)
            found = await accounts.account(conn, stand.keys, found.id)
        return found, said.answer


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
        await _helped(stand, conn, actor, dossier_id)
        return await _as_helped(stand, conn, dossier_id)


async def change_form(
    stand: Stand, actor: Actor, dossier_id: str, asked: ChangeForm, *, version: int | None
) -> Dossier:
    """As the citizen says. Raises what `show` and `drafting.change_form` do."""
    filer = await acting_for(stand, actor, dossier_id)
    return await drafting.change_form(stand, filer.actor, dossier_id, asked, behalf=filer.behalf, version=version)


async def scan(stand: Stand, keeper: Keeper, actor: Actor, dossier_id: str, kind: str, data: bytes) -> Dossier:
    """A paper the citizen brought, scanned: it is theirs, and the draft's paper of this kind. Raises what `show`, the uploads and
    `drafting.attach_document` do."""
    filer = await acting_for(stand, actor, dossier_id)
    upload = await uploads.receive(stand.db, keeper, account_id=filer.account_id, data=data)
    asked = AttachDocument(upload_id=upload.id)
    return await drafting.attach_document(
        stand, filer.actor, dossier_id, kind, asked, behalf=filer.behalf, version=None
    )


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
    filer = await acting_for(stand, actor, dossier_id)
    read = {kind: uploads.pages_of(said) for kind, said in pages.items()}
    if not read or None in read.values():
        raise BadPages(faults=_misread(read))
    parts = {kind: numbers for kind, numbers in read.items() if numbers is not None}
    papers: dict[str, str] = {}
    for kind, part in (await keeper.split(data, parts, leave_out=leave_out)).items():
        papers[kind] = (await uploads.receive(stand.db, keeper, account_id=filer.account_id, data=part)).id
    return await drafting.attach_documents(stand, filer.actor, dossier_id, papers, behalf=filer.behalf, version=None)


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
        row, filer = await _helped(stand, conn, actor, dossier_id)
        if faults := await examining.faults_of(conn, stand.catalogue, row):
            raise NotComplete(faults=faults)
        to = telling.recipient(await accounts.account(conn, stand.keys, filer.account_id))
        if not to.contacts:
            raise NotOnTheirPhone
        once_key = f"draft-prepared:{row.id}:{row.version}"
        link = f"{stand.settings.public_url}/dossiers/{row.id}"
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
    filer = await acting_for(stand, actor, dossier_id, also_submitted=True)
    upload = await uploads.receive(stand.db, keeper, account_id=filer.account_id, data=signed, key=key)
    async with stand.db.begin() as conn:
        row = await store.dossier(conn, dossier_id, lock=True)
        assert row is not None
        if row.status == "draft":
            if version is not None and version != row.version:
                raise Stale(version=row.version)
            await uploads.claim(conn, upload.id, account_id=filer.account_id, dossier_id=dossier_id)
            signature = {"upload_id": upload.id, "sha256": upload.sha256, "version": row.version}
            await store_desk.set_assisted(
                conn, dossier_id, {**row.assisted, "officer_id": actor.account_id, "signature": signature}
            )
    return await submitting.submit(stand, filer.actor, dossier_id, behalf=filer.behalf, key=key, version=None)


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


async def acting_for(stand: Stand, actor: Actor, dossier_id: str, *, also_submitted: bool = False) -> Filer:
    """The citizen whose draft this office helps with, as one who acts: their list of reads tells of it. Raises what `show` does, and what
    `mandates.acting` does of one they file under."""
    async with stand.db.begin() as conn:
        _, filer = await _helped(stand, conn, actor, dossier_id, also_submitted=also_submitted)
    return filer


async def _helped(
    stand: Stand, conn: AsyncConnection, actor: Actor, dossier_id: str, *, also_submitted: bool = False
) -> tuple[views.Row, Filer]:
    """A draft this office helps with, and its citizen as one who acts, whose list of reads tells of it; any other answers as a missing one
    does. Once it is in, a mandate that has ended since takes nothing back: the office that helped still prints the receipt."""
    row: Any = await store.dossier(conn, dossier_id)
    if row is None or row.assisted is None or row.assisted["office_id"] != actor.office_id:
        raise DossierUnknown
    if row.status != "draft" and not also_submitted:
        raise AlreadySubmitted(receipt_code=row.receipt_code)
    await reads.record(conn, actor, "counter", row.account_id)
    filer = Filer(_citizen(await accounts.account(conn, stand.keys, row.account_id)), whose.mandate_of(row))
    if row.status == "draft":
        await whose.side(conn, stand.mandates, filer.actor, filer.behalf)
    return row, filer


def _citizen(account: accounts.Account, *, level: int | None = None) -> Actor:
    """The citizen, as the verbs of a draft know them: everything is theirs, and in their name."""
    level = account.level if level is None else level
    return Actor(kind="citizen", account_id=account.id, level=level, auth_at=clock.now())
