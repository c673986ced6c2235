"""The dossiers' SQL: takes a connection in the caller's transaction, returns rows. The hot statements go to psycopg directly."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Literal, LiteralString

import msgspec
import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb
from sqlalchemy import ColumnElement, Row, and_, delete, func, insert, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from dossiers.history import Event
from dossiers.messages import Line
from dossiers.store_moving import LINES
from dossiers.tables import (
    branches,
    documents,
    dossier_events,
    dossier_feed,
    dossier_parties,
    dossiers,
    invitations,
    replaced_results,
    results,
)
from kit.db import TEXTS, Backlog, backlog, rows, select_from, write
from kit.line import Line as DirectLine

Values = dict[str, Any]


# --- drafts ----------------------------------------------------------------------------------------------------------


async def add_draft(conn: AsyncConnection, row: Values) -> None:
    await conn.execute(insert(dossiers).values(**row))


async def dossier(conn: AsyncConnection, dossier_id: str, *, lock: bool = False) -> Row[Any] | None:
    """`lock` holds the row, and so the dossier's whole graph and history, until the transaction ends."""
    return next(iter(await rows(conn, _DOSSIER_LOCKED if lock else _DOSSIER, (dossier_id,))), None)


_DOSSIER = select_from(dossiers, "where id = %s")
_DOSSIER_LOCKED = _DOSSIER + " for update"


async def dossiers_locked(conn: AsyncConnection, dossier_ids: Collection[str]) -> dict[str, Any]:
    """Those of these that there are, each held as `dossier` holds it; always in one order, so that two who ask for the same wait."""
    return {row.id: row for row in await rows(conn, _DOSSIERS_LOCKED, (list(dossier_ids),))}


_DOSSIERS_LOCKED = select_from(dossiers, "where id = any(%s) order by id for update")


async def change_draft(conn: AsyncConnection, dossier_id: str, *, form: Values, options: Values, at: datetime) -> None:
    await conn.execute(
        update(dossiers)
        .where(dossiers.c.id == dossier_id)
        .values(form=form, options=options, changed_at=at, version=dossiers.c.version + 1)
    )


async def put_document(conn: AsyncConnection, row: Values) -> None:
    """One paper of each kind; a new one takes the old one's place."""
    statement = upsert(documents).values(**row)
    fresh = {name: statement.excluded[name] for name in row if name not in ("dossier_id", "kind")}
    await conn.execute(statement.on_conflict_do_update(index_elements=["dossier_id", "kind"], set_=fresh))


async def drop_document(conn: AsyncConnection, dossier_id: str, kind: str) -> bool:
    gone = await conn.execute(delete(documents).where(documents.c.dossier_id == dossier_id, documents.c.kind == kind))
    return gone.rowcount == 1


async def touch(conn: AsyncConnection, dossier_id: str, at: datetime) -> None:
    """A draft whose papers changed is a new version."""
    await conn.execute(
        update(dossiers).where(dossiers.c.id == dossier_id).values(changed_at=at, version=dossiers.c.version + 1)
    )


async def earlier_forms(conn: AsyncConnection, account_id: str, *, principal_id: str | None, limit: int) -> list[Any]:
    """The answers of what an account submitted for this principal (None: for itself), newest first."""
    query = (
        select(dossiers.c.form)
        .where(dossiers.c.account_id == account_id, _filed_for(principal_id), dossiers.c.status != "draft")
        .order_by(dossiers.c.submitted_at.desc())
        .limit(limit)
    )
    return list((await conn.scalars(query)).all())


async def results_of(conn: AsyncConnection, account_id: str, *, principal_id: str | None) -> list[Any]:
    """What ended in a result of the dossiers an account filed for this principal (None: for itself), newest first."""
    query = (
        select(results.c.kind, results.c.number, results.c.data, results.c.made_at)
        .join_from(results, branches, results.c.branch_id == branches.c.id)
        .join(dossiers, branches.c.dossier_id == dossiers.c.id)
        .where(dossiers.c.account_id == account_id, _filed_for(principal_id))
        .order_by(results.c.made_at.desc())
    )
    return list((await conn.execute(query)).all())


def _filed_for(principal_id: str | None) -> ColumnElement[bool]:
    return dossiers.c.principal_id.is_not_distinct_from(principal_id)


