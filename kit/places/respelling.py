"""How an address may really be spelt: its wards, districts and provinces as the maps name them, the rest as read.

For readers of print that are not sure of every mark. Nothing is decided here: whoever has the print weighs each
spelling against it.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from kit import names
from kit.places import matching, resolving, spelling
from kit.places.matching import Address, Hit, Span
from kit.places.spelling import Word

# Whoever asks weighs the answers, so even short names may have a letter wrong.
_GUESS_FROM: Final = 3
_MOST: Final = 24


class Spellings(NamedTuple):
    """`best` name as many units as can be, 24 at most, the address itself perhaps among them; `is_one`: whether the address
    already is spelt as one of either map, be it one with fewer units (Xã Phú Sơn Lâm Hà is a ward of today)."""

    best: tuple[str, ...]
    is_one: bool


def spellings(address: str) -> Spellings:
    """Every way to spell this address with the names of either map.

    House, street, hamlet, shortened kinds (P., TP.) and capitals stay as they are; whole kinds and names are the
    official ones, with a comma between units. Empty when no unit is recognised.
    """
    text = _mended(names.nfc(address))
    read = Address(text, guess_from=_GUESS_FROM)
    chains = [reading.parts for guess in (False, True) for reading in resolving.readings(read, guess=guess)]
    chains = chains or list(_outer(read))
    most = max((len(parts) for parts in chains), default=0)
    found = {parts: _respelt(text, read, parts) for parts in chains}
    # Of names gone by the map has no marks: what a unit that still stands is called goes before them (Dĩ An, not Đĩ An).
    standing = {names.fold(spelt) for parts, spelt in found.items() if not _has_former(parts)}
    found = {p: spelt for p, spelt in found.items() if not _has_former(p) or names.fold(spelt) not in standing}
    best = dict.fromkeys(spelt for parts, spelt in found.items() if len(parts) == most)
    return Spellings(tuple(best)[:_MOST], address in found.values())


def _has_former(parts: Sequence[Hit]) -> bool:
    return any(part.entry.former for part in parts)


# Before the words are looked for: the xã that is too short to be guessed, and a capital read as a figure (1ân for Tân).
_XA: Final = re.compile(r"(?<![^,;])(\s*)[Xx][aăâàáảạãầấẩẫậằắẳẵặ](?=\s)")
_FIGURE_FOR_CAPITAL: Final = re.compile(r"(?<![^\s,])[0-9](?=[^\W\d_A-Z]{2,})")


def _mended(text: str) -> str:
    return _FIGURE_FOR_CAPITAL.sub("", _XA.sub(r"\1Xã", text))


def _outer(read: Address) -> Iterator[tuple[Hit, ...]]:
    """District and province, or the province alone, where no ward is recognised."""
    for old in (True, False):
        for province in read.hits(matching.provinces(old), len(read.words), guess=True):
            path = province.entry.unit.path
            among = matching.districts(path) if old else matching.districts_now_in(path[0])
            districts = read.hits(among, province.span.start, guess=True)
            yield from ((district, province) for district in districts)
            if not districts:
                yield (province,)


def _respelt(text: str, read: Address, parts: Sequence[Hit]) -> str:
    """`parts`, innermost first, in place of the words they were read from."""
    start = read.words[parts[0].span.start].start
    # A stop here is a comma that lost its tail: the kinds that are shortened are the unit's.
    pieces = [text[:start].strip(" ,;-.")] if start else []
    ends = [*(part.span.start for part in parts[1:]), read.end]
    return ", ".join(
        [piece for piece in pieces if piece] + [_named(text, read, *both) for both in zip(parts, ends, strict=True)]
    )


def _named(text: str, read: Address, hit: Hit, end: int) -> str:
    """One unit: its kind as printed if that is shortened, else in full; its official name; capitals as printed."""
    words = read.words[hit.span.start : end]
    printed = text[words[0].start : words[-1].end]
    if hit.entry.former:
        return printed
    kind, name = spelling.apart(hit.entry.unit.names[0])
    taken = _kind_words(read, hit.span)
    if not taken:
        kind = ""
    elif sum(len(word.letters) for word in words[:taken]) <= len("tp"):
        kind = text[words[0].start : words[taken].start].rstrip()
        kind = kind if kind.endswith(".") and not text[words[taken - 1].end + 1].isspace() else f"{kind} "
    else:
        kind = f"{kind if printed[0].isupper() else kind.lower()} "
    if printed.isupper() and any(len(word.letters) > 2 for word in words):
        return (kind + name).upper()
    return kind + _as_printed(name, words[taken:], text)


def _as_printed(name: str, words: Sequence[Word], text: str) -> str:
    """The words of a name that were read right as they were read: hoà and hòa, Rsai and RSai are the same, củ for Củ is
    not; and its hyphens with or without gaps, as they were read."""
    official = spelling.words_of(name)
    if len(official) != len(words):
        return name
    spelt = ""
    for i, (ours, theirs) in enumerate(zip(official, words, strict=True)):
        same = (ours.letters, ours.tones) == (theirs.letters, theirs.tones)
        same = same and theirs.printed[0].islower() <= ours.printed[0].islower()
        between = name[official[i - 1].end : ours.start] if i else ""
        read = text[words[i - 1].end : theirs.start] if i else ""
        spelt += read if read.strip() == between.strip() == "-" else between
        spelt += theirs.printed if same else name[ours.start : ours.end]
    return spelt + name[official[-1].end :]


def _kind_words(read: Address, span: Span) -> int:
    kind = read.kinds[span.start]
    return kind[1] if span.kind is not None and kind is not None else 0
