"""Signed papers by their kind, so that several of one branch and one instant are never mistaken; cash found by counter and day."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"

_KEY = "pk_signed_results"


def upgrade() -> None:
    op.add_column("signed_results", sa.Column("paper", sa.Text(), nullable=False, server_default="result"))
    op.alter_column("signed_results", "paper", server_default=None)
    # What is kept is not changed by this: only told apart.
    op.execute("alter table signed_results disable trigger signed_results_stand")
    op.execute(
        """
        update signed_results s set paper = 'apology' from branches b
        where b.id = s.branch_id and s.made_at = (b.apology ->> 'at')::timestamptz
        """
    )
    op.execute("alter table signed_results enable trigger signed_results_stand")
    op.drop_constraint(_KEY, "signed_results")
    op.create_primary_key(_KEY, "signed_results", ["branch_id", "paper", "made_at"])
    op.create_index(
        "ix_payments_cash", "payments", ["taken_at_office", "paid_at"], postgresql_where=sa.text("taken_by is not null")
    )


def downgrade() -> None:
    op.drop_index("ix_payments_cash", "payments")
    op.execute("delete from signed_results where paper not in ('result', 'apology')")
    op.drop_constraint(_KEY, "signed_results")
    op.create_primary_key(_KEY, "signed_results", ["branch_id", "made_at"])
    op.drop_column("signed_results", "paper")
