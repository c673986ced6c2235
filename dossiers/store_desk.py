"""The desk's SQL beside `store`: acts inside an office, queues, figures; statements prepared on the connection beneath, in the caller's transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, LiteralString

from psycopg import sql
from psycopg.rows import namedtuple_row
from psycopg.types.json import Jsonb
from sqlalchemy.ext.asyncio import AsyncConnection

from kit.db import raw, rows

# --- acts inside an office -------------------------------------------------------------------------------------------

_ACT = """
insert into desk_acts (branch_id, seq, at, actor_id, office_id, kind, said, to_id)
select %(branch_id)s, coalesce(max(seq), 0) + 1, %(at)s, %(actor_id)s, %(office_id)s, %(kind)s, %(said)s, %(to_id)s
from desk_acts where branch_id = %(branch_id)s
"""


async def add_act(
    conn: AsyncConnection,
    branch_id: str,
    *,
    at: datetime,
    actor_id: str | None,
    office_id: str,
    kind: str,
    said: str,
    to_id: str | None = None,
) -> None:
    """A line of what an office does within itself; the branch must be held in this transaction."""
    values = {"branch_id": branch_id, "at": at, "actor_id": actor_id, "office_id": office_id, "kind": kind, "said": said,
              "to_id": to_id}  # fmt: skip
    await (await raw(conn)).execute(_ACT, values, prepare=True)


# --- queues ----------------------------------------------------------------------------------------------------------

# Of each role its own ordered walk of an index, cut where the page is full; then the few of all roles together.
_PER_ROLE = sql.SQL("""
select c.id, c.due_at from unnest(%(roles)s::text[]) r cross join lateral (
  select b.id, b.due_at from branches b
  where b.office_id = %(office_id)s and b.officer_role = r and b.decided_at is null and b.started_at is not null {where}
  order by b.due_at, b.id limit %(limit)s) c
""")
# Found by who has it and sorted then (`offset 0`): one officer has few, and a walk in order of the promise would pass by all the others'.
_MINE = sql.SQL("""
(select c.id, c.due_at from (
  select b.id, b.due_at from branches b
  where b.office_id = %(office_id)s and b.officer_role = any(%(roles)s) and b.claimed_by = any(%(mine)s)
    and b.decided_at is null and b.started_at is not null {where} offset 0) c
  order by c.due_at, c.id limit %(limit)s)
""")
_QUEUE = sql.SQL("""
with page as (select id, due_at from ({parts}) every_part order by due_at, id limit %(limit)s)
select b.id, b.name, b.state, b.procedure, b.due_at, b.claimed_by, b.escalated_at, b.version, b.dossier_id, d.account_id,
  d.receipt_code, d.procedure as dossier_procedure, d.opened_at, d.submitted_at,
  d.form -> 'requester.full_name' ->> 'value' as requester, d.form -> 'child.full_name' ->> 'value' as subject
from page p join branches b on b.id = p.id join dossiers d on d.id = b.dossier_id order by p.due_at, p.id
""")


async def queue(
    conn: AsyncConnection,
    *,
    office_id: str,
    roles: Sequence[str],
    mine: Sequence[str] | None,
    head: bool,
    states: Sequence[str] | None,
    procedures: Sequence[str] | None,
    due_from: datetime | None,
    due_before: datetime | None,
    escalated: bool | None,
    after: tuple[datetime, str] | None,
    limit: int,
) -> list[Any]:
    """What is free and what these accounts have, or with `mine` None all that is open; what waits for the head is free to a head."""
    where: list[LiteralString] = []
    if states is not None:
        where.append("and b.state = any(%(states)s)")
    if due_from is not None:
        where.append("and b.due_at >= %(due_from)s")
    if due_before is not None:
        where.append("and b.due_at < %(due_before)s")
    if escalated is not None:
        where.append("and b.escalated_at is not null" if escalated else "and b.escalated_at is null")
    if after is not None:
        where.append("and (b.due_at, b.id) > (%(after_due)s, %(after_id)s)")
    skilled: list[LiteralString] = ["and b.procedure = any(%(procedures)s)"] if procedures is not None else []
    if mine is None:
        parts = _PER_ROLE.format(where=_all([*where, *skilled]))
    else:
        not_for_the_head: list[LiteralString] = [] if head else ["and b.escalated_at is null"]
        free = _PER_ROLE.format(where=_all(["and b.claimed_by is null", *where, *skilled, *not_for_the_head]))
        # What one has taken is shown whatever one's skills.
        parts = free + sql.SQL(" union all ") + _MINE.format(where=_all(where))
    after_due, after_id = after or (None, None)
    values = {
        "office_id": office_id, "roles": list(roles), "mine": list(mine or ()), "states": list(states or ()),
        "procedures": list(procedures or ()), "due_from": due_from, "due_before": due_before, "after_due": after_due, "after_id": after_id, "limit": limit,
    }  # fmt: skip
    async with (await raw(conn)).cursor(row_factory=namedtuple_row) as cursor:
        await cursor.execute(_QUEUE.format(parts=parts), values, prepare=True)
        return await cursor.fetchall()


def _all(conditions: Sequence[LiteralString]) -> sql.SQL:
    return sql.SQL(" ".join(conditions))


# How many of the oldest are looked at for one that no other officer is just taking.
_LOOKED_AT = 100

# Dossier and branch are held together and nobody is waited for: what another transaction holds is passed over.
_CLAIM_NEXT = """
with oldest as (
  select c.id from unnest(%(roles)s::text[]) r cross join lateral (
    select b.id, b.due_at from branches b
    where b.office_id = %(office_id)s and b.officer_role = r and b.decided_at is null and b.started_at is not null
      and b.claimed_by is null and (%(head)s or b.escalated_at is null) and b.state = any(%(states)s)
      and (%(procedures)s::text[] is null or b.procedure = any(%(procedures)s)) and b.id <> all(%(but)s)
    order by b.due_at, b.id limit %(looked_at)s) c
  order by c.due_at, c.id limit %(looked_at)s
), picked as (
  select b.id, b.version, b.state, b.procedure, b.office_id, b.claimed_by, b.state_since, b.started_at, b.due_at, b.asked
  from branches b join dossiers d on d.id = b.dossier_id
  where b.id in (select id from oldest) and b.claimed_by is null and b.decided_at is null and b.state = any(%(states)s)
  order by b.due_at, b.id limit 1 for update of b, d skip locked
)
update branches b set claimed_by = %(account_id)s, claimed_at = %(at)s, state = %(to)s,
  state_since = case when b.state = %(to)s then b.state_since else %(at)s end, version = b.version + 1
