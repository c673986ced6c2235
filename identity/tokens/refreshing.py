"""Refresh tokens (RFC 6749 §6), used once each (RFC 9700 §4.14.2): a grant is the family, a row a member of it.

A lost reply must not sign a citizen out, and a copied token must be found out. So the answer is kept for ten seconds under a key
that only the presented token yields: the same request gets the same answer again. Any other second use ends the family.
"""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from identity import consents
from identity.tokens import clients, redeeming, scopes, store
from identity.tokens.issuer import Issuer, kind_of
from identity.tokens.messages import Client, TokenReply
from identity.tokens.rfc6749 import OAuthError, invalid_grant
from kit import clock, crypto, ids
from kit.refusal import Refusal

SAME_ANSWER = timedelta(seconds=10)


class Copied(msgspec.Struct, frozen=True):
    """A token came a second time: the family has been ended, and its owner should know."""

    grant_id: str
    account_id: str


async def refresh(
    conn: AsyncConnection,
    issuer: Issuer,
    client: Client,
    *,
    token: str,
    scope: str | None,
    jkt: str | None,
    resources: Sequence[str] = (),
) -> TokenReply | Copied:
    """The next access and refresh token. `Copied` is *returned*, so that the caller commits what it ended.

    Raises OAuthError for what leaves the token as good as it was.
    """
    now, digest = clock.now(), ids.digest(token)
    asked_for = asked(scope, jkt, resources)
    grant = await store.use_refresh_token(conn, digest, client.id, at=now, used_for=asked_for)
    if grant is None:
        return await _second_use(conn, client, token, asked_for=asked_for, bound=jkt is not None, now=now)
    if client.kind == "public" and grant.jkt is not None and grant.jkt != jkt:
        raise invalid_grant("the refresh token is bound to another device key")
    granted = narrowed(grant.scope, scope)
    try:
        bearer = await issuer.bearer(conn, grant.account_id)
        clients.refuse_wrong_desk(client, kind_of(bearer))
    except Refusal as refusal:
        raise invalid_grant(refusal.message.en) from refusal
    if not client.first_party and await consents.standing(conn, grant.account_id, client.id, now) is None:
        raise invalid_grant("the person's consent has ended")
    reply = await redeeming.token_again(
        conn, issuer, client, grant, bearer, scope=granted, resources=resources, jkt=jkt, now=now
    )
    await store.keep_answer(conn, digest, grant.id, sealed(token, reply, grant.id), forget_before=now - SAME_ANSWER)
    return reply


def asked(scope: str | None, jkt: str | None, resources: Sequence[str] = ()) -> bytes:
    """By what a request is known again."""
    return hashlib.sha256("\n".join((scope or "", jkt or "", *resources)).encode()).digest()


def sealed(token: str, reply: TokenReply, grant_id: str) -> bytes:
    """The answer to a token, for who presents that token again."""
    return crypto.seal(_answer_key(token), msgspec.json.encode(reply), grant_id.encode())


async def _second_use(
    conn: AsyncConnection, client: Client, token: str, *, asked_for: bytes, bound: bool, now: datetime
) -> TokenReply | Copied:
    kept: Any = await store.refresh_token(conn, ids.digest(token))
    if kept is None or kept.client_id != client.id or kept.used_at is None or kept.revoked_at is not None:
        raise invalid_grant("the refresh token is unknown, expired or revoked")
    # Without a key or a secret nobody can tell the app that lost a reply from who copied its token.
    known = bound or client.kind == "confidential"
    same = known and hmac.compare_digest(bytes(kept.used_for), asked_for) and now < kept.used_at + SAME_ANSWER
    if same and kept.answer_sealed is not None:
        answer = crypto.unseal(_answer_key(token), kept.answer_sealed, kept.grant_id.encode())
        return msgspec.json.decode(answer, type=TokenReply)
    await store.revoke_grant(conn, kept.grant_id, client_id=client.id, at=now, why="its refresh token was used twice")
    return Copied(grant_id=kept.grant_id, account_id=kept.account_id)


def narrowed(granted: str, scope: str | None) -> str:
    """§6: no more than was granted; the refresh token goes on with all of it."""
    if scope is None:
        return granted
    wanted = scopes.names(scope)
    if not set(wanted) <= set(scopes.names(granted)):
        raise OAuthError("invalid_scope", "a refresh gives no more than was granted")
    return " ".join(wanted)


def _answer_key(token: str) -> bytes:
    return hmac.digest(token.encode(), b"answer to a refresh", hashlib.sha256)
