"""Shifts, changes of roles by two persons, leaves, and the register of breaches."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def _instant(name: str, *, nullable: bool = False) -> sa.Column[sa.DateTime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def upgrade() -> None:
    op.add_column("officers", sa.Column("shift_from", sa.Time()))
    op.add_column("officers", sa.Column("shift_until", sa.Time()))
    op.create_check_constraint(
        op.f("ck_officers_shift"),
        "officers",
        "(shift_from is null) = (shift_until is null) and shift_from < shift_until",
    )
    op.create_table(
        "appointment_changes",
        _text("id"),
        _text("account_id"),
        _text("office_id"),
        sa.Column("roles", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date()),
        sa.Column("shift_from", sa.Time()),
        sa.Column("shift_until", sa.Time()),
        _text("proposed_by"),
        _instant("proposed_at"),
        _text("decided_by", nullable=True),
        _instant("decided_at", nullable=True),
        _text("verdict", nullable=True),
        _text("reason", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_appointment_changes"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_appointment_changes_account_id"),
        sa.ForeignKeyConstraint(["office_id"], ["offices.id"], name="fk_appointment_changes_office_id"),
        sa.ForeignKeyConstraint(["proposed_by"], ["accounts.id"], name="fk_appointment_changes_proposed_by"),
        sa.ForeignKeyConstraint(["decided_by"], ["accounts.id"], name="fk_appointment_changes_decided_by"),
        sa.CheckConstraint(
            "decided_by is null or decided_by <> proposed_by", name="ck_appointment_changes_two_persons"
        ),
        sa.CheckConstraint("decided_by is null or decided_by <> account_id", name="ck_appointment_changes_not_oneself"),
        sa.CheckConstraint("(decided_at is null) = (verdict is null)", name="ck_appointment_changes_decided"),
        sa.CheckConstraint("verdict in ('approved', 'refused')", name="ck_appointment_changes_verdict"),
        sa.CheckConstraint(
            "(shift_from is null) = (shift_until is null) and shift_from < shift_until",
            name="ck_appointment_changes_shift",
        ),
    )
    op.create_index("ix_appointment_changes_account_id", "appointment_changes", ["account_id"])
    op.create_table(
        "officer_leaves",
        _text("id"),
        _text("account_id"),
        _text("substitute_id", nullable=True),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        _text("entered_by"),
        _instant("entered_at"),
        _instant("ended_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_officer_leaves"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_officer_leaves_account_id"),
        sa.ForeignKeyConstraint(["substitute_id"], ["accounts.id"], name="fk_officer_leaves_substitute_id"),
        sa.ForeignKeyConstraint(["entered_by"], ["accounts.id"], name="fk_officer_leaves_entered_by"),
        sa.CheckConstraint("until_on >= from_on", name="ck_officer_leaves_dates"),
        sa.CheckConstraint("substitute_id <> account_id", name="ck_officer_leaves_substitute"),
    )
    op.create_index("ix_officer_leaves_account_id", "officer_leaves", ["account_id", "until_on"])
    op.create_index("ix_officer_leaves_substitute_id", "officer_leaves", ["substitute_id", "until_on"])
    op.create_table(
        "breaches",
        _text("id"),
        _text("what"),
        _text("affected"),
        _instant("known_at"),
        _instant("deadline_at"),
        _instant("notified_at", nullable=True),
        _text("notice_reference", nullable=True),
        _instant("closed_at", nullable=True),
        _text("closed_with", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_breaches"),
        sa.CheckConstraint("(notified_at is null) = (notice_reference is null)", name="ck_breaches_notified"),
        sa.CheckConstraint("(closed_at is null) = (closed_with is null)", name="ck_breaches_closed"),
        sa.CheckConstraint("closed_at is null or notified_at is not null", name="ck_breaches_order"),
    )
    op.create_table(
        "breach_events",
        _text("id"),
        _text("breach_id"),
        _instant("at"),
        _text("what"),
        _text("said"),
        _text("officer_id", nullable=True),
        _text("office_id", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_breach_events"),
        sa.ForeignKeyConstraint(["breach_id"], ["breaches.id"], name="fk_breach_events_breach_id"),
        sa.ForeignKeyConstraint(["officer_id"], ["accounts.id"], name="fk_breach_events_officer_id"),
        sa.ForeignKeyConstraint(["office_id"], ["offices.id"], name="fk_breach_events_office_id"),
    )
    op.create_index("ix_breach_events_breach_id", "breach_events", ["breach_id", "id"])
    op.execute(
        """
        create function breach_events_are_appended() returns trigger language plpgsql as $$
        begin
          raise exception 'what was done about a breach is appended, never changed';
        end $$
        """
    )
    op.execute(
        "create trigger breach_events_are_appended before update or delete on breach_events"
        " for each row execute function breach_events_are_appended()"
    )


def downgrade() -> None:
    op.drop_table("breach_events")
    op.execute("drop function breach_events_are_appended()")
    op.drop_table("breaches")
    op.drop_table("officer_leaves")
    op.drop_table("appointment_changes")
    op.drop_constraint(op.f("ck_officers_shift"), "officers")
    op.drop_column("officers", "shift_until")
    op.drop_column("officers", "shift_from")
