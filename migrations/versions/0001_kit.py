"""Idempotency keys, and the job queue's own schema."""

import sqlalchemy as sa
from alembic import op
from procrastinate.schema import SchemaManager
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "idempotency_keys",
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("body_digest", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("reply", postgresql.JSONB(), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("scope", "route", "key", name="pk_idempotency_keys"),
    )
    op.create_index("ix_idempotency_keys_kept_at", "idempotency_keys", ["kept_at"])
    # Many statements with dollar quotes and percent signs: they go to the driver as they are.
    beneath = op.get_bind().connection.driver_connection
    beneath.execute(SchemaManager.get_schema())  # pyright: ignore[reportOptionalMemberAccess]


def downgrade() -> None:
    op.drop_table("idempotency_keys")
    op.execute(
        """
        do $$
        declare thing record;
        begin
          for thing in select oid::regclass as name from pg_class
            where relname like 'procrastinate\\_%' and relkind = 'r' and relnamespace = current_schema()::regnamespace
          loop execute format('drop table if exists %s cascade', thing.name); end loop;
          for thing in select oid::regprocedure as name from pg_proc
            where proname like 'procrastinate\\_%' and pronamespace = current_schema()::regnamespace
          loop execute format('drop function if exists %s cascade', thing.name); end loop;
          for thing in select oid::regtype as name from pg_type
            where typname like 'procrastinate\\_%' and typtype in ('e', 'c') and typnamespace = current_schema()::regnamespace
          loop execute format('drop type if exists %s cascade', thing.name); end loop;
        end $$
        """
    )
