"""Printed values and how they are made out: days, sexes, spellings held against what was read step by step."""

import datetime
import itertools
import math
import re
from collections.abc import Collection, Iterable, Sequence
from typing import Literal

import msgspec

from kit import names, places
from ocr import syllables, tones
from ocr.finding import edits, find, squeezed
from ocr.reading import Box
from ocr.steps import Steps

NO_EXPIRY = "Không thời hạn"

_IN_DIGITS = re.compile(r"(?<![0-9])([0-9]{2})\s?[/.-]\s?([0-9]{2})\s?[/.-]\s?([0-9]{4})(?![0-9])", re.ASCII)
# Figures between these words only: an O or an l there is a figure, too.
_IN_WORDS = re.compile(r"ngay\s*([0-9oil]{1,2})\s*thang\s*([0-9oil]{1,2})\s*nam\s*([0-9oil]{4})(?![0-9])", re.ASCII)
_FIGURES = str.maketrans("oil", "011")
_PART = re.compile(r"(?:([0-9]{2})\s?[/.-]\s?)?((?:19|20)[0-9]{2})", re.ASCII)

_SEXES = ("Nam", "Nữ")
# QĐ 121-TCTK/PPCĐ of 1979, as the lists of the civil register spell them.
_ETHNICITIES = (
    "Kinh", "Tày", "Thái", "Mường", "Mông", "Khmer", "Nùng", "Dao", "Hoa", "Gia-rai", "Ê-đê", "Ba-na", "Xơ-đăng", "Sán Chay", "Cơ-ho",
    "Chăm", "Sán Dìu", "Hrê", "Ra-glai", "Mnông", "Xtiêng", "Bru-Vân Kiều", "Thổ", "Khơ-mú", "Cơ-tu", "Giáy", "Giẻ-Triêng", "Tà-ôi",
    "Mạ", "Co", "Chơ-ro", "Xinh-mun", "Hà Nhì", "Chu-ru", "Lào", "Kháng", "La Chí", "Phù Lá", "La Hủ", "La Ha", "Pà Thẻn", "Chứt", "Lự",
    "Lô Lô", "Mảng", "Cơ Lao", "Bố Y", "Cống", "Ngái", "Si La", "Pu Péo", "Rơ-măm", "Brâu", "Ơ-đu",
)  # fmt: skip
_CLOSED = {"sex": _SEXES, "ethnicity": _ETHNICITIES, "nationality": ("Việt Nam",)}
PLACES = frozenset({"place_of_origin", "place_of_residence", "place_of_birth"})
DATES = frozenset({"date_of_birth", "date_of_issue", "date_of_expiry"})
# That any card may bear.
_YEARS = range(1880, 2100)
_DATE_LETTERS = "0123456789/-. "
_DATE_WORDS = "0123456789 " + "".join(sorted(set("Ngày tháng năm") - {" "}))
# In nats: how much less likely than the best reading a word of a closed list may be, and how far ahead of the others.
_LIST_DOUBT, _LIST_LEAD = 9.0, 2.0

# A place's name as the maps spell it may be this much less likely than the best reading; and a reading that is on no map
# is taken for as many times less likely than one that is.
_MAP_DOUBT, _OFF_THE_MAP = 8.0, 0.01
# The same where marks alone differ, which wear takes from the print altogether.
_MAP_DOUBT_OF_MARKS = 12.0
# What the reading of a place is worth that is a letter or two away from what the maps have.
_OTHER_LETTERS, _FEW_LETTERS = 0.3, 2

