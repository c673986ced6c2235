"""Machines that asked to be kiosks, and what became of it."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Table, Text, text

from kit.db import Id, Instant, Json, metadata

kiosks = Table(
    "kiosks",
    metadata,
    Column("id", Id, primary_key=True),
    # RFC 7638, of the public key; the private half never leaves the machine.
    Column("thumbprint", Text, nullable=False),
    Column("key", Json, nullable=False),
    Column("code", Text, nullable=False, unique=True),
    Column("asked_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False, index=True),
    # Once approved: the client it calls as, which has the name and the office.
    Column("client_id", Text, ForeignKey("oauth_clients.id")),
    # Null where the sandbox approved.
    Column("approved_by", Id, ForeignKey("accounts.id")),
    Column("approved_at", Instant),
    Column("removed_by", Id, ForeignKey("accounts.id")),
    Column("removed_at", Instant),
    CheckConstraint("(client_id is null) = (approved_at is null)", name="approved"),
    CheckConstraint("removed_at is null or approved_at is not null", name="removed"),
    Index("uq_kiosks_thumbprint", "thumbprint", unique=True, postgresql_where=text("removed_at is null")),
)
