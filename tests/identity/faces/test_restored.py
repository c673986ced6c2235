"""A backup made before somebody withdrew, restored after: they cannot be read from it, and do not come back."""

import base64
import os
from collections.abc import Iterator

import pytest
from sqlalchemy import text

from identity.faces import FaceStore, Found
from identity.faces.messages import Description
from kit import crypto
from kit.db import Database
from kit.engines import Urls
from tests.conftest import fresh_database
from tests.identity.faces import dumps
from tests.identity.faces.test_store import KeysOf, again, empty, enrolled, people, rows

pytestmark = pytest.mark.anyio

__all__ = ["empty", "people"]

KEY = 9


@pytest.fixture
def restored_url(engines: Urls) -> Iterator[str]:
    with fresh_database(engines.faces_database, "faces") as url:
        yield url


async def test_an_erased_person_is_not_in_a_restored_backup(
    faces_db: Database, people: Iterator[Description], empty: None, restored_url: str
) -> None:
    """A wrapped key beside what it opens came back with it from every backup."""
    personal: dict[str, bytes] = {}
    keys = KeysOf(KEY, personal)
    store = FaceStore(faces_db, keys)
    known = await enrolled(store, people, "an", "binh")
    backup = dumps.dump(faces_db.url, "--data-only", "--exclude-table=alembic_version")
    assert await store.withdraw("an") is True
    assert not [name for name in personal if name.endswith("/an")]

    database = Database(restored_url)
    try:
        async with database.begin() as conn:
            await conn.execute(text("truncate face_changes"))
        dumps.restore(restored_url, backup)
        assert {row[0] for row in await rows(database, "select ref from face_gallery")} == {"an", "binh"}
        later = FaceStore(database, keys)
        assert await later.find(again(known["an"])) is None
        assert await later.find(again(known["binh"])) == Found("binh")
        # Nor by anybody who holds the row and every key that is left.
        (row,) = await rows(
            database, "select template, wrapped from face_gallery join face_keys using (ref) where ref = 'an'"
        )
        for key in (later._templates._wrapping_key, later._templates._wrapping("binh")):  # pyright: ignore[reportPrivateUsage]
            for aad in (b'["an","' + known["an"].template.model.encode() + b'"]', b""):
                with pytest.raises(crypto.Tampered):
                    crypto.unseal(key, row[1], aad)  # pyright: ignore[reportArgumentType]
        assert await later.forget_unreadable() == 1
        assert [row[0] for row in await rows(database, "select ref from face_gallery")] == ["binh"]
        assert [row[0] for row in await rows(database, "select ref from face_keys")] == ["binh"]
        assert await later.find(again(known["binh"])) == Found("binh")
        # A backup and the key files that are backed up with it, without what never is: it says nothing of anybody.
        elsewhere = FaceStore(database, KeysOf(KEY, {}))
        async with database.connect() as conn:
            theirs, ours = [{turn.name for turn in await one._rotations.known(conn)} for one in (elsewhere, later)]  # pyright: ignore[reportPrivateUsage]
        assert not theirs & ours
        assert await elsewhere.find(again(known["binh"])) is None
    finally:
        await database.close()


async def test_a_directory_that_is_not_there_erases_nobody(
    faces_db: Database, people: Iterator[Description], empty: None
) -> None:
    personal: dict[str, bytes] = {}
    known = await enrolled(FaceStore(faces_db, KeysOf(KEY, personal)), people, "an", "binh")
    assert await FaceStore(faces_db, KeysOf(KEY, {})).forget_unreadable() == 0
    assert await FaceStore(faces_db, KeysOf(KEY, personal)).find(again(known["an"])) == Found("an")


async def test_who_withdrew_and_came_back_has_another_key(
    faces_db: Database, people: Iterator[Description], empty: None
) -> None:
    personal: dict[str, bytes] = {}
    store = FaceStore(faces_db, KeysOf(KEY, personal))
    await enrolled(store, people, "an")
    before = dict(personal)
    await store.withdraw("an")
    known = await enrolled(store, people, "an")
    assert await store.find(again(known["an"])) == Found("an")
    assert {name for name, key in personal.items() if before.get(name) != key} == {"face/an"}


def test_the_search_of_dumps_finds_what_it_looks_for() -> None:
    secret = os.urandom(512)
    needles = dumps.runs("secret", secret)
    for shift in range(3):
        stuffed = b"x" * 10 + base64.b64encode(os.urandom(shift) + secret) + b"x" * 10
        assert len({trace.split(" as ")[0] for trace in dumps.traces(stuffed, needles)}) == len(needles)
    assert len(dumps.traces(secret, needles)) == len(needles)
    assert len(dumps.traces(secret.hex().upper().encode(), needles)) == len(needles)
    assert dumps.traces(os.urandom(100_000), needles) == []