# What Vietnamese cannot spell is given up for what it can more reluctantly: some names are of other languages.
_SPELLING_DOUBT, _SPELLING_DOUBT_OF_PLACES = 6.0, 9.0
# What the reading of a word is worth where wear may have taken a mark: of one that is no syllable and would be with other marks.
_NO_SYLLABLE = 0.3
# Two families in five are Nguyễn, and hardly one in ten thousand is called what is left of it when wear takes its tilde: that is
# 8 nats between them before anything is read. What is plainly something else stays as read, and is looked at.
_ALL_BUT_NGUYEN = re.compile(r"nguy[eêéèẻẽẹếềểệ]n\b", re.IGNORECASE)
# Of a person: an address, which has commas and figures, may begin with the district Nguyên Bình.
_HEAD_OF_NAME = re.compile(r"(?:^|: )(NGUY[EÊÉÈẺẼẸẾỀỂỆ]N)(?= [^\W\d_]{2}[^,0-9]*$)")
_NGUYEN_DOUBT = 8.0
_WORDS = re.compile(r"(?<![\w'])[^\W\d_]{2,}(?![\w'])")
# A figure or more, and letters that look like figures among them (236/5I, 20IO); a number or a date with a gap in it.
_LIKE_FIGURES = re.compile(r"(?<!\w)(?=[IlO/]*[0-9])[0-9IlO](?:[0-9IlO/]*[0-9IlO])?(?!\w)")
_GAPPED = re.compile(
    r"(?<![0-9])(?:[0-9] ?[0-9]/ ?[0-9] ?[0-9]/ ?[0-9](?: ?[0-9]){3}|[0-9](?: ?[0-9]){11})(?![0-9])", re.ASCII
)
# A sign between letters with a gap on one of its sides (Ba -na, K' Brơi): it has one on both or on neither.
_LOPSIDED = re.compile(r"(?<=[^\W\d_])(?: ([-/])(?=[^\W\d_])|([-/']) (?=[^\W\d_]))")
_MISTAKEN = {"I": "1/", "l": "1/", "O": "0"}
_MOST_MISTAKEN = 4
_HOUSE = re.compile(r"([STst][oôơọộợóốớòồờỏổởõỗỡOÔƠỌỘỢÓỐỚÒỒỜỎỔỞÕỖỠ]) [0-9]")
# Where a figure is due: a kind alone (Quận, TP. Hồ Chí Minh), as no ward or district is called.
_UNNUMBERED = re.compile(
    r"(?<!\w)(Phường|Quận|PHƯỜNG|QUẬN)(?=,|$| (?:Quận|Huyện|Thị xã|Thành phố|Tỉnh|TP\.|QUẬN|HUYỆN|THỊ XÃ|THÀNH PHỐ|TỈNH)(?!\w))"
)
# What the reading of a place is worth that lacks one, or the end of its province's name.
_LACKING = 0.3
_FIGURES_DUE = tuple(str(figure) for figure in range(1, 31))
_NUMBERED = re.compile(r"((?:Quận|Phường|QUẬN|PHƯỜNG) )([IlÌÍ]{1,2})(?=,|$)")

Likeness = Literal["same", "unclear", "different"]


class Said(msgspec.Struct, frozen=True):
    """A printed value as recognised; `confidence`, 0 to 1, is the recogniser's for all of its letters together."""

    text: str
    confidence: float
    box: Box | None
    steps: Steps | None = None
    beside_glare: bool = False
    """A reflection may have swallowed a part of it."""

    def in_letters(self, letters: str) -> "Said":
        """The same print read once more with only these letters allowed."""
        if self.steps is None:
            return msgspec.structs.replace(self, text="".join(c for c in self.text if c in letters))
        text, confidence = self.steps.best(letters)
        return msgspec.structs.replace(self, text=names.nfc(text), confidence=confidence).over_all_paths()

    def over_all_paths(self) -> "Said":
        """Its confidence that of the text, not of one way in which it may lie along the print: there are many such ways."""
        if self.steps is None:
            return self
        whole = math.exp(self.steps.likelihood(self.text))
        return msgspec.structs.replace(self, confidence=max(self.confidence, whole))


def joined(parts: Sequence[Said]) -> Said:
    """The lines of one value, top to bottom, as one."""
    first, *rest = parts
    confidence, steps = first.confidence, first.steps
    for part in rest:
        confidence *= part.confidence
        steps = steps.then(part.steps) if steps is not None and part.steps is not None else None
    return Said(
        text=" ".join(part.text for part in parts).strip("-. "),
        confidence=confidence,
        box=_around([part.box for part in parts if part.box is not None]),
        steps=steps,
    )


