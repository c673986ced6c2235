"""docs/liveness.md tells the figures of the last run of the benchmark, and no others."""

import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[4]
_APCER = re.compile(r"simulated: APCER (\w+) \((\d+) of (\d+) live, (\d+) unsure; 95 % bound (\d+) %\)")
_BPCER = re.compile(r"simulated: BPCER \((\d+) of (\d+) not live, (\d+) unsure\)")


def test_the_page_tells_each_species_as_it_was_measured() -> None:
    rows = json.loads((ROOT / "benchmarks/results/liveness.json").read_text())["rows"]
    page = (ROOT / "docs/liveness.md").read_text(encoding="utf-8")
    species: set[str] = set()
    for row in rows:
        if found := _APCER.fullmatch(row["name"]):
            name, live, of, unsure, bound = found.groups()
            assert f"| `{name}` | {of} | {live} | {unsure} | {row['value']:g} % | {bound} % |" in page, name
            species.add(name)
        elif found := _BPCER.fullmatch(row["name"]):
            wrong, of, unsure = found.groups()
            assert f"{wrong} of {of} not live, {unsure} unsure; BPCER {row['value']:g} %" in page
    assert species == set(re.findall(r"^\| `(\w+)` \| \d+ \|", page, re.M)) != set()
