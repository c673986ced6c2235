"""Addresses of both maps in every style of writing, resolved: how often the unit is found, and found alone; how long one takes."""

import random
import statistics
import time
import unicodedata
from collections import Counter
from collections.abc import Callable

from rich.progress import track

from benchmarks.reporting import Row, arguments, tell
from kit import names, places
from kit.places import maps, spelling
from kit.places.maps import Unit

_STREET = "45/12 Lê Thánh Tôn"
_SHORT = {
    "Phường": "P.", "Xã": "X.", "Thị trấn": "TT.", "Quận": "Q.", "Huyện": "H.", "Thị xã": "TX.", "Thành phố": "TP.",
    "Tỉnh": "T.",
}  # fmt: skip
_OLD_TONES = {
    "óa": "oá",
    "òa": "oà",
    "ỏa": "oả",
    "õa": "oã",
    "ọa": "oạ",
    "úy": "uý",
    "ùy": "uỳ",
    "ủy": "uỷ",
    "ụy": "uỵ",
}


def _base(name: str) -> str:
    """Without its kind, as cards print it; a number keeps it."""
    kind = spelling.named(name)[0] or ""
    rest = name[len(kind) :].strip()
    return name if rest.isdigit() else rest


def _short(name: str) -> str:
    for kind, short in _SHORT.items():
        if name.startswith(kind + " "):
            return short + name.removeprefix(kind + " ")
    return name


def _old_tones(text: str) -> str:
    for new, old in _OLD_TONES.items():
        text = text.replace(new, old)
    return text


_STYLES: dict[str, Callable[[tuple[str, ...]], str]] = {
    "in full": lambda unit: ", ".join((_STREET, *unit)),
    "without kinds": lambda unit: ", ".join((_STREET, *map(_base, unit))),
    "shortened": lambda unit: ", ".join((_STREET, *map(_short, unit))),
    "capitals": lambda unit: ", ".join((_STREET, *unit)).upper(),
    "without commas": lambda unit: " ".join((_STREET, *unit)),
    "without marks": lambda unit: names.bare(", ".join((_STREET, *unit))),
    "decomposed, hoà for hòa": lambda unit: unicodedata.normalize("NFD", _old_tones(", ".join((_STREET, *unit)))),
}


def sample(old: int, new: int, seed: int = 20250701) -> list[tuple[bool, Unit]]:
    """Wards of the old map and of today's, drawn from a seed."""
    dice = random.Random(seed)
    until = [unit for unit in maps.units_until() if unit.is_ward]
    since = [unit for unit in maps.units_since() if unit.is_ward]
    return [(True, unit) for unit in dice.sample(until, old)] + [(False, unit) for unit in dice.sample(since, new)]


def sweep(units: list[tuple[bool, Unit]]) -> dict[str, tuple[float, float, int]]:
    """Per style: the share found, the share found alone among those whose names are no one else's, and how many those are."""
    namesakes = _namesakes()
    found: Counter[str] = Counter()
    alone: Counter[str] = Counter()
    unique: Counter[str] = Counter()
    for old, unit in units:
        for style, write in _STYLES.items():
            resolved = places.resolve(write(unit.names))
            codes = [candidate.code for candidate in (resolved.old if old else resolved.new)]
            found[style] += "/".join(unit.path) in codes
            if namesakes[_printed(old, unit, style)] == 1:
                unique[style] += 1
                alone[style] += codes == ["/".join(unit.path)]
    return {
        style: (found[style] / len(units), alone[style] / max(1, unique[style]), unique[style]) for style in _STYLES
    }


def _printed(old: bool, unit: Unit, style: str) -> tuple[object, ...]:
    """What a reader can tell units apart by in this style."""
    kind, key = spelling.named(unit.names[0])
    above = tuple(names.fold(_base(name)) for name in unit.names[1:])
    return old, above, key.plain if style == "without marks" else key.exact, None if style == "without kinds" else kind


def _namesakes() -> Counter[tuple[object, ...]]:
    return Counter(
        key
        for old, units in ((True, maps.units_until()), (False, maps.units_since()))
        for unit in units
        if unit.is_ward
        for key in {_printed(old, unit, style) for style in ("in full", "without kinds", "without marks")}
    )


def _milliseconds(texts: list[str]) -> list[float]:
    taken: list[float] = []
    for text in texts:
        before = time.process_time_ns()
        places.resolve(text)
        taken.append((time.process_time_ns() - before) / 1e6)
    return taken


def main() -> None:
    options = arguments(__doc__ or "").parse_args()
    before = time.process_time()
    places.resolve("Phường Bến Nghé, Quận 1, TP. Hồ Chí Minh")
    first = (time.process_time() - before) * 1000
    units = sample(400, 100) if options.quick else sample(2000, 500)
    rows = [
        Row(name="first address of a process, tables read", value=first, unit="ms", goal="≤ 150 ms", holds=first <= 150)
    ]
    for style, (found, alone, unique) in track(list(sweep(units).items()), description="resolving"):
        rows.append(
            Row(
                name=f"{style}: the unit is a candidate",
                value=found * 100,
                unit="%",
                goal="≥ 99.5 %",
                holds=found >= 0.995,
            )
        )
        rows.append(
            Row(
                name=f"{style}: the only one of {unique} with a name of its own",
                value=alone * 100,
                unit="%",
                goal="≥ 99.5 %",
                holds=alone >= 0.995,
            )
        )
    texts = [write(unit.names) for _, unit in units for write in _STYLES.values()]
    floor = statistics.median(_milliseconds_of_folding(texts))
    taken = sorted(_milliseconds(texts))
    for name, value in (("p50", statistics.median(taken)), ("p99", taken[int(len(taken) * 0.99)])):
        rows.append(
            Row(
                name=f"one address, {name}; floor: folding it",
                value=value,
                unit="ms",
                floor=floor,
                ratio=value / floor,
                goal="≤ 2 ms",
                holds=value <= 2,
            )
        )
    tell("places", rows, options.json)


def _milliseconds_of_folding(texts: list[str]) -> list[float]:
    taken: list[float] = []
    for text in texts:
        before = time.process_time_ns()
        names.fold(text)
        taken.append((time.process_time_ns() - before) / 1e6)
    return taken


if __name__ == "__main__":
    main()
