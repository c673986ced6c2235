"""How every entry gets into its book and out again: one place, one line, the people it names, the notes on it."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import date, datetime
from functools import partial
from typing import Any, TypeVar

import msgspec

from kit import clock, ids, names
from kit.actor import Actor
from kit.db import AsyncConnection, to_json
from register import store
from register.messages import (
    AnyEntry,
    BirthEntry,
    BirthFacts,
    BookKind,
    CorrectionEntry,
    CorrectionFacts,
    DeathEntry,
    DeathFacts,
    Entry,
    Kind,
    MarriageEntry,
    MarriageFacts,
    Note,
    Office,
    Person,
    RecognitionEntry,
    RecognitionFacts,
    RegistrationKind,
    Signer,
)
from register.refusals import BookClosed, NotTheRegistrar

_REGISTRARS = {"civil_status", "head"}
_FACTS: dict[str, type[msgspec.Struct]] = {
    "birth": BirthFacts,
    "marriage": MarriageFacts,
    "death": DeathFacts,
    "recognition": RecognitionFacts,
    "correction": CorrectionFacts,
}
_ENTRIES: dict[str, type[Entry]] = {
    "birth": BirthEntry,
    "marriage": MarriageEntry,
    "death": DeathEntry,
    "recognition": RecognitionEntry,
    "correction": CorrectionEntry,
}

Row = Mapping[Any, Any]
S = TypeVar("S", bound=msgspec.Struct)
E = TypeVar("E", bound=Entry)


class Desk(msgspec.Struct, frozen=True, kw_only=True):
    """Who writes, where, when."""

    actor: Actor
    office: Office
    signer: Signer
    at: datetime

    @property
    def today(self) -> date:
        return self.at.astimezone(clock.CITY).date()

    def refuse_others(self) -> None:
        """Raises NotTheRegistrar unless a civil-status officer writes in their own office's book."""
        actor = self.actor
        if actor.kind != "officer" or actor.office_id != self.office.id or not actor.roles & _REGISTRARS:
            raise NotTheRegistrar


def as_written(facts: S) -> S:
    """Every text composed (NFC) and without stray spaces: what goes into the book and onto paper."""
    return msgspec.convert(_tidy(to_json(facts)), type(facts))


def _tidy(value: Any) -> Any:
    if isinstance(value, str):
        return names.nfc(value)
    if isinstance(value, dict):
        return {key: _tidy(item) for key, item in value.items()}
    return [_tidy(item) for item in value] if isinstance(value, list) else value


async def place(conn: AsyncConnection, desk: Desk, kind: BookKind) -> tuple[str, int, int]:
    """Book, volume and the next number of the office's open book of the year, which stays locked until the transaction ends.

    Raises BookClosed.
    """
    found = await _in_open_book(conn, desk, kind, partial(store.take_number, kind=kind))
    return found["id"], found["volume"], found["last_number"]


async def _in_open_book(
    conn: AsyncConnection, desk: Desk, kind: BookKind, take: Callable[..., Awaitable[Any | None]]
) -> Any:
    """What `take` gives of the office's open book of the year, which is opened when it is not there yet. Raises BookClosed."""
    office_id, year = desk.office.id, desk.today.year
    found = await take(conn, office_id=office_id, year=year)
    if found is None:
        await store.open_book(conn, office_id=office_id, kind=kind, year=year, volume=1, at=desk.at, closed=False)
        found = await take(conn, office_id=office_id, year=year)
    if found is None:
        raise BookClosed(year=year)
    return found


