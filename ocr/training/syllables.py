"""Syllables as Vietnamese spells them, put together by chance: names that nobody bears and no list holds.

Onsets and rhymes combine as the spelling allows (k, gh, ngh before e, ê, i, y; q with a glide; stops with two tones only),
so a syllable may mean nothing but never looks foreign.
"""

import random
import unicodedata

_TONES = ("", "\u0301", "\u0300", "\u0309", "\u0303", "\u0323")
_STOPPED_TONES = ("\u0301", "\u0323")
_VOWELS = "aăâeêioôơuưy"
_FRONT = "eêiy"

_ONSETS = "b c c ch d đ g h kh l m n ng nh ph r s t th tr v x"
_RHYMES = (
    "a ai ao au ay am an ang anh ăm ăn ăng âm ân âng âu ây e em en eng eo ê êm ên ênh êu i im in inh ia iêm iên iêng iêu iu "
    "o oi om on ong ô ôi ôm ôn ông ơ ơi ơm ơn u ui um un ung ua uôi uôm uôn uông ư ưng ưa ươi ươm ươn ương ươu ưu "
    "oa oai oan oang oanh oay oe uân uê uy uyên uynh "
    "ac ach ap at ăc ăp ăt âc âp ât ec ep et êch êp êt ich ip it iêc iêp iêt oc op ot ôc ôp ôt ơp ơt uc up ut uôc uôt ưc ưt "
    "ươc ươp ươt oac oach oat uât uyêt"
)
# With q, whose u is the glide.
_GLIDED = "a ai an ang anh ăn ân ây e en ê ên êu i inh iên ơ y yên yêt ach ăc ăt ât et êt ich it ôc"
_NEVER_GLIDED = frozenset({"b", "c", "g", "m", "ph", "r", "v"})


def syllable(dice: random.Random) -> str:
    """One in lower case, composed (NFC)."""
    if dice.random() < 0.04:
        return "qu" + _toned(dice.choice(_GLIDED.split(" ")), dice)
    onset = dice.choice(_ONSETS.split(" ")) if dice.random() < 0.95 else ""
    rhyme = dice.choice(_RHYMES.split(" "))
    glide = rhyme.startswith(("oa", "oe", "uâ", "uê", "uy"))
    if glide and onset in _NEVER_GLIDED:
        onset = dice.choice(("h", "t", "th", "l", "ng"))
    if rhyme[0] in _FRONT:
        onset = {"c": "k", "g": "gh", "ng": "ngh"}.get(onset, onset)
    if not onset and rhyme.startswith("iê"):
        rhyme = "y" + rhyme[1:]
    if not onset and rhyme == "ia":
        onset = "v"
    return onset + _toned(rhyme, dice)


def title(dice: random.Random, words: int) -> str:
    """So many syllables, each with a capital."""
    return " ".join(word[0].upper() + word[1:] for word in (syllable(dice) for _ in range(words)))


def _toned(rhyme: str, dice: random.Random) -> str:
    stopped = rhyme.endswith(("c", "ch", "p", "t"))
    tone = dice.choice(_STOPPED_TONES if stopped else _TONES)
    if not tone:
        return rhyme
    at = _seat(rhyme, dice)
    return unicodedata.normalize("NFC", rhyme[: at + 1] + tone + rhyme[at + 1 :])


def _seat(rhyme: str, dice: random.Random) -> int:
    """Which letter bears the tone; where two customs differ (hòa, hoà), either."""
    marked = [i for i, c in enumerate(rhyme) if c in "ăâêôơư"]
    if marked:
        return marked[-1]
    vowels = [i for i, c in enumerate(rhyme) if c in _VOWELS]
    if len(vowels) == 1:
        return vowels[0]
    if len(vowels) == 3 or rhyme[-1] not in _VOWELS:
        return vowels[1]
    if rhyme in {"oa", "oe", "uy"}:
        return vowels[dice.randrange(2)]
    return vowels[0]
