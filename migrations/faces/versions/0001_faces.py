"""The gallery of those who agreed to be found by face, its keys, consents, deletions and log."""

import sqlalchemy as sa
from alembic import op

from identity.faces.tables import Vector

revision = "0001"
down_revision = None


def upgrade() -> None:
    # Only a superuser may add it: where the role is none, the database's template or its owner has done so before.
    op.execute("create extension if not exists vector")
    op.create_table(
        "face_consents",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("wording", sa.Text(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_face_consents"),
    )
    op.create_index("ix_face_consents_ref", "face_consents", ["ref"])
    op.create_table(
        "face_deletions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("consent_id", sa.Text(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_face_deletions"),
        sa.ForeignKeyConstraint(
            ["consent_id"], ["face_consents.id"], name="fk_face_deletions_consent_id_face_consents"
        ),
    )
    op.create_index("ix_face_deletions_ref", "face_deletions", ["ref"])
    op.create_table(
        "face_keys",
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("ref", name="pk_face_keys"),
    )
    op.create_table(
        "face_gallery",
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("consent_id", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("template", sa.LargeBinary(), nullable=False),
        sa.Column("rotation", sa.Text(), nullable=False),
        sa.Column("vector", Vector(128), nullable=False),
        sa.Column("enrolled_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("ref", name="pk_face_gallery"),
        sa.ForeignKeyConstraint(["ref"], ["face_keys.ref"], name="fk_face_gallery_ref_face_keys"),
        sa.ForeignKeyConstraint(["consent_id"], ["face_consents.id"], name="fk_face_gallery_consent_id_face_consents"),
    )
    op.create_table(
        "face_searches",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text()),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("score", sa.Float(53)),
        sa.Column("calibration", sa.Text(), nullable=False),
        sa.Column("gallery_size", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_face_searches"),
        sa.CheckConstraint(
            "outcome in ('found', 'not_found', 'ambiguous')",
            name="ck_face_searches_outcome",
        ),
    )
    op.create_index("ix_face_searches_at", "face_searches", ["at"])
    op.create_index("ix_face_searches_ref", "face_searches", ["ref"])


def downgrade() -> None:
    # The extension stays: another owner may have put it there.
    for table in ("face_searches", "face_gallery", "face_keys", "face_deletions", "face_consents"):
        op.drop_table(table)
