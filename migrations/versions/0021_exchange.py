"""Services that tokens are for, tokens exchanged for narrower ones, and each app's algorithm (RFC 8707, RFC 8693)."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0021"
down_revision = "0020"

_TEXTS = sa.ARRAY(sa.Text())
_WITH_CLAIMS = ("authorization_codes", "oauth_grants")


def upgrade() -> None:
    op.create_table(
        "oauth_services",
        sa.Column("uri", sa.Text(), nullable=False),
        sa.Column("name", postgresql.JSONB(), nullable=False),
        sa.Column("scopes", _TEXTS, nullable=False),
        sa.Column("client_id", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("uri", name="pk_oauth_services"),
        sa.ForeignKeyConstraint(["client_id"], ["oauth_clients.id"], name="fk_oauth_services_client_id"),
    )
    for table, column in (
        ("oauth_clients", "resources"),
        ("oauth_clients", "exchange_from"),
        ("authorization_codes", "resources"),
        ("device_codes", "resources"),
        ("oauth_grants", "resources"),
        ("oauth_grants", "ends_with"),
    ):
        op.add_column(table, sa.Column(column, _TEXTS, nullable=False, server_default="{}"))
    op.add_column("oauth_clients", sa.Column("id_token_alg", sa.Text(), nullable=True))
    # Single claims were kept as names, and now with the condition each was asked for with.
    for table in _WITH_CLAIMS:
        op.execute(
            f"update {table} set claims = jsonb_build_object("  # noqa: S608 - a literal of this file
            "'userinfo', (select coalesce(jsonb_object_agg(n, 'null'::jsonb), '{}') from jsonb_array_elements_text(claims->'userinfo') n),"
            "'id_token', (select coalesce(jsonb_object_agg(n, 'null'::jsonb), '{}') from jsonb_array_elements_text(claims->'id_token') n))"
            " where claims is not null"
        )
    # Who is on a sign-in page that asks for single claims begins again.
    op.execute(
        "delete from authorization_requests where jsonb_exists_any(asked, array['userinfo_claims', 'id_token_claims'])"
    )


def downgrade() -> None:
    op.execute(
        "delete from authorization_requests where jsonb_exists_any(asked, array['userinfo_claims', 'id_token_claims'])"
    )
    for table in _WITH_CLAIMS:
        op.execute(
            f"update {table} set claims = jsonb_build_object("  # noqa: S608 - a literal of this file
            "'userinfo', (select coalesce(jsonb_agg(n), '[]') from jsonb_object_keys(claims->'userinfo') n),"
            "'id_token', (select coalesce(jsonb_agg(n), '[]') from jsonb_object_keys(claims->'id_token') n))"
            " where claims is not null"
        )
    op.drop_column("oauth_clients", "id_token_alg")
    for table, column in (
        ("oauth_grants", "ends_with"),
        ("oauth_grants", "resources"),
        ("device_codes", "resources"),
        ("authorization_codes", "resources"),
        ("oauth_clients", "exchange_from"),
        ("oauth_clients", "resources"),
    ):
        op.drop_column(table, column)
    op.drop_table("oauth_services")
