"""What partners asked to have registered, and what operators said to it."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Table, Text, text

from kit.db import Id, Instant, Json, metadata

client_applications = Table(
    "client_applications",
    metadata,
    Column("id", Id, primary_key=True),
    # Chosen by us when a new one is asked for; an existing one when it is to change.
    Column("client_id", Text, nullable=False),
    Column("owner_id", Id, ForeignKey("accounts.id"), nullable=False),
    Column("wanted", Json, nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("decided_at", Instant),
    Column("verdict", Text),
    Column("reason", Text),
    Column("officer_id", Id),
    Index("ix_client_applications_owner_id", "owner_id", "id"),
    Index("uq_client_applications_open", "client_id", unique=True, postgresql_where=text("decided_at is null")),
    CheckConstraint("(decided_at is null) = (verdict is null)", name="decided"),
    CheckConstraint("verdict in ('approved', 'refused')", name="verdict"),
)
