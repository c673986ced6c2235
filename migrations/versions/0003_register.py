"""The civil register: books, entries, the people they name."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "register_books",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("office_id", sa.Text(), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("volume", sa.SmallInteger(), nullable=False),
        sa.Column("last_number", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_register_books"),
        sa.UniqueConstraint("office_id", "kind", "year", "volume", name="uq_register_books_office_id_kind_year_volume"),
        sa.CheckConstraint(
            "kind in ('birth', 'marriage', 'death', 'recognition')", name=op.f("ck_register_books_kind")
        ),
    )
    op.create_index(
        "uq_register_books_open",
        "register_books",
        ["office_id", "kind", "year"],
        unique=True,
        postgresql_where=sa.text("closed_at is null"),
    )
    op.create_table(
        "register_entries",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("book_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("registered_on", sa.Date(), nullable=False),
        sa.Column("registration_kind", sa.Text(), nullable=False),
        sa.Column("office_name", sa.Text(), nullable=False),
        sa.Column("signer_name", sa.Text(), nullable=False),
        sa.Column("signer_title", sa.Text(), nullable=False),
        sa.Column("clerk_name", sa.Text(), nullable=False),
        sa.Column("note", sa.Text()),
        sa.Column("pin", sa.Text()),
        sa.Column("facts", postgresql.JSONB(), nullable=False),
        sa.Column("notification_number", sa.Text()),
        sa.Column("likeness", sa.Text()),
        sa.Column("entered_by", sa.Text()),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_register_entries"),
        sa.ForeignKeyConstraint(["book_id"], ["register_books.id"], name="fk_register_entries_book_id"),
        sa.UniqueConstraint("book_id", "number", name="uq_register_entries_book_id_number"),
        sa.CheckConstraint(
            "kind in ('birth', 'marriage', 'death', 'recognition')", name=op.f("ck_register_entries_kind")
        ),
        sa.CheckConstraint("number > 0 and page > 0", name=op.f("ck_register_entries_place")),
    )
    for name, column in (("pin", "pin"), ("notification", "notification_number"), ("likeness", "likeness")):
        op.create_index(
            f"uq_register_entries_birth_{name}",
            "register_entries",
            [column],
            unique=True,
            postgresql_where=sa.text("kind = 'birth'"),
        )
    op.create_table(
        "register_people",
        sa.Column("entry_id", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("pin", sa.Text()),
        sa.Column("name_folded", sa.Text(), nullable=False),
        sa.Column("date_of_birth", sa.Text()),
        sa.PrimaryKeyConstraint("entry_id", "role", name="pk_register_people"),
        sa.ForeignKeyConstraint(["entry_id"], ["register_entries.id"], name="fk_register_people_entry_id"),
        sa.CheckConstraint(
            "role in ('child', 'mother', 'father', 'husband', 'wife', 'deceased', 'recogniser', 'recognised')",
            name=op.f("ck_register_people_role"),
        ),
    )
    op.create_index("ix_register_people_pin", "register_people", ["pin"])
    op.execute(
        """
        create function register_entries_stand() returns trigger language plpgsql as $$
        begin
          raise exception 'register entries are never changed or deleted' using errcode = 'restrict_violation';
        end $$
        """
    )
    op.execute(
        "create trigger register_entries_stand before update or delete or truncate on register_entries"
        " for each statement execute function register_entries_stand()"
    )


def downgrade() -> None:
    op.drop_table("register_people")
    op.drop_table("register_entries")
    op.drop_table("register_books")
    op.execute("drop function register_entries_stand()")
