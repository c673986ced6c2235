"""Readings as the card room would give them, one flaw at a time; the person is fictional."""

from typing import Any

import msgspec

from ocr import Card, CardReading, Document, Field, Source

NUMBER = "079089000123"
FULL_NAME = "Nguyễn Văn Hư Cấu"

_SAID: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "number": (NUMBER, NUMBER, ("qr", "mrz", "print")),
    "full_name": (FULL_NAME, "nguyen van hu cau", ("qr", "mrz", "print")),
    "date_of_birth": ("15/01/1989", "1989-01-15", ("qr", "mrz", "print", "number")),
    "sex": ("Nam", "male", ("qr", "mrz", "print", "number")),
    "nationality": ("Việt Nam", "VNM", ("mrz", "print")),
    "place_of_residence": ("Số 1 đường Hư Cấu", "Số 1 đường Hư Cấu", ("qr",)),
    "place_of_origin": ("Ha Noi", "Ha Noi", ("print",)),
    "date_of_issue": ("01/07/2024", "2024-07-01", ("qr", "print")),
    "date_of_expiry": ("15/01/2029", "2029-01-15", ("mrz", "print")),
    "mrz": ("IDVNM…", "IDVNM…", ("mrz",)),
    "qr": (NUMBER, NUMBER, ("qr",)),
}


def field(name: str, **other: Any) -> Field:
    """The good card's field, with what is given instead."""
    value, normal, witnesses = _SAID[name]
    sources = tuple(Source(source=witness, value=value, confidence=0.99) for witness in witnesses)
    strong = [witness for witness in witnesses if witness != "number"]
    made = Field(
        value=value,
        normal=normal,
        confidence=0.99,
        status="confirmed" if len(strong) > 1 else "read",
        sources=sources,
    )
    if "witnesses" in other:
        other["sources"] = tuple(
            Source(source=witness, value=value, confidence=0.99) for witness in other.pop("witnesses")
        )
    return msgspec.structs.replace(made, **other)


MISSING = Field(value=None, normal=None, confidence=0.0, status="missing")


def reading(decision: str = "accept", **fields: Field) -> CardReading:
    """A good card's reading, with these fields instead."""
    return CardReading(
        document=Document(kind="can_cuoc_2024", sides=("front", "back"), quality={}),
        decision=decision,
        fields={name: field(name) for name in _SAID} | fields,
    )


_ONE_OF_THEIRS = b"\xff\xd8\xff portrait of somebody "


def card(decision: str = "accept", *, portrait: bytes | None = _ONE_OF_THEIRS, **fields: Field) -> Card:
    """Each number has a portrait of its own, unless told which."""
    read = reading(decision, **fields)
    if portrait is _ONE_OF_THEIRS:
        portrait += str(read.fields["number"].value).encode()
    return Card(reading=read, portrait=portrait)
