"""Vectors of any dimension: each model has its own."""

from alembic import op

from identity.faces.tables import Vector

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.alter_column("face_gallery", "vector", type_=Vector())


def downgrade() -> None:
    # Fails while a face of another dimension is there, and rightly.
    op.alter_column("face_gallery", "vector", type_=Vector(128))
