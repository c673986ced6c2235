"""Levels lapse, and whoever is signed in proves themselves again."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.add_column("proofing_sessions", sa.Column("for_account_id", sa.Text()))
    op.add_column("accounts", sa.Column("level_1_until", sa.Date()))
    op.add_column("accounts", sa.Column("level_2_until", sa.Date()))
    # What proved the accounts there are is dated; how long their cards are good is sealed, so policy's line alone counts.
    op.execute(
        """
        update accounts set
          level_1_until = case when level >= 1 then proven.at + interval '5 years' end,
          level_2_until = case when level >= 2 then proven.at + interval '10 years' end
        from (
          select id, coalesce((select max((one->>'at')::timestamptz) from jsonb_array_elements(level_evidence) one), created_at)::date as at
          from accounts
        ) proven where proven.id = accounts.id
        """
    )


def downgrade() -> None:
    for level in (1, 2):
        op.drop_column("accounts", f"level_{level}_until")
    op.drop_column("proofing_sessions", "for_account_id")
