"""Enterprises, wards, who acts for them, and every change of that."""

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    text,
)

from kit.db import Id, Instant, Json, metadata

enterprises = Table(
    "enterprises",
    metadata,
    # An account of the kind `enterprise`: it has no way in of its own, it is acted for.
    Column("account_id", Id, ForeignKey("accounts.id"), primary_key=True),
    Column("number", Text, nullable=False, unique=True),
)

enterprise_claims = Table(
    "enterprise_claims",
    metadata,
    Column("id", Id, primary_key=True),
    Column("account_id", Id, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("number", Text, nullable=False),
    Column("legal_name", Text, nullable=False),
    # What the business register said: yes, no, unknown; away or none where nobody said anything.
    Column("answer", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("claimed_at", Instant, nullable=False),
    Column("decided_at", Instant),
    Column("decided_by", Id, ForeignKey("accounts.id")),
    Column("office_id", Id, ForeignKey("offices.id")),
    # What the officer saw or missed.
    Column("reason", Text),
    Column("mandate_id", Id, ForeignKey("mandates.id")),
    Index(
        "uq_enterprise_claims_waiting",
        "account_id",
        "number",
        unique=True,
        postgresql_where=text("state = 'waiting'"),
    ),
    CheckConstraint("state in ('waiting', 'confirmed', 'refused')", name="state"),
    CheckConstraint("(state = 'waiting') = (decided_at is null)", name="decided"),
    CheckConstraint("(state = 'confirmed') = (mandate_id is not null)", name="confirmed"),
)

wards = Table(
    "wards",
    metadata,
    Column("id", Id, primary_key=True),
    # As in `accounts`: a keyed hash to find it by, the sealed number to fill forms with.
    Column("pin_digest", LargeBinary, nullable=False, unique=True),
    Column("pin_sealed", LargeBinary, nullable=False),
    Column("full_name", Text, nullable=False),
    # `YYYY-MM-DD`, `YYYY-MM` or `YYYY`, as registers know it.
    Column("date_of_birth", Text, nullable=False),
    Column("sex", Text, nullable=False),
    Column("added_at", Instant, nullable=False),
    CheckConstraint("sex in ('male', 'female')", name="sex"),
)
"""People acted for, with or without an account of their own."""

mandates = Table(
    "mandates",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("enterprise_id", Id, ForeignKey("enterprises.account_id")),
    Column("ward_id", Id, ForeignKey("wards.id")),
    Column("holder_id", Id, ForeignKey("accounts.id"), nullable=False),
    Column("acts", ARRAY(Text), nullable=False),
    # National codes, or keys where a procedure has none; null covers every procedure.
    Column("procedures", ARRAY(Text)),
    # What it stands on: {"by": "business_register" | "birth_entry" | "officer" | "representative", …}.
    Column("basis", Json, nullable=False),
    Column("from_on", Date, nullable=False),
    # The last day; null until it is known.
    Column("until_on", Date),
    Column("granted_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("ended_for", Text),
    Column("version", Integer, nullable=False, server_default="1"),
    # One of each kind a person and principal; what has ended stays as it was.
    Index(
        "uq_mandates_enterprise_open",
        "enterprise_id",
        "holder_id",
        "kind",
        unique=True,
        postgresql_where=text("ended_at is null"),
    ),
    Index("uq_mandates_ward_open", "ward_id", "holder_id", unique=True, postgresql_where=text("ended_at is null")),
    Index("ix_mandates_holder_id", "holder_id", "ended_at"),
    Index("ix_mandates_until_on", "until_on", postgresql_where=text("ended_at is null")),
    CheckConstraint("kind in ('representative', 'delegate', 'guardian')", name="kind"),
    CheckConstraint("(kind = 'guardian') = (ward_id is not null)", name="ward"),
    CheckConstraint("(kind = 'guardian') = (enterprise_id is null)", name="enterprise"),
    CheckConstraint("acts <@ array['file', 'follow'] and cardinality(acts) > 0", name="acts"),
    CheckConstraint("until_on >= from_on", name="dates"),
    CheckConstraint("(ended_at is null) = (ended_for is null)", name="ended"),
)

mandate_events = Table(
    "mandate_events",
    metadata,
    Column("id", Id, primary_key=True),
    Column("mandate_id", Id, ForeignKey("mandates.id"), nullable=False),
    Column("at", Instant, nullable=False),
    Column("what", Text, nullable=False),
    # Null where time or law ended it.
    Column("by_id", Id, ForeignKey("accounts.id")),
    Column("office_id", Id, ForeignKey("offices.id")),
    Column("said", Text, nullable=False),
    # What it covers from then on.
    Column("covers", Json, nullable=False),
    Index("ix_mandate_events_mandate_id", "mandate_id", "id"),
    CheckConstraint("what in ('granted', 'narrowed', 'ended')", name="what"),
)
"""Appended, never edited (a trigger holds it)."""

enterprise_locks = Table(
    "enterprise_locks",
    metadata,
    Column("id", Id, primary_key=True),
    Column("enterprise_id", Id, ForeignKey("enterprises.account_id"), nullable=False),
    Column("at", Instant, nullable=False),
    Column("what", Text, nullable=False),
    # A representative, or an operator with an office.
    Column("by_id", Id, ForeignKey("accounts.id"), nullable=False),
    Column("office_id", Id, ForeignKey("offices.id")),
    Column("said", Text, nullable=False),
    Index("ix_enterprise_locks_enterprise_id", "enterprise_id", "id"),
    CheckConstraint("what in ('locked', 'unlocked')", name="what"),
)
"""Appended, never edited (a trigger holds it)."""
