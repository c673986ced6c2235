"""Submission: refused whole with every fault named, or in whole: dossier, branches, history, messages and reply in one transaction."""

import asyncio
import hashlib
import logging
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

import uploads
from dossiers import examining, inviting, known, receipt_codes, store, store_desk, telling, views, whose
from dossiers.history import START, Happening, chain, seal
from dossiers.intake import Wish
from dossiers.messages import BranchStatus, PromiseView, Submitted
from dossiers.refusals import AlreadySubmitted, NotComplete, Stale
from dossiers.standing import Stand
from dossiers.whose import Side
from identity import accounts, offices
from kit import clock, idempotency, ids
from kit.actor import Actor
from kit.db import raw
from kit.refusal import Refusal
from notifications import Sending
from procedures import Bundle, Catalogue, Procedure, bundles
from procedures.calendar import Promise

_log = logging.getLogger("motcua.dossiers")


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


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A draft that is the caller's to submit, its row held."""

    wish: Wish
    slot: idempotency.Slot
    side: Side
    draft: examining.Draft


class Entered(msgspec.Struct, frozen=True, kw_only=True):
    """What is written of one submission, and what its caller is told."""

    entry: Entry
    owner: accounts.Account
    asked: dict[str, str]
    """Whose consent a branch needs, by its name."""
    taken: store.Taken
    reply: Submitted


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
    wish = wished(actor, dossier_id, behalf=behalf, key=key, version=version, body=body)
    answer = await stand.intake.ask(wish)
    if isinstance(answer, Exception):
        raise answer
    return answer


def wished(
    actor: Actor, dossier_id: str, *, behalf: str | None = None, key: str | None, version: int | None, body: bytes = b""
) -> Wish:
    """Raises the kit's refusals about the key."""
    assert actor.account_id is not None
    call = idempotency.Call(
        scope=actor.account_id,
        route=f"POST /v1/dossiers/{dossier_id}/submission",
        key=idempotency.checked(key),
        body_digest=hashlib.sha256(body).digest(),
    )
    return Wish(actor=actor, dossier_id=dossier_id, behalf=behalf, version=version, call=call)


async def take_in(stand: Stand, wishes: Sequence[Wish]) -> list[Submitted | Exception]:
    """What was asked for while the last was taken in, in one transaction; what goes wrong for one of them is told to that one alone.

    Two for one dossier are never taken in together: the second sees what the first did. Where the transaction fails, each has its own.
    """
    first = {wish.dossier_id: i for i, wish in reversed(list(enumerate(wishes)))}
    answers: dict[int, Submitted | Exception] = {}
    if len(first) > 1:
        try:
            answers |= zip(first.values(), await _together(stand, [wishes[i] for i in first.values()]), strict=True)
        except Exception as error:
            _log.warning("taken in one by one", extra={"error": type(error).__name__, "together": len(first)})
    left = [i for i in range(len(wishes)) if i not in answers]
    # At once: where the database does not answer, nobody waits for all the others to find that out.
    answers |= zip(left, await asyncio.gather(*(_alone(stand, wishes[i]) for i in left)), strict=True)
    return [answers[i] for i in range(len(wishes))]


async def _alone(stand: Stand, wish: Wish) -> Submitted | Exception:
    try:
        (answer,) = await _together(stand, [wish])
    except Exception as error:
        return error
    return answer


async def _together(stand: Stand, wishes: Sequence[Wish]) -> list[Submitted | Refusal]:
    """Each of another dossier."""
    async with stand.db.begin() as conn:
        slots = await idempotency.slots(await raw(conn), [wish.call for wish in wishes])
        held = await store.dossiers_locked(conn, [wish.dossier_id for wish in wishes])
        papers = list[views.Row](await store.documents_of_many(conn, held))
        found = [await _opened(stand, conn, wish, slot, held, papers) for wish, slot in zip(wishes, slots, strict=True)]
        drafts = [one.draft for one in found if isinstance(one, Entry)]
        desks = await offices.offices_for(conn, {place for draft in drafts for place in draft.wanted})
        files = await uploads.tied(conn, [file for draft in drafts for file in draft.files])
        owners = await accounts.accounts_by_id(conn, stand.keys, {draft.row.account_id for draft in drafts})
        read = [
            await _entered(stand, conn, one, desks, files, owners) if isinstance(one, Entry) else one for one in found
        ]
        await _write(stand, conn, [one for one in read if isinstance(one, Entered)])
        return [one.reply if isinstance(one, Entered) else one for one in read]


async def _opened(
    stand: Stand,
    conn: AsyncConnection,
    wish: Wish,
    slot: idempotency.Slot | Refusal,
    held: Mapping[str, views.Row],
    papers: Sequence[views.Row],
) -> Entry | Submitted | Refusal:
    """A draft that may go in as far as its caller and its row can tell; or what was answered before."""
    if isinstance(slot, Refusal):
        return slot
    try:
        # Also before a kept answer: it tells of a dossier that is no longer the caller's to see.
        side = await whose.side(conn, stand.mandates, wish.actor, wish.behalf, writes=True)
        row = whose.own(side, held.get(wish.dossier_id))
        if slot.reply is not None:
            return msgspec.convert(slot.reply, Submitted)
        if row.status != "draft":
            raise AlreadySubmitted(receipt_code=row.receipt_code)
        if wish.version is not None and wish.version != row.version:
            raise Stale(version=row.version)
        own = [paper for paper in papers if paper.dossier_id == row.id]
        return Entry(wish=wish, slot=slot, side=side, draft=examining.draft_of(stand.catalogue, row, own))
    except Refusal as refusal:
        return refusal


