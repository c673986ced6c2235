"""The verbs of staffing. Each owns its transaction, but for the first operator's, which the command owns."""

from datetime import date
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from identity import accounts
from identity.accounts.authenticators.service import record
from identity.accounts.codes import login_of
from identity.accounts.passkeys import service as passkeys
from identity.offices import service as offices
from identity.offices.messages import Agency
from identity.offices.refusals import NotAnOfficer
from identity.offices.staff import store
from identity.offices.staff.messages import (
    Appointment,
    Change,
    Leave,
    LeaveRequest,
    OfficerRequest,
    PersonRequest,
    VerdictRequest,
)
from identity.offices.staff.refusals import (
    BadAppointment,
    BadPerson,
    BadSubstitute,
    ChangeDecided,
    OperatorExists,
    SecondPersonNeeded,
)
from kit import clock, ids, names
from kit import pin as pins
from kit.actor import Actor
from kit.db import Database
from kit.keys import Keys
from kit.refusal import NotFound
from kit.settings import Settings
from notifications import PostOffice


async def create_officer(db: Database, keys: Keys, operator: Actor, asked: OfficerRequest) -> Change:
    """A working account, and its appointment proposed. Refuses BadLogin, BadName, ContactInUse, BadAppointment, NotFound."""
    contact = login_of(asked.email)
    if not names.nfc(asked.full_name):
        raise accounts.BadName
    async with db.begin() as conn:
        made = await accounts.open_officer(conn, keys, full_name=asked.full_name, contact=contact)
        return await _propose(conn, keys, operator, made.id, asked.appointment)


async def propose(db: Database, keys: Keys, operator: Actor, account_id: str, asked: Appointment) -> Change:
    """Other roles, another office, other days: what holds now holds until a second person approves. Refuses NotFound,
    NotAnOfficer, BadAppointment."""
    async with db.begin() as conn:
        return await _propose(conn, keys, operator, account_id, asked)


async def decide(db: Database, keys: Keys, operator: Actor, change_id: str, asked: VerdictRequest) -> Change:
    """By another operator than who proposed it and than whom it is for. Refuses NotFound, SecondPersonNeeded, ChangeDecided,
    BadAppointment."""
    assert operator.account_id is not None
    async with db.begin() as conn:
        change = await _undecided(conn, change_id)
        if operator.account_id in (change.proposed_by, change.account_id):
            raise SecondPersonNeeded
        return await _decide(conn, keys, change, operator.account_id, asked)


async def approve_at_the_machine(conn: AsyncConnection, keys: Keys, change_id: str) -> Change:
    """Whoever runs the command on the server is the second person, as long as there is one operator only. Refuses NotFound,
    ChangeDecided, OperatorExists."""
    change = await _undecided(conn, change_id)
    if len(await store.operators_in_force(conn, clock.today())) > 1:
        raise OperatorExists
    return await _decide(conn, keys, change, None, VerdictRequest(verdict="approved", reason="at the machine"))


async def first_operator(
    conn: AsyncConnection, keys: Keys, *, full_name: str, email: str, agency: Agency, ward_code: str, office_name: str
) -> accounts.Account:
    """Once in the life of a deployment; the office is made unless that agency has one in that ward. Refuses OperatorExists,
    BadLogin, ContactInUse."""
    contact = login_of(email)
    if await store.was_there_an_operator(conn):
        raise OperatorExists
    found = await offices.all_offices(conn, agency=agency, ward_code=ward_code)
    office = found[0] if found else await offices.create_office(
        conn, agency=agency, ward_code=ward_code, name_vi=office_name, name_en=office_name, address=""
    )  # fmt: skip
    made = await accounts.open_officer(conn, keys, full_name=full_name, contact=contact)
    await offices.appoint(conn, account_id=made.id, office_id=office.id, roles=["operator"])
    return made


async def end_now(db: Database, account_id: str) -> None:
    """One operator suffices to take roles away: the tokens stop with the next request. Refuses NotFound."""
    async with db.begin() as conn:
        await offices.end_appointment(conn, account_id=account_id)


async def reset_passkeys(
    db: Database, keys: Keys, post_office: PostOffice, settings: Settings, operator: Actor, account_id: str
) -> None:
    """Of an officer who lost theirs; never one's own. The officer is told. Refuses SecondPersonNeeded, NotFound."""
    if operator.account_id == account_id:
        raise SecondPersonNeeded
    async with db.begin() as conn:
        if await accounts.account_kind(conn, account_id) != "officer":
            raise NotFound
        await passkeys.remove_all(conn, keys, post_office, settings, account_id)
        await record(conn, account_id, "passkeys-reset", {}, operator)


async def set_person(db: Database, keys: Keys, operator: Actor, account_id: str, asked: PersonRequest) -> None:
    """Which person an officer's account is; never said of oneself. Refuses SecondPersonNeeded, NotAnOfficer, NotFound, BadPerson."""
    assert operator.account_id is not None
    if operator.account_id == account_id:
        raise SecondPersonNeeded
    if faults := pins.faults(asked.pin):
        raise BadPerson(faults=faults)
    async with db.begin() as conn:
        kind = await accounts.account_kind(conn, account_id)
        if kind is None:
            raise NotFound
        if kind != "officer":
            raise NotAnOfficer
        await store.set_person(
            conn,
            account_id=account_id,
            pin_sealed=accounts.secrets.seal_pin(keys, account_id, asked.pin),
            entered_by=operator.account_id,
            entered_at=clock.now(),
        )


async def all_changes(db: Database, keys: Keys) -> list[Change]:
    """Those that wait first."""
    async with db.connect() as conn:
        return [await _told(conn, keys, row) for row in await store.changes(conn)]


