"""What a register entry says: the MoJ digitisation columns in English; `columns.toml` holds their own names."""

from datetime import date
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from kit.pin import Sex

Kind = Literal["birth", "marriage", "death", "recognition", "correction"]
BookKind = Kind | Literal["extract", "marital_status"]
"""What has a book of its own, one a year and office (Luật Hộ tịch Đ58); papers given out are numbered in books too."""
RegistrationKind = Literal["on_time", "late", "new", "again"]
"""`on_time` and `late` for births (60 days, Luật Hộ tịch Đ15) and deaths (15 days, Đ33); `again` where the first book is lost."""
RecognitionKind = Literal["father_of_child", "mother_of_child", "child_of_father", "child_of_mother"]
CorrectionKind = Literal["change", "correct", "complete"]
Item = Literal["name", "date_of_birth", "sex", "ethnicity", "place_of_origin", "parent", "marriage_ended", "other"]
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
Line = Annotated[str, Meta(min_length=1, max_length=2000)]
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


class Person(Struct, frozen=True, kw_only=True):
    """Anybody an entry names. What is None the book leaves open, as old papers do."""

    full_name: Words
    date_of_birth: PartialDate | None = None
    ethnicity: Words | None = None
    nationality: Words | None = None
    residence: Words | None = None
    residence_kind: ResidenceKind | None = "permanent"
    pin: str | None = None
    paper: PersonsPaper | None = None


class Parent(Person, frozen=True, kw_only=True):
    """Mother or father of a child."""


class Requester(Struct, frozen=True, kw_only=True):
    """Who asked for the registration; `relationship` in the form's words, such as "Mẹ"."""

    full_name: Words
    relationship: Words | None = None
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


class Spouse(Person, frozen=True, kw_only=True):
    """Husband or wife."""


class MarriageFacts(Struct, frozen=True, kw_only=True):
    husband: Spouse
    wife: Spouse


class Deceased(Person, frozen=True, kw_only=True):
    """Who died. Old books do not know the sex of everybody."""

    sex: Sex | None = None


class DeathNotice(Struct, frozen=True, kw_only=True):
    """Giấy báo tử, or the paper in its place."""

    number: Words
    issued_on: date | None = None
    issued_by: Words | None = None


class DeathFacts(Struct, frozen=True, kw_only=True):
    deceased: Deceased
    died_on: PartialDate
    died_at: Words | None = None
    """`HH:MM`, the city's time."""
    place_of_death: Words
    cause: Words | None = None
    notice: DeathNotice | None = None
    requester: Requester


class RecognitionFacts(Struct, frozen=True, kw_only=True):
    """`recogniser` asks to be written down as parent or child of `recognised`; which of the two is the parent `kind` says."""

    kind: RecognitionKind
    recogniser: Person
    recognised: Person
    grounds: Line
    requester: Requester

    @property
    def parent_role(self) -> Literal["father", "mother"]:
        return "father" if "father" in self.kind else "mother"

    @property
    def parent(self) -> Person:
        return self.recognised if self.kind.startswith("child_of") else self.recogniser

    @property
    def child(self) -> Person:
        return self.recogniser if self.kind.startswith("child_of") else self.recognised


class Correction(Struct, frozen=True, kw_only=True):
    """One point: what the book says, and what is right; `label` is the item as printed."""

    what: Item
    label: Words
    written: Words | None = None
    right: Words


class CorrectionFacts(Struct, frozen=True, kw_only=True):
    """What is put right on the entry `entry_id`; the entry itself stands and gets a note."""

    kind: CorrectionKind
    entry_id: str
    items: tuple[Correction, ...]
    grounds: Line
    requester: Requester


class Note(Struct, frozen=True, kw_only=True):
    """A line under Ghi chú of an entry, brought by the entry `by`; `changes` is what it says anew, by the facts' paths.

    `widowed` and `divorced` end a marriage; `death` says that the person died.
    """

    seq: int
    by: str
    kind: Literal["recognition", "correction", "death", "widowed", "divorced"]
    text: Line
    noted_on: date
    changes: dict[str, Any] = {}


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
    """One event in one book: what every kind has. Facts are as the notes leave them; what was first written stays in the book."""

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
    """What was written under Ghi chú on the day of registration."""
    notes: tuple[Note, ...] = ()

    @property
    def remarks(self) -> str | None:
        """Everything under Ghi chú, in order."""
        said = [self.note] if self.note else []
        return " ".join([*said, *(note.text for note in self.notes)]) or None

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

    @property
    def stands(self) -> bool:
        """Neither death nor a court has ended it, as far as the book knows."""
        return not any(note.kind in ("widowed", "divorced") for note in self.notes)


class DeathEntry(Entry, frozen=True, kw_only=True, tag="death", tag_field="kind"):
    facts: DeathFacts


class RecognitionEntry(Entry, frozen=True, kw_only=True, tag="recognition", tag_field="kind"):
    facts: RecognitionFacts


class CorrectionEntry(Entry, frozen=True, kw_only=True, tag="correction", tag_field="kind"):
    facts: CorrectionFacts


AnyEntry = BirthEntry | MarriageEntry | DeathEntry | RecognitionEntry | CorrectionEntry


class Sought(Struct, frozen=True, kw_only=True):
    """What somebody remembers of an entry; days partial, `book` as `01/1995` or `1995`."""

    kind: Kind
    full_name: str
    date_of_birth: PartialDate | None = None
    number: int | None = None
    book: str | None = None
    registered_at: str | None = None
    registered_on: PartialDate | None = None


class Extract(Struct, frozen=True, kw_only=True):
    """A copy extract given out: the entry as it stood that day, and its own number at the issuing office (Luật Hộ tịch Đ63)."""

    id: str
    number: int
    year: int
    office: Office
    signer: Signer
    issued_on: date
    copies: int
    entry: AnyEntry


class MaritalStatement(Struct, frozen=True, kw_only=True):
    """Giấy xác nhận tình trạng hôn nhân; `status` is what the books say, `said` the sentence printed."""

    number: int
    year: int
    office: Office
    signer: Signer
    issued_on: date
    full_name: str
    pin: str | None
    date_of_birth: str | None
    residence: str
    status: Literal["never_married", "married", "widowed", "divorced"]
    said: str
    purpose: str