def _around(boxes: Sequence[Box]) -> Box | None:
    if not boxes:
        return None
    left, top = min(b.x for b in boxes), min(b.y for b in boxes)
    right, bottom = max(b.x + b.width for b in boxes), max(b.y + b.height for b in boxes)
    return Box(side=boxes[0].side, x=left, y=top, width=round(right - left, 4), height=round(bottom - top, 4))


def tidied(field: str, said: Said) -> Said:
    """A date read in a date's letters only; a word of a closed list (sexes, ethnicities, wards, districts, provinces) as
    that word, when the print may well be it and hardly any other. Of names of people, houses and streets nothing is touched but
    the marks of what is no syllable."""
    said = said.over_all_paths()
    if field in DATES:
        as_date = said.in_letters(_DATE_LETTERS)
        if not day(as_date.text):  # a gap before a slender 1
            as_date = said.in_letters(_DATE_LETTERS.replace(" ", ""))
        if day_in_words(said.text) or no_expiry(said.text):
            return said
        return as_date if day(as_date.text) else possible_day(as_date)
    if field in PLACES:
        said = on_the_map(with_figures(spelt(said, _SPELLING_DOUBT_OF_PLACES)))
        worth = _LACKING if _UNNUMBERED.search(said.text) or places.is_cut_short(said.text) else 1.0
        return msgspec.structs.replace(said, confidence=said.confidence * worth)
    if field == "full_name":
        said = spelt(said)
        worth = _NO_SYLLABLE if _ALL_BUT_NGUYEN.match(said.text) else 1.0
        return msgspec.structs.replace(said, confidence=said.confidence * worth)
    words = _CLOSED.get(field)
    if words is None or said.text in words or said.steps is None:
        return said
    best = said.steps.likelihood(said.steps.best()[0])
    ranked = sorted((best - said.steps.likelihood(word), word) for word in words)
    (doubt, word), *others = ranked
    if doubt < _LIST_DOUBT and (not others or others[0][0] - doubt > _LIST_LEAD):
        return msgspec.structs.replace(said, text=word, confidence=said.confidence * math.exp(-max(0.0, doubt)))
    return said


def spelt(said: Said, doubt: float = _SPELLING_DOUBT) -> Said:
    """A name with other marks on the words that Vietnamese cannot spell so (NGUYẼN, Thuât), or gaps between them (THUÚT),
    where the print may well have these; its letters as large as their neighbours, and no word that ends in a capital alone.

    A word that neither makes syllables (Kmăl, Srổi), and one that is a syllable whatever it means, stays as read.
    """
    said = in_figures(even(msgspec.structs.replace(said, text=syllables.in_one_case(said.text))))
    if (head := _HEAD_OF_NAME.search(said.text)) is not None:
        better = _rather(said, [f"{said.text[: head.start(1)]}NGUYỄN{said.text[head.end() :]}"], _NGUYEN_DOUBT)
        if better is not said:  # looked at all the same
            said = msgspec.structs.replace(better, confidence=better.confidence * _NO_SYLLABLE)
    for word in dict.fromkeys(_WORDS.findall(said.text)):
        if not syllables.is_spelt(word.casefold()):
            alone = re.compile(rf"(?<![\w']){word}(?![\w'])")
            marked = syllables.siblings(word)
            spellings = (*marked, *syllables.apart(word), *syllables.without_capital(word))
            others = [alone.sub(other, said.text) for other in spellings]
            better = _rather(said, others, doubt)
            if marked and better is said:
                better = msgspec.structs.replace(said, confidence=said.confidence * _NO_SYLLABLE)
            said = better
    return said


def even(said: Said) -> Said:
    """Hyphens, strokes and apostrophes between letters with gaps on both sides or on neither, and none before a small letter."""
    for found in reversed(list(_LOPSIDED.finditer(said.text))):
        sign = found[1] or found[2]
        joins = sign == "'" or (sign == "-" and said.text[found.end()].islower())
        ways = (sign,) if joins else (sign, f" {sign} ")
        said = _rather(said, [said.text[: found.start()] + way + said.text[found.end() :] for way in ways])
    return said


