"""Kills API, worker and database, each `--kills` times at random, under clients that submit, and counts what was lost or doubled: nothing may be.

    uv run python benchmarks/faults/kill.py [--quick] [--json OUT] [--seed N] [--kills N] [--clients N]

Each draft is submitted once under its own Idempotency-Key. Whoever gets no answer sends it again; in the end every draft must be
exactly one dossier, with the code its client was told, four branches, one history and one message. A seed repeats a run.
"""

import random
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from benchmarks.faults.ledger import Ledger, check
from benchmarks.faults.town import Client, Draft, Town
from benchmarks.reporting import Row, arguments, save, tell

Hurt = Callable[[Town], None]


def under_fire(
    town: Town,
    hurt: Hurt,
    heal: Hurt,
    *,
    kills: int,
    clients: int,
    chance: random.Random,
    told: Callable[[], None] = lambda: None,
) -> tuple[Ledger, list[float]]:
    """Submits while the town is hurt again and again; the ledger, once everything was sent again, and the seconds of each healing.

    One volley more goes in unhurt, first: as long as that takes, the blows may come.
    """
    drafts = town.drafts(town.parent(), (1 + kills) * clients)
    ledger, healed = Ledger(drafts), list[float]()
    unhurt = _volley(town.parent(), drafts[:clients], ledger, lambda: None)
    for kill in range(1, kills + 1):
        some = drafts[kill * clients : (kill + 1) * clients]
        moment = chance.uniform(0, unhurt)
        _volley(town.parent(), some, ledger, lambda moment=moment: (time.sleep(moment), hurt(town)))
        began = time.monotonic()
        heal(town)
        town.wait_until_ready()
        healed.append(time.monotonic() - began)
        told()
    ledger.send_again(town.parent())
    return ledger, healed


def _volley(phone: Client, drafts: list[Draft], ledger: Ledger, hurt: Callable[[], object]) -> float:
    """All at once, and the blow in the middle of it; the seconds from the first word to the last answer."""
    start = threading.Barrier(len(drafts) + 1)

    def submit(draft: Draft) -> None:
        one = phone.twin()
        start.wait()
        ledger.note(draft, one.submit(draft))

    with ThreadPoolExecutor(len(drafts)) as threads:
        running = [threads.submit(submit, draft) for draft in drafts]
        start.wait()
        began = time.monotonic()
        hurt()
        for one in running:
            one.result()
        return time.monotonic() - began


def nothing(_: Town) -> None:
    """Heals by itself, or is started again by whoever waits for it (`Town.wait_until_ready`)."""


def restart_worker(town: Town) -> None:
    town.worker.start()


def restart_engines(town: Town) -> None:
    town.start_engines()


FAULTS: dict[str, tuple[Hurt, Hurt, float]] = {
    "API killed": (Town.kill_api_workers, nothing, 30),
    "queue worker killed": (lambda town: town.worker.kill(), restart_worker, 30),
    "PostgreSQL killed": (Town.kill_postgres, restart_engines, 10),
}
"""What is done, what heals it (none: the program does), and within how many seconds the API must be ready again."""


def main() -> None:
    parser = arguments(__doc__ or "")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--kills", type=int, default=None)
    parser.add_argument("--clients", type=int, default=None)
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(2**32)
    kills = options.kills or (2 if options.quick else 100)
    clients = options.clients or (8 if options.quick else 50)
    Console().print(f"seed {seed}")
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder, Progress() as progress:
        town = Town(Path(folder) / "town")
        try:
            town.start()
            for name, (hurt, heal, seconds) in FAULTS.items():
                task = progress.add_task(name, total=kills)
                chance = random.Random(f"{seed} {name}")
                ledger, healed = under_fire(
                    town,
                    hurt,
                    heal,
                    kills=kills,
                    clients=clients,
                    chance=chance,
                    told=lambda t=task: progress.advance(t),
                )
                check(town, ledger)
                rows += _rows(name, ledger, healed, kills, seconds)
                save(rows, options.json)
        finally:
            town.stop()
    tell("kills", rows, options.json)
    if not all(row.holds for row in rows if row.holds is not None):
        sys.exit(1)


def _rows(name: str, ledger: Ledger, healed: list[float], times: int, seconds: float) -> list[Row]:
    return [
        Row(
            name=f"{name} {times} times: submissions that stand exactly once, of {len(ledger.drafts)}",
            value=len(ledger.codes),
            unit="dossiers",
            goal="all",
            holds=len(ledger.codes) == len(ledger.drafts),
        ),
        Row(name=f"{name}: submissions left without an answer at first", value=len(ledger.unknown), unit="dossiers"),
        Row(
            name=f"{name}: longest time until ready again",
            value=max(healed),
            unit="s",
            goal=f"within {seconds:g} s",
            holds=max(healed) <= seconds,
        ),
    ]


if __name__ == "__main__":
    main()
