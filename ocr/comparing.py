"""Whether what is printed may be what another source spells.

Not by comparing two texts: the recogniser is asked how likely the other source's spelling is, given the same strip of the
photo (`steps`). A blurred mark costs little and is forgiven; a letter that is plainly another costs much and is not.
"""

import math
import re
from collections.abc import Iterator
from typing import Final

from kit import names
from ocr import tones
from ocr.finding import edits
from ocr.mrz import name_line
from ocr.printed import Likeness, Said

# How much less likely a spelling may be than the best reading, in nats. Found on specimens with seeds under 5,000: true
# spellings stay below the first, another letter or mark in a readable photo lies above the second.
SAME_BELOW: Final = 4.0
DIFFERENT_ABOVE: Final = 9.0
# Where marks alone differ, which wear takes from the print altogether.
MARKS_DIFFERENT_ABOVE: Final = 12.0
# Figures carry no redundancy, so less is forgiven.
SAME_DIGITS_BELOW: Final = 2.5
DIFFERENT_DIGITS_ABOVE: Final = 7.0


def printed_text(known: str, said: Said) -> Likeness:
    """A name or a place: letters and marks equal, or a spelling that the print may well be."""
    if tones.key(known) == tones.key(said.text):
        return "same"
    doubts = [doubt for spelling in _spellings(known) if (doubt := _doubt(spelling, said)) is not None]
    if not doubts:
        return "different"
    marks_alone = names.fold(known) == names.fold(said.text)
    return _judged(min(doubts), SAME_BELOW, MARKS_DIFFERENT_ABOVE if marks_alone else DIFFERENT_ABOVE)


def printed_digits(known: str, said: Said) -> Likeness:
    """A number or a date written as cards write it."""
    if known == said.text:
        return "same"
    doubt = _doubt(known, said)
    return "different" if doubt is None else _judged(doubt, SAME_DIGITS_BELOW, DIFFERENT_DIGITS_ABOVE)


def printed_address(known: str, said: Said) -> Likeness:
    """As a text; and `unclear`, not `different`, when all figures are the same and no more than marks and a letter are not,
    when a part was not read and the rest fits, or when a reflection hides some."""
    likeness = printed_text(known, said)
    if likeness != "different":
        return likeness
    if said.beside_glare or _only_worn(known, said.text):
        return "unclear"
    wanted, seen = tones.key(known), tones.key(said.text)
    rest = iter(re.findall(r"[0-9]", wanted))
    digits_only_left_out = all(digit in rest for digit in re.findall(r"[0-9]", seen))
    otherwise_wrong = edits(wanted, seen) - max(0, len(wanted) - len(seen))
    partly = len(seen) < 0.9 * len(wanted) or wanted.startswith(seen)
    return "unclear" if partly and digits_only_left_out and otherwise_wrong <= len(seen) / 10 else "different"


def _only_worn(known: str, seen: str) -> bool:
    """Whether worn print explains all the difference: it loses marks, and may make another letter of one, but not words."""
    one, other = (re.sub(r"[^a-z0-9]", "", names.fold(text)) for text in (known, seen))
    return re.sub(r"[^0-9]", "", one) == re.sub(r"[^0-9]", "", other) and edits(one, other) <= 1


def same_zone_name(known: str, zone: str) -> bool:
    """Line 3 of the machine-readable zone against a name: letters equal, as far as 30 characters reach."""
    return _squeezed(name_line(known)) == _squeezed(zone)


def zone_and_print(zone: str, said: Said) -> Likeness:
    """The zone against print when no spelling with marks is known: letters equal, as far as the zone reaches."""
    wanted, seen = _squeezed(zone), _squeezed(said.text)
    if seen == wanted or (len(wanted) >= 26 and seen.startswith(wanted)):
        return "same"
    return "unclear" if edits(wanted, seen) == 1 and said.confidence < 0.8 else "different"


def _doubt(spelling: str, said: Said) -> float | None:
    """How much less likely this spelling is than the best reading, in nats; None when it cannot be asked or cannot fit."""
    if said.steps is None or not said.steps.knows(spelling):
        return None
    best = said.steps.likelihood(said.steps.best()[0])
    known = said.steps.likelihood(spelling)
    return None if math.isinf(known) else best - known


def _judged(doubt: float, same_below: float, different_above: float) -> Likeness:
    if doubt < same_below:
        return "same"
    return "unclear" if doubt < different_above else "different"


def _spellings(known: str) -> Iterator[str]:
    """As given and in capitals, the tone where either custom puts it."""
    for text in tones.customs(names.nfc(known)):
        yield text
        yield text.upper()


def _squeezed(text: str) -> str:
    return re.sub(r"[^A-Z]", "", names.bare(text).upper())
