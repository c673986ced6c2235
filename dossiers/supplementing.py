"""Something is missing: the officer asks, the clock stops, the citizen gives it; what does not come in time closes with notice."""

from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from dossiers import amending, answering, deciding, desk, moving, outcomes, store, store_brought, telling, views
from dossiers.history import Happening
from dossiers.messages import AskSupplement, Dossier, Supplement
from dossiers.messages_desk import DeskBranch
from dossiers.refusals import BadSupplementRequest, NothingAsked, ReasonMissing, SupplementIncomplete
from dossiers.standing import Stand
from dossiers.whose import Side
from identity import offices
from kit import clock, names
from kit.actor import Actor
from kit.db import to_json
from kit.refusal import Fault, Words, fault
from procedures import Catalogue, bundles
from procedures.bundles import Event, Transition


async def ask(stand: Stand, actor: Actor, branch_id: str, asked: AskSupplement, *, version: int | None) -> DeskBranch:
    """Stops the clock and tells the citizen what is missing and by when.

    Raises ReasonMissing, NothingAsked, BadSupplementRequest with every fault, and what `deciding.decidable` refuses.
    """
    reason = names.nfc(asked.reason).strip()
    if len(reason) < deciding.LEAST_REASON_LETTERS:
        raise ReasonMissing(least=deciding.LEAST_REASON_LETTERS)
    if not asked.fields and not asked.documents:
        raise NothingAsked
    async with stand.db.begin() as conn:
        work = await deciding.decidable(stand, conn, actor, branch_id, version, "ask_supplement", lock=True)
        if faults := _unaskable(stand.catalogue, work, asked):
            raise BadSupplementRequest(faults=faults)
        notes = {about: said for about, note in asked.notes.items() if (said := names.nfc(note).strip())}
        asked = msgspec.structs.replace(asked, reason=reason, notes=notes)
        await stop(stand, conn, work, asked)
        return await desk.shown(stand, conn, work)


async def stop(stand: Stand, conn: AsyncConnection, work: desk.Work, asked: AskSupplement) -> None:
    """The branch, whose dossier is locked, waits for the citizen, who is told. Who may ask for what was looked at before."""
    now, name, title = clock.now(), work.branch.name, work.procedure.name
    rule = stand.catalogue.lifecycle.supplement
    if asked.working_days is not None:
        rule = msgspec.structs.replace(rule, working_days=asked.working_days)
    due = stand.catalogue.calendar.due(now, rule)
    day = f"{views.day_of(due):%d/%m/%Y}"

    def told(step: Transition) -> Happening:
        said = Words(
            vi=f"cần bổ sung trước ngày {day}. Lý do: {asked.reason}",
            en=f"a supplement is asked for by {day}. Reason: {asked.reason}",
        )
        return telling.done(
            work.actor, "ask_supplement", name, title, said, step.before, step.after,
            **marked, reason=asked.reason, due_at=to_json(due), office_id=work.office.id,
            signer_title=outcomes.officer_title(work.actor.roles, work.procedure),
        )  # fmt: skip

    # What is sealed of it is what the paper to the citizen is made from.
    marked: dict[str, Any] = {"fields": list(asked.fields), "documents": list(asked.documents)}
    if asked.notes:
        marked["notes"] = asked.notes
    wanted = {"reason": asked.reason, **marked}
    event = Event(name, "ask_supplement")
    await moving.move(conn, stand.catalogue, work.graph, event, at=now, told=told, asked=wanted, lapses_at=due)
    messenger = await telling.messenger(stand, conn, work.dossier)
    await messenger.supplement_requested(conn, work.branch.id, title, day=day, cause=work.branch.version)


def _unaskable(catalogue: Catalogue, work: desk.Work, asked: AskSupplement) -> list[Fault]:
    fields = {f"{section.name}.{field.name}" for section in work.item.form.sections for field in section.fields}
    papers = catalogue.documents(work.item, views.opened_on(work.dossier), views.chosen_of(work.dossier))
    found = [
        fault(f"fields.{path}", "unknown-field", "Biểu mẫu không có mục này.", "The form has no such field.")
        for path in asked.fields
        if path not in fields
    ]
    found += [
        fault(
            f"fields.{path}",
            "locked",
            "Mục này lấy từ cơ sở dữ liệu của cơ quan nhà nước, công dân không sửa được.",
            "This comes from an authority's record; the citizen cannot change it.",
        )
        for path in asked.fields
        if work.dossier.form.get(path, {}).get("locked")
    ]
    kinds = {paper.kind for paper in papers}
    marked = {*asked.fields, *(f"documents.{kind}" for kind in asked.documents)}
    found += [
        fault(
            f"notes.{about}", "not-marked", "Ghi chú này không đi với mục nào được yêu cầu.", "This is not asked for."
        )
        for about in asked.notes
        if about not in marked
    ]
    return found + [
        fault(f"documents.{kind}", "document-not-asked", "Thủ tục này không nhận loại giấy tờ này.", "Not taken here.")
        for kind in asked.documents
        if kind not in kinds
    ]


