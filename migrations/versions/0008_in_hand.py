"""Who has a dossier in hand at a service centre: what a search by face at its kiosks looks among."""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_index("ix_dossiers_in_hand", "dossiers", ["ward_code", "status", "changed_at", "account_id"])


def downgrade() -> None:
    op.drop_index("ix_dossiers_in_hand", "dossiers")
