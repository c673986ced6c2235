"""Locks of enterprises' accounts."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    op.create_table(
        "enterprise_locks",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("enterprise_id", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("by_id", sa.Text(), nullable=False),
        sa.Column("office_id", sa.Text()),
        sa.Column("said", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_enterprise_locks"),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprises.account_id"], name="fk_enterprise_locks_enterprise_id"
        ),
        sa.ForeignKeyConstraint(["by_id"], ["accounts.id"], name="fk_enterprise_locks_by_id"),
        sa.ForeignKeyConstraint(["office_id"], ["offices.id"], name="fk_enterprise_locks_office_id"),
        sa.CheckConstraint("what in ('locked', 'unlocked')", name=op.f("ck_enterprise_locks_what")),
    )
    op.create_index("ix_enterprise_locks_enterprise_id", "enterprise_locks", ["enterprise_id", "id"])
    op.execute(
        """
        create function enterprise_locks_are_appended() returns trigger language plpgsql as $$
        begin
          raise exception 'what became of an account is appended, never changed';
        end $$
        """
    )
    op.execute(
        "create trigger enterprise_locks_are_appended before update or delete on enterprise_locks"
        " for each row execute function enterprise_locks_are_appended()"
    )


def downgrade() -> None:
    op.drop_table("enterprise_locks")
    op.execute("drop function enterprise_locks_are_appended()")
