"""A new secret turn for everybody: cut off in the middle, gone on with, and nobody missed at any moment."""

import os
import sys
from collections.abc import Iterator

import anyio
import pytest
from sqlalchemy import text

from identity.faces import FaceStore, Found, models, renewing
from identity.faces import store as sql
from identity.faces.messages import Description
from identity.faces.rotations import Rotations
from kit.db import Database
from kit.keys import FileKeys
from tests.conftest import HOME
from tests.identity.faces.test_store import CONSENT, KeysOf, again, empty, enrolled, people, rows, store

pytestmark = pytest.mark.anyio
__all__ = ["empty", "people", "store"]

REFS = [f"person-{number:02}" for number in range(23)]


class Cut(Exception):
    """The process ends here."""


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renewing, "_BATCH", 5)


async def all_found(store: FaceStore, known: dict[str, Description]) -> None:
    for ref, description in known.items():
        assert await store.find(again(description)) == Found(ref)


async def turns(db: Database) -> list[tuple[object, ...]]:
    """How many faces lie under how many of the turns that are kept."""
    return await rows(
        db,
        "select count(g.ref) from face_rotations r left join face_gallery g on g.rotation = r.name"
        " group by r.name, r.number order by r.number",
    )


async def test_everybody_is_turned_anew_and_found(
    store: FaceStore, people: Iterator[Description], empty: None, faces_db: Database
) -> None:
    known = await enrolled(store, people, *REFS)
    stranger = next(people)
    before = await rows(faces_db, "select ref, rotation, vector::text, template from face_gallery order by ref")
    heard: list[int] = []
    assert await store.renew(told=heard.append) == (23, 0)
    assert heard == [5, 10, 15, 20, 23]
    after = await rows(faces_db, "select ref, rotation, vector::text, template from face_gallery order by ref")
    for (ref, old, vector, template), (same, new, turned, kept) in zip(before, after, strict=True):
        assert (ref, template) == (same, kept)
        assert old != new
        assert vector != turned
    # The old turn is gone for good.
    assert await turns(faces_db) == [(23,)]
    await all_found(store, known)
    await all_found(FaceStore(faces_db, KeysOf(1)), known)
    assert await store.find(stranger) is None
    # And once more: a turn that was renewed can be renewed.
    assert (await store.renew()).turned == 23
    await all_found(store, known)


