"""Setting up offices and appointing officers. Each verb works inside the caller's transaction."""

from collections.abc import Collection
from datetime import date

from sqlalchemy.ext.asyncio import AsyncConnection

from identity.accounts import account_kind, secrets
from identity.offices import store
from identity.offices.messages import ROLES, Agency, Colleague, Office, Seat
from identity.offices.refusals import AlreadyAppointed, NoSuchOffice, NotAnOfficer, OfficeExists, UnknownRole
from kit import clock, ids
from kit.keys import Keys
from kit.refusal import NotFound, Words


async def create_office(
    conn: AsyncConnection,
    *,
    agency: Agency,
    ward_code: str,
    name_vi: str,
    name_en: str,
    address: str,
    office_id: str | None = None,
) -> Office:
    """One office an agency and ward; refuses OfficeExists."""
    made = Office(
        id=office_id or ids.new_id("off"),
        agency=agency,
        ward_code=ward_code,
        name=Words(vi=name_vi, en=name_en),
        address=address,
    )
    if not await store.add_office(conn, made, clock.now()):
        raise OfficeExists(agency=agency, ward_code=ward_code)
    return made


async def office_for(conn: AsyncConnection, agency: Agency, ward_code: str) -> Office:
    """Who decides there; refuses NoSuchOffice."""
    found = await offices_for(conn, {(agency, ward_code)})
    if not found:
        raise NoSuchOffice(agency=agency, ward_code=ward_code)
    return found[agency, ward_code]


async def offices_for(
    conn: AsyncConnection, places: Collection[tuple[Agency, str]]
) -> dict[tuple[Agency, str], Office]:
    """Who decides in each of these wards, by agency and ward; nothing for a place without an office."""
    return {(found.agency, found.ward_code): found for found in await store.offices_for(conn, places)}


async def office(conn: AsyncConnection, office_id: str) -> Office:
    """Refuses NotFound."""
    found = await store.office(conn, office_id)
    if found is None:
        raise NotFound
    return found


async def offices_by_id(conn: AsyncConnection, office_ids: Collection[str]) -> dict[str, Office]:
    """Refuses NotFound where one of them is not."""
    found = {one.id: one for one in await store.offices_by_id(conn, office_ids)}
    if len(found) < len(set(office_ids)):
        raise NotFound
    return found


async def all_offices(
    conn: AsyncConnection, *, agency: Agency | None = None, ward_code: str | None = None
) -> list[Office]:
    return await store.all_offices(conn, agency, ward_code)


async def appoint(
    conn: AsyncConnection,
    *,
    account_id: str,
    office_id: str,
    roles: Collection[str],
    from_on: date | None = None,
    until_on: date | None = None,
) -> str:
    """Gives an officer's account roles in one office, from today unless said otherwise; returns the appointment's id.

    Refuses UnknownRole, NotAnOfficer, AlreadyAppointed, NotFound.
    """
    if unknown := [role for role in roles if role not in ROLES]:
        raise UnknownRole(role=unknown[0])
    if await account_kind(conn, account_id) != "officer":
        raise NotAnOfficer
    await office(conn, office_id)
    appointment_id = ids.new_id("apt")
    added = await store.add_appointment(
        conn,
        appointment_id=appointment_id,
        account_id=account_id,
        office_id=office_id,
        roles=sorted(set(roles)),
        from_on=from_on or clock.today(),
        until_on=until_on,
        at=clock.now(),
    )
    if not added:
        raise AlreadyAppointed
    return appointment_id


async def end_appointment(conn: AsyncConnection, *, account_id: str) -> None:
    """The officer's tokens stop with the next request; refuses NotFound when there is none to end."""
    if not await store.end_appointment(conn, account_id, clock.now()):
        raise NotFound


async def colleagues(conn: AsyncConnection, office_id: str) -> list[Colleague]:
    """Who is in office there today, those on leave too; by name."""
    return [
        Colleague(row.account_id, row.full_name, row.roles, row.skills, row.away, row.substitute_id)
        for row in await store.staff(conn, office_id, clock.today())
    ]


async def at_work(conn: AsyncConnection, account_id: str) -> tuple[frozenset[str] | None, frozenset[str]]:
    """An officer's skills (None is all of their roles' work), and the accounts of those away whom they stand in for today."""
    row = await store.at_work(conn, account_id, clock.today())
    if row is None:
        return None, frozenset()
    return None if row.skills is None else frozenset(row.skills), frozenset(row.stands_in_for)


async def seat(conn: AsyncConnection, keys: Keys, office_id: str, account_id: str | None) -> Seat:
    """Who sits there today, in one question. Refuses NotFound for an office that is not."""
    found = await store.seat(conn, office_id, account_id, clock.today())
    if found is None:
        raise NotFound
    sits_in, row = found
    sealed = row.pin_sealed or row.person_sealed
    return Seat(
        office=sits_in,
        account_id=account_id or "",
        full_name=row.full_name or "",
        pin=None if sealed is None or account_id is None else secrets.unseal_pin(keys, account_id, sealed),
        stands_in_for=frozenset(row.stands_in_for),
        holds_mandates=row.holds_mandates,
    )


async def set_skills(conn: AsyncConnection, account_id: str, office_id: str, skills: Collection[str] | None) -> None:
    """Of an officer of that office; refuses NotFound."""
    chosen = None if skills is None else sorted(set(skills))
    if not await store.set_skills(conn, account_id, office_id, chosen):
        raise NotFound
