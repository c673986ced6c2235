"""Rows as answers: states get their names from the catalogue, lateness is computed, an office is named."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from dossiers import store
from dossiers.history import Event
from dossiers.messages import (
    ApologyView,
    AskedOf,
    Behalf,
    BranchStatus,
    BranchView,
    Contested,
    CounterView,
    DocumentView,
    Dossier,
    DossierSummary,
    ExtensionView,
    FieldValue,
    Line,
    OfficeView,
    Options,
    PaymentView,
    ProcedureRef,
    PromiseView,
    RatingView,
    ResultView,
    Status,
)
from identity import offices
from kit import clock
from kit.refusal import Fault, Words
from kit.settings import Settings
from procedures import Bundle, Catalogue, Procedure, bundles
from procedures.messages import ActorKind

Item = Bundle | Procedure
Row = Any


def item_of(catalogue: Catalogue, row: Row) -> Item:
    """The procedure or group in the version the dossier was opened under."""
    return catalogue.find(row.procedure, opened_on(row))


def queued_item(catalogue: Catalogue, row: Row) -> Item:
    """`item_of`, of a row of the queue, where `procedure` is the branch's."""
    return catalogue.find(row.dossier_procedure, opened_on(row))


def opened_on(row: Row) -> date:
    """The city's day on which the draft was opened: the law of that day holds to the end."""
    return day_of(row.opened_at)


async def again(conn: AsyncConnection, dossier_id: str) -> Row:
    """The row as it stands now, of a dossier that is known to be there."""
    row = await store.dossier(conn, dossier_id)
    assert row is not None
    return row


def day_of(at: datetime) -> date:
    """The city's day of an instant."""
    return at.astimezone(clock.CITY).date()


def options_of(row: Row) -> Options:
    return msgspec.convert(row.options, Options)


def chosen_of(row: Row) -> list[str]:
    return list(row.options["branches"])


def procedures_of(catalogue: Catalogue, item: Item, row: Row) -> dict[str, Procedure]:
    """Branch name -> procedure, of the chosen branches."""
    return catalogue.branch_procedures(item, opened_on(row), chosen_of(row))


def ref(item: Item) -> ProcedureRef:
    return ProcedureRef(code=item.code, version=item.version, name=item.name)


def label_of(item: Item, path: str) -> Words:
    """What the form calls a field."""
    section, _, name = path.partition(".")
    return next(
        field.label for s in item.form.sections if s.name == section for field in s.fields if field.name == name
    )


def counter(row: Row) -> CounterView | None:
    """Of a dossier that an officer filled in."""
    said = row.assisted
    return None if said is None else CounterView(card_seen=said.get("card_seen", False), register=said.get("register"))


def placed_label(item: Item, path: str) -> Words:
    """A field with its section: several persons have a name."""
    section = next(one for one in item.form.sections if one.name == path.partition(".")[0])
    label = label_of(item, path)
    return Words(vi=f"{section.title.vi}: {label.vi}", en=f"{section.title.en}: {label.en}")


def behalf(row: Row) -> Behalf | None:
    if row.behalf is None:
        return None
    principal = row.behalf["principal"]
    return Behalf(
        kind=principal["kind"],
        name=principal["name"],
        number=principal["number"],
        filed_by=row.behalf["filed_by"],
        mandate_id=row.behalf["mandate_id"],
    )


def form_of(item: Item, row: Row) -> dict[str, FieldValue]:
    """The answers in the order the form asks; a cleared one is kept in the row, so that it is not filled in again, and not shown."""
    found: dict[str, FieldValue] = {}
    for section in item.form.sections:
        for field in section.fields:
            path = f"{section.name}.{field.name}"
            known = row.form.get(path)
            if known is not None and known["value"] is not None:
                found[path] = FieldValue(
                    value=known["value"],
                    source=known["source"],
                    locked=known["locked"],
                    origin=known.get("origin"),
                    contested=msgspec.convert(known.get("contested"), Contested | None),
                )
    return found


