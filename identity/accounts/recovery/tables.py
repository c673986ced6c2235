"""Recoveries: who asked, what changes, when, and how it ended."""

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    text,
)

from kit.db import Id, Instant, metadata

recoveries = Table(
    "recoveries",
    metadata,
    Column("id", Id, primary_key=True),
    Column("account_id", Id, ForeignKey("accounts.id"), nullable=False),
    Column("way", Text, nullable=False),
    Column("reason", Text, nullable=False),
    # Ids of the ways in that go.
    Column("lost", ARRAY(Text), nullable=False),
    # In person: the contact that comes, shown by code to be held by the person at the desk.
    Column("contact_kind", Text),
    Column("contact_sealed", LargeBinary),
    Column("code_digest", LargeBinary),
    Column("code_tries", SmallInteger, nullable=False, server_default="0"),
    Column("code_expires_at", Instant),
    # A recycled number: the account it still signs in, which loses it.
    Column("from_account_id", Id, ForeignKey("accounts.id")),
    # What each old channel was told to cancel it with.
    Column("cancel_digest", LargeBinary),
    Column("officer_id", Id, ForeignKey("accounts.id")),
    Column("office_id", Id, ForeignKey("offices.id")),
    Column("shown", Text),
    Column("begun_at", Instant, nullable=False),
    # Null until the code was entered: nothing runs before.
    Column("ready_at", Instant),
    Column("cancelled_at", Instant),
    Column("completed_at", Instant),
    # Why it changed nothing although its time came.
    Column("void", Text),
    Index(
        "uq_recoveries_account_id_waiting",
        "account_id",
        unique=True,
        postgresql_where=text("ready_at is not null and cancelled_at is null and completed_at is null"),
    ),
    Index("ix_recoveries_cancel_digest", "cancel_digest"),
    CheckConstraint("way in ('second_factor', 'in_person')", name="way"),
    CheckConstraint("(way = 'in_person') = (officer_id is not null)", name="officer"),
    CheckConstraint("(contact_kind is null) = (contact_sealed is null)", name="contact"),
)
