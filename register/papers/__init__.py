"""The papers the register issues. Rendering blocks: call by `asyncio.to_thread`."""

from datetime import datetime, time
from pathlib import Path
from typing import Any

from kit import clock, pdf
from kit.pades import Signed
from register import dates, words
from register.messages import BirthEntry, Parent

_TEMPLATE = Path(__file__).parent / "giay-khai-sinh.typ"

SEX = {"male": "Nam", "female": "Nữ"}


def birth_certificate(entry: BirthEntry, *, specimen: bool, signed: Signed | None = None) -> bytes:
    """Giấy khai sinh of an entry as PDF/A, in the order of Luật Hộ tịch Đ14; `specimen` marks it as worth nothing,
    `signed` is how it is about to be signed."""
    child = entry.facts.child
    said = words.in_words(child.date_of_birth)
    data = {
        "specimen": specimen,
        "signed": None if signed is None else signed.printed(),
        "office": entry.office.name,
        "number": entry.number,
        "book": entry.book,
        "registered_on": _date_line(entry),
        "child": {
            "full_name": child.full_name.upper(),
            "date_of_birth": dates.figures(child.date_of_birth),
            "date_in_words": said[0].upper() + said[1:],
            "sex": SEX[child.sex],
            "ethnicity": child.ethnicity,
            "nationality": child.nationality,
            "place_of_birth": child.place_of_birth,
            "place_of_origin": child.place_of_origin,
            "pin": entry.pin,
        },
        "mother": _parent(entry.facts.mother),
        "father": _parent(entry.facts.father),
        "signer": {"name": entry.signer.full_name, "title": entry.signer.title},
        "note": entry.note,
    }
    return pdf.render(_TEMPLATE, data, at=datetime.combine(entry.registered_on, time(), clock.CITY))


def _parent(parent: Parent | None) -> dict[str, Any]:
    if parent is None:
        return {"full_name": None, "year_of_birth": None, "ethnicity": None, "nationality": None, "residence": None}
    return {
        "full_name": parent.full_name.upper(),
        "year_of_birth": str(dates.parts(parent.date_of_birth)[0]),
        "ethnicity": parent.ethnicity,
        "nationality": parent.nationality,
        "residence": parent.residence,
    }


def _date_line(entry: BirthEntry) -> str:
    day = entry.registered_on
    return f"ngày {day.day:02d} tháng {day.month:02d} năm {day.year}"
