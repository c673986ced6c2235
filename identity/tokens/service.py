"""The verbs of the token endpoint; each owns its transaction, and what must survive a refusal is committed before it."""

from collections.abc import Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from identity.tokens import clients, rfc6749, rfc9449, store
from identity.tokens.issuer import Issuer
from identity.tokens.messages import Client, TokenReply
from identity.tokens.rfc6749 import OAuthError, invalid_client, invalid_request
from identity.tokens.rfc8414 import GRANTS
from kit.db import Database


async def authenticated(conn: AsyncConnection, authorization: str | None, sent: Mapping[str, str]) -> Client:
    """The client that calls (RFC 6749 §2.3): by its secret, or by name when it is public. Raises OAuthError."""
    shown = rfc6749.credentials(authorization, sent)
    found = await store.client(conn, shown.client_id)
    good = clients.has_secret(found, shown.secret)
    public = found is not None and found.kind == "public" and shown.secret is None and not shown.by_basic
    if found is None or found.disabled_at is not None or not (good or public):
        raise invalid_client(by_basic=shown.by_basic)
    return found


async def give_token(
    db: Database,
    issuer: Issuer,
    sent: Mapping[str, str],
    *,
    authorization: str | None,
    dpop: Sequence[str],
    path: str,
) -> TokenReply:
    """Raises OAuthError."""
    grant = sent.get("grant_type")
    if grant is None:
        raise invalid_request("grant_type is missing")
    async with db.begin() as conn:
        client = await authenticated(conn, authorization, sent)
        if grant not in GRANTS:
            raise OAuthError("unsupported_grant_type", f"this server knows {', '.join(GRANTS)}")
        if grant not in client.grants:
            raise OAuthError("unauthorized_client", "the client is not registered for this grant")
        jkt = await _device_key(issuer, client, dpop, path)
        if grant == "client_credentials":
            answer = await issuer.client_token(conn, client, scope=sent.get("scope"), jkt=jkt)
        else:
            code = sent.get("code")
            if code is None:
                raise invalid_request("code is missing")
            answer = await issuer.redeem(
                conn,
                client,
                code=code,
                verifier=sent.get("code_verifier"),
                jkt=jkt,
                redirect_uri=sent.get("redirect_uri"),
            )
    # A code used twice has ended its token by now: that stands, and then it is refused.
    if isinstance(answer, OAuthError):
        raise answer
    return answer


async def _device_key(issuer: Issuer, client: Client, dpop: Sequence[str], path: str) -> str | None:
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
        client = await authenticated(conn, authorization, sent)
        await issuer.revoke(conn, client, token)
