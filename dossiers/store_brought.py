"""SQL of answers to requests for a supplement while a counter fills them in; statements in the caller's transaction."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dossiers.tables import branches, dossier_parties, dossiers, supplement_drafts
from kit.db import raw, rows

_DRAFTS = supplement_drafts.c


async def draft(conn: AsyncConnection, branch_id: str) -> Any | None:
    return (await conn.execute(select(supplement_drafts).where(_DRAFTS.branch_id == branch_id))).one_or_none()


async def begin(
    conn: AsyncConnection, branch_id: str, *, asked_at: datetime, office_id: str, officer_id: str, at: datetime
) -> None:
    """An empty one in the place of what answered an earlier request; what answers this one goes on at this office. The dossier is locked."""
    here = {"office_id": office_id, "officer_id": officer_id}
    goes_on = update(supplement_drafts).where(
        _DRAFTS.branch_id == branch_id, _DRAFTS.asked_at == asked_at, _DRAFTS.given_at.is_(None)
    )
    if (await conn.execute(goes_on.values(here))).rowcount:
        return
    await conn.execute(delete(supplement_drafts).where(_DRAFTS.branch_id == branch_id))
    empty: dict[str, Any] = {"fields": {}, "documents": {}, "version": 1, "changed_at": at}
    await conn.execute(insert(supplement_drafts).values(branch_id=branch_id, asked_at=asked_at, **here, **empty))


async def change(conn: AsyncConnection, branch_id: str, **values: Any) -> None:
    """Of a dossier that is locked."""
    await conn.execute(update(supplement_drafts).where(_DRAFTS.branch_id == branch_id).values(**values))


_OF_OFFICE = """
select s.branch_id, s.changed_at, b.name, b.lapses_at, d.id, d.account_id, d.receipt_code, d.procedure, d.opened_at, d.options,
  d.form -> 'requester.full_name' ->> 'value' as requester
from supplement_drafts s join branches b on b.id = s.branch_id join dossiers d on d.id = b.dossier_id
where s.office_id = %s and s.given_at is null and b.state_since = s.asked_at order by b.lapses_at, s.branch_id limit %s
"""


async def of_office(conn: AsyncConnection, office_id: str, *, limit: int) -> list[Any]:
    """Those that an office fills in and that are waited for still; the first last day first."""
    return await rows(conn, _OF_OFFICE, (office_id, limit))


async def waiting(
    conn: AsyncConnection, account_id: str, *, states: Collection[str], limit: int
) -> list[tuple[str, str]]:
    """Dossier and branch ids of what an account filed that waits in one of these states; the first last day first."""
    query = (
        select(branches.c.dossier_id, branches.c.id)
        .join(dossiers, dossiers.c.id == branches.c.dossier_id)
        .where(dossiers.c.account_id == account_id, dossiers.c.status == "open", branches.c.state.in_(states))
        .order_by(branches.c.lapses_at)
        .limit(limit)
    )
    return [(row.dossier_id, row.id) for row in await conn.execute(query)]


async def parties(conn: AsyncConnection, dossier_id: str) -> list[str]:
    """Numbers of whom an authority's data names in a dossier."""
    query = select(dossier_parties.c.pin).where(dossier_parties.c.dossier_id == dossier_id)
    return list((await conn.scalars(query)).all())


_FORGET = """
delete from supplement_drafts s using branches b
where b.id = s.branch_id and s.changed_at < %s and (s.given_at is not null or b.state_since is distinct from s.asked_at)
"""


async def forget_given(conn: AsyncConnection, *, before: datetime) -> None:
    """Of those that nothing waits for any more, the old ones."""
    await (await raw(conn)).execute(_FORGET, (before,))
