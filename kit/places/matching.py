"""Finding units of either map among the words of an address: the names that may stand there, and indexes of names."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Final, NamedTuple

from kit import names
from kit.places import maps, spelling
from kit.places.maps import Unit
from kit.places.spelling import Key, Word

# How a name fits; one more each when the unit is of another kind than printed, or only went into the unit found.
EXACT, PLAIN, FUZZY = 0, 2, 5

# The end of an address, in characters and words: no unit's full name on either map needs more.
_TAIL, _WORDS = 240, 32
# Words in the longest full name of a unit, and letters from which on one may be wrong.
_LONGEST: Final = 9
FUZZY_FROM: Final = 6


class Span(NamedTuple):
    """Words that may be a unit's name, with or without the kind before it."""

    start: int
    kind: str | None
    key: Key
    begins: bool
    """Stands where a part of an address begins: after a comma, or it says its kind."""


class Entry(NamedTuple):
    kind: str | None
    key: Key
    unit: Unit
    former: bool = False


class Hit(NamedTuple):
    span: Span
    entry: Entry
    fit: int


class Index:
    """Units by their names' keys, within one province or district or the whole map."""

    def __init__(self, units: Iterable[Unit], kinds: frozenset[str]) -> None:
        self._kinds = kinds
        self._exact: dict[str, list[Entry]] = {}
        self._plain: dict[str, list[Entry]] = {}
        for unit in units:
            for kind, key in spelling.spelled((unit.names[0], *unit.spellings)):
                self._exact.setdefault(key.exact, []).append(Entry(kind, key, unit))
                self._plain.setdefault(key.plain, []).append(Entry(kind, key, unit))
            for name in unit.former:
                kind, plain = _former(name)
                self._plain.setdefault(plain, []).append(Entry(kind, Key("", plain), unit, former=True))

    def hits(self, spans: Sequence[Span], *, marked: bool, guess_from: int | None) -> list[Hit]:
        """Every unit that one of the spans names.

        Names are told apart by their marks only when `marked`. A name of `guess_from` letters may have one otherwise. In
        the middle of a part (`5 Lê Lợi Bến Nghé, Quận 1`) names are two words at least and written exactly.
        """
        found: list[Hit] = []
        for span in spans:
            if span.kind is not None and span.kind not in self._kinds:
                continue
            if span.kind is None and span.key.plain.isdigit():
                continue  # a number alone is a house, not Phường 1
            here = [Hit(span, entry, EXACT) for entry in self._exact.get(span.key.exact, ())] if marked else []
            if not here and span.begins:
                here = [Hit(span, entry, PLAIN + entry.former) for entry in self._plain.get(span.key.plain, ())]
            if not here and span.begins and guess_from is not None and len(span.key.plain) >= guess_from:
                here = [Hit(span, entry, FUZZY + entry.former) for entry in self._guessed(span.key.plain)]
            found += _of_the_kind(here)
        return found

    def _guessed(self, plain: str) -> list[Entry]:
        close = (known for known in self._plain if abs(len(known) - len(plain)) <= 1)
        return [entry for known in close if spelling.one_letter_off(plain, known) for entry in self._plain[known]]


def _of_the_kind(hits: list[Hit]) -> list[Hit]:
    """Units of the kind printed; failing those, the others, one worse."""
    right = [hit for hit in hits if hit.span.kind in (None, hit.entry.kind)]
    return right or [hit._replace(fit=hit.fit + 1) for hit in hits]


def _former(name: str) -> tuple[str, str]:
    for plain, kind in _PLAIN_KINDS:
        if name.startswith(plain):
            return kind, name.removeprefix(plain).replace("y", "i").lstrip("0")
    raise ValueError(f"{name} begins with no kind")


_PLAIN_KINDS: Final = sorted(
    ((names.bare(kind).replace(" ", ""), kind) for kind in spelling.WARD_KINDS | spelling.DISTRICT_KINDS), reverse=True
)


@cache
def provinces(old: bool) -> Index:
    """The 63 provinces of the old map or the 34 of today."""
    units = maps.units_until() if old else maps.units_since()
    return Index((unit for unit in units if len(unit.path) == 1), spelling.PROVINCE_KINDS)


