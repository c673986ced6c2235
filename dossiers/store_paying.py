"""SQL of fees: asked for, and paid."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dossiers.tables import branches, dossier_events, dossiers, payments


async def add_payment(conn: AsyncConnection, row: dict[str, Any]) -> None:
    await conn.execute(insert(payments).values(**row))


async def payment(conn: AsyncConnection, order_id: str) -> Any | None:
    return (await conn.execute(select(payments).where(payments.c.id == order_id))).one_or_none()


async def payment_of(conn: AsyncConnection, dossier_id: str, branch: str) -> Any | None:
    """The newest fee asked for on a branch."""
    query = select(payments).where(payments.c.dossier_id == dossier_id, payments.c.branch == branch)
    return (await conn.execute(query.order_by(payments.c.id.desc()).limit(1))).one_or_none()


async def payments_of(conn: AsyncConnection, dossier_id: str) -> Sequence[Any]:
    """Every fee asked for on a dossier, the oldest first."""
    return (
        await conn.execute(select(payments).where(payments.c.dossier_id == dossier_id).order_by(payments.c.id))
    ).all()


async def paid(conn: AsyncConnection, order_id: str, *, at: datetime, **how: str) -> None:
    """`how`: `reference` and `receipt`, and of cash `taken_by` and `taken_at_office`."""
    await conn.execute(update(payments).where(payments.c.id == order_id).values(paid_at=at, **how))


async def cash_of(conn: AsyncConnection, office_id: str, *, since: datetime, until: datetime) -> Sequence[Any]:
    """What an office's counter took between two instants, both counted, in order; with dossier and branch."""
    query = (
        select(
            payments,
            dossiers.c.receipt_code,
            dossiers.c.opened_at,
            branches.c.id.label("branch_id"),
            branches.c.procedure,
            branches.c.office_id,
        )
        .join_from(payments, dossiers, dossiers.c.id == payments.c.dossier_id)
        .join(branches, and_(branches.c.dossier_id == payments.c.dossier_id, branches.c.name == payments.c.branch))
        .where(
            payments.c.taken_by.is_not(None),
            payments.c.taken_at_office == office_id,
            payments.c.paid_at.between(since, until),
        )
        .order_by(payments.c.paid_at, payments.c.id)
    )
    return (await conn.execute(query)).all()


async def is_told(conn: AsyncConnection, reference: str) -> bool:
    """Whether a provider's payment stands under some fee already."""
    return (await conn.execute(select(payments.c.id).where(payments.c.reference == reference))).first() is not None


async def waivers_of(conn: AsyncConnection, dossier_id: str, kind: str) -> set[str]:
    """The branches whose fee was waived: lines of this kind in the history, which nobody takes back."""
    query = select(dossier_events.c.branch).where(
        dossier_events.c.dossier_id == dossier_id, dossier_events.c.kind == kind
    )
    return set((await conn.scalars(query)).all())
