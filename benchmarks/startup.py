"""How long `import api.app` takes beside the bare import of litestar, sqlalchemy and psycopg together, process by process."""

import statistics
import subprocess
import sys
import time

from rich.progress import track

from benchmarks.reporting import Row, arguments, tell

_FLOOR = "import litestar, sqlalchemy.ext.asyncio, psycopg, psycopg_pool; from litestar import Litestar"
_OURS = "import api.app"


def _seconds(code: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - began


def main() -> None:
    options = arguments(__doc__ or "").parse_args()
    rounds = 5 if options.quick else 15
    bare, floor, ours = [], [], []
    _seconds(_OURS)
    for _ in track(range(rounds), description="importing"):
        bare.append(_seconds("pass"))
        floor.append(_seconds(_FLOOR))
        ours.append(_seconds(_OURS))
    interpreter = statistics.median(bare)
    net_floor, net_ours = statistics.median(floor) - interpreter, statistics.median(ours) - interpreter
    ratio = net_ours / net_floor
    tell(
        "start-up",
        [
            Row(
                name="import api.app",
                value=net_ours * 1000,
                unit="ms",
                floor=net_floor * 1000,
                ratio=ratio,
                goal="≤ 1.5× the bare imports",
                holds=ratio <= 1.5,
            )
        ],
        options.json,
    )


if __name__ == "__main__":
    main()
