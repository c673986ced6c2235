"""A printed address read against both maps: which ward it names, and which wards of today that may be.

Read from the end: a province, before it a district of the old map, before that a ward; what is left is the house and
street. Kinds may be missing or shortened (P., Q., TP.), a name may have lost its marks or one letter. A doubt leaves
several candidates, or a candidate without `ward_code`; it is never decided here.
"""

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

import msgspec

from kit import names
from kit.places import matching
from kit.places.maps import Unit
from kit.places.matching import FUZZY, Address, Hit, Index, Span
from kit.places.spelling import Word

Match = Literal["exact", "kind", "plain", "fuzzy"]
"""How the worst-fitting of its names fits: as written; under another kind (a commune since made a ward); without marks,
or with i for y; with one letter otherwise."""

Map = Literal["until-2025-06-30", "since-2025-07-01"]
Via = Literal["printed", "successor"]

_MATCHES: Final[tuple[Match, ...]] = ("exact", "kind", "plain", "plain", "plain", "fuzzy", "fuzzy", "fuzzy")
# What a house or street begins with, and no ward.
_STREET_WORDS: Final = frozenset(
    [
        "ap",
        "ban",
        "buon",
        "bon",
        "cum",
        "doi",
        "duong",
        "hem",
        "khoi",
        "khom",
        "khu",
        "kp",
        "lang",
        "lo",
        "ngach",
        "ngo",
        "pho",
        "plei",
        "so",
        "soc",
        "thon",
        "tieu",
        "to",
        "tdp",
        "xom",
    ]
)


class Candidate(msgspec.Struct, frozen=True):
    """One ward that an address may name.

    `code` is `79/760/26740` (province/district/ward) on the old map, `79/26740` on today's, with the statistics
    office's numbers; five districts had no wards (`77/755`, Côn Đảo). A `successor` is a ward of today that took over
    land of the old ward printed, or an old ward that an even earlier one, printed, was merged into.
    """

    map: Map
    code: str
    name: str
    match: Match
    via: Via


class Resolved(msgspec.Struct, frozen=True):
    """An address taken apart; the candidates of each map stand best first."""

    detail: str
    """House, street, hamlet as printed; the whole address when no ward was recognised."""
    old: tuple[Candidate, ...] = ()
    new: tuple[Candidate, ...] = ()
    ward_code: str | None = None
    """Today's ward, when it is the only one possible, no letter of its name was guessed, and province or district stood there."""


def resolve(address: str) -> Resolved:
    """What an address as printed on a card may mean on both maps. Reads tables only, and the end of a long text only."""
    text = names.nfc(address)
    read = Address(text)
    old, direct = _weighed(readings(read, guess=False) or readings(read, guess=True))
    if not old and not direct:
        return Resolved(detail=text)
    first = min((*old, *direct), key=lambda reading: reading.rank)
    new = _today(old, direct)
    only = new[0] if len(new) == 1 else None
    sure = only is not None and only.parts[0].fit < FUZZY and only.anchored and not _is_doubtful(read, only)
    return Resolved(
        detail=text[: read.words[first.start].start].strip(" ,;.-–—"),
        old=_candidates(old, "until-2025-06-30"),
        new=_candidates(new, "since-2025-07-01"),
        ward_code=only.unit.path[-1] if only is not None and sure else None,
    )


class Reading(NamedTuple):
    """One way to read the end of an address."""

    parts: tuple[Hit, ...]
    """Ward, district, province, as far as they are printed; an old district without wards stands for one."""
    old: bool
    unit: Unit
    via: Via = "printed"

    @property
    def start(self) -> int:
        return self.parts[0].span.start

    @property
    def fit(self) -> int:
        return max(part.fit for part in self.parts)

    @property
    def rank(self) -> tuple[int, int, int]:
        """Names that fit worst, then names inside another's part of the address, then words left over: less is better."""
        inside = sum(not part.span.begins for part in self.parts)
        return self.fit, inside, self.start

    @property
    def anchored(self) -> bool:
        return len(self.parts) > 1 or self.unit.is_district

    @property
    def district(self) -> Span | None:
        return next((part.span for part in self.parts if part.entry.unit.is_district), None)


def readings(read: Address, *, guess: bool) -> list[Reading]:
    """Every reading of an address's end; by `guess` one letter of a name may be wrong."""
    end = len(read.words)
    old = read.hits(matching.provinces(True), end, guess=guess)
    new = read.hits(matching.provinces(False), end, guess=guess)
    if not old and not new:
        return _without_province(read)
    found = _on_old_map(read, old, new, guess)
    for province in new:
        found += _in_province(read, province, guess, old=False)
    return found


def _on_old_map(read: Address, old: Sequence[Hit], new: Sequence[Hit], guess: bool) -> list[Reading]:
    """With the province of then; failing that, the one of today, as people wrote in the months of change; failing a
    district, the ward alone."""
    found: list[Reading] = []
    for province in old:
        found += _in_districts(read, matching.districts(province.entry.unit.path), (province,), guess)
    for province in new if not found else ():
        found += _in_districts(read, matching.districts_now_in(province.entry.unit.path[0]), (province,), guess)
    for province in old if not found else ():
        found += _in_province(read, province, guess, old=True)
    return found


