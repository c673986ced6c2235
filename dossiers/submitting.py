"""Submission: refused whole with every fault named, or in whole: dossier, branches, history, messages and reply in one transaction."""

import hashlib
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

import uploads
from dossiers import inviting, known, receipt_codes, store, store_desk, telling, views, whose
from dossiers.history import START, Happening, chain, seal
from dossiers.messages import BranchStatus, PromiseView, Submitted
from dossiers.refusals import AlreadySubmitted, NotComplete, Stale
from dossiers.standing import Stand
from dossiers.whose import Side
from identity import accounts, offices
from kit import clock, idempotency, ids
from kit.actor import Actor
from kit.db import raw, to_json
from kit.refusal import Fault, NotFound, fault
from procedures import Bundle, Catalogue, Procedure, bundles, forms, rules
from procedures.calendar import Promise
from procedures.messages import Document


class Planted(msgspec.Struct, frozen=True, kw_only=True):
    """A branch to be: where it goes and how it begins."""

    id: str
    name: str
    procedure: Procedure
    office: offices.Office
    needs: list[str]
    state: str
    started_at: datetime | None
    due_at: datetime | None
    lapses_at: datetime | None


class Examined(msgspec.Struct, frozen=True, kw_only=True):
    """A draft looked through once: what is wrong with it, and what its submission is made from when nothing is."""

    faults: list[Fault]
    item: views.Item
    values: dict[str, Any]
    papers: list[views.Row]
    procedures: dict[str, Procedure]
    offices: dict[str, offices.Office]
    """By branch; one that is missing is among the faults."""


def second_fact(receipt_code: str, fact: str) -> bytes:
    """What is compared at lookup. No secrecy at rest (the form holds the day itself): it makes every comparison alike."""
    return hashlib.sha256(f"{receipt_code}|{fact}".encode()).digest()


async def submit(
    stand: Stand,
    actor: Actor,
    dossier_id: str,
    *,
    behalf: str | None = None,
    key: str | None,
    version: int | None,
    body: bytes = b"",
) -> Submitted:
    """The receipt code and the promise. The same key answers the same; a draft is submitted once.

    Raises NotComplete with every fault, AlreadySubmitted, Stale, what `whose` refuses, and the kit's refusals about the key.
    """
    assert actor.account_id is not None
    key = idempotency.checked(key)
    async with (
        stand.db.begin() as conn,
        idempotency.once(
            await raw(conn),
            scope=actor.account_id,
            route=f"POST /v1/dossiers/{dossier_id}/submission",
            key=key,
            body_digest=hashlib.sha256(body).digest(),
        ) as slot,
    ):
        # Also before a kept answer: it tells of a dossier that is no longer the caller's to see.
        side = await whose.side(conn, stand.mandates, actor, behalf, writes=True)
        row = await whose.owned(conn, side, dossier_id, lock=True)
        if slot.reply is not None:
            return msgspec.convert(slot.reply, Submitted)
        if row.status != "draft":
            raise AlreadySubmitted(receipt_code=row.receipt_code)
        if version is not None and version != row.version:
            raise Stale(version=row.version)
        examined = await examine(conn, stand.catalogue, row)
        if examined.faults:
            raise NotComplete(faults=examined.faults)
        reply = await _take_in(stand, conn, side, row, examined)
        slot.keep(reply)
        return reply


async def faults_of(conn: AsyncConnection, catalogue: Catalogue, row: views.Row) -> list[Fault]:
    """Everything a submission would be refused for now, by field."""
    return (await examine(conn, catalogue, row)).faults


async def examine(conn: AsyncConnection, catalogue: Catalogue, row: views.Row) -> Examined:
    """Answers, papers, unfinished files, places without an agency: every fault at once."""
    item, today, branches = views.item_of(catalogue, row), clock.today(), views.chosen_of(row)
    values = forms.tidy(item.form, known.values_of(row.form), today=today, branches=branches)
    item = rules.as_answered(item, values, today=today)
    found = forms.check(item.form, values, today=today, branches=branches)
    procedures = views.procedures_of(catalogue, item, row)
    places = {name: _place(procedure, row, values) for name, procedure in procedures.items()}
    wanted: set[tuple[offices.Agency, str]] = {
        (procedures[name].agency_kind, ward) for name, (_, ward) in places.items() if ward is not None
    }
    known_offices = await offices.offices_for(conn, wanted)
    papers = await store.documents_of(conn, row.id)
    asked = catalogue.documents(item, views.opened_on(row), branches)
    found += await _missing_papers(conn, asked, values, papers, row, branches)
    found += [fault for paper in papers for fault in await _file_faults(conn, paper)]
    responsible: dict[str, offices.Office] = {}
    for name, procedure in procedures.items():
        field, ward = places[name]
        if ward is None:
            # Where the address that decides it is still to be answered, that answer is asked for already.
            asked_for = (*procedure.place, *(f"{parent}.residence" for parent in known.PARENTS.values()))
            if not any(named.field.startswith(asked_for) for named in found):
                found.append(_no_ward(field))
            continue
        office = known_offices.get((procedure.agency_kind, ward))
        if office is None:
            found.append(_no_office(field, procedure))
        else:
            responsible[name] = office
    return Examined(
        faults=_once(found), item=item, values=values, papers=papers, procedures=procedures, offices=responsible
    )


