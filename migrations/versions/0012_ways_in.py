"""Locks of accounts and contacts, contacts on their way in, and what happened to accounts."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    instant = sa.DateTime(timezone=True)
    op.add_column("accounts", sa.Column("locked_at", instant))
    op.add_column("contacts", sa.Column("locked_at", instant))
    op.create_table(
        "contact_confirmations",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("code_digest", sa.LargeBinary(), nullable=False),
        sa.Column("tries", sa.SmallInteger(), nullable=False, server_default=sa.text("0")),
        sa.Column("expires_at", instant, nullable=False),
        sa.Column("used_at", instant),
        sa.PrimaryKeyConstraint("id", name="pk_contact_confirmations"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_contact_confirmations_account_id"),
        sa.CheckConstraint("kind in ('phone', 'email')", name="ck_contact_confirmations_kind"),
    )
    op.create_index("ix_contact_confirmations_expires_at", "contact_confirmations", ["expires_at"])
    op.create_table(
        "account_events",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("at", instant, nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("facts", postgresql.JSONB(), nullable=False),
        sa.Column("by_account_id", sa.Text()),
        sa.Column("by_office_id", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_account_events"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_account_events_account_id"),
        sa.ForeignKeyConstraint(["by_account_id"], ["accounts.id"], name="fk_account_events_by_account_id"),
        sa.ForeignKeyConstraint(["by_office_id"], ["offices.id"], name="fk_account_events_by_office_id"),
    )
    op.create_index("ix_account_events_account_id", "account_events", ["account_id", "id"])
    op.execute(
        """
        create function account_events_are_appended() returns trigger language plpgsql as $$
        begin
          raise exception 'what happened to an account is appended, never changed';
        end $$
        """
    )
    op.execute(
        "create trigger account_events_are_appended before update or delete on account_events"
        " for each row execute function account_events_are_appended()"
    )


def downgrade() -> None:
    op.drop_table("account_events")
    op.execute("drop function account_events_are_appended()")
    op.drop_table("contact_confirmations")
    op.drop_column("contacts", "locked_at")
    op.drop_column("accounts", "locked_at")
