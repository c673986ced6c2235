"""What a register entry says: the MoJ digitisation columns in English; `columns.toml` holds their own names."""

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta, Struct

from kit.pin import Sex

Kind = Literal["birth", "marriage", "death", "recognition"]
RegistrationKind = Literal["on_time", "late", "new"]
"""`on_time` and `late` for births (60 days, Luật Hộ tịch Đ15); `new` for a marriage."""
ResidenceKind = Literal["permanent", "temporary", "present"]
PaperKind = Literal[
    "cmnd",
    "officer_card",
    "police_card",
    "cccd",
    "passport",
    "household_book",
    "other",
    "identity_card",
    "identity_certificate",
]

Words = Annotated[str, Meta(min_length=1, max_length=300)]
PartialDate = Annotated[str, Meta(pattern=r"^\d{4}(-\d{2}(-\d{2})?)?$")]
"""`YYYY-MM-DD`, `YYYY-MM` or `YYYY`: the books hold people who know no more of their birthday."""


class PersonsPaper(Struct, frozen=True, kw_only=True):
    """The paper a person showed."""

    kind: PaperKind
    number: Words
    issued_on: date | None = None
    issued_by: Words | None = None


class Child(Struct, frozen=True, kw_only=True):
    """The one whose birth is registered. Ethnicity and nationality are the words printed, not codes."""

    full_name: Words
    sex: Sex
    date_of_birth: PartialDate
    place_of_birth: Words
    place_of_birth_unit: str | None = None
    """Ward code of the place of birth, today's map."""
    place_of_origin: Words
    ethnicity: Words
    nationality: Words


class Parent(Struct, frozen=True, kw_only=True):
    full_name: Words
    date_of_birth: PartialDate
    ethnicity: Words
    nationality: Words
    residence: Words
    residence_kind: ResidenceKind = "permanent"
    pin: str | None = None
    paper: PersonsPaper | None = None


class Requester(Struct, frozen=True, kw_only=True):
    """Who asked for the registration; `relationship` in the form's words, such as "Mẹ"."""

    full_name: Words
    relationship: Words
    pin: str | None = None
    paper: PersonsPaper | None = None


class BirthNotification(Struct, frozen=True, kw_only=True):
    """The hospital's giấy chứng sinh (TT 22/2025/TT-BYT); one for each twin."""

    number: Words
    issued_on: date | None = None
    issued_by: Words | None = None


class BirthFacts(Struct, frozen=True, kw_only=True):
    """A found child has neither parent; a child born outside a hospital has no notification."""

    child: Child
    mother: Parent | None = None
    father: Parent | None = None
    requester: Requester
    notification: BirthNotification | None = None
    multiple_birth: bool = False
    birth_order: Annotated[int, Meta(ge=1, le=9)] = 1
    """Among children of one birth; 1 when there is one."""


class Spouse(Struct, frozen=True, kw_only=True):
    full_name: Words
    date_of_birth: PartialDate
    ethnicity: Words
    nationality: Words
    residence: Words
    residence_kind: ResidenceKind = "permanent"
    pin: str | None = None
    paper: PersonsPaper | None = None


class MarriageFacts(Struct, frozen=True, kw_only=True):
    husband: Spouse
    wife: Spouse


class Office(Struct, frozen=True, kw_only=True):
    """The registering office, its name as printed: "Ủy ban nhân dân phường Sài Gòn, Thành phố Hồ Chí Minh"."""

    id: str
    name: Words


class Signer(Struct, frozen=True, kw_only=True):
    """Who signs, and who entered it in the book."""

    full_name: Words
    title: Words
    clerk: Words


class Entry(Struct, frozen=True, kw_only=True):
    """One event in one book: what every kind has."""

    id: str
    book_id: str
    volume: int
    year: int
    number: int
    page: int
    registered_on: date
    registration_kind: RegistrationKind
    office: Office
    signer: Signer
    note: str | None = None

    @property
    def book(self) -> str:
        """The book as the papers name it: `01/2026`."""
        return f"{self.volume:02d}/{self.year}"


class BirthEntry(Entry, frozen=True, kw_only=True, tag="birth", tag_field="kind"):
    pin: str
    facts: BirthFacts


class MarriageEntry(Entry, frozen=True, kw_only=True, tag="marriage", tag_field="kind"):
    facts: MarriageFacts

    def spouse_of(self, pin: str) -> Spouse:
        """The other one of the two."""
        return self.facts.wife if self.facts.husband.pin == pin else self.facts.husband
