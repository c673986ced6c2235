"""Messages, the ways they leave, and the sandbox's open store."""

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, text

from kit.db import Id, Instant, Json, metadata

messages = Table(
    "messages",
    metadata,
    Column("id", Id, primary_key=True),
    # What caused it; a cause that is retried finds its key taken and sends nothing twice.
    Column("once_key", Text, nullable=False, unique=True),
    Column("event", Text, nullable=False),
    Column("account_id", Id),
    Column("locale", Text, nullable=False),
    Column("fields", Json, nullable=False),
    # One-time codes and their like: sealed while they wait, null once they have left.
    Column("secrets_sealed", LargeBinary),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Index("ix_messages_account_id", "account_id", "id"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Id, primary_key=True),
    Column("message_id", Id, ForeignKey("messages.id"), nullable=False, index=True),
    Column("channel", Text, nullable=False),
    # The phone number or address, sealed; null once the letter has left or was given up.
    Column("contact_sealed", LargeBinary),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt_at", Instant, nullable=False),
    Column("last_error", Text),
    Column("delivered_at", Instant),
    Index("ix_deliveries_waiting", "next_attempt_at", postgresql_where=text("state = 'waiting'")),
)

sandbox_messages = Table(
    "sandbox_messages",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("event", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("to", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("text", Text, nullable=False),
)
