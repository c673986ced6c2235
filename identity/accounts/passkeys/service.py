"""The verbs of passkeys. Each owns its transaction: a challenge is used up whatever comes of it."""

import re
import secrets as chance
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from identity.accounts import history
from identity.accounts import service as accounts
from identity.accounts.freshness import refuse_stale
from identity.accounts.passkeys import ceremonies, store
from identity.accounts.passkeys.messages import AssertionAnswer, CeremonyReply, Passkey, RegistrationAnswer
from identity.accounts.passkeys.refusals import CeremonyOver, PasskeyExists, PasskeyNotAccepted, TooManyPasskeys
from identity.accounts.policy import policy
from identity.accounts.refusals import BadName
from identity.accounts.telling import tell_of_change
from identity.tokens import AuthorizationReply, Issuer, check_challenge, known_client, revoke_tokens
from identity.tokens.refusals import BadScope, DpopProofNeeded
from kit import clock, ids, names
from kit.actor import Actor
from kit.db import Database
from kit.keys import Keys
from kit.limits import Limits
from kit.refusal import NotFound, Words
from kit.settings import Settings
from notifications import PostOffice

LIFETIME = timedelta(seconds=ceremonies.TIMEOUT_SECONDS)

_ID = re.compile(r"pkc_[0-9a-z]{26}")
_TRANSPORTS = frozenset({"usb", "nfc", "ble", "smart-card", "hybrid", "internal"})

_ADDED = Words(vi="Đã thêm một khoá truy cập (passkey)", en="a passkey was added")
_RESET = Words(vi="Đã bỏ mọi khoá truy cập (passkey)", en="all passkeys were removed")
_CLONED = Words(vi="Đã khoá một passkey có dấu hiệu bị sao chép", en="a passkey that may have been copied was locked")


class Ways(msgspec.Struct, frozen=True):
    """What the verbs stand on."""

    db: Database
    keys: Keys
    settings: Settings
    post_office: PostOffice
    issuer: Issuer
    limits: Limits


def handle_of(account_id: str) -> bytes:
    """The user handle (§5.4.3): an account's id is random and tells nothing of its holder."""
    return account_id.encode()


async def begin_registration(ways: Ways, actor: Actor) -> CeremonyReply:
    """Refuses SignInTooOld, TooManyPasskeys."""
    refuse_stale(actor, "ways_in")
    account_id, challenge_id = _holder(actor), ids.new_id("pkc")
    challenge, now = chance.token_bytes(32), clock.now()
    async with ways.db.begin() as conn:
        holder = await accounts.account(conn, ways.keys, account_id)
        held = await store.of_account(conn, account_id)
        if len(held) >= policy().passkeys.most:
            raise TooManyPasskeys(most=policy().passkeys.most)
        await store.add_challenge(
            conn,
            id=challenge_id,
            purpose="register",
            challenge=challenge,
            client_id=actor.client_id,
            jkt=actor.jkt,
            account_id=account_id,
            created_at=now,
            expires_at=now + LIFETIME,
        )
    options = ceremonies.creation_options(
        ceremonies.relying_party(ways.settings),
        challenge=challenge,
        handle=handle_of(account_id),
        name=holder.full_name,
        has=[bytes(one.credential_id) for one in held],
    )
    return CeremonyReply(id=challenge_id, options=options, expires_in=ceremonies.TIMEOUT_SECONDS)


async def finish_registration(ways: Ways, actor: Actor, challenge_id: str, answer: RegistrationAnswer) -> Passkey:
    """For the account, app and device key the challenge was put to. Refuses CeremonyOver, PasskeyNotAccepted, PasskeyExists, BadName."""
    account_id, name = _holder(actor), _name(answer.name)
    taken = await take(ways.db, challenge_id, "register", by=(account_id, actor.client_id, actor.jkt))
    try:
        made = ceremonies.registered(
            ceremonies.relying_party(ways.settings), answer.credential, challenge=bytes(taken.challenge)
        )
    except ceremonies.BadCeremony as error:
        raise PasskeyNotAccepted from error
    async with ways.db.begin() as conn:
        passkey_id = ids.new_id("pky")
        added = await store.add_passkey(
            conn,
            id=passkey_id,
            account_id=account_id,
            credential_id=made.credential_id,
            public_key=made.public_key,
            sign_count=made.sign_count,
            synced=made.synced,
            aaguid=made.aaguid,
            transports=_transports(answer.credential),
            name=name,
            created_at=clock.now(),
        )
        if not added:
            raise PasskeyExists
        await tell_of_change(conn, ways.keys, ways.post_office, ways.settings, account_id, _ADDED)
        return await _one(conn, account_id, passkey_id)


