"""The verbs of the token endpoint; each owns its transaction, and what must survive a refusal is committed before it."""

import logging
from collections.abc import Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from identity import accounts
from identity.tokens import (
    clients,
    redeeming,
    refreshing,
    rfc6749,
    rfc7523,
    rfc7662,
    rfc8628,
    rfc8693,
    rfc8707,
    rfc9126,
    rfc9449,
    store,
)
from identity.tokens.issuer import Issuer
from identity.tokens.messages import Client, DeviceReply, Introspection, PushedReply, TokenReply
from identity.tokens.refreshing import Copied
from identity.tokens.rfc6749 import OAuthError, invalid_client, invalid_grant, invalid_request
from identity.tokens.rfc8414 import DEVICE_CODE, GRANTS, TOKEN_EXCHANGE
from kit.db import Database
from notifications import PostOffice, Recipient

_log = logging.getLogger("motcua.tokens")


async def authenticated(
    conn: AsyncConnection, issuer: Issuer, authorization: str | None, sent: Mapping[str, str]
) -> Client:
    """The client that calls (RFC 6749 §2.3): by its secret, its signed assertion, or by name when it is public. Raises OAuthError."""
    if "client_assertion" in sent or "client_assertion_type" in sent:
        return await _by_assertion(conn, issuer, authorization, sent)
    shown = rfc6749.credentials(authorization, sent)
    return proved(await store.client(conn, shown.client_id), shown)


def proved(found: Client | None, shown: rfc6749.Credentials) -> Client:
    """The client, if what was shown proves it. Raises OAuthError."""
    good = clients.has_secret(found, shown.secret)
    public = found is not None and found.kind == "public" and shown.secret is None and not shown.by_basic
    if found is None or found.disabled_at is not None or not (good or public):
        raise invalid_client(by_basic=shown.by_basic)
    return found


async def _by_assertion(
    conn: AsyncConnection, issuer: Issuer, authorization: str | None, sent: Mapping[str, str]
) -> Client:
    if authorization is not None or "client_secret" in sent:
        raise invalid_request("authenticate once: by Basic, in the form, or by an assertion")
    if sent.get("client_assertion_type") != rfc7523.ASSERTION_TYPE:
        raise invalid_client(by_basic=False)
    try:
        assertion = sent.get("client_assertion", "")
        claimed = rfc7523.claimed_client(assertion)
        if sent.get("client_id", claimed) != claimed:
            raise invalid_request("client_id is not the client that authenticated")
        found = await store.client(conn, claimed) if rfc6749.is_visible(claimed) else None
        if found is None or found.disabled_at is not None:
            raise invalid_client(by_basic=False)
        await issuer.check_assertion(found, assertion)
    except rfc7523.BadAssertion as error:
        raise invalid_client(by_basic=False) from error
    return found


async def give_token(
    db: Database,
    issuer: Issuer,
    sent: Mapping[str, str],
    *,
    authorization: str | None,
    post_office: PostOffice,
    dpop: Sequence[str],
    path: str,
) -> TokenReply:
    """Raises OAuthError."""
    grant = sent.get("grant_type")
    if grant is None:
        raise invalid_request("grant_type is missing")
    async with db.begin() as conn:
        client = await authenticated(conn, issuer, authorization, sent)
        if grant not in GRANTS:
            raise OAuthError("unsupported_grant_type", f"this server knows {', '.join(GRANTS)}")
        if grant not in client.grants:
            raise OAuthError("unauthorized_client", "the client is not registered for this grant")
        jkt = await device_key(issuer, client, dpop, path)
        resources = rfc8707.wanted(sent)
        if grant == "client_credentials":
            aim = await issuer.own_aim_at(conn, client, sent.get("scope"), resources)
            answer = issuer.client_token(client, aim, jkt=jkt)
        elif grant == "refresh_token":
            answer = await refresh(conn, issuer, post_office, client, sent, jkt=jkt)
        elif grant == DEVICE_CODE:
            answer = await rfc8628.poll(
                conn, issuer, client, device_code=sent.get("device_code"), jkt=jkt, resources=resources
            )
        elif grant == TOKEN_EXCHANGE:
            answer = await rfc8693.exchange(conn, issuer, client, sent, jkt=jkt)
        else:
            code = sent.get("code")
            if code is None:
                raise invalid_request("code is missing")
            answer = await redeeming.redeem(
                conn,
                issuer,
                client,
                code=code,
                verifier=sent.get("code_verifier"),
                jkt=jkt,
                redirect_uri=sent.get("redirect_uri"),
                resources=resources,
            )
    # What was used twice has ended what it became by now, who asks too often waits longer: that stands, and then it is refused.
    if isinstance(answer, OAuthError):
        raise answer
    return answer


