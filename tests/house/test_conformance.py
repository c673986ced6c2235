"""`docs/conformance.md` says of every row of the security checklist which test holds it, and tells the truth."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/conformance.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^\| ([A-Z]{2,3}-\d+) \| [MS] \| (.+) \|$", PAGE, re.M))

# How many rows the checklist has of each kind; EXC and RES are our own.
CHECKLIST = {
    "DIS": 6, "AUT": 22, "RED": 6, "COD": 5, "PKC": 3, "TOK": 11, "REF": 8, "RS": 13, "IDT": 4, "UIN": 2, "DPO": 11, "PAR": 6,
    "DEV": 8, "REV": 2, "INT": 2, "LOG": 4, "STE": 2, "IDA": 4, "ISS": 1, "WEB": 1, "EXC": 8, "RES": 5,
}  # fmt: skip


def test_every_row_stands_there() -> None:
    assert set(ROWS) == {f"{kind}-{n}" for kind, count in CHECKLIST.items() for n in range(1, count + 1)}


def test_what_is_named_exists() -> None:
    for row, cell in ROWS.items():
        named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", cell)
        assert named or cell.startswith("not yet: "), row
        for file, name in named:
            assert re.search(rf"def {name}\(", (ROOT / file).read_text(encoding="utf-8")), f"{row}: {file}::{name}"


def test_a_test_named_after_a_row_stands_with_it() -> None:
    for file in ROOT.glob("tests/**/test_*.py"):
        for name in re.findall(r"def (test_\w+)\(", file.read_text(encoding="utf-8")):
            for kind, number in re.findall(r"_([A-Z]{2,3})_(\d+)(?=_)", name):
                if kind in CHECKLIST:
                    assert name in ROWS[f"{kind}-{number}"], name