async def _missing_papers(
    conn: AsyncConnection,
    asked: list[Document],
    values: Mapping[str, Any],
    papers: list[views.Row],
    row: views.Row,
    branches: list[str],
) -> list[Fault]:
    """What must still be handed in; what the city holds already is looked up only where that could spare a paper."""
    given, today = [paper.kind for paper in papers], clock.today()
    missing = forms.missing_documents(asked, values, given, today=today, branches=branches)
    if not missing or all(paper.held_when is None for paper in asked):
        return missing
    held = await known.held(conn, row.account_id, principal_id=row.principal_id, ward_pin=known.ward_pin(row.form))
    return forms.missing_documents(asked, values, given, today=today, known=held, branches=branches)


async def _take_in(stand: Stand, conn: AsyncConnection, side: Side, row: views.Row, examined: Examined) -> Submitted:
    now = clock.now()
    owner = await accounts.account(conn, stand.keys, row.account_id)
    for paper in examined.papers:
        await uploads.claim(conn, paper.upload_id, account_id=row.account_id, dossier_id=row.id)
    asked = inviting.wanted(examined.procedures, examined.values, owner_pin=owner.pin, at=now)
    planted = _plant(stand.catalogue, examined, now, held=asked.keys())
    promise = stand.catalogue.calendar.promise(now, examined.item.deadline)
    ward_code = planted[0].office.ward_code
    code = receipt_codes.new(stand.settings.agency_prefix, ward_code, now.astimezone(clock.CITY).date())
    form = to_json(_answered(row.form, examined.values))
    papers = {
        paper.kind: {"upload_id": paper.upload_id, "sha256": bytes(paper.sha256).hex()} for paper in examined.papers
    }
    for_another = side.acting is not None
    taken_in = telling.submitted(
        side.actor,
        code,
        for_another=for_another,
        procedure=examined.item.code,
        form_sha256=seal(form),
        documents=papers,
    )
    happenings: list[Happening] = [taken_in]
    if row.assisted is not None:
        helper = await offices.office(conn, row.assisted["office_id"])
        happenings.append(telling.assisted(await _confirmed(conn, row), helper.name))
    happenings += [
        telling.contested(side.actor, views.label_of(examined.item, path), answer["contested"]["reason"])
        for path, answer in row.form.items()
        if "contested" in answer
    ]
    happenings += [telling.planted(b.name, b.procedure.name, b.office.name, b.state) for b in planted]
    events, head = chain(row.id, START, now, happenings)
    await store.submit(
        conn,
        events,
        {
            "dossier_id": row.id,
            "receipt_code": code,
            "form": form,
            "ward_code": ward_code,
            "at": now,
            "promised_at": promise.due_at,
            "promise": {"steps": to_json(promise.steps)},
            "second_facts": [second_fact(code, str(owner.date_of_birth))],
            "event_count": head.count,
            "event_hash": head.hash,
            "branches": [_branch_row(branch, position, now) for position, branch in enumerate(planted)],
            "behalf": side.behalf,
            "parties": _parties(row.form, owner.pin, for_another=for_another),
        },
    )
    await inviting.ask(stand, conn, row.id, examined.procedures, asked, at=now)
    to = await telling.recipients(conn, stand.keys, stand.mandates, row, owner=owner)
    messenger = telling.Messenger(stand.post_office, stand.settings, stand.catalogue.lifecycle, to, code)
    await messenger.dossier_received(conn, row.id, planted[0].state)
    return Submitted(
        id=row.id,
        receipt_code=code,
        submitted_at=now,
        promised=_promise_view(promise),
        branches=[_status(stand.catalogue, branch) for branch in planted],
    )


async def _confirmed(conn: AsyncConnection, row: views.Row) -> dict[str, Any]:
    """How a counter helped. A signature for another version than the one that goes in is none, and is not kept as one."""
    how: dict[str, Any] = dict(row.assisted)
    if "signature" in how and how["signature"]["version"] != row.version:
        del how["signature"]
        await store_desk.set_assisted(conn, row.id, how)
    return how


