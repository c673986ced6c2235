"""DG13 as Vietnam fills it: items `SEQUENCE { INTEGER number, string … }`, in Vietnamese with diacritics.

The layout is known from cards, not from a published standard: items may be wrapped, unknown ones are passed over, and an item
may be only its number (`30 03 02 01 0E`: no spouse).
"""

import datetime
import re
from collections.abc import Iterator
from typing import Final

from kit import names
from ocr.chip import der
from ocr.chip.der import Element, Rejected
from ocr.chip.reading import ChipDate, PersonalDetails

_LONGEST: Final = 64 * 1024
_TEXTS: Final = {der.UTF8_STRING, der.PRINTABLE_STRING, der.IA5_STRING}
_LONGEST_TEXT = 1_000

_NUMBER, _FULL_NAME, _BORN, _SEX, _NATIONALITY, _ETHNICITY, _RELIGION = range(1, 8)
_ORIGIN, _RESIDENCE, _IDENTIFICATION, _ISSUED, _EXPIRES, _PARENTS, _SPOUSE, _OLD_NUMBER = range(8, 16)

_DATE = re.compile(r"(?:(?:([0-9]{2})/)?([0-9]{2})/)?([0-9]{4})", re.ASCII)
_WITHOUT_END = "khong thoi han"


def read(data: bytes) -> PersonalDetails:
    """Rejected: `der-…`, `dg13-shape`, `dg13-item-twice`, `dg13-text`, `dg13-number`, `dg13-name-missing`, `dg13-date`."""
    group = der.read(data, longest=_LONGEST)
    if group.tag != 0x6D:
        raise Rejected("dg13-shape")
    items: dict[int, tuple[str, ...]] = {}
    for item in _items(group):
        number = der.integer(item.children[0])
        if number in items:
            raise Rejected("dg13-item-twice")
        items[number] = tuple(_texts(item.children[1:])) if _NUMBER <= number <= _OLD_NUMBER else ()

    def one(number: int) -> str | None:
        texts = items.get(number, ())
        if len(texts) > 1:
            raise Rejected("dg13-shape")
        return (texts[0] or None) if texts else None

    parents = items.get(_PARENTS, ())
    if len(parents) > 2:
        raise Rejected("dg13-shape")
    father, mother = (text or None for text in (*parents, "", "")[:2])
    number, full_name, old_number = one(_NUMBER), one(_FULL_NAME), one(_OLD_NUMBER)
    if not re.fullmatch(r"[0-9]{12}", number or "", re.ASCII):
        raise Rejected("dg13-number")
    if not re.fullmatch(r"|[0-9]{9}|[0-9]{12}", old_number or "", re.ASCII):
        raise Rejected("dg13-number")
    if full_name is None:
        raise Rejected("dg13-name-missing")
    return PersonalDetails(
        number=number or "",
        full_name=full_name,
        date_of_birth=_date(one(_BORN)),
        sex=one(_SEX),
        nationality=one(_NATIONALITY),
        ethnicity=one(_ETHNICITY),
        religion=one(_RELIGION),
        place_of_origin=one(_ORIGIN),
        place_of_residence=one(_RESIDENCE),
        personal_identification=one(_IDENTIFICATION),
        date_of_issue=_date(one(_ISSUED)),
        date_of_expiry=_date(one(_EXPIRES), without_end=True),
        father=father,
        mother=mother,
        spouse=one(_SPOUSE),
        old_number=old_number,
    )


def _items(element: Element) -> Iterator[Element]:
    """Numbered items, through whatever wraps them; what else there is says nothing known."""
    for child in element.children:
        if child.tag == der.SEQUENCE and child.children and child.children[0].tag == der.INTEGER:
            yield child
        elif child.tag in (der.SEQUENCE, der.SET):
            yield from _items(child)


def _texts(parts: tuple[Element, ...]) -> Iterator[str]:
    """The strings of an item; the parents' names stand in a SEQUENCE each, an empty one for a parent not named."""
    for part in parts:
        if part.tag in _TEXTS:
            yield _text(part)
        elif part.tag == der.SEQUENCE and len(part.children) <= 1:
            yield _text(part.children[0]) if part.children else ""
        else:
            raise Rejected("dg13-shape")


def _text(element: Element) -> str:
    if element.tag not in _TEXTS:
        raise Rejected("dg13-shape")
    try:
        text = element.content.decode("utf-8" if element.tag == der.UTF8_STRING else "ascii")
    except UnicodeDecodeError:
        raise Rejected("dg13-text") from None
    text = names.nfc(text)
    if len(text) > _LONGEST_TEXT or names.unprintable(text):
        raise Rejected("dg13-text")
    return text


def _date(text: str | None, *, without_end: bool = False) -> ChipDate | None:
    """dd/mm/yyyy, mm/yyyy or yyyy: of some holders only the year is known."""
    if text is None:
        return None
    if without_end and names.fold(text) == _WITHOUT_END:
        return ChipDate(text, "none")
    found = _DATE.fullmatch(text)
    if found is None:
        raise Rejected("dg13-date")
    day, month, year = found.groups()
    try:
        datetime.date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        raise Rejected("dg13-date") from None
    return ChipDate(text, "-".join(part for part in (year, month, day) if part))
