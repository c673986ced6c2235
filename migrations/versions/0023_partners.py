"""Who read whose data; partners' applications for clients, a second secret while the first is exchanged; grants by when they ended."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "data_reads",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("at", instant, nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("items", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("client_id", sa.Text()),
        sa.Column("office_id", sa.Text()),
        sa.Column("officer_id", sa.Text()),
        sa.Column("purpose", postgresql.JSONB()),
        sa.Column("dossier_id", sa.Text()),
        sa.Column("receipt_code", sa.Text()),
        sa.Column("once", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_data_reads"),
        sa.UniqueConstraint("once", name="uq_data_reads_once"),
        sa.CheckConstraint("client_id is not null or office_id is not null", name=op.f("ck_data_reads_reader")),
    )
    op.create_index("ix_data_reads_account_id", "data_reads", ["account_id", "id"])
    op.create_index(
        "ix_data_reads_dossier_id", "data_reads", ["dossier_id"], postgresql_where=sa.text("dossier_id is not null")
    )
    op.create_index("ix_data_reads_at", "data_reads", ["at"])
    # The law keeps a log of processing twelve months: nobody shortens that, whoever holds the application's password.
    op.execute(
        """
        create function data_reads_are_appended() returns trigger language plpgsql as $$
        begin
          if tg_op = 'DELETE' and old.at < now() - interval '365 days' then
            return old;
          end if;
          raise exception 'who read whose data is appended, never changed';
        end $$
        """
    )
    op.execute(
        "create trigger data_reads_are_appended before update or delete on data_reads"
        " for each row execute function data_reads_are_appended()"
    )
    op.execute(
        "create trigger data_reads_stand before truncate on data_reads"
        " for each statement execute function data_reads_are_appended()"
    )

    op.add_column("oauth_clients", sa.Column("owner_id", sa.Text()))
    op.add_column("oauth_clients", sa.Column("sandbox", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("oauth_clients", sa.Column("old_secret_digest", sa.LargeBinary()))
    op.add_column("oauth_clients", sa.Column("old_secret_until", instant))
    op.create_foreign_key("fk_oauth_clients_owner_id", "oauth_clients", "accounts", ["owner_id"], ["id"])
    op.create_index("ix_oauth_clients_owner_id", "oauth_clients", ["owner_id"])
    op.create_check_constraint(
        op.f("ck_oauth_clients_old_secret"), "oauth_clients", "(old_secret_digest is null) = (old_secret_until is null)"
    )
    op.create_table(
        "client_applications",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Text(), nullable=False),
        sa.Column("wanted", postgresql.JSONB(), nullable=False),
        sa.Column("asked_at", instant, nullable=False),
        sa.Column("decided_at", instant),
        sa.Column("verdict", sa.Text()),
        sa.Column("reason", sa.Text()),
        sa.Column("officer_id", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_client_applications"),
        sa.ForeignKeyConstraint(["owner_id"], ["accounts.id"], name="fk_client_applications_owner_id"),
        sa.CheckConstraint("(decided_at is null) = (verdict is null)", name=op.f("ck_client_applications_decided")),
        sa.CheckConstraint("verdict in ('approved', 'refused')", name=op.f("ck_client_applications_verdict")),
    )
    op.create_index("ix_client_applications_owner_id", "client_applications", ["owner_id", "id"])
    # One open question about one client at a time.
    op.create_index(
        "uq_client_applications_open",
        "client_applications",
        ["client_id"],
        unique=True,
        postgresql_where=sa.text("decided_at is null"),
    )

    op.create_index(
        "ix_oauth_grants_revoked_at",
        "oauth_grants",
        ["revoked_at"],
        postgresql_where=sa.text("revoked_at is not null"),
    )


def downgrade() -> None:
    op.drop_index("ix_oauth_grants_revoked_at", "oauth_grants")
    op.drop_table("client_applications")
    op.drop_constraint(op.f("ck_oauth_clients_old_secret"), "oauth_clients")
    for name in ("old_secret_until", "old_secret_digest", "sandbox", "owner_id"):
        op.drop_column("oauth_clients", name)
    op.drop_table("data_reads")
    op.execute("drop function data_reads_are_appended()")
