"""What spellings do to print: places with the maps' and without, names with Vietnamese syllables and without, on the same
cards in one run. Decisions 0014 and 0043.
"""

import multiprocessing
import os
from unittest import mock

import cards
from reporting import Row, arguments, tell
from rich.progress import track

import ocr
from ocr import printed

PLACES = ("place_of_origin", "place_of_residence", "place_of_birth")


def both(task: tuple[str, int]) -> tuple[cards.Seen, cards.Seen]:
    with mock.patch.object(printed, "on_the_map", _as_read), mock.patch.object(printed, "spelt", _as_read):
        without = cards.see(task)
    return cards.see(task), without


def _as_read(said: printed.Said, *_: float) -> printed.Said:
    return said


def right_of_print(seen: list[cards.Seen], fields: tuple[str, ...] = PLACES) -> tuple[float, int]:
    told = [ok for one in seen for name, _, ok, _, _ in one.fields if name in fields and ok is not None]
    return cards.share(sum(told), len(told)), len(told)


def main() -> None:
    parser = arguments((__doc__ or "").splitlines()[0])
    parser.add_argument("--cards", type=int, metavar="N", help="120; 6 with --quick")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    count = options.cards or (6 if options.quick else 120)
    rows: list[Row] = []
    with multiprocessing.get_context("spawn").Pool(options.workers, initializer=ocr.warm) as workers:
        for column in ("good photo", "hard photo"):
            tasks = [(column, seed) for seed in range(cards.FIRST, cards.FIRST + count)]
            pairs = list(track(workers.imap(both, tasks), description=column, total=count))
            (with_maps, values), (without, _) = (right_of_print([pair[i] for pair in pairs]) for i in (0, 1))
            (with_syllables, _), (as_read, _) = (
                right_of_print([pair[i] for pair in pairs], ("full_name",)) for i in (0, 1)
            )
            rows += [
                Row(name=f"{column}: places read", value=values, unit="values"),
                Row(name=f"{column}: places exact, print alone, with the maps", value=with_maps, unit="%"),
                Row(name=f"{column}: places exact, print alone, without the maps", value=without, unit="%"),
                Row(name=f"{column}: names exact, print alone, with syllables", value=with_syllables, unit="%"),
                Row(name=f"{column}: names exact, print alone, without", value=as_read, unit="%"),
            ]
    tell("spelling", rows, options.json)


if __name__ == "__main__":
    main()
