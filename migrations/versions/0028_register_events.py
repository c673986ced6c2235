"""Deaths, recognitions and corrections in books of their own; notes on entries; extracts given out."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0028"
down_revision = "0027"

_BEFORE = "kind in ('birth', 'marriage', 'death', 'recognition')"
_KINDS = {
    "register_books": "kind in ('birth', 'marriage', 'death', 'recognition', 'correction', 'extract', 'marital_status')",
    "register_entries": "kind in ('birth', 'marriage', 'death', 'recognition', 'correction')",
}


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _kinds(table: str, kinds: str) -> None:
    name = op.f(f"ck_{table}_kind")
    op.drop_constraint(name, table)
    op.create_check_constraint(name, table, kinds)


def upgrade() -> None:
    for table, kinds in _KINDS.items():
        _kinds(table, kinds)
    of_death = sa.text("kind = 'death'")
    op.create_index(
        "uq_register_entries_death_pin", "register_entries", ["pin"], unique=True, postgresql_where=of_death
    )
    op.create_index("ix_register_entries_death_likeness", "register_entries", ["likeness"], postgresql_where=of_death)
    op.add_column("register_people", sa.Column("note", sa.SmallInteger(), nullable=False, server_default="0"))
    op.drop_constraint("pk_register_people", "register_people")
    op.create_primary_key("pk_register_people", "register_people", ["entry_id", "role", "note"])
    op.create_index("ix_register_people_name_folded", "register_people", ["name_folded"])
    op.create_table(
        "register_notes",
        _text("entry_id"),
        sa.Column("seq", sa.SmallInteger(), nullable=False),
        _text("by"),
        _text("kind"),
        _text("text"),
        sa.Column("noted_on", sa.Date(), nullable=False),
        sa.Column("changes", postgresql.JSONB(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("entry_id", "seq", name="pk_register_notes"),
        sa.ForeignKeyConstraint(["entry_id"], ["register_entries.id"], name="fk_register_notes_entry_id"),
        sa.ForeignKeyConstraint(["by"], ["register_entries.id"], name="fk_register_notes_by"),
        sa.CheckConstraint(
            "kind in ('recognition', 'correction', 'death', 'widowed', 'divorced')", name=op.f("ck_register_notes_kind")
        ),
    )
    op.create_table(
        "register_extracts",
        _text("id"),
        _text("book_id"),
        sa.Column("number", sa.Integer(), nullable=False),
        _text("entry_id"),
        sa.Column("notes", sa.SmallInteger(), nullable=False),
        sa.Column("copies", sa.SmallInteger(), nullable=False),
        _text("requester_name"),
        _text("requester_pin", nullable=True),
        _text("office_name"),
        _text("signer_name"),
        _text("signer_title"),
        _text("clerk_name"),
        sa.Column("issued_on", sa.Date(), nullable=False),
        _text("entered_by", nullable=True),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_register_extracts"),
        sa.ForeignKeyConstraint(["book_id"], ["register_books.id"], name="fk_register_extracts_book_id"),
        sa.ForeignKeyConstraint(["entry_id"], ["register_entries.id"], name="fk_register_extracts_entry_id"),
        sa.UniqueConstraint("book_id", "number", name="uq_register_extracts_book_id_number"),
        sa.CheckConstraint("number > 0 and copies > 0", name=op.f("ck_register_extracts_counts")),
    )
    for table in ("register_notes", "register_extracts"):
        op.execute(
            f"create trigger {table}_stand before update or delete or truncate on {table}"
            " for each statement execute function register_entries_stand()"
        )


def downgrade() -> None:
    op.drop_table("register_extracts")
    op.drop_table("register_notes")
    op.drop_index("ix_register_people_name_folded", "register_people")
    op.execute("delete from register_people where note > 0")
    op.drop_constraint("pk_register_people", "register_people")
    op.drop_column("register_people", "note")
    op.create_primary_key("pk_register_people", "register_people", ["entry_id", "role"])
    op.drop_index("ix_register_entries_death_likeness", "register_entries")
    op.drop_index("uq_register_entries_death_pin", "register_entries")
    for table in _KINDS:
        _kinds(table, _BEFORE)
