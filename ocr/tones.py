"""Where the tone of a syllable stands: hòa and hoà are one word, and either custom is printed."""

import re
import unicodedata
from functools import lru_cache
from typing import Final

from kit import names

_TONES: Final = "\u0300\u0301\u0303\u0309\u0323"
_TWO_CUSTOMS: Final = re.compile(r"(o[ae]|uy)(?![a-zăâêôơưđ])")


def without_tone(word: str) -> tuple[str, str]:
    """A word without its tones, NFC, and the tones."""
    decomposed = unicodedata.normalize("NFD", word)
    kept = "".join(c for c in decomposed if c not in _TONES)
    return unicodedata.normalize("NFC", kept), "".join(c for c in decomposed if c in _TONES)


def key(text: str) -> str:
    """Letters and digits with their marks, lower case, the tone behind each word, so that where it stands is forgotten."""
    return "".join(_word_key(word) for word in re.split(r"[^\w]+", names.nfc(text).casefold()) if word)


@lru_cache(maxsize=4_096)
def _word_key(word: str) -> str:
    return "".join(without_tone(word))


def customs(text: str) -> tuple[str, ...]:
    """An NFC text as given, and with the tone of every open oa, oe, uy on its first or on its second letter."""
    return tuple(dict.fromkeys((text, _moved(text, 0), _moved(text, 1))))


def _moved(text: str, place: int) -> str:
    def moved(word: str) -> str:
        plain, tones = without_tone(word)
        found = _TWO_CUSTOMS.search(plain.casefold())
        if found is None or len(tones) != 1 or plain.casefold().startswith("qu"):
            return word
        at = found.start() + place
        return unicodedata.normalize("NFC", plain[: at + 1] + tones + plain[at + 1 :])

    return " ".join(moved(word) for word in text.split(" "))
