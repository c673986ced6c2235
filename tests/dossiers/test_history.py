"""The history: appended, chained, and no other way."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from dossiers import history
from dossiers.history import START, Event, Happening, Head
from kit.refusal import Words
from tests.dossiers import steps
from tests.people import CityPeople

AT = datetime(2026, 11, 22, 3, 4, 5, 678901, tzinfo=UTC)


def lines(count: int) -> tuple[list[Event], Head]:
    happenings = [
        Happening(kind="claim", words=Words(vi=f"việc {n}", en=f"work {n}"), branch="birth") for n in range(count)
    ]
    return history.chain("dos_1", START, AT, happenings)


def test_chain_fits() -> None:
    events, head = lines(5)
    assert [event.seq for event in events] == [1, 2, 3, 4, 5]
    assert history.intact(events, head)


def test_chain_goes_on_from_its_head() -> None:
    events, head = lines(2)
    more, last = history.chain("dos_1", head, AT + timedelta(hours=1), [Happening(kind="x", words=Words(vi="", en=""))])
    assert history.intact([*events, *more], last)


def test_hash_does_not_depend_on_the_zone_an_instant_is_told_in() -> None:
    from kit.clock import CITY

    (event, *_), _ = lines(1)
    assert history.fingerprint(msgspec.structs.replace(event, at=AT.astimezone(CITY))) == event.hash


@pytest.mark.parametrize(
    "change",
    [
        {"vi": "việc khác"},
        {"at": AT + timedelta(microseconds=1)},
        {"after": "approved"},
        {"actor_id": "acc_x"},
        {"branch": None},
        {"dossier_id": "dos_2"},
    ],
)
def test_any_changed_column_shows(change: dict[str, Any]) -> None:
    events, head = lines(3)
    events[1] = msgspec.structs.replace(events[1], **change)
    assert not history.intact(events, head)


def test_missing_moved_and_cut_lines_show() -> None:
    events, head = lines(4)
    assert not history.intact(events[:-1], head)
    assert not history.intact(events[1:], head)
    assert not history.intact([events[0], events[2], events[1], events[3]], head)
    assert not history.intact([], head)


def test_a_rewritten_tail_shows_by_the_head() -> None:
    events, head = lines(3)
    forged, _ = history.chain("dos_1", Head(2, events[1].hash), AT, [Happening(kind="x", words=Words(vi="x", en="x"))])
    assert not history.intact([*events[:2], *forged], head)


@pytest.mark.anyio
async def test_database_refuses_to_change_or_delete_a_line(city: CityPeople) -> None:
    await steps.submitted(await city.signed_in("parent"))
    for statement in ("update dossier_events set vi = ''", "delete from dossier_events", "truncate dossier_events"):
        with pytest.raises(IntegrityError, match="never changed"):
            async with city.house.db.begin() as conn:
                await conn.execute(text(statement))


@pytest.mark.anyio
async def test_tampering_below_the_trigger_is_told(city: CityPeople) -> None:
    parent = await city.signed_in("parent")
    dossier = await steps.submitted(parent, name="Hoàng Gia Bảo")
    path = f"/v1/dossiers/{dossier['id']}/history"
    assert (await parent.get(path, expect=200))["intact"]
    async with city.house.db.begin() as conn:
        await conn.execute(text("alter table dossier_events disable trigger dossier_events_stand"))
        await conn.execute(
            text("update dossier_events set vi = 'khác' where dossier_id = :id and seq = 2"), {"id": dossier["id"]}
        )
        await conn.execute(text("alter table dossier_events enable trigger dossier_events_stand"))
    assert not (await parent.get(path, expect=200))["intact"]
