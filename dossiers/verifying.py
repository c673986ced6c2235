"""Whether what stands in the database is what the histories say: every chain recomputed, every seal held against its thing."""

from collections import defaultdict
from collections.abc import AsyncGenerator, Sequence

import msgspec

from dossiers import history, store, views
from dossiers.history import Event, Head
from kit.db import Database

_BATCH = 500


class Broken(msgspec.Struct, frozen=True):
    """A dossier that was changed behind the program's back, and where it shows."""

    dossier_id: str
    receipt_code: str
    what: str


class Checked(msgspec.Struct, frozen=True):
    """One batch: how many dossiers and lines were looked at, and what is wrong with them."""

    dossiers: int
    lines: int
    broken: list[Broken]


async def verify(db: Database) -> AsyncGenerator[Checked]:
    """Every submitted dossier, a batch at a time; each batch is of one moment, so work may go on meanwhile."""
    after = ""
    while True:
        async with db.snapshot() as conn:
            rows = await store.submitted_after(conn, after, limit=_BATCH)
            if not rows:
                return
            ids = [row.id for row in rows]
            events: dict[str, list[Event]] = defaultdict(list)
            for event in await store.events_of_many(conn, ids):
                events[event.dossier_id].append(event)
            branches: dict[str, list[views.Row]] = defaultdict(list)
            for branch in await store.branches_of(conn, ids):
                branches[branch.dossier_id].append(branch)
            papers: dict[str, dict[str, str]] = defaultdict(dict)
            for paper in await store.documents_of_many(conn, ids):
                papers[paper.dossier_id][paper.kind] = bytes(paper.sha256).hex()
        found = [
            Broken(row.id, row.receipt_code, what)
            for row in rows
            if (what := wrong_with(row, branches[row.id], papers[row.id], events[row.id])) is not None
        ]
        yield Checked(len(rows), sum(map(len, events.values())), found)
        after = ids[-1]


def wrong_with(
    row: views.Row, branches: Sequence[views.Row], papers: dict[str, str], events: Sequence[Event]
) -> str | None:
    """The first thing that does not fit, or None.

    A seal is looked for only where the history holds one: lines written before there were seals vouch for their words alone.
    """
    if not history.intact(events, Head(row.event_count, bytes(row.event_hash))):
        return "history: a line was changed, added or taken away"
    states: dict[str, str | None] = {}
    seals: dict[str, str] = {}
    for event in events:
        if event.branch is not None:
            if event.before != states.get(event.branch):
                return f"history: {event.branch} goes on from a state it was not in (line {event.seq})"
            states[event.branch] = event.after
        facts = event.facts or {}
        if "form_sha256" in facts:
            seals["form"] = facts["form_sha256"]
        if "result_sha256" in facts:
            seals[f"result of {event.branch}"] = facts["result_sha256"]
        if isinstance(facts.get("documents"), dict):
            seals |= {f"document {kind}": paper["sha256"] for kind, paper in facts["documents"].items()}
    if states != {branch.name: branch.state for branch in branches}:
        return "branches: a state is not the one the history ends in"
    stands = {"form": history.seal(row.form)}
    stands |= {f"result of {branch.name}": history.seal(branch.result) for branch in branches}
    stands |= {f"document {kind}": sha256 for kind, sha256 in papers.items()}
    return next((f"{name}: not what was sealed" for name, seal in seals.items() if stands.get(name) != seal), None)
