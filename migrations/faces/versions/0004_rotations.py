"""Secret turns as sealed rows, so that there can be a new one."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "face_rotations",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_face_rotations"),
        sa.UniqueConstraint("number", name="uq_face_rotations_number"),
    )
    op.create_index("ix_face_gallery_rotation", "face_gallery", ["rotation"])


def downgrade() -> None:
    # Faces under a renewed turn are then found by nobody: only the first one follows from the deployment's key.
    op.drop_index("ix_face_gallery_rotation", "face_gallery")
    op.drop_table("face_rotations")
