"""Which card and side printed lines are of, and which of them, or which part of one, is which value: by the labels beside and above."""

import functools
import re
from collections.abc import Iterator, Sequence

import msgspec

from kit import names
from ocr import locating, printed, zoning
from ocr.documents import DOCUMENTS
from ocr.documents.layout import Label, Layout, Place, Side
from ocr.engine import Line
from ocr.finding import find, squeezed
from ocr.printed import Said
from ocr.reading import Box

# Of a layout's phrases: one that is missing counts against it, but less, since glare and wear hide some.
_MISSED = 0.7
_LEAST_SEEN = 3
_FIGURES_OF_A_DATE, _SHORTEST_COUNTRY = 3, 3
# In letters: what stands between a label's two languages, and a few misread.
_MORE_THAN_ENGLISH = 6
# Of a number in which a slash was read: how likely its figures must be by themselves to be more than a guess.
_STROKE_FOR_FIGURE = 1e-4
# Of a line's height: how far apart its pieces may be; and behind "Phường", a figure and a comma not having been found.
_GAP, SHORT_WORD = 1.5, 2.4
_NUMBERED_KIND = re.compile(r"(?:Phường|Quận|P\.|Q\.)$")
# What the reading of pieces is worth that may lack one.
IN_PIECES = 0.5
# A line this much taller than the value's line above it is part of a stamp.
_TALLER = 1.6


def identify(lines: Sequence[Line]) -> tuple[str, Layout] | None:
    """Generation and side by the phrases printed on it; None when too few are found."""
    everything = " ".join(squeezed(line.text)[0] for line in lines)

    @functools.cache
    def seen(phrase: str) -> bool:
        return squeezed(phrase)[0] in everything or any(find(phrase, line.text, wrong_share=0.2) for line in lines)

    best: tuple[float, str, Layout] | None = None
    for kind, document in DOCUMENTS.items():
        for layout in document.layouts if document.variant_of is None else ():
            phrases = list(_phrases(layout))
            hits = sum(seen(phrase) for phrase, _ in phrases)
            score = sum(weight if seen(phrase) else -_MISSED * weight for phrase, weight in phrases)
            score -= sum(seen(phrase) for phrase in layout.never)
            if hits >= _LEAST_SEEN and score > 0 and (best is None or score > best[0]):
                best = (score, kind, layout)
    return None if best is None else best[1:]


def _phrases(layout: Layout) -> Iterator[tuple[str, float]]:
    """What is printed on this side, marks twice as heavy; words of less than six letters are found anywhere."""
    for mark in layout.marks:
        yield mark, 2.0
    for label in layout.labels:
        for words in (label.vi, label.en):
            if len(squeezed(words)[0]) >= 6:
                yield words, 1.0


def printed_values(lines: Sequence[Line], layout: Layout, *, digits: int = 12) -> dict[str, Said]:
    """Each label's value: what follows it on its line, and the lines under it in its column.

    `digits` is the length of this kind's number, which is told by its shape alone.
    """
    usable = [
        part for line in lines if line.text and not is_stamp(line) and not _is_rule(line) for part in _apart(line)
    ]
    values: dict[str, list[Said]] = {}
    anchors: list[_Anchor] = []
    loose: list[Line] = []
    after = [label for label in layout.labels if label.value == "after"]
    found_in = [_labels_in(line.text, after) for line in usable]
    plain = {
        label.vi
        for line, spans in zip(usable, found_in, strict=True)
        for label, *span in spans
        if _plainly(label, line, span)
    }
    for line, all_spans in zip(usable, found_in, strict=True):
        spans = [one for one in all_spans if one[0].vi not in plain or _plainly(one[0], line, one[1:])]
        if not spans:
            loose.append(line)
        for i, (label, start, end) in enumerate(spans):
            stop = spans[i + 1][1] if i + 1 < len(spans) else len(line.text)
            rest = _said(line, _behind_english(label, line.text, end, stop), stop, layout.side)
            if rest is not None and not _may_be_of(label, rest.text):
                rest = None
            left, right = _stretch(line, start, stop)
            anchors.append(_Anchor(label, left, right, line.box.top, line.box.bottom, rest is not None))
            anchors[-1].last = line if i + 1 == len(spans) else None
            if rest is not None and label.field:
                values.setdefault(label.field, []).append(rest)
    for line in (line for row in zoning.rows(loose) for line in row):
        anchor = _anchor_before(line, anchors) or _anchor_beside(line, anchors) or _anchor_above(line, anchors)
        said = _said(line, 0, len(line.text), layout.side)
        if anchor is None or said is None or (len(said.text) == 1 and not said.text.isalpha()):
            continue
        if not _may_be_of(anchor.label, said.text):
            continue
        anchor.bottom, anchor.full, anchor.last = max(anchor.bottom, line.box.bottom), True, line
        if anchor.label.field:
            values.setdefault(anchor.label.field, []).append(said)
    found = {field: printed.tidied(field, printed.joined(said)) for field, said in values.items()}
    for label in layout.labels:
        if label.value == "among" and (said := _in_words(usable, layout.side)) is not None:
            found[label.field] = said
    found = {field: said for field, said in found.items() if printed.is_made_out(field, said.text)}
    if "nationality" in found and len(found["nationality"].text) < _SHORTEST_COUNTRY:
        del found["nationality"]  # the edge of something else
    if any(label.field == "number" for label in layout.labels):
        found.pop("number", None)
        if (number := _number(usable, layout.side, digits)) is not None:
            found["number"] = number
    return found