def _plant(catalogue: Catalogue, examined: Examined, now: datetime, *, held: Collection[str]) -> list[Planted]:
    item, chosen = examined.item, list(examined.procedures)
    states = bundles.start(item, chosen, held=held)
    planted: list[Planted] = []
    for name, procedure in examined.procedures.items():
        starts = states[name] == "submitted"
        planted.append(
            Planted(
                id=ids.new_id("bra"),
                name=name,
                procedure=procedure,
                office=examined.offices[name],
                needs=[need for need in item.branch(name).needs if need in chosen] if isinstance(item, Bundle) else [],
                state=states[name],
                started_at=now if starts else None,
                due_at=catalogue.calendar.promise(now, procedure.deadline).due_at if starts else None,
                lapses_at=inviting.due(catalogue, procedure, now) if states[name] == "unconfirmed" else None,
            )
        )
    return planted


def _place(procedure: Procedure, row: views.Row, values: Mapping[str, Any]) -> tuple[str, str | None]:
    """The field that decides which ward's office it is, and that ward."""
    for field in procedure.place:
        ward = rules.at(values, f"{field}.ward")
        if ward is not None:
            return f"{field}.ward", ward
    if row.options.get("ward"):
        return "ward", row.options["ward"]
    # Luật Hộ tịch Đ13: where the father or the mother lives; the requester's own side first.
    relation = rules.at(values, known.RELATION)
    sides = [side for side in (relation, "mother", "father") if side in known.PARENTS.values()]
    for side in sides:
        ward = rules.at(values, f"{side}.residence.ward")
        if ward is not None:
            return f"{side}.residence.ward", ward
    return "ward", None


async def _file_faults(conn: AsyncConnection, paper: views.Row) -> list[Fault]:
    try:
        await uploads.upload(conn, paper.upload_id)
    except NotFound:
        return [
            fault(
                f"documents.{paper.kind}",
                "document-unfinished",
                "Tệp này chưa tải lên xong hoặc đã hết hạn. Hãy tải lên lại.",
                "This file did not finish uploading, or has expired. Upload it again.",
            )
        ]
    return []


def _no_ward(field: str) -> Fault:
    return fault(
        field,
        "required",
        "Hãy chọn phường, xã nơi nộp hồ sơ.",
        "Choose the ward to file in.",
    )


def _no_office(field: str, procedure: Procedure) -> Fault:
    return fault(
        field,
        "no-such-office",
        f"Phường, xã này chưa có cơ quan giải quyết “{procedure.name.vi}” trên hệ thống. Hãy chọn nơi khác.",
        f"No office in this ward handles “{procedure.name.en}” here. Choose another place.",
    )


def _answered(answers: known.Answers, values: Mapping[str, Any]) -> known.Answers:
    """The answers as they go in: tidied, without those that nobody asked, with the defaults nobody changed."""
    kept: known.Answers = {}
    for section, fields in values.items():
        for name, value in fields.items():
            path = f"{section}.{name}"
            said = answers.get(path, {"source": "default", "locked": False})
            kept[path] = {**said, "value": value}
    return kept


def _parties(answers: known.Answers, owner_pin: str | None, *, for_another: bool) -> list[dict[str, str]]:
    """Who may follow: the requester and persons an authority's record names; never a number that was typed.

    Who filed for another follows as long as the mandate stands, and is no party by themselves.
    """
    found = {owner_pin: "requester"} if owner_pin else {}
    for path, answer in answers.items():
        section, _, name = path.partition(".")
        if name == "pin" and answer["locked"] and answer["value"] is not None:
            found.setdefault(answer["value"], section)
    return [{"pin": pin, "role": role} for pin, role in found.items() if not (for_another and pin == owner_pin)]


def _branch_row(branch: Planted, position: int, now: datetime) -> dict[str, Any]:
    return {
        "id": branch.id,
        "name": branch.name,
        "position": position,
        "procedure": branch.procedure.code,
        "office_id": branch.office.id,
        "officer_role": branch.procedure.officer_role,
        "needs": branch.needs,
        "state": branch.state,
        "started_at": branch.started_at.isoformat() if branch.started_at else None,
        "due_at": branch.due_at.isoformat() if branch.due_at else None,
        "lapses_at": branch.lapses_at.isoformat() if branch.lapses_at else None,
        # A branch that begins by waiting for somebody begins with the clock stopped.
        "pauses": [[now.isoformat(), None]] if branch.lapses_at else [],
    }


def _status(catalogue: Catalogue, branch: Planted) -> BranchStatus:
    state = catalogue.lifecycle.state(branch.state)
    return BranchStatus(
        name=branch.name,
        title=branch.procedure.name,
        state=branch.state,
        label=state.label,
        national_status=state.national_status,
        due_at=branch.due_at,
        overdue=False,
        result=False,
        promised_anew=False,
        extended=False,
    )


def _promise_view(promise: Promise) -> PromiseView:
    return PromiseView(due_at=promise.due_at, due_on=promise.due_on, steps=list(promise.steps))


def _once(faults: list[Fault]) -> list[Fault]:
    """Two branches may miss the same thing; the citizen is told once."""
    return list({(found.field, found.code): found for found in faults}.values())
