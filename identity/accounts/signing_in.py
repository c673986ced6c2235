"""Signing in a person we know by a one-time code: for the city's own apps (draft-ietf-oauth-first-party-apps in manner).

A login nobody has gets the same reply for the same work: the message is written too, and taken back before the commit.
"""

import hmac
import re
from datetime import timedelta

from identity.accounts import contact as contacts
from identity.accounts import secrets, store
from identity.accounts.messages import SignInReply, SignInRequest
from identity.accounts.refusals import BadLogin, SignInOver, WrongCode
from identity.tokens import AuthorizationReply, Issuer, check_challenge, known_client
from identity.tokens.refusals import BadScope, DpopProofNeeded
from kit import clock, ids
from kit.db import Database
from kit.keys import Keys
from kit.limits import Limits
from notifications import Contact, PostOffice, Recipient

CODE_LIFETIME = timedelta(minutes=5)

_ID = re.compile(r"sin_[0-9a-z]{26}")

# RFC 8176: how it was done; `sms` where the code travelled by telephone.
_AMR = {"phone": ["otp", "sms"], "email": ["otp"]}


def login_of(text: str) -> Contact:
    """Refuses BadLogin, which says nothing of who has an account."""
    found = contacts.parse(text)
    if found is None:
        raise BadLogin
    return found


async def start_sign_in(
    db: Database,
    keys: Keys,
    limits: Limits,
    post_office: PostOffice,
    asked: SignInRequest,
    *,
    address: str,
    jkt: str | None,
) -> SignInReply:
    """Sends a code to the login if it is somebody's. Refuses UnknownClient, BadLogin, BadScope, TooMany, DpopProofNeeded."""
    check_challenge(asked.code_challenge, asked.code_challenge_method)
    login = login_of(asked.login)
    await limits.hit("sign-in", f"{address}|{login.value}")
    sign_in_id, code, now = ids.new_id("sin"), ids.one_time_code(), clock.now()
    async with db.begin() as conn:
        client = await known_client(conn, asked.client_id)
        if client.dpop_required and jkt is None:
            raise DpopProofNeeded(reason="this client must bind its tokens to a device key")
        if beyond := [name for name in (asked.scope or "").split() if name not in client.scopes]:
            raise BadScope(scope=beyond[0][:80])
        # Only now: a call that sends nothing must not use up the codes another person may ask for.
        await limits.hit("one-time-code", login.value)
        holder = await store.login_holder(conn, secrets.contact_digest(keys, login))
        await store.add_sign_in(
            conn,
            id=sign_in_id,
            client_id=client.id,
            account_id=None if holder is None else holder.id,
            contact_kind=login.kind,
            code_digest=secrets.code_digest(keys, sign_in_id, code),
            code_challenge=asked.code_challenge,
            jkt=jkt,
            scope=asked.scope,
            nonce=asked.nonce,
            created_at=now,
            expires_at=now + CODE_LIFETIME,
        )
        written = await conn.begin_nested()
        await post_office.send(
            conn,
            event="one-time-code",
            # Without the account: a code must not lie in the inbox of the account it opens.
            to=Recipient(account_id=None, contacts=(login,), locale="vi" if holder is None else holder.locale),
            fields={"code": code, "minutes": str(int(CODE_LIFETIME.total_seconds()) // 60)},
            once_key=sign_in_id,
        )
        await (written.rollback() if holder is None else written.commit())
    return SignInReply(id=sign_in_id, expires_in=int(CODE_LIFETIME.total_seconds()))


async def finish_sign_in(
    db: Database, keys: Keys, issuer: Issuer, limits: Limits, sign_in_id: str, code: str, *, address: str
) -> AuthorizationReply:
    """A code for the token endpoint. The try is counted and committed before it is judged; the fifth wrong one is the last.

    Refuses SignInOver, WrongCode, TooMany and what `Issuer.issue_code` refuses.
    """
    await limits.hit("token", address)
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
    async with db.begin() as conn:
        now = clock.now()
        if not await store.use_sign_in(conn, sign_in_id, now):
            raise SignInOver
        granted = await issuer.issue_code(
            conn,
            client_id=tried.client_id,
            account_id=tried.account_id,
            code_challenge=tried.code_challenge,
            jkt=tried.jkt,
            scope=tried.scope,
            amr=_AMR[tried.contact_kind],
            auth_time=now,
            nonce=tried.nonce,
        )
    return issuer.authorization_reply(granted)
