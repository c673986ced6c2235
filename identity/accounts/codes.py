"""One-time codes: sending one to a login, and judging what is typed, for apps and for browsers alike.

A login nobody has gets the same reply for the same work: the message is written too, and taken back before the commit.
Codes sent and codes guessed are counted apart for devices the account knows, so that no stranger locks an owner out.
"""

import hmac
import re
from datetime import timedelta

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from identity.accounts import contact as contacts
from identity.accounts import history, secrets, store, throttling
from identity.accounts.messages import SignInMethod
from identity.accounts.refusals import BadLogin, SignInOver, WrongCode
from kit import clock, ids
from kit.db import Database
from kit.keys import Keys
from kit.limits import Limits
from notifications import Contact, PostOffice, Recipient

LIFETIME = timedelta(minutes=5)

_ID = re.compile(r"sin_[0-9a-z]{26}")

# RFC 8176: how it was done; `sms` where the code travelled by telephone.
AMR = {"phone": ["otp", "sms"], "email": ["otp"]}
_METHOD: dict[str, SignInMethod] = {"phone": "code_phone", "email": "code_email"}


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """A sign-in whose right code was typed; `use_code` makes it count, once."""

    sign_in_id: str
    account_id: str
    contact_kind: str
    contact_id: str
    client_id: str
    code_challenge: str | None
    jkt: str | None
    scope: str | None
    nonce: str | None
    address: str
    lanes: list[throttling.Lane]


def login_of(text: str) -> Contact:
    """Refuses BadLogin, which says nothing of who has an account."""
    found = contacts.parse(text)
    if found is None:
        raise BadLogin
    return found


async def send_code(
    conn: AsyncConnection,
    keys: Keys,
    limits: Limits,
    post_office: PostOffice,
    login: Contact,
    *,
    address: str,
    client_id: str,
    code_challenge: str | None = None,
    jkt: str | None = None,
    scope: str | None = None,
    nonce: str | None = None,
) -> str:
    """The id of a sign-in that waits for the code; it has been sent if the login is somebody's. Refuses TooMany.

    Without a challenge it is a browser's and ends in a session; with one it ends in a code for the app.
    """
    sign_in_id, code, now = ids.new_id("sin"), ids.one_time_code(), clock.now()
    digest = secrets.contact_digest(keys, login)
    holder = await store.login_holder(conn, digest)
    account_id = None if holder is None else holder.id
    # Only now: a call that sends nothing must not use up the codes another person may ask for.
    if await history.own_device(conn, account_id, jkt, now):
        await limits.hit("one-time-code", f"{login.value}|{jkt}")
    else:
        await limits.hit("one-time-code", f"{login.value}|{address}")
        await limits.hit("one-time-code-everywhere", login.value)
    await store.add_sign_in(
        conn,
        id=sign_in_id,
        client_id=client_id,
        account_id=account_id,
        contact_kind=login.kind,
        contact_id=None if holder is None else holder.contact_id,
        login_digest=digest,
        code_digest=secrets.code_digest(keys, sign_in_id, code),
        code_challenge=code_challenge,
        jkt=jkt,
        scope=scope,
        nonce=nonce,
        created_at=now,
        expires_at=now + LIFETIME,
    )
    written = await conn.begin_nested()
    await post_office.send(
        conn,
        event="one-time-code",
        # Without the account: a code must not lie in the inbox of the account it opens.
        to=Recipient(account_id=None, contacts=(login,), locale="vi" if holder is None else holder.locale),
        fields={"code": code, "minutes": str(int(LIFETIME.total_seconds()) // 60)},
        once_key=sign_in_id,
    )
    await (written.rollback() if holder is None else written.commit())
    return sign_in_id


async def judge_code(db: Database, keys: Keys, sign_in_id: str, code: str, *, address: str) -> Judged:
    """The sign-in whose code this is. The try is counted and committed before it is judged; the fifth wrong one is the last.

    Refuses SignInOver, WrongCode, TooMany.
    """
    if not _ID.fullmatch(sign_in_id):
        raise SignInOver
    async with db.begin() as conn:
        now = clock.now()
        begun = await store.open_sign_in(conn, sign_in_id, now)
        if begun is None:
            raise SignInOver
        own = await history.own_device(conn, begun.account_id, begun.jkt, now)
        lanes = throttling.lanes(keys, bytes(begun.login_digest), own_device=own, address=address)
        await throttling.count(conn, lanes, now)
        tried = await store.count_try(conn, sign_in_id, now)
        if tried is None:
            raise SignInOver
    right = hmac.compare_digest(bytes(tried.code_digest), secrets.code_digest(keys, sign_in_id, code))
    if not right or tried.account_id is None:
        async with db.begin() as conn:
            await history.record(
                conn,
                account_id=tried.account_id,
                method=_METHOD[tried.contact_kind],
                outcome="wrong",
                client_id=tried.client_id,
                jkt=tried.jkt,
                address=address,
                at=clock.now(),
            )
        if tried.tries >= store.MAX_TRIES:
            raise SignInOver
        raise WrongCode(left=store.MAX_TRIES - tried.tries)
    return Judged(
        sign_in_id=sign_in_id,
        account_id=tried.account_id,
        contact_kind=tried.contact_kind,
        contact_id=tried.contact_id,
        client_id=tried.client_id,
        code_challenge=tried.code_challenge,
        jkt=tried.jkt,
        scope=tried.scope,
        nonce=tried.nonce,
        address=address,
        lanes=lanes,
    )


async def use_code(conn: AsyncConnection, judged: Judged) -> None:
    """The sign-in is over, the failures before it are forgiven, the log has it; one winner, however many enter the right
    code at once. Refuses SignInOver."""
    now = clock.now()
    if not await store.use_sign_in(conn, judged.sign_in_id, now):
        raise SignInOver
    await throttling.forgive(conn, judged.lanes)
    await history.record(
        conn,
        account_id=judged.account_id,
        method=_METHOD[judged.contact_kind],
        outcome="signed_in",
        client_id=judged.client_id,
        jkt=judged.jkt,
        address=judged.address,
        at=now,
    )
