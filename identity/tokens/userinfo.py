"""What a token may know of its person (OpenID Connect Core §5.4)."""

from sqlalchemy.ext.asyncio import AsyncConnection

from identity import accounts
from identity.tokens import store
from identity.tokens.issuer import Issuer
from identity.tokens.messages import UserInfo
from kit.actor import Actor
from kit.keys import Keys


async def of(conn: AsyncConnection, keys: Keys, issuer: Issuer, actor: Actor) -> UserInfo:
    """Claims by scope; `sub` always."""
    assert actor.account_id is not None
    assert actor.client_id is not None
    client = await store.client(conn, actor.client_id)
    assert client is not None
    account = await accounts.account(conn, keys, actor.account_id)
    profile = "profile" in actor.scopes
    held = {one.kind: one.value for one in account.contacts if one.kind in actor.scopes}
    return UserInfo(
        sub=issuer.subject(client, account.id),
        name=account.full_name if profile else None,
        birthdate=account.date_of_birth.isoformat() if profile and account.date_of_birth else None,
        gender=account.sex if profile else None,
        locale=account.locale if profile else None,
        phone_number=held.get("phone"),
        phone_number_verified=True if "phone" in held else None,
        email=held.get("email"),
        email_verified=True if "email" in held else None,
    )