@cache
def districts(path: tuple[str, ...]) -> Index:
    """The old districts of a province, or of the whole map for `()`."""
    return Index(_below(True).get(path, _Inside([], [])).districts, spelling.DISTRICT_KINDS)


@cache
def districts_now_in(province_code: str) -> Index:
    """The old districts whose land is in this province of today."""
    return Index(_districts_by_province().get(province_code, ()), spelling.DISTRICT_KINDS)


@cache
def wards(old: bool, path: tuple[str, ...]) -> Index:
    """The wards of a province or old district, or of the whole map for `()`."""
    return Index(_below(old).get(path, _Inside([], [])).wards, spelling.WARD_KINDS)


def today(code: str) -> Unit:
    """The ward of today with this code, which is one of an old ward's heirs."""
    return _today()[code]


@cache
def _today() -> dict[str, Unit]:
    return {unit.path[-1]: unit for unit in maps.units_since() if unit.is_ward}


class _Inside(NamedTuple):
    districts: list[Unit]
    wards: list[Unit]


@cache
def _below(old: bool) -> dict[tuple[str, ...], _Inside]:
    found: dict[tuple[str, ...], _Inside] = {}
    for unit in maps.units_until() if old else maps.units_since():
        for depth in range(len(unit.path)):
            inside = found.setdefault(unit.path[:depth], _Inside([], []))
            if unit.is_ward:
                inside.wards.append(unit)
            elif unit.is_district:
                inside.districts.append(unit)
    return found


@cache
def _districts_by_province() -> dict[str, list[Unit]]:
    found: dict[str, list[Unit]] = {}
    for district in _below(True)[()].districts:
        land = district.heirs or next((unit.heirs for unit in _below(True)[district.path].wards), ())
        today = maps.ward(land[0]) if land else None
        if today is not None:
            found.setdefault(today.province_code, []).append(district)
    return found


class Address:
    """The words of an address and the spans that end before each of them, found once."""

    def __init__(self, text: str, *, guess_from: int = FUZZY_FROM) -> None:
        """`text` is NFC; however long, only its end is read. Names of `guess_from` letters may be guessed."""
        self._guess_from = guess_from
        words = _end_of(text)
        self.words = words
        self.end = len(words)
        # No name on either map is told from another by marks alone when nothing has marks.
        self.marked = any(word.tones or not word.letters.isascii() for word in words)
        self._commas = any(word.after_comma for word in words)
        self.kinds = [spelling.kind_at(words, at) for at in range(len(words))]
        self._spans: dict[int, list[Span]] = {}

    def spans(self, end: int) -> list[Span]:
        """The spans that end before word `end`."""
        if end not in self._spans:
            self._spans[end] = list(self._find(end))
        return self._spans[end]

    def hits(self, index: Index, end: int, *, guess: bool) -> list[Hit]:
        return index.hits(self.spans(end), marked=self.marked, guess_from=self._guess_from if guess else None)

    def _find(self, end: int) -> Iterable[Span]:
        words = self.words
        for start in range(end - 1, max(-1, end - 1 - _LONGEST), -1):
            if start < end - 1 and words[start + 1].after_comma:
                return
            kind = self.kinds[start]
            if kind is not None and start + kind[1] < end and not words[start + kind[1]].after_comma:
                yield Span(start, kind[0], spelling.key_of(words[start + kind[1] : end]), begins=True)
            if not self._kind_before(start):
                begins = words[start].set_off or not self._commas
                if begins or end - start > 1:
                    yield Span(start, None, spelling.key_of(words[start:end]), begins)

    def _kind_before(self, start: int) -> bool:
        """A kind stands right before, so that these words alone are not the name; one bare letter may be anything."""
        if start == 0 or self.words[start].after_comma:
            return False
        one = self.kinds[start - 1]
        if one is not None and one[1] == 1:
            return len(self.words[start - 1].letters) > 1 or self.words[start - 1].dotted
        two = self.kinds[start - 2] if start > 1 else None
        return two is not None and two[1] == 2


def _end_of(text: str) -> Sequence[Word]:
    """The last words of a text, without the country."""
    start = max(0, len(text) - _TAIL)
    while 0 < start < len(text) and text[start - 1].isalnum():
        start += 1
    words = spelling.words_of(text, start)[-_WORDS:]
    if "".join(word.plain for word in words[-2:]) == "vietnam":
        words = words[:-2]
    return words
