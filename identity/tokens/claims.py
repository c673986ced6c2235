"""What is known of a person, by the names OpenID Connect has for it (Core §5.1)."""

from collections.abc import Collection
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from identity import accounts
from kit.keys import Keys


async def known(conn: AsyncConnection, keys: Keys, account_id: str, wanted: Collection[str]) -> dict[str, Any]:
    """Those of the claims that are known of the person, as JSON has them."""
    if not wanted:
        return {}
    account = await accounts.account(conn, keys, account_id)
    held = {one.kind: one.value for one in account.contacts}
    residence = (await accounts.prefill(conn, keys, account_id)).get("residence") if "address" in wanted else None
    found: dict[str, Any] = {
        "name": account.full_name,
        "birthdate": account.date_of_birth.isoformat() if account.date_of_birth else None,
        "gender": account.sex,
        "locale": account.locale,
        "phone_number": held.get("phone"),
        "phone_number_verified": True if "phone" in held else None,
        "email": held.get("email"),
        "email_verified": True if "email" in held else None,
        "address": {"formatted": residence.value} if residence is not None else None,
    }
    return {name: found[name] for name in wanted if found[name] is not None}
