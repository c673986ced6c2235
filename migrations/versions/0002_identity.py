"""Accounts and contacts, offices and officers, clients, codes, tokens, sign-ins."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"


def _instant(name: str, *, nullable: bool = False) -> sa.Column[sa.DateTime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _bytes(name: str, *, nullable: bool = False) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary(), nullable=nullable)


def _texts(name: str) -> sa.Column[list[str]]:
    return sa.Column(name, sa.ARRAY(sa.Text()), nullable=False)


def upgrade() -> None:
    op.create_table(
        "accounts",
        _text("id"),
        _text("kind"),
        _bytes("pin_digest", nullable=True),
        _bytes("pin_sealed", nullable=True),
        _text("full_name"),
        sa.Column("date_of_birth", sa.Date()),
        _text("sex", nullable=True),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("level_evidence", postgresql.JSONB(), nullable=False),
        _text("locale"),
        _instant("created_at"),
        _instant("closed_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_accounts"),
        sa.UniqueConstraint("pin_digest", name="uq_accounts_pin_digest"),
        sa.CheckConstraint("kind in ('person', 'officer')", name="ck_accounts_kind"),
        sa.CheckConstraint("level between 0 and 2", name="ck_accounts_level"),
        sa.CheckConstraint("sex in ('male', 'female')", name="ck_accounts_sex"),
        sa.CheckConstraint("(pin_digest is null) = (pin_sealed is null)", name="ck_accounts_pin"),
        sa.CheckConstraint(
            "kind <> 'person' or (pin_digest is not null and date_of_birth is not null)", name="ck_accounts_person"
        ),
    )
    op.create_table(
        "contacts",
        _text("id"),
        _text("account_id"),
        _text("kind"),
        _bytes("value_digest"),
        _bytes("value_sealed"),
        _instant("verified_at"),
        _instant("removed_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_contacts"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_contacts_account_id"),
        sa.CheckConstraint("kind in ('phone', 'email')", name="ck_contacts_kind"),
    )
    op.create_index("ix_contacts_account_id", "contacts", ["account_id"])
    op.create_index(
        "uq_contacts_value_digest_held",
        "contacts",
        ["value_digest"],
        unique=True,
        postgresql_where=sa.text("removed_at is null"),
    )
    op.create_table(
        "account_claims",
        _text("id"),
        _text("account_id"),
        _text("claim"),
        _bytes("value_sealed"),
        _texts("sources"),
        _instant("proved_at"),
        sa.PrimaryKeyConstraint("id", name="pk_account_claims"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_account_claims_account_id"),
    )
    op.create_index("ix_account_claims_account_id", "account_claims", ["account_id", "claim", "proved_at"])

    op.create_table(
        "offices",
        _text("id"),
        _text("agency"),
        _text("ward_code"),
        _text("name_vi"),
        _text("name_en"),
        _text("address"),
        _instant("created_at"),
        sa.PrimaryKeyConstraint("id", name="pk_offices"),
        sa.UniqueConstraint("agency", "ward_code", name="uq_offices_agency_ward_code"),
        sa.CheckConstraint("agency in ('ubnd_xa', 'cong_an_xa', 'bhxh')", name="ck_offices_agency"),
    )
    op.create_table(
        "officers",
        _text("id"),
        _text("account_id"),
        _text("office_id"),
        _texts("roles"),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date()),
        _instant("appointed_at"),
        _instant("ended_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_officers"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_officers_account_id"),
        sa.ForeignKeyConstraint(["office_id"], ["offices.id"], name="fk_officers_office_id"),
        sa.CheckConstraint("until_on is null or until_on >= from_on", name="ck_officers_dates"),
        sa.CheckConstraint("cardinality(roles) > 0", name="ck_officers_roles"),
    )
    op.create_index("ix_officers_office_id", "officers", ["office_id"])
    op.create_index(
        "uq_officers_account_id_open",
        "officers",
        ["account_id"],
        unique=True,
        postgresql_where=sa.text("ended_at is null"),
    )

    op.create_table(
        "oauth_clients",
        _text("id"),
        _text("name"),
        _text("kind"),
        _bytes("secret_digest", nullable=True),
        _texts("grants"),
        _texts("scopes"),
        _texts("redirect_uris"),
        sa.Column("dpop_required", sa.Boolean(), nullable=False),
        sa.Column("first_party", sa.Boolean(), nullable=False),
        _text("office_id", nullable=True),
        _text("sector"),
        _instant("created_at"),
        _instant("disabled_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_oauth_clients"),
        sa.ForeignKeyConstraint(["office_id"], ["offices.id"], name="fk_oauth_clients_office_id"),
        sa.CheckConstraint("kind in ('public', 'confidential')", name="ck_oauth_clients_kind"),
        sa.CheckConstraint("(kind = 'confidential') = (secret_digest is not null)", name="ck_oauth_clients_secret"),
    )
    op.create_table(
        "oauth_grants",
        _text("id"),
        _text("kind"),
        _text("client_id"),
        _text("account_id", nullable=True),
        _text("appointment_id", nullable=True),
        _text("session_id", nullable=True),
        _text("scope"),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        _text("jkt", nullable=True),
        _instant("created_at"),
        _instant("expires_at"),
        _instant("revoked_at", nullable=True),
        _text("revoked_why", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_oauth_grants"),
        sa.ForeignKeyConstraint(["client_id"], ["oauth_clients.id"], name="fk_oauth_grants_client_id"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_oauth_grants_account_id"),
        sa.ForeignKeyConstraint(["appointment_id"], ["officers.id"], name="fk_oauth_grants_appointment_id"),
        sa.CheckConstraint(
            "kind in ('citizen', 'officer', 'client', 'kiosk', 'proofing')", name="ck_oauth_grants_kind"
        ),
        sa.CheckConstraint("(revoked_at is null) = (revoked_why is null)", name="ck_oauth_grants_revoked"),
    )
    op.create_index("ix_oauth_grants_account_id", "oauth_grants", ["account_id"])
    op.create_index("ix_oauth_grants_expires_at", "oauth_grants", ["expires_at"])
    op.create_table(
        "authorization_codes",
        _bytes("digest"),
        _text("client_id"),
        _text("account_id"),
        _text("grant_id"),
        _text("code_challenge"),
        _text("jkt", nullable=True),
        _text("scope"),
        _texts("amr"),
        _instant("auth_time"),
        _text("nonce", nullable=True),
        _instant("created_at"),
        _instant("expires_at"),
        _instant("used_at", nullable=True),
        sa.PrimaryKeyConstraint("digest", name="pk_authorization_codes"),
        sa.ForeignKeyConstraint(["client_id"], ["oauth_clients.id"], name="fk_authorization_codes_client_id"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_authorization_codes_account_id"),
    )
    op.create_index("ix_authorization_codes_expires_at", "authorization_codes", ["expires_at"])

    op.create_table(
        "sign_ins",
        _text("id"),
        _text("client_id"),
        _text("account_id", nullable=True),
        _text("contact_kind"),
        _bytes("code_digest"),
        _text("code_challenge"),
        _text("jkt", nullable=True),
        _text("scope", nullable=True),
        _text("nonce", nullable=True),
        sa.Column("tries", sa.SmallInteger(), nullable=False, server_default="0"),
        _instant("created_at"),
        _instant("expires_at"),
        _instant("used_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_sign_ins"),
        sa.ForeignKeyConstraint(["client_id"], ["oauth_clients.id"], name="fk_sign_ins_client_id"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_sign_ins_account_id"),
    )
    op.create_index("ix_sign_ins_expires_at", "sign_ins", ["expires_at"])


def downgrade() -> None:
    for table in (
        "sign_ins",
        "authorization_codes",
        "oauth_grants",
        "oauth_clients",
        "officers",
        "offices",
        "account_claims",
        "contacts",
        "accounts",
    ):
        op.drop_table(table)
