"""Pictures held against a card before, as keyed marks and sealed digests; and whose face may be watched for."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"


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
    op.create_table(
        "face_guards",
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("consent_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("ref", name="pk_face_guards"),
        sa.ForeignKeyConstraint(
            ["ref"], ["face_gallery.ref"], name="fk_face_guards_ref_face_gallery", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["consent_id"], ["face_consents.id"], name="fk_face_guards_consent_id_face_consents"),
    )


def downgrade() -> None:
    op.drop_table("face_guards")
    op.drop_table("face_pictures")
