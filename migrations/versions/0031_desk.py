"""The desk: refusals by two persons, steps, apologies, ratings, warnings; skills of officers, and who they are; assisted filing."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0031"
down_revision = "0030"

_OPEN = "decided_at is null and started_at is not null"


def _instant(name: str, *, nullable: bool = False) -> sa.Column[sa.DateTime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def upgrade() -> None:
    op.add_column("dossiers", sa.Column("assisted", postgresql.JSONB()))
    op.create_index(
        "ix_dossiers_assisted",
        "dossiers",
        [sa.text("(assisted ->> 'office_id')"), "id"],
        postgresql_where=sa.text("assisted is not null and status = 'draft'"),
    )
    op.add_column("branches", sa.Column("proposal", postgresql.JSONB()))
    op.add_column("branches", _instant("state_since", nullable=True))
    op.add_column("branches", _instant("escalated_at", nullable=True))
    op.add_column("branches", sa.Column("apology", postgresql.JSONB()))
    op.add_column("branches", sa.Column("warned", sa.SmallInteger(), nullable=False, server_default="0"))
    op.add_column("branches", sa.Column("rating", postgresql.JSONB()))
    op.create_index("ix_branches_unwarned", "branches", ["due_at"], postgresql_where=sa.text(f"{_OPEN} and warned < 2"))
    op.drop_index("ix_branches_queue", "branches")
    by_role = ["office_id", "officer_role", "due_at", "id"]
    op.create_index("ix_branches_queue", "branches", by_role, postgresql_where=sa.text(_OPEN))
    op.create_index(
        "ix_branches_free", "branches", by_role, postgresql_where=sa.text(f"{_OPEN} and claimed_by is null")
    )
    op.create_index(
        "ix_branches_claimed_by",
        "branches",
        ["claimed_by", "due_at", "id"],
        postgresql_where=sa.text(f"{_OPEN} and claimed_by is not null"),
    )
    op.create_index(
        "ix_branches_decided_at",
        "branches",
        ["office_id", "decided_at"],
        postgresql_where=sa.text("decided_at is not null"),
    )
    op.add_column("officers", sa.Column("skills", sa.ARRAY(sa.Text())))
    op.create_table(
        "officer_persons",
        _text("account_id"),
        sa.Column("pin_sealed", sa.LargeBinary(), nullable=False),
        _text("entered_by"),
        _instant("entered_at"),
        sa.PrimaryKeyConstraint("account_id", name="pk_officer_persons"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_officer_persons_account_id"),
        sa.ForeignKeyConstraint(["entered_by"], ["accounts.id"], name="fk_officer_persons_entered_by"),
    )
    op.create_table(
        "branch_steps",
        _text("branch_id"),
        sa.Column("seq", sa.Integer(), nullable=False),
        _text("state"),
        _text("action"),
        _text("procedure"),
        _text("office_id"),
        _text("officer_id", nullable=True),
        _instant("entered_at"),
        _instant("left_at"),
        _instant("due_at", nullable=True),
        sa.Column("asked", postgresql.JSONB()),
        sa.PrimaryKeyConstraint("branch_id", "seq", name="pk_branch_steps"),
        sa.ForeignKeyConstraint(["branch_id"], ["branches.id"], name="fk_branch_steps_branch_id", ondelete="CASCADE"),
    )
    op.create_index("ix_branch_steps_office_id", "branch_steps", ["office_id", "left_at"])
    op.create_table(
        "desk_acts",
        _text("branch_id"),
        sa.Column("seq", sa.Integer(), nullable=False),
        _instant("at"),
        _text("actor_id", nullable=True),
        _text("office_id"),
        _text("kind"),
        _text("said"),
        _text("to_id", nullable=True),
        sa.PrimaryKeyConstraint("branch_id", "seq", name="pk_desk_acts"),
        sa.ForeignKeyConstraint(["branch_id"], ["branches.id"], name="fk_desk_acts_branch_id", ondelete="CASCADE"),
    )
    op.execute(
        """
        create function desk_acts_are_appended() returns trigger language plpgsql as $$
        begin
          raise exception 'what an office did is appended, never changed';
        end $$
        """
    )
    op.execute(
        "create trigger desk_acts_are_appended before update or delete on desk_acts"
        " for each row execute function desk_acts_are_appended()"
    )


def downgrade() -> None:
    op.drop_table("desk_acts")
    op.execute("drop function desk_acts_are_appended")
    op.drop_table("branch_steps")
    op.drop_table("officer_persons")
    op.drop_column("officers", "skills")
    op.drop_index("ix_branches_decided_at", "branches")
    op.drop_index("ix_branches_claimed_by", "branches")
    op.drop_index("ix_branches_free", "branches")
    op.drop_index("ix_branches_queue", "branches")
    op.create_index(
        "ix_branches_queue", "branches", ["office_id", "officer_role", "due_at"], postgresql_where=sa.text(_OPEN)
    )
    op.drop_index("ix_branches_unwarned", "branches")
    for name in ("rating", "warned", "apology", "escalated_at", "state_since", "proposal"):
        op.drop_column("branches", name)
    op.drop_index("ix_dossiers_assisted", "dossiers")
    op.drop_column("dossiers", "assisted")
