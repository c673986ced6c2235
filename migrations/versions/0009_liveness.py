"""Liveness in a proofing session: what was asked, and how often."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    # Sessions that are open now have asked for nothing.
    op.add_column(
        "proofing_sessions", sa.Column("liveness_tries", sa.Integer(), nullable=False, server_default=sa.text("0"))
    )
    op.alter_column("proofing_sessions", "liveness_tries", server_default=None)
    op.add_column("proofing_sessions", sa.Column("liveness_asked", postgresql.JSONB()))


def downgrade() -> None:
    op.drop_column("proofing_sessions", "liveness_asked")
    op.drop_column("proofing_sessions", "liveness_tries")
