"""A wire speaks a protocol and its cases are the far end's dossiers; results as they were signed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0029"
down_revision = "0028"

_LINKED_ONLY = ("key_id", "public_key", "account_id")


def upgrade() -> None:
    op.add_column("wires", sa.Column("protocol", sa.Text(), nullable=False, server_default="linked"))
    op.add_column("wires", sa.Column("login", postgresql.JSONB()))
    for name in _LINKED_ONLY:
        op.alter_column("wires", name, nullable=True)
    op.create_check_constraint(
        op.f("ck_wires_protocol"),
        "wires",
        "case protocol when 'linked' then num_nulls(key_id, public_key, account_id) = 0"
        " when 'national' then login is not null else false end",
    )
    op.alter_column("wire_cases", "branch_id", new_column_name="case_id")
    op.drop_constraint(op.f("ck_wire_cases_status"), "wire_cases")
    op.create_check_constraint(op.f("ck_wire_cases_status"), "wire_cases", "status between 1 and 10")
    op.alter_column("wire_messages", "branch_id", new_column_name="case_id")
    op.execute(
        "alter table wire_messages rename constraint fk_wire_messages_branch_id to fk_wire_messages_case_id;"
        "alter table wire_messages"
        " rename constraint uq_wire_messages_branch_id_sequence to uq_wire_messages_case_id_sequence"
    )
    op.create_table(
        "signed_results",
        sa.Column("branch_id", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("pdf", sa.LargeBinary(), nullable=False),
        sa.Column("signer", sa.Text(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("branch_id", "made_at", name="pk_signed_results"),
        sa.ForeignKeyConstraint(["branch_id"], ["branches.id"], name="fk_signed_results_branch_id", ondelete="CASCADE"),
    )
    op.execute(
        """
        create function signed_results_stand() returns trigger language plpgsql as $$
        begin
          raise exception 'a paper that was signed is never changed';
        end $$
        """
    )
    op.execute(
        "create trigger signed_results_stand before update on signed_results"
        " for each row execute function signed_results_stand()"
    )


def downgrade() -> None:
    op.drop_table("signed_results")
    op.execute("drop function signed_results_stand")
    op.execute(
        "delete from wire_messages where wire in (select name from wires where protocol = 'national');"
        "delete from wire_cases where wire in (select name from wires where protocol = 'national');"
        "delete from wires where protocol = 'national';"
        "alter table wire_messages rename constraint fk_wire_messages_case_id to fk_wire_messages_branch_id;"
        "alter table wire_messages"
        " rename constraint uq_wire_messages_case_id_sequence to uq_wire_messages_branch_id_sequence"
    )
    op.alter_column("wire_messages", "case_id", new_column_name="branch_id")
    op.alter_column("wire_cases", "case_id", new_column_name="branch_id")
    op.drop_constraint(op.f("ck_wire_cases_status"), "wire_cases")
    op.create_check_constraint(op.f("ck_wire_cases_status"), "wire_cases", "status in (1, 2, 3, 4, 5, 6, 7)")
    op.drop_constraint(op.f("ck_wires_protocol"), "wires")
    for name in _LINKED_ONLY:
        op.alter_column("wires", name, nullable=False)
    op.drop_column("wires", "login")
    op.drop_column("wires", "protocol")