def promise_of(row: Row) -> PromiseView | None:
    if row.promised_at is None:
        return None
    steps = [Words(vi=step["vi"], en=step["en"]) for step in row.promise["steps"]]
    return PromiseView(due_at=row.promised_at, due_on=row.promised_at.astimezone(clock.CITY).date(), steps=steps)


def status(
    catalogue: Catalogue, procedures: dict[str, Procedure], row: Row, at: datetime, *, by: ActorKind = "citizen"
) -> BranchStatus:
    """The office of the branch sees its state, everybody else what that is told as."""
    lifecycle = catalogue.lifecycle
    state = lifecycle.state(row.state) if by == "officer" else lifecycle.told(row.state)
    return BranchStatus(
        name=row.name,
        title=procedures[row.name].name,
        state=state.name,
        label=state.label,
        national_status=state.national_status,
        due_at=row.due_at,
        overdue=overdue(row, closed=state.closed or state.clock_stopped, at=at),
        result=row.result_kind is not None,
        promised_anew=row.apology is not None,
        extended=row.extension is not None,
    )


def overdue(row: Row, *, closed: bool, at: datetime) -> bool:
    """Derived, never stored: past its promise and still being worked on."""
    return not closed and row.due_at is not None and at > row.due_at


def branch(
    catalogue: Catalogue,
    procedures: dict[str, Procedure],
    row: Row,
    office: offices.Office,
    at: datetime,
    *,
    results_at: str,
    by: ActorKind = "citizen",
) -> BranchView:
    """`results_at` is the address under which this caller downloads the paper; `by` is whose actions are told."""
    said = status(catalogue, procedures, row, at, by=by)
    result = None
    if row.result_kind is not None:
        result = ResultView(
            kind=row.result_kind,
            name=procedures[row.name].result.name,
            number=row.result_number,
            made_at=row.made_at,
            href=results_at,
        )
    return BranchView(
        id=row.id,
        name=row.name,
        title=said.title,
        procedure=row.procedure,
        office=office_of(office),
        state=said.state,
        label=said.label,
        national_status=said.national_status,
        needs=list(row.needs),
        version=row.version,
        started_at=row.started_at,
        due_at=row.due_at,
        overdue=said.overdue,
        decided_at=row.decided_at,
        reason=Words(**row.reason) if row.reason else None,
        asked=asked_of(row),
        apology=apology_of(row),
        extension=extension_of(row),
        rating=None if row.rating is None else msgspec.convert(row.rating, RatingView),
        actions=bundles.allowed(catalogue.lifecycle, row.state, by),
        result=result,
    )


def asked_of(row: Row) -> AskedOf | None:
    """What a branch waits for."""
    if row.lapses_at is None:
        return None
    asked = row.asked or {}
    return AskedOf(
        reason=Words(vi=asked["reason"], en=asked.get("reason_en", asked["reason"])) if asked else None,
        fields=asked.get("fields", []),
        documents=asked.get("documents", []),
        notes=asked.get("notes", {}),
        amount_dong=asked.get("amount_dong"),
        due_at=row.lapses_at,
    )


def signed_at_counter(row: Row) -> bool:
    """Filed on a paper signed at a counter, and not sent in by the requester themselves."""
    return row.assisted is not None and "signature" in row.assisted


def payment(row: Row, *, pay_at: str | None = None) -> PaymentView:
    """A fee asked for; `pay_at` is told to whoever is to pay it, while it is waited for."""
    return PaymentView(
        order_id=row.id,
        amount_dong=row.amount_dong,
        reason=Words(**row.reason),
        asked_at=row.asked_at,
        pay_at=pay_at,
        paid_at=row.paid_at,
        receipt=row.receipt,
        cash=row.taken_by is not None,
    )


def apology_of(row: Row) -> ApologyView | None:
    """The new date, and the one it stands for."""
    if row.apology is None:
        return None
    reason = row.apology["reason"]
    return msgspec.convert({**row.apology, "reason": {"vi": reason, "en": reason}}, ApologyView)


def extension_of(row: Row) -> ExtensionView | None:
    """Until when it was extended then; `due_at` of the branch is later where its clock has stood still since."""
    if row.extension is None:
        return None
    reason = row.extension["reason"]
    return msgspec.convert({**row.extension, "reason": {"vi": reason, "en": reason}}, ExtensionView)


