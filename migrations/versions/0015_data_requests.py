"""Requests about one's data, with their clocks."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "data_requests",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("received_at", instant, nullable=False),
        sa.Column("acknowledge_by", instant, nullable=False),
        sa.Column("due_at", instant, nullable=False),
        sa.Column("acknowledged_at", instant),
        sa.Column("extended_at", instant),
        sa.Column("decided_at", instant),
        sa.Column("verdict", sa.Text()),
        sa.Column("steps", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_data_requests"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_data_requests_account_id"),
        sa.CheckConstraint("kind in ('export', 'correct', 'object', 'close')", name="ck_data_requests_kind"),
        sa.CheckConstraint("verdict in ('done', 'refused')", name="ck_data_requests_verdict"),
        sa.CheckConstraint("(decided_at is null) = (verdict is null)", name="ck_data_requests_decided"),
    )
    op.create_index("ix_data_requests_account_id", "data_requests", ["account_id", "id"])
    op.create_index(
        "ix_data_requests_waiting", "data_requests", ["due_at"], postgresql_where=sa.text("decided_at is null")
    )


def downgrade() -> None:
    op.drop_table("data_requests")