def _in_words(lines: Sequence[Line], side: Side) -> Said | None:
    """A date whose words stand around its figures, "Ngày 12 tháng 08 năm 2009"; else the pieces of a row as one, which is
    not sure, for a figure between them may not have been found."""
    for row in (*([line] for line in lines), *zoning.rows(lines)):
        said = [said for line in row if (said := _said(line, 0, len(line.text), side)) is not None]
        if said and (found := printed.dated_in_words(printed.joined(said))) is not None:
            sure = 1.0 if len(said) == 1 else IN_PIECES
            return msgspec.structs.replace(found, confidence=found.confidence * sure)
    return None


class _Anchor:
    """A label on the card, and how far down its value has been followed."""

    def __init__(self, label: Label, left: float, right: float, top: float, bottom: float, full: bool) -> None:
        self.label, self.left, self.right, self.top, self.bottom, self.full = label, left, right, top, bottom, full
        self.last: Line | None = None


def _apart(line: Line) -> Iterator[Line]:
    """A line in two where a date ends, or the words for none: an address may stand right behind them."""
    end = printed.end_of_date(line.text)
    if end is None or sum(c.isalpha() for c in line.text[end:]) < 3:
        yield line
        return
    middle = _stretch(line, 0, end)[1]
    share = (middle - line.box.left) / max(1.0, line.box.right - line.box.left)
    for text, start, stop in ((line.text[:end], 0.0, share), (line.text[end:], share, 1.0)):
        steps = line.steps.piece(start, stop) if line.steps is not None else None
        told, confidence = steps.best() if steps is not None else (text.strip(), line.confidence)
        yield Line(text=names.nfc(told), confidence=confidence, box=line.box.part(start, stop), steps=steps)


def _labels_in(text: str, labels: Sequence[Label]) -> list[tuple[Label, int, int]]:
    """Labels on this line, left to right, each with the span its words take; of overlapping ones the longest."""
    found: list[tuple[Label, int, int]] = []
    for label in labels:
        span = _label_in(text, label)
        if span is not None:
            found.append((label, *span))
    kept: list[tuple[Label, int, int]] = []
    for item in sorted(found, key=lambda item: item[1] - item[2]):
        if all(item[2] <= other[1] or item[1] >= other[2] for other in kept):
            kept.append(item)
    return sorted(kept, key=lambda item: item[1])


def _label_in(text: str, label: Label) -> tuple[int, int] | None:
    """Both languages' words, a letter or two of them wrong; or one language's, wrong at the start of a line only:
    "Đầm Dơi, Tỉnh" is all but "Giới tính"."""
    if label.en and (whole := find(f"{label.vi} / {label.en}", text)):
        return whole
    spans = [
        span
        for words in (label.vi, label.en)
        if words and (span := find(words, text)) and (_opens(words, text, span) or _is_exactly(words, text, span))
    ]
    return (min(s[0] for s in spans), max(s[1] for s in spans)) if spans else None