async def passkeys_of(db: Database, actor: Actor) -> list[Passkey]:
    """The oldest first."""
    async with db.connect() as conn:
        return [_told(row) for row in await store.of_account(conn, _holder(actor))]


async def rename(db: Database, actor: Actor, passkey_id: str, name: str) -> Passkey:
    """Refuses NotFound, BadName."""
    account_id = _holder(actor)
    async with db.begin() as conn:
        if not await store.change(conn, account_id, passkey_id, name=_name(name)):
            raise NotFound
        return await _one(conn, account_id, passkey_id)


async def remove_all(
    conn: AsyncConnection, keys: Keys, post_office: PostOffice, settings: Settings, account_id: str
) -> None:
    """Within the caller's transaction, of an officer who lost them: the next code registers a new one, sessions end. Refuses NotFound."""
    if not await store.remove_all(conn, account_id, clock.now()):
        raise NotFound
    await revoke_tokens(conn, account_id=account_id, reason="the passkeys were removed")
    await tell_of_change(conn, keys, post_office, settings, account_id, _RESET)


async def begin_sign_in(
    ways: Ways,
    *,
    client_id: str,
    code_challenge: str,
    method: str,
    scope: str | None,
    nonce: str | None,
    jkt: str | None,
) -> CeremonyReply:
    """Asks for nobody in particular. Refuses UnknownClient, BadChallenge, BadScope, DpopProofNeeded."""
    check_challenge(code_challenge, method)
    async with ways.db.begin() as conn:
        client = await known_client(conn, client_id)
        if client.dpop_required and jkt is None:
            raise DpopProofNeeded(reason="this client must bind its tokens to a device key")
        if beyond := [name for name in (scope or "").split() if name not in client.scopes]:
            raise BadScope(scope=beyond[0][:80])
        return await put(conn, ways, client.id, jkt=jkt, code_challenge=code_challenge, scope=scope, nonce=nonce)


async def put(
    conn: AsyncConnection,
    ways: Ways,
    client_id: str,
    *,
    jkt: str | None = None,
    code_challenge: str | None = None,
    scope: str | None = None,
    nonce: str | None = None,
) -> CeremonyReply:
    """A challenge anybody's passkey may answer. Without a `code_challenge` it is a browser's and ends in a session; with one it ends
    in a code for the app."""
    challenge_id, challenge, now = ids.new_id("pkc"), chance.token_bytes(32), clock.now()
    await store.add_challenge(
        conn,
        id=challenge_id,
        purpose="sign_in",
        challenge=challenge,
        client_id=client_id,
        jkt=jkt,
        code_challenge=code_challenge,
        scope=scope,
        nonce=nonce,
        created_at=now,
        expires_at=now + LIFETIME,
    )
    options = ceremonies.request_options(ceremonies.relying_party(ways.settings), challenge=challenge)
    return CeremonyReply(id=challenge_id, options=options, expires_in=ceremonies.TIMEOUT_SECONDS)


async def finish_sign_in(ways: Ways, challenge_id: str, answer: AssertionAnswer, *, address: str) -> AuthorizationReply:
    """A code for the token endpoint, as after a one-time code. Refuses CeremonyOver, PasskeyNotAccepted, TooMany and what
    `Issuer.issue_code` refuses."""
    await ways.limits.hit("token", address)
    taken = await take(ways.db, challenge_id, "sign_in")
    if taken.code_challenge is None:
        raise CeremonyOver
    async with ways.db.begin() as conn:
        passkey = await signed_in(conn, ways, taken, answer.credential, address)
        if passkey is not None:
            granted = await ways.issuer.issue_code(
                conn,
                client_id=taken.client_id,
                account_id=passkey.account_id,
                code_challenge=taken.code_challenge,
                jkt=taken.jkt,
                scope=taken.scope,
                amr=amr(synced=passkey.synced),
                auth_time=clock.now(),
                nonce=taken.nonce,
                authenticator_id=passkey.id,
            )
            return ways.issuer.authorization_reply(granted)
    # What went wrong is committed by now: the log, and the lock of a passkey that may have been copied.
    raise PasskeyNotAccepted


