"""The log of sign-ins: when, how, by which client, from which network, and how it ended. Appended, never edited."""

import ipaddress
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from identity.accounts import store
from identity.accounts.messages import SignInMethod, SignInOutcome
from identity.accounts.policy import policy
from kit import ids


def network_of(address: str) -> str | None:
    """What is kept of an address: /24 of IPv4, /48 of IPv6, enough to tell one's own line from another country."""
    try:
        parsed = ipaddress.ip_network(address, strict=False)
    except ValueError:
        return None
    prefix = min(parsed.prefixlen, 24 if parsed.version == 4 else 48)
    return str(parsed.supernet(new_prefix=prefix))


async def record(
    conn: AsyncConnection,
    *,
    account_id: str | None,
    method: SignInMethod,
    outcome: SignInOutcome,
    client_id: str,
    jkt: str | None,
    address: str | None,
    at: datetime,
) -> None:
    """One row; for a login nobody has it is written too, so that it costs the same."""
    await store.add_sign_in_log(
        conn,
        id=ids.new_id("sil"),
        account_id=account_id,
        at=at,
        method=method,
        outcome=outcome,
        client_id=client_id,
        jkt=jkt,
        network=None if address is None else network_of(address),
    )


async def own_device(conn: AsyncConnection, account_id: str | None, jkt: str | None, at: datetime) -> str | None:
    """The thumbprint again if this key signed this account in lately. Asked for strangers too: same work."""
    since = at - timedelta(days=policy().devices.known_days)
    return jkt if await store.signed_in_since(conn, account_id, jkt, since) else None


async def forget(conn: AsyncConnection, at: datetime) -> None:
    """Networks first, rows once the law's term for a log is over."""
    terms = policy().log
    await store.forget_log(
        conn,
        networks_before=at - timedelta(days=terms.network_days),
        rows_before=at - timedelta(days=terms.kept_days),
        strangers_before=at - timedelta(days=terms.strangers_days),
    )
