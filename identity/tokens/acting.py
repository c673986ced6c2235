"""Who acts, once a token has verified: the grant behind it as it stands now decides, the token only named it."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from identity.tokens import rfc9068, scopes, store
from identity.tokens.refusals import InvalidToken, TokenRevoked
from identity.tokens.rfc6750 import Scheme, challenge
from kit import clock
from kit.actor import Actor
from kit.db import Direct

IDLE = timedelta(seconds=60)
"""A kiosk that a person left keeps nothing for longer; whoever is still there touches it, and has as long again."""


async def grant_behind(conn: AsyncConnection | Direct, claims: rfc9068.AccessClaims) -> Any:
    """What a token of ours stands on, as it stands now; None where there is nothing any more."""
    if rfc9068.is_own(claims):
        return await store.own_grant(conn, claims.gid, kind=claims.kind, client_id=claims.client_id, scope=claims.scope)
    return await store.grant(conn, claims.gid, clock.today())


def refuse_ended(grant: Any, claims: rfc9068.AccessClaims, scheme: Scheme) -> None:
    """Revocation lives in PostgreSQL and is asked on every call: a token ends the moment it is ended."""
    if grant is None:
        raise InvalidToken(headers=challenge(scheme, "invalid_token", "the token names no grant"))
    ended = (
        grant.revoked_at is not None
        or grant.ended_before
        or (grant.idle_at is not None and grant.idle_at <= clock.now())
        or grant.disabled_at is not None
        or grant.closed_at is not None
        or grant.locked_at is not None
        or (grant.kind == "officer" and not _in_office(grant, clock.now().astimezone(clock.CITY)))
    )
    if ended:
        raise TokenRevoked(headers=challenge(scheme, "invalid_token", "the token has been revoked"))
    if grant.client_id != claims.client_id or grant.kind != claims.kind:
        raise InvalidToken(headers=challenge(scheme, "invalid_token", "the token is not the one that was issued"))


def _in_office(grant: Any, local: datetime) -> bool:
    """Appointed on this day, within the shift, not on leave; `local` is the city's time."""
    today, hour = local.date(), local.time()
    return (
        grant.office_id is not None
        and grant.ended_at is None
        and grant.from_on <= today
        and (grant.until_on is None or today <= grant.until_on)
        and (grant.shift_from is None or grant.shift_from <= hour < grant.shift_until)
        and not grant.away
    )


def actor_of(claims: rfc9068.AccessClaims, grant: Any) -> Actor:
    """From the grant as it stands now; the token only named it."""
    return Actor(
        kind=grant.kind,
        account_id=grant.account_id,
        client_id=grant.client_id,
        session_id=grant.session_id,
        grant_id=claims.gid,
        # A refresh may have asked for less than was granted.
        scopes=frozenset(scopes.names(grant.scope)).intersection(scopes.names(claims.scope)),
        level=min(claims.level, grant.account_level or 0),
        office_id=grant.office_id or grant.kiosk_office_id,
        roles=frozenset(grant.roles or ()),
        jkt=None if claims.cnf is None else claims.cnf.jkt,
        authenticator_id=grant.authenticator_id,
        auth_at=claims.signed_in_at,
        # Whoever exchanged a token is not the app that its person signed in to.
        partner=not grant.first_party or bool(grant.ends_with),
    )
