"""Signing in by browser and staying signed in: sessions, authorization requests, refresh tokens, and what people allowed whom."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"


# As 0002 named it: the convention's prefix stands before the one written there.
_SECRET = op.f("ck_oauth_clients_ck_oauth_clients_secret")


def _instant(name: str, *, nullable: bool = False) -> sa.Column[sa.DateTime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _texts(name: str) -> sa.Column[list[str]]:
    return sa.Column(name, sa.ARRAY(sa.Text()), nullable=False)


def upgrade() -> None:
    op.add_column("oauth_clients", sa.Column("purpose", postgresql.JSONB()))
    # Clients that are there already may use both ways of getting an answer.
    op.add_column(
        "oauth_clients",
        sa.Column("response_modes", sa.ARRAY(sa.Text()), nullable=False, server_default="{query,form_post}"),
    )
    op.alter_column("oauth_clients", "response_modes", server_default=None)
    op.add_column("oauth_clients", sa.Column("keys", postgresql.JSONB(), nullable=False, server_default="[]"))
    op.alter_column("oauth_clients", "keys", server_default=None)
    for name in ("require_par", "fapi2"):
        op.add_column("oauth_clients", sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()))
        op.alter_column("oauth_clients", name, server_default=None)
    op.add_column(
        "oauth_clients",
        sa.Column("post_logout_redirect_uris", sa.ARRAY(sa.Text()), nullable=False, server_default="{}"),
    )
    op.alter_column("oauth_clients", "post_logout_redirect_uris", server_default=None)
    op.add_column("oauth_clients", _text("backchannel_logout_uri", nullable=True))
    op.drop_constraint(_SECRET, "oauth_clients")
    op.create_check_constraint(
        "ck_oauth_clients_secret",
        "oauth_clients",
        "(kind = 'confidential') = (secret_digest is not null or keys <> '[]')",
    )
    op.create_check_constraint(
        op.f("ck_oauth_clients_one_way"), "oauth_clients", "secret_digest is null or keys = '[]'"
    )

    op.create_table(
        "browser_sessions",
        _text("id"),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        _text("account_id"),
        _texts("amr"),
        _text("authenticator_id", nullable=True),
        _instant("auth_time"),
        _instant("expires_at"),
        _instant("ended_at", nullable=True),
        _text("ended_why", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_browser_sessions"),
        sa.UniqueConstraint("digest", name="uq_browser_sessions_digest"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_browser_sessions_account_id"),
        sa.CheckConstraint("(ended_at is null) = (ended_why is null)", name="ck_browser_sessions_ended"),
    )
    op.create_index("ix_browser_sessions_account_id", "browser_sessions", ["account_id"])
    op.create_index("ix_browser_sessions_expires_at", "browser_sessions", ["expires_at"])
    op.create_table(
        "authorization_requests",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        _text("client_id"),
        sa.Column("asked", postgresql.JSONB(), nullable=False),
        sa.Column("browser_digest", sa.LargeBinary(), nullable=True),
        _text("sign_in_id", nullable=True),
        _instant("begun_at", nullable=True),
        _instant("expires_at"),
        _instant("completed_at", nullable=True),
        sa.PrimaryKeyConstraint("digest", name="pk_authorization_requests"),
        sa.ForeignKeyConstraint(["client_id"], ["oauth_clients.id"], name="fk_authorization_requests_client_id"),
    )
    op.create_index("ix_authorization_requests_expires_at", "authorization_requests", ["expires_at"])
    for table in ("oauth_grants", "authorization_codes"):
        op.add_column(table, _text("browser_session_id", nullable=True))
        op.add_column(table, sa.Column("claims", postgresql.JSONB()))
        op.create_foreign_key(
            f"fk_{table}_browser_session_id", table, "browser_sessions", ["browser_session_id"], ["id"]
        )
        op.create_index(f"ix_{table}_browser_session_id", table, ["browser_session_id"])
    op.add_column("authorization_codes", _text("redirect_uri", nullable=True))
    op.add_column("oauth_grants", sa.Column("amr", sa.ARRAY(sa.Text())))
    op.add_column("oauth_grants", _instant("auth_time", nullable=True))
    op.create_table(
        "refresh_tokens",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        _text("grant_id"),
        _instant("expires_at"),
        _instant("used_at", nullable=True),
        sa.Column("used_for", sa.LargeBinary(), nullable=True),
        sa.Column("answer_sealed", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("digest", name="pk_refresh_tokens"),
        sa.ForeignKeyConstraint(["grant_id"], ["oauth_grants.id"], name="fk_refresh_tokens_grant_id"),
        sa.CheckConstraint("(used_at is null) = (used_for is null)", name="ck_refresh_tokens_used"),
    )
    op.create_index("ix_refresh_tokens_grant_id", "refresh_tokens", ["grant_id"])
    # A sign-in by browser ends in a session, not in a code for the app that asked.
    op.alter_column("sign_ins", "code_challenge", nullable=True)

    op.create_table(
        "consents",
        _text("id"),
        _text("account_id"),
        _text("client_id"),
        _texts("asked"),
        _texts("allowed"),
        sa.Column("purpose", postgresql.JSONB()),
        _instant("given_at"),
        _instant("expires_at"),
        _instant("ended_at", nullable=True),
        _text("ended_why", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_consents"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_consents_account_id"),
        sa.ForeignKeyConstraint(["client_id"], ["oauth_clients.id"], name="fk_consents_client_id"),
        sa.CheckConstraint("(ended_at is null) = (ended_why is null)", name="ck_consents_ended"),
        sa.CheckConstraint("ended_why in ('withdrawn', 'replaced')", name="ck_consents_why"),
    )
    op.create_index(
        "uq_consents_standing",
        "consents",
        ["account_id", "client_id"],
        unique=True,
        postgresql_where=sa.text("ended_at is null"),
    )
    op.create_index("ix_consents_account_id", "consents", ["account_id", "given_at"])


def downgrade() -> None:
    op.drop_table("consents")
    op.execute("delete from sign_ins where code_challenge is null")
    op.alter_column("sign_ins", "code_challenge", nullable=False)
    op.drop_table("refresh_tokens")
    op.drop_column("oauth_grants", "auth_time")
    op.drop_column("oauth_grants", "amr")
    op.drop_column("authorization_codes", "redirect_uri")
    for table in ("authorization_codes", "oauth_grants"):
        op.drop_column(table, "claims")
        op.drop_column(table, "browser_session_id")
    op.drop_table("authorization_requests")
    op.drop_table("browser_sessions")
    op.drop_constraint(op.f("ck_oauth_clients_one_way"), "oauth_clients")
    op.drop_constraint(_SECRET, "oauth_clients")
    op.create_check_constraint(_SECRET, "oauth_clients", "(kind = 'confidential') = (secret_digest is not null)")
    for name in (
        "backchannel_logout_uri",
        "post_logout_redirect_uris",
        "fapi2",
        "require_par",
        "keys",
        "response_modes",
    ):
        op.drop_column("oauth_clients", name)
    op.drop_column("oauth_clients", "purpose")
