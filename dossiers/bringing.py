"""Answering a request for a supplement at a counter: the citizen brings what was asked for to any centre, an officer fills it in, and the
citizen confirms on their own phone or by a signature on paper.

What is given is given by `supplementing.supplement` in the citizen's name: its rules, its faults, its line of the history.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

import uploads
from dossiers import answering, interests, moving, store, store_brought, supplementing, telling, views, whose
from dossiers.messages import Prepared, Supplement
from dossiers.messages_desk import (
    AskedLine,
    AskedLines,
    Bring,
    Bringer,
    Brought,
    BroughtLine,
    BroughtList,
    BroughtPaper,
    ChangeBrought,
)
from dossiers.refusals import (
    BranchUnknown,
    BringerUnknown,
    DocumentNotAsked,
    DocumentType,
    FormRefused,
    NothingPrepared,
    NotOnTheirPhone,
    Stale,
    SupplementIncomplete,
)
from dossiers.standing import Stand
from dossiers.whose import Filer, Side
from identity import accounts, offices
from identity.consents import reads
from kit import clock
from kit.actor import Actor
from procedures import Catalogue, Document, bundles
from procedures.messages import Field
from uploads import Keeper

_LISTED: Final = 100
GIVEN_KEPT_FOR: Final = timedelta(days=7)
"""As long as a kept reply, so that the same key is answered the same."""


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """A counter's draft of an answer, behind the lock of its dossier's row, and in whose name it will be given."""

    draft: Any
    graph: moving.Graph
    branch: views.Row
    side: Side
    behalf: str | None

    @property
    def filer(self) -> Filer:
        return Filer(self.side.actor, self.behalf)

    @property
    def given(self) -> Supplement:
        return given_by(self.draft)


def given_by(draft: Any) -> Supplement:
    """As the citizen would send it."""
    return Supplement(
        fields=dict(draft.fields), documents={kind: paper["upload_id"] for kind, paper in draft.documents.items()}
    )


async def waiting(stand: Stand, actor: Actor, asked: Bringer) -> AskedLines:
    """What the citizen at the counter is asked for, of all that they filed; their list of reads tells of it. Raises BringerUnknown."""
    async with stand.db.begin() as conn:
        citizen = await _citizen(stand, conn, asked)
        await reads.record(conn, actor, "counter", citizen.id)
        states = stand.catalogue.lifecycle.action("supplement").since
        found = await store_brought.waiting(conn, citizen.id, states=states, limit=_LISTED)
        lines: list[AskedLine] = []
        for dossier_id, branch_id in found:
            held = await moving.graph(conn, stand.catalogue, await views.again(conn, dossier_id))
            branch = next(row for row in held.rows if row.id == branch_id)
            about = views.asked_of(branch)
            assert about is not None, "it waits"
            line = AskedLine(
                branch_id=branch_id,
                receipt_code=held.dossier.receipt_code,
                title=held.procedures[branch.name].name,
                asked=about,
            )
            lines.append(line)
    return AskedLines(requests=lines)


async def _citizen(stand: Stand, conn: AsyncConnection, asked: Bringer) -> accounts.Account:
    found = await accounts.by_pin(conn, stand.keys, asked.pin)
    if found is None or found.closed_at is not None or found.date_of_birth != asked.date_of_birth:
        raise BringerUnknown
    return found


async def begin(stand: Stand, actor: Actor, asked: Bring) -> Brought:
    """An empty answer, or what was filled in of it at another counter before: the citizen stands at this one now.

    Raises BringerUnknown, BranchUnknown for what is not theirs, ActionNotAllowed where nothing is asked for, OwnDossier in a matter of the
    officer's own, and of one filed under a mandate what `mandates.acting` refuses.
    """
    assert actor.office_id is not None
    assert actor.account_id is not None
    async with stand.db.begin() as conn:
        citizen = await _citizen(stand, conn, asked)
        branch = await store.branch(conn, asked.branch_id)
        row = None if branch is None else await store.dossier(conn, branch.dossier_id, lock=True)
        if branch is None or row is None or row.account_id != citizen.id:
            raise BranchUnknown
        await whose.side(conn, stand.mandates, _acting(citizen), whose.mandate_of(row), writes=True)
        branch = await store.branch(conn, asked.branch_id)
        assert branch is not None
        bundles.act(stand.catalogue.lifecycle, branch.name, branch.state, "supplement")
        await store_brought.begin(
            conn,
            branch.id,
            asked_at=branch.state_since,
            office_id=actor.office_id,
            officer_id=actor.account_id,
            at=clock.now(),
        )
        return await _shown(stand, conn, await _held(stand, conn, actor, branch.id))


async def listed(stand: Stand, actor: Actor) -> BroughtList:
    """Those this office fills in and nobody has given yet."""
    assert actor.office_id is not None
    async with stand.db.begin() as conn:
        rows = await store_brought.of_office(conn, actor.office_id, limit=_LISTED)
        for account_id in sorted({row.account_id for row in rows}):
            await reads.record_many(conn, actor, "counter", [account_id])
    return BroughtList(
        supplements=[
            BroughtLine(
                branch_id=row.branch_id,
                receipt_code=row.receipt_code,
                title=views.procedures_of(stand.catalogue, views.item_of(stand.catalogue, row), row)[row.name].name,
                requester=row.requester,
                changed_at=row.changed_at,
            )
            for row in rows
        ]
    )


async def show(stand: Stand, actor: Actor, branch_id: str) -> Brought:
    """With what still stands against giving it; once it was given, that. Raises BranchUnknown, ActionNotAllowed, OwnDossier."""
    async with stand.db.begin() as conn:
        return await _shown(stand, conn, await _held(stand, conn, actor, branch_id, also_given=True))


async def filer(stand: Stand, actor: Actor, branch_id: str) -> Filer:
    """The citizen whose answer this office fills in, as one who acts. Raises what `show` does."""
    async with stand.db.begin() as conn:
        return (await _held(stand, conn, actor, branch_id)).filer


async def change(
    stand: Stand, actor: Actor, branch_id: str, asked: ChangeBrought, *, version: int | None = None
) -> Brought:
    """As the citizen says. Raises Stale, FormRefused with every answer that was not asked for or cannot be kept, and what `show` does."""
    async with stand.db.begin() as conn:
        held = await _held(stand, conn, actor, branch_id)
        if version is not None and version != held.draft.version:
            raise Stale(version=held.draft.version)
        fields, _ = _takes(stand.catalogue, held)
        faults = answering.unasked(asked.fields, fields)
        answers = answering.as_kept(asked.fields)
        faults += answering.unstorable(held.graph.item.form, answers, held.graph.dossier.form, contestable=False)
        if faults:
            raise FormRefused(faults=faults)
        merged = {path: value for path, value in {**held.draft.fields, **answers}.items() if value is not None}
        return await _changed(stand, conn, actor, held, fields=merged)


async def scan(stand: Stand, keeper: Keeper, actor: Actor, branch_id: str, kind: str, data: bytes) -> Brought:
    """A paper the citizen brought, scanned: it is theirs. Raises DocumentNotAsked, DocumentType, what `show` and the uploads do."""
    async with stand.db.begin() as conn:
        held = await _held(stand, conn, actor, branch_id)
        _, papers = _takes(stand.catalogue, held)
        if kind not in papers:
            raise DocumentNotAsked(kind=kind, known=", ".join(papers) or "-")
    upload = await uploads.receive(stand.db, keeper, account_id=held.filer.account_id, data=data)
    if upload.media_type not in papers[kind].media_types:
        raise DocumentType(allowed=", ".join(papers[kind].media_types))
    async with stand.db.begin() as conn:
        held = await _held(stand, conn, actor, branch_id)
        await uploads.claim(conn, upload.id, account_id=held.filer.account_id, dossier_id=held.graph.dossier.id)
        paper = {"upload_id": upload.id, "sha256": upload.sha256}
        return await _changed(stand, conn, actor, held, documents={**held.draft.documents, kind: paper})


async def _changed(
    stand: Stand, conn: AsyncConnection, actor: Actor, held: Held, **values: Mapping[str, Any]
) -> Brought:
    """What is signed is signed of one version."""
    await store_brought.change(
        conn,
        held.branch.id,
        officer_id=actor.account_id,
        changed_at=clock.now(),
        version=held.draft.version + 1,
        signature=None,
        **values,
    )
    return await _shown(stand, conn, await _held(stand, conn, actor, held.branch.id))


def _takes(catalogue: Catalogue, held: Held) -> tuple[dict[str, Field], dict[str, Document]]:
    """Answers and papers that may be given: what was asked for, or of an agency's mere words what the branch takes."""
    row, item = held.graph.dossier, held.graph.item
    every = answering.fields_of(item.form)
    papers = {paper.kind: paper for paper in catalogue.documents(item, views.opened_on(row), views.chosen_of(row))}
    asked: dict[str, list[str]] = held.branch.asked
    if not asked["fields"] and not asked["documents"]:
        procedure = held.graph.procedures[held.branch.name]
        kinds = [document.kind for document in procedure.documents]
        return answering.fields_of(procedure.form), {kind: papers[kind] for kind in kinds}
    return {path: every[path] for path in asked["fields"]}, {kind: papers[kind] for kind in asked["documents"]}


