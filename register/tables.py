"""The civil register: books, entries that are only ever added, notes on them, the people each names, extracts given out.

`migrations/versions/0003_register.py` and `0030_register_events.py` also give entries, notes and extracts a trigger that refuses
UPDATE and DELETE: what was registered stands, and a correction is an entry of its own with a note on the one it changes.
"""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from kit.db import Id, Instant, Json, metadata

register_books = Table(
    "register_books",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("office_id", Id, nullable=False),
    Column("year", SmallInteger, nullable=False),
    Column("volume", SmallInteger, nullable=False),
    # The row is locked while a number is taken: whoever registers next waits until the transaction before has ended.
    Column("last_number", Integer, nullable=False, server_default="0"),
    Column("opened_at", Instant, nullable=False),
    Column("closed_at", Instant),
    UniqueConstraint("office_id", "kind", "year", "volume"),
    Index(
        "uq_register_books_open", "office_id", "kind", "year", unique=True, postgresql_where=text("closed_at is null")
    ),
    CheckConstraint(
        "kind in ('birth', 'marriage', 'death', 'recognition', 'correction', 'extract', 'marital_status')", name="kind"
    ),
)

register_entries = Table(
    "register_entries",
    metadata,
    Column("id", Id, primary_key=True),
    Column("book_id", Id, ForeignKey("register_books.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("page", Integer, nullable=False),
    Column("registered_on", Date, nullable=False),
    Column("registration_kind", Text, nullable=False),
    # As printed on that day; offices merge and change their names, entries do not.
    Column("office_name", Text, nullable=False),
    Column("signer_name", Text, nullable=False),
    Column("signer_title", Text, nullable=False),
    Column("clerk_name", Text, nullable=False),
    Column("note", Text),
    # The one the entry is about: the child, the deceased. Nobody alone for a marriage.
    Column("pin", Text),
    Column("facts", Json, nullable=False),
    Column("notification_number", Text),
    # SHA-256 of what makes two births, or two deaths, the same one.
    Column("likeness", Text),
    Column("entered_by", Id),
    Column("entered_at", Instant, nullable=False),
    UniqueConstraint("book_id", "number"),
    CheckConstraint("kind in ('birth', 'marriage', 'death', 'recognition', 'correction')", name="kind"),
    CheckConstraint("number > 0 and page > 0", name="place"),
    Index("uq_register_entries_birth_pin", "pin", unique=True, postgresql_where=text("kind = 'birth'")),
    Index(
        "uq_register_entries_birth_notification",
        "notification_number",
        unique=True,
        postgresql_where=text("kind = 'birth'"),
    ),
    Index("uq_register_entries_birth_likeness", "likeness", unique=True, postgresql_where=text("kind = 'birth'")),
    Index("uq_register_entries_death_pin", "pin", unique=True, postgresql_where=text("kind = 'death'")),
    Index("ix_register_entries_death_likeness", "likeness", postgresql_where=text("kind = 'death'")),
)

register_notes = Table(
    "register_notes",
    metadata,
    Column("entry_id", Id, ForeignKey("register_entries.id"), primary_key=True),
    Column("seq", SmallInteger, primary_key=True),
    # The entry that brought it: a correction, a recognition, a death.
    Column("by", Id, ForeignKey("register_entries.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("noted_on", Date, nullable=False),
    # path of the entry's facts -> what it says from then on.
    Column("changes", Json, nullable=False),
    Column("entered_at", Instant, nullable=False),
    CheckConstraint("kind in ('recognition', 'correction', 'death', 'widowed', 'divorced')", name="kind"),
)

register_extracts = Table(
    "register_extracts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("book_id", Id, ForeignKey("register_books.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("entry_id", Id, ForeignKey("register_entries.id"), nullable=False),
    # How many notes the entry had that day: the paper printed again is the paper given out.
    Column("notes", SmallInteger, nullable=False),
    Column("copies", SmallInteger, nullable=False),
    Column("requester_name", Text, nullable=False),
    Column("requester_pin", Text),
    Column("office_name", Text, nullable=False),
    Column("signer_name", Text, nullable=False),
    Column("signer_title", Text, nullable=False),
    Column("clerk_name", Text, nullable=False),
    Column("issued_on", Date, nullable=False),
    Column("entered_by", Id),
    Column("entered_at", Instant, nullable=False),
    UniqueConstraint("book_id", "number"),
    CheckConstraint("number > 0 and copies > 0", name="counts"),
)
"""Sổ cấp bản sao trích lục: its own numbers at the issuing office, whichever office keeps the entry."""

register_people = Table(
    "register_people",
    metadata,
    Column("entry_id", Id, ForeignKey("register_entries.id"), primary_key=True),
    Column("role", Text, primary_key=True),
    # 0 as first written, else the note that says it anew: an entry is found by the old name and by the right one.
    Column("note", SmallInteger, primary_key=True, server_default="0"),
    Column("pin", Text, index=True),
    Column("name_folded", Text, nullable=False, index=True),
    Column("date_of_birth", Text),
    CheckConstraint(
        "role in ('child', 'mother', 'father', 'husband', 'wife', 'deceased', 'recogniser', 'recognised')", name="role"
    ),
)
