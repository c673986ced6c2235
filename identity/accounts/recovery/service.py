"""The verbs of recovery (NIST SP 800-63B-4 §4.2). Each owns its transaction.

Nothing changes before the wait is over; every old channel is told at the start with a code that stops it, and at the end; the
level is lowered, for what proved it was shown by somebody else's measure than the old channels.
"""

import hmac
import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from identity.accounts import secrets, throttling
from identity.accounts import service as accounts
from identity.accounts import store as rows
from identity.accounts.authenticators import service as authenticators
from identity.accounts.authenticators.messages import Authenticator
from identity.accounts.authenticators.refusals import ConfirmationOver, LastAuthenticator
from identity.accounts.codes import login_of
from identity.accounts.freshness import refuse_stale
from identity.accounts.policy import RecoveryRule, policy
from identity.accounts.recovery import store
from identity.accounts.recovery.messages import (
    DeskRecoveryReply,
    DeskRecoveryRequest,
    Recovery,
    RecoveryRequest,
    RecoveryState,
    RecoveryWay,
)
from identity.accounts.recovery.refusals import CameInByLost, CancellationUnknown, RecoveryUnderWay
from identity.accounts.refusals import WrongCode
from identity.accounts.telling import tell_of_change
from identity.consents import reads
from identity.tokens import revoke_tokens
from kit import clock, ids
from kit.actor import Actor
from kit.db import Database, raw
from kit.jobs import Jobs
from kit.keys import Keys
from kit.limits import Limits
from kit.refusal import NotFound, Words
from kit.settings import Settings
from notifications import Contact, PostOffice, Recipient

COMPLETE = "identity.accounts.complete_recovery"
CODE_LIFETIME = timedelta(minutes=10)

_ID = re.compile(r"rcv_[0-9a-z]{26}")

_BEGUN = Words(vi="Có yêu cầu đổi cách đăng nhập", en="Somebody asked to change the ways to sign in")
_TAKEN = Words(vi="Có người khác đang dùng số/thư này", en="Somebody else now holds this phone or address")
_DONE = Words(vi="Đã đổi cách đăng nhập theo yêu cầu khôi phục", en="the ways in were changed by a recovery")
_STOPPED = Words(vi="Đã huỷ yêu cầu khôi phục", en="a recovery was cancelled")
_VOID = Words(vi="Yêu cầu khôi phục không còn thực hiện được", en="a recovery could not be done any more")


class Ways(msgspec.Struct, frozen=True):
    """What the verbs stand on."""

    db: Database
    keys: Keys
    settings: Settings
    post_office: PostOffice
    limits: Limits
    jobs: Jobs


async def begin_by_second_factor(ways: Ways, actor: Actor, asked: RecoveryRequest) -> Recovery:
    """Refuses SignInTooOld, NotFound, CameInByLost, LastAuthenticator, RecoveryUnderWay."""
    refuse_stale(actor, "ways_in")
    account_id, recovery_id, now = authenticators.holder_of(actor), ids.new_id("rcv"), clock.now()
    async with ways.db.begin() as conn:
        await rows.hold_account(conn, account_id)
        held = await authenticators.held(conn, ways.keys, account_id)
        lost = [one for one in held if one.id in asked.lost]
        if len(lost) != len(set(asked.lost)):
            raise NotFound
        if actor.authenticator_id in asked.lost:
            raise CameInByLost
        authenticators.refuse_last(held, lost)
        await _refuse_second(conn, account_id)
        await store.add(
            conn,
            id=recovery_id,
            account_id=account_id,
            way="second_factor",
            reason=asked.reason,
            lost=[one.id for one in lost],
            begun_at=now,
        )
        await _wait(conn, ways, recovery_id, "second_factor", account_id, None)
        await authenticators.record(conn, account_id, "recovery-begun", {"recovery": recovery_id}, actor)
        return _told((await store.all_of(conn, account_id))[0])


