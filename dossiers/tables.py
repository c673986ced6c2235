"""What was asked for: dossiers, their branches, papers handed in, results, and a history that is only ever appended.

`migrations/versions/0006_dossiers.py` also gives the history a trigger that refuses UPDATE and DELETE.
"""

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from kit.db import Id, Instant, Json, metadata

dossiers = Table(
    "dossiers",
    metadata,
    Column("id", Id, primary_key=True),
    Column("account_id", Id, nullable=False, index=True),
    # Whom it was filed for (an enterprise's account, a ward) where that is another, and under which mandate by whom.
    Column("principal_id", Id),
    Column("behalf", Json),
    # None while it is a draft: a code is given with the promise, never before.
    Column("receipt_code", Text, unique=True),
    Column("procedure", Text, nullable=False),
    # The version of the law in force when it was opened; it is kept to the end.
    Column("procedure_version", Text, nullable=False),
    Column("options", Json, nullable=False),
    Column("status", Text, nullable=False),
    # path -> {"value", "source", "locked"}; only answered fields stand here.
    Column("form", Json, nullable=False),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("ward_code", Text),
    Column("opened_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("submitted_at", Instant),
    Column("promised_at", Instant),
    Column("promise", Json),
    # Digests of what a person must know besides the receipt code; see `finding.second_fact`.
    Column("second_facts", ARRAY(LargeBinary), nullable=False, server_default="{}"),
    # Head of the history's chain: a cut tail shows as well as a changed row.
    Column("event_count", Integer, nullable=False, server_default="0"),
    Column("event_hash", LargeBinary, nullable=False, server_default=text("'\\x'::bytea")),
    # What a service centre has in hand: a search by face at its kiosks reads no more than this index.
    Index("ix_dossiers_in_hand", "ward_code", "status", "changed_at", "account_id"),
    Index("ix_dossiers_principal_id", "principal_id", postgresql_where=text("principal_id is not null")),
    CheckConstraint("(principal_id is null) = (behalf is null)", name="behalf"),
    CheckConstraint("status in ('draft', 'open', 'closed')", name="status"),
    CheckConstraint("(status = 'draft') = (receipt_code is null)", name="code_with_submission"),
)

dossier_parties = Table(
    "dossier_parties",
    metadata,
    Column("dossier_id", Id, ForeignKey("dossiers.id", ondelete="CASCADE"), primary_key=True),
    Column("pin", Text, primary_key=True, index=True),
    Column("role", Text, nullable=False),
)
"""Persons whom an authority's data (never typing) names in the dossier: they may follow it with their own token."""

branches = Table(
    "branches",
    metadata,
    Column("id", Id, primary_key=True),
    Column("dossier_id", Id, ForeignKey("dossiers.id", ondelete="CASCADE"), nullable=False),
    Column("name", Text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("procedure", Text, nullable=False),
    Column("office_id", Id, nullable=False),
    Column("officer_role", Text, nullable=False),
    Column("needs", ARRAY(Text), nullable=False),
    Column("state", Text, nullable=False),
    Column("started_at", Instant),
    Column("due_at", Instant),
    Column("claimed_by", Id),
    Column("claimed_at", Instant),
    Column("decided_by", Id),
    Column("decided_at", Instant),
    # Why it ended as it did, for the citizen: {"vi", "en"}.
    Column("reason", Json),
    Column("result", Json),
    Column("version", Integer, nullable=False, server_default="1"),
    UniqueConstraint("dossier_id", "name"),
    # An office's queue: what it may take up, oldest promise first.
    Index(
        "ix_branches_queue",
        "office_id",
        "officer_role",
        "due_at",
        postgresql_where=text("decided_at is null and started_at is not null"),
    ),
)

documents = Table(
    "documents",
    metadata,
    Column("dossier_id", Id, ForeignKey("dossiers.id", ondelete="CASCADE"), primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("upload_id", Id, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("size_bytes", Integer, nullable=False),
    Column("attached_at", Instant, nullable=False),
)

results = Table(
    "results",
    metadata,
    Column("branch_id", Id, ForeignKey("branches.id", ondelete="CASCADE"), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("number", Text, nullable=False),
    # What its paper is rendered from, as it stood when the branch was approved.
    Column("data", Json, nullable=False),
    Column("made_at", Instant, nullable=False),
)

dossier_events = Table(
    "dossier_events",
    metadata,
    Column("dossier_id", Id, ForeignKey("dossiers.id"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("actor_kind", Text, nullable=False),
    Column("actor_id", Text),
    Column("kind", Text, nullable=False),
    Column("branch", Text),
    Column("before", Text),
    Column("after", Text),
    Column("vi", Text, nullable=False),
    Column("en", Text, nullable=False),
    Column("prev_hash", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    CheckConstraint("actor_kind in ('citizen', 'officer', 'system')", name="actor_kind"),
)
