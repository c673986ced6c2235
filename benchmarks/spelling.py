"""What the maps' spellings do to places read from print: the same cards with them and without, in one run.

Names of people have no such help; decision 0014.
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
    with mock.patch.object(printed, "on_the_map", lambda said: said):  # pyright: ignore[reportUnknownLambdaType]
        without = cards.see(task)
    return cards.see(task), without


def right_of_print(seen: list[cards.Seen]) -> tuple[float, int]:
    told = [ok for one in seen for name, _, ok, _, _ in one.fields if name in PLACES and ok is not None]
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
            rows += [
                Row(name=f"{column}: places read", value=values, unit="values"),
                Row(name=f"{column}: places exact, print alone, with the maps", value=with_maps, unit="%"),
                Row(name=f"{column}: places exact, print alone, without the maps", value=without, unit="%"),
            ]
    tell("spelling", rows, options.json)


if __name__ == "__main__":
    main()
