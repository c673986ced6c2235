"""What a signature adds to a result's paper: printing it, signing it, and serving what was signed, beside printing alone."""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import psycopg
from rich.progress import track

from benchmarks.reporting import Row, arguments, tell
from dossiers import papers
from kit import clock, pades
from kit.engines import Engines
from kit.pades import Signed
from kit.seals import SandboxSeals

OFFICE = "Bảo hiểm xã hội cơ sở Hư Cấu"
ROWS = 1000


def _card(signed: Signed | None) -> bytes:
    card = papers.HealthInsuranceCard(
        card_code="TE 1 79 7926000123",
        full_name="Nguyễn Thị Hư Cấu",
        date_of_birth=date(2026, 11, 1),
        sex="female",
        address="12/3 đường Hư Cấu, phường Sài Gòn, Thành phố Hồ Chí Minh",
        facility="Bệnh viện Nhi Đồng 2",
        valid_from=date(2026, 11, 1),
        valid_until=date(2032, 11, 1),
        issued_by=OFFICE,
        issued_on=date(2026, 11, 24),
    )
    return papers.health_insurance_card(card, specimen=True, signed=signed)


def _processor_ms(verb: Callable[[], object], rounds: int, what: str) -> float:
    """Median of this thread's processor time: a busy neighbour does not count."""
    verb()
    spent: list[float] = []
    for _ in track(range(rounds), description=what):
        before = time.process_time()
        verb()
        spent.append((time.process_time() - before) * 1000)
    return statistics.median(spent)


def _wall_ms(verb: Callable[[], object], rounds: int) -> float:
    """Median of the wall time, for what is compared with an engine that works in a process of its own."""
    spent: list[float] = []
    for _ in range(rounds):
        before = time.perf_counter()
        verb()
        spent.append((time.perf_counter() - before) * 1000)
    return statistics.median(spent)


def _served_ms(url: str, pdf: bytes, rounds: int) -> float:
    """Median of the wall time of the statement that serves a signed paper, by its key among a thousand."""

    async def run() -> float:
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as conn:
            await conn.execute("create table papers (branch_id text primary key, pdf bytea)")
            await conn.execute(
                "insert into papers select 'bra_' || n, %s || convert_to(n::text, 'UTF8') from generate_series(1, %s) n",
                (pdf, ROWS),
            )
            spent: list[float] = []
            for number in track(range(rounds), description="serving"):
                before = time.perf_counter()
                asked = ("bra_" + str(number * 7 % ROWS + 1),)
                await (await conn.execute("select pdf from papers where branch_id = %s", asked)).fetchone()
                spent.append((time.perf_counter() - before) * 1000)
            return statistics.median(spent)

    return asyncio.run(run())


def main() -> None:
    options = arguments(__doc__ or "").parse_args()
    rounds = 15 if options.quick else 100
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        seal = SandboxSeals(Path(folder) / "seals").of("off_1", OFFICE)
        signed = Signed(seal.name, clock.now().replace(microsecond=0))
        printed = _processor_ms(lambda: _card(None), rounds, "printing")
        paper = _card(signed)
        signing = _processor_ms(lambda: pades.sign(paper, seal, at=signed.at), rounds, "signing")
        engines = Engines(Path(folder))
        stack.callback(engines.stop)
        whole = pades.sign(paper, seal, at=signed.at)
        served = _served_ms(engines.start().database, whole, rounds * 10)
        anew = _wall_ms(lambda: _card(None), rounds)
    rows = [
        Row(name="print a card", value=printed, unit="ms of processor"),
        Row(
            name="sign it (PAdES B-B), once",
            value=signing,
            unit="ms of processor",
            floor=printed,
            ratio=signing / printed,
        ),
        Row(name="what the signature adds", value=(len(whole) - len(paper)) / 1000, unit="kB"),
        Row(
            name="serve what was signed, beside printing it anew",
            value=served,
            unit="ms",
            floor=anew,
            ratio=served / anew,
            goal="≤ 1× printing",
            holds=served <= anew,
        ),
    ]
    tell("signed results", rows, options.json)


if __name__ == "__main__":
    main()
