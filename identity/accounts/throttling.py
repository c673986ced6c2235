"""Guesses are counted in lanes (NIST SP 800-63B-4 §3.2.2): five failures, then waits that grow.

A device key that signed the account in before has a lane of its own, so that strangers who fail make the owner wait nowhere
but on a new device. A try is counted before it is looked at, and forgiven by a success.
"""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from identity.accounts import secrets, store
from identity.accounts.policy import Pace, policy
from kit import clock
from kit.keys import Keys
from kit.limits import TooMany


class Lane(msgspec.Struct, frozen=True):
    """`subject` is a keyed hash: the table tells nobody's phone or address."""

    subject: bytes
    pace: Pace


def lanes(keys: Keys, login_digest: bytes, *, own_device: str | None, address: str) -> list[Lane]:
    """The lanes one try at a login counts in; `own_device` is the key's thumbprint where the account knows it."""
    paces = policy().throttling
    if own_device is not None:
        return [Lane(secrets.lane_digest(keys, login_digest, f"device:{own_device}"), paces.own_device)]
    return [
        Lane(secrets.lane_digest(keys, login_digest, f"address:{address}"), paces.address),
        Lane(secrets.lane_digest(keys, login_digest, "everywhere"), paces.everywhere),
    ]


def confirmation_lanes(keys: Keys, account_id: str) -> list[Lane]:
    """The lane of codes typed to bring a new contact into one account."""
    return [Lane(secrets.lane_digest(keys, account_id.encode(), "confirmation"), policy().throttling.address)]


async def count(conn: AsyncConnection, tried: Sequence[Lane], at: datetime) -> None:
    """Counts one failure in each lane beforehand, of many at once one after the other. Refuses TooMany while a lane waits."""
    for lane in tried:
        row = await store.hold_failures(conn, lane.subject, at)
        # Read behind the lock: who stood in line for it is not too early.
        now = clock.now()
        if row.open_at > now:
            raise TooMany(retry_after_seconds=int((row.open_at - now).total_seconds()) + 1)
        failures = row.failures + 1
        await store.set_failures(conn, lane.subject, failures, at=now, open_at=now + lane.pace.wait(failures))


async def forgive(conn: AsyncConnection, tried: Sequence[Lane]) -> None:
    """After a success the failures before it are disregarded."""
    await store.forget_failures(conn, [lane.subject for lane in tried])
