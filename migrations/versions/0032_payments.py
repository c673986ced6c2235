"""Fees asked for, and paid."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    op.create_table(
        "payments",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("dossier_id", sa.Text(), nullable=False),
        sa.Column("branch", sa.Text(), nullable=False),
        sa.Column("amount_dong", sa.Integer(), nullable=False),
        sa.Column("reason", postgresql.JSONB(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paid_at", sa.DateTime(timezone=True)),
        sa.Column("reference", sa.Text()),
        sa.Column("receipt", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_payments"),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossiers.id"], name="fk_payments_dossier_id"),
        sa.UniqueConstraint("reference", name="uq_payments_reference"),
        sa.UniqueConstraint("receipt", name="uq_payments_receipt"),
        sa.CheckConstraint("amount_dong > 0", name=op.f("ck_payments_amount")),
        sa.CheckConstraint(
            "(paid_at is null) = (reference is null) and (paid_at is null) = (receipt is null)",
            name=op.f("ck_payments_paid"),
        ),
    )
    op.create_index("ix_payments_dossier_id", "payments", ["dossier_id", "branch"])


def downgrade() -> None:
    op.drop_table("payments")
