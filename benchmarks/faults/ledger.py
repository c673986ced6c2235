"""What clients were told, and what must be true of the database afterwards (invariants I1 to I6 and I8)."""

import asyncio
import time
from collections import Counter
from typing import Final

import psycopg

from benchmarks.faults.town import Client, Draft, Town, in_parallel
from dossiers import verifying
from kit.db import Database

BRANCHES: Final = ["birth", "residence", "insurance", "identity_card"]
# Longer than the lease on letters (three minutes), and the minute until somebody looks for those whose lease ran out.
_PATIENCE_SECONDS: Final = 420


class Ledger:
    """Every draft with what its submission was answered: a receipt code, or nothing yet."""

    def __init__(self, drafts: list[Draft]) -> None:
        self.drafts = drafts
        self.codes: dict[str, str] = {}
        self.unknown: set[str] = set()

    def note(self, draft: Draft, code: str | None) -> None:
        """I3: one key is answered with one code, however often it is sent."""
        if code is None:
            self.unknown.add(draft.id)
            return
        assert self.codes.setdefault(draft.id, code) == code, "one key, two dossiers"

    def send_again(self, client: Client, *, at_once: int = 8) -> None:
        """Everybody whose answer did not come, and everybody else too: all end with the one answer."""

        def until_answered(draft: Draft) -> None:
            phone, deadline = client.twin(), time.monotonic() + _PATIENCE_SECONDS
            while time.monotonic() < deadline:
                code = phone.submit(draft)
                if code is not None:
                    return self.note(draft, code)
                time.sleep(0.1)
            raise AssertionError(f"{draft.id} was never answered")

        in_parallel([lambda one=one: until_answered(one) for one in self.drafts], at_once)


def check(town: Town, ledger: Ledger, *, delivered: bool = True) -> None:
    """Everything that must hold once all was sent again. Raises AssertionError with what does not."""
    expected = {draft.id for draft in ledger.drafts}
    assert set(ledger.codes) == expected, "I2: every unknown one is answered in the end"
    assert len(set(ledger.codes.values())) == len(expected), "I1: no two dossiers have one code"
    with town.connect() as conn:
        _exactly_once(conn, ledger, expected)
        if delivered:
            _told_once(conn, expected)
    asyncio.run(_histories_hold(town))


def _exactly_once(conn: "psycopg.Connection[tuple[object, ...]]", ledger: Ledger, expected: set[str]) -> None:
    rows = conn.execute(
        "select id, receipt_code, status from dossiers where id = any(%s)", (list(expected),)
    ).fetchall()
    assert {row[0]: row[1] for row in rows} == ledger.codes, (
        "I1: what was acknowledged stands, with the code that was told"
    )
    assert {row[2] for row in rows} <= {"open", "closed"}
    branches = conn.execute(
        "select dossier_id, array_agg(name order by position) from branches where dossier_id = any(%s) group by 1",
        (list(expected),),
    ).fetchall()
    assert {row[0] for row in branches} == expected
    assert all(row[1] == BRANCHES for row in branches), "no branch skipped, none doubled"
    kept = conn.execute(
        "select key, count(*) from idempotency_keys where key = any(%s) group by 1",
        ([draft.key for draft in ledger.drafts],),
    ).fetchall()
    assert dict(kept) == {draft.key: 1 for draft in ledger.drafts}, "I3: one key, one effect"
    submitted = conn.execute(
        "select dossier_id, count(*) from dossier_events where kind = 'submit' and dossier_id = any(%s) group by 1",
        (list(expected),),
    ).fetchall()
    assert dict(submitted) == dict.fromkeys(expected, 1), "I4: each was submitted once in its history"


def _told_once(conn: "psycopg.Connection[tuple[object, ...]]", expected: set[str]) -> None:
    """I5: each message is there once, and once it has left it has left once."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    left = 0
    while time.monotonic() < deadline:
        (left,) = conn.execute("select count(*) from deliveries where state = 'waiting'").fetchone() or (0,)
        if left == 0:
            break
        time.sleep(0.5)
    assert left == 0, f"{left} letters never left"
    # Of a dossier one for each who may hear of it; here that is whoever filed it.
    once = conn.execute(
        "select split_part(once_key, ':', 2), count(*) from messages where event = 'dossier-received' group by 1"
    ).fetchall()
    told = {str(key): count for key, count in once}
    assert {key: told.get(key) for key in expected} == dict.fromkeys(expected, 1)
    texts = [str(row[0]) for row in conn.execute("select text from sandbox_messages where event = 'dossier-received'")]
    per_letter = Counter(texts)
    assert max(per_letter.values(), default=0) <= 2, "I5: by SMS and by e-mail, each letter once"


async def _histories_hold(town: Town) -> None:
    """I4: appended only, no gap, chains and seals hold, states are what the histories end in."""
    assert town.urls is not None
    database = Database(town.urls.database)
    try:
        broken = [one async for checked in verifying.verify(database) for one in checked.broken]
    finally:
        await database.close()
    assert broken == [], f"I4: {broken[:3]}"
