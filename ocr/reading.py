"""What a reading of a card is: the values every other room sees, and their JSON."""

import datetime
from typing import Literal

import msgspec

from kit import places
from kit.refusal import Words
from ocr.chip import reading as chip
from ocr.documents.layout import Place, Side

Decision = Literal["accept", "review", "retake"]
Status = Literal["confirmed", "read", "conflict", "missing"]
Witness = Literal["print", "qr", "mrz", "chip", "number"]

# The order fields are shown in; a reading holds every one of them that its card carries.
FIELDS = (
    "number",
    "old_number",
    "full_name",
    "date_of_birth",
    "sex",
    "nationality",
    "ethnicity",
    "place_of_origin",
    "place_of_residence",
    "place_of_birth",
    "date_of_issue",
    "date_of_expiry",
    "issuer",
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

    `value` is as the best source spells it (NFC); `normal` is for comparing and computing: ISO dates (`1990-05`, `1990`
    when the card knows no more), `none` for a card without expiry, `male`/`female`, folded names, today's ward code of a
    place. `confidence` is the probability that the value is right, calibrated on specimens (`ocr/models/README.md`).
    `place` tells what an address may mean on the old and on today's map.
    """

    value: str | None
    normal: str | None
    confidence: float
    status: Status
    sources: tuple[Source, ...] = ()
    reasons: tuple[str, ...] = ()
    place: places.Resolved | msgspec.UnsetType = msgspec.UNSET

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


class ChipSummary(msgspec.Struct, frozen=True):
    """How the chip's files stood up: verdict, every check, and whether the chip proved that it is no copy."""

    verdict: chip.Verdict
    cloned_checked: chip.Cloning
    checks: tuple[chip.Check, ...]


class CardReading(msgspec.Struct, frozen=True):
    """All that photos of a card, and its chip when it was read, said, and what may be done with it."""

    document: Document
    decision: Decision
    fields: dict[str, Field]
    issues: tuple[Issue, ...] = ()
    chip: ChipSummary | msgspec.UnsetType = msgspec.UNSET

    def confirmed(self, name: str) -> str | None:
        """The value of a field that two sources agree on, else None."""
        found = self.fields.get(name)
        return found.value if found is not None and found.status == "confirmed" else None

    def day(self, name: str) -> datetime.date | None:
        """`Field.day` of a field by name; None, too, when the card has no such field."""
        found = self.fields.get(name)
        return found.day() if found is not None else None


class Card(msgspec.Struct, frozen=True):
    """A reading, the portrait cut from the same photo and the flattened sides: JPEG bytes, which never enter the JSON."""

    reading: CardReading
    portrait: bytes | None
    flat: dict[Side, bytes] = {}