def _in_province(read: Address, province: Hit, guess: bool, *, old: bool) -> list[Reading]:
    wards = read.hits(matching.wards(old, province.entry.unit.path), province.span.start, guess=guess)
    return [Reading((ward, province), old, ward.entry.unit) for ward in wards]


def _without_province(read: Address) -> list[Reading]:
    """Nothing is guessed here: on the whole map almost any name is one letter from another."""
    end = len(read.words)
    found = _in_districts(read, matching.districts(()), (), False)
    for old in (True, False) if not found else ():
        wards = read.hits(matching.wards(old, ()), end, guess=False)
        found += [Reading((ward,), old, ward.entry.unit) for ward in wards]
    return found


def _in_districts(read: Address, among: Index, province: tuple[Hit, ...], guess: bool) -> list[Reading]:
    """Old wards of the districts read. Among so few a letter may be wrong even where other readings have none."""
    found: list[Reading] = []
    end = province[0].span.start if province else len(read.words)
    for district in read.hits(among, end, guess=guess):
        unit, before = district.entry.unit, district.span.start
        if unit.heirs:
            found.append(Reading((district, *province), True, unit))
            continue
        inside = matching.wards(True, unit.path)
        wards = read.hits(inside, before, guess=guess) or read.hits(inside, before, guess=True)
        found += [Reading((ward, district, *province), True, ward.entry.unit) for ward in wards]
    return found


def _weighed(readings: Sequence[Reading]) -> tuple[list[Reading], list[Reading]]:
    """The best readings on the old map and on today's, those that cannot be told apart together."""
    complete = [reading for reading in readings if reading.old and reading.district is not None]
    old = _best(complete) or _best([reading for reading in readings if reading.old])
    direct = _best([reading for reading in readings if not reading.old])
    if complete and old[0].fit < FUZZY and all(part.span.begins for part in old[0].parts):
        # Bến Nghé, Củ Chi, …: the whole address is on the old map, so Củ Chi is its district and not today's ward.
        direct = [reading for reading in direct if not _is_within(reading, old[0].district)]
    return old, direct


def _is_within(reading: Reading, district: Span | None) -> bool:
    return district is not None and reading.start >= district.start


def _best(readings: Sequence[Reading]) -> list[Reading]:
    rank = min((reading.rank for reading in readings), default=None)
    return [reading for reading in readings if reading.rank == rank]


def _today(old: Sequence[Reading], direct: Sequence[Reading]) -> list[Reading]:
    """Wards of today: those printed, and the heirs of old ones.

    An old ward without its district is weaker evidence than a ward of today: cards always printed the district.
    """
    found = {reading.unit.path: reading for reading in direct}
    for reading in old:
        if reading.district is None and direct and direct[0].fit <= reading.fit:
            continue
        for code in reading.unit.heirs:
            heir = matching.today(code)
            found.setdefault(heir.path, reading._replace(unit=heir, via="successor"))
    return sorted(found.values(), key=lambda reading: (reading.rank, reading.unit.path))


def _candidates(readings: Sequence[Reading], on: Map) -> tuple[Candidate, ...]:
    found: dict[str, Candidate] = {}
    for reading in sorted(readings, key=lambda reading: (reading.rank, reading.unit.path)):
        code = "/".join(reading.unit.path)
        via: Via = "successor" if any(part.entry.former for part in reading.parts[:1]) else reading.via
        match = _MATCHES[reading.fit]
        found.setdefault(code, Candidate(on, code, ", ".join(reading.unit.names), match, via))
    return tuple(found.values())


def _is_doubtful(read: Address, reading: Reading) -> bool:
    """Whether the ward may be something else: a street's name in the middle of a part, or, where no district was read, a
    namesake of another kind, or an old district after an old ward that could not be read."""
    ward = reading.parts[0]
    if not ward.span.begins:
        return True
    if reading.district is not None or len(reading.parts) == 1:
        return False
    unread = _before(read, ward.span.start)
    if ward.span.kind not in (None, ward.entry.kind) or (unread and read.kinds[unread.start] is not None):
        return True
    path = ward.entry.unit.path
    districts = matching.districts(path[:1]) if reading.old else matching.districts_now_in(path[0])
    namesakes = read.hits(districts, reading.parts[1].span.start, guess=False)
    is_district = ward.span.kind is None and any(hit.span == ward.span for hit in namesakes)
    return is_district and (reading.old or not _is_street(read.words[unread.start : unread.stop]))


def _before(read: Address, end: int) -> range:
    """The words of the part before this one."""
    return range(max((at for at in range(end) if read.words[at].after_comma), default=0), end)


def _is_street(words: Sequence[Word]) -> bool:
    """A house, street or hamlet, or nothing."""
    return not words or words[0].plain in _STREET_WORDS or any(word.plain.isdigit() for word in words)
