"""Of a selfie whose burst was not live, or another's, nobody is looked for; the log says so."""

from alembic import op

revision = "0006"
down_revision = "0005"

# As 0001 made it: the naming convention put its prefix before a name that had it already.
_OLD, _NEW = "ck_face_searches_ck_face_searches_outcome", "ck_face_searches_outcome"
_BEFORE = "outcome in ('found', 'not_found', 'ambiguous')"
_NOW = "outcome in ('found', 'not_found', 'ambiguous', 'not_live', 'another_person')"


def upgrade() -> None:
    op.drop_constraint(op.f(_OLD), "face_searches")
    op.create_check_constraint(op.f(_NEW), "face_searches", _NOW)


def downgrade() -> None:
    # Fails while such a line is there: a log is not rewritten.
    op.drop_constraint(op.f(_NEW), "face_searches")
    op.create_check_constraint(op.f(_OLD), "face_searches", _BEFORE)
