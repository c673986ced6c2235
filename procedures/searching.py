"""Finding by plain words: without diacritics, with a letter wrong, in whatever order people say them."""

from collections.abc import Collection, Iterable, Sequence
from itertools import pairwise
from typing import TypeVar

import msgspec

from kit import names
from procedures.messages import Item, LifeEvent

I = TypeVar("I", bound=Item)  # noqa: E741 - an Item

# Words of a search that name nothing by themselves.
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
# Where a word stands says how much it means.
_NAME, _KEYWORD, _TOLD = 4, 3, 1
_PHRASE, _EXACTLY = 2, 8
# Whatever weighs less than this part of the best only happens to use the same words.
_NOISE = 4
# A word as typed means more than one that is a letter away, and no word of so few letters is guessed at.
_TYPED, _GUESSED = 2, 1
_SHORTEST_GUESS = 4


class Entry(msgspec.Struct, frozen=True):
    """One thing to be found: the weight of each of its words, and the phrases people call it by."""

    words: dict[str, int]
    phrases: frozenset[str]


class Index:
    """The words of every version of every procedure and group; life events lend theirs to what they ask for."""

    def __init__(self, items: Iterable[Item], events: Collection[LifeEvent]) -> None:
        self._entries = {
            (item.key, item.since): _entry(item, [event for event in events if item.key in event.procedures])
            for item in items
        }

    def search(self, items: Sequence[I], words: str) -> list[I]:
        """What the words speak of, best first: of several words, what speaks of the most. Blank finds all."""
        entries = [(item, self._entries[item.key, item.since]) for item in items]
        asked = _asked(words, {word for _, entry in entries for word in entry.words})
        if asked is None:
            return list(items)
        phrase = " ".join(next(iter(guesses)) if len(guesses) == 1 else "?" for guesses in asked)
        found = [(_score(entry, asked, phrase), item) for item, entry in entries]
        best, weight, _ = max((score for score, _ in found), default=(0, 0, 0))
        kept = [pair for pair in found if best and pair[0][0] == best and pair[0][1] * _NOISE >= weight]
        return [item for _, item in sorted(kept, key=lambda pair: pair[0], reverse=True)]


def _meaning(words: str) -> list[str]:
    return [word for word in names.fold(words).split() if word not in _SMALL_WORDS]


def _asked(words: str, vocabulary: Collection[str]) -> list[dict[str, int]] | None:
    """Each word that means something, as the words it may stand for; None when there is none.

    Only a word that nobody uses is taken for a typing error: "con" is never made "cong" while "con" is a word.
    """
    meaning = _meaning(words)
    if not meaning:
        return None
    asked: list[dict[str, int]] = []
    for word in meaning:
        guesses = {word: _TYPED} if word in vocabulary else {}
        if not guesses and len(word) >= _SHORTEST_GUESS:
            guesses = {known: _GUESSED for known in vocabulary if _near(word, known)}
        asked.append(guesses)
    return asked


def _score(entry: Entry, asked: Iterable[dict[str, int]], phrase: str) -> tuple[int, int, int]:
    """Words found anywhere, then what they weigh, then shorter names first."""
    found = weight = 0
    for guesses in asked:
        best = max((entry.words[word] * sure for word, sure in guesses.items() if word in entry.words), default=0)
        found, weight = found + (best > 0), weight + best
    weight += _EXACTLY if phrase in entry.phrases else _PHRASE * any(phrase in known for known in entry.phrases)
    return found, weight, -len(entry.words)


def _entry(item: Item, events: Iterable[LifeEvent]) -> Entry:
    words: dict[str, int] = {}
    told = [item.summary.vi, item.summary.en, *(text for line in item.guide for text in (line.vi, line.en))]
    called = [*item.keywords, *(name for event in events for name in (event.name.vi, event.name.en, *event.keywords))]
    for weight, texts in ((_TOLD, told), (_KEYWORD, called), (_NAME, (item.name.vi, item.name.en, item.code))):
        for text in texts:
            spoken = names.fold(text).replace(",", " ").split()
            for word in (*spoken, *(one + other for one, other in pairwise(spoken))):
                words[word] = max(words.get(word, 0), weight)
    phrases = (" ".join(_meaning(text)) for text in (*item.keywords, item.name.vi, item.name.en))
    return Entry(words, frozenset(phrases))


def _near(word: str, known: str) -> bool:
    """Whether one letter more, less, other or exchanged with its neighbour makes one the other; two in long words."""
    allowed = 1 if len(word) < 2 * _SHORTEST_GUESS else 2
    return abs(len(word) - len(known)) <= allowed and _distance(word, known) <= allowed


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