def amr(*, synced: bool) -> list[str]:
    """RFC 8176: a key that never left its device or one that may have, somebody present, and verified by the device."""
    return ["swk" if synced else "hwk", "user", "mfa"]


async def signed_in(conn: AsyncConnection, ways: Ways, taken: Any, credential: dict[str, Any], address: str) -> Any:
    """The row of the passkey that answered, and a line in its holder's log; None when it may not sign anybody in. What is written
    down then stands, so commit before refusing PasskeyNotAccepted."""
    now = clock.now()
    passkey = await _asserted(conn, ways, taken, credential, address, now)
    if passkey is not None:
        await history.record(
            conn,
            account_id=passkey.account_id,
            method="passkey",
            outcome="signed_in",
            client_id=taken.client_id,
            jkt=taken.jkt,
            address=address,
            at=now,
        )
    return passkey


async def _asserted(
    conn: AsyncConnection, ways: Ways, taken: Any, credential: dict[str, Any], address: str, now: datetime
) -> Any:
    """The passkey's row if it may sign its holder in; None otherwise, and why is written down."""
    try:
        passkey = await store.by_credential(conn, ceremonies.credential_id(credential))
        if passkey is None:
            return None
        used = ceremonies.asserted(
            ceremonies.relying_party(ways.settings),
            credential,
            challenge=bytes(taken.challenge),
            public_key=bytes(passkey.public_key),
            handle=handle_of(passkey.account_id),
        )
    except ceremonies.BadCeremony:
        # Nothing proves that its holder had part in it: no row in their log for what a stranger can send at will.
        return None
    # Whether it can be copied is settled when it is made (§7.2 step 19).
    good = passkey.locked_at is None and passkey.shut_at is None and used.synced == passkey.synced
    if good and not await store.note_use(conn, passkey.id, used.sign_count, now):
        # The signature held, so the key exists twice (§6.1.1).
        await store.change(conn, passkey.account_id, passkey.id, locked_at=now, locked_why=store.COPIED)
        await tell_of_change(conn, ways.keys, ways.post_office, ways.settings, passkey.account_id, _CLONED)
        good = False
    if good:
        return passkey
    await history.record(
        conn,
        account_id=passkey.account_id,
        method="passkey",
        outcome="wrong",
        client_id=taken.client_id,
        jkt=taken.jkt,
        address=address,
        at=now,
    )
    return None


async def take(
    db: Database, challenge_id: str, purpose: str, *, by: tuple[str | None, str | None, str | None] | None = None
) -> Any:
    """The challenge, used up and committed; `by` is the account, app and device key a registration must come from."""
    if not _ID.fullmatch(challenge_id):
        raise CeremonyOver
    async with db.begin() as conn:
        taken = await store.take_challenge(conn, challenge_id, purpose, clock.now(), by)
    if taken is None:
        raise CeremonyOver
    return taken


async def _one(conn: AsyncConnection, account_id: str, passkey_id: str) -> Passkey:
    return next(_told(row) for row in await store.of_account(conn, account_id) if row.id == passkey_id)


def _told(row: Any) -> Passkey:
    return Passkey(
        id=row.id,
        name=row.name,
        created_at=row.created_at,
        last_used_at=row.last_used_at,
        synced=row.synced,
        locked_at=row.locked_at,
    )


def _holder(actor: Actor) -> str:
    assert actor.account_id is not None
    return actor.account_id


def _name(text: str) -> str:
    name = names.nfc(text)
    if not name:
        raise BadName
    return name


def _transports(credential: dict[str, Any]) -> list[str]:
    """How the authenticator is reached, as far as it is a word of the specification."""
    response = credential.get("response")
    said = response.get("transports") if isinstance(response, dict) else None
    return sorted({one for one in said if one in _TRANSPORTS}) if isinstance(said, list) else []
