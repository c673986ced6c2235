"""Runs every benchmark and writes its JSON to `benchmarks/results/`, then makes `benchmarks/README.md` from those files.

`--only NAME` runs one of them; `--render` runs none and only writes the page anew.
"""

import argparse
import subprocess
import sys
from pathlib import Path

import msgspec

from benchmarks.reporting import Report

_HERE = Path(__file__).parent
_RESULTS = _HERE / "results"
_NOT_ONE = {"__init__", "covering", "in_process", "reporting", "publish"}

_HEAD = """# Figures

Each is measured beside its floor in one run; quote the ratio, for machines differ. Made by `python -m benchmarks.publish`; do not edit.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", metavar="NAME")
    parser.add_argument("--render", action="store_true")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    _RESULTS.mkdir(exist_ok=True)
    names = [file.stem for file in sorted(_HERE.glob("*.py")) if file.stem not in _NOT_ONE]
    for name in [] if options.render else [options.only] if options.only else names:
        command = [sys.executable, "-m", f"benchmarks.{name}", "--json", str(_RESULTS / f"{name}.json")]
        subprocess.run([*command, "--quick"] if options.quick else command, check=False)
    page = [_HEAD]
    for file in sorted(_RESULTS.glob("*.json")):
        report = msgspec.json.decode(file.read_bytes(), type=Report)
        page += [
            f"\n## {file.stem}\n",
            f"`uv run python {' '.join([_script(file.stem), report.options]).strip()}` · {report.date} · commit {report.commit} · {report.machine}\n",
            "| what | value | floor | ratio | goal | holds |",
            "|---|---|---|---|---|---|",
        ]
        for row in report.rows:
            floor = "" if row.floor is None else f"{row.floor:.4g} {row.unit}"
            ratio = "" if row.ratio is None else f"{row.ratio:.2f}×"
            holds = {True: "yes", False: "**no**", None: ""}[row.holds]
            page.append(f"| {row.name} | {row.value:.4g} {row.unit} | {floor} | {ratio} | {row.goal} | {holds} |")
    (_HERE / "README.md").write_text("\n".join(page) + "\n", encoding="utf-8")


def _script(name: str) -> str:
    for file in (_HERE / f"{name}.py", _HERE / "faults" / f"{name}.py"):
        if file.exists():
            return f"benchmarks/{file.relative_to(_HERE)}"
    return f"-m benchmarks.{name}"


if __name__ == "__main__":
    main()
