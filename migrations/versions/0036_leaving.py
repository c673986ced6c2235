"""Requests to restrict and to delete; the day of birth of who left can be erased."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"

_BEFORE = "kind in ('export', 'correct', 'object', 'close')"
_AFTER = "kind in ('export', 'correct', 'object', 'restrict', 'delete', 'close')"
_PERSON_BEFORE = "kind <> 'person' or (pin_digest is not null and date_of_birth is not null)"
_PERSON_AFTER = "kind <> 'person' or (pin_digest is not null and (date_of_birth is not null or closed_at is not null))"


def upgrade() -> None:
    _replace("data_requests", "kind", _AFTER)
    _replace("accounts", "person", _PERSON_AFTER)


def downgrade() -> None:
    # Neither has a place in the older tables.
    op.execute(sa.text("delete from data_requests where kind in ('restrict', 'delete')"))
    op.execute(
        sa.text("update accounts set date_of_birth = '0001-01-01' where kind = 'person' and date_of_birth is null")
    )
    _replace("accounts", "person", _PERSON_BEFORE)
    _replace("data_requests", "kind", _BEFORE)


def _replace(table: str, name: str, rule: str) -> None:
    op.drop_constraint(op.f(f"ck_{table}_ck_{table}_{name}"), table)
    op.create_check_constraint(op.f(f"ck_{table}_ck_{table}_{name}"), table, rule)
