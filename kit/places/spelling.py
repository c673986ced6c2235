"""Place names as they are written: words, kinds (phường, quận, tỉnh, …) and the keys names are compared by.

A name has two keys. The *exact* one keeps the letters with their hooks and lists the tones behind them, so that hoà is
hòa and case, spaces and hyphens do not matter. The *plain* one has neither hooks nor tones, and y is i (Quý, Quí).
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from kit import names

# Telex letters stand for the tones; no mark is no letter.
_TONES: Final = {"\u0300": "f", "\u0301": "s", "\u0303": "x", "\u0309": "r", "\u0323": "j"}
_APOSTROPHES: Final = "'’ʼʻ`´‘"
_WORD: Final = re.compile(rf"[^\W\d_]+(?:[{_APOSTROPHES}][^\W\d_]+)*|[0-9]+")
_COMMAS: Final = ",;|\uff0c"

WARD_KINDS: Final = frozenset({"phường", "xã", "thị trấn", "đặc khu"})
DISTRICT_KINDS: Final = frozenset({"quận", "huyện", "thị xã", "thành phố"})
PROVINCE_KINDS: Final = frozenset({"tỉnh", "thành phố"})

_SHORT: Final = {
    "p": "phường",
    "f": "phường",
    "x": "xã",
    "tt": "thị trấn",
    "đk": "đặc khu",
    "q": "quận",
    "h": "huyện",
    "tx": "thị xã",
    "tp": "thành phố",
    "t": "tỉnh",
}


class Word(NamedTuple):
    """One word of a text, or one number without its leading zeros."""

    start: int
    end: int
    printed: str
    text: str
    letters: str
    tones: str
    plain: str
    after_comma: bool
    set_off: bool
    """After a comma, a hyphen, a line's end, or at the beginning."""
    dotted: bool
    """A full stop follows: an abbreviation."""


class Key(NamedTuple):
    """The two keys of a name."""

    exact: str
    plain: str


def words_of(text: str, start: int = 0) -> list[Word]:
    """The words of an NFC text from `start` on."""
    found: list[Word] = []
    before = start
    for match in _WORD.finditer(text, start):
        between = text[before : match.start()]
        letters, tones, plain = _parts(match.group())
        found.append(
            Word(
                start=match.start(),
                end=match.end(),
                printed=match.group(),
                text=match.group().casefold(),
                letters=letters,
                tones=tones,
                plain=plain,
                after_comma=any(c in between for c in _COMMAS),
                set_off=not found or any(c in between for c in _COMMAS + "-–—\n/:()"),
                dotted=text[match.end() : match.end() + 1] == ".",
            )
        )
        before = match.end()
    return found


@lru_cache(maxsize=8192)
def _parts(word: str) -> tuple[str, str, str]:
    if word[0] in "0123456789":
        number = word.lstrip("0") or "0"
        return number, "", number
    split = [_letter(c) for c in word.casefold() if c not in _APOSTROPHES]
    letters, tones, plain = ("".join(part) for part in zip(*split, strict=True))
    return letters, tones, plain


@lru_cache(maxsize=512)
def _letter(c: str) -> tuple[str, str, str]:
    decomposed = unicodedata.normalize("NFD", c)
    tones = "".join(_TONES.get(mark, "") for mark in decomposed)
    letter = unicodedata.normalize("NFC", "".join(part for part in decomposed if part not in _TONES))
    return {"ð": "đ", "ɖ": "đ"}.get(letter, letter), tones, names.bare(c).replace("y", "i")


def key_of(words: Sequence[Word]) -> Key:
    """The keys of a name that these words make."""
    return _joined([(word.letters, word.tones, word.plain) for word in words])


def _joined(parts: Sequence[tuple[str, str, str]]) -> Key:
    exact = "".join(part[0] for part in parts) + "/" + "".join(part[1] for part in parts)
    return Key(exact, "".join(part[2] for part in parts))


