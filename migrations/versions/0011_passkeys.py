"""Passkeys and their challenges."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "passkeys",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("synced", sa.Boolean(), nullable=False),
        sa.Column("aaguid", sa.Text(), nullable=False),
        sa.Column("transports", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", instant, nullable=False),
        sa.Column("last_used_at", instant),
        sa.Column("locked_at", instant),
        sa.Column("locked_why", sa.Text()),
        sa.Column("removed_at", instant),
        sa.PrimaryKeyConstraint("id", name="pk_passkeys"),
        sa.UniqueConstraint("credential_id", name="uq_passkeys_credential_id"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_passkeys_account_id"),
        sa.CheckConstraint("(locked_at is null) = (locked_why is null)", name="ck_passkeys_locked"),
    )
    op.create_index("ix_passkeys_account_id", "passkeys", ["account_id"])
    op.create_table(
        "passkey_challenges",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("challenge", sa.LargeBinary(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("jkt", sa.Text()),
        sa.Column("account_id", sa.Text()),
        sa.Column("code_challenge", sa.Text()),
        sa.Column("scope", sa.Text()),
        sa.Column("nonce", sa.Text()),
        sa.Column("created_at", instant, nullable=False),
        sa.Column("expires_at", instant, nullable=False),
        sa.Column("used_at", instant),
        sa.PrimaryKeyConstraint("id", name="pk_passkey_challenges"),
        sa.ForeignKeyConstraint(["client_id"], ["oauth_clients.id"], name="fk_passkey_challenges_client_id"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_passkey_challenges_account_id"),
        sa.CheckConstraint("purpose in ('register', 'sign_in')", name="ck_passkey_challenges_purpose"),
        sa.CheckConstraint("(purpose = 'register') = (account_id is not null)", name="ck_passkey_challenges_account"),
    )
    op.create_index("ix_passkey_challenges_expires_at", "passkey_challenges", ["expires_at"])


def downgrade() -> None:
    op.drop_table("passkey_challenges")
    op.drop_table("passkeys")
