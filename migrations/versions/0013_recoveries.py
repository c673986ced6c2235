"""Recoveries, and what each session came in by."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    instant = sa.DateTime(timezone=True)
    op.add_column("sign_ins", sa.Column("contact_id", sa.Text()))
    op.create_foreign_key("fk_sign_ins_contact_id", "sign_ins", "contacts", ["contact_id"], ["id"])
    op.add_column("authorization_codes", sa.Column("authenticator_id", sa.Text()))
    op.add_column("oauth_grants", sa.Column("authenticator_id", sa.Text()))
    # Those under way are of five minutes: they begin again.
    op.execute("delete from sign_ins")
    op.create_table(
        "recoveries",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("way", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("lost", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("contact_kind", sa.Text()),
        sa.Column("contact_sealed", sa.LargeBinary()),
        sa.Column("code_digest", sa.LargeBinary()),
        sa.Column("code_tries", sa.SmallInteger(), nullable=False, server_default=sa.text("0")),
        sa.Column("code_expires_at", instant),
        sa.Column("from_account_id", sa.Text()),
        sa.Column("cancel_digest", sa.LargeBinary()),
        sa.Column("officer_id", sa.Text()),
        sa.Column("office_id", sa.Text()),
        sa.Column("shown", sa.Text()),
        sa.Column("begun_at", instant, nullable=False),
        sa.Column("ready_at", instant),
        sa.Column("cancelled_at", instant),
        sa.Column("completed_at", instant),
        sa.Column("void", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_recoveries"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_recoveries_account_id"),
        sa.ForeignKeyConstraint(["from_account_id"], ["accounts.id"], name="fk_recoveries_from_account_id"),
        sa.ForeignKeyConstraint(["officer_id"], ["accounts.id"], name="fk_recoveries_officer_id"),
        sa.ForeignKeyConstraint(["office_id"], ["offices.id"], name="fk_recoveries_office_id"),
        sa.CheckConstraint("way in ('second_factor', 'in_person')", name="ck_recoveries_way"),
        sa.CheckConstraint("(way = 'in_person') = (officer_id is not null)", name="ck_recoveries_officer"),
        sa.CheckConstraint("(contact_kind is null) = (contact_sealed is null)", name="ck_recoveries_contact"),
    )
    op.create_index(
        "uq_recoveries_account_id_waiting",
        "recoveries",
        ["account_id"],
        unique=True,
        postgresql_where=sa.text("ready_at is not null and cancelled_at is null and completed_at is null"),
    )
    op.create_index("ix_recoveries_cancel_digest", "recoveries", ["cancel_digest"])


def downgrade() -> None:
    op.drop_table("recoveries")
    op.drop_column("oauth_grants", "authenticator_id")
    op.drop_column("authorization_codes", "authenticator_id")
    op.drop_column("sign_ins", "contact_id")