async def enter_leave(db: Database, by: Actor, account_id: str, asked: LeaveRequest) -> Leave:
    """By an operator, or the head of the officer's office. Refuses NotFound, BadAppointment, BadSubstitute."""
    assert by.account_id is not None
    if asked.until_on < asked.from_on:
        raise BadAppointment(reason="until_on < from_on")
    leave_id = ids.new_id("lve")
    async with db.begin() as conn:
        office_id = await _may_send_away(conn, by, account_id)
        if asked.substitute_id is not None:
            elsewhere = await store.office_of(conn, asked.substitute_id) != office_id
            away = await store.is_away(conn, asked.substitute_id, asked.from_on, asked.until_on)
            if asked.substitute_id == account_id or elsewhere or away:
                raise BadSubstitute
        row: dict[str, Any] = {
            "id": leave_id,
            "account_id": account_id,
            "from_on": asked.from_on,
            "until_on": asked.until_on,
            "substitute_id": asked.substitute_id,
            "entered_by": by.account_id,
        }
        await store.add_leave(conn, **row, entered_at=clock.now())
    return Leave(**row, ended_at=None)


async def end_leave(db: Database, by: Actor, leave_id: str) -> None:
    """Back early: roles return to whose they are. Refuses NotFound."""
    async with db.begin() as conn:
        row = await store.end_leave(conn, leave_id, clock.now())
        if row is None:
            raise NotFound
        await _may_send_away(conn, by, row.account_id)


async def leaves(db: Database, by: Actor) -> list[Leave]:
    """An operator sees all, a head those of the office."""
    async with db.connect() as conn:
        rows = await store.leaves(conn, None if "operator" in by.roles else by.office_id)
    return [
        Leave(
            id=row.id,
            account_id=row.account_id,
            from_on=row.from_on,
            until_on=row.until_on,
            substitute_id=row.substitute_id,
            entered_by=row.entered_by,
            ended_at=row.ended_at,
        )
        for row in rows
    ]


async def _may_send_away(conn: AsyncConnection, by: Actor, account_id: str) -> str:
    """The office of the officer; another office's officers are not there for a head."""
    office_id = await store.office_of(conn, account_id)
    if office_id is None or ("operator" not in by.roles and office_id != by.office_id):
        raise NotFound
    return office_id


async def _propose(conn: AsyncConnection, keys: Keys, operator: Actor, account_id: str, asked: Appointment) -> Change:
    _refuse_bad(asked, clock.today())
    await offices.office(conn, asked.office_id)
    if await accounts.account_kind(conn, account_id) != "officer":
        raise NotAnOfficer
    change_id = ids.new_id("chg")
    await store.add_change(
        conn,
        id=change_id,
        account_id=account_id,
        office_id=asked.office_id,
        roles=sorted(set(asked.roles)),
        from_on=asked.from_on,
        until_on=asked.until_on,
        shift_from=asked.shift_from,
        shift_until=asked.shift_until,
        proposed_by=operator.account_id,
        proposed_at=clock.now(),
    )
    return await _told(conn, keys, await store.hold_change(conn, change_id))


def _refuse_bad(asked: Appointment, today: date) -> None:
    if asked.until_on is not None and (asked.until_on < asked.from_on or asked.until_on < today):
        raise BadAppointment(reason="until_on")
    if (asked.shift_from is None) != (asked.shift_until is None):
        raise BadAppointment(reason="shift_from, shift_until")
    if asked.shift_from is not None and asked.shift_until is not None:
        if asked.shift_from.tzinfo is not None or asked.shift_until.tzinfo is not None:
            raise BadAppointment(reason="shift hours are the city's, without an offset")
        if asked.shift_from >= asked.shift_until:
            raise BadAppointment(reason="shift_until <= shift_from")


async def _undecided(conn: AsyncConnection, change_id: str) -> Any:
    change = await store.hold_change(conn, change_id)
    if change is None:
        raise NotFound
    if change.decided_at is not None:
        raise ChangeDecided
    return change


async def _decide(conn: AsyncConnection, keys: Keys, change: Any, by: str | None, asked: VerdictRequest) -> Change:
    await store.decide(
        conn, change.id, decided_by=by, decided_at=clock.now(), verdict=asked.verdict, reason=asked.reason
    )
    if asked.verdict == "approved":
        # The former appointment ends with its sessions: whoever signs in again has the new roles.
        if await store.office_of(conn, change.account_id) is not None:
            if change.from_on > clock.today():
                raise BadAppointment(reason="one appointment at a time: approve it on the day it begins")
            await offices.end_appointment(conn, account_id=change.account_id)
        appointment_id = await offices.appoint(
            conn,
            account_id=change.account_id,
            office_id=change.office_id,
            roles=change.roles,
            from_on=change.from_on,
            until_on=change.until_on,
        )
        await store.set_shift(conn, appointment_id, change.shift_from, change.shift_until)
    return await _told(conn, keys, await store.hold_change(conn, change.id))


async def _told(conn: AsyncConnection, keys: Keys, row: Any) -> Change:
    return Change(
        id=row.id,
        account_id=row.account_id,
        full_name=(await accounts.account(conn, keys, row.account_id)).full_name,
        appointment=Appointment(
            office_id=row.office_id,
            roles=row.roles,
            from_on=row.from_on,
            until_on=row.until_on,
            shift_from=row.shift_from,
            shift_until=row.shift_until,
        ),
        proposed_by=row.proposed_by,
        proposed_at=row.proposed_at,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        verdict=row.verdict,
        reason=row.reason,
    )
