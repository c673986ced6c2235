"""What is known of a person, by the names OpenID Connect has for it (Core §5.1), and with its evidence."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from identity import accounts
from identity.tokens import assurance, evidence, rfc9068
from identity.tokens.assurance import VerifiedAsked
from kit import clock
from kit.keys import Keys


async def known(conn: AsyncConnection, keys: Keys, account_id: str, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the claims that are known of the person and meet the condition they come with, as JSON has them."""
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
    return {
        name: found[name]
        for name, condition in wanted.items()
        if found[name] is not None and assurance.fits(condition, found[name])
    }


async def verified(
    conn: AsyncConnection, keys: Keys, account_id: str, requests: Sequence[Any], *, level: int
) -> dict[str, Any]:
    """`verified_claims` for these requests, as a grant keeps them, at the level of now; empty where nothing can be told."""
    if not requests:
        return {}
    proven = evidence.verified(
        await accounts.prefill(conn, keys, account_id),
        await accounts.evidence(conn, account_id),
        acr=rfc9068.acr_of(level),
    )
    told = assurance.told(msgspec.convert(requests, list[VerifiedAsked]), proven, clock.now())
    return {} if told is None else {"verified_claims": told}
