"""Finding printed phrases in recognised lines: letters only, diacritics folded, a few of them wrong."""

from functools import lru_cache

from kit import names


@lru_cache(maxsize=512)
def squeezed(text: str) -> tuple[str, tuple[int, ...]]:
    """Folded letters and digits of a text, and where in it each of them stood."""
    letters: list[str] = []
    places: list[int] = []
    for i, c in enumerate(text):
        for base in names.bare(c).casefold():
            if base.isalnum():
                letters.append(base)
                places.append(i)
    return "".join(letters), tuple(places)


def find(phrase: str, line: str, *, wrong_share: float = 0.25) -> tuple[int, int] | None:
    """Where a phrase stands in a line: start and end in the line's own characters; None when too much of it differs."""
    needle, _ = squeezed(phrase)
    hay, places = squeezed(line)
    if not needle or len(hay) < len(needle) * (1 - wrong_share):
        return None
    at = hay.find(needle)
    if at >= 0:
        return places[at], places[at + len(needle) - 1] + 1
    if len(needle) < 6:  # too short to be known with a letter wrong
        return None
    pairs = {needle[i : i + 2] for i in range(len(needle) - 1)}
    if sum(pair in hay for pair in pairs) < len(pairs) * (1 - 2 * wrong_share):
        return None
    found = _sellers(needle, hay)
    if found[2] > wrong_share * len(needle):
        return None
    return places[found[0]], places[found[1] - 1] + 1


def _sellers(needle: str, hay: str) -> tuple[int, int, int]:
    """Best approximate occurrence: start, end, edits (Sellers 1980). Of equals, the one that ends last."""
    column = [(i, 0) for i in range(len(needle) + 1)]  # edits, where the match began
    best = (0, 0, len(needle))
    for j, c in enumerate(hay, 1):
        left_above, column[0] = column[0], (0, j)
        for i, wanted in enumerate(needle, 1):
            here = min(
                (left_above[0] + (wanted != c), left_above[1]),
                (column[i][0] + 1, column[i][1]),
                (column[i - 1][0] + 1, column[i - 1][1]),
                key=lambda pair: pair[0],
            )
            left_above, column[i] = column[i], here
        edits, start = column[-1]
        if edits < best[2] or (edits == best[2] and edits > 0 and start < j):
            best = (start, j, edits)
    return best


def edits(one: str, other: str) -> int:
    """Levenshtein's distance."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        before, row[0] = row[0], i
        for j, b in enumerate(other, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a != b))
    return row[-1]