async def ask_to_confirm(stand: Stand, actor: Actor, branch_id: str) -> Brought:
    """The citizen is told that it waits for them, once for each version; on their own phone they give it as any other.

    Raises SupplementIncomplete with every fault, NotOnTheirPhone, and what `show` does.
    """
    async with stand.db.begin() as conn:
        held = await _held(stand, conn, actor, branch_id)
        await _refuse_faults(stand, conn, held)
        to = telling.recipient(await accounts.account(conn, stand.keys, held.filer.account_id))
        if not to.contacts:
            raise NotOnTheirPhone
        row, draft = held.graph.dossier, held.draft
        once_key = f"supplement-prepared:{branch_id}:{draft.asked_at.isoformat()}:{draft.version}"
        fields = {"receipt_code": row.receipt_code, "link": f"{stand.settings.public_url}/dossiers/{row.id}"}
        await stand.post_office.send(conn, event="supplement-prepared", to=to, fields=fields, once_key=once_key)
        return await _shown(stand, conn, held)


async def give_signed(
    stand: Stand,
    keeper: Keeper,
    actor: Actor,
    branch_id: str,
    signed: bytes,
    *,
    key: str | None,
    version: int | None = None,
) -> None:
    """Given on the strength of a paper the citizen signed, whose scan is kept with the dossier and sealed in its history; the citizen is told
    at once. The same key answers the same; `version` is what was printed for them to sign.

    Raises Stale, what `show` does, and what the uploads and `supplementing.supplement` refuse.
    """
    async with stand.db.begin() as conn:
        filer = (await _held(stand, conn, actor, branch_id, also_given=True)).filer
    upload = await uploads.receive(stand.db, keeper, account_id=filer.account_id, data=signed, key=key)
    async with stand.db.begin() as conn:
        held = await _held(stand, conn, actor, branch_id, also_given=True)
        draft, dossier = held.draft, held.graph.dossier
        if draft.given_at is None:
            if version is not None and version != draft.version:
                raise Stale(version=draft.version)
            await _refuse_faults(stand, conn, held)
            await uploads.claim(conn, upload.id, account_id=filer.account_id, dossier_id=dossier.id)
            signature = {"upload_id": upload.id, "sha256": upload.sha256, "version": draft.version}
            await store_brought.change(conn, branch_id, officer_id=actor.account_id, signature=signature)
    await supplementing.supplement(
        stand, filer.actor, dossier.id, held.branch.name, held.given, behalf=filer.behalf, key=key, version=None
    )


