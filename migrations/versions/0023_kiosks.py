"""Kiosks that register themselves, what is lent to them ending when nobody uses it, and the origins apps call from."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0023"
down_revision = "0020"


def upgrade() -> None:
    op.add_column("oauth_grants", sa.Column("idle_at", sa.DateTime(timezone=True)))
    op.add_column("oauth_clients", sa.Column("origins", ARRAY(sa.Text()), nullable=False, server_default="{}"))
    op.alter_column("oauth_clients", "origins", server_default=None)
    op.add_column("device_codes", sa.Column("sign_in_id", sa.Text()))
    op.create_table(
        "kiosks",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("thumbprint", sa.Text(), nullable=False),
        sa.Column("key", JSONB(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=True),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("removed_by", sa.Text(), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_kiosks"),
        sa.UniqueConstraint("code", name="uq_kiosks_code"),
        sa.ForeignKeyConstraint(["client_id"], ["oauth_clients.id"], name="fk_kiosks_client_id"),
        sa.ForeignKeyConstraint(["approved_by"], ["accounts.id"], name="fk_kiosks_approved_by"),
        sa.ForeignKeyConstraint(["removed_by"], ["accounts.id"], name="fk_kiosks_removed_by"),
        sa.CheckConstraint("(client_id is null) = (approved_at is null)", name=op.f("ck_kiosks_approved")),
        sa.CheckConstraint("removed_at is null or approved_at is not null", name=op.f("ck_kiosks_removed")),
    )
    op.create_index(
        "uq_kiosks_thumbprint", "kiosks", ["thumbprint"], unique=True, postgresql_where=sa.text("removed_at is null")
    )
    op.create_index("ix_kiosks_expires_at", "kiosks", ["expires_at"])


def downgrade() -> None:
    op.drop_table("kiosks")
    op.drop_column("device_codes", "sign_in_id")
    op.drop_column("oauth_clients", "origins")
    op.drop_column("oauth_grants", "idle_at")
