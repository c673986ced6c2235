"""The one way a mandate begins, narrows and ends: the row, a line of its history, and a notice to both sides, on one transaction."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from identity import accounts
from identity.accounts import secrets
from identity.mandates import store
from identity.mandates.messages import Act, Change, EndedFor, MandateKind
from identity.mandates.refusals import AlreadyHeld, LastRepresentative
from identity.mandates.standing import state_of
from identity.mandates.ways import Mandates
from kit import clock, ids
from kit.actor import Actor
from kit.db import to_json
from kit.refusal import Words
from notifications import Recipient

_TOLD: dict[tuple[MandateKind, Change], Words] = {
    ("representative", "granted"): Words(
        vi="đã ghi nhận một người đại diện của doanh nghiệp", en="a representative of an enterprise was recorded"
    ),
    ("representative", "ended"): Words(
        vi="tư cách người đại diện của doanh nghiệp đã chấm dứt", en="the power to represent an enterprise has ended"
    ),
    ("delegate", "granted"): Words(
        vi="đã uỷ quyền thay mặt doanh nghiệp", en="a mandate to act for an enterprise was given"
    ),
    ("delegate", "narrowed"): Words(
        vi="đã thu hẹp uỷ quyền thay mặt doanh nghiệp", en="a mandate to act for an enterprise became narrower"
    ),
    ("delegate", "ended"): Words(
        vi="uỷ quyền thay mặt doanh nghiệp đã chấm dứt", en="a mandate to act for an enterprise has ended"
    ),
    ("guardian", "granted"): Words(
        vi="đã ghi nhận quyền thay mặt con hoặc người được giám hộ",
        en="a mandate to act for a child or ward was recorded",
    ),
    ("guardian", "ended"): Words(
        vi="quyền thay mặt con hoặc người được giám hộ đã chấm dứt", en="a mandate to act for a child or ward has ended"
    ),
}


async def begin(
    conn: AsyncConnection,
    ways: Mandates,
    *,
    kind: MandateKind,
    principal_id: str,
    holder_id: str,
    acts: Iterable[Act],
    procedures: Iterable[str] | None,
    basis: dict[str, Any],
    from_on: date,
    until_on: date | None,
    by: Actor | None,
    said: str = "",
) -> Any:
    """The row. One that is over and not yet written off gives way; refuses AlreadyHeld for one that is not."""
    mandate_id, today = ids.new_id("mnd"), clock.today()
    for old in await store.of_principal(conn, principal_id, still_open=True):
        if (old.holder_id, old.kind) == (holder_id, kind) and state_of(old, today) == "ended":
            await end(conn, ways, old, "time" if old.closed_at is None else "closed", by=None)
    added = await store.add(
        conn,
        id=mandate_id,
        kind=kind,
        enterprise_id=None if kind == "guardian" else principal_id,
        ward_id=principal_id if kind == "guardian" else None,
        holder_id=holder_id,
        acts=sorted(set(acts)),
        procedures=None if procedures is None else sorted(set(procedures)),
        basis=to_json(basis),
        from_on=from_on,
        until_on=until_on,
        granted_at=clock.now(),
    )
    if not added:
        raise AlreadyHeld
    row = await store.hold(conn, mandate_id)
    await _record(conn, ways, row, "granted", by, said)
    return row


async def narrow(conn: AsyncConnection, ways: Mandates, row: Any, by: Actor, **values: Any) -> Any:
    """The row as it is from now on."""
    await store.change(conn, row.id, **values)
    after = await store.hold(conn, row.id)
    await _record(conn, ways, after, "narrowed", by, "")
    return after


async def end(
    conn: AsyncConnection, ways: Mandates, row: Any, ended_for: EndedFor, *, by: Actor | None, said: str = ""
) -> None:
    """At once, for every request after this transaction. The row is held."""
    await store.change(conn, row.id, ended_at=clock.now(), ended_for=ended_for)
    await _record(conn, ways, row, "ended", by, said)


async def refuse_last(conn: AsyncConnection, row: Any) -> None:
    """Refuses LastRepresentative; the enterprise is held, so of two who leave at once one stays."""
    others = await store.of_principal(conn, row.enterprise_id, still_open=True)
    today = clock.today()
    if not any(
        one.kind == "representative" and one.id != row.id and state_of(one, today) == "standing" for one in others
    ):
        raise LastRepresentative(enterprise=row.enterprise_name)


async def _record(conn: AsyncConnection, ways: Mandates, row: Any, what: Change, by: Actor | None, said: str) -> None:
    covers = {
        "acts": list(row.acts),
        "procedures": row.procedures,
        "from_on": row.from_on,
        "until_on": row.until_on,
    }
    await store.add_event(
        conn,
        id=ids.new_id("mev"),
        mandate_id=row.id,
        at=clock.now(),
        what=what,
        by_id=None if by is None else by.account_id,
        office_id=None if by is None else by.office_id,
        said=said,
        covers=to_json(covers),
    )
    await _tell(conn, ways, row, _TOLD[row.kind, what])


async def _tell(conn: AsyncConnection, ways: Mandates, row: Any, what: Words) -> None:
    """The holder, and the other side: an enterprise's representatives; a ward with an account, and who else acts for it."""
    others = await store.of_principal(conn, row.enterprise_id or row.ward_id, still_open=True)
    told = {row.holder_id, *(one.holder_id for one in others if one.kind != "delegate")}
    if row.ward_id is not None:
        ward = await accounts.by_pin(conn, ways.keys, secrets.unseal_pin(ways.keys, row.ward_id, row.ward_pin_sealed))
        told |= set() if ward is None else {ward.id}
    await tell(conn, ways, told, what)


async def tell(conn: AsyncConnection, ways: Mandates, account_ids: Iterable[str], what: Words) -> None:
    """What became of a mandate, to each of these that is open."""
    for account_id in sorted(set(account_ids)):
        holder = await accounts.account(conn, ways.keys, account_id)
        if holder.closed_at is not None:
            continue
        to = Recipient(account_id=holder.id, contacts=tuple(c.contact for c in holder.contacts), locale=holder.locale)
        fields = {"status": what, "link": f"{ways.settings.public_url}/account/mandates"}
        await ways.post_office.send(conn, event="mandate-changed", to=to, fields=fields, once_key=None)
