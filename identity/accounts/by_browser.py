"""Signing in at the city's own pages by a one-time code: the first of the ways; each ends in `authorizing.sign_in`."""

from identity.accounts import codes
from identity.accounts.refusals import SignInOver
from identity.tokens import Issuer, authorizing
from identity.tokens.authorizing import Step
from identity.tokens.browser import Authenticated
from kit.db import Database
from kit.keys import Keys
from kit.limits import Limits
from notifications import PostOffice


async def ask_for_code(
    db: Database,
    keys: Keys,
    limits: Limits,
    post_office: PostOffice,
    handle: str,
    *,
    cookie: str | None,
    token: str,
    login: str,
    address: str,
) -> None:
    """Sends a code to the login if it is somebody's. Refuses StrangeForm, SignInPageOver, BadLogin, TooMany."""
    await limits.hit("sign-in-address", address)
    async with db.begin() as conn:
        pending = await authorizing.pending_of_form(conn, handle, cookie=cookie, token=token)
        contact = codes.login_of(login)
        await limits.hit("sign-in", f"{address}|{contact.value}")
        sign_in_id = await codes.send_code(
            conn, keys, limits, post_office, contact, address=address, client_id=pending.client.id
        )
        await authorizing.keep_sign_in(conn, pending, sign_in_id)


async def enter_code(
    db: Database,
    keys: Keys,
    issuer: Issuer,
    limits: Limits,
    handle: str,
    *,
    cookie: str | None,
    token: str,
    code: str,
    address: str,
) -> tuple[Step, str]:
    """What comes after the right code, and the browser's new cookie. Refuses StrangeForm, SignInPageOver, SignInOver,
    WrongCode, TooMany."""
    await limits.hit("token", address)
    async with db.connect() as conn:
        pending = await authorizing.pending_of_form(conn, handle, cookie=cookie, token=token)
    assert cookie is not None
    judged = await codes.judge_code(db, keys, pending.sign_in_id or "", code, address=address)
    if judged.code_challenge is not None:
        raise SignInOver
    async with db.begin() as conn:
        await codes.use_code(conn, judged)
        who = Authenticated(
            account_id=judged.account_id,
            amr=codes.AMR[judged.contact_kind],
            authenticator_id=judged.contact_id,
        )
        return await authorizing.sign_in(conn, issuer, pending, cookie=cookie, who=who)


async def ask_for_another_code(db: Database, handle: str, *, cookie: str | None, token: str) -> None:
    """Back to the login: a mistyped number, a code that never came. Refuses StrangeForm, SignInPageOver."""
    async with db.begin() as conn:
        pending = await authorizing.pending_of_form(conn, handle, cookie=cookie, token=token)
        await authorizing.keep_sign_in(conn, pending, None)
