"""Comparisons left to an officer: the selfie the machine was unsure of, and checks before there is an account."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.add_column("proofing_sessions", sa.Column("selfie_sealed", sa.LargeBinary()))
    op.add_column("proofing_sessions", sa.Column("review_at", sa.DateTime(timezone=True)))
    op.add_column("proofing_sessions", sa.Column("review_reasons", postgresql.JSONB()))
    op.alter_column("proofing_checks", "account_id", nullable=True)
    op.add_column("proofing_checks", sa.Column("review_id", sa.Text()))
    op.create_unique_constraint("uq_proofing_checks_review_id", "proofing_checks", ["review_id"])


def downgrade() -> None:
    op.drop_column("proofing_checks", "review_id")
    op.alter_column("proofing_checks", "account_id", nullable=False)
    op.drop_column("proofing_sessions", "review_reasons")
    op.drop_column("proofing_sessions", "review_at")
    op.drop_column("proofing_sessions", "selfie_sealed")