from picked where b.id = picked.id
returning picked.*
"""


async def claim_next(
    conn: AsyncConnection,
    *,
    office_id: str,
    roles: Sequence[str],
    head: bool,
    account_id: str,
    procedures: Sequence[str] | None,
    states: Sequence[str],
    to: str,
    but: Sequence[str],
    at: datetime,
) -> Any:
    """The oldest free branch is this account's from now on; as it stood before. None where none is free."""
    values = {
        "office_id": office_id, "roles": list(roles), "head": head, "account_id": account_id, "states": list(states), "to": to,
        "procedures": None if procedures is None else list(procedures), "but": list(but), "at": at, "looked_at": _LOOKED_AT,
    }  # fmt: skip
    return next(iter(await rows(conn, _CLAIM_NEXT, values)), None)


_GIVE = "update branches set claimed_by = %s, claimed_at = %s, escalated_at = %s, version = version + 1 where id = %s"


async def give(
    conn: AsyncConnection, branch_id: str, account_id: str | None, *, at: datetime, escalated_at: datetime | None
) -> None:
    """Into another's hands, or nobody's; the dossier's row must be held."""
    given = (account_id, None if account_id is None else at, escalated_at, branch_id)
    await (await raw(conn)).execute(_GIVE, given, prepare=True)


_LOADS = """
select claimed_by, count(*) as claimed from branches
where claimed_by = any(%s) and decided_at is null and started_at is not null and claimed_by is not null group by 1
"""


async def loads(conn: AsyncConnection, account_ids: Sequence[str]) -> dict[str, int]:
    """How many open branches each has; none is left out."""
    return {row.claimed_by: row.claimed for row in await rows(conn, _LOADS, (list(account_ids),))}


# --- promises that are not kept --------------------------------------------------------------------------------------

_UNWARNED = """
with late as (
  select id from branches
  where decided_at is null and started_at is not null and warned < 2 and due_at <= %(near)s and (warned = 0 or due_at <= %(now)s)
    and state = any(%(states)s)
  order by due_at limit %(limit)s for update skip locked
)
update branches b set warned = case when b.due_at <= %(now)s then 2 else 1 end from late where b.id = late.id
returning b.id, b.office_id, b.officer_role, b.claimed_by, b.due_at, b.due_at <= %(now)s as late
"""


async def unwarned(
    conn: AsyncConnection, *, states: Sequence[str], near: datetime, now: datetime, limit: int
) -> list[Any]:
    """What falls due before `near` and nobody was warned of, or has fallen due and was warned of before only; from now on it is warned
    of. id, office_id, officer_role, claimed_by, due_at, late."""
    values = {"states": list(states), "near": near, "now": now, "limit": limit}
    return await rows(conn, _UNWARNED, values)


_OFFICE_STEPS = """
select state, left_at > due_at as late, left_at - due_at as over, left_at - entered_at as took from branch_steps
where branch_id = %s and due_at is not null order by seq
"""


