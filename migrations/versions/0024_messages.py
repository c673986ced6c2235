"""Fall-back order, receipts and dead letters of messages; preferences, push devices, and tokens that change with each use."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    op.alter_column("deliveries", "delivered_at", new_column_name="sent_at")
    op.execute("update deliveries set state = 'sent' where state = 'delivered'")
    for column in (
        sa.Column("chain", sa.SmallInteger(), nullable=False, server_default="0"),
        sa.Column("rank", sa.SmallInteger(), nullable=False, server_default="0"),
        sa.Column("provider_id", sa.Text()),
        sa.Column("received_at", sa.DateTime(timezone=True)),
    ):
        op.add_column("deliveries", column)
    op.create_index("ix_deliveries_dead", "deliveries", ["id"], postgresql_where=sa.text("state = 'dead'"))
    op.create_table(
        "message_preferences",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("ways", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("quiet_from", sa.Text()),
        sa.Column("quiet_until", sa.Text()),
        sa.PrimaryKeyConstraint("account_id", name="pk_message_preferences"),
    )
    op.create_table(
        "push_devices",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("token_digest", sa.LargeBinary(), nullable=False),
        sa.Column("token_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_push_devices"),
        sa.UniqueConstraint("token_digest", name="uq_push_devices_token_digest"),
    )
    op.create_index("ix_push_devices_account_id", "push_devices", ["account_id"])
    op.create_table(
        "provider_tokens",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("renewed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_provider_tokens"),
    )


def downgrade() -> None:
    op.drop_table("provider_tokens")
    op.drop_table("push_devices")
    op.drop_table("message_preferences")
    op.drop_index("ix_deliveries_dead", "deliveries")
    for column in ("received_at", "provider_id", "rank", "chain"):
        op.drop_column("deliveries", column)
    op.execute("update deliveries set state = 'delivered' where state in ('sent', 'received')")
    op.execute("update deliveries set state = 'given_up' where state in ('held', 'spared', 'dead')")
    op.alter_column("deliveries", "sent_at", new_column_name="delivered_at")
