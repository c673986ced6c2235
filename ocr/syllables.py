"""Which syllables Vietnamese spells, and which of them differ from a word in marks alone."""

import itertools
import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from kit import names
from ocr import tones

_ONSETS: Final = "ngh ng nh ch gh gi kh ph qu th tr b c d đ g h k l m n p r s t v x"
# All that are written, rare ones too: a rhyme left out here would be taken for a misread one.
_RHYMES: Final = (
    "a ai ao au ay am an ang anh ac ach ap at ăm ăn ăng ăc ăp ăt âm ân âng âu ây âc âp ât e em en eng eo ec ep et "
    "ê êm ên êng ênh êu êch êp êt i ia im in ing inh iu ich ip it iêm iên iêng iêu iêc iêp iêt o oi om on ong oong oc ooc op ot "
    "ô ôi ôm ôn ông ôông ôc ôôc ôp ôt ơ ơi ơm ơn ơng ơp ơt u ua ui um un ung uc up ut uôi uôm uôn uông uôc uôt ư ưa ưi ưm ưn ưng ưu "
    "ưc ưt ươi ươm ươn ương ươu ươc ươp ươt oa oai oam oan oang oanh oao oau oay oac oach oap oat oăm oăn oăng oăc oăp oăt oe oem oen "
    "oeo oet uăn uân uâng uây uât uê uên uênh uêu uêch uơ uy uya uyn uynh uyu uych uyp uyt uyên uyêt y yêm yên yêng yêt yêu"
)
_ONSET_SET: Final = (*_ONSETS.split(" "), "")
_RHYME_SET: Final = frozenset(_RHYMES.split(" "))
_STOPS: Final = ("c", "ch", "p", "t")
_OF_STOPS: Final = frozenset({"\u0301", "\u0323"})
_TONES: Final = ("", "\u0301", "\u0300", "\u0309", "\u0303", "\u0323")
_SHAPES: Final = {"a": "aăâ", "e": "eê", "o": "oôơ", "u": "uư"}
_LONGEST: Final = len("nghieng")
# Whose capitals differ from them in size alone.
_ALIKE: Final = frozenset("cosuvwxz")
_VOWELS: Final = "aăâeêioôơuưy"
_BEHIND_KIND: Final = re.compile(r"((?<!\w)(?:Thành phố|Thị xã|Thị trấn|Quận|Huyện|Phường|Xã|Tỉnh) )([^\W\d_])")


def is_spelt(word: str) -> bool:
    """Whether a word, in small letters, is a syllable that can be written so; what it means is not asked."""
    plain, tone = tones.without_tone(word)
    if len(tone) > 1:
        return False
    return any(
        plain[len(onset) :] in _RHYME_SET and (not plain.endswith(_STOPS) or tone in _OF_STOPS)
        for onset in _ONSET_SET
        if plain.startswith(onset)
    )


@lru_cache(maxsize=1_024)
def siblings(word: str) -> tuple[str, ...]:
    """Syllables that differ from a word in marks alone, its capitals kept; d and đ are two letters."""
    bare = "".join(c if c in "đĐ" else names.bare(c) for c in word.casefold())
    # The shapes of a longer word, which is none, would be thousands and then millions.
    if not bare.isalpha() or len(bare) > _LONGEST:
        return ()
    shapes = itertools.product(*(_SHAPES.get(c, c) for c in bare))
    found = (spelt for shape in shapes for spelt in _toned("".join(shape)) if is_spelt(spelt))
    return tuple(_in_case_of(word, spelt) for spelt in found)


@lru_cache(maxsize=1_024)
def apart(word: str) -> tuple[str, ...]:
    """Two or three syllables that a word without the gaps between them may be (THUÚT, BÙITRUNGLỢI); none of one letter."""
    if not word.isalpha() or len(word) > 3 * _LONGEST:
        return ()
    cuts = range(2, len(word) - 1)
    ways = [[word[:a], word[a:]] for a in cuts]
    ways += [[word[:a], word[a:b], word[b:]] for a in cuts for b in range(a + 2, len(word) - 1)]
    return tuple(" ".join(parts) for parts in ways if all(is_spelt(part.casefold()) for part in parts))


def without_capital(word: str) -> tuple[str, ...]:
    """What a word may be that ends in a capital behind small letters (KmălI), as none does: without it, or with it small."""
    if len(word) < 3 or not (word[1:-1].islower() and word[-1].isupper()):
        return ()
    return word[:-1], word[:-1] + word[-1].lower()


def in_one_case(text: str) -> str:
    """Letters whose capitals have the same shape (c, ô, s) as large as the others of their word: ĐứC, vÀ, KhOa.

    Where no other letter stands behind the first (ĐốC), those next to the word tell, and where all behind it are of one size
    (GIÁM Đốc CA), those on both of its sides; a word that tells both (KBang) stays. Where a place's name begins they are capitals
    (Huyện củ Chi).
    """
    text = _BEHIND_KIND.sub(lambda found: found[1] + (found[2].upper() if _is_alike(found[2]) else found[2]), text)
    words = re.split(r"([^\W\d_]+)", text)
    letters = words[1::2]
    sizes = [_capitals(word) for word in letters]
    for i, (word, size) in enumerate(zip(letters, sizes, strict=True)):
        if len(word) == 1:
            continue
        beside = [*sizes[max(0, i - 1) : i], *sizes[i + 1 : i + 2]]
        if not word.isupper() and not word[1:].islower():
            size = size or frozenset[bool]().union(*beside)
        elif size or len(beside) < 2 or beside[0] != beside[1]:
            continue
        else:
            size = beside[0]
        if size and all(size):
            words[2 * i + 1] = word.upper()
        elif size and not any(size):
            words[2 * i + 1] = word[0] + word[1:].lower()
    return "".join(words)


def _capitals(word: str) -> frozenset[bool]:
    """Whether those letters behind the first that tell are capitals; both when they differ, nothing when none tells."""
    return frozenset(c.isupper() for c in word[1:] if not _is_alike(c))


def _is_alike(letter: str) -> bool:
    return names.bare(letter).casefold() in _ALIKE


def _toned(plain: str) -> Iterator[str]:
    start = 2 if plain.startswith(("qu", "gi")) and any(c in _VOWELS for c in plain[2:]) else 0
    vowels = [i for i, c in enumerate(plain) if c in _VOWELS and i >= start]
    if not vowels:
        return
    marked = [i for i in vowels if plain[i] in "ăâêôơư"]
    if marked:
        at = marked[-1]
    elif len(vowels) > 1 and (len(vowels) == 3 or plain[-1] not in _VOWELS):
        at = vowels[1]
    else:
        at = vowels[0]
    for tone in _TONES:
        yield unicodedata.normalize("NFC", plain[: at + 1] + tone + plain[at + 1 :])


def _in_case_of(word: str, spelt: str) -> str:
    if word.isupper():
        return spelt.upper()
    return spelt[0].upper() + spelt[1:] if word[0].isupper() else spelt
