"""Rows as people see them."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from identity.accounts import secrets
from identity.mandates import store
from identity.mandates.messages import EndedFor, Held, Mandate, MandateEvent, Principal
from identity.mandates.standing import state_of
from identity.mandates.ways import Mandates
from kit import clock
from kit import pin as pins
from kit.db import AsyncConnection
from kit.keys import Keys
from kit.refusal import Words

_BASIS = {
    "business_register": Words(vi="Cơ sở dữ liệu đăng ký doanh nghiệp", en="business register"),
    "birth_entry": Words(vi="Mục khai sinh trong sổ hộ tịch", en="birth entry in the civil register"),
    "officer": Words(vi="Cán bộ kiểm tra giấy tờ tại quầy", en="papers seen by an officer at a desk"),
    "representative": Words(
        vi="Người đại diện của doanh nghiệp uỷ quyền", en="given by a representative of the enterprise"
    ),
}


async def seen(conn: AsyncConnection, ways: Mandates, rows: Sequence[Any]) -> list[Mandate]:
    """As they stand today."""
    today, dead = clock.today(), await deaths(conn, ways, rows)
    return [mandate(ways.keys, row, today, dead=row.id in dead) for row in rows]


async def deaths(conn: AsyncConnection, ways: Mandates, rows: Sequence[Any]) -> set[str]:
    """Ids of guardians' mandates of which the holder or the ward is dead. A dead representative's account is an officer's to end."""
    named = {row.id: _persons(ways.keys, row) for row in rows if row.kind == "guardian" and row.ended_at is None}
    dead = await ways.civil.dead_among(conn, {pin for pins_of in named.values() for pin in pins_of}) if named else ()
    return {mandate_id for mandate_id, pins_of in named.items() if pins_of & set(dead)}


def _persons(keys: Keys, row: Any) -> set[str]:
    pins_of = {secrets.unseal_pin(keys, row.ward_id, row.ward_pin_sealed)}
    # An account that was erased has no number any more.
    if row.holder_pin_sealed is not None:
        pins_of.add(secrets.unseal_pin(keys, row.holder_id, row.holder_pin_sealed))
    return pins_of


def principal(keys: Keys, row: Any) -> Principal:
    if row.enterprise_id is not None:
        return Principal(kind="enterprise", id=row.enterprise_id, name=row.enterprise_name, number=row.number)
    number = pins.mask(secrets.unseal_pin(keys, row.ward_id, row.ward_pin_sealed))
    return Principal(kind="ward", id=row.ward_id, name=row.ward_name, number=number)


def mandate(keys: Keys, row: Any, today: date, *, dead: bool = False) -> Mandate:
    state = state_of(row, today, dead=dead)
    return Mandate(
        id=row.id,
        kind=row.kind,
        principal=principal(keys, row),
        holder_name=row.holder_name,
        acts=list(row.acts),
        procedures=None if row.procedures is None else list(row.procedures),
        from_on=row.from_on,
        until_on=row.until_on,
        state=state,
        ended_for=row.ended_for or (why(row, dead) if state == "ended" else None),
        basis=_BASIS[row.basis["by"]],
        version=row.version,
    )


def why(row: Any, dead: bool) -> EndedFor:
    """What ended one that nobody ended, as the nightly job writes it down."""
    if dead:
        return "death"
    return "closed" if row.closed_at is not None or row.enterprise_closed_at is not None else "time"


async def held(conn: AsyncConnection, ways: Mandates, rows: Sequence[Any]) -> list[Held]:
    """With everything that became of each."""
    events = await store.events_of(conn, [row.id for row in rows])
    return [
        Held(mandate=one, events=[_event(row, event) for event in events if event.mandate_id == row.id])
        for row, one in zip(rows, await seen(conn, ways, rows), strict=True)
    ]


def _event(row: Any, event: Any) -> MandateEvent:
    by = (
        "officer"
        if event.office_id is not None
        else "law"
        if event.by_id is None
        else "holder"
        if event.by_id == row.holder_id
        else "principal"
    )
    return MandateEvent(
        at=event.at, what=event.what, by=by, office_id=event.office_id, said=event.said, covers=event.covers
    )
