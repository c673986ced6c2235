"""The verbs of the ways in. Each owns its transaction; what an account loses or gains is told on every contact it has."""

import hmac
import re
from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from identity.accounts import contact as contacts
from identity.accounts import secrets, telling, throttling
from identity.accounts import service as accounts
from identity.accounts import store as rows
from identity.accounts.authenticators import store
from identity.accounts.authenticators.messages import (
    Authenticator,
    ConfirmationReply,
    Session,
    SignInEntry,
    SignInLog,
)
from identity.accounts.authenticators.refusals import (
    ConfirmationOver,
    LastAuthenticator,
    LockedBySomebodyElse,
    OwnAccount,
    PasskeyCopied,
    RecoveryNeeded,
    TooManyContacts,
)
from identity.accounts.codes import login_of
from identity.accounts.freshness import refuse_stale
from identity.accounts.messages import Account
from identity.accounts.passkeys import store as passkeys
from identity.accounts.policy import policy
from identity.accounts.refusals import WrongCode
from identity.consents import reads
from identity.tokens import end_other_sessions, end_session, end_sessions_by, own_pages, revoke_tokens, sessions_of
from kit import clock, ids
from kit.actor import Actor
from kit.db import Database
from kit.keys import Keys
from kit.limits import Limits
from kit.names import same_name
from kit.refusal import NotFound, Words
from kit.settings import Settings
from notifications import Contact, PostOffice, Recipient

LIFETIME = timedelta(minutes=10)
LOG_PAGE = 50

_ID = re.compile(r"cfm_[0-9a-z]{26}")

_NAMES = {
    "phone": Words(vi="số điện thoại", en="phone number"),
    "email": Words(vi="địa chỉ thư", en="e-mail address"),
    "passkey": Words(vi="khoá truy cập (passkey)", en="passkey"),
}
_ALL_LOCKED = Words(vi="Tài khoản đã khoá theo yêu cầu của bạn", en="the account was locked as you asked")
_UNLOCKED = Words(vi="Cán bộ đã mở khoá tài khoản tại quầy", en="an officer unlocked the account at a desk")


class Ways(msgspec.Struct, frozen=True):
    """What the verbs stand on."""

    db: Database
    keys: Keys
    settings: Settings
    post_office: PostOffice
    limits: Limits


async def authenticators_of(ways: Ways, actor: Actor) -> list[Authenticator]:
    """The oldest first, phones and addresses before passkeys."""
    async with ways.db.connect() as conn:
        return await held(conn, ways.keys, holder_of(actor))


