"""What a page's form sent, as answers: texts back into the kinds that fields ask for. What cannot be one stays text, and is refused by name."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from kit import names, places
from procedures import rules
from procedures.messages import CodeList, Field

COUNTRIES = "nationality"
"""The list that countries of addresses are read from; it stands among `lists`, whatever the form."""

MOST_ROWS = 30
_ROW = re.compile(r"([0-9]{1,2})\.")

Posted = Mapping[str, str]
"""Names and texts, one each."""


def mark(value: Any) -> str:
    """What a page shows of an answer, in short: a form sends it back, so that only what the person changed is a change."""
    return hashlib.sha256(msgspec.json.encode(value, order="sorted")).hexdigest()[:16]


def changes(fields: Iterable[tuple[str, Field]], posted: Posted, lists: Mapping[str, CodeList]) -> dict[str, Any]:
    """The answers that differ from what the page showed, by path."""
    found: dict[str, Any] = {}
    for path, field in fields:
        shown = posted.get(f"was.{path}")
        if shown is None:
            continue  # the page had no input for it
        value = answer(field, f"f.{path}", posted, lists)
        if mark(value) != shown:
            found[path] = value
    return found


def answer(field: Field, name: str, posted: Posted, lists: Mapping[str, CodeList]) -> Any:
    """One answer from its input or inputs; None when they are blank."""
    match field.kind:
        case "address":
            return _address(name, posted, lists)
        case "rows":
            return _rows(field, name, posted, lists)
        case kind:
            text = names.nfc(posted.get(name, ""))
            return _value(field, kind, text, lists) if text else None


def _value(field: Field, kind: str, text: str, lists: Mapping[str, CodeList]) -> Any:
    if kind == "boolean":
        return {"yes": True, "no": False}.get(text, text)
    if kind == "integer":
        digits = re.sub(r"[ .]", "", text)
        return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 16 else text
    if kind == "date":
        day = rules.as_date(text)
        return day.isoformat() if day is not None else text
    if kind == "code":
        return code_of(lists[field.codes or ""], text)
    return text


def code_of(codes: CodeList, text: str) -> str:
    """The code that a chosen or typed name stands for; the text itself when it is none."""
    if codes.get(text) is not None:
        return text
    wanted = names.fold(text)
    named = (code.code for code in codes.codes if wanted in (names.fold(code.vi), names.fold(code.en)))
    return next(named, text)


def _address(name: str, posted: Posted, lists: Mapping[str, CodeList]) -> dict[str, str] | None:
    parts = {part: names.nfc(posted.get(f"{name}.{part}", "")) for part in ("detail", "ward", "country", "printed")}
    if parts["ward"]:
        parts["ward"] = ward_of(parts["ward"])
    if parts["country"]:
        parts["country"] = code_of(lists[COUNTRIES], parts["country"])
    given = {part: text for part, text in parts.items() if text}
    return given if given.keys() - {"printed"} else None


def ward_of(text: str) -> str:
    """The code of a ward typed or chosen by name; one of the city's goes before others of its name."""
    if places.ward(text) is not None:
        return text
    wanted = names.fold(text)
    for place in places.wards():
        if wanted in (names.fold(place.name), names.fold(f"{place.name}, {place.province_name}")):
            return place.code
    return places.resolve(text).ward_code or text


def _rows(field: Field, name: str, posted: Posted, lists: Mapping[str, CodeList]) -> list[dict[str, Any]] | None:
    numbers = sorted(
        {int(m[1]) for key in posted if key.startswith(f"{name}.") and (m := _ROW.match(key[len(name) + 1 :]))}
    )
    rows = [
        {inner.name: answer(inner, f"{name}.{number}.{inner.name}", posted, lists) for inner in field.fields}
        for number in numbers[:MOST_ROWS]
    ]
    given = [{key: value for key, value in row.items() if value is not None} for row in rows]
    return [row for row in given if row] or None
