"""What spellings do to print: places with the maps' and without, names with Vietnamese syllables and without, on the same
cards in one run; and what becomes of rare family names, on lines of a clean scan. Decisions 0014, 0043 and 0054.
"""

import multiprocessing
import os
import random
from unittest import mock

import cards
import lines
from reporting import Row, arguments, tell
from rich.progress import track

import ocr
from ocr import engine, printed
from ocr.training.people import HELD_OUT_FROM, fictional
from ocr.training.recogniser import lines as rendering

PLACES = ("place_of_origin", "place_of_residence", "place_of_birth")
# Two in five, one that wear makes of it, and some that Vietnamese does not spell.
FAMILIES = ("NGUYỄN", "NGUYÊN", "ÊBAN", "K'BRƠI", "THẠCH SÔ", "KSOR", "LIÊNG JRANG")


def both(task: tuple[str, int]) -> tuple[cards.Seen, cards.Seen]:
    with mock.patch.object(printed, "on_the_map", _as_read), mock.patch.object(printed, "spelt", _as_read):
        without = cards.see(task)
    return cards.see(task), without


def _as_read(said: printed.Said, *_: float) -> printed.Said:
    return said


def right_of_print(seen: list[cards.Seen], fields: tuple[str, ...] = PLACES) -> tuple[float, int]:
    told = [ok for one in seen for name, _, ok, _, _ in one.fields if name in fields and ok is not None]
    return cards.share(sum(told), len(told)), len(told)


def families(count: int) -> list[Row]:
    """Lines that begin so read whole, with spellings and without."""
    rows: list[Row] = []
    faces, reader = lines.held_out(), engine.reader()
    hardness, ground = lines.DEGREES["clean scan"]
    for family in FAMILIES:
        dice = random.Random(20_261_128)
        right = [0, 0]
        for seed in track(range(count), description=family):
            given = fictional(HELD_OUT_FROM + seed, "cmnd_12").full_name.upper().partition(" ")[2]
            image, text = rendering.render([f"{family} {given}"], dice, faces, hardness=hardness, ground=ground)
            steps = reader.steps(image)
            right[0] += lines.spelt(steps) == text
            right[1] += steps.best()[0] == text
        for how, some in zip(("with spellings", "without"), right, strict=True):
            rows.append(Row(name=f"{family}: lines exact, {how}", value=cards.share(some, count), unit="%"))
    return rows


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
    rows += families(20 if options.quick else 500)
    tell("spelling", rows, options.json)


if __name__ == "__main__":
    main()
