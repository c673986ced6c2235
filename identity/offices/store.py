"""SQL of offices and appointments."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from identity.offices.messages import Office
from identity.offices.tables import officers, offices
from kit.db import rows, select_from
from kit.refusal import Words


def _office(row: Any) -> Office:
    return Office(
        id=row.id,
        agency=row.agency,
        ward_code=row.ward_code,
        name=Words(vi=row.name_vi, en=row.name_en),
        address=row.address,
    )


async def add_office(conn: AsyncConnection, added: Office, at: datetime) -> bool:
    """False when that agency has an office in that ward, or the id is taken."""
    statement = upsert(offices).values(
        id=added.id,
        agency=added.agency,
        ward_code=added.ward_code,
        name_vi=added.name.vi,
        name_en=added.name.en,
        address=added.address,
        created_at=at,
    )
    return (await conn.execute(statement.on_conflict_do_nothing().returning(offices.c.id))).first() is not None


async def office(conn: AsyncConnection, office_id: str) -> Office | None:
    return next(map(_office, await rows(conn, _OFFICE, (office_id,))), None)


_OFFICE = select_from(offices, "where id = %s")
_OFFICES_FOR = select_from(
    offices, "join unnest(%s::text[], %s::text[]) as place (agency, ward_code) using (agency, ward_code)"
)


async def offices_for(conn: AsyncConnection, places: Collection[tuple[str, str]]) -> list[Office]:
    """Of each agency and ward, where there is one."""
    agencies, wards = [agency for agency, _ in places], [ward for _, ward in places]
    return [_office(row) for row in await rows(conn, _OFFICES_FOR, (agencies, wards))]


async def all_offices(conn: AsyncConnection, agency: str | None, ward_code: str | None) -> list[Office]:
    statement = select(offices).order_by(offices.c.ward_code, offices.c.agency)
    if agency is not None:
        statement = statement.where(offices.c.agency == agency)
    if ward_code is not None:
        statement = statement.where(offices.c.ward_code == ward_code)
    return [_office(row) for row in await conn.execute(statement)]


async def add_appointment(
    conn: AsyncConnection,
    *,
    appointment_id: str,
    account_id: str,
    office_id: str,
    roles: list[str],
    from_on: date,
    until_on: date | None,
    at: datetime,
) -> bool:
    """False when an appointment of this account is open."""
    statement = upsert(officers).values(
        id=appointment_id,
        account_id=account_id,
        office_id=office_id,
        roles=roles,
        from_on=from_on,
        until_on=until_on,
        appointed_at=at,
    )
    return (await conn.execute(statement.on_conflict_do_nothing().returning(officers.c.id))).first() is not None


async def end_appointment(conn: AsyncConnection, account_id: str, at: datetime) -> bool:
    open_one = (officers.c.account_id == account_id) & officers.c.ended_at.is_(None)
    return (await conn.execute(update(officers).where(open_one).values(ended_at=at))).rowcount == 1