async def refresh(
    conn: AsyncConnection,
    issuer: Issuer,
    post_office: PostOffice,
    client: Client,
    sent: Mapping[str, str],
    *,
    jkt: str | None,
) -> TokenReply | OAuthError:
    """As `refreshing.refresh`; the owner of a copied token is told. Raises and *returns* OAuthError likewise."""
    token = sent.get("refresh_token")
    if token is None:
        raise invalid_request("refresh_token is missing")
    answer = await refreshing.refresh(
        conn, issuer, client, token=token, scope=sent.get("scope"), jkt=jkt, resources=rfc8707.wanted(sent)
    )
    if isinstance(answer, Copied):
        return await _tell_owner(conn, issuer, post_office, client, answer)
    return answer


async def _tell_owner(
    conn: AsyncConnection, issuer: Issuer, post_office: PostOffice, client: Client, copied: Copied
) -> OAuthError:
    _log.warning("a refresh token was used twice", extra={"grant": copied.grant_id, "client": client.id})
    owner = await accounts.account(conn, issuer.keys, copied.account_id)
    await post_office.send(
        conn,
        event="sign-in-copied",
        to=Recipient(account_id=owner.id, contacts=tuple(held.contact for held in owner.contacts), locale=owner.locale),
        fields={"link": issuer.url},
        once_key=f"sign-in-copied:{copied.grant_id}",
    )
    return invalid_grant("the refresh token was used before; sign in again")


async def device_key(issuer: Issuer, client: Client, dpop: Sequence[str], path: str) -> str | None:
    """The thumbprint of the key whose proof was shown, which is used up by that. Raises OAuthError."""
    if not dpop:
        if client.dpop_required:
            raise OAuthError("invalid_dpop_proof", "this client must bind its tokens to a device key")
        return None
    try:
        return await issuer.proof(dpop, method="POST", path=path)
    except rfc9449.BadProof as error:
        raise OAuthError("invalid_dpop_proof", str(error)) from error


async def give_back(db: Database, issuer: Issuer, sent: Mapping[str, str], *, authorization: str | None) -> None:
    """RFC 7009. Raises OAuthError for the client, never for the token."""
    token = sent.get("token")
    if token is None:
        raise invalid_request("token is missing")
    async with db.begin() as conn:
        client = await authenticated(conn, issuer, authorization, sent)
        await issuer.revoke(conn, client, token)


async def push(
    db: Database, issuer: Issuer, sent: Mapping[str, str], *, authorization: str | None, dpop: Sequence[str]
) -> PushedReply:
    """RFC 9126. Raises OAuthError."""
    async with db.begin() as conn:
        client = await authenticated(conn, issuer, authorization, sent)
        return await rfc9126.push(conn, issuer, client, sent, dpop=dpop)


async def start_device(
    db: Database, issuer: Issuer, sent: Mapping[str, str], *, authorization: str | None
) -> DeviceReply:
    """RFC 8628 §3.1. Raises OAuthError."""
    async with db.begin() as conn:
        client = await authenticated(conn, issuer, authorization, sent)
        return await rfc8628.start(conn, issuer, client, sent)


async def introspect(
    db: Database, issuer: Issuer, sent: Mapping[str, str], *, authorization: str | None
) -> Introspection:
    """RFC 7662. Raises OAuthError for the client, never for the token."""
    token = sent.get("token")
    async with db.begin() as conn:
        client = await authenticated(conn, issuer, authorization, sent)
        if client.kind == "public":
            raise invalid_client(by_basic=False)
        if token is None:
            raise invalid_request("token is missing")
        return await rfc7662.introspect(conn, issuer, client, token)
