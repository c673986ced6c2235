"""The one language of the benchmarks: rows with a floor of the same run, a table, a JSON file."""

import argparse
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table


class Row(msgspec.Struct, kw_only=True):
    """`floor` is measured in the same run and in the same unit; `ratio` is value to floor; `goal` in words."""

    name: str
    value: float
    unit: str
    floor: float | None = None
    ratio: float | None = None
    goal: str = ""
    holds: bool | None = None


class Report(msgspec.Struct, kw_only=True):
    machine: str
    date: str
    commit: str
    rows: list[Row]
    options: str = ""
    """How the script was called, without where it wrote: a quick run is told as one."""


def arguments(description: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--quick", action="store_true", help="under a minute")
    parser.add_argument("--json", type=Path, metavar="OUT", help="also write the report here")
    return parser


def tell(title: str, rows: list[Row], out: Path | None) -> None:
    """Prints the table and writes the file."""
    table = Table("what", "value", "floor", "ratio", "goal", "holds", title=title, header_style="bold")
    for row in rows:
        table.add_row(
            row.name,
            f"{row.value:,.4g} {row.unit}",
            "" if row.floor is None else f"{row.floor:,.4g} {row.unit}",
            "" if row.ratio is None else f"{row.ratio:.2f}×",
            row.goal,
            {True: "yes", False: "NO", None: ""}[row.holds],
        )
    Console().print(table)
    save(rows, out)


def save(rows: list[Row], out: Path | None) -> None:
    """Writes the file alone: a long run keeps what it has so far."""
    if out is not None:
        report = Report(
            machine=_machine(),
            date=datetime.now(UTC).strftime("%Y-%m-%d"),
            commit=_commit(),
            rows=rows,
            options=_options(),
        )
        out.write_bytes(msgspec.json.format(msgspec.json.encode(report)))


def _options() -> str:
    given = sys.argv[1:]
    if "--json" in given:
        at = given.index("--json")
        given = given[:at] + given[at + 2 :]
    return " ".join(given)


def _machine() -> str:
    cpus = [
        line.split(":", 1)[1].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    return f"{len(cpus)} × {cpus[0] if cpus else platform.machine()}, Python {platform.python_version()}"


def _commit() -> str:
    said = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return said.stdout.strip()
