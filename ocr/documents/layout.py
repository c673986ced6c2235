"""How a card generation is described: what each side says, where on the flattened card things stand, and when it was issued."""

import datetime
from typing import Literal

import msgspec

Side = Literal["front", "back"]

# ID-1 of ISO/IEC 7810: 85.60 x 53.98 mm.
ASPECT = 85.60 / 53.98


class Place(msgspec.Struct, frozen=True):
    """A rectangle in fractions of the flattened card's width and height."""

    x: float
    y: float
    width: float
    height: float


# The machine-readable zone fills the lowest 23 mm of a card of ID-1 size (ICAO 9303-5).
ZONE = Place(0.0, 0.66, 1.0, 0.34)


class Label(msgspec.Struct, frozen=True):
    """The words printed before or above a field; an empty `field` marks words that only end another field's value.

    Generations printed in Vietnamese only have an empty `en`. `value` says where the field stands: `after` its words (on
    their line or below), or `among` them, as in "Ngày 12 tháng 08 năm 2009", whose words are then the ones between.
    """

    field: str
    vi: str
    en: str
    many_lines: bool = False
    value: Literal["after", "among"] = "after"


class Layout(msgspec.Struct, frozen=True):
    """One side. `marks` are phrases that together stand on this side of this generation and on no other.

    `never` are phrases which say that this is another generation, however many of the marks seem to be there: what a
    fuzzy search takes for a mark, and the English of later cards. None is a letter or two from the name of a place.
    """

    side: Side
    marks: tuple[str, ...]
    labels: tuple[Label, ...]
    qr: Place | None = None
    portrait: Place | None = None
    has_mrz: bool = False
    barcode: Place | None = None
    never: tuple[str, ...] = ()
    has_colour: bool = True
    """Whether a genuine side can be told from a black-and-white copy by its colours."""


class Document(msgspec.Struct, frozen=True):
    """One generation of cards.

    `variant_of` names the kind whose print this one shares: such a kind is never told by its marks, but by what its
    layouts lack (the portrait) and by its holder's age. Dates of issue are the first and last that a genuine card can
    bear, None for a kind still issued; `youngest` and `below` bound the holder's age in full years on that day.
    """

    kind: str
    name_vi: str
    name_en: str
    front: Layout
    back: Layout
    first_issued: datetime.date = datetime.date.min
    last_issued: datetime.date | None = None
    youngest: int = 14
    below: int | None = None
    variant_of: str | None = None
    issuer_vi: str = ""
    issuer_en: str = ""
    issuer_is_printed: bool = False
    """The label `issuer` is followed by the province; otherwise `issuer_vi` is the whole name."""
    number_digits: int = 12
    date_mark: Literal["/", "-"] = "/"
    years_valid: int | None = None
    """For kinds that do not print their expiry; the others end when the holder reaches an age."""

    @property
    def layouts(self) -> tuple[Layout, Layout]:
        return self.front, self.back

    @property
    def is_bilingual(self) -> bool:
        return any(label.en for layout in self.layouts for label in layout.labels)

    def may_be_issued(self, day: datetime.date) -> bool:
        """Whether a genuine card of this kind can bear this date of issue."""
        return self.first_issued <= day and (self.last_issued is None or day <= self.last_issued)

    def may_be_held(self, born: datetime.date, issued: datetime.date) -> bool:
        """Whether somebody born that day could be given this kind on the day of issue."""
        age = issued.year - born.year - ((issued.month, issued.day) < (born.month, born.day))
        return self.youngest <= age and (self.below is None or age < self.below)


# What every bilingual generation prints, on the one side or the other, and no older one does.
ENGLISH = (
    "SOCIALIST REPUBLIC OF VIET NAM",
    "Citizen Identity Card",
    "IDENTITY CARD",
    "Full name",
    "Date of birth",
    "Nationality",
    "Personal identification",
    "Left index finger",
    "Place of residence",
    "Date of issue",
)