def _behind_english(label: Label, text: str, end: int, stop: int) -> int:
    """Where a value may begin: behind the colon that ends a label's English, when its words were too blurred to be known."""
    colon = text.rfind(":", end, min(stop, end + len(label.en) + _MORE_THAN_ENGLISH)) if label.en else -1
    return max(end, colon + 1)


def _may_be_of(label: Label, text: str) -> bool:
    """Whether this can be a piece of the label's value: a date has figures in it, or says that there is none; the edge of
    the next box and what is left of the label's own words have neither."""
    if label.field not in printed.DATES:
        return True
    return sum(c.isdigit() for c in text) >= _FIGURES_OF_A_DATE or printed.no_expiry(text)


def _opens(words: str, text: str, span: tuple[int, int]) -> bool:
    """Stands at the start of the line; a word of two or three letters as a word of its own: the name Ksor holds "Số"."""
    alone = not any(c.isalpha() for c in text[: span[0]] + text[span[1] : span[1] + 1])
    return span[0] <= 2 and (alone or len(squeezed(words)[0]) > 3)


def _is_exactly(words: str, text: str, span: tuple[int, int]) -> bool:
    """Every letter and mark, and no word around them goes on; too short words never."""
    ends = text[span[0] - 1 : span[0]] + text[span[1] : span[1] + 1]
    return len(words) >= 7 and text[span[0] : span[1]] == words and not any(c.isalpha() for c in ends)


def _plainly(label: Label, line: Line, span: Sequence[int]) -> bool:
    """Letter by letter, marks aside: where a label stands so, what is merely like it ("Dơi, Tỉnh" like "Giới tính") is none."""
    seen = squeezed(line.text[span[0] : span[1]])[0]
    return any(words and squeezed(words)[0] in seen for words in (label.vi, label.en))


def _anchor_before(line: Line, anchors: Sequence[_Anchor]) -> _Anchor | None:
    """A label whose value's last piece ends where this line begins, on the same row: one line that was found in two."""
    for anchor in anchors:
        if anchor.last is None or not anchor.label.many_lines:
            continue
        height = anchor.last.box.bottom - anchor.last.box.top
        level = abs(line.box.top + line.box.bottom - anchor.last.box.top - anchor.last.box.bottom) < height
        apart = SHORT_WORD if _NUMBERED_KIND.search(anchor.last.text) else _GAP
        if level and -height < line.box.left - anchor.last.box.right < apart * height:
            return anchor
    return None


def _anchor_beside(line: Line, anchors: Sequence[_Anchor]) -> _Anchor | None:
    """A label without a value that ends just left of this line, on the same row."""
    middle = (line.box.top + line.box.bottom) / 2
    near = [
        anchor
        for anchor in anchors
        if not anchor.full
        and anchor.top < middle < anchor.bottom
        and -0.02 * locating.FLAT_WIDTH <= line.box.left - anchor.right <= 0.12 * locating.FLAT_WIDTH
    ]
    return max(near, key=lambda anchor: anchor.right, default=None)


def _anchor_above(line: Line, anchors: Sequence[_Anchor]) -> _Anchor | None:
    height = line.box.bottom - line.box.top
    near = [
        anchor
        for anchor in anchors
        if (anchor.label.many_lines or not anchor.full)
        and anchor.left - 0.03 * locating.FLAT_WIDTH <= line.box.left <= anchor.right + 0.02 * locating.FLAT_WIDTH
        and -0.4 * height
        <= line.box.top - anchor.bottom
        <= 1.2 * max(height, height_of(anchor.last) if anchor.last else 0)
        and line.box.top > anchor.top
        and not (anchor.full and anchor.last is not None and height > _TALLER * height_of(anchor.last))
    ]
    return max(near, key=lambda anchor: anchor.bottom, default=None)


def height_of(line: Line) -> float:
    return line.box.bottom - line.box.top


