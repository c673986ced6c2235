"""Enterprises, wards, mandates to act for them, dossiers filed under one, and who read such a dossier."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0027"
down_revision = "0026"

# As 0002 named it, by the convention twice.
_KINDS = "ck_accounts_ck_accounts_kind"


def _instant(name: str, *, nullable: bool = False) -> sa.Column[sa.DateTime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def upgrade() -> None:
    op.drop_constraint(op.f(_KINDS), "accounts")
    op.create_check_constraint(op.f(_KINDS), "accounts", "kind in ('person', 'officer', 'enterprise')")
    op.create_table(
        "enterprises",
        _text("account_id"),
        _text("number"),
        sa.PrimaryKeyConstraint("account_id", name="pk_enterprises"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_enterprises_account_id"),
        sa.UniqueConstraint("number", name="uq_enterprises_number"),
    )
    op.create_table(
        "wards",
        _text("id"),
        sa.Column("pin_digest", sa.LargeBinary(), nullable=False),
        sa.Column("pin_sealed", sa.LargeBinary(), nullable=False),
        _text("full_name"),
        _text("date_of_birth"),
        _text("sex"),
        _instant("added_at"),
        sa.PrimaryKeyConstraint("id", name="pk_wards"),
        sa.UniqueConstraint("pin_digest", name="uq_wards_pin_digest"),
        sa.CheckConstraint("sex in ('male', 'female')", name=op.f("ck_wards_sex")),
    )
    _mandates()
    _events()
    op.create_table(
        "enterprise_claims",
        _text("id"),
        _text("account_id"),
        _text("number"),
        _text("legal_name"),
        _text("answer"),
        _text("state"),
        _instant("claimed_at"),
        _instant("decided_at", nullable=True),
        _text("decided_by", nullable=True),
        _text("office_id", nullable=True),
        _text("reason", nullable=True),
        _text("mandate_id", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_enterprise_claims"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_enterprise_claims_account_id"),
        sa.ForeignKeyConstraint(["decided_by"], ["accounts.id"], name="fk_enterprise_claims_decided_by"),
        sa.ForeignKeyConstraint(["office_id"], ["offices.id"], name="fk_enterprise_claims_office_id"),
        sa.ForeignKeyConstraint(["mandate_id"], ["mandates.id"], name="fk_enterprise_claims_mandate_id"),
        sa.CheckConstraint("state in ('waiting', 'confirmed', 'refused')", name=op.f("ck_enterprise_claims_state")),
        sa.CheckConstraint("(state = 'waiting') = (decided_at is null)", name=op.f("ck_enterprise_claims_decided")),
        sa.CheckConstraint(
            "(state = 'confirmed') = (mandate_id is not null)", name=op.f("ck_enterprise_claims_confirmed")
        ),
    )
    op.create_index("ix_enterprise_claims_account_id", "enterprise_claims", ["account_id"])
    op.create_index(
        "uq_enterprise_claims_waiting",
        "enterprise_claims",
        ["account_id", "number"],
        unique=True,
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.add_column("dossiers", _text("principal_id", nullable=True))
    op.add_column("dossiers", sa.Column("behalf", postgresql.JSONB(), nullable=True))
    op.create_check_constraint(op.f("ck_dossiers_behalf"), "dossiers", "(principal_id is null) = (behalf is null)")
    op.create_index(
        "ix_dossiers_principal_id",
        "dossiers",
        ["principal_id"],
        postgresql_where=sa.text("principal_id is not null"),
    )
    op.add_column("data_reads", sa.Column("holder_id", sa.Text()))


def _mandates() -> None:
    op.create_table(
        "mandates",
        _text("id"),
        _text("kind"),
        _text("enterprise_id", nullable=True),
        _text("ward_id", nullable=True),
        _text("holder_id"),
        sa.Column("acts", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("procedures", sa.ARRAY(sa.Text()), nullable=True),
        sa.Column("basis", postgresql.JSONB(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        _instant("granted_at"),
        _instant("ended_at", nullable=True),
        _text("ended_for", nullable=True),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        sa.PrimaryKeyConstraint("id", name="pk_mandates"),
        sa.ForeignKeyConstraint(["enterprise_id"], ["enterprises.account_id"], name="fk_mandates_enterprise_id"),
        sa.ForeignKeyConstraint(["ward_id"], ["wards.id"], name="fk_mandates_ward_id"),
        sa.ForeignKeyConstraint(["holder_id"], ["accounts.id"], name="fk_mandates_holder_id"),
        sa.CheckConstraint("kind in ('representative', 'delegate', 'guardian')", name=op.f("ck_mandates_kind")),
        sa.CheckConstraint("(kind = 'guardian') = (ward_id is not null)", name=op.f("ck_mandates_ward")),
        sa.CheckConstraint("(kind = 'guardian') = (enterprise_id is null)", name=op.f("ck_mandates_enterprise")),
        sa.CheckConstraint("acts <@ array['file', 'follow'] and cardinality(acts) > 0", name=op.f("ck_mandates_acts")),
        sa.CheckConstraint("until_on >= from_on", name=op.f("ck_mandates_dates")),
        sa.CheckConstraint("(ended_at is null) = (ended_for is null)", name=op.f("ck_mandates_ended")),
    )
    still_open = sa.text("ended_at is null")
    op.create_index(
        "uq_mandates_enterprise_open",
        "mandates",
        ["enterprise_id", "holder_id", "kind"],
        unique=True,
        postgresql_where=still_open,
    )
    op.create_index(
        "uq_mandates_ward_open", "mandates", ["ward_id", "holder_id"], unique=True, postgresql_where=still_open
    )
    op.create_index("ix_mandates_holder_id", "mandates", ["holder_id", "ended_at"])
    op.create_index("ix_mandates_until_on", "mandates", ["until_on"], postgresql_where=still_open)


def _events() -> None:
    op.create_table(
        "mandate_events",
        _text("id"),
        _text("mandate_id"),
        _instant("at"),
        _text("what"),
        _text("by_id", nullable=True),
        _text("office_id", nullable=True),
        _text("said"),
        sa.Column("covers", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_mandate_events"),
        sa.ForeignKeyConstraint(["mandate_id"], ["mandates.id"], name="fk_mandate_events_mandate_id"),
        sa.ForeignKeyConstraint(["by_id"], ["accounts.id"], name="fk_mandate_events_by_id"),
        sa.ForeignKeyConstraint(["office_id"], ["offices.id"], name="fk_mandate_events_office_id"),
        sa.CheckConstraint("what in ('granted', 'narrowed', 'ended')", name=op.f("ck_mandate_events_what")),
    )
    op.create_index("ix_mandate_events_mandate_id", "mandate_events", ["mandate_id", "id"])
    op.execute(
        """
        create function mandate_events_are_appended() returns trigger language plpgsql as $$
        begin
          raise exception 'what became of a mandate is appended, never changed';
        end $$
        """
    )
    op.execute(
        "create trigger mandate_events_are_appended before update or delete on mandate_events"
        " for each row execute function mandate_events_are_appended()"
    )


def downgrade() -> None:
    op.drop_column("data_reads", "holder_id")
    op.drop_index("ix_dossiers_principal_id", "dossiers")
    op.drop_constraint(op.f("ck_dossiers_behalf"), "dossiers")
    op.drop_column("dossiers", "behalf")
    op.drop_column("dossiers", "principal_id")
    op.drop_table("enterprise_claims")
    op.drop_table("mandate_events")
    op.execute("drop function mandate_events_are_appended")
    op.drop_table("mandates")
    op.drop_table("wards")
    op.drop_table("enterprises")
    op.execute("delete from accounts where kind = 'enterprise'")
    op.drop_constraint(op.f(_KINDS), "accounts")
    op.create_check_constraint(op.f(_KINDS), "accounts", "kind in ('person', 'officer')")
