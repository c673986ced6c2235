"""One-time codes: sending one to a login, and judging what is typed, for apps and for browsers alike.

A login nobody has gets the same reply for the same work: the message is written too, and taken back before the commit.
"""

import hmac
import re
from datetime import timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from identity.accounts import contact as contacts
from identity.accounts import secrets, store
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
    client_id: str,
    code_challenge: str | None = None,
    jkt: str | None = None,
    scope: str | None = None,
    nonce: str | None = None,
) -> str:
    """The id of a sign-in that waits for the code; it has been sent if the login is somebody's. Refuses TooMany.

    Without a challenge it is a browser's and ends in a session; with one it ends in a code for the app.
    """
    # Only now: a call that sends nothing must not use up the codes another person may ask for.
    await limits.hit("one-time-code", login.value)
    sign_in_id, code, now = ids.new_id("sin"), ids.one_time_code(), clock.now()
    holder = await store.login_holder(conn, secrets.contact_digest(keys, login))
    await store.add_sign_in(
        conn,
        id=sign_in_id,
        client_id=client_id,
        account_id=None if holder is None else holder.id,
        contact_kind=login.kind,
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


async def judge_code(db: Database, keys: Keys, sign_in_id: str, code: str) -> Any:
    """The sign-in whose code this is. The try is counted and committed before it is judged; the fifth wrong one is the last.

    Refuses SignInOver, WrongCode.
    """
    if not _ID.fullmatch(sign_in_id):
        raise SignInOver
    async with db.begin() as conn:
        tried = await store.count_try(conn, sign_in_id, clock.now())
    if tried is None:
        raise SignInOver
    right = hmac.compare_digest(bytes(tried.code_digest), secrets.code_digest(keys, sign_in_id, code))
    if not right or tried.account_id is None:
        if tried.tries >= store.MAX_TRIES:
            raise SignInOver
        raise WrongCode(left=store.MAX_TRIES - tried.tries)
    return tried


async def use_code(conn: AsyncConnection, sign_in_id: str) -> None:
    """One winner, however many enter the right code at once. Refuses SignInOver."""
    if not await store.use_sign_in(conn, sign_in_id, clock.now()):
        raise SignInOver