def timeline(events: Iterable[Event]) -> list[Line]:
    return [
        Line(
            seq=event.seq,
            at=event.at,
            kind=event.kind,
            branch=event.branch,
            before=event.before,
            after=event.after,
            message=Words(vi=event.vi, en=event.en),
        )
        for event in events
    ]


def document_views(catalogue: Catalogue, item: Item, row: Row, papers: Sequence[Row]) -> list[DocumentView]:
    known = {paper.kind: paper.name for paper in catalogue.documents(item, opened_on(row), chosen_of(row))}
    return [
        DocumentView(
            kind=paper.kind,
            name=known[paper.kind],
            sha256=bytes(paper.sha256).hex(),
            media_type=paper.media_type,
            size_bytes=paper.size_bytes,
            attached_at=paper.attached_at,
        )
        for paper in papers
    ]


def letterhead(office: offices.Office, settings: Settings) -> str:
    """As papers name an office, the city after the ward."""
    return office.name.vi if settings.city in office.name.vi else f"{office.name.vi}, {settings.city}"


def office_of(office: offices.Office) -> OfficeView:
    return OfficeView(id=office.id, name=office.name, address=office.address)


async def offices_of(conn: AsyncConnection, rows: Iterable[Row]) -> dict[str, offices.Office]:
    """Each office once."""
    return await offices.offices_by_id(conn, {row.office_id for row in rows})


async def dossier(conn: AsyncConnection, catalogue: Catalogue, row: Row, *, faults: Sequence[Fault] = ()) -> Dossier:
    """The whole of it, for those who may see it."""
    item, at = item_of(catalogue, row), clock.now()
    procedures = procedures_of(catalogue, item, row)
    rows = [] if row.status == "draft" else await store.branches_of(conn, [row.id])
    places = await offices_of(conn, rows)
    return Dossier(
        id=row.id,
        status=row.status,
        version=row.version,
        procedure=ref(item),
        about=about(item, row),
        behalf=behalf(row),
        counter=counter(row),
        options=options_of(row),
        receipt_code=row.receipt_code,
        opened_at=row.opened_at,
        submitted_at=row.submitted_at,
        promised=promise_of(row),
        form=form_of(item, row),
        documents=document_views(catalogue, item, row, await store.documents_of(conn, row.id)),
        branches=[
            branch(
                catalogue, procedures, b, places[b.office_id], at, results_at=f"/v1/dossiers/{row.id}/results/{b.name}"
            )
            for b in rows
        ],
        fees=[],
        timeline=timeline(await store.events_of(conn, row.id)) if rows else [],
        faults=list(faults),
    )


def standing(catalogue: Catalogue, row: store.Standing, at: datetime) -> Status:
    """How it stands, for whoever knows no more than the code and the second fact."""
    item = item_of(catalogue, row)
    procedures = procedures_of(catalogue, item, row)
    return Status(
        receipt_code=row.receipt_code,
        procedure=ref(item),
        status=row.status,
        submitted_at=row.submitted_at,
        promised_at=row.promised_at,
        branches=[status(catalogue, procedures, branch, at) for branch in row.branches],
        timeline=row.timeline,
    )


def about(item: Item, row: Row) -> str | None:
    """Whom or what a dossier is about, for those who may see the whole of it."""
    named = [answer["value"] for path in item.about if (answer := row.form.get(path)) and answer["value"]]
    return " – ".join(named) or None


def summary(catalogue: Catalogue, row: Row, rows: Sequence[Row], at: datetime) -> DossierSummary:
    item = item_of(catalogue, row)
    procedures = procedures_of(catalogue, item, row)
    return DossierSummary(
        id=row.id,
        status=row.status,
        receipt_code=row.receipt_code,
        procedure=ref(item),
        about=about(item, row),
        behalf=behalf(row),
        opened_at=row.opened_at,
        submitted_at=row.submitted_at,
        promised_at=row.promised_at,
        branches=[status(catalogue, procedures, b, at) for b in rows],
    )