async def _refuse_faults(stand: Stand, conn: AsyncConnection, held: Held) -> None:
    if faults := await _faults_of(stand, conn, held):
        raise SupplementIncomplete(faults=faults)


async def _faults_of(stand: Stand, conn: AsyncConnection, held: Held) -> list[Any]:
    return await supplementing.faults_of(conn, stand.catalogue, held.side, held.graph, held.branch.name, held.given)


async def prepared(stand: Stand, actor: Actor, dossier_id: str, branch: str, *, behalf: str | None = None) -> Prepared:
    """What a counter filled in for the caller to look at and to give. Raises NothingPrepared, NotInDossier, and what `whose.owned` does."""
    async with stand.db.begin() as conn:
        side = await whose.side(conn, stand.mandates, actor, behalf)
        row = await whose.owned(conn, side, dossier_id)
        held = await moving.graph(conn, stand.catalogue, row)
        waits = held.row(branch)
        draft = await store_brought.draft(conn, waits.id)
        if draft is None or draft.given_at is not None or draft.asked_at != waits.state_since:
            raise NothingPrepared
        given = given_by(draft)
        if not given.fields and not given.documents:
            raise NothingPrepared
        office = await offices.office(conn, draft.office_id)
    return Prepared(fields=given.fields, documents=given.documents, office=office.name)


