"""Fees taken in cash at a counter: by whom, and where."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    op.add_column("payments", sa.Column("taken_by", sa.Text()))
    op.add_column("payments", sa.Column("taken_at_office", sa.Text()))
    op.create_check_constraint(op.f("ck_payments_taken"), "payments", "taken_by is null or paid_at is not null")
    both = "(taken_by is null) = (taken_at_office is null)"
    op.create_check_constraint(op.f("ck_payments_taken_where"), "payments", both)


def downgrade() -> None:
    op.drop_column("payments", "taken_at_office")
    op.drop_column("payments", "taken_by")