async def supplement(
    stand: Stand,
    actor: Actor,
    dossier_id: str,
    branch: str,
    given: Supplement,
    *,
    behalf: str | None = None,
    key: str | None,
    version: int | None,
) -> Dossier:
    """Everything that was asked for, at once; the same officer goes on and the promise moves by the time it took.

    Raises SupplementIncomplete with every fault, NotInDossier, ActionNotAllowed, and what `amending.amend` refuses.
    """

    async def verb(conn: AsyncConnection, held: moving.Graph, side: Side) -> None:
        row, title = held.row(branch), held.procedures[branch].name
        bundles.act(stand.catalogue.lifecycle, branch, row.state, "supplement")
        if faults := _not_what_was_asked(held, branch, given):
            raise SupplementIncomplete(faults=faults)
        facts, now = await amending.give(conn, stand.catalogue, side, held, given), clock.now()
        said = Words(vi="công dân đã bổ sung.", en="the citizen gave what was missing.")
        if (counter := await _at_counter(conn, row, given)) is not None:
            helper = await offices.office(conn, counter["office_id"])
            said, signed = telling.brought(helper.name, counter), "signature_sha256" in counter
            facts["counter"] = counter
            await store_brought.change(conn, row.id, given_at=now)
            if signed:
                messenger = await telling.messenger(stand, conn, held.dossier)
                await messenger.supplement_signed(conn, row.id, title, cause=row.version)

        def told(step: Transition) -> Happening:
            return telling.done(actor, "supplement", branch, title, said, step.before, step.after, **facts)

        await moving.move(conn, stand.catalogue, held, Event(branch, "supplement"), at=now, told=told, asked=None)

    return await amending.amend(
        stand, actor, dossier_id, verb,
        route=f"branches/{branch}/supplement", asked=given, behalf=behalf, key=key, version=version,
    )  # fmt: skip


async def _at_counter(conn: AsyncConnection, row: views.Row, given: Supplement) -> dict[str, Any] | None:
    """Which counter filled in just this, for the history to seal, with the paper that was signed of this very version. None of what the
    citizen gave otherwise."""
    draft = await store_brought.draft(conn, row.id)
    if draft is None or draft.given_at is not None or draft.asked_at != row.state_since:
        return None
    papers = {kind: paper["upload_id"] for kind, paper in draft.documents.items()}
    if answering.as_kept(given.fields) != draft.fields or given.documents != papers:
        return None
    how = {"office_id": draft.office_id, "officer_id": draft.officer_id}
    signature = draft.signature
    if signature is None or signature["version"] != draft.version:
        return how
    return {**how, "signature_sha256": signature["sha256"]}


async def faults_of(
    conn: AsyncConnection, catalogue: Catalogue, side: Side, held: moving.Graph, branch: str, given: Supplement
) -> list[Fault]:
    """What `supplement` would refuse of this by now; nothing of it stays. The dossier's row must be locked."""
    if faults := _not_what_was_asked(held, branch, given):
        return faults
    trial = await conn.begin_nested()
    try:
        await amending.give(conn, catalogue, side, held, given)
    except SupplementIncomplete as refusal:
        return list(refusal.faults)
    finally:
        await trial.rollback()
    return []


def _not_what_was_asked(held: moving.Graph, branch: str, given: Supplement) -> list[Fault]:
    """What is still missing of it, and what is given beyond it."""
    asked: dict[str, list[str]] = held.row(branch).asked
    if not asked["fields"] and not asked["documents"]:
        return _no_answer_to_words(held, branch, given)
    fields = [path for path in asked["fields"] if given.fields.get(path) is None]
    papers = [f"documents.{kind}" for kind in asked["documents"] if kind not in given.documents]
    found = [
        fault(path, "required", "Cán bộ đã yêu cầu bổ sung mục này.", "The officer asked for this.")
        for path in (*fields, *papers)
    ]
    found += answering.unasked(given.fields, asked["fields"])
    return found + answering.unasked(
        [f"documents.{kind}" for kind in given.documents], [f"documents.{kind}" for kind in asked["documents"]]
    )


def _no_answer_to_words(held: moving.Graph, branch: str, given: Supplement) -> list[Fault]:
    """An agency at the far end of a wire asks in words alone: whatever the branch takes may be the answer, but nothing is none."""
    if not given.fields and not given.documents:
        return [fault("", "required", "Hãy bổ sung ít nhất một mục hoặc một giấy tờ.", "Give an answer or a paper.")]
    procedure = held.procedures[branch]
    papers = [f"documents.{document.kind}" for document in procedure.documents]
    found = answering.unasked(given.fields, answering.fields_of(procedure.form))
    found += answering.unasked([f"documents.{kind}" for kind in given.documents], papers)
    return found or amending.settled(held, given)


async def lapse(stand: Stand) -> int:
    """Closes every branch that waited for the citizen, or for an invited person, beyond its day; how many."""
    closed = 0
    while True:
        async with stand.db.connect() as conn:
            late = await store.lapsing(conn, before=clock.now(), limit=100)
        if not late:
            return closed
        for dossier_id, branch in late:
            closed += await _lapse(stand, dossier_id, branch)


async def _lapse(stand: Stand, dossier_id: str, branch: str) -> bool:
    async with stand.db.begin() as conn:
        dossier = await store.dossier(conn, dossier_id, lock=True)
        assert dossier is not None
        held, now = await moving.graph(conn, stand.catalogue, dossier), clock.now()
        row = held.row(branch)
        if row.lapses_at is None or row.lapses_at > now:
            return False  # it came while we waited for the lock
        title = held.procedures[branch].name

        def told(step: Transition) -> Happening:
            return telling.lapsed(branch, title, step.before, step.after)

        steps = await moving.move(conn, stand.catalogue, held, Event(branch, "lapse"), at=now, told=told)
        messenger = await telling.messenger(stand, conn, dossier)
        for step in steps:
            other = held.row(step.branch)
            await messenger.branch_ended(
                conn, other.id, held.procedures[step.branch].name, step.after, cause=other.version
            )
        return True