async def _held(stand: Stand, conn: AsyncConnection, actor: Actor, branch_id: str, *, also_given: bool = False) -> Held:
    """A draft of this office for the request that waits now, whose citizen's list of reads tells of it; any other answers as a missing one
    does. Of one that nothing waits for any more it is refused as the citizen's own answer is; nobody fills in one of their own or their family's."""
    assert actor.office_id is not None
    draft = await store_brought.draft(conn, branch_id)
    if draft is None or draft.office_id != actor.office_id:
        raise BranchUnknown
    found = await store.branch(conn, branch_id)
    assert found is not None, "a draft goes with its branch"
    row = await store.dossier(conn, found.dossier_id, lock=True)
    assert row is not None
    graph = await moving.graph(conn, stand.catalogue, row)
    # Behind the lock.
    draft = await store_brought.draft(conn, branch_id)
    branch = next(one for one in graph.rows if one.id == branch_id)
    if draft is None or draft.office_id != actor.office_id:
        raise BranchUnknown
    good = draft.asked_at == branch.state_since if draft.given_at is None else also_given
    if not good:
        bundles.act(stand.catalogue.lifecycle, branch.name, branch.state, "supplement")
        raise BranchUnknown
    seat = await offices.seat(conn, stand.keys, actor.office_id, actor.account_id)
    await interests.refuse_own(conn, stand.keys, row, seat, parties=await store_brought.parties(conn, row.id))
    await reads.record(conn, actor, "counter", whose.read_of(row))
    citizen = _acting(await accounts.account(conn, stand.keys, row.account_id))
    mandate_id = whose.mandate_of(row)
    side = await whose.side(conn, stand.mandates, citizen, mandate_id)
    return Held(draft=draft, graph=graph, branch=branch, side=side, behalf=mandate_id)


def _acting(account: accounts.Account) -> Actor:
    return Actor(kind="citizen", account_id=account.id, level=account.level, auth_at=clock.now())


async def _shown(stand: Stand, conn: AsyncConnection, held: Held) -> Brought:
    row, draft = held.graph.dossier, held.draft
    given = draft.given_at is not None
    papers = {
        paper.kind: paper.name
        for paper in stand.catalogue.documents(held.graph.item, views.opened_on(row), views.chosen_of(row))
    }
    requester = row.form.get("requester.full_name")
    return Brought(
        branch_id=draft.branch_id,
        dossier_id=row.id,
        receipt_code=row.receipt_code,
        title=held.graph.procedures[held.branch.name].name,
        requester=requester and requester["value"],
        behalf=views.behalf(row),
        asked=None if given else views.asked_of(held.branch),
        fields=draft.fields,
        documents=[
            BroughtPaper(kind=kind, name=papers[kind], sha256=paper["sha256"])
            for kind, paper in draft.documents.items()
        ],
        faults=[] if given else await _faults_of(stand, conn, held),
        given_at=draft.given_at,
        version=draft.version,
        changed_at=draft.changed_at,
    )
