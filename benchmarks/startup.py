"""How long `import api.app` takes beside the bare import of litestar, sqlalchemy and psycopg together, process by process."""

import resource
import statistics
import subprocess
import sys

from rich.progress import track

from benchmarks.reporting import Row, arguments, tell

_FLOOR = "import litestar, sqlalchemy, psycopg; from litestar import Litestar; import sqlalchemy.ext.asyncio"
_OURS = "import api.app"


def _seconds(code: str) -> float:
    """Processor seconds of one process: importing waits for nothing, and a busy neighbour does not count."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


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
