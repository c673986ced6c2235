"""One percent of the city's four and a half months, replayed: every dossier has its result. How fast is the benchmark's to say."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from benchmarks.reporting import Report

pytestmark = pytest.mark.slow

_ROOT = Path(__file__).parents[2]


def test_a_hundredth_of_the_period_ends_in_results(tmp_path: Path) -> None:
    out = tmp_path / "city.json"
    command = [sys.executable, "benchmarks/city.py", "--share", "1", "--json", str(out)]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, env=_environment(), timeout=1800)
    assert out.exists(), done.stderr[-3000:]
    rows = {row.name: row for row in msgspec.json.decode(out.read_bytes(), type=Report).rows}
    assert rows["end to end: 3,477 dossiers from submission to the last result"].value > 0
    assert any("floor: the same rows in one plain statement" in name for name in rows)


def _environment() -> dict[str, str]:
    import os

    return {**os.environ, "PYTHONPATH": str(_ROOT)}
