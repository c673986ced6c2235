"""Offices of the agencies, and who holds which roles there, from when until when."""

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Table,
    Text,
    Time,
    UniqueConstraint,
    text,
)

from kit.db import Id, Instant, metadata

offices = Table(
    "offices",
    metadata,
    Column("id", Id, primary_key=True),
    Column("agency", Text, nullable=False),
    Column("ward_code", Text, nullable=False),
    Column("name_vi", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("agency", "ward_code"),
    CheckConstraint("agency in ('ubnd_xa', 'cong_an_xa', 'bhxh')", name="agency"),
)

officers = Table(
    "officers",
    metadata,
    Column("id", Id, primary_key=True),
    Column("account_id", Id, ForeignKey("accounts.id"), nullable=False),
    Column("office_id", Id, ForeignKey("offices.id"), nullable=False, index=True),
    Column("roles", ARRAY(Text), nullable=False),
    Column("from_on", Date, nullable=False),
    # The last day in office; null until it is known.
    Column("until_on", Date),
    # The city's hours; outside them nobody is signed in. Null: at any hour.
    Column("shift_from", Time),
    Column("shift_until", Time),
    # What of the roles' work they do: codes of procedures, or fields as the catalogue names them; null is all of it.
    Column("skills", ARRAY(Text)),
    Column("appointed_at", Instant, nullable=False),
    Column("ended_at", Instant),
    # An officer acts for one office at a time, so that every act has one office.
    Index("uq_officers_account_id_open", "account_id", unique=True, postgresql_where=text("ended_at is null")),
    CheckConstraint("until_on is null or until_on >= from_on", name="dates"),
    CheckConstraint("cardinality(roles) > 0", name="roles"),
    CheckConstraint("(shift_from is null) = (shift_until is null) and shift_from < shift_until", name="shift"),
)
