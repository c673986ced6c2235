"""Slow: worker, agency and mail server killed at random; nothing lost, nothing doubled at the receiver, order kept."""

import pytest

from benchmarks.faults_messages.run import measure


@pytest.mark.slow
def test_deaths_lose_nothing_and_double_nothing() -> None:
    rows = measure(dossiers=60, kills=3, seed=7)
    assert [row.name for row in rows if row.holds is False] == []
    assert sum(row.holds is True for row in rows) == 8
