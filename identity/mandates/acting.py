"""What other rooms ask: may this caller do this, now, for another; and who is to hear of it."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from identity import accounts
from identity.accounts import secrets
from identity.mandates import store, views
from identity.mandates.messages import Act, MandateKind, Principal
from identity.mandates.policy import policy
from identity.mandates.refusals import MandateDoesNotCover, MandateNotStanding, MandateUnknown
from identity.mandates.standing import covers, state_of
from identity.mandates.ways import Mandates
from kit import clock
from kit.actor import Actor, InsufficientLevel
from kit.keys import Keys


class Acting(msgspec.Struct, frozen=True, kw_only=True):
    """The caller acts for `principal` under a mandate that stands in this transaction. `known` is what a form may be filled with."""

    mandate_id: str
    kind: MandateKind
    principal: Principal
    holder_name: str
    acts: frozenset[str]
    procedures: frozenset[str] | None
    relation: str | None
    known: dict[str, Any]

    @property
    def may_follow(self) -> frozenset[str] | None:
        """The procedures whose dossiers are seen; None is every one."""
        return self.procedures if "follow" in self.acts else frozenset()

    def may(self, act: Act, procedure: str) -> bool:
        return act in self.acts and (self.procedures is None or procedure in self.procedures)

    def refuse_beyond(self, act: Act, procedure: str) -> None:
        """Refuses MandateDoesNotCover."""
        if not self.may(act, procedure):
            raise MandateDoesNotCover


async def acting(conn: AsyncConnection, ways: Mandates, actor: Actor, mandate_id: str, *, hold: bool) -> Acting:
    """The mandate the caller names, asked anew at every request: one that has ended ends what is done under it.

    `hold` for who writes: it then stands until the transaction ends, so that nothing is filed after it was taken away. Refuses MandateUnknown for another's as for
    none, InsufficientLevel, MandateNotStanding. An app of others' acts for nobody but its own user.
    """
    row = None if actor.partner else await store.mandate(conn, mandate_id, share=hold)
    if row is None or row.holder_id != actor.account_id:
        raise MandateUnknown
    if actor.level < policy().holder.level:
        raise InsufficientLevel.of(actor, policy().holder.level)
    dead = bool(await views.deaths(conn, ways, [row]))
    if state_of(row, clock.today(), dead=dead) != "standing":
        raise MandateNotStanding
    return Acting(
        mandate_id=row.id,
        kind=row.kind,
        principal=views.principal(ways.keys, row),
        holder_name=row.holder_name,
        acts=frozenset(row.acts),
        procedures=None if row.procedures is None else frozenset(row.procedures),
        relation=row.basis.get("relation"),
        known=_known(ways, row),
    )


async def to_file(conn: AsyncConnection, ways: Mandates, holder_id: str, number: str, procedure: str) -> str | None:
    """The id of the mandate under which this person files this procedure today for whom the number is of: an enterprise's, or a ward's.

    None where there is no such mandate; nothing else is told of whom they act for.
    """
    rows = [row for row in await store.held_by(conn, holder_id) if _number(ways, row) == number]
    dead, today = await views.deaths(conn, ways, rows), clock.today()
    return next(
        (
            row.id
            for row in rows
            if covers(row, "file", procedure) and state_of(row, today, dead=row.id in dead) == "standing"
        ),
        None,
    )


async def representatives(conn: AsyncConnection, enterprise_id: str) -> dict[str, str]:
    """Names by account of who represents an enterprise today; nobody represents a person."""
    today = clock.today()
    return {
        row.holder_id: row.holder_name
        for row in await store.of_principal(conn, enterprise_id, still_open=True)
        if row.kind == "representative" and state_of(row, today) == "standing"
    }


async def followers(conn: AsyncConnection, ways: Mandates, principal_id: str, procedure: str) -> list[accounts.Account]:
    """Who follows a principal's dossiers of this procedure today, and a ward with an account of its own."""
    rows, today = await store.of_principal(conn, principal_id, still_open=True), clock.today()
    dead = await views.deaths(conn, ways, rows)
    found = {
        row.holder_id
        for row in rows
        if covers(row, "follow", procedure) and state_of(row, today, dead=row.id in dead) == "standing"
    }
    ward = next((row for row in rows if row.ward_id is not None), None)
    if ward is not None:
        own = await accounts.by_pin(conn, ways.keys, secrets.unseal_pin(ways.keys, ward.ward_id, ward.ward_pin_sealed))
        if own is not None and own.closed_at is None:
            found.add(own.id)
    return [await accounts.account(conn, ways.keys, account_id) for account_id in sorted(found)]


async def speaks_for(
    conn: AsyncConnection, keys: Keys, account_ids: Sequence[str], *, principal_id: str | None, pins: Collection[str]
) -> bool:
    """Whether one of these accounts holds a mandate, resting or not begun even, for this principal or a ward with one of these numbers."""
    held = await store.held_open(conn, account_ids)
    digests = {secrets.pin_digest(keys, pin) for pin in pins} if any(row.ward_id for row in held) else set[bytes]()
    return any(
        (principal_id is not None and principal_id == (row.enterprise_id or row.ward_id))
        or (row.ward_pin_digest is not None and bytes(row.ward_pin_digest) in digests)
        for row in held
    )


def _number(ways: Mandates, row: Any) -> str:
    """The enterprise's, or the ward's personal number."""
    return (
        row.number if row.enterprise_id is not None else secrets.unseal_pin(ways.keys, row.ward_id, row.ward_pin_sealed)
    )


def _known(ways: Mandates, row: Any) -> dict[str, Any]:
    if row.enterprise_id is not None:
        return {"number": _number(ways, row), "legal_name": row.enterprise_name}
    return {
        "pin": _number(ways, row),
        "full_name": row.ward_name,
        "date_of_birth": _day(row.date_of_birth),
        "sex": row.sex,
    }


def _day(partial: str) -> date | str:
    return date.fromisoformat(partial) if len(partial) == len("YYYY-MM-DD") else partial
