"""The wires to agencies, what leaves and what came over them; partners' webhooks and the events they are told."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from kit.db import Id, Instant, Json, metadata

wires = Table(
    "wires",
    metadata,
    Column("name", Text, primary_key=True),
    # How it is spoken to: `linked` (wires/linked.py) or `national` (wires/national.py).
    Column("protocol", Text, nullable=False, server_default="linked"),
    # Who is at the far end: a kind of agency, of every ward (its offices are not on our desk), or the national portal.
    Column("agency", Text, nullable=False),
    Column("url", Text, nullable=False),
    # linked: the Ed25519 key (32 bytes) its messages are signed with, and the officer's account they act as.
    Column("key_id", Text),
    Column("public_key", LargeBinary),
    Column("account_id", Id),
    # national: {"url", "username", "unit"}, where and as whom we sign in, and which unit we speak for.
    Column("login", Json),
    Column("opened_at", Instant, nullable=False),
    Column("closed_at", Instant),
    Index("uq_wires_agency_open", "agency", unique=True, postgresql_where=text("closed_at is null")),
    CheckConstraint(
        "case protocol when 'linked' then num_nulls(key_id, public_key, account_id) = 0"
        " when 'national' then login is not null else false end",
        name="protocol",
    ),
)

wire_cases = Table(
    "wire_cases",
    metadata,
    # What the far end knows as one dossier: a branch at an agency, the whole dossier at the portal.
    Column("case_id", Id, primary_key=True),
    Column("wire", Text, ForeignKey("wires.name"), nullable=False),
    # linked: trangThai 1 new, 7 sent, 3 in hand, 2 supplement, 4 result, 5 returned, 6 refused; national: the last of the ten it was told.
    Column("status", SmallInteger, nullable=False),
    # The numbers of the last message each way; each way counts from 1 without a gap.
    Column("sent_sequence", Integer, nullable=False, server_default="0"),
    Column("received_sequence", Integer, nullable=False, server_default="0"),
    CheckConstraint("status between 1 and 10", name="status"),
)

wire_messages = Table(
    "wire_messages",
    metadata,
    Column("id", Id, primary_key=True),
    Column("wire", Text, ForeignKey("wires.name"), nullable=False),
    Column("case_id", Id, ForeignKey("wire_cases.case_id"), nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("status", SmallInteger, nullable=False),
    # What it says, as bytes to be signed; null once the other side has it.
    Column("body", LargeBinary),
    # waiting · sent · dead · set_aside
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt_at", Instant, nullable=False),
    Column("last_error", Text),
    Column("made_at", Instant, nullable=False),
    Column("sent_at", Instant),
    UniqueConstraint("case_id", "sequence"),
    Index("ix_wire_messages_waiting", "next_attempt_at", postgresql_where=text("state = 'waiting'")),
    Index("ix_wire_messages_dead", "id", postgresql_where=text("state = 'dead'")),
    CheckConstraint("state in ('waiting', 'sent', 'dead', 'set_aside')", name="state"),
)

wire_received = Table(
    "wire_received",
    metadata,
    Column("wire", Text, ForeignKey("wires.name"), primary_key=True),
    Column("message_id", Text, primary_key=True),
    Column("body_digest", LargeBinary, nullable=False),
    Column("received_at", Instant, nullable=False, index=True),
)

webhooks = Table(
    "webhooks",
    metadata,
    Column("id", Id, primary_key=True),
    Column("client_id", Text, nullable=False, unique=True),
    Column("url", Text, nullable=False),
    # The last event this endpoint took.
    Column("cursor", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_attempt_at", Instant, nullable=False),
    Column("last_error", Text),
    # After its attempts it is parked until its owner turns it on again; the events wait.
    Column("parked", Boolean, nullable=False, server_default="false"),
    Column("made_at", Instant, nullable=False),
)

webhook_events = Table(
    "webhook_events",
    metadata,
    Column("cursor", BigInteger, Identity(always=True), primary_key=True),
    Column("client_id", Text, nullable=False),
    Column("at", Instant, nullable=False, index=True),
    Column("body", Json, nullable=False),
    Index("ix_webhook_events_client_id", "client_id", "cursor"),
)