def in_figures(said: Said) -> Said:
    """Letters between figures as the figures that they look like (236/5I, 20IO), or the stroke of a date; and no gap in a date
    or a card's number."""
    for found in reversed(list(_LIKE_FIGURES.finditer(said.text))):
        if 0 < sum(c in _MISTAKEN for c in found[0]) <= _MOST_MISTAKEN:
            ways = ("".join(way) for way in itertools.product(*(_MISTAKEN.get(c, c) for c in found[0])))
            others = [way for way in ways if way.count("/") == found[0].count("/") or day(way)]
            texts = [said.text[: found.start()] + way + said.text[found.end() :] for way in others]
            said = _rather(said, texts, _LIST_DOUBT * sum(c in _MISTAKEN for c in found[0]))
    for found in reversed(list(_GAPPED.finditer(said.text))):
        if " " in found[0]:
            whole = found[0].replace(" ", "")
            said = _rather(said, [said.text[: found.start()] + whole + said.text[found.end() :]])
    return said


def possible_day(said: Said) -> Said:
    """A date that is none (65/09/1966) with the one other figure that makes it one, where that may well be what is printed."""
    found = _IN_DIGITS.search(said.text)
    if found is None or _date(found):
        return said
    figures = [at for part in (1, 2, 3) for at in range(*found.span(part))]
    others = [said.text[:at] + figure + said.text[at + 1 :] for at in figures for figure in "0123456789"]
    return _rather(said, [text for text in others if day(text)])


def with_figures(said: Said) -> Said:
    """An address with "Số" or "Tổ" before a figure, where no other word of the same letters stands, and a figure behind
    "Quận" or "Phường", where no letter stands alone, and not nothing."""
    found = _HOUSE.match(said.text)
    if found is not None and found[1].casefold() not in ("số", "tổ"):
        word = {"s": "Số", "t": "Tổ"}[found[1][0].casefold()]
        said = _rather(said, [(word.upper() if found[1].isupper() else word) + said.text[found.end(1) :]])
    if _NUMBERED.search(said.text):
        said = _rather(said, [_NUMBERED.sub(lambda unit: unit[1] + "1" * len(unit[2]), said.text)])
    if (alone := _UNNUMBERED.search(said.text)) is not None:
        kind, behind = said.text[: alone.end()], said.text[alone.end() :]
        behind = f",{behind}" if behind.startswith(" ") else behind
        said = _rather(said, [f"{kind} {figure}{behind}" for figure in _FIGURES_DUE])
    return said


def _rather(said: Said, texts: Sequence[str], at_most: float = _SPELLING_DOUBT) -> Said:
    """The likeliest of these, if it may well be what is printed and stands out; else as read."""
    if said.steps is None or not texts:
        return said
    read = said.steps.likelihood(said.text)
    (doubt, text), *others = sorted((read - said.steps.likelihood(text), text) for text in texts)
    if not doubt < at_most or (others and others[0][0] - doubt < _LIST_LEAD):
        return said
    chosen, rest = math.exp(-doubt), sum(math.exp(-other) for other, _ in others)
    confidence = math.exp(read) * (1 + chosen) * chosen / (chosen + rest + _OFF_THE_MAP)
    return msgspec.structs.replace(said, text=text, confidence=min(1.0, confidence))


def on_the_map(said: Said) -> Said:
    """A place with its wards, districts and provinces as the maps spell them, when one such spelling may well be what is
    printed and stands out; else each of its units for itself; the confidence then is that of this spelling among all, those on
    no map weighing little. What then is a letter or two away from all that the maps have is not sure."""
    if said.steps is None:
        return said
    known = places.spellings(said.text)
    spellings = {custom for spelling in known.best for custom in tones.customs(spelling)}
    if said.text in spellings or not spellings:
        return said
    if (mapped := _as_mapped(said, spellings, is_one=known.is_one)) is not said:
        return mapped
    for place in range(said.text.count(",") + 1):
        said = _as_mapped(said, _with_unit(said.text, spellings, place), is_one=known.is_one)
    unlike = min(edits(_letters(text), _letters(said.text)) for text in spellings)
    if known.is_one or not 0 < unlike <= _FEW_LETTERS:
        return said
    return msgspec.structs.replace(said, confidence=said.confidence * _OTHER_LETTERS)


