"""What people allowed whom: a row per decision. A decision is ended, never edited."""

from sqlalchemy import ARRAY, CheckConstraint, Column, ForeignKey, Index, Table, Text, text

from kit.db import Id, Instant, Json, metadata

consents = Table(
    "consents",
    metadata,
    Column("id", Id, primary_key=True),
    Column("account_id", Id, ForeignKey("accounts.id"), nullable=False),
    Column("client_id", Text, ForeignKey("oauth_clients.id"), nullable=False),
    # Scopes, and single claims as `claim:NAME`. What was asked and not allowed is not asked again.
    Column("asked", ARRAY(Text), nullable=False),
    Column("allowed", ARRAY(Text), nullable=False),
    # As the page said it then.
    Column("purpose", Json),
    Column("given_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("ended_why", Text),
    Index("uq_consents_standing", "account_id", "client_id", unique=True, postgresql_where=text("ended_at is null")),
    Index("ix_consents_account_id", "account_id", "given_at"),
    CheckConstraint("(ended_at is null) = (ended_why is null)", name="ended"),
    CheckConstraint("ended_why in ('withdrawn', 'replaced')", name="why"),
)
