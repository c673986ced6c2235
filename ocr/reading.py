"""What a reading of a card is: the values every other room sees, and their JSON."""

import datetime
from typing import Literal

import msgspec

from kit.refusal import Words
from ocr.documents.layout import Place, Side

Decision = Literal["accept", "review", "retake"]
Status = Literal["confirmed", "read", "conflict", "missing"]
Witness = Literal["print", "qr", "mrz", "number"]

# The order fields are shown in; a reading holds every one of them that its card carries.
FIELDS = (
    "number",
    "old_number",
    "full_name",
    "date_of_birth",
    "sex",
    "nationality",
    "place_of_origin",
    "place_of_residence",
    "place_of_birth",
    "date_of_issue",
    "date_of_expiry",
    "mrz",
    "qr",
)


class Box(msgspec.Struct, frozen=True):
    """Where on which flattened side, in fractions of its width and height."""

    side: Side
    x: float
    y: float
    width: float
    height: float

    @classmethod
    def of(cls, side: Side, place: Place) -> "Box":
        return cls(side=side, x=place.x, y=place.y, width=place.width, height=place.height)


class Source(msgspec.Struct, frozen=True):
    """One witness of a field: what it says, as it says it."""

    source: Witness
    value: str
    confidence: float
    box: Box | None = None


class Field(msgspec.Struct, frozen=True):
    """One fact of the card.

    `value` is as the best source spells it (NFC); `normal` is for comparing and computing: ISO dates, `male`/`female`,
    `none` for a card without expiry, folded names. `confidence` is not yet calibrated.
    """

    value: str | None
    normal: str | None
    confidence: float
    status: Status
    sources: tuple[Source, ...] = ()
    reasons: tuple[str, ...] = ()

    def day(self) -> datetime.date | None:
        """The day a date field names, whatever its status; None when missing, unreadable or without end."""
        try:
            return datetime.date.fromisoformat(self.normal) if self.normal is not None else None
        except ValueError:
            return None


class Issue(msgspec.Struct, frozen=True):
    """Something a person should see about this reading; `field` is None when it concerns the card or a photo."""

    code: str
    field: str | None
    message: Words


class SideQuality(msgspec.Struct, frozen=True):
    """Measured on one photo: the card's width in it, sharpness and light of the flattened card, the share burnt out."""

    card_width_px: int
    sharpness: float
    brightness: float
    glare_share: float


class Document(msgspec.Struct, frozen=True):
    """`sides` tells which of the photos, as sent, showed which side."""

    kind: str
    sides: tuple[Side, ...]
    quality: dict[Side, SideQuality]


class CardReading(msgspec.Struct, frozen=True):
    """All that two photos of a card said, and what may be done with it."""

    document: Document
    decision: Decision
    fields: dict[str, Field]
    issues: tuple[Issue, ...] = ()

    def confirmed(self, name: str) -> str | None:
        """The value of a field that two sources agree on, else None."""
        found = self.fields.get(name)
        return found.value if found is not None and found.status == "confirmed" else None

    def day(self, name: str) -> datetime.date | None:
        """`Field.day` of a field by name; None, too, when the card has no such field."""
        found = self.fields.get(name)
        return found.day() if found is not None else None


class Card(msgspec.Struct, frozen=True):
    """A reading and the portrait cut from the same photo: JPEG bytes, which never enter the reading's JSON."""

    reading: CardReading
    portrait: bytes | None
