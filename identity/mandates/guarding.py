"""Who acts for a child or a ward: a parent whom our birth entry names, at once; anybody else by an officer who saw the paper."""

from datetime import date
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from identity import accounts
from identity.accounts import secrets
from identity.consents import reads
from identity.mandates import changing, store, views
from identity.mandates.civil import Birth
from identity.mandates.messages import BOTH, EndRequest, GuardianshipRequest, Mandate, WardRequest
from identity.mandates.policy import last_day_of_childhood, policy, whole_day
from identity.mandates.refusals import (
    BadTerm,
    BirthdayNotWhole,
    CourtDecisionNeeded,
    MandateNotStanding,
    MandateUnknown,
    NoSuchChild,
    NoSuchDelegate,
    OfAge,
    WardDiffers,
)
from identity.mandates.standing import state_of
from identity.mandates.ways import Mandates
from kit import clock, ids, names
from kit import pin as pins
from kit.actor import Actor, InsufficientLevel
from kit.pin import Sex


async def take_up(ways: Mandates, actor: Actor, asked: WardRequest) -> Mandate:
    """A parent's own word, held against our birth entry. Refuses InsufficientLevel, NoSuchChild, BirthdayNotWhole, AlreadyHeld, TooMany."""
    assert actor.account_id is not None
    if actor.level < policy().holder.level:
        raise InsufficientLevel.of(actor, policy().holder.level)
    await ways.limits.hit("ward", actor.account_id)
    async with ways.db.begin() as conn:
        me = await accounts.account(conn, ways.keys, actor.account_id)
        birth = await ways.civil.birth_of(conn, asked.pin)
        if birth is None or me.pin is None or not birth.names_parent(me.pin):
            raise NoSuchChild
        if await ways.civil.dead_among(conn, {birth.pin, me.pin}):
            raise NoSuchChild
        born = whole_day(birth.date_of_birth)
        if born is None:
            raise BirthdayNotWhole
        until_on = last_day_of_childhood(born)
        if until_on < clock.today():
            raise NoSuchChild
        ward = await _ward(conn, ways, birth.pin, birth.full_name, birth.date_of_birth, birth.sex)
        relation = "mother" if birth.mother_pin == me.pin else "father"
        basis = {"by": "birth_entry", "entry_id": birth.entry_id, "relation": relation}
        row = await _begin(conn, ways, ward, me.id, basis, until_on, by=actor)
        return (await views.seen(conn, ways, [row]))[0]


async def record(ways: Mandates, officer: Actor, asked: GuardianshipRequest) -> Mandate:
    """Refuses BadTerm, OfAge, CourtDecisionNeeded, BirthdayNotWhole, NoSuchDelegate, WardDiffers, AlreadyHeld."""
    today = clock.today()
    until_on = _term(asked, today)
    async with ways.db.begin() as conn:
        guardian = await accounts.by_pin(conn, ways.keys, asked.guardian_pin)
        if (
            guardian is None
            or guardian.closed_at is not None
            or guardian.level < policy().holder.level
            or guardian.full_name.casefold() != names.nfc(asked.guardian_name).casefold()
            or asked.guardian_pin == asked.ward_pin
        ):
            raise NoSuchDelegate
        birth = await ways.civil.birth_of(conn, asked.ward_pin)
        if birth is not None and not _same(birth, asked):
            raise WardDiffers
        if await ways.civil.dead_among(conn, {asked.ward_pin, asked.guardian_pin}):
            raise WardDiffers
        ward = await _ward(conn, ways, asked.ward_pin, asked.ward_name, asked.ward_date_of_birth, asked.ward_sex)
        basis = {
            "by": "officer",
            "officer_id": officer.account_id,
            "office_id": officer.office_id,
            "paper": asked.paper,
            "relation": "carer",
        }
        row = await _begin(conn, ways, ward, guardian.id, basis, until_on, by=officer)
        await reads.record(conn, officer, "mandate_desk", guardian.id)
        return (await views.seen(conn, ways, [row]))[0]


async def end_by_officer(ways: Mandates, officer: Actor, mandate_id: str, asked: EndRequest) -> None:
    """Of any kind, also of the last representative. Refuses MandateUnknown, MandateNotStanding for one that is over."""
    async with ways.db.begin() as conn:
        row = await store.mandate(conn, mandate_id)
        if row is None:
            raise MandateUnknown
        if row.enterprise_id is not None:
            await store.hold_enterprise(conn, row.enterprise_id)
        row = await store.hold(conn, mandate_id)
        if state_of(row, clock.today()) == "ended":
            raise MandateNotStanding
        await changing.end(conn, ways, row, asked.ended_for, by=officer, said=asked.reason)


def _term(asked: GuardianshipRequest, today: date) -> date | None:
    """The last day: childhood's, or an earlier one that the paper states; of an adult what the court said, or open."""
    if asked.until_on is not None and asked.until_on < today:
        raise BadTerm
    born = whole_day(_checked(asked.ward_date_of_birth))
    if asked.adult:
        if asked.paper.kind != "court_decision":
            raise CourtDecisionNeeded
        return asked.until_on
    if born is None:
        if asked.until_on is None:
            raise BirthdayNotWhole
        # Whatever the day was: the year alone says by when childhood is over at the latest.
        latest = last_day_of_childhood(date(int(asked.ward_date_of_birth[:4]), 12, 31))
        if asked.until_on > latest:
            raise OfAge
        return asked.until_on
    last = last_day_of_childhood(born)
    if born > today or last < today:
        raise OfAge
    return last if asked.until_on is None else min(last, asked.until_on)


def _checked(partial: str) -> str:
    """Refuses WardDiffers for what is no day of the calendar."""
    try:
        date.fromisoformat((partial + "-01-01")[: len("YYYY-MM-DD")])
    except ValueError as error:
        raise WardDiffers from error
    return partial


def _same(birth: Birth, asked: GuardianshipRequest) -> bool:
    return (
        names.same_name(birth.full_name, asked.ward_name)
        and birth.date_of_birth == asked.ward_date_of_birth
        and birth.sex == asked.ward_sex
    )


async def _ward(conn: AsyncConnection, ways: Mandates, pin: str, full_name: str, date_of_birth: str, sex: Sex) -> Any:
    """The row of this number; refuses WardDiffers where it is known with other particulars."""
    if pins.faults(pin, sex=sex, birth_year=int(date_of_birth[:4])):
        raise WardDiffers
    ward_id = ids.new_id("wrd")
    ward = await store.add_ward(
        conn,
        id=ward_id,
        pin_digest=secrets.pin_digest(ways.keys, pin),
        pin_sealed=secrets.seal_pin(ways.keys, ward_id, pin),
        full_name=names.nfc(full_name),
        date_of_birth=date_of_birth,
        sex=sex,
        added_at=clock.now(),
    )
    if (ward.date_of_birth, ward.sex) != (date_of_birth, sex) or not names.same_name(ward.full_name, full_name):
        raise WardDiffers
    return ward


async def _begin(
    conn: AsyncConnection,
    ways: Mandates,
    ward: Any,
    holder_id: str,
    basis: dict[str, Any],
    until_on: date | None,
    *,
    by: Actor,
) -> Any:
    return await changing.begin(
        conn,
        ways,
        kind="guardian",
        principal_id=ward.id,
        holder_id=holder_id,
        acts=BOTH,
        procedures=None,
        basis=basis,
        from_on=clock.today(),
        until_on=until_on,
        by=by,
    )
