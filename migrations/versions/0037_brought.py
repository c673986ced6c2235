"""What a counter fills in of an answer to a request for a supplement, until the citizen confirms it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0037"
down_revision = "0036"


def upgrade() -> None:
    op.create_table(
        "supplement_drafts",
        sa.Column("branch_id", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("office_id", sa.Text(), nullable=False),
        sa.Column("officer_id", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fields", postgresql.JSONB(), nullable=False),
        sa.Column("documents", postgresql.JSONB(), nullable=False),
        sa.Column("signature", postgresql.JSONB()),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("branch_id", name=op.f("pk_supplement_drafts")),
        sa.ForeignKeyConstraint(
            ["branch_id"], ["branches.id"], name=op.f("fk_supplement_drafts_branch_id_branches"), ondelete="CASCADE"
        ),
    )
    op.create_index("ix_supplement_drafts_office_id", "supplement_drafts", ["office_id", "branch_id"])


def downgrade() -> None:
    op.drop_table("supplement_drafts")