def named(name: str) -> tuple[str | None, Key]:
    """A unit's full name, `Phường Bến Nghé`, as its kind and the keys of the rest."""
    parts = [_parts(word) for word in _WORD.findall(unicodedata.normalize("NFC", name))]
    for length in (2, 1):
        kind = _KINDS.get(tuple([_toned(*part) for part in parts[:length]]))
        if kind is not None and len(parts) > length:
            return kind, _joined(parts[length:])
    return None, _joined(parts)


def kind_at(words: Sequence[Word], at: int) -> tuple[str, int] | None:
    """The kind that begins at this word and the words it takes; the xã of thị xã is none."""
    two = words[at : at + 2]
    if len(two) == 2 and not two[1].after_comma and (kind := _kind(two)) is not None:
        return kind, 2
    kind = _kind(words[at : at + 1])
    if kind == "xã" and at and words[at - 1].plain in ("thi", "t") and not words[at].after_comma:
        return None
    return (kind, 1) if kind else None


def _kind(words: Sequence[Word]) -> str | None:
    """A lost hook does not matter (Phưòng), a tone does (Phượng). One letter may be another (Tbành phố, Huyệm): in a long
    kind anywhere, in a shorter one and in the marks where a part of the address begins, for many names are as near."""
    kind = _KINDS.get(tuple([_toned(word.letters, word.tones, word.plain) for word in words]))
    if kind is not None:
        return kind
    text, plain = "".join([word.text for word in words]), "".join([word.plain for word in words])
    begins = words[0].set_off
    for kind, whole, bare in _FULL_KINDS[len(words)]:
        if (begins or (len(bare) > 5 and plain != bare)) and one_letter_off(text, whole):
            return kind
    return None


def one_letter_off(one: str, other: str) -> bool:
    """One letter put in, left out or changed between two plain keys; digits are never taken for one another."""
    if abs(len(one) - len(other)) > 1 or one == other:
        return False
    shorter, longer = sorted((one, other), key=len)
    at = 0
    while at < len(shorter) and shorter[at] == longer[at]:
        at += 1
    rest = shorter[at:] if len(shorter) < len(longer) else shorter[at + 1 :]
    changed = longer[at] + (shorter[at] if len(shorter) == len(longer) else "")
    return rest == longer[at + 1 :] and changed.isalpha()


def _kinds() -> dict[tuple[str, ...], str]:
    """Every way to write a kind: in full, without marks, shortened (TP, T.P.)."""
    found: dict[tuple[str, ...], str] = {}
    for kind in WARD_KINDS | DISTRICT_KINDS | PROVINCE_KINDS:
        for text in (kind, names.bare(kind)):
            found[_all_toned(text)] = kind
    for short, kind in _SHORT.items():
        for text in (short, " ".join(short)):
            found[_all_toned(text)] = kind
    return found


def _all_toned(text: str) -> tuple[str, ...]:
    return tuple(_toned(*_parts(word)) for word in text.split(" "))


def _toned(letters: str, tones: str, plain: str) -> str:
    return f"{plain}/{tones}" if tones else letters


_KINDS: Final = _kinds()
_FULL_KINDS: Final = {
    length: [
        (kind, kind.replace(" ", ""), names.bare(kind).replace(" ", ""))
        for kind in sorted(WARD_KINDS | DISTRICT_KINDS | PROVINCE_KINDS)
        if len(kind.split(" ")) == length and len(kind) > 3
    ]
    for length in (1, 2)
}


def spelled(full_names: Iterable[str]) -> list[tuple[str | None, Key]]:
    """Several ways to write one unit's name, each once."""
    return list(dict.fromkeys(named(name) for name in full_names))


_KIND: Final = re.compile(
    "(" + "|".join(sorted(WARD_KINDS | DISTRICT_KINDS | PROVINCE_KINDS)) + ") ",
    re.IGNORECASE,
)


def apart(full_name: str) -> tuple[str, str]:
    """`Phường Bến Nghé` as kind and name."""
    kind = _KIND.match(full_name)
    return (kind[1], full_name[kind.end() :]) if kind else ("", full_name)
