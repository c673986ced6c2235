"""Breaches, and what was done about each."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Table, Text

from kit.db import Id, Instant, metadata

breaches = Table(
    "breaches",
    metadata,
    Column("id", Id, primary_key=True),
    Column("what", Text, nullable=False),
    Column("affected", Text, nullable=False),
    Column("known_at", Instant, nullable=False),
    Column("deadline_at", Instant, nullable=False),
    Column("notified_at", Instant),
    Column("notice_reference", Text),
    Column("closed_at", Instant),
    Column("closed_with", Text),
    CheckConstraint("(notified_at is null) = (notice_reference is null)", name="notified"),
    CheckConstraint("(closed_at is null) = (closed_with is null)", name="closed"),
    CheckConstraint("closed_at is null or notified_at is not null", name="order"),
)

breach_events = Table(
    "breach_events",
    metadata,
    Column("id", Id, primary_key=True),
    Column("breach_id", Id, ForeignKey("breaches.id"), nullable=False),
    Column("at", Instant, nullable=False),
    Column("what", Text, nullable=False),
    Column("said", Text, nullable=False),
    # Null where the clock itself did it.
    Column("officer_id", Id, ForeignKey("accounts.id")),
    Column("office_id", Id, ForeignKey("offices.id")),
    Index("ix_breach_events_breach_id", "breach_id", "id"),
)
"""Appended, never edited; a trigger holds it."""
