"""Wires to agencies at the far end, partners' webhooks, and the feed of what happened to dossiers."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    op.create_table(
        "wires",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("agency", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("name", name="pk_wires"),
    )
    op.create_index(
        "uq_wires_agency_open", "wires", ["agency"], unique=True, postgresql_where=sa.text("closed_at is null")
    )
    op.create_table(
        "wire_cases",
        sa.Column("branch_id", sa.Text(), nullable=False),
        sa.Column("wire", sa.Text(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("sent_sequence", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("received_sequence", sa.Integer(), nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("branch_id", name="pk_wire_cases"),
        sa.ForeignKeyConstraint(["wire"], ["wires.name"], name="fk_wire_cases_wire"),
        sa.CheckConstraint("status in (1, 2, 3, 4, 5, 6, 7)", name=op.f("ck_wire_cases_status")),
    )
    op.create_table(
        "wire_messages",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("wire", sa.Text(), nullable=False),
        sa.Column("branch_id", sa.Text(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_error", sa.Text()),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_wire_messages"),
        sa.ForeignKeyConstraint(["wire"], ["wires.name"], name="fk_wire_messages_wire"),
        sa.ForeignKeyConstraint(["branch_id"], ["wire_cases.branch_id"], name="fk_wire_messages_branch_id"),
        sa.UniqueConstraint("branch_id", "sequence", name="uq_wire_messages_branch_id_sequence"),
        sa.CheckConstraint("state in ('waiting', 'sent', 'dead', 'set_aside')", name=op.f("ck_wire_messages_state")),
    )
    op.create_index(
        "ix_wire_messages_waiting", "wire_messages", ["next_attempt_at"], postgresql_where=sa.text("state = 'waiting'")
    )
    op.create_index("ix_wire_messages_dead", "wire_messages", ["id"], postgresql_where=sa.text("state = 'dead'"))
    op.create_table(
        "wire_received",
        sa.Column("wire", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("body_digest", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("wire", "message_id", name="pk_wire_received"),
        sa.ForeignKeyConstraint(["wire"], ["wires.name"], name="fk_wire_received_wire"),
    )
    op.create_index("ix_wire_received_received_at", "wire_received", ["received_at"])
    op.create_table(
        "webhooks",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("cursor", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_error", sa.Text()),
        sa.Column("parked", sa.Boolean(), nullable=False, server_default="false"),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_webhooks"),
        sa.UniqueConstraint("client_id", name="uq_webhooks_client_id"),
    )
    op.create_table(
        "webhook_events",
        sa.Column("cursor", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("cursor", name="pk_webhook_events"),
    )
    op.create_index("ix_webhook_events_client_id", "webhook_events", ["client_id", "cursor"])
    op.create_index("ix_webhook_events_at", "webhook_events", ["at"])
    op.create_table(
        "dossier_feed",
        sa.Column("dossier_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("dossier_id", "seq", name="pk_dossier_feed"),
    )
    op.create_index("ix_dossier_feed_next_attempt_at", "dossier_feed", ["next_attempt_at"])


def downgrade() -> None:
    for table in (
        "dossier_feed",
        "webhook_events",
        "webhooks",
        "wire_received",
        "wire_messages",
        "wire_cases",
        "wires",
    ):
        op.drop_table(table)
