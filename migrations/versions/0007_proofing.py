"""Proofing sessions, what happened in them, and the officer's checks."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "proofing_sessions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("jkt", sa.Text(), nullable=False),
        sa.Column("code_challenge", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text()),
        sa.Column("nonce", sa.Text()),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("created_at", instant, nullable=False),
        sa.Column("expires_at", instant, nullable=False),
        sa.Column("card_version", sa.Integer(), nullable=False),
        sa.Column("card_tries", sa.Integer(), nullable=False),
        sa.Column("selfie_tries", sa.Integer(), nullable=False),
        sa.Column("card_at", instant),
        sa.Column("selfie_at", instant),
        sa.Column("contact_at", instant),
        sa.Column("account_at", instant),
        sa.Column("authorized_at", instant),
        sa.Column("reading_sealed", sa.LargeBinary()),
        sa.Column("portrait_sealed", sa.LargeBinary()),
        sa.Column("contact_sealed", sa.LargeBinary()),
        sa.Column("code_mac", sa.LargeBinary()),
        sa.Column("code_tries", sa.Integer(), nullable=False),
        sa.Column("code_expires_at", instant),
        sa.Column("account_id", sa.Text()),
        sa.Column("erased_at", instant),
        sa.PrimaryKeyConstraint("id", name="pk_proofing_sessions"),
    )
    op.create_index(
        "ix_proofing_sessions_open", "proofing_sessions", ["expires_at"], postgresql_where=sa.text("erased_at is null")
    )
    op.create_table(
        "proofing_events",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("at", instant, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("evidence", postgresql.JSONB(), nullable=False),
        sa.Column("officer_id", sa.Text()),
        sa.Column("office_id", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_proofing_events"),
        sa.ForeignKeyConstraint(["session_id"], ["proofing_sessions.id"], name="fk_proofing_events_session_id"),
    )
    op.create_index("ix_proofing_events_session_id", "proofing_events", ["session_id"])
    op.execute(
        """
        create function proofing_events_are_appended() returns trigger language plpgsql as $$
        begin
          raise exception 'what happened in a proofing session is appended, never changed';
        end $$
        """
    )
    op.execute(
        "create trigger proofing_events_are_appended before update or delete on proofing_events"
        " for each row execute function proofing_events_are_appended()"
    )
    op.create_table(
        "proofing_checks",
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("code_digest", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("claims_sealed", sa.LargeBinary()),
        sa.Column("created_at", instant, nullable=False),
        sa.Column("expires_at", instant, nullable=False),
        sa.Column("decided_at", instant),
        sa.Column("verdict", sa.Text()),
        sa.Column("reason", sa.Text()),
        sa.Column("officer_id", sa.Text()),
        sa.Column("office_id", sa.Text()),
        sa.PrimaryKeyConstraint("session_id", name="pk_proofing_checks"),
        sa.UniqueConstraint("code_digest", name="uq_proofing_checks_code_digest"),
        sa.ForeignKeyConstraint(["session_id"], ["proofing_sessions.id"], name="fk_proofing_checks_session_id"),
    )
    op.create_index(
        "ix_proofing_checks_open",
        "proofing_checks",
        ["expires_at"],
        postgresql_where=sa.text("claims_sealed is not null"),
    )


def downgrade() -> None:
    op.drop_table("proofing_checks")
    op.drop_table("proofing_events")
    op.execute("drop function proofing_events_are_appended()")
    op.drop_table("proofing_sessions")
