"""Pushed authorization requests (RFC 9126): what an app wants comes from the app itself, and the browser carries a name for it."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from identity.tokens import authorization, authorizing, rfc9449, store
from identity.tokens.authorization import NoAnswer
from identity.tokens.issuer import Issuer
from identity.tokens.messages import Client, PushedReply
from identity.tokens.rfc6749 import OAuthError, invalid_request
from kit import clock, ids

LIFETIME = timedelta(seconds=90)
"""Until the browser comes with it; from then on a person signs in at their own pace."""
PATH = "/v1/oauth/par"


async def push(
    conn: AsyncConnection, issuer: Issuer, client: Client, sent: Mapping[str, str], *, dpop: Sequence[str]
) -> PushedReply:
    """Checked as it would be at the authorization endpoint, so that no browser is troubled with what is wrong. Raises OAuthError."""
    if "request_uri" in sent:
        raise invalid_request("request_uri names a request; it is no part of one")
    try:
        receiver = authorization.receiver(client, sent)
    except NoAnswer as error:
        raise invalid_request(str(error)) from error
    asked = await authorizing.checked(conn, issuer, client, sent, receiver)
    if dpop:
        asked = msgspec.structs.replace(asked, jkt=await _bound(issuer, dpop, asked.jkt))
    handle = ids.secret_token("rq")
    await store.add_request(
        conn, digest=ids.digest(handle), client_id=client.id, asked=asked, expires_at=clock.now() + LIFETIME
    )
    return PushedReply(f"{authorizing.REQUEST_URI}{handle}", int(LIFETIME.total_seconds()))


async def _bound(issuer: Issuer, dpop: Sequence[str], said: str | None) -> str:
    """RFC 9449 §10.1: the key that made the proof, which `dpop_jkt` must name if it is there."""
    try:
        jkt = await issuer.proof(dpop, method="POST", path=PATH)
    except rfc9449.BadProof as error:
        raise OAuthError("invalid_dpop_proof", str(error)) from error
    if said not in (None, jkt):
        raise OAuthError("invalid_dpop_proof", "dpop_jkt is not the key of the proof")
    return jkt