def _said(line: Line, start: int, end: int, side: Side) -> Said | None:
    """The line from one letter to another without the punctuation around it; None when nothing is left."""
    while start < end and (line.text[start] in " :/.,;|" or _is_rubbish_hyphen(line.text, start)):
        start += 1
    while end > start and (line.text[end - 1] in " :/.;|" or _is_rubbish_hyphen(line.text, end - 1)):
        if _SHORTENED.search(line.text[start:end]):
            break
        end -= 1
    if start >= end:
        return None
    left, right = _stretch(line, start, end)
    width, height = locating.FLAT_WIDTH, locating.FLAT_HEIGHT
    place = Place(
        x=round(left / width, 4),
        y=round(line.box.top / height, 4),
        width=round((right - left) / width, 4),
        height=round((line.box.bottom - line.box.top) / height, 4),
    )
    steps, confidence = line.steps, line.confidence
    if steps is not None and (start > 0 or end < len(line.text)):
        across = max(1.0, line.box.right - line.box.left)
        steps = steps.piece((left - line.box.left) / across, (right - line.box.left) / across)
        confidence = steps.best()[1]
    return Said(text=names.nfc(line.text[start:end]), confidence=confidence, box=Box.of(side, place), steps=steps)


# A kind of place whose name begins the next line: "TP." and "Hồ Chí Minh".
_SHORTENED = re.compile(r"(?:^|[ ,])(?:TP|TX|TT|[PQHXT])\.$")


def _is_rubbish_hyphen(text: str, at: int) -> bool:
    """Not the one of "Bà Rịa - Vũng Tàu", where a line may end or begin."""
    return text[at] == "-" and not (text[at - 1 : at] == " " or text[at + 1 : at + 2] == " ")


def _stretch(line: Line, start: int, end: int) -> tuple[float, float]:
    """Where on the picture these letters begin and end; between two letters, half way."""
    across = line.box.right - line.box.left
    spans = line.steps.spans() if line.steps is not None else None
    if spans is None or spans[0].strip() != line.text:
        length = max(1, len(line.text))
        return line.box.left + across * start / length, line.box.left + across * end / length
    lead = len(spans[0]) - len(spans[0].lstrip())
    ends_of = spans[1]

    def edge(at: int) -> float:
        at += lead
        if at <= 0 or at >= len(ends_of):
            return 0.0 if at <= 0 else 1.0
        return (ends_of[at - 1][1] + ends_of[at][0]) / 2

    left = 0.0 if start == 0 else edge(start)
    right = 1.0 if end >= len(line.text) else edge(end)
    return line.box.left + across * left, line.box.left + across * right


def _number(lines: Sequence[Line], side: Side, digits: int) -> Said | None:
    """The one run of exactly so many digits, wherever its label went; None when two differ."""
    found: dict[str, Said] = {}
    for line in lines:
        for start, end in _digit_runs(line.text):
            said = _said(line, start, end, side)
            if said is None:
                continue
            stroked, said = "/" in said.text, said.in_letters("0123456789")
            if stroked and (said.steps is None or said.confidence < _STROKE_FOR_FIGURE):
                continue  # a slash may be a 7 or part of a 9: the figures must be likely by themselves
            if len(said.text) == digits:
                found.setdefault(said.text, said)
    return next(iter(found.values())) if len(found) == 1 else None


def _digit_runs(text: str) -> Iterator[tuple[int, int]]:
    """Stretches that are digits, signs that look like digits among them, and single gaps; dates are none."""
    for match in re.finditer(r"[0-9OQDoIlSBZ/]+(?:[ .][0-9OQDoIlSBZ/]+)*", text):
        if sum(c.isdigit() for c in match[0]) >= 7 and printed.day(match[0]) is None:
            yield match.start(), match.end()


def is_stamp(line: Line) -> bool:
    """SPECIMEN / MẪU, small or written across: never a value."""
    tall = line.box.bottom - line.box.top > 0.09 * locating.FLAT_HEIGHT
    return tall or find("SPECIMEN", line.text) is not None


# Of the confidence in one letter on average: dotted rows are read with 0.2 to 0.4, blurred and half-burnt print with 0.7 and more.
_HOPELESS = 0.5
_NEVER_IN_VALUES = '*<+%"'


def _is_rule(line: Line) -> bool:
    """The dotted lines that older forms are written on: lower than any letters, read as anything but
    letters, or read as letters none of which is likely."""
    low = line.box.bottom - line.box.top < 0.0185 * locating.FLAT_HEIGHT
    letters = sum(c.isalpha() for c in line.text) / max(1, len(line.text))
    signs = sum(c.isalnum() for c in line.text) / max(1, len(line.text))
    strange = sum(c in _NEVER_IN_VALUES for c in line.text) / max(1, len(line.text))
    return low or signs < 0.5 or (strange > 0.2 and letters < 0.2) or line.confidence < _HOPELESS ** len(line.text)