async def forget_drafts(conn: AsyncConnection, *, untouched_since: datetime, limit: int) -> Sequence[str]:
    """Deletes drafts nobody came back to, a batch at a time, and gives their ids; a draft has no history yet."""
    old = (
        select(dossiers.c.id)
        .where(dossiers.c.status == "draft", dossiers.c.changed_at < untouched_since)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return (await conn.scalars(delete(dossiers).where(dossiers.c.id.in_(old)).returning(dossiers.c.id))).all()


# --- submission ------------------------------------------------------------------------------------------------------

_SUBMITTED = """
, planted as (
  insert into branches (id, dossier_id, name, position, procedure, office_id, officer_role, needs, state, started_at, due_at,
    lapses_at, pauses)
  select b.id, b.dossier_id, b.name, b.position, b.procedure, b.office_id, b.officer_role, b.needs, b.state, b.started_at, b.due_at,
    b.lapses_at, b.pauses
  from jsonb_to_recordset(%(branches)s) as b (id text, dossier_id text, name text, position int, procedure text, office_id text,
    officer_role text, needs text[], state text, started_at timestamptz, due_at timestamptz, lapses_at timestamptz, pauses jsonb)
), named as (
  insert into dossier_parties (dossier_id, pin, role)
  select p.dossier_id, p.pin, p.role from jsonb_to_recordset(%(parties)s) as p (dossier_id text, pin text, role text)
)
update dossiers d set status = 'open', receipt_code = s.receipt_code, form = s.form, ward_code = s.ward_code,
  submitted_at = s.at, changed_at = s.at, promised_at = s.promised_at, promise = s.promise, behalf = s.behalf,
  second_facts = array(select decode(fact, 'hex') from unnest(s.second_facts) as fact), event_count = s.event_count,
  event_hash = decode(s.event_hash, 'hex'), version = d.version + 1
from jsonb_to_recordset(%(submitted)s) as s (id text, receipt_code text, form jsonb, ward_code text, at timestamptz, promised_at timestamptz,
  promise jsonb, behalf jsonb, second_facts text[], event_count int, event_hash text)
where d.id = any(%(ids)s) and d.id = s.id and d.status = 'draft'
"""
_SUBMIT = LINES + _SUBMITTED


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """A submission as it is written: `submitted` are columns of `dossiers`, bytes in hexadecimal; rows of branches and parties without the dossier."""

    dossier_id: str
    submitted: Values
    branches: Sequence[Values]
    parties: Sequence[Values]
    events: Sequence[Event]


async def submit(conn: AsyncConnection, taken: Sequence[Taken]) -> None:
    """Drafts become open dossiers with their branches, parties and first lines, in one statement; their rows must be locked."""
    ids = [one.dossier_id for one in taken]
    given = {
        "ids": ids,
        "submitted": Jsonb([{"id": one.dossier_id} | one.submitted for one in taken]),
        "branches": Jsonb([{"dossier_id": one.dossier_id} | branch for one in taken for branch in one.branches]),
        "parties": Jsonb([{"dossier_id": one.dossier_id} | party for one in taken for party in one.parties]),
        "lines": Jsonb([event for one in taken for event in one.events]),
    }
    changed = await write(conn, _SUBMIT, given)
    assert changed == len(ids), "the rows were locked and drafts"


# --- history ---------------------------------------------------------------------------------------------------------

_EVENTS = select_from(dossier_events, "where dossier_id = %s and seq > %s order by seq")


async def events_of(conn: AsyncConnection, dossier_id: str, *, after: int = 0) -> list[Event]:
    return [Event(**row._asdict()) for row in await rows(conn, _EVENTS, (dossier_id, after))]


async def newest_event(conn: AsyncConnection, dossier_id: str, *, branch: str, kind: str) -> Event | None:
    """The last line of this kind about a branch."""
    query = (
        select(dossier_events)
        .where(
            dossier_events.c.dossier_id == dossier_id, dossier_events.c.branch == branch, dossier_events.c.kind == kind
        )
        .order_by(dossier_events.c.seq.desc())
        .limit(1)
    )
    found = (await conn.execute(query)).mappings().one_or_none()
    return None if found is None else Event(**found)


class Fed(msgspec.Struct, frozen=True):
    """A line that is to be told, and how often that failed."""

    event: Event
    attempts: int


# The oldest line of a dossier stands for all of its lines: who holds it tells them, and nobody else can take one behind it.
_TAKE_FED: LiteralString = """
with heads as (
  select f.dossier_id, f.next_attempt_at from dossier_feed f
  where f.next_attempt_at <= %(at)s
    and not exists (select 1 from dossier_feed e where e.dossier_id = f.dossier_id and e.seq < f.seq)
  order by f.next_attempt_at, f.dossier_id limit %(limit)s for update skip locked
)
"""
_FED = _TAKE_FED + select_from(
    dossier_events,
    "join dossier_feed f on f.dossier_id = dossier_events.dossier_id and f.seq = dossier_events.seq"
    " join heads h on h.dossier_id = f.dossier_id order by h.next_attempt_at, h.dossier_id, f.seq",
    more=", f.attempts",
)


async def take_fed(conn: AsyncConnection, *, at: datetime, limit: int) -> list[Fed]:
    """What is to be told of so many dossiers, each one's lines in their order, held until the transaction ends."""
    found: list[Fed] = []
    for row in await rows(conn, _FED, {"at": at, "limit": limit}):
        line = row._asdict()
        attempts = line.pop("attempts")
        found.append(Fed(Event(**line), attempts))
    return found


_MANY = select_from(dossiers, "where id = any(%s)")


async def dossiers_of(conn: AsyncConnection, dossier_ids: Collection[str]) -> dict[str, Any]:
    """By id."""
    return {row.id: row for row in await rows(conn, _MANY, (list(dossier_ids),))}


async def fed(conn: AsyncConnection) -> Backlog:
    return await backlog(conn, dossier_feed)


_END_FED = """
delete from dossier_feed f using unnest(%s::text[], %s::int[]) as told (dossier_id, seq)
where f.dossier_id = told.dossier_id and f.seq = told.seq
"""


async def end_fed(conn: AsyncConnection, told: Sequence[Event]) -> None:
    await write(conn, _END_FED, ([event.dossier_id for event in told], [event.seq for event in told]))


async def put_off_fed(conn: AsyncConnection, dossier_id: str, seq: int, *, attempts: int, again: datetime) -> None:
    await conn.execute(
        update(dossier_feed)
        .where(dossier_feed.c.dossier_id == dossier_id, dossier_feed.c.seq == seq)
        .values(attempts=attempts, next_attempt_at=again)
    )


async def submitted_after(conn: AsyncConnection, dossier_id: str, *, limit: int) -> Sequence[Row[Any]]:
    """Submitted dossiers by id, beginning after one."""
    query = (
        select(dossiers)
        .where(dossiers.c.id > dossier_id, dossiers.c.status != "draft")
        .order_by(dossiers.c.id)
        .limit(limit)
    )
    return (await conn.execute(query)).all()


async def events_of_many(conn: AsyncConnection, dossier_ids: Collection[str]) -> list[Event]:
    """The histories of several dossiers, each in its order."""
    query = (
        select(dossier_events)
        .where(dossier_events.c.dossier_id.in_(dossier_ids))
        .order_by(dossier_events.c.dossier_id, dossier_events.c.seq)
    )
    return [Event(**row) for row in (await conn.execute(query)).mappings()]


async def documents_of_many(conn: AsyncConnection, dossier_ids: Collection[str]) -> list[Any]:
    """By dossier and kind."""
    return await rows(conn, _DOCUMENTS, (list(dossier_ids),))


# --- branches --------------------------------------------------------------------------------------------------------


_BRANCHES = select_from(
    branches,
    "left join results r on r.branch_id = branches.id where branches.dossier_id = any(%s)"
    " order by branches.dossier_id, branches.position",
    more=", r.kind as result_kind, r.number as result_number, r.made_at",
)


async def branches_of(conn: AsyncConnection, dossier_ids: Collection[str]) -> list[Any]:
    """With what each gave, if anything; in the dossier's own order."""
    return await rows(conn, _BRANCHES, (list(dossier_ids),))


_BRANCH = select_from(branches, "where id = %s")


async def branch(conn: AsyncConnection, branch_id: str) -> Any | None:
    return next(iter(await rows(conn, _BRANCH, (branch_id,))), None)


async def move(conn: AsyncConnection, branch_id: str, **values: Any) -> None:
    """A branch goes on; the dossier's row must be locked. Few sets of columns are ever moved, so few statements are prepared."""
    names = sorted(values)
    changes = sql.SQL(", ").join(sql.SQL("{} = %s").format(sql.Identifier(name)) for name in names)
    statement = sql.SQL("update branches set {}, version = version + 1 where id = %s").format(changes)
    given = [
        Jsonb(values[name]) if name in _BRANCH_JSON and values[name] is not None else values[name] for name in names
    ]
    await write(conn, statement, (*given, branch_id))


_BRANCH_JSON = frozenset({"apology", "asked", "extension", "pauses", "proposal", "rating", "reason", "result"})
_RESULT = "insert into results (branch_id, kind, number, data, made_at) values (%s, %s, %s, %s, %s)"


async def add_result(conn: AsyncConnection, row: Values) -> None:
    given = (row["branch_id"], row["kind"], row["number"], Jsonb(row["data"]), row["made_at"])
    await write(conn, _RESULT, given)


async def replace_result(conn: AsyncConnection, branch_id: str, *, number: str, data: Values, at: datetime) -> None:
    """The corrected result takes the place of the one before, which is kept."""
    seq = select(func.count() + 1).where(replaced_results.c.branch_id == branch_id).scalar_subquery()
    before = select(
        results.c.branch_id, seq, results.c.kind, results.c.number, results.c.data, results.c.made_at, literal(at)
    ).where(results.c.branch_id == branch_id)
    names = [column.name for column in replaced_results.c]
    await conn.execute(insert(replaced_results).from_select(names, before))
    await conn.execute(
        update(results).where(results.c.branch_id == branch_id).values(number=number, data=data, made_at=at)
    )


async def lapsing(conn: AsyncConnection, *, before: datetime, limit: int) -> Sequence[tuple[str, str]]:
    """Dossier id and branch name of what has waited too long."""
    query = (
        select(branches.c.dossier_id, branches.c.name)
        .where(branches.c.lapses_at < before)
        .order_by(branches.c.lapses_at)
        .limit(limit)
    )
    return [(row.dossier_id, row.name) for row in await conn.execute(query)]


async def result(conn: AsyncConnection, branch_id: str) -> Row[Any] | None:
    return (await conn.execute(select(results).where(results.c.branch_id == branch_id))).one_or_none()


_DOCUMENTS = select_from(documents, f"where dossier_id = any({TEXTS}::text[]) order by dossier_id, kind")


async def documents_of(conn: AsyncConnection, dossier_id: str) -> list[Any]:
    return await documents_of_many(conn, [dossier_id])


async def change_answers(conn: AsyncConnection, dossier_id: str, form: Values) -> None:
    """The answers of a dossier already submitted; its row must be locked, and `advance` follows."""
    await conn.execute(update(dossiers).where(dossiers.c.id == dossier_id).values(form=form))


async def promise(conn: AsyncConnection, dossier_id: str, *, promised_at: datetime, promise: Values) -> None:
    """What the whole dossier is promised for, anew; its row must be locked, and `advance` follows."""
    await conn.execute(
        update(dossiers).where(dossiers.c.id == dossier_id).values(promised_at=promised_at, promise=promise)
    )


# --- invitations -----------------------------------------------------------------------------------------------------


async def invite(conn: AsyncConnection, row: Values) -> None:
    await conn.execute(insert(invitations).values(**row))


async def invitation(conn: AsyncConnection, invitation_id: str) -> Row[Any] | None:
    return (await conn.execute(select(invitations).where(invitations.c.id == invitation_id))).one_or_none()


_INVITATIONS = select_from(invitations, "where dossier_id = %s")


async def invitations_of(conn: AsyncConnection, dossier_id: str) -> list[Any]:
    """One for each branch that needs a consent."""
    return await rows(conn, _INVITATIONS, (dossier_id,))


async def invitations_to(conn: AsyncConnection, pin: str, *, limit: int) -> list[Row[Any]]:
    """The open questions to a person, with what they are about; the newest first."""
    query = (
        select(
            invitations,
            dossiers.c.account_id,
            dossiers.c.procedure,
            dossiers.c.opened_at,
            dossiers.c.options,
            dossiers.c.form,
        )
        .join_from(invitations, dossiers, invitations.c.dossier_id == dossiers.c.id)
        .where(invitations.c.pin == pin, invitations.c.answer.is_(None))
        .order_by(invitations.c.id.desc())
        .limit(limit)
    )
    return list((await conn.execute(query)).all())


async def answer_invitation(conn: AsyncConnection, dossier_id: str, branch: str, answer: str, at: datetime) -> bool:
    """Closes the branch's open question, if there is one."""
    return await write(conn, _ANSWER, (answer, at, dossier_id, branch)) == 1


_ANSWER = (
    "update invitations set answer = %s, answered_at = %s where dossier_id = %s and branch = %s and answer is null"
)


async def ask_anew(conn: AsyncConnection, dossier_id: str, branch: str) -> None:
    """The question that ended with its branch is open again."""
    await conn.execute(
        update(invitations)
        .where(invitations.c.dossier_id == dossier_id, invitations.c.branch == branch, invitations.c.answer == "ended")
        .values(answer=None, answered_at=None)
    )


async def forget_invitation(conn: AsyncConnection, dossier_id: str, branch: str) -> None:
    """What was asked and answered for a branch no longer counts; the history keeps that it was."""
    await conn.execute(
        delete(invitations).where(invitations.c.dossier_id == dossier_id, invitations.c.branch == branch)
    )


# --- finding ---------------------------------------------------------------------------------------------------------


_IS_PARTY = "select 1 from dossier_parties where dossier_id = %s and pin = %s"


async def is_party(conn: AsyncConnection, dossier_id: str, pin: str) -> bool:
    return bool(await rows(conn, _IS_PARTY, (dossier_id, pin)))


async def followed_by(conn: AsyncConnection, *, account_id: str | None, pin: str | None, limit: int) -> list[Row[Any]]:
    """Dossiers of an account, and those that name the person; newest first."""
    mine: list[Any] = []
    if account_id is not None:
        mine.append(and_(dossiers.c.account_id == account_id, dossiers.c.principal_id.is_(None)))
    if pin is not None:
        mine.append(dossiers.c.id.in_(select(dossier_parties.c.dossier_id).where(dossier_parties.c.pin == pin)))
    query = select(dossiers).where(or_(*mine)).order_by(dossiers.c.id.desc()).limit(limit)
    return list((await conn.execute(query)).all())


async def drafts_for_others(conn: AsyncConnection, account_id: str, *, limit: int) -> list[Row[Any]]:
    """Drafts this account opened under its mandates; newest first."""
    mine = dossiers.c.account_id == account_id, dossiers.c.principal_id.is_not(None), dossiers.c.status == "draft"
    query = select(dossiers).where(*mine).order_by(dossiers.c.id.desc()).limit(limit)
    return list((await conn.execute(query)).all())


async def naming(conn: AsyncConnection, pin: str) -> list[str]:
    """Ids of the dossiers an authority's data names this person in."""
    query = select(dossier_parties.c.dossier_id).where(dossier_parties.c.pin == pin)
    return list((await conn.scalars(query)).all())


async def followed_for(
    conn: AsyncConnection, *, principal_id: str, account_id: str, procedures: Collection[str] | None, limit: int
) -> list[Row[Any]]:
    """Dossiers filed for another, and the drafts this account opened for them; `procedures` None is every one. Newest first."""
    seen = or_(dossiers.c.status != "draft", dossiers.c.account_id == account_id)
    query = select(dossiers).where(dossiers.c.principal_id == principal_id, seen)
    if procedures is not None:
        query = query.where(dossiers.c.procedure.in_(procedures))
    return list((await conn.execute(query.order_by(dossiers.c.id.desc()).limit(limit))).all())


def _in_hand(ward_code: str, ended_since: datetime) -> ColumnElement[bool]:
    """What a ward's service centre has in hand, and what ended not long ago. What was filed for another is found by no face."""
    ended = and_(dossiers.c.status == "closed", dossiers.c.changed_at > ended_since)
    own = dossiers.c.principal_id.is_(None)
    return and_(dossiers.c.ward_code == ward_code, own, or_(dossiers.c.status == "open", ended))


async def accounts_with_dossiers(conn: AsyncConnection, *, ward_code: str, ended_since: datetime) -> list[str]:
    """Whose dossiers a service centre has in hand; each account once."""
    query = select(dossiers.c.account_id).where(_in_hand(ward_code, ended_since)).distinct()
    return list((await conn.scalars(query)).all())


async def dossiers_in_hand(
    conn: AsyncConnection, *, account_id: str, ward_code: str, ended_since: datetime, limit: int
) -> list[Row[Any]]:
    """An account's dossiers at a service centre; newest first."""
    query = (
        select(dossiers)
        .where(dossiers.c.account_id == account_id, _in_hand(ward_code, ended_since))
        .order_by(dossiers.c.id.desc())
        .limit(limit)
    )
    return list((await conn.execute(query)).all())


# --- how it stands: one statement, and so one moment; on a connection beside the pool -----------------------------------


class StandingBranch(msgspec.Struct, frozen=True):
    """As little of a branch as `views.status` reads."""

    name: str
    state: str
    due_at: datetime | None
    result_kind: str | None
    apology: Values | None
    extension: Values | None


class Standing(msgspec.Struct, frozen=True):
    """What a status is told from: no form, no papers."""

    id: str
    receipt_code: str
    procedure: str
    opened_at: datetime
    options: Values
    status: Literal["open", "closed"]
    submitted_at: datetime
    promised_at: datetime
    branches: list[StandingBranch]
    timeline: list[Line]


STANDING: LiteralString = """
select json_build_object('id', d.id, 'receipt_code', d.receipt_code, 'procedure', d.procedure, 'opened_at', d.opened_at,
  'options', d.options, 'status', d.status, 'submitted_at', d.submitted_at, 'promised_at', d.promised_at,
  'branches', (select json_agg(json_build_object('name', b.name, 'state', b.state, 'due_at', b.due_at, 'result_kind', r.kind,
     'apology', b.apology, 'extension', b.extension) order by b.position)
   from branches b left join results r on r.branch_id = b.id where b.dossier_id = d.id),
  'timeline', (select json_agg(json_build_object('seq', e.seq, 'at', e.at, 'kind', e.kind, 'branch', e.branch, 'before', e.before,
     'after', e.after, 'message', json_build_object('vi', e.vi, 'en', e.en)) order by e.seq)
   from dossier_events e where e.dossier_id = d.id)) as told
from dossiers d where d.status <> 'draft' and
"""
_STANDING_BY_ID = "select told::text from (" + STANDING + " d.id = %s) s"  # noqa: S608 - our own words
# The second fact is part of the question: a wrong one reads as little as a code that is nobody's. Joined sideways, so that each
# question is one look into the index of codes, however many the planner takes them for.
_STANDING_BY_CODES = (
    "select coalesce(json_agg(s.told order by u.n), '[]') from json_to_recordset($1) u (n int, code text, fact text)"  # noqa: S608
    " left join lateral ("
    + STANDING
    + " d.receipt_code = u.code and decode(u.fact, 'base64') = any(d.second_facts)) s on true"
)
_standing = msgspec.json.Decoder(Standing)
_standings = msgspec.json.Decoder(list[Standing | None])


async def standing(conn: psycopg.AsyncConnection[Any], dossier_id: str) -> Standing | None:
    """None for a draft as for what is not there."""
    row = await (await conn.execute(_STANDING_BY_ID, (dossier_id,), prepare=True)).fetchone()
    return None if row is None else _standing.decode(row[0])


async def standings_by_code(line: DirectLine, asked: Sequence[tuple[str, bytes]]) -> list[Standing | None]:
    """Of each receipt code with its second fact, in their order; None for a wrong fact as for a wrong code. Raises psycopg.Error."""
    sent = [{"n": n, "code": code, "fact": fact} for n, (code, fact) in enumerate(asked)]
    return _standings.decode(await line.ask(_STANDING_BY_CODES, sent))


_EVENT_COUNTS = "select id, event_count from dossiers where id = any(%s)"


async def event_counts(conn: psycopg.AsyncConnection[Any], dossier_ids: Sequence[str]) -> dict[str, int]:
    """How many lines each history has."""
    return dict(await (await conn.execute(_EVENT_COUNTS, (list(dossier_ids),), prepare=True)).fetchall())
