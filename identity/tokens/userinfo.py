"""What a token may know of its person (OpenID Connect Core §5.4, §5.5)."""

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from identity.consents import reads
from identity.tokens import claims, store
from identity.tokens.issuer import Issuer
from identity.tokens.messages import UserInfo
from identity.tokens.scopes import CLAIMS, item_of
from kit import clock
from kit.actor import Actor
from kit.keys import Keys


async def of(conn: AsyncConnection, keys: Keys, issuer: Issuer, actor: Actor) -> UserInfo:
    """Claims by scope, and those allowed one by one; `sub` always. What a partner is told is recorded."""
    assert actor.account_id is not None
    assert actor.client_id is not None
    assert actor.grant_id is not None
    client = await store.client(conn, actor.client_id)
    assert client is not None
    grant = await store.grant(conn, actor.grant_id, clock.today())
    asked = grant.claims or {}
    alone = asked.get("userinfo", {})
    wanted = {name: alone.get(name) for name, claim in CLAIMS.items() if claim.scope in actor.scopes or name in alone}
    told = await claims.known(conn, keys, actor.account_id, wanted)
    told |= await claims.verified(
        conn, keys, actor.account_id, asked.get("verified_userinfo", ()), level=grant.account_level
    )
    if not client.first_party:
        items = dict.fromkeys(
            CLAIMS[name].scope if CLAIMS[name].scope in actor.scopes else item_of(name) for name in wanted
        )
        await reads.record(conn, actor, "user_info", actor.account_id, items=["openid", *items])
    return msgspec.convert({"sub": issuer.subject(client, actor.account_id), **told}, UserInfo)
