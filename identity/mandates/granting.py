"""What representatives do: give mandates to delegates, narrow and end them, close the enterprise's account; and what any holder may: leave."""

from datetime import date
from typing import Any

from msgspec import UNSET
from sqlalchemy.ext.asyncio import AsyncConnection

from identity import accounts
from identity.accounts.freshness import refuse_stale
from identity.mandates import changing, store, views
from identity.mandates.messages import DelegateRequest, Enterprise, Mandate, MyMandates, NarrowRequest
from identity.mandates.policy import policy, years_after
from identity.mandates.refusals import (
    BadTerm,
    MandateChanged,
    MandateNotStanding,
    MandateUnknown,
    NoSuchDelegate,
    OnlyNarrower,
)
from identity.mandates.standing import state_of
from identity.mandates.ways import Mandates
from kit import clock, names
from kit.actor import Actor
from kit.refusal import NotFound


async def my_mandates(ways: Mandates, actor: Actor) -> MyMandates:
    """Whom one acts for, and who acts for oneself."""
    assert actor.account_id is not None
    async with ways.db.snapshot() as conn:
        held = await store.held_by(conn, actor.account_id)
        me = await accounts.account(conn, ways.keys, actor.account_id)
        over = [] if me.pin is None else await store.over(conn, accounts.secrets.pin_digest(ways.keys, me.pin))
        return MyMandates(held=await views.seen(conn, ways, held), over_me=await views.seen(conn, ways, over))


async def enterprise(ways: Mandates, actor: Actor, account_id: str) -> Enterprise:
    """For its representatives; refuses NotFound for everybody else."""
    async with ways.db.begin() as conn:
        held = await represented(conn, actor, account_id)
        rows = await store.of_principal(conn, account_id, still_open=False)
        return Enterprise(
            account_id=account_id,
            number=held.number,
            legal_name=held.legal_name,
            opened_at=held.created_at,
            closed_at=held.closed_at,
            mandates=await views.held(conn, ways, rows),
        )


async def grant(ways: Mandates, actor: Actor, account_id: str, asked: DelegateRequest) -> Mandate:
    """A delegate's mandate. Refuses SignInTooOld, NotFound, BadTerm, NoSuchDelegate, AlreadyHeld, TooMany."""
    refuse_stale(actor, "mandates")
    assert actor.account_id is not None
    today = clock.today()
    from_on = asked.from_on or today
    until_on = asked.until_on or years_after(from_on, policy().delegate.years_without_term)
    if from_on < today or until_on < from_on:
        raise BadTerm
    await ways.limits.hit("delegate", actor.account_id)
    async with ways.db.begin() as conn:
        await represented(conn, actor, account_id)
        delegate = await accounts.by_pin(conn, ways.keys, asked.pin)
        if (
            delegate is None
            or delegate.closed_at is not None
            or delegate.level < policy().holder.level
            or names.nfc(asked.full_name).casefold() != delegate.full_name.casefold()
        ):
            raise NoSuchDelegate
        row = await changing.begin(
            conn,
            ways,
            kind="delegate",
            principal_id=account_id,
            holder_id=delegate.id,
            acts=asked.acts,
            procedures=asked.procedures,
            basis={"by": "representative", "account_id": actor.account_id},
            from_on=from_on,
            until_on=until_on,
            by=actor,
        )
        return (await views.seen(conn, ways, [row]))[0]


async def narrow(ways: Mandates, actor: Actor, account_id: str, mandate_id: str, asked: NarrowRequest) -> Mandate:
    """A delegate's, never wider. Refuses NotFound, MandateUnknown, MandateNotStanding, MandateChanged, OnlyNarrower, BadTerm."""
    async with ways.db.begin() as conn:
        await represented(conn, actor, account_id)
        row = await _delegate(conn, account_id, mandate_id)
        if row.version != asked.version:
            raise MandateChanged(version=row.version)
        values = _narrower(row, asked, clock.today())
        after = await changing.narrow(conn, ways, row, actor, **values) if values else row
        return (await views.seen(conn, ways, [after]))[0]


