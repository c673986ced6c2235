"""Finding by plain words: without diacritics, with a letter wrong or left out, in whatever order people say them."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import pairwise
from math import log1p
from typing import TypeVar

import msgspec

from kit import names
from procedures.messages import Item, LifeEvent

I = TypeVar("I", bound=Item)  # noqa: E741 - an Item

# Words of a search that name nothing by themselves,
_SMALL_WORDS = frozenset(
    [
        "cho",
        "cua",
        "va",
        "o",
        "tai",
        "toi",
        "minh",
        "em",
        "anh",
        "chi",
        "muon",
        "can",
        "lam",
        "xin",
        "the",
        "thi",
        "la",
        "bi",
        "a",
        "an",
        "the",
        "of",
        "for",
        "my",
        "to",
        "i",
        "we",
        "need",
        "want",
        "how",
        "do",
        "get",
    ]
)
# but within these: their syllables are small words only when they stand alone.
_COMPOUNDS = frozenset(
    ["can cuoc", "tien an", "an tich", "ban an", "em be", "tre em", "cho o", "noi o", "nha o", "the can cuoc", "lam an"]
)
_WORD = re.compile(r"[\w.]*\w")
# Where a word stands says how much it means.
_NAME, _KEYWORD, _EVENT, _TOLD = 4, 3, 2, 1
# What a whole phrase weighs that is just what was asked, or a part of it.
_EXACTLY, _PARTLY = 16, 8
# Whatever weighs less than this part of the best only happens to use the same words.
_NOISE = 3
# A word as typed means more than one that is a letter away or not ended yet, and no word of so few letters is guessed at alone.
_TYPED, _GUESSED = 2, 1
_SHORTEST_GUESS = 4


class Entry(msgspec.Struct, frozen=True):
    """One thing to be found: the weight of each of its words and pairs of words, and of the phrases people call it by."""

    words: dict[str, int]
    phrases: dict[tuple[str, ...], float]


class Index:
    """The words of every version of every procedure and group; life events lend theirs to what they ask for."""

    def __init__(self, items: Iterable[Item], events: Collection[LifeEvent]) -> None:
        self._entries = {(item.key, item.since): _entry(item, events) for item in items}
        called = [phrase for entry in self._entries.values() for phrase in entry.phrases]
        pairs = {one + other: (one, other) for phrase in called for one, other in pairwise(phrase)}
        alone = {word for phrase in called for word in phrase}
        self._joined = {pair: parts for pair, parts in pairs.items() if pair not in alone}

    def search(self, items: Sequence[I], words: str) -> list[I]:
        """What the words speak of, best first. Blank finds all."""
        entries = [(item, self._entries[item.key, item.since]) for item in items]
        vocabulary: dict[str, int] = {}
        spread = Counter[str]()
        for _, entry in entries:
            spread.update(word for word, weight in entry.words.items() if weight > _TOLD)
            for word, weight in entry.words.items():
                vocabulary[word] = max(weight, vocabulary.get(word, 0))
        meaning = [part for word in _meaning(words) for part in self._joined.get(word, (word,))]
        asked = _asked(meaning, vocabulary)
        if not asked:
            return list(items)
        # What nearly all are called ("giấy", "đăng ký") tells little of which is meant.
        worth = {word: log1p(len(entries) / (1 + spread[word])) for word in vocabulary}
        found = [(_score(entry, asked, worth), -len(entry.words), item) for item, entry in entries]
        best = max((score for score, _, _ in found), default=0)
        kept = [one for one in found if one[0] and one[0] * _NOISE >= best]
        return [item for _, _, item in sorted(kept, key=lambda one: one[:2], reverse=True)]


def _meaning(words: str) -> list[str]:
    spoken = _WORD.findall(names.fold(words))
    if not spoken:
        return []
    pairs = [" ".join(pair) in _COMPOUNDS for pair in pairwise(spoken)]
    if pairs and any(compound.startswith(" ".join(spoken[-2:])) for compound in _COMPOUNDS):
        pairs[-1] = True
    return [
        word
        for word, after, before in zip(spoken, (*pairs, False), (False, *pairs), strict=True)
        if after or before or word not in _SMALL_WORDS
    ]


Guesses = dict[str, int]
"""What a word may stand for, and how sure that is."""


def _asked(meaning: Sequence[str], vocabulary: Mapping[str, int]) -> list[Guesses]:
    """Each word that means something, as the words it may stand for.

    Only a word that nobody uses is taken for a typing error: "con" is never made "cong" while "con" is a word. A short word
    is guessed at by its neighbour ("ket hn"), and so is the end of the last one ("ly lich tu ph").
    """
    asked: list[Guesses] = []
    for place, word in enumerate(meaning):
        guesses = {word: _TYPED} if word in vocabulary else {}
        beside = [*meaning[max(place - 1, 0) : place], *meaning[place + 1 : place + 2]]
        if not guesses:
            near = [known for known in vocabulary if _near(word, known)]
            if len(word) < _SHORTEST_GUESS:
                near = [known for known in near if any(_together(known, other, vocabulary) for other in beside)]
            guesses = dict.fromkeys(near, _GUESSED)
        if place == len(meaning) - 1 and (place or not guesses):
            for known in vocabulary:
                if known.startswith(word) and (not place or meaning[place - 1] + known in vocabulary):
                    guesses.setdefault(known, _GUESSED)
        asked.append(guesses)
    return asked


def _together(word: str, other: str, vocabulary: Mapping[str, int]) -> bool:
    return max(vocabulary.get(word + other, 0), vocabulary.get(other + word, 0)) >= _KEYWORD


def _score(entry: Entry, asked: Sequence[Guesses], worth: Mapping[str, float]) -> float:
    """What its words weigh, and again what stands side by side in it as it was asked; more where that is all it is called."""
    score = sum(_best(entry, guesses, worth) for guesses in asked)
    for one, other in pairwise(asked):
        score += _best(entry, {a + b: min(sure, too) for a, sure in one.items() for b, too in other.items()}, worth)
    return score and score + max((_alike(phrase, asked) * sure for phrase, sure in entry.phrases.items()), default=0)


def _best(entry: Entry, guesses: Guesses, worth: Mapping[str, float]) -> float:
    return max(
        (entry.words[word] * sure * worth[word] for word, sure in guesses.items() if word in entry.words), default=0
    )


def _alike(phrase: tuple[str, ...], asked: Sequence[Guesses]) -> float:
    """How much of a phrase was asked for, where it holds the question or the question holds it."""
    if len(phrase) == len(asked) and all(map(_among, phrase, asked)):
        return _EXACTLY
    longer, shorter = max(len(phrase), len(asked)), min(len(phrase), len(asked))
    for at in range(longer - shorter + 1):
        inner, outer = (
            (phrase[at : at + shorter], asked) if len(phrase) == longer else (phrase, asked[at : at + shorter])
        )
        if all(map(_among, inner, outer)):
            return _PARTLY * shorter / longer
    return 0


def _among(word: str, guesses: Guesses) -> bool:
    return word in guesses


def _entry(item: Item, events: Iterable[LifeEvent]) -> Entry:
    words: dict[str, int] = {}
    phrases: dict[tuple[str, ...], float] = {}
    told = [item.summary.vi, item.summary.en, *(text for line in item.guide for text in (line.vi, line.en))]
    called: list[tuple[int, float, list[str]]] = [
        (_NAME, 1, [item.name.vi, item.name.en, item.code]),
        (_KEYWORD, 1, list(item.keywords)),
    ]
    for event in events:
        if item.key in event.procedures:
            # What an event asks for first is most of what its words mean.
            share = 0.5 - event.procedures.index(item.key) / 20
            called.append((_EVENT, share, [event.name.vi, event.name.en, *event.keywords]))
    for weight, share, texts in (*called, (_TOLD, 0, told)):
        for text in texts:
            spoken = _meaning(text)
            for word in (*spoken, *(one + other for one, other in pairwise(spoken))):
                words[word] = max(words.get(word, 0), weight)
            if share and spoken:
                phrases[tuple(spoken)] = max(share, phrases.get(tuple(spoken), 0))
    return Entry(words, phrases)


def _near(word: str, known: str) -> bool:
    """Whether one letter more, less, other or exchanged with its neighbour makes one the other; two in long words."""
    allowed = 1 if len(word) < 2 * _SHORTEST_GUESS else 2
    if abs(len(word) - len(known)) > allowed:
        return False
    # Each edit brings one letter at most and takes one: most words are told apart without counting edits.
    return len(set(word) ^ set(known)) <= 2 * allowed and _distance(word, known) <= allowed


def _distance(one: str, other: str) -> int:
    """Edits between two words, an exchange of neighbours being one (optimal string alignment)."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        earlier, before, row = before, row, [i]
        for j, b in enumerate(other, 1):
            best = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                best = min(best, earlier[j - 2] + 1)
            row.append(best)
    return row[-1]
