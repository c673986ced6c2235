"""Signing in a person we know by a one-time code: for the city's own apps (draft-ietf-oauth-first-party-apps in manner)."""

from identity.accounts import codes
from identity.accounts.codes import login_of
from identity.accounts.messages import SignInReply, SignInRequest
from identity.accounts.refusals import SignInOver
from identity.tokens import AuthorizationReply, Issuer, check_challenge, known_client
from identity.tokens.refusals import BadScope, DpopProofNeeded
from kit import clock
from kit.db import Database
from kit.keys import Keys
from kit.limits import Limits
from notifications import PostOffice

CODE_LIFETIME = codes.LIFETIME


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
    async with db.begin() as conn:
        client = await known_client(conn, asked.client_id)
        if client.dpop_required and jkt is None:
            raise DpopProofNeeded(reason="this client must bind its tokens to a device key")
        if beyond := [name for name in (asked.scope or "").split() if name not in client.scopes]:
            raise BadScope(scope=beyond[0][:80])
        sign_in_id = await codes.send_code(
            conn,
            keys,
            limits,
            post_office,
            login,
            address=address,
            client_id=client.id,
            code_challenge=asked.code_challenge,
            jkt=jkt,
            scope=asked.scope,
            nonce=asked.nonce,
        )
    return SignInReply(id=sign_in_id, expires_in=int(CODE_LIFETIME.total_seconds()))


async def finish_sign_in(
    db: Database, keys: Keys, issuer: Issuer, limits: Limits, sign_in_id: str, code: str, *, address: str
) -> AuthorizationReply:
    """A code for the token endpoint. Refuses TooMany, what `codes` refuses and what `Issuer.issue_code` refuses."""
    await limits.hit("token", address)
    judged = await codes.judge_code(db, keys, sign_in_id, code, address=address)
    if judged.code_challenge is None:
        raise SignInOver
    async with db.begin() as conn:
        await codes.use_code(conn, judged)
        granted = await issuer.issue_code(
            conn,
            client_id=judged.client_id,
            account_id=judged.account_id,
            code_challenge=judged.code_challenge,
            jkt=judged.jkt,
            scope=judged.scope,
            amr=codes.AMR[judged.contact_kind],
            auth_time=clock.now(),
            nonce=judged.nonce,
            authenticator_id=judged.contact_id,
        )
    return issuer.authorization_reply(granted)
