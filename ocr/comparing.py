"""Whether recognised text may be what is known to be written, for a recogniser without Vietnamese letters.

Only for names and addresses, and only print against a spelling with diacritics. Numbers and dates are equal or not.
"""

import re
import unicodedata
from functools import lru_cache
from typing import Literal

from kit import names
from ocr.mrz import name_line

# What PP-OCRv6 makes of letters it has no symbol for, counted on specimens (tests/ocr, benchmarks/cards.py). A letter
# it does know must come out as itself: "An" is not "Anh", "Nam" is not "Lam".
_SLIPS: dict[str, frozenset[str]] = {
    "ư": frozenset({"r", "ur", "ui", "v", "o", ""}),
    "ơ": frozenset({"a", "d", "ó"}),
    "đ": frozenset({"b", "p"}),
    "ă": frozenset({"ã"}),
}
# Twins in any typeface.
_TWINS = (frozenset("il1j|"), frozenset("o0"), frozenset("s5"), frozenset("g6"), frozenset("b8"), frozenset("z2"))

_SLIP, _WRONG = 0.3, 1.0

Likeness = Literal["same", "unclear", "different"]


def same_printed_name(known: str, printed: str) -> bool:
    """At most three slips of the listed kinds, and no letter otherwise different."""
    return _distance(known, printed) < _WRONG


def printed_address(known: str, printed: str) -> Likeness:
    """`same` allows one letter in twelve, since lines wrap under stamps; digits must be equal.

    `unclear` is a print of which part was not read, and the rest fits; `different` says something else.
    """
    wanted, seen = re.findall(r"[0-9]", known), re.findall(r"[0-9]", printed)
    length, read = len(_letters(known)), len(_letters(printed))
    distance = _distance(known, printed)
    if wanted == seen and distance <= max(1.0, length / 12):
        return "same"
    rest = iter(wanted)
    digits_only_left_out = all(digit in rest for digit in seen)
    otherwise_wrong = distance - max(0, length - read)
    return "unclear" if digits_only_left_out and otherwise_wrong <= max(1.0, read / 8) else "different"


def same_zone_name(known: str, zone: str) -> bool:
    """Line 3 of the machine-readable zone against a name: letters equal, as far as 30 characters reach."""
    return _squeezed(name_line(known)) == _squeezed(zone)


def same_zone_and_print(zone: str, printed: str) -> bool:
    """The zone against print when no spelling with diacritics is known: letters equal, save for twins."""
    seen = _squeezed(printed)
    return _distance(_squeezed(zone), seen if len(seen) <= 26 else seen[: len(_squeezed(zone))]) < _WRONG


def _squeezed(text: str) -> str:
    return re.sub(r"[^A-Z]", "", names.bare(text).upper())


def _letters(text: str) -> list[str]:
    """Letters and digits, lower case, diacritics kept."""
    return [c for c in names.nfc(text).casefold() if c.isalnum()]


@lru_cache(maxsize=256)
def _base(letter: str) -> str:
    return names.bare(letter)


@lru_cache(maxsize=256)
def _without_tone(letter: str) -> str:
    """ữ -> ư, ờ -> ơ, ấ -> â: the tone falls, the letter stays."""
    kept = [c for c in unicodedata.normalize("NFD", letter) if c not in "\u0300\u0301\u0303\u0309\u0323"]
    return unicodedata.normalize("NFC", "".join(kept))


def _distance(known: str, printed: str) -> float:
    """Weighted edit distance from the known spelling to the recognised one."""
    true, seen = _letters(known), [_base(c) for c in _letters(printed)]
    seen = [c for text in seen for c in text]
    costs = [[float("inf")] * (len(seen) + 1) for _ in range(len(true) + 1)]
    costs[0] = [float(j) for j in range(len(seen) + 1)]
    for i, letter in enumerate(true, 1):
        slips = _SLIPS.get(_without_tone(letter), frozenset())
        row, before = costs[i], costs[i - 1]
        row[0] = before[0] + _WRONG
        for j in range(len(seen) + 1):
            best = min(row[j], before[j] + (_SLIP if "" in slips else _WRONG))
            if j >= 1:
                best = min(best, row[j - 1] + _WRONG, before[j - 1] + _unlike(letter, seen[j - 1], slips))
            if j >= 2 and ("".join(seen[j - 2 : j]) in slips or _doubled(letter, seen[j - 2 : j])):
                best = min(best, before[j - 2] + _SLIP)
            row[j] = best
    return costs[-1][-1]


def _doubled(letter: str, seen: list[str]) -> bool:
    """A letter that is neither of two known ones comes out as both: Ầ as ÄÂ."""
    base = _base(letter)
    return base != letter and seen == [base, base]


def _unlike(letter: str, seen: str, slips: frozenset[str]) -> float:
    if _base(letter) == seen:
        return 0.0
    if seen in slips or any(_base(letter) in twins and seen in twins for twins in _TWINS):
        return _SLIP
    return _WRONG
