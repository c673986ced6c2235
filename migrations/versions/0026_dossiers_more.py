"""What a branch is asked for, consents by invitation, results put right, what a line of the history seals; files on their way."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    op.add_column("branches", sa.Column("asked", postgresql.JSONB()))
    op.add_column("branches", sa.Column("lapses_at", sa.DateTime(timezone=True)))
    op.add_column("branches", sa.Column("pauses", postgresql.JSONB(), nullable=False, server_default="[]"))
    op.create_index(
        "ix_branches_lapses_at", "branches", ["lapses_at"], postgresql_where=sa.text("lapses_at is not null")
    )
    op.add_column("dossier_events", sa.Column("facts", postgresql.JSONB()))
    op.create_table(
        "invitations",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("dossier_id", sa.Text(), nullable=False),
        sa.Column("branch", sa.Text(), nullable=False),
        sa.Column("pin", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.Text()),
        sa.Column("answered_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_invitations"),
        sa.UniqueConstraint("dossier_id", "branch", name="uq_invitations_dossier_id_branch"),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossiers.id"], name="fk_invitations_dossier_id", ondelete="CASCADE"),
        sa.CheckConstraint("answer in ('agreed', 'declined', 'on_paper', 'ended')", name=op.f("ck_invitations_answer")),
        sa.CheckConstraint("(answer is null) = (answered_at is null)", name=op.f("ck_invitations_answered")),
    )
    op.create_index("ix_invitations_pin", "invitations", ["pin"])
    op.create_table(
        "replaced_results",
        sa.Column("branch_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("data", postgresql.JSONB(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("branch_id", "seq", name="pk_replaced_results"),
        sa.ForeignKeyConstraint(
            ["branch_id"], ["branches.id"], name="fk_replaced_results_branch_id", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "unfinished_uploads",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("length", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary()),
        sa.Column("pieces", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("kept", sa.Boolean(), nullable=False, server_default="false"),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_unfinished_uploads"),
    )
    op.create_index("ix_unfinished_uploads_account_id", "unfinished_uploads", ["account_id"])
    op.create_index("ix_unfinished_uploads_expires_at", "unfinished_uploads", ["expires_at"])


def downgrade() -> None:
    op.drop_table("unfinished_uploads")
    op.drop_table("replaced_results")
    op.drop_table("invitations")
    op.drop_column("dossier_events", "facts")
    op.drop_column("branches", "pauses")
    op.drop_column("branches", "lapses_at")
    op.drop_column("branches", "asked")
