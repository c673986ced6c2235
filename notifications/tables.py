"""Messages, the ways they leave, what people chose, and the sandbox's open store."""

from sqlalchemy import ARRAY, Column, ForeignKey, Index, Integer, LargeBinary, SmallInteger, Table, Text, text

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
    # Of one chain the lowest rank leaves first; the others are `held` until all of that rank failed.
    Column("chain", SmallInteger, nullable=False, server_default="0"),
    Column("rank", SmallInteger, nullable=False, server_default="0"),
    # The phone number, address or device token, sealed; null once nobody needs it any more.
    Column("contact_sealed", LargeBinary),
    # waiting · held · sent · received · spared (an earlier way did it) · expired · given_up (never) · dead (for want of an answer).
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt_at", Instant, nullable=False),
    Column("last_error", Text),
    Column("sent_at", Instant),
    # What the provider calls it, and when it told that the letter arrived.
    Column("provider_id", Text),
    Column("received_at", Instant),
    Index("ix_deliveries_waiting", "next_attempt_at", postgresql_where=text("state = 'waiting'")),
    Index("ix_deliveries_dead", "id", postgresql_where=text("state = 'dead'")),
)

message_preferences = Table(
    "message_preferences",
    metadata,
    Column("account_id", Id, primary_key=True),
    Column("ways", ARRAY(Text), nullable=False),
    Column("quiet_from", Text),
    Column("quiet_until", Text),
)

push_devices = Table(
    "push_devices",
    metadata,
    Column("id", Id, primary_key=True),
    Column("account_id", Id, nullable=False, index=True),
    Column("platform", Text, nullable=False),
    # One token is one app on one device: whoever signs in there last gets its messages, nobody before.
    Column("token_digest", LargeBinary, nullable=False, unique=True),
    Column("token_sealed", LargeBinary, nullable=False),
    Column("added_at", Instant, nullable=False),
)

provider_tokens = Table(
    "provider_tokens",
    metadata,
    Column("name", Text, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("renewed_at", Instant, nullable=False),
)
"""Tokens that a provider changes with each use: of every process the same, so a row and not a file."""

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
