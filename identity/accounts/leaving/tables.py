"""Requests about one's data, and what was done about each."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Table, Text, text

from kit.db import Id, Instant, Json, metadata

data_requests = Table(
    "data_requests",
    metadata,
    Column("id", Id, primary_key=True),
    Column("account_id", Id, ForeignKey("accounts.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("said", Text, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("acknowledge_by", Instant, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("acknowledged_at", Instant),
    Column("extended_at", Instant),
    Column("decided_at", Instant),
    Column("verdict", Text),
    # Appended: [{"at", "what", "said", "officer_id", "office_id"}].
    Column("steps", Json, nullable=False),
    Index("ix_data_requests_account_id", "account_id", "id"),
    Index("ix_data_requests_waiting", "due_at", postgresql_where=text("decided_at is null")),
    CheckConstraint("kind in ('export', 'correct', 'object', 'restrict', 'delete', 'close')", name="kind"),
    CheckConstraint("verdict in ('done', 'refused')", name="verdict"),
    CheckConstraint("(decided_at is null) = (verdict is null)", name="decided"),
)
