"""The dossiers' SQL: takes a connection in the caller's transaction, returns rows. The hot statements go to psycopg directly."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import msgspec
from psycopg.types.json import Jsonb
from sqlalchemy import ColumnElement, Row, and_, delete, insert, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from dossiers.history import Event
from dossiers.tables import branches, documents, dossier_events, dossier_parties, dossiers, results
from kit.db import raw

Values = dict[str, Any]


# --- drafts ----------------------------------------------------------------------------------------------------------


async def add_draft(conn: AsyncConnection, row: Values) -> None:
    await conn.execute(insert(dossiers).values(**row))


async def dossier(conn: AsyncConnection, dossier_id: str, *, lock: bool = False) -> Row[Any] | None:
    """`lock` holds the row, and so the dossier's whole graph and history, until the transaction ends."""
    query = select(dossiers).where(dossiers.c.id == dossier_id)
    return (await conn.execute(query.with_for_update() if lock else query)).one_or_none()


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

_SUBMIT = """
with submitted as (
  update dossiers set status = 'open', receipt_code = %(receipt_code)s, form = %(form)s, ward_code = %(ward_code)s,
    submitted_at = %(at)s, changed_at = %(at)s, promised_at = %(promised_at)s, promise = %(promise)s,
    behalf = %(behalf)s, second_facts = %(second_facts)s, event_count = %(event_count)s, event_hash = %(event_hash)s, version = version + 1
  where id = %(dossier_id)s and status = 'draft' returning id, version
), planted as (
  insert into branches (id, dossier_id, name, position, procedure, office_id, officer_role, needs, state, started_at, due_at)
  select b.id, submitted.id, b.name, b.position, b.procedure, b.office_id, b.officer_role, b.needs, b.state, b.started_at, b.due_at
  from submitted, jsonb_to_recordset(%(branches)s) as b (id text, name text, position int, procedure text, office_id text,
    officer_role text, needs text[], state text, started_at timestamptz, due_at timestamptz)
), named as (
  insert into dossier_parties (dossier_id, pin, role)
  select submitted.id, p.pin, p.role from submitted, jsonb_to_recordset(%(parties)s) as p (pin text, role text)
)
select version from submitted
"""


async def submit(conn: AsyncConnection, values: Values) -> int | None:
    """The draft becomes an open dossier with its branches and parties, in one statement; the new version, None when it was no draft."""
    values = {
        name: Jsonb(value) if name in _SUBMIT_JSON and value is not None else value for name, value in values.items()
    }
    row = await (await (await raw(conn)).execute(_SUBMIT, values)).fetchone()
    return None if row is None else row[0]


_SUBMIT_JSON = frozenset({"form", "promise", "branches", "parties", "behalf"})


# --- history ---------------------------------------------------------------------------------------------------------

_APPEND = """
insert into dossier_events
  (dossier_id, seq, at, actor_kind, actor_id, kind, branch, before, after, vi, en, prev_hash, hash)
values (%(dossier_id)s, %(seq)s, %(at)s, %(actor_kind)s, %(actor_id)s, %(kind)s, %(branch)s, %(before)s, %(after)s,
  %(vi)s, %(en)s, %(prev_hash)s, %(hash)s)
"""


async def append(conn: AsyncConnection, events: Sequence[Event]) -> None:
    """Lines of the history; the dossier's row must be locked or new in this transaction."""
    async with (await raw(conn)).cursor() as cursor:
        await cursor.executemany(_APPEND, [msgspec.structs.asdict(event) for event in events])


async def events_of(conn: AsyncConnection, dossier_id: str) -> list[Event]:
    query = select(dossier_events).where(dossier_events.c.dossier_id == dossier_id).order_by(dossier_events.c.seq)
    return [Event(**row) for row in (await conn.execute(query)).mappings()]


async def advance(
    conn: AsyncConnection, dossier_id: str, *, event_count: int, event_hash: bytes, status: str, at: datetime
) -> None:
    """The dossier's own row after something happened to it."""
    await conn.execute(
        update(dossiers)
        .where(dossiers.c.id == dossier_id)
        .values(
            event_count=event_count, event_hash=event_hash, status=status, changed_at=at, version=dossiers.c.version + 1
        )
    )


# --- branches --------------------------------------------------------------------------------------------------------


async def branches_of(conn: AsyncConnection, dossier_ids: Collection[str]) -> list[Row[Any]]:
    """With what each gave, if anything; in the dossier's own order."""
    query = (
        select(
            branches, results.c.kind.label("result_kind"), results.c.number.label("result_number"), results.c.made_at
        )
        .join_from(branches, results, results.c.branch_id == branches.c.id, isouter=True)
        .where(branches.c.dossier_id.in_(dossier_ids))
        .order_by(branches.c.dossier_id, branches.c.position)
    )
    return list((await conn.execute(query)).all())


