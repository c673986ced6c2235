"""The QR of a card, by zxing-cpp: `number|old|name|ddmmyyyy|sex|address|ddmmyyyy issued[|more]`, read strictly.

Reed-Solomon makes a decoded payload exact, diacritics included; it is not signed, so it is evidence and no proof.
"""

import datetime
import re
import unicodedata
from typing import TYPE_CHECKING

import msgspec

from kit import names, pin
from ocr.documents.layout import Place

if TYPE_CHECKING:
    from ocr.locating import Flat

# A card's payload has about 150 characters; a QR can hold 3 kB of anything.
_LONGEST = 1_000
# Around the printed place, for cards flattened a little askew.
_MARGIN = 0.04
_DATE = re.compile(r"([0-9]{2})/?([0-9]{2})/?([0-9]{4})", re.ASCII)


class CardQr(msgspec.Struct, frozen=True):
    """What the payload says. `extra` holds the parts after the seventh, whose order TT 16/2024 does not publish."""

    number: str
    old_number: str | None
    full_name: str
    date_of_birth: datetime.date
    sex: pin.Sex
    address: str
    issued: datetime.date | None
    extra: tuple[str, ...] = ()
    text: str = ""


def write(
    *,
    number: str,
    old_number: str | None,
    full_name: str,
    date_of_birth: datetime.date,
    sex: pin.Sex,
    address: str,
    issued: datetime.date,
) -> str:
    """The payload for these facts."""
    word = "Nam" if sex == "male" else "Nữ"
    return f"{number}|{old_number or ''}|{full_name}|{date_of_birth:%d%m%Y}|{word}|{address}|{issued:%d%m%Y}"


def parse(text: str) -> CardQr | None:
    """The payload's facts, or None when it is not a card's."""
    if len(text) > _LONGEST:
        return None
    parts = [names.nfc(part) for part in text.split("|")]
    if len(parts) < 6 or any(names.unprintable(part) for part in parts):
        return None
    number, old, full_name, born_text, sex_word, address = parts[:6]
    born = _date(born_text)
    sex = {"nam": "male", "nu": "female"}.get(names.fold(sex_word))
    if not re.fullmatch(r"[0-9]{12}", number, re.ASCII) or not re.fullmatch(r"|[0-9]{9}|[0-9]{12}", old, re.ASCII):
        return None
    if born is None or sex is None or not _is_name(full_name):
        return None
    issued = _date(parts[6]) if len(parts) > 6 and parts[6] else None
    if len(parts) > 6 and parts[6] and issued is None:
        return None
    return CardQr(
        number=number,
        old_number=old or None,
        full_name=full_name,
        date_of_birth=born,
        sex="male" if sex == "male" else "female",
        address=address,
        issued=issued,
        extra=tuple(parts[7:]),
        text=text,
    )


def _date(text: str) -> datetime.date | None:
    found = _DATE.fullmatch(text)
    if found is None:
        return None
    day, month, year = (int(part) for part in found.groups())
    try:
        return datetime.date(year, month, day)
    except ValueError:
        return None


def _is_name(text: str) -> bool:
    """Letters, spaces and the marks that names of the ethnic minorities carry; at least one letter."""
    return bool(text) and text[0].isalpha() and all(unicodedata.category(c)[0] in "LM" or c in " '’`.-" for c in text)


def decode(flat: "Flat", place: Place) -> list[str]:
    """Texts of the QR on a flattened card: where this generation prints it, closer and closer, or anywhere on it.

    The photo around the card is not searched: another card's QR may lie on the same desk.
    """
    near = Place(place.x - _MARGIN, place.y - _MARGIN, place.width + 2 * _MARGIN, place.height + 2 * _MARGIN)
    for where, scale in ((near, 1.0), (near, 2.0), (Place(0, 0, 1, 1), 1.0), (near, 3.0)):
        texts = decode_once(flat, where, scale)
        if texts:
            return texts
    return []


def decode_once(flat: "Flat", where: Place, scale: float = 1.0) -> list[str]:
    import cv2
    import zxingcpp

    grey = cv2.cvtColor(flat.closer(where, scale), cv2.COLOR_BGR2GRAY)
    found = zxingcpp.read_barcodes(grey, formats=zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode]))
    return [barcode.text for barcode in found if barcode.text]
