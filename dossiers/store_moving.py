"""The SQL of a dossier that moves: held, read with all that stands around a branch, moved on; a statement each."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, LiteralString, cast

import msgspec
from psycopg.types.json import Jsonb
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection

from dossiers.history import Event, Head
from dossiers.messages import Line
from dossiers.tables import branches, dossiers
from kit.db import rows, select_from, write

# --- read ------------------------------------------------------------------------------------------------------------

_FOUND = select_from(
    dossiers,
    "where id = (select dossier_id from branches where id = %s and office_id = %s and started_at is not null)",
)
_HELD = _FOUND + " for update"


async def dossier_of(conn: AsyncConnection, branch_id: str, office_id: str, *, lock: bool) -> Any | None:
    """The dossier of a branch that has begun in that office; `lock` holds the row, and so its whole graph and history."""
    return next(iter(await rows(conn, _HELD if lock else _FOUND, (branch_id, office_id))), None)


_HOLD = "select version from dossiers where id = %s for update"
_VERSIONS = "select id, version from branches where dossier_id = %s"


async def held_unmoved(conn: AsyncConnection, dossier: Any, siblings: Sequence[Any]) -> bool:
    """Holds the dossier's row as `dossier_of` does, and says whether it and its branches stand as they were read."""
    now = await rows(conn, _HOLD, (dossier.id,))
    # After the lock, as `work`.
    stand = {row.id: row.version for row in await rows(conn, _VERSIONS, (dossier.id,))}
    return [row.version for row in now] == [dossier.version] and stand == {row.id: row.version for row in siblings}


CONSENTS: Final = ("agreed", "on_paper")
"""Answers to the question for a consent that give it."""
_WITH_RESULTS = "left join results r on r.branch_id = branches.id where branches.dossier_id = %(dossier)s order by branches.position"
_RESULT: LiteralString = ", r.kind as result_kind, r.number as result_number, r.made_at"
_AROUND: LiteralString = """,
  array(select pin from dossier_parties where dossier_id = %(dossier)s) as parties,
  array(select branch from invitations where dossier_id = %(dossier)s and (answer is null or answer <> all(%(consents)s)))
    as unconfirmed
"""
_SHOWN: LiteralString = """,
  (select version from dossiers where id = %(dossier)s) as dossier_version,
  case when branches.id = %(branch)s then (select json_build_object(
    'papers', (select coalesce(json_agg(json_build_object('kind', kind, 'sha256', encode(sha256, 'base64'), 'media_type', media_type,
      'size_bytes', size_bytes, 'attached_at', attached_at) order by kind), '[]') from documents where dossier_id = %(dossier)s),
    'acts', (select coalesce(json_agg(json_build_object('at', at, 'kind', kind, 'actor_id', actor_id, 'to_id', to_id, 'said', said)
      order by seq), '[]') from desk_acts where branch_id = %(branch)s),
    'timeline', (select coalesce(json_agg(json_build_object('seq', seq, 'at', at, 'kind', kind, 'branch', branch, 'before', before,
      'after', after, 'message', json_build_object('vi', vi, 'en', en)) order by seq), '[]')
      from dossier_events where dossier_id = %(dossier)s))::text) end as shown
"""
_WORK = select_from(branches, _WITH_RESULTS, more=_RESULT + _AROUND)
_WHOLE = select_from(branches, _WITH_RESULTS, more=_RESULT + _AROUND + _SHOWN)


class Paper(msgspec.Struct, frozen=True):
    """A paper of the dossier."""

    kind: str
    sha256: bytes
    media_type: str
    size_bytes: int
    attached_at: datetime


class Act(msgspec.Struct, frozen=True):
    """A line of what an office does within itself."""

    at: datetime
    kind: str
    actor_id: str | None
    to_id: str | None
    said: str


class Shown(msgspec.Struct, frozen=True):
    """What an officer is shown beside the branches and the form."""

    papers: list[Paper]
    acts: list[Act]
    timeline: list[Line]


_shown = msgspec.json.Decoder(Shown)


async def work(conn: AsyncConnection, dossier_id: str) -> list[Any]:
    """The branches in the dossier's own order with what each gave; each row with `parties`, numbers of the persons an authority's data
    names in the dossier, and `unconfirmed`, the branches whose question for a consent is open or was answered otherwise."""
    return await rows(conn, _WORK, {"dossier": dossier_id, "consents": list(CONSENTS)})


async def whole(conn: AsyncConnection, dossier_id: str, branch_id: str) -> tuple[list[Any], Shown]:
    """As `work`, each row with `dossier_version`, and what is shown beside that branch."""
    asked = {"dossier": dossier_id, "branch": branch_id, "consents": list(CONSENTS)}
    found = await rows(conn, _WHOLE, asked)
    return found, _shown.decode(next(row.shown for row in found if row.shown is not None))


