"""Contacts on their way to become a way in, and what happened to an account."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, LargeBinary, SmallInteger, Table, Text

from kit.db import Id, Instant, Json, metadata

contact_confirmations = Table(
    "contact_confirmations",
    metadata,
    Column("id", Id, primary_key=True),
    Column("account_id", Id, ForeignKey("accounts.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("value_sealed", LargeBinary, nullable=False),
    Column("code_digest", LargeBinary, nullable=False),
    Column("tries", SmallInteger, nullable=False, server_default="0"),
    Column("expires_at", Instant, nullable=False, index=True),
    Column("used_at", Instant),
    CheckConstraint("kind in ('phone', 'email')", name="kind"),
)

account_events = Table(
    "account_events",
    metadata,
    Column("id", Id, primary_key=True),
    Column("account_id", Id, ForeignKey("accounts.id"), nullable=False),
    Column("at", Instant, nullable=False),
    Column("what", Text, nullable=False),
    Column("facts", Json, nullable=False),
    # Who did it: the holder, or an officer and their office.
    Column("by_account_id", Id, ForeignKey("accounts.id")),
    Column("by_office_id", Id, ForeignKey("offices.id")),
    Index("ix_account_events_account_id", "account_id", "id"),
)
"""Appended, never edited; a trigger holds it."""