async def write(
    conn: AsyncConnection,
    desk: Desk,
    kind: type[E],
    *,
    facts: msgspec.Struct,
    registration_kind: RegistrationKind,
    people: Mapping[str, Person],
    note: str | None = None,
    pin: str | None = None,
    likeness: str | None = None,
    notification_number: str | None = None,
) -> E:
    """A new line in the book; `people` are whom it names, by role. Raises BookClosed, and `store.Taken` where the table's rules say no."""
    name: Kind = tag(kind)
    fields: dict[str, Any] = {
        "id": ids.new_id("reg"),
        # Its place, until the book gives it one.
        "book_id": "",
        "volume": 0,
        "number": 0,
        "page": 0,
        "year": desk.today.year,
        "registered_on": desk.today,
        "registration_kind": registration_kind,
        "office": desk.office,
        "signer": desk.signer,
        "note": note,
        "facts": facts,
    }
    if name == "birth":
        fields["pin"] = pin
    entry = kind(**fields)
    row = {
        **columns(entry, name, desk.at),
        "pin": pin,
        "likeness": likeness,
        "notification_number": notification_number,
        "entered_by": desk.actor.account_id,
    }
    named = [person(role, who) for role, who in people.items()]
    place = await _in_open_book(conn, desk, name, partial(store.add_line, entry=row, people=named))
    return msgspec.structs.replace(
        entry, book_id=place.book_id, volume=place.volume, number=place.number, page=place.number
    )


async def annotate(
    conn: AsyncConnection,
    desk: Desk,
    entry: AnyEntry,
    by: Entry,
    *,
    kind: str,
    text: str,
    changes: Mapping[str, Any] | None = None,
    people: Mapping[str, Person] | None = None,
) -> None:
    """One note more on an entry that is locked and was read behind the lock; `people` are those it names anew."""
    note = {
        "entry_id": entry.id,
        "seq": len(entry.notes) + 1,
        "by": by.id,
        "kind": kind,
        "text": text,
        "noted_on": desk.today,
        "changes": dict(changes or {}),
        "entered_at": desk.at,
    }
    await store.add_note(conn, note, [person(role, who) for role, who in (people or {}).items()])


async def locked(conn: AsyncConnection, entry_id: str) -> AnyEntry:
    """An entry as it stands, on which nobody else writes a note until the transaction ends."""
    await store.lock_entry(conn, entry_id)
    row = await store.entry(conn, entry_id)
    assert row is not None, "entries never go"
    return decode(row)


def person(role: str, who: Person, *, pin: str | None = None) -> dict[str, Any]:
    """How a person is found."""
    return {
        "role": role,
        "pin": pin or who.pin,
        "name_folded": names.fold(who.full_name),
        "date_of_birth": who.date_of_birth,
    }


def tag(kind: type[Entry]) -> Any:
    return kind.__struct_config__.tag


def columns(entry: Any, kind: Kind, at: datetime) -> dict[str, Any]:
    """The columns that every kind has."""
    return {
        "id": entry.id,
        "book_id": entry.book_id,
        "kind": kind,
        "number": entry.number,
        "page": entry.page,
        "registered_on": entry.registered_on,
        "registration_kind": entry.registration_kind,
        "office_name": entry.office.name,
        "signer_name": entry.signer.full_name,
        "signer_title": entry.signer.title,
        "clerk_name": entry.signer.clerk,
        "note": entry.note,
        "facts": to_json(entry.facts),
        "entered_at": at,
    }


def decode(row: Row, *, notes: int | None = None) -> AnyEntry:
    """An entry with its first `notes` notes, all of them by default: its facts say what the notes say anew."""
    kind = row["kind"]
    written = msgspec.convert(row["notes"][:notes], list[Note])
    facts = row["facts"]
    for note in written:
        facts = with_changes(facts, note.changes)
    fields: dict[str, Any] = {
        "id": row["id"],
        "book_id": row["book_id"],
        "volume": row["volume"],
        "year": row["year"],
        "number": row["number"],
        "page": row["page"],
        "registered_on": row["registered_on"],
        "registration_kind": row["registration_kind"],
        "office": Office(id=row["office_id"], name=row["office_name"]),
        "signer": Signer(full_name=row["signer_name"], title=row["signer_title"], clerk=row["clerk_name"]),
        "note": row["note"],
        "notes": tuple(written),
        "facts": msgspec.convert(facts, _FACTS[kind]),
    }
    if kind == "birth":
        fields["pin"] = row["pin"]
    found: Any = _ENTRIES[kind](**fields)
    return found


def with_changes(facts: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of the facts with other values at these dotted paths."""
    found: dict[str, Any] = dict(facts)
    for path, value in changes.items():
        first, _, rest = path.partition(".")
        found[first] = with_changes(found.get(first) or {}, {rest: value}) if rest else value
    return found
