"""Vietnamese names: kept as written, compared on a folded key."""

import re
import unicodedata

_SPACES = re.compile(r"\s+")
_STROKES = str.maketrans({"đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "ɖ": "d", "Ɖ": "D"})


def nfc(text: str) -> str:
    """Composed form, single spaces, no ends: what is stored and printed."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def bare(text: str) -> str:
    """Without diacritics, đ as d, letter case kept. Đ (U+0110) has no decomposition, so stripping marks alone leaves it."""
    decomposed = unicodedata.normalize("NFD", text.translate(_STROKES))
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def fold(text: str) -> str:
    """The key names are searched and compared by: no diacritics, no case, single spaces. Tone placement (hòa, hoà) vanishes with it."""
    return _SPACES.sub(" ", bare(text).casefold()).strip()


def same_name(a: str, b: str) -> bool:
    """Whether two spellings may be one name once diacritics and case are put aside."""
    return fold(a) == fold(b)


def mrz_form(text: str) -> str:
    """The letters a machine-readable zone can hold (ICAO 9303-3 §6): A-Z and single `<` between words."""
    return re.sub(r"[^A-Z]+", "<", bare(text).upper()).strip("<")


def mask(text: str) -> str:
    """First letter of each word, for messages and kiosks: `N*** T** H**`."""
    return " ".join(word[0] + "*" * (len(word) - 1) for word in nfc(text).split(" ") if word)


_CONTROL = {"Cc", "Cf", "Cs", "Co", "Cn"}


def unprintable(text: str) -> list[str]:
    """Control, bidi-override, zero-width and unassigned characters that no name needs, as `U+XXXX`."""
    if text.isprintable():
        return []  # all of these are among what that says no to
    return [f"U+{ord(c):04X}" for c in text if unicodedata.category(c) in _CONTROL]
