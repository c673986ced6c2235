"""Introspection (RFC 7662): a confidential client asks about a token it holds, or that is for its service. Of all others it learns
nothing."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from identity.consents import reads
from identity.tokens import acting, rfc9068, services, store
from identity.tokens.issuer import Issuer
from identity.tokens.messages import Client, Introspection
from identity.tokens.refusals import InvalidToken, TokenRevoked
from kit import clock, ids

INACTIVE = Introspection(active=False)


async def introspect(conn: AsyncConnection, issuer: Issuer, client: Client, token: str) -> Introspection:
    """`INACTIVE` and nothing else unless the token is this client's, or for a service of its, and in force."""
    kept = await store.refresh_token(conn, ids.digest(token))
    if kept is not None:
        return _refresh_token(client, kept)
    claims = issuer.claims_in_force(token, for_anybody=True)
    if claims is None:
        return INACTIVE
    if claims.client_id != client.id and not await services.is_for(conn, client, claims.audience):
        return INACTIVE
    grant = await acting.grant_behind(conn, claims)
    try:
        acting.refuse_ended(grant, claims, "Bearer")
    except (InvalidToken, TokenRevoked):
        return INACTIVE
    if grant.account_id is not None and not client.first_party:
        await reads.record(conn, acting.actor_of(claims, grant), "introspection", grant.account_id)
    return Introspection(
        active=True,
        scope=claims.scope,
        client_id=claims.client_id,
        token_type="Bearer" if claims.cnf is None else "DPoP",
        exp=claims.exp,
        iat=claims.iat,
        sub=claims.sub,
        aud=claims.aud,
        iss=claims.iss,
        jti=claims.jti,
        # Of now: a level may have lapsed since the token was made.
        acr=rfc9068.acr_of(min(claims.level, grant.account_level or 0)),
        auth_time=claims.auth_time,
        cnf=claims.cnf,
        act=claims.act,
    )


def _refresh_token(client: Client, kept: Any) -> Introspection:
    good = kept.client_id == client.id and kept.used_at is None and kept.revoked_at is None
    now = clock.now()
    # A kiosk that its visitor walked away from: nobody wrote down that this is over, it is over by the clock.
    if not good or kept.expires_at <= now or (kept.idle_at is not None and kept.idle_at <= now):
        return INACTIVE
    return Introspection(active=True, scope=kept.scope, client_id=client.id, exp=int(kept.expires_at.timestamp()))
