"""Failures counted in lanes, and the log of sign-ins."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    instant = sa.DateTime(timezone=True)
    # Those under way are of five minutes: they begin again.
    op.execute("delete from sign_ins")
    op.add_column("sign_ins", sa.Column("login_digest", sa.LargeBinary(), nullable=False))
    op.create_table(
        "sign_in_failures",
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at", instant, nullable=False),
        sa.Column("open_at", instant, nullable=False),
        sa.PrimaryKeyConstraint("subject", name="pk_sign_in_failures"),
    )
    op.create_index("ix_sign_in_failures_last_at", "sign_in_failures", ["last_at"])
    op.create_table(
        "sign_in_log",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text()),
        sa.Column("at", instant, nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("jkt", sa.Text()),
        sa.Column("network", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_sign_in_log"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_sign_in_log_account_id"),
        sa.ForeignKeyConstraint(["client_id"], ["oauth_clients.id"], name="fk_sign_in_log_client_id"),
        sa.CheckConstraint("outcome in ('signed_in', 'wrong')", name="ck_sign_in_log_outcome"),
    )
    op.create_index("ix_sign_in_log_account_id", "sign_in_log", ["account_id", "at"])
    op.create_index("ix_sign_in_log_at", "sign_in_log", ["at"])
    # Rows leave only when the shortest term is over; the network alone may be blanked before.
    op.execute(
        """
        create function sign_in_log_is_appended() returns trigger language plpgsql as $$
        begin
          if tg_op = 'DELETE' and old.at < now() - interval '30 days' then
            return old;
          end if;
          if tg_op = 'UPDATE' and new.network is null and to_jsonb(new) - 'network' = to_jsonb(old) - 'network' then
            return new;
          end if;
          raise exception 'the log of sign-ins is appended, never changed';
        end $$
        """
    )
    op.execute(
        "create trigger sign_in_log_is_appended before update or delete on sign_in_log"
        " for each row execute function sign_in_log_is_appended()"
    )


def downgrade() -> None:
    op.drop_table("sign_in_log")
    op.execute("drop function sign_in_log_is_appended()")
    op.drop_table("sign_in_failures")
    op.drop_column("sign_ins", "login_digest")
