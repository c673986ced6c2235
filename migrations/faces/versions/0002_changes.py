"""Every face put into the gallery or taken out gets a number, by which indices in memory keep up."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "face_changes",
        sa.Column("one", sa.Boolean(), nullable=False, server_default=sa.true()),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("one", name="pk_face_changes"),
        sa.CheckConstraint("one", name=op.f("ck_face_changes_one")),
    )
    op.add_column("face_gallery", sa.Column("change", sa.BigInteger()))
    op.execute(
        "update face_gallery set change = numbered.change"
        " from (select ref, row_number() over (order by enrolled_at, ref) as change from face_gallery) as numbered"
        " where numbered.ref = face_gallery.ref"
    )
    op.alter_column("face_gallery", "change", nullable=False)
    op.create_unique_constraint("uq_face_gallery_change", "face_gallery", ["change"])
    # No index remembers who was erased before there were any.
    op.add_column("face_deletions", sa.Column("change", sa.BigInteger(), nullable=False, server_default="0"))
    op.alter_column("face_deletions", "change", server_default=None)
    op.create_index("ix_face_deletions_change", "face_deletions", ["change"])
    op.execute("insert into face_changes (last) select coalesce(max(change), 0) from face_gallery")


def downgrade() -> None:
    op.drop_column("face_deletions", "change")
    op.drop_column("face_gallery", "change")
    op.drop_table("face_changes")