async def office_steps(conn: AsyncConnection, branch_id: str) -> list[Any]:
    """state, late, over, took of every stay that was the office's own time."""
    return await rows(conn, _OFFICE_STEPS, (branch_id,))


# --- figures of one office, of what was decided or left between two instants -------------------------------------------

# On time against the promise, the longer one where facts had to be verified: a new date with an apology makes nothing good here.
_KEPT = "decided_at <= coalesce((apology ->> 'was_due_at')::timestamptz, due_at)"

_DECIDED: LiteralString = f"""
select procedure, count(*) as decided, count(*) filter (where {_KEPT}) as on_time from branches
where office_id = %(office_id)s and decided_at >= %(since)s and decided_at < %(until)s and decided_by is not null and due_at is not null
group by procedure order by decided desc, procedure
"""  # noqa: S608 - our own words

_OPEN = """
select count(*) as waiting, count(*) filter (where claimed_by is null) as free,
  count(*) filter (where running and due_at < %(now)s) as overdue,
  count(*) filter (where running and due_at >= %(now)s and due_at <= %(near)s) as due_soon,
  count(*) filter (where extension is not null) as extended,
  count(*) filter (where apology is not null) as promised_anew,
  count(*) filter (where started_at > %(now)s - interval '1 day') as to_1_day,
  count(*) filter (where started_at <= %(now)s - interval '1 day' and started_at > %(now)s - interval '3 days') as to_3_days,
  count(*) filter (where started_at <= %(now)s - interval '3 days' and started_at > %(now)s - interval '7 days') as to_7_days,
  count(*) filter (where started_at <= %(now)s - interval '7 days' and started_at > %(now)s - interval '30 days') as to_30_days,
  count(*) filter (where started_at <= %(now)s - interval '30 days') as older
from (select *, state = any(%(running)s) as running from branches
  where office_id = %(office_id)s and decided_at is null and started_at is not null) b
"""

_STEP_TIMES = """
select state, count(*) as stays, count(*) filter (where left_at > due_at) as late,
  avg(extract(epoch from left_at - entered_at)) / 3600 as mean_hours,
  percentile_cont(0.9) within group (order by extract(epoch from left_at - entered_at)) / 3600 as p90_hours
from branch_steps where office_id = %(office_id)s and left_at >= %(since)s and left_at < %(until)s group by state
"""

_SUPPLEMENTS = """
select kind, what, count(*) as asked from (
  select 'field' as kind, jsonb_array_elements_text(asked -> 'fields') as what, office_id, left_at from branch_steps where asked is not null
  union all
  select 'document', jsonb_array_elements_text(asked -> 'documents'), office_id, left_at from branch_steps where asked is not null
) s where office_id = %(office_id)s and left_at >= %(since)s and left_at < %(until)s
group by kind, what order by asked desc, kind, what limit 20
"""

_RATED = """
from branches where office_id = %(office_id)s and decided_at >= %(since)s and decided_at < %(until)s and rating is not null
"""
_SCORES: LiteralString = f"select (rating ->> 'score')::int as score, count(*) as given {_RATED} group by 1"
_LOW: LiteralString = f"""
select rating ->> 'step' as step, procedure, (rating ->> 'score')::int as score, rating ->> 'comment' as comment,
  (rating ->> 'late')::boolean as late, (rating ->> 'at')::timestamptz as at
{_RATED} and (rating ->> 'score')::int <= %(low)s order by (rating ->> 'at') desc limit 200
"""


async def figures(conn: AsyncConnection, values: dict[str, Any]) -> dict[str, list[Any]]:
    """Rows by what they tell of: decided, open, steps, supplements, scores, low. `values` as the statements name them."""
    asked: dict[str, LiteralString] = {
        "decided": _DECIDED, "open": _OPEN, "steps": _STEP_TIMES, "supplements": _SUPPLEMENTS, "scores": _SCORES, "low": _LOW,
    }  # fmt: skip
    return {name: await rows(conn, query, values) for name, query in asked.items()}


# --- filed at a counter ----------------------------------------------------------------------------------------------

_SET_ASSISTED = "update dossiers set assisted = %s where id = %s"
_ASSISTED = """
select id, account_id, procedure, opened_at, version, changed_at, form -> 'requester.full_name' ->> 'value' as requester from dossiers
where assisted is not null and status = 'draft' and assisted ->> 'office_id' = %s order by id desc limit %s
"""


async def set_assisted(conn: AsyncConnection, dossier_id: str, how: dict[str, Any]) -> None:
    await (await raw(conn)).execute(_SET_ASSISTED, (Jsonb(how), dossier_id), prepare=True)


async def assisted(conn: AsyncConnection, office_id: str, *, limit: int) -> list[Any]:
    """Drafts an office helps with; the newest first."""
    return await rows(conn, _ASSISTED, (office_id, limit))