async def branch(conn: AsyncConnection, branch_id: str) -> Row[Any] | None:
    return (await conn.execute(select(branches).where(branches.c.id == branch_id))).one_or_none()


async def queue(
    conn: AsyncConnection,
    *,
    office_id: str,
    roles: Collection[str] | None,
    free_or_held_by: str | None,
    after: str | None,
    limit: int,
) -> list[Row[Any]]:
    """What an office may work on, oldest promise first; `roles` None is every role. `after` is the last id of the page before."""
    query = (
        select(branches, dossiers.c.receipt_code, dossiers.c.account_id, dossiers.c.procedure.label("dossier_procedure"), dossiers.c.opened_at,
               dossiers.c.submitted_at, dossiers.c.form)
        .join_from(branches, dossiers, branches.c.dossier_id == dossiers.c.id)
        .where(branches.c.office_id == office_id, branches.c.started_at.is_not(None), branches.c.decided_at.is_(None))
        .order_by(branches.c.due_at, branches.c.id)
        .limit(limit)
    )  # fmt: skip
    if roles is not None:
        query = query.where(branches.c.officer_role.in_(roles))
    if free_or_held_by is not None:
        query = query.where(or_(branches.c.claimed_by.is_(None), branches.c.claimed_by == free_or_held_by))
    if after is not None:
        last_due = select(branches.c.due_at).where(branches.c.id == after).scalar_subquery()
        query = query.where(tuple_(branches.c.due_at, branches.c.id) > tuple_(last_due, after))
    return list((await conn.execute(query)).all())


async def claim(
    conn: AsyncConnection, branch_id: str, *, version: int, state: str, account_id: str, at: datetime
) -> int | None:
    """One of many officers gets it: the new version, or None for all the others."""
    return (
        await conn.execute(
            update(branches)
            .where(branches.c.id == branch_id, branches.c.version == version, branches.c.claimed_by.is_(None))
            .values(claimed_by=account_id, claimed_at=at, state=state, version=branches.c.version + 1)
            .returning(branches.c.version)
        )
    ).scalar_one_or_none()


async def move(conn: AsyncConnection, branch_id: str, **values: Any) -> None:
    """A branch goes on; the dossier's row must be locked."""
    await conn.execute(
        update(branches).where(branches.c.id == branch_id).values(version=branches.c.version + 1, **values)
    )


async def add_result(conn: AsyncConnection, row: Values) -> None:
    await conn.execute(insert(results).values(**row))


async def result(conn: AsyncConnection, branch_id: str) -> Row[Any] | None:
    return (await conn.execute(select(results).where(results.c.branch_id == branch_id))).one_or_none()


async def documents_of(conn: AsyncConnection, dossier_id: str) -> list[Row[Any]]:
    query = select(documents).where(documents.c.dossier_id == dossier_id).order_by(documents.c.kind)
    return list((await conn.execute(query)).all())


# --- finding ---------------------------------------------------------------------------------------------------------


async def is_party(conn: AsyncConnection, dossier_id: str, pin: str) -> bool:
    query = select(dossier_parties.c.role).where(
        dossier_parties.c.dossier_id == dossier_id, dossier_parties.c.pin == pin
    )
    return (await conn.execute(query)).first() is not None


async def followed_by(conn: AsyncConnection, *, account_id: str | None, pin: str | None, limit: int) -> list[Row[Any]]:
    """Dossiers of an account, and those that name the person; newest first."""
    mine: list[Any] = []
    if account_id is not None:
        mine.append(and_(dossiers.c.account_id == account_id, dossiers.c.principal_id.is_(None)))
    if pin is not None:
        mine.append(dossiers.c.id.in_(select(dossier_parties.c.dossier_id).where(dossier_parties.c.pin == pin)))
    query = select(dossiers).where(or_(*mine)).order_by(dossiers.c.id.desc()).limit(limit)
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


_BY_CODE = "select id, second_facts from dossiers where receipt_code = %s"


async def by_receipt_code(conn: AsyncConnection, code: str) -> tuple[str, list[bytes]] | None:
    """Id and second facts, no more: a miss must not be faster than a wrong guess by the reading of a form."""
    row = await (await (await raw(conn)).execute(_BY_CODE, (code,))).fetchone()
    return None if row is None else (row[0], row[1])