def _with_unit(text: str, spellings: Iterable[str], place: int) -> set[str]:
    """The text with one of its units as each of these has it that has as many."""
    units = text.split(",")
    others = [other for other in (spelling.split(",") for spelling in spellings) if len(other) == len(units)]
    return {",".join([*units[:place], other[place], *units[place + 1 :]]) for other in others} - {text}


def _letters(text: str) -> str:
    return "".join(c for c in names.fold(text).replace("y", "i") if c.isalnum())


def _as_mapped(said: Said, spellings: Collection[str], *, is_one: bool) -> Said:
    """The one of these that may well be what is printed and stands out; else as read."""
    if said.steps is None or not spellings:
        return said
    read = said.steps.likelihood(said.text)
    ranked = sorted((read - said.steps.likelihood(text), text) for text in spellings)
    for _, text in ranked:
        if not is_one and tones.key(text) == tones.key(said.text):  # a comma or a hyphen lost where a line ends
            return msgspec.structs.replace(said, text=text)
    doubt, text = ranked[0]
    if not doubt < (_MAP_DOUBT_OF_MARKS if names.fold(text) == names.fold(said.text) else _MAP_DOUBT):
        return said
    others = [other for other, spelling in ranked if tones.key(spelling) != tones.key(text)]
    if others and others[0] - doubt < _LIST_LEAD:
        return said
    chosen, rest = math.exp(-doubt), sum(math.exp(-other) for other in others)
    confidence = math.exp(read) * (1 + chosen) * chosen / (chosen + rest + _OFF_THE_MAP)
    return msgspec.structs.replace(said, text=text, confidence=min(1.0, confidence))


def day(text: str) -> datetime.date | None:
    """A date as cards print it, dd/mm/yyyy, dd-mm-yyyy or in words; nothing in figures is repaired."""
    found = _IN_DIGITS.search(text)
    return _date(found) if found else day_in_words(text)


def day_in_words(text: str) -> datetime.date | None:
    """`Ngày 12 tháng 05 năm 2010`, an O read for a 0 or an l for a 1 among the figures."""
    found = _IN_WORDS.search(names.fold(text))
    return _date(found) if found else None


def dated_in_words(said: Said) -> Said | None:
    """What bears a date in words, its figures read as figures if they were taken for letters; None when it bears none."""
    if day_in_words(said.text) is not None:
        return said
    if all(find(word, said.text) for word in ("ngày", "tháng", "năm")):
        in_figures = said.in_letters(_DATE_WORDS)
        return in_figures if day_in_words(in_figures.text) is not None else None
    return None


def end_of_date(text: str) -> int | None:
    """Where in a text a date in figures, or the words for none, end."""
    found = _IN_DIGITS.search(text)
    if found is not None:
        return found.end()
    span = find(NO_EXPIRY, text)
    return span[1] if span else None


def part_of_day(text: str) -> str | None:
    """A date of which cards know only the month or the year, `1990-05` or `1990`; None for anything else."""
    found = _PART.fullmatch(text.strip())
    if found is None or (found[1] is not None and not 1 <= int(found[1]) <= 12):
        return None
    return f"{found[2]}-{found[1]}" if found[1] else found[2]


def no_expiry(text: str) -> bool:
    return find(NO_EXPIRY, text) is not None


def sex(text: str) -> str | None:
    """`male` for Nam, `female` for Nữ, whatever became of its marks."""
    return {"nam": "male", "nu": "female"}.get(squeezed(text)[0])


def is_made_out(field: str, text: str) -> bool:
    """Whether a text is a value of this field at all: a date that is none, a sex that is neither, say nothing."""
    if field in DATES:
        return day(text) is not None or part_of_day(text) is not None or no_expiry(text)
    return field != "sex" or sex(text) is not None


def _date(found: "re.Match[str]") -> datetime.date | None:
    try:
        day = datetime.date(*(int(found[part].translate(_FIGURES)) for part in (3, 2, 1)))
    except ValueError:
        return None
    return day if day.year in _YEARS else None
