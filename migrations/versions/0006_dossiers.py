"""Dossiers, branches, documents, results, and their append-only history."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "dossiers",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("receipt_code", sa.Text()),
        sa.Column("procedure", sa.Text(), nullable=False),
        sa.Column("procedure_version", sa.Text(), nullable=False),
        sa.Column("options", postgresql.JSONB(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("form", postgresql.JSONB(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("ward_code", sa.Text()),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True)),
        sa.Column("promised_at", sa.DateTime(timezone=True)),
        sa.Column("promise", postgresql.JSONB()),
        sa.Column("second_facts", sa.ARRAY(sa.LargeBinary()), nullable=False, server_default="{}"),
        sa.Column("event_count", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("event_hash", sa.LargeBinary(), nullable=False, server_default=sa.text("'\\x'::bytea")),
        sa.PrimaryKeyConstraint("id", name="pk_dossiers"),
        sa.UniqueConstraint("receipt_code", name="uq_dossiers_receipt_code"),
        sa.CheckConstraint("status in ('draft', 'open', 'closed')", name=op.f("ck_dossiers_status")),
        sa.CheckConstraint(
            "(status = 'draft') = (receipt_code is null)", name=op.f("ck_dossiers_code_with_submission")
        ),
    )
    op.create_index("ix_dossiers_account_id", "dossiers", ["account_id"])
    op.create_table(
        "dossier_parties",
        sa.Column("dossier_id", sa.Text(), nullable=False),
        sa.Column("pin", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("dossier_id", "pin", name="pk_dossier_parties"),
        sa.ForeignKeyConstraint(
            ["dossier_id"], ["dossiers.id"], name="fk_dossier_parties_dossier_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_dossier_parties_pin", "dossier_parties", ["pin"])
    op.create_table(
        "branches",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("dossier_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("procedure", sa.Text(), nullable=False),
        sa.Column("office_id", sa.Text(), nullable=False),
        sa.Column("officer_role", sa.Text(), nullable=False),
        sa.Column("needs", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("due_at", sa.DateTime(timezone=True)),
        sa.Column("claimed_by", sa.Text()),
        sa.Column("claimed_at", sa.DateTime(timezone=True)),
        sa.Column("decided_by", sa.Text()),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("reason", postgresql.JSONB()),
        sa.Column("result", postgresql.JSONB()),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        sa.PrimaryKeyConstraint("id", name="pk_branches"),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossiers.id"], name="fk_branches_dossier_id", ondelete="CASCADE"),
        sa.UniqueConstraint("dossier_id", "name", name="uq_branches_dossier_id_name"),
    )
    op.create_index(
        "ix_branches_queue",
        "branches",
        ["office_id", "officer_role", "due_at"],
        postgresql_where=sa.text("decided_at is null and started_at is not null"),
    )
    op.create_table(
        "documents",
        sa.Column("dossier_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("upload_id", sa.Text(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("attached_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("dossier_id", "kind", name="pk_documents"),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossiers.id"], name="fk_documents_dossier_id", ondelete="CASCADE"),
    )
    op.create_table(
        "results",
        sa.Column("branch_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("data", postgresql.JSONB(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("branch_id", name="pk_results"),
        sa.ForeignKeyConstraint(["branch_id"], ["branches.id"], name="fk_results_branch_id", ondelete="CASCADE"),
    )
    op.create_table(
        "dossier_events",
        sa.Column("dossier_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_kind", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Text()),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("branch", sa.Text()),
        sa.Column("before", sa.Text()),
        sa.Column("after", sa.Text()),
        sa.Column("vi", sa.Text(), nullable=False),
        sa.Column("en", sa.Text(), nullable=False),
        sa.Column("prev_hash", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("dossier_id", "seq", name="pk_dossier_events"),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossiers.id"], name="fk_dossier_events_dossier_id"),
        sa.CheckConstraint("actor_kind in ('citizen', 'officer', 'system')", name=op.f("ck_dossier_events_actor_kind")),
    )
    op.execute(
        """
        create function dossier_events_stand() returns trigger language plpgsql as $$
        begin
          raise exception 'the history of a dossier is never changed or deleted' using errcode = 'restrict_violation';
        end $$
        """
    )
    op.execute(
        "create trigger dossier_events_stand before update or delete or truncate on dossier_events"
        " for each statement execute function dossier_events_stand()"
    )


def downgrade() -> None:
    op.drop_table("dossier_events")
    op.drop_table("results")
    op.drop_table("documents")
    op.drop_table("branches")
    op.drop_table("dossier_parties")
    op.drop_table("dossiers")
    op.execute("drop function dossier_events_stand()")