async def begin_contact(ways: Ways, actor: Actor, text: str) -> ConfirmationReply:
    """Sends a code to a phone or address, which says nothing of who has it. Refuses SignInTooOld, BadLogin, TooManyContacts, TooMany."""
    refuse_stale(actor, "ways_in")
    account_id, contact = holder_of(actor), login_of(text)
    confirmation_id, code, now = ids.new_id("cfm"), ids.one_time_code(), clock.now()
    async with ways.db.begin() as conn:
        holder = await accounts.account(conn, ways.keys, account_id)
        most = policy().sessions.most_contacts
        if len(holder.contacts) >= most:
            raise TooManyContacts(most=most)
        await ways.limits.hit("one-time-code", f"{contact.value}|{account_id}")
        await ways.limits.hit("one-time-code-everywhere", contact.value)
        await store.add_confirmation(
            conn,
            id=confirmation_id,
            account_id=account_id,
            kind=contact.kind,
            value_sealed=secrets.seal_contact(ways.keys, confirmation_id, contact),
            code_digest=secrets.code_digest(ways.keys, confirmation_id, code),
            expires_at=now + LIFETIME,
        )
        await ways.post_office.send(
            conn,
            event="one-time-code",
            to=Recipient(account_id=None, contacts=(contact,), locale=holder.locale),
            fields={"code": code, "minutes": str(int(LIFETIME.total_seconds()) // 60)},
            once_key=confirmation_id,
        )
    return ConfirmationReply(id=confirmation_id, expires_in=int(LIFETIME.total_seconds()))


async def confirm_contact(ways: Ways, actor: Actor, confirmation_id: str, code: str) -> list[Authenticator]:
    """A new way in. Refuses ConfirmationOver, TooMany, WrongCode, ContactInUse."""
    account_id = holder_of(actor)
    if not _ID.fullmatch(confirmation_id):
        raise ConfirmationOver
    lanes = throttling.confirmation_lanes(ways.keys, account_id)
    async with ways.db.begin() as conn:
        tried = await store.count_try(conn, confirmation_id, account_id, clock.now())
        if tried is None:
            raise ConfirmationOver
        await throttling.count(conn, lanes, clock.now())
    if not hmac.compare_digest(bytes(tried.code_digest), secrets.code_digest(ways.keys, confirmation_id, code)):
        if tried.tries >= store.MAX_TRIES:
            raise ConfirmationOver
        raise WrongCode(left=store.MAX_TRIES - tried.tries)
    value = secrets.unseal_contact(ways.keys, confirmation_id, tried.value_sealed)
    async with ways.db.begin() as conn:
        now = clock.now()
        if not await store.use_confirmation(conn, confirmation_id, now):
            raise ConfirmationOver
        await throttling.forgive(conn, lanes)
        await accounts.add_contact(conn, ways.keys, account_id, Contact(kind=tried.kind, value=value), now)
        await _changed(conn, ways, actor, "contact-added", tried.kind, Words(vi="Đã thêm", en="added"))
        return await held(conn, ways.keys, account_id)


async def lock(ways: Ways, actor: Actor, authenticator_id: str) -> list[Authenticator]:
    """At once, and what it signed in ends, but for who asks; again without effect. Refuses NotFound, LastAuthenticator."""
    account_id = holder_of(actor)
    async with ways.db.begin() as conn:
        every, one = await _among(conn, ways.keys, account_id, authenticator_id)
        if one.locked_at is None:
            refuse_last(every, [one])
            await mark(conn, account_id, one, locked_at=clock.now(), locked_why="its holder locked it")
            await end_sessions_by(conn, account_id=account_id, authenticator_id=one.id, but=actor.grant_id)
            await _changed(conn, ways, actor, "locked", one.kind, Words(vi="Đã khoá", en="locked"))
        return await held(conn, ways.keys, account_id)


async def unlock(ways: Ways, actor: Actor, authenticator_id: str) -> list[Authenticator]:
    """By somebody who signed in after it was locked, and so by another way. Refuses NotFound, SignInTooOld, LockedBySomebodyElse,
    PasskeyCopied."""
    refuse_stale(actor, "ways_in")
    account_id = holder_of(actor)
    async with ways.db.begin() as conn:
        _, one = await _among(conn, ways.keys, account_id, authenticator_id)
        if one.locked_at is not None:
            if actor.auth_at is None or actor.auth_at <= one.locked_at:
                raise LockedBySomebodyElse
            if await passkeys.is_copied(conn, one.id):
                raise PasskeyCopied
            await mark(conn, account_id, one, locked_at=None, locked_why=None)
            await _changed(conn, ways, actor, "unlocked", one.kind, Words(vi="Đã mở khoá", en="unlocked"))
        return await held(conn, ways.keys, account_id)


async def remove(ways: Ways, actor: Actor, authenticator_id: str) -> None:
    """By who came in by it: it signs nobody in from now on. Refuses SignInTooOld, NotFound, LastAuthenticator, RecoveryNeeded."""
    refuse_stale(actor, "ways_in")
    account_id = holder_of(actor)
    async with ways.db.begin() as conn:
        every, one = await _among(conn, ways.keys, account_id, authenticator_id)
        refuse_last(every, [one])
        if actor.authenticator_id != one.id:
            raise RecoveryNeeded
        # While it is still among them: the one that goes is told too.
        await _changed(conn, ways, actor, "removed", one.kind, Words(vi="Đã bỏ", en="removed"))
        await mark(conn, account_id, one, removed_at=clock.now())
        await end_sessions_by(conn, account_id=account_id, authenticator_id=one.id, but=actor.grant_id)


async def lock_account(ways: Ways, actor: Actor) -> None:
    """Every session ends now, nobody signs in until an officer unlocks it in person; again without effect."""
    account_id = holder_of(actor)
    async with ways.db.begin() as conn:
        if await rows.set_locked(conn, account_id, clock.now()):
            await record(conn, account_id, "account-locked", {}, actor)
            await telling.tell_of_change(conn, ways.keys, ways.post_office, ways.settings, account_id, _ALL_LOCKED)
        await revoke_tokens(conn, account_id=account_id, reason="the account was locked")


async def unlock_account(ways: Ways, officer: Actor, pin: str, reason: str) -> None:
    """At a desk, the person present; every way in too. Refuses OwnAccount, and NotFound also for an account that is not locked."""
    async with ways.db.begin() as conn:
        holder = await accounts.by_pin(conn, ways.keys, pin)
        if holder is None:
            raise NotFound
        await refuse_own(conn, ways.keys, holder, officer)
        if not await rows.set_locked(conn, holder.id, None):
            raise NotFound
        await unlock_all(conn, holder.id)
        await record(conn, holder.id, "account-unlocked", {"reason": reason}, officer)
        await reads.record(conn, officer, "desk_recovery", holder.id)
        await telling.tell_of_change(conn, ways.keys, ways.post_office, ways.settings, holder.id, _UNLOCKED)


async def sessions(db: Database, actor: Actor) -> list[Session]:
    """The newest first."""
    async with db.connect() as conn:
        return [
            Session(
                id=row.id,
                kind="browser" if row.client is None else "app",
                client=row.client or own_pages.CITIZENS.name,
                began_at=row.created_at,
                expires_at=row.expires_at,
                level=row.level,
                current=row.id == actor.grant_id,
            )
            for row in await sessions_of(conn, account_id=holder_of(actor))
        ]


async def end_one(db: Database, actor: Actor, session_id: str) -> None:
    """Its token stops with the next request. Refuses NotFound."""
    async with db.begin() as conn:
        if not await end_session(conn, account_id=holder_of(actor), session_id=session_id):
            raise NotFound


async def end_others(db: Database, actor: Actor) -> None:
    """All but the one that asks."""
    async with db.begin() as conn:
        await end_other_sessions(conn, account_id=holder_of(actor), session_id=actor.grant_id)


async def sign_ins(db: Database, actor: Actor, *, before: str | None) -> SignInLog:
    """Tries at this account by anybody, the newest first."""
    async with db.connect() as conn:
        found = await rows.sign_in_log_of(conn, holder_of(actor), before=before, limit=LOG_PAGE + 1)
    entries = [
        SignInEntry(
            id=row.id, at=row.at, method=row.method, outcome=row.outcome, client=row.client, network=row.network
        )
        for row in found[:LOG_PAGE]
    ]
    return SignInLog(entries=entries, next=entries[-1].id if len(found) > LOG_PAGE else None)


async def record(conn: AsyncConnection, account_id: str, what: str, facts: dict[str, Any], by: Actor) -> None:
    """One row of what happened to an account, and by whom."""
    await store.add_event(
        conn,
        id=ids.new_id("ace"),
        account_id=account_id,
        at=clock.now(),
        what=what,
        facts=facts,
        by_account_id=by.account_id,
        by_office_id=by.office_id,
    )


def holder_of(actor: Actor) -> str:
    """Whose account a route for people acts on: the caller's own."""
    assert actor.account_id is not None
    return actor.account_id


def refuse_last(among: Sequence[Authenticator], leaving: Collection[Authenticator]) -> None:
    """Something must be left that opens, and that asks for no face and no finger (NIST SP 800-63B-4 §3.2.3)."""
    left = [one for one in among if one not in leaving and one.locked_at is None]
    if all(one.may_be_biometric for one in left):
        raise LastAuthenticator


async def refuse_own(conn: AsyncConnection, keys: Keys, holder: Account, officer: Actor) -> None:
    """An officer's working account holds no personal number, so a shared name is all there is to go by. Refuses OwnAccount."""
    own = await accounts.account(conn, keys, holder_of(officer))
    if own.id == holder.id or same_name(own.full_name, holder.full_name):
        raise OwnAccount


async def unlock_all(conn: AsyncConnection, account_id: str) -> None:
    """Every way in that is left."""
    await rows.unlock_contacts(conn, account_id)
    await passkeys.unlock(conn, account_id)


async def held(conn: AsyncConnection, keys: Keys, account_id: str) -> list[Authenticator]:
    """The ways in of an account, the oldest first, phones and addresses before passkeys."""
    found = [
        Authenticator(
            id=row.id,
            kind=row.kind,
            name=contacts.mask(Contact(row.kind, secrets.unseal_contact(keys, row.id, row.value_sealed))),
            added_at=row.verified_at,
            last_used_at=None,
            may_be_biometric=False,
            locked_at=row.locked_at,
        )
        for row in await rows.contacts_of(conn, account_id)
    ]
    found += [
        Authenticator(
            id=row.id,
            kind="passkey",
            name=row.name,
            added_at=row.created_at,
            last_used_at=row.last_used_at,
            may_be_biometric=True,
            locked_at=row.locked_at,
        )
        for row in await passkeys.of_account(conn, account_id)
    ]
    return found


async def _among(
    conn: AsyncConnection, keys: Keys, account_id: str, authenticator_id: str
) -> tuple[list[Authenticator], Authenticator]:
    """All and the one, the account held meanwhile: of two that go at once the second sees that the first is gone."""
    await rows.hold_account(conn, account_id)
    every = await held(conn, keys, account_id)
    one = next((one for one in every if one.id == authenticator_id), None)
    if one is None:
        raise NotFound
    return every, one


async def mark(conn: AsyncConnection, account_id: str, one: Authenticator, **values: Any) -> None:
    """Changes the row it is."""
    if one.kind == "passkey":
        await passkeys.change(conn, account_id, one.id, **values)
    else:
        values.pop("locked_why", None)
        await rows.change_contact(conn, account_id, one.id, **values)


async def _changed(conn: AsyncConnection, ways: Ways, actor: Actor, what: str, kind: str, verb: Words) -> None:
    account_id, name = holder_of(actor), _NAMES[kind]
    await record(conn, account_id, what, {"kind": kind}, actor)
    said = Words(vi=f"{verb.vi} một {name.vi}", en=f"a{'n' if kind == 'email' else ''} {name.en} was {verb.en}")
    await telling.tell_of_change(conn, ways.keys, ways.post_office, ways.settings, account_id, said)