async def test_cut_off_in_the_middle_and_gone_on_with(
    store: FaceStore, people: Iterator[Description], empty: None, faces_db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = await enrolled(store, people, *REFS)
    elsewhere = FaceStore(faces_db, KeysOf(1))
    await all_found(elsewhere, known)
    turn_faces, batches = sql.turn_faces, 0

    async def killed(*args: object, **given: object) -> None:
        # In the middle of a transaction: its batch was written and never committed.
        nonlocal batches
        batches += 1
        await turn_faces(*args, **given)  # type: ignore[arg-type]
        if batches == 3:
            raise Cut

    monkeypatch.setattr(sql, "turn_faces", killed)
    with pytest.raises(Cut):
        await store.renew()
    monkeypatch.undo()
    assert await turns(faces_db) == [(13,), (10,)]
    # Nobody is missed, neither by who knew the gallery before nor by who reads it now; each is counted once.
    for each in (store, elsewhere, FaceStore(faces_db, KeysOf(1))):
        await all_found(each, known)
    assert await rows(faces_db, "select distinct gallery_size from face_searches") == [(23,)]
    # Who enrols now, again or for the first time, is under the new turn; who withdraws is gone from both.
    newer = {"person-20": next(people), "new": next(people)}
    for ref, description in newer.items():
        await store.enrol(ref, description, CONSENT)
    await store.withdraw("person-01")
    await store.withdraw("person-21")
    assert await elsewhere.find(again(known["person-20"])) is None
    assert await elsewhere.find(again(known["person-01"])) is None
    assert await elsewhere.find(again(known["person-21"])) is None
    known = {ref: seen for ref, seen in (known | newer).items() if ref not in ("person-01", "person-21")}
    await all_found(elsewhere, known)

    # Another process goes on: only with those that were left.
    assert await FaceStore(faces_db, KeysOf(1)).renew() == (11, 0)
    assert await turns(faces_db) == [(22,)]
    for each in (store, elsewhere):
        await all_found(each, known)


async def test_searches_and_enrolments_meanwhile_miss_nobody(
    store: FaceStore, people: Iterator[Description], empty: None, faces_db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A face moved between the look at the index and the look at the row was under neither turn."""
    known = await enrolled(store, people, *REFS)
    searching, nearest = FaceStore(faces_db, KeysOf(1)), sql.nearest
    renewed: list[int] = []

    async def slowly(*args: object, **given: object) -> list[sql.Near]:
        # The whole renewal happens after the candidates are chosen and before their rows are read.
        if not renewed:
            renewed.append((await store.renew()).turned)
        return await nearest(*args, **given)  # type: ignore[arg-type]

    monkeypatch.setattr(sql, "nearest", slowly)
    assert await searching.find(again(known["person-07"])) == Found("person-07")
    assert renewed == [23]
    monkeypatch.undo()

    late = {f"late-{number}": next(people) for number in range(6)}
    async with anyio.create_task_group() as group:
        group.start_soon(store.renew)
        for ref, description in late.items():
            group.start_soon(searching.enrol, ref, description, CONSENT)
        group.start_soon(all_found, searching, known)
    assert await turns(faces_db) == [(29,)]
    await all_found(searching, known | late)


async def test_a_killed_command_is_run_again(people: Iterator[Description], empty: None, faces_db: Database) -> None:
    """The real command in a process of its own, killed after its first batch of a hundred."""
    store = FaceStore(faces_db, FileKeys(HOME / "keys"))
    known = await enrolled(store, people, *(f"person-{number:03}" for number in range(104)))
    # It waits for this face of its second batch for as long as somebody else holds it.
    async with faces_db.begin() as conn:
        await conn.execute(text("select from face_keys where ref = 'person-102' for update"))
        async with await anyio.open_process(RENEW, env=environment(faces_db)) as process:
            with anyio.fail_after(60):
                while await turns(faces_db) != [(4,), (100,)]:  # noqa: ASYNC110 - another process tells by its rows alone
                    await anyio.sleep(0.05)
            process.kill()
    await all_found(store, dict(list(known.items())[::10]))
    done = await anyio.run_process(RENEW, env=environment(faces_db), check=False)
    assert (done.returncode, done.stdout.strip()) == (0, b"4 faces have a new turn")
    assert await turns(faces_db) == [(104,)]
    await all_found(store, known)


RENEW = [sys.executable, "-m", "api", "faces", "renew"]


def environment(db: Database) -> dict[str, str]:
    nowhere = "127.0.0.1:1"
    urls = {
        "DATABASE_URL": f"postgresql://nobody@{nowhere}/none",
        "REDIS_URL": f"redis://{nowhere}",
        "FACES_DATABASE_URL": db.url,
    }
    return os.environ | urls | {"MOTCUA_KEYS": str(HOME / "keys")}


async def test_what_does_not_open_stays_and_keeps_the_old_turn(
    store: FaceStore, people: Iterator[Description], empty: None, faces_db: Database
) -> None:
    known = await enrolled(store, people, "an", "binh")
    async with faces_db.begin() as conn:
        await conn.execute(text("update face_gallery set template = 'spoilt' where ref = 'an'"))
    assert await store.renew() == (1, 1)
    assert await turns(faces_db) == [(1,), (1,)]
    assert await store.find(again(known["binh"])) == Found("binh")
    assert await store.renew() == (0, 1)
    await store.enrol("an", known["an"], CONSENT)
    assert await store.renew() == (0, 0)
    assert await turns(faces_db) == [(2,)]


async def test_keys_of_another_deployment_renew_nothing_here(
    store: FaceStore, people: Iterator[Description], empty: None, faces_db: Database
) -> None:
    known = await enrolled(store, people, "an", "binh")
    assert await FaceStore(faces_db, KeysOf(2)).renew() == (0, 0)
    await all_found(store, known)
    # Nor does a row of the table tell the key: it opens for this deployment and under its own name alone.
    async with faces_db.begin() as conn:
        await conn.execute(
            text("update face_rotations r set sealed = o.sealed from face_rotations o where r.number <> o.number")
        )
    assert await FaceStore(faces_db, KeysOf(3)).find(again(known["an"])) is None


async def test_a_turn_that_was_given_up_opens_for_nobody(
    store: FaceStore, people: Iterator[Description], empty: None, faces_db: Database
) -> None:
    """Not from a backup of the database, and with every key of today: erased people's vectors in it stay turned."""
    await enrolled(store, people, *REFS[:3])
    for _ in range(2):  # the first turn of a gallery follows from keys, later ones from their rows
        (backup,) = await rows(faces_db, "select name, number, model, sealed, made_at from face_rotations")
        await store.renew()
        async with faces_db.begin() as conn:
            await conn.execute(text("delete from face_rotations"))
            columns = dict(zip(("name", "number", "model", "sealed", "made_at"), backup, strict=True))
            await conn.execute(
                text(
                    "insert into face_rotations (name, number, model, sealed, made_at) values (:name, :number, :model, :sealed, :made_at)"
                ),
                columns,
            )
            restored = Rotations(KeysOf(1), models.default())
            assert backup[0] not in [turn.name for turn in await restored.known(conn)]
            await conn.execute(text("truncate face_rotations, face_gallery cascade"))
        await enrolled(store, people, *REFS[:3])
