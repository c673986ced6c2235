"""Pictures held against a card before, as keyed marks and sealed digests."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "face_pictures",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("session", sa.LargeBinary(), nullable=False),
        sa.Column("number", sa.LargeBinary(), nullable=False),
        sa.Column("marks", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_face_pictures"),
        sa.CheckConstraint("kind in ('selfie', 'portrait')", name=op.f("ck_face_pictures_kind")),
    )
    op.create_index("ix_face_pictures_expires_at", "face_pictures", ["expires_at"])
    op.create_index("ix_face_pictures_marks", "face_pictures", ["marks"], postgresql_using="gin")


def downgrade() -> None:
    op.drop_table("face_pictures")