# --- moved on --------------------------------------------------------------------------------------------------------

# What a branch is and was rated stays. Warnings are written down by who holds the branch alone: they stay unless a move says otherwise.
_KEPT: Final = frozenset(
    {"id", "dossier_id", "name", "position", "procedure", "officer_role", "needs", "rating", "version", "warned"}
)
MOVED: Final = tuple(column.name for column in branches.columns if column.name not in _KEPT)
"""The columns that every move writes."""

_SET = cast(
    "LiteralString", ", ".join(f"{name} = m.{name}" for name in MOVED) + ", warned = coalesce(m.warned, b.warned)"
)
_TYPES = cast(
    "LiteralString",
    ", ".join(f"{name} {branches.c[name].type.compile(postgresql.dialect())}" for name in (*MOVED, "warned")),
)

# Lines of a history (of `Event`, whose bytes JSON has in base64), and what is to be told of them; stays that ended; branches as they
# stand now; the dossier's row after all that.
LINES: LiteralString = """
with lines as (
  select * from jsonb_to_recordset(%(lines)s) as e (dossier_id text, seq int, at timestamptz, actor_kind text, actor_id text,
    kind text, branch text, before text, after text, vi text, en text, facts jsonb, prev_hash text, hash text)
), fed as (
  insert into dossier_feed (dossier_id, seq, next_attempt_at) select dossier_id, seq, at from lines
), appended as (
  insert into dossier_events
    (dossier_id, seq, at, actor_kind, actor_id, kind, branch, before, after, vi, en, facts, prev_hash, hash)
  select dossier_id, seq, at, actor_kind, actor_id, kind, branch, before, after, vi, en, facts,
    decode(prev_hash, 'base64'), decode(hash, 'base64') from lines
)
"""
_STEPPED: LiteralString = """ stepped as (
  insert into branch_steps (branch_id, seq, state, action, procedure, office_id, officer_id, entered_at, left_at, due_at, asked)
  select branch_id, seq, state, action, procedure, office_id, officer_id, entered_at, left_at, due_at, asked
  from jsonb_to_recordset(%(left)s) as s (branch_id text, seq int, state text, action text, procedure text, office_id text,
    officer_id text, entered_at timestamptz, left_at timestamptz, due_at timestamptz, asked jsonb)
), moved as (
  update branches b set """
_FROM: LiteralString = """, version = b.version + 1 from jsonb_to_recordset(%(branches)s) as m (id text, """
# By the dossier as well: its few branches are found by an index whatever the planner thinks of the recordset.
_MOVED: LiteralString = (
    _STEPPED
    + _SET
    + _FROM
    + _TYPES
    + """) where b.id = m.id and b.dossier_id = %(id)s
)
"""
)
_DOSSIER: LiteralString = """
update dossiers set event_count = %(count)s, event_hash = %(hash)s, status = %(status)s, changed_at = %(at)s, version = version + 1
where id = %(id)s
"""
_ADVANCE = LINES + "," + _MOVED + _DOSSIER
_APPEND = LINES + _DOSSIER
_INSIDE = "with" + _MOVED + "select 1"


class Advance(msgspec.Struct, frozen=True, kw_only=True):
    """What one step writes about a dossier whose row is locked."""

    moved: Sequence[Mapping[str, Any]] = ()
    """Of each branch that moves its id, the columns of MOVED, and `warned` where that begins anew."""
    left: Sequence[Mapping[str, Any]] = ()
    """Stays in a state that end, as the columns of `branch_steps` are called."""


async def advance(
    conn: AsyncConnection,
    dossier_id: str,
    done: Advance,
    events: Sequence[Event],
    head: Head,
    *,
    status: str,
    at: datetime,
) -> None:
    """Branches move on, with the lines of it in the history and the dossier's own row after them."""
    values = {
        "id": dossier_id,
        "count": head.count,
        "hash": head.hash,
        "status": status,
        "at": at,
        "lines": Jsonb(events),
    }
    if done.moved or done.left:
        await write(conn, _ADVANCE, values | {"branches": _json(done.moved), "left": _json(done.left)})
    else:
        await write(conn, _APPEND, values)


async def move_inside(conn: AsyncConnection, dossier_id: str, done: Advance) -> None:
    """Branches move on, told to nobody outside their office."""
    await write(conn, _INSIDE, {"id": dossier_id, "branches": _json(done.moved), "left": _json(done.left)})


def _json(rows: Sequence[Mapping[str, Any]]) -> Jsonb:
    return Jsonb(list(rows))
