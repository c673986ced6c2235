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
_OFFICES = select_from(offices, "where id = any(%s)")
_OFFICES_FOR = select_from(
    offices, "join unnest(%s::text[], %s::text[]) as place (agency, ward_code) using (agency, ward_code)"
)


async def offices_by_id(conn: AsyncConnection, office_ids: Collection[str]) -> list[Office]:
    return [_office(row) for row in await rows(conn, _OFFICES, (list(office_ids),))]


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


_STAFF = """
select o.account_id, a.full_name, o.roles, o.skills, l.id is not null as away, l.substitute_id
from officers o join accounts a on a.id = o.account_id
left join officer_leaves l on l.account_id = o.account_id and l.ended_at is null and %(day)s between l.from_on and l.until_on
where o.office_id = %(office_id)s and o.ended_at is null and o.from_on <= %(day)s and (o.until_on is null or o.until_on >= %(day)s)
order by a.full_name, o.account_id
"""


async def staff(conn: AsyncConnection, office_id: str, on: date) -> list[Any]:
    """account_id, full_name, roles, skills, away, substitute_id of who is in office that day."""
    return await rows(conn, _STAFF, {"office_id": office_id, "day": on})


_AT_WORK = """
select o.skills, coalesce(array(
  select l.account_id from officer_leaves l join officers a on a.account_id = l.account_id and a.ended_at is null
  where l.substitute_id = o.account_id and l.ended_at is null and %(day)s between l.from_on and l.until_on
    and a.office_id = o.office_id), '{}') as stands_in_for
from officers o where o.account_id = %(account_id)s and o.ended_at is null
"""


async def at_work(conn: AsyncConnection, account_id: str, on: date) -> Any:
    """skills, stands_in_for of the officer's appointment; None where there is none."""
    return next(iter(await rows(conn, _AT_WORK, {"account_id": account_id, "day": on})), None)


_SEAT = select_from(
    offices,
    """
left join accounts a on a.id = %(account_id)s left join officer_persons p on p.account_id = a.id
where offices.id = %(office_id)s
""",
    more=""", a.full_name, a.pin_sealed, p.pin_sealed as person_sealed, array(
  select l.account_id from officer_leaves l join officers o on o.account_id = l.account_id and o.ended_at is null
  join officers mine on mine.account_id = l.substitute_id and mine.ended_at is null and mine.office_id = o.office_id
  where l.substitute_id = %(account_id)s and l.ended_at is null and %(day)s between l.from_on and l.until_on) as stands_in_for,
  exists (select from mandates m where m.holder_id = %(account_id)s and m.ended_at is null) as holds_mandates""",
)


async def seat(conn: AsyncConnection, office_id: str, account_id: str | None, on: date) -> tuple[Office, Any] | None:
    """The office; and full_name, pin_sealed, person_sealed, stands_in_for, holds_mandates of the account. None where there is no such office."""
    row = next(iter(await rows(conn, _SEAT, {"office_id": office_id, "account_id": account_id or "", "day": on})), None)
    return None if row is None else (_office(row), row)


async def set_skills(conn: AsyncConnection, account_id: str, office_id: str, skills: list[str] | None) -> bool:
    mine = (officers.c.account_id == account_id) & (officers.c.office_id == office_id) & officers.c.ended_at.is_(None)
    return (await conn.execute(update(officers).where(mine).values(skills=skills))).rowcount == 1
