"""The account behind a token and the appointment it holds, as they stand on a day."""

from datetime import date, time
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from identity.tokens.store.rows import one

# A level lapses by the calendar alone: whoever asks is told what it is on that day (`accounts.service.current_level`).
LEVEL = "case when a.level >= 2 and a.level_2_until >= %(day)s then 2 when a.level >= 1 and a.level_1_until >= %(day)s then 1 else 0 end"
# Who stands in for others of the office holds their roles too, but never an operator's: those take two persons.
ROLES = (
    "o.roles || coalesce((select array_agg(r) from officer_leaves l join officers a on a.account_id = l.account_id"
    " and a.ended_at is null and a.office_id = o.office_id cross join unnest(a.roles) r"
    " where l.substitute_id = o.account_id and l.ended_at is null and %(day)s between l.from_on and l.until_on"
    " and r <> 'operator'), '{}') as roles"
)
AWAY = (
    "exists (select from officer_leaves l where l.account_id = o.account_id and l.ended_at is null"
    " and %(day)s between l.from_on and l.until_on)"
)


async def bearer_of(conn: AsyncConnection, account_id: str, on: date, hour: time) -> Any:
    """kind, level, closed_at, locked_at, has_passkey of an account; appointment_id, office_id, roles of the appointment it holds at
    that day and hour of the city, and is not on leave from."""
    return await one(
        conn,
        f"select a.kind, {LEVEL} as level, a.closed_at, a.locked_at, exists (select from passkeys p where p.account_id = a.id"  # noqa: S608 - every part is a literal of this file
        " and p.removed_at is null) as has_passkey, o.id as appointment_id, o.office_id, " + ROLES + " from accounts a"
        " left join officers o on o.account_id = a.id and o.ended_at is null and o.from_on <= %(day)s"
        " and (o.until_on is null or o.until_on >= %(day)s)"
        " and (o.shift_from is null or (o.shift_from <= %(hour)s and %(hour)s < o.shift_until)) and not "
        + AWAY
        + " where a.id = %(id)s",
        {"id": account_id, "day": on, "hour": hour},
    )
