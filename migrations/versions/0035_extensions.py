"""A promise that takes longer because facts must be verified: which, and why."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0035"
down_revision = "0034"


def upgrade() -> None:
    op.add_column("branches", sa.Column("extension", postgresql.JSONB()))


def downgrade() -> None:
    op.drop_column("branches", "extension")