async def end_delegate(ways: Mandates, actor: Actor, account_id: str, mandate_id: str) -> None:
    """At once. Refuses NotFound, MandateUnknown, MandateNotStanding for one that is over."""
    async with ways.db.begin() as conn:
        await represented(conn, actor, account_id)
        row = await _delegate(conn, account_id, mandate_id)
        await changing.end(conn, ways, row, "revoked", by=actor)


async def leave(ways: Mandates, actor: Actor, mandate_id: str) -> None:
    """A holder gives a mandate back. Refuses MandateUnknown, MandateNotStanding for one that is over, LastRepresentative."""
    async with ways.db.begin() as conn:
        row = await store.mandate(conn, mandate_id)
        if row is None or row.holder_id != actor.account_id:
            raise MandateUnknown
        if row.enterprise_id is not None:
            await store.hold_enterprise(conn, row.enterprise_id)
        row = await store.hold(conn, mandate_id)
        if state_of(row, clock.today()) == "ended":
            raise MandateNotStanding
        if row.kind == "representative":
            await changing.refuse_last(conn, row)
        await changing.end(conn, ways, row, "resigned", by=actor)


async def close(ways: Mandates, actor: Actor, account_id: str) -> None:
    """The enterprise's account, with every mandate. Refuses SignInTooOld, NotFound."""
    refuse_stale(actor, "mandates")
    async with ways.db.begin() as conn:
        await represented(conn, actor, account_id)
        for row in await store.of_principal(conn, account_id, still_open=True):
            await changing.end(conn, ways, await store.hold(conn, row.id), "closed", by=actor)
        await store.close(conn, account_id, clock.now())


async def holder_closes(conn: AsyncConnection, ways: Mandates, actor: Actor) -> None:
    """What a person holds ends with the person's account, on its transaction. Refuses LastRepresentative."""
    assert actor.account_id is not None
    rows = [row for row in await store.held_by(conn, actor.account_id) if row.ended_at is None]
    for row in sorted(rows, key=lambda row: row.enterprise_id or ""):
        if row.enterprise_id is not None:
            await store.hold_enterprise(conn, row.enterprise_id)
        row = await store.hold(conn, row.id)
        if row.ended_at is not None:
            continue
        if row.kind == "representative" and row.enterprise_closed_at is None:
            await changing.refuse_last(conn, row)
        await changing.end(conn, ways, row, "closed", by=actor)


async def represented(conn: AsyncConnection, actor: Actor, account_id: str) -> Any:
    """The enterprise, held, for who represents it today. Refuses NotFound: to others it looks like one that is not there."""
    enterprise = await store.hold_enterprise(conn, account_id)
    if enterprise is not None:
        today = clock.today()
        for row in await store.of_principal(conn, account_id, still_open=True):
            mine = row.kind == "representative" and row.holder_id == actor.account_id
            if mine and state_of(row, today) == "standing":
                return enterprise
    raise NotFound


async def _delegate(conn: AsyncConnection, account_id: str, mandate_id: str) -> Any:
    """A mandate a representative may change, held: other representatives are an officer's to end, or leave by themselves."""
    row = await store.hold(conn, mandate_id)
    if row is None or row.enterprise_id != account_id or row.kind != "delegate":
        raise MandateUnknown
    if state_of(row, clock.today()) == "ended":
        raise MandateNotStanding
    return row


def _narrower(row: Any, asked: NarrowRequest, today: date) -> dict[str, Any]:
    """What changes; nothing where everything is so already."""
    values: dict[str, Any] = {}
    if asked.acts is not UNSET and set(asked.acts) != set(row.acts):
        if not set(asked.acts) < set(row.acts):
            raise OnlyNarrower
        values["acts"] = sorted(set(asked.acts))
    if asked.procedures is not UNSET and (row.procedures is None or set(asked.procedures) != set(row.procedures)):
        if row.procedures is not None and not set(asked.procedures) < set(row.procedures):
            raise OnlyNarrower
        values["procedures"] = sorted(set(asked.procedures))
    if asked.until_on is not UNSET and asked.until_on != row.until_on:
        if row.until_on is not None and asked.until_on > row.until_on:
            raise OnlyNarrower
        if asked.until_on < max(today, row.from_on):
            raise BadTerm
        values["until_on"] = asked.until_on
    return values