async def _entered(
    stand: Stand,
    conn: AsyncConnection,
    entry: Entry,
    desks: Mapping[tuple[offices.Agency, str], offices.Office],
    files: Mapping[str, str | None],
    owners: Mapping[str, accounts.Account],
) -> Entered | Refusal:
    """Everything there is to write of a draft with nothing wrong with it."""
    try:
        examined = await examining.judged(conn, stand.catalogue, entry.draft, desks, files)
        if examined.faults:
            raise NotComplete(faults=examined.faults)
        return await _made(stand, conn, entry, examined, owners[entry.draft.row.account_id])
    except Refusal as refusal:
        return refusal


async def _made(
    stand: Stand, conn: AsyncConnection, entry: Entry, examined: examining.Examined, owner: accounts.Account
) -> Entered:
    """Refuses what `uploads.claim` does: a file was tied when it was attached, unless that dossier is no more."""
    side, draft, now = entry.side, entry.draft, clock.now()
    row, item, values = draft.row, draft.item, draft.values
    for paper in draft.papers:
        if examined.files[paper.upload_id] != row.id:
            await uploads.claim(conn, paper.upload_id, account_id=row.account_id, dossier_id=row.id)
    asked = inviting.wanted(draft.procedures, values, owner_pin=owner.pin, at=now)
    planted = _plant(stand.catalogue, examined, now, held=asked.keys())
    promise = stand.catalogue.calendar.promise(now, item.deadline)
    ward_code = planted[0].office.ward_code
    code = receipt_codes.new(stand.settings.agency_prefix, ward_code, now.astimezone(clock.CITY).date())
    form = _answered(row.form, values)
    papers = {paper.kind: {"upload_id": paper.upload_id, "sha256": bytes(paper.sha256).hex()} for paper in draft.papers}
    for_another = side.acting is not None
    taken_in = telling.submitted(
        side.actor, code, for_another=for_another, procedure=item.code, form_sha256=seal(form), documents=papers
    )
    happenings: list[Happening] = [taken_in]
    if row.assisted is not None:
        helper = await offices.office(conn, row.assisted["office_id"])
        happenings.append(telling.assisted(await _confirmed(conn, row), helper.name))
    happenings += [
        telling.contested(side.actor, views.label_of(item, path), answer["contested"]["reason"])
        for path, answer in row.form.items()
        if "contested" in answer
    ]
    happenings += [telling.planted(b.name, b.procedure.name, b.office.name, b.state) for b in planted]
    events, head = chain(row.id, START, now, happenings)
    taken = store.Taken(
        dossier_id=row.id,
        submitted={
            "receipt_code": code,
            "form": form,
            "ward_code": ward_code,
            "at": now,
            "promised_at": promise.due_at,
            "promise": {"steps": promise.steps},
            "second_facts": [second_fact(code, str(owner.date_of_birth)).hex()],
            "event_count": head.count,
            "event_hash": head.hash.hex(),
            "behalf": side.behalf,
        },
        branches=[_branch_row(branch, position, now) for position, branch in enumerate(planted)],
        parties=_parties(row.form, owner.pin, for_another=for_another),
        events=events,
    )
    reply = Submitted(
        id=row.id,
        receipt_code=code,
        submitted_at=now,
        promised=_promise_view(promise),
        branches=[_status(stand.catalogue, branch) for branch in planted],
    )
    return Entered(entry=entry, owner=owner, asked=asked, taken=taken, reply=reply)


async def _write(stand: Stand, conn: AsyncConnection, entered: Sequence[Entered]) -> None:
    """Dossiers, questions to others, messages and kept replies. What is raised here undoes all of it."""
    if not entered:
        return
    await store.submit(conn, [one.taken for one in entered])
    letters: list[Sending] = []
    for one in entered:
        row, procedures, reply = one.entry.draft.row, one.entry.draft.procedures, one.reply
        await inviting.ask(stand, conn, row.id, procedures, one.asked, at=reply.submitted_at)
        to = await telling.recipients(conn, stand.keys, stand.mandates, row, owner=one.owner)
        lifecycle = stand.catalogue.lifecycle
        messenger = telling.Messenger(stand.post_office, stand.settings, lifecycle, to, reply.receipt_code)
        letters += messenger.dossier_received(row.id, reply.branches[0].state)
        one.entry.slot.keep(reply)
    await stand.post_office.send_all(conn, letters)
    await idempotency.keep(await raw(conn), [(one.entry.wish.call, one.entry.slot) for one in entered])


async def _confirmed(conn: AsyncConnection, row: views.Row) -> dict[str, Any]:
    """How a counter helped. A signature for another version than the one that goes in is none, and is not kept as one."""
    how: dict[str, Any] = dict(row.assisted)
    if "signature" in how and how["signature"]["version"] != row.version:
        del how["signature"]
        await store_desk.set_assisted(conn, row.id, how)
    return how


def _plant(
    catalogue: Catalogue, examined: examining.Examined, now: datetime, *, held: Collection[str]
) -> list[Planted]:
    item, procedures = examined.draft.item, examined.draft.procedures
    chosen = list(procedures)
    states = bundles.start(item, chosen, held=held)
    planted: list[Planted] = []
    for name, procedure in procedures.items():
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
                due_at=catalogue.calendar.due(now, procedure.deadline) if starts else None,
                lapses_at=inviting.due(catalogue, procedure, now) if states[name] == "unconfirmed" else None,
            )
        )
    return planted


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
        "started_at": branch.started_at,
        "due_at": branch.due_at,
        "lapses_at": branch.lapses_at,
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