async def begin_in_person(ways: Ways, officer: Actor, asked: DeskRecoveryRequest) -> DeskRecoveryReply:
    """Sends a code to the contact the person holds now. Refuses BadLogin, NotFound, OwnAccount, RecoveryUnderWay, TooMany."""
    contact, recovery_id, code, now = login_of(asked.contact), ids.new_id("rcv"), ids.one_time_code(), clock.now()
    async with ways.db.begin() as conn:
        holder = await accounts.by_pin(conn, ways.keys, asked.pin)
        if holder is None or holder.closed_at is not None:
            raise NotFound
        await authenticators.refuse_own(conn, ways.keys, holder, officer)
        await _refuse_second(conn, holder.id)
        await ways.limits.hit("one-time-code", f"{contact.value}|{holder.id}")
        held = await authenticators.held(conn, ways.keys, holder.id)
        await store.add(
            conn,
            id=recovery_id,
            account_id=holder.id,
            way="in_person",
            reason=asked.reason,
            lost=[one.id for one in held if one.kind in asked.lost],
            contact_kind=contact.kind,
            contact_sealed=secrets.seal_contact(ways.keys, recovery_id, contact),
            code_digest=secrets.code_digest(ways.keys, recovery_id, code),
            code_expires_at=now + CODE_LIFETIME,
            officer_id=officer.account_id,
            office_id=officer.office_id,
            shown=asked.shown,
            begun_at=now,
        )
        await reads.record(conn, officer, "desk_recovery", holder.id)
        await ways.post_office.send(
            conn,
            event="one-time-code",
            to=Recipient(account_id=None, contacts=(contact,), locale=holder.locale),
            fields={"code": code, "minutes": str(int(CODE_LIFETIME.total_seconds()) // 60)},
            once_key=recovery_id,
        )
    return DeskRecoveryReply(id=recovery_id, expires_in=int(CODE_LIFETIME.total_seconds()))


async def confirm_in_person(ways: Ways, officer: Actor, recovery_id: str, code: str) -> Recovery:
    """The wait begins. Refuses ConfirmationOver, TooMany, WrongCode, RecoveryUnderWay."""
    if not _ID.fullmatch(recovery_id):
        raise ConfirmationOver
    async with ways.db.begin() as conn:
        tried = await store.count_try(conn, recovery_id, authenticators.holder_of(officer), clock.now())
        if tried is None:
            raise ConfirmationOver
        lanes = throttling.confirmation_lanes(ways.keys, tried.account_id)
        await throttling.count(conn, lanes, clock.now())
    if not hmac.compare_digest(bytes(tried.code_digest), secrets.code_digest(ways.keys, recovery_id, code)):
        if tried.code_tries >= store.MAX_TRIES:
            raise ConfirmationOver
        raise WrongCode(left=store.MAX_TRIES - tried.code_tries)
    async with ways.db.begin() as conn:
        await throttling.forgive(conn, lanes)
        await rows.hold_account(conn, tried.account_id)
        await _refuse_second(conn, tried.account_id)
        holder = await rows.account_id_by_contact(conn, secrets.contact_digest(ways.keys, _contact(ways.keys, tried)))
        other = holder if holder != tried.account_id else None
        if not await _wait(conn, ways, recovery_id, "in_person", tried.account_id, other):
            raise ConfirmationOver
        facts = {"recovery": recovery_id, "shown": tried.shown}
        await authenticators.record(conn, tried.account_id, "recovery-begun", facts, officer)
        await reads.record(conn, officer, "desk_recovery", tried.account_id)
        return _told((await store.all_of(conn, tried.account_id))[0])


async def recoveries_of(db: Database, actor: Actor) -> list[Recovery]:
    """Those that concern the caller's account, the newest first."""
    async with db.connect() as conn:
        return [_told(row) for row in await store.all_of(conn, authenticators.holder_of(actor))]


async def cancel(ways: Ways, code: str, *, address: str) -> None:
    """By whoever reads an old channel. Refuses TooMany, CancellationUnknown."""
    await ways.limits.hit("lookup-code", address)
    async with ways.db.begin() as conn:
        stopped = await store.cancel(conn, clock.now(), cancel_digest=_cancel_digest(code))
        if stopped is None:
            raise CancellationUnknown
        await _stopped(conn, ways, stopped, Actor(kind="nobody"))


async def cancel_signed_in(ways: Ways, actor: Actor, recovery_id: str) -> None:
    """By the account it concerns. Refuses NotFound."""
    account_id = authenticators.holder_of(actor)
    async with ways.db.begin() as conn:
        stopped = await store.cancel_by(conn, clock.now(), recovery_id=recovery_id, account_id=account_id)
        if stopped is None:
            raise NotFound
        await _stopped(conn, ways, stopped, actor)


async def complete(ways: Ways, recovery_id: str) -> bool:
    """What the job does when the wait is over; False when there is nothing to do (any more, or yet)."""
    async with ways.db.begin() as conn:
        now = clock.now()
        due = await store.take_due(conn, recovery_id, now)
        if due is None:
            return False
        account = await rows.hold_account(conn, due.account_id)
        held = await authenticators.held(conn, ways.keys, due.account_id)
        lost = [one for one in held if one.id in due.lost]
        hindrance = await _hindrance(conn, ways, account, held, lost, due)
        if hindrance is not None:
            await store.set_void(conn, recovery_id, hindrance)
            await tell_of_change(conn, ways.keys, ways.post_office, ways.settings, due.account_id, _VOID)
            return True
        # Before they go: the ones that go are told too.
        for one in _concerned(due):
            await tell_of_change(conn, ways.keys, ways.post_office, ways.settings, one, _DONE)
        for one in lost:
            await authenticators.mark(conn, due.account_id, one, removed_at=now)
        if due.contact_kind is not None:
            await _bring(conn, ways, due)
        await rows.set_locked(conn, due.account_id, None)
        await authenticators.unlock_all(conn, due.account_id)
        for one in _concerned(due):
            await _lower(conn, one, due)
            await revoke_tokens(conn, account_id=one, reason="a recovery changed the ways in")
            await authenticators.record(conn, one, "recovered", {"recovery": recovery_id}, Actor(kind="nobody"))
    return True


async def _refuse_second(conn: AsyncConnection, account_id: str) -> None:
    if await store.waiting_of(conn, account_id) is not None:
        raise RecoveryUnderWay


async def _wait(
    conn: AsyncConnection, ways: Ways, recovery_id: str, way: RecoveryWay, account_id: str, other: str | None
) -> bool:
    """From now on it runs; False when it does already. Every old channel of every account it concerns is told how to stop it."""
    code, ready_at = ids.spoken_code(), clock.now() + timedelta(hours=_rule(way).wait_hours)
    if not await store.set_waiting(
        conn, recovery_id, ready_at=ready_at, from_account_id=other, cancel_digest=_cancel_digest(code)
    ):
        return False
    await ways.jobs.defer(await raw(conn), COMPLETE, at=ready_at, recovery_id=recovery_id)
    local = ready_at.astimezone(clock.CITY)
    for one, said in ((account_id, _BEGUN), (other, _TAKEN)):
        if one is not None:
            holder = await accounts.account(conn, ways.keys, one)
            await ways.post_office.send(
                conn,
                event="recovery-begun",
                to=Recipient(
                    account_id=one, contacts=tuple(held.contact for held in holder.contacts), locale=holder.locale
                ),
                fields={
                    "status": said,
                    "code": code,
                    "time": f"{local:%H:%M}",
                    "day": f"{local:%d/%m/%Y}",
                    "link": f"{ways.settings.public_url}/account/recovery",
                },
                once_key=f"{recovery_id}:{one}",
            )
    return True


async def _stopped(conn: AsyncConnection, ways: Ways, row: Any, by: Actor) -> None:
    for one in _concerned(row):
        await authenticators.record(conn, one, "recovery-cancelled", {"recovery": row.id}, by)
        await tell_of_change(conn, ways.keys, ways.post_office, ways.settings, one, _STOPPED)


async def _bring(conn: AsyncConnection, ways: Ways, due: Any) -> None:
    """The contact shown at the desk becomes a way in; whoever had it before has it no more."""
    contact = _contact(ways.keys, due)
    digest = secrets.contact_digest(ways.keys, contact)
    holder = await rows.account_id_by_contact(conn, digest)
    if holder == due.account_id:
        return
    if holder is not None:
        await rows.remove_contact(conn, digest, clock.now())
    await accounts.add_contact(conn, ways.keys, due.account_id, contact, clock.now())


async def _lower(conn: AsyncConnection, account_id: str, due: Any) -> None:
    most = _rule(due.way).level_after
    entry = {"level": most, "evidence": {"recovery": due.id}, "at": clock.now().isoformat(), "by": None}
    await rows.lower_level(conn, account_id, most, entry)


async def _hindrance(
    conn: AsyncConnection,
    ways: Ways,
    account: Any,
    held: Sequence[Authenticator],
    lost: Sequence[Authenticator],
    due: Any,
) -> str | None:
    """Why what was asked then cannot be done now."""
    if account.closed_at is not None:
        return "the account is closed"
    if due.contact_kind is not None:
        digest = secrets.contact_digest(ways.keys, _contact(ways.keys, due))
        holder = await rows.account_id_by_contact(conn, digest)
        # Whoever showed since that they hold it was told nothing, and loses nothing.
        return (
            None if holder in (None, due.account_id, due.from_account_id) else "the contact is somebody else's by now"
        )
    try:
        # What stays, locked or not, for a recovery unlocks it.
        authenticators.refuse_last([msgspec.structs.replace(one, locked_at=None) for one in held], lost)
    except LastAuthenticator:
        return "nothing would be left that opens"
    return None


def _concerned(row: Any) -> list[str]:
    return [row.account_id] if row.from_account_id is None else [row.account_id, row.from_account_id]


def _rule(way: RecoveryWay) -> RecoveryRule:
    rules = policy().recovery
    return rules.second_factor if way == "second_factor" else rules.in_person


def _contact(keys: Keys, row: Any) -> Contact:
    return Contact(kind=row.contact_kind, value=secrets.unseal_contact(keys, row.id, row.contact_sealed))


def _cancel_digest(code: str) -> bytes:
    """As it is read out: any case, with or without breaks."""
    return ids.digest(code.upper().replace("-", "").replace(" ", ""))


def _told(row: Any) -> Recovery:
    state: RecoveryState = "waiting"
    if row.cancelled_at is not None:
        state = "cancelled"
    elif row.void is not None:
        state = "void"
    elif row.completed_at is not None:
        state = "completed"
    return Recovery(
        id=row.id,
        way=row.way,
        reason=row.reason,
        state=state,
        begun_at=row.begun_at,
        ready_at=row.ready_at,
        level_after=_rule(row.way).level_after,
    )
