"""Changes of appointments that wait for a second person, and leaves."""

from sqlalchemy import ARRAY, CheckConstraint, Column, Date, ForeignKey, Index, LargeBinary, Table, Text, Time

from kit.db import Id, Instant, metadata

appointment_changes = Table(
    "appointment_changes",
    metadata,
    Column("id", Id, primary_key=True),
    Column("account_id", Id, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("office_id", Id, ForeignKey("offices.id"), nullable=False),
    Column("roles", ARRAY(Text), nullable=False),
    Column("from_on", Date, nullable=False),
    Column("until_on", Date),
    Column("shift_from", Time),
    Column("shift_until", Time),
    Column("proposed_by", Id, ForeignKey("accounts.id"), nullable=False),
    Column("proposed_at", Instant, nullable=False),
    # Null where the second person was at the machine itself.
    Column("decided_by", Id, ForeignKey("accounts.id")),
    Column("decided_at", Instant),
    Column("verdict", Text),
    Column("reason", Text),
    CheckConstraint("decided_by is null or decided_by <> proposed_by", name="two_persons"),
    CheckConstraint("decided_by is null or decided_by <> account_id", name="not_oneself"),
    CheckConstraint("(decided_at is null) = (verdict is null)", name="decided"),
    CheckConstraint("verdict in ('approved', 'refused')", name="verdict"),
    CheckConstraint("(shift_from is null) = (shift_until is null) and shift_from < shift_until", name="shift"),
)

officer_leaves = Table(
    "officer_leaves",
    metadata,
    Column("id", Id, primary_key=True),
    Column("account_id", Id, ForeignKey("accounts.id"), nullable=False),
    Column("substitute_id", Id, ForeignKey("accounts.id")),
    Column("from_on", Date, nullable=False),
    Column("until_on", Date, nullable=False),
    Column("entered_by", Id, ForeignKey("accounts.id"), nullable=False),
    Column("entered_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Index("ix_officer_leaves_account_id", "account_id", "until_on"),
    Index("ix_officer_leaves_substitute_id", "substitute_id", "until_on"),
    CheckConstraint("until_on >= from_on", name="dates"),
    CheckConstraint("substitute_id <> account_id", name="substitute"),
)

officer_persons = Table(
    "officer_persons",
    metadata,
    Column("account_id", Id, ForeignKey("accounts.id"), primary_key=True),
    Column("pin_sealed", LargeBinary, nullable=False),
    Column("entered_by", Id, ForeignKey("accounts.id"), nullable=False),
    Column("entered_at", Instant, nullable=False),
)
"""Which person an officer's working account is: so that nobody decides a matter of their own or of their family."""
