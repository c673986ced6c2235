"""Alarms about persons and numbers, for officers; accounts are looked for by birth date."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "proofing_alarms",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.Column("claims_sealed", sa.LargeBinary()),
        sa.Column("account_id", sa.Text()),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("raised_at", instant, nullable=False),
        sa.Column("expires_at", instant, nullable=False),
        sa.Column("decided_at", instant),
        sa.Column("verdict", sa.Text()),
        sa.Column("reason", sa.Text()),
        sa.Column("officer_id", sa.Text()),
        sa.Column("office_id", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_proofing_alarms"),
        sa.ForeignKeyConstraint(["session_id"], ["proofing_sessions.id"], name="fk_proofing_alarms_session_id"),
    )
    op.create_index("ix_proofing_alarms_session_id", "proofing_alarms", ["session_id"])
    op.create_index(
        "uq_proofing_alarms_open",
        "proofing_alarms",
        ["kind", "subject"],
        unique=True,
        postgresql_where=sa.text("claims_sealed is not null"),
    )
    op.create_index("ix_accounts_date_of_birth", "accounts", ["date_of_birth"])


def downgrade() -> None:
    op.drop_index("ix_accounts_date_of_birth", "accounts")
    op.drop_table("proofing_alarms")
