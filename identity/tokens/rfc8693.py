"""Token exchange (RFC 8693), which only narrows: a person's token for one of less scope, for fewer services, for no longer.

Who may exchange whose tokens is registered with the client (`exchange_from`). What is given names who acts (`act`), and ends with
what it was exchanged for: the grants behind it are asked with every request, as its own is.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from identity.tokens import acting, rfc8707, rfc9068, scopes, services, store
from identity.tokens.issuer import Issuer, reply_of
from identity.tokens.messages import Acting, Client, TokenReply
from identity.tokens.refusals import InvalidToken, TokenRevoked
from identity.tokens.rfc6749 import OAuthError, invalid_request, values
from identity.tokens.rfc9068 import AccessClaims
from kit import clock, ids

ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 - a name of a type

_MOST_ACTORS = 4
"""One behind the other: who is further away answers for nothing any more."""


class _Shown(msgspec.Struct, frozen=True):
    """A token of ours in force, and its grant."""

    claims: AccessClaims
    grant: Any


async def exchange(
    conn: AsyncConnection, issuer: Issuer, client: Client, sent: Mapping[str, str], *, jkt: str | None
) -> TokenReply:
    """Raises OAuthError; what is shown stays as good as it was."""
    if sent.get("requested_token_type", ACCESS_TOKEN) != ACCESS_TOKEN:
        raise invalid_request("only access tokens are given in exchange")
    subject = await _shown(conn, issuer, sent, "subject_token")
    if subject.grant.kind != "citizen" or subject.claims.client_id not in client.exchange_from:
        raise invalid_request("this client may not exchange the subject_token")
    if subject.claims.cnf is not None and jkt is None:
        raise invalid_request("what is bound to a key is exchanged for what is bound to one: send a DPoP proof")
    actor = await _actor(conn, issuer, client, sent)
    aim = await services.aim(
        conn,
        issuer.url,
        asked=await _wanted(conn, sent, subject.claims),
        granted=subject.claims.audience,
        scope=_narrowed(client, subject.claims.scope, sent.get("scope")),
    )
    now, acts = clock.now(), _acts(client, subject, actor)
    ends = [subject.claims.exp, *([] if actor is None else [actor.claims.exp])]
    lifetime = min(rfc9068.LIFETIME, *(timedelta(seconds=end - int(now.timestamp())) for end in ends))
    gid, account_id = ids.new_id("grt"), subject.grant.account_id
    level = min(subject.claims.level, subject.grant.account_level)
    await issuer.keep_grant(
        conn,
        gid=gid,
        kind="citizen",
        client_id=client.id,
        scope=aim.scope,
        jkt=jkt,
        now=now,
        until=now + lifetime,
        account_id=account_id,
        resources=aim.audience,
        ends_with=[*_ends_with(subject), *(() if actor is None else _ends_with(actor))],
        amr=subject.claims.amr,
        auth_time=subject.claims.signed_in_at,
        authenticator_id=subject.grant.authenticator_id,
        level=level,
    )
    token = issuer.access_token(
        gid=gid,
        kind="citizen",
        client_id=client.id,
        subject=issuer.subject(client, account_id) if aim.sector is None else issuer.subject_at(aim.sector, account_id),
        scope=aim.scope,
        jkt=jkt,
        now=now,
        level=level,
        amr=subject.claims.amr,
        auth_time=subject.claims.signed_in_at,
        audience=aim.audience,
        act=acts,
        lifetime=lifetime,
    )
    reply = reply_of(token, jkt, lifetime, aim.scope)
    return msgspec.structs.replace(reply, issued_token_type=ACCESS_TOKEN)


async def _shown(conn: AsyncConnection, issuer: Issuer, sent: Mapping[str, str], name: str) -> _Shown:
    """§2.2.2: whatever is wrong with a token that is shown is `invalid_request`."""
    token, kind = sent.get(name), sent.get(f"{name}_type")
    if token is None or kind != ACCESS_TOKEN:
        raise invalid_request(f"{name} is an access token, and {name}_type is {ACCESS_TOKEN}")
    claims = issuer.claims_in_force(token, for_anybody=True)
    if claims is not None:
        grant = await acting.grant_behind(conn, claims)
        try:
            acting.refuse_ended(grant, claims, "Bearer")
        except (InvalidToken, TokenRevoked):
            pass
        else:
            return _Shown(claims, grant)
    raise invalid_request(f"{name} is no access token of this issuer that is in force")


async def _actor(conn: AsyncConnection, issuer: Issuer, client: Client, sent: Mapping[str, str]) -> _Shown | None:
    """Who acts, where it is not the client itself: by a token that the client was given."""
    if "actor_token" not in sent:
        if "actor_token_type" in sent:
            raise invalid_request("actor_token_type comes with an actor_token")
        return None
    actor = await _shown(conn, issuer, sent, "actor_token")
    if actor.claims.client_id != client.id or issuer.url not in actor.claims.audience:
        raise invalid_request("the actor_token was not given to this client")
    return actor


async def _wanted(conn: AsyncConnection, sent: Mapping[str, str], subject: AccessClaims) -> tuple[str, ...]:
    """By address, or by the client that a service asks about tokens with (§2.1, `audience`)."""
    asked = rfc8707.wanted(sent)
    if not (names := values(sent, "audience")):
        return asked
    by_client = {one.client_id: one.uri for one in await store.services(conn, subject.audience)}
    return (*asked, *(by_client.get(name, name) for name in names))


def _narrowed(client: Client, held: str, asked: str | None) -> str:
    """Of what the subject's token holds, what this client may hold as well; never what is lent to nobody."""
    may = [name for name in scopes.names(held) if name in client.scopes and name not in scopes.NOT_LENT]
    wanted = may if asked is None else scopes.names(asked)
    if not wanted or not set(wanted) <= set(may):
        raise OAuthError("invalid_scope", "an exchange gives no more than the subject_token holds and the client may")
    return " ".join(wanted)


def _acts(client: Client, subject: _Shown, actor: _Shown | None) -> Acting:
    before, depth = subject.claims.act, 1
    link = before
    while link is not None:
        depth, link = depth + 1, link.act
    if depth > _MOST_ACTORS:
        raise invalid_request("the token was exchanged too often")
    return Acting(sub=client.id if actor is None else actor.claims.sub, client_id=client.id, act=before)


def _ends_with(shown: _Shown) -> tuple[str, ...]:
    return (*shown.grant.ends_with, shown.claims.gid)
