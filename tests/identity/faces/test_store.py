"""The gallery on a real PostgreSQL with pgvector; faces are made of numbers here, so that their distances are known."""

import itertools
import logging
import math
import os
import random
from array import array
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import anyio
import anyio.to_thread
import pytest
from sqlalchemy import text

import migrations
from api.app import create_app
from identity.faces import Consent, Description, FaceStore, Found, index, service
from identity.faces import store as sql
from identity.faces.calibration import default
from identity.faces.messages import Template
from kit.db import Database
from kit.pool import InferencePool
from kit.settings import Settings

pytestmark = pytest.mark.anyio

CONSENT = Consent(
    purpose="find-my-dossier-by-face", wording="face-lookup-1", given_at=datetime(2026, 11, 22, tzinfo=UTC)
)


PERSONAL: dict[int, dict[str, bytes]] = {}
"""Where each deployment's personal keys lie, whichever process asks."""


class KeysOf:
    """Keys derived from one byte; another byte is another deployment."""

    development_only = True

    def __init__(self, byte: int, personal: dict[str, bytes] | None = None) -> None:
        self._key = bytes([byte]) * 32
        self._personal = PERSONAL.setdefault(byte, {}) if personal is None else personal

    def key(self, name: str) -> bytes:
        assert name == "faces"
        return self._key

    def secret(self, name: str) -> None: ...

    def signing_keys(self) -> dict[str, object]:
        return {}

    def personal(self, name: str) -> bytes | None:
        return self._personal.get(name)

    def make_personal(self, name: str) -> bytes:
        return self._personal.setdefault(name, os.urandom(32))

    def destroy_personal(self, name: str) -> None:
        self._personal.pop(name, None)


@pytest.fixture
def store(faces_db: Database) -> FaceStore:
    return FaceStore(faces_db, KeysOf(1))


@pytest.fixture
async def empty(faces_db: Database) -> None:
    async with faces_db.begin() as conn:
        await conn.execute(
            text(
                "truncate face_guards, face_gallery, face_keys, face_deletions, face_consents, face_searches, face_rotations"
            )
        )


@pytest.fixture
def people() -> Iterator[Description]:
    """Strangers, without end."""
    chance = random.Random(11)
    return (face([chance.gauss(0, 1) for _ in range(256)]) for _ in iter(int, 1))


def face(numbers: list[float]) -> Description:
    """A description whose two vectors have the models' scale: SFace's of length 1, dlib's as far apart as strangers are."""
    sface, dlib = numbers[:128], numbers[128:]
    length = math.hypot(*sface)
    return Description(
        template=Template(
            model=default().model,
            vectors={
                "sface": pack([x / length for x in sface]),
                "dlib": pack([x * 0.87 / math.sqrt(2 * 128) for x in dlib]),
            },
        ),
        picture=0,
        image_sha256=b"",
    )


def again(description: Description, noise: float = 0.4, photo: int = 1) -> Description:
    """The same person in another photo."""
    chance = random.Random(photo)
    sface, dlib = (unpack(description.template.vectors[eye]) for eye in ("sface", "dlib"))
    length, size = 1 / math.sqrt(128), 0.87 / math.sqrt(2 * 128)
    return face(
        [(x + chance.gauss(0, noise * length)) / length for x in sface]
        + [(x + chance.gauss(0, noise * size)) / size for x in dlib]
    )


def pack(numbers: list[float]) -> bytes:
    return array("f", numbers).tobytes()


def unpack(packed: bytes) -> list[float]:
    return list(array("f", packed))


async def rows(db: Database, query: str) -> list[tuple[object, ...]]:
    async with db.connect() as conn:
        return [tuple(row) for row in await conn.execute(text(query))]


async def enrolled(store: FaceStore, people: Iterator[Description], *refs: str) -> dict[str, Description]:
    known = {ref: next(people) for ref in refs}
    for ref, description in known.items():
        await store.enrol(ref, description, CONSENT)
    return known


async def test_an_enrolled_person_is_found_and_a_stranger_is_not(
    store: FaceStore, people: Iterator[Description], empty: None
) -> None:
    known = await enrolled(store, people, "an", "binh", "chi")
    assert await store.find(again(known["binh"])) == Found("binh")
    assert await store.find(next(people)) is None


async def test_nobody_is_found_in_an_empty_gallery(
    store: FaceStore, people: Iterator[Description], empty: None
) -> None:
    assert await store.find(next(people)) is None


async def test_two_who_look_alike_are_told_apart_by_nobody(
    store: FaceStore, people: Iterator[Description], empty: None, faces_db: Database
) -> None:
    known = await enrolled(store, people, "twin")
    await store.enrol("other-twin", again(known["twin"], 0.05, photo=2), CONSENT)
    assert await store.find(again(known["twin"])) is None
    assert await rows(faces_db, "select outcome, ref, gallery_size from face_searches") == [("ambiguous", None, 2)]


async def test_every_search_is_logged_with_its_purpose(
    store: FaceStore, people: Iterator[Description], empty: None, faces_db: Database
) -> None:
    known = await enrolled(store, people, "an", "binh")
    await store.find(again(known["an"]), purpose="kiosk lookup")
    await store.find(next(people))
    logged = await rows(
        faces_db, "select purpose, outcome, ref, gallery_size, calibration from face_searches order by id"
    )
    assert logged == [
        ("kiosk lookup", "found", "an", 2, default().id),
        ("find-my-dossier-by-face", "not_found", None, 2, default().id),
    ]


async def test_withdrawal_erases_everything_but_the_record(
    store: FaceStore, people: Iterator[Description], empty: None, faces_db: Database
) -> None:
    known = await enrolled(store, people, "an", "binh")
    assert await store.withdraw("an") is True
    assert await store.find(again(known["an"])) is None
    assert await rows(faces_db, "select ref from face_gallery union all select ref from face_keys") == [
        ("binh",),
        ("binh",),
    ]
    assert await rows(
        faces_db,
        "select d.ref, c.purpose, c.wording, c.given_at from face_deletions d join face_consents c on c.id = d.consent_id",
    ) == [("an", CONSENT.purpose, CONSENT.wording, CONSENT.given_at)]
    assert await store.withdraw("an") is False
    assert await store.withdraw("never-there") is False


async def test_enrolling_again_replaces_the_face_and_its_key(
    store: FaceStore, people: Iterator[Description], empty: None, faces_db: Database
) -> None:
    known = await enrolled(store, people, "an")
    before = await rows(faces_db, "select wrapped from face_keys")
    newer = next(people)
    await store.enrol("an", newer, CONSENT)
    assert await store.find(again(newer)) == Found("an")
    assert await store.find(again(known["an"])) is None
    assert await rows(faces_db, "select wrapped from face_keys") != before
    assert await rows(faces_db, "select count(*) from face_consents") == [(2,)]


async def test_swapped_ciphertexts_open_for_nobody(
    store: FaceStore, people: Iterator[Description], empty: None, faces_db: Database
) -> None:
    known = await enrolled(store, people, "an", "binh")
    async with faces_db.begin() as conn:
        await conn.execute(
            text(
                "update face_gallery g set template = o.template, vector = o.vector from face_gallery o where g.ref <> o.ref"
            )
        )
        await conn.execute(text("update face_keys k set wrapped = o.wrapped from face_keys o where k.ref <> o.ref"))
    assert await store.find(again(known["an"])) is None
    assert await store.find(again(known["binh"])) is None


async def test_what_lies_in_the_database_is_not_the_template(
    store: FaceStore, people: Iterator[Description], empty: None, faces_db: Database
) -> None:
    known = await enrolled(store, people, "an")
    (row,) = await rows(faces_db, "select template, vector::text, rotation from face_gallery")
    template = known["an"].template
    assert isinstance(row[0], bytes)
    for start in range(0, 512, 16):
        assert not any(vector[start : start + 16] in row[0] for vector in template.vectors.values())
    stored = [float(number) for number in str(row[1]).strip("[]").split(",")]
    assert abs(sum(x * y for x, y in zip(stored, unpack(template.vectors["sface"]), strict=True))) < 0.4


async def test_another_deployments_key_finds_nobody(
    store: FaceStore, people: Iterator[Description], empty: None, faces_db: Database
) -> None:
    known = await enrolled(store, people, "an")
    elsewhere = FaceStore(faces_db, KeysOf(2))
    assert await elsewhere.find(again(known["an"])) is None


async def test_only_those_in_scope_are_looked_at(
    store: FaceStore, people: Iterator[Description], empty: None, faces_db: Database
) -> None:
    known = await enrolled(store, people, "an", "binh", "chi")
    assert await store.find(again(known["an"]), among=["an", "chi", "not-enrolled"]) == Found("an")
    # Enrolled, recognised without doubt anywhere else, and not looked for here.
    assert await store.find(again(known["binh"]), among=["an", "chi"]) is None
    assert await store.find(again(known["binh"]), among=[]) is None
    assert await rows(faces_db, "select outcome, ref, gallery_size from face_searches order by id") == [
        ("found", "an", 2),
        ("not_found", None, 2),
        ("not_found", None, 0),
    ]


async def test_a_twin_outside_the_scope_casts_no_doubt(
    store: FaceStore, people: Iterator[Description], empty: None
) -> None:
    known = await enrolled(store, people, "twin")
    await store.enrol("other-twin", again(known["twin"], 0.05, photo=2), CONSENT)
    assert await store.find(again(known["twin"]), among=["twin"]) == Found("twin")


async def test_what_an_index_mistakes_about_the_scope_is_put_right(
    store: FaceStore, people: Iterator[Description], empty: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = await enrolled(store, people, "an", "binh")
    # All people under one key: to the index each is as good as another.
    monkeypatch.setattr(index, "hash", len, raising=False)
    await store.enrol("long-name", known["an"], CONSENT)
    assert await store.find(again(known["an"]), among=["nine-long"]) is None
    assert await store.find(again(known["an"]), among=["long-name"]) == Found("long-name")


async def test_processes_learn_of_each_others_changes(
    store: FaceStore, people: Iterator[Description], empty: None, faces_db: Database
) -> None:
    elsewhere = FaceStore(faces_db, KeysOf(1))
    known = await enrolled(store, people, "an", "binh")
    assert await elsewhere.find(again(known["an"])) == Found("an")
    known |= await enrolled(store, people, "chi")
    assert await elsewhere.find(again(known["chi"])) == Found("chi")
    newer = next(people)
    await store.enrol("binh", newer, CONSENT)
    assert await elsewhere.find(again(newer)) == Found("binh")
    assert await elsewhere.find(again(known["binh"])) is None
    await store.withdraw("an")
    assert await elsewhere.find(again(known["an"])) is None
    await store.enrol("an", known["an"], CONSENT)
    assert await elsewhere.find(again(known["an"])) == Found("an")


async def test_an_index_that_lags_behind_brings_nobody_back(
    store: FaceStore, people: Iterator[Description], empty: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = await enrolled(store, people, "an", "binh")
    assert await store.find(again(known["an"])) == Found("an")

    async def nothing_new(*_: object, after: int, **__: object) -> sql.Changed:
        return sql.Changed(refs=None, packed=None, upto=after, complete=True)

    monkeypatch.setattr(sql, "changes", nothing_new)
    await store.withdraw("an")
    newer = next(people)
    await store.enrol("binh", newer, CONSENT)
    assert await store.find(again(known["an"])) is None
    assert await store.find(again(known["binh"])) is None


async def test_the_index_is_read_page_by_page(
    store: FaceStore, people: Iterator[Description], empty: None, monkeypatch: pytest.MonkeyPatch, faces_db: Database
) -> None:
    known = await enrolled(store, people, *(f"person-{number}" for number in range(7)))
    await store.withdraw("person-3")
    monkeypatch.setattr(service, "_PAGE", 2)
    elsewhere = FaceStore(faces_db, KeysOf(1))
    for ref, description in known.items():
        assert await elsewhere.find(again(description)) == (None if ref == "person-3" else Found(ref))


async def test_the_index_is_read_at_the_start_and_a_search_meanwhile_is_right(
    store: FaceStore,
    people: Iterator[Description],
    empty: None,
    faces_db: Database,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The first caller after a start waited for the whole gallery."""
    caplog.set_level(logging.INFO)
    known = await enrolled(store, people, "an", "binh", "chi")
    monkeypatch.setattr(service, "_PAGE", 1)
    changes, half_way, go_on, read = sql.changes, anyio.Event(), anyio.Event(), list[int]()

    async def slowly(*args: Any, after: int, **given: Any) -> sql.Changed:
        if len(read) == 1:
            half_way.set()
            await go_on.wait()
        read.append(after)
        return await changes(*args, after=after, **given)

    monkeypatch.setattr(sql, "changes", slowly)
    started, found = FaceStore(faces_db, KeysOf(1)), dict[str, Found | None]()

    async def look(ref: str) -> None:
        found[ref] = await started.find(again(known[ref]))

    async with anyio.create_task_group() as group:
        group.start_soon(started.warm)
        await half_way.wait()
        # The index holds one of three; who looks now must not be told that there are no others.
        for ref in known:
            group.start_soon(look, ref)
        late = await enrolled(store, people, "dung")
        await anyio.wait_all_tasks_blocked()
        assert found == {}
        go_on.set()
    assert found == {ref: Found(ref) for ref in known}
    assert await started.find(again(late["dung"])) == Found("dung")
    # Once from the beginning, then only what was new.
    assert read.count(0) == 1
    assert caplog.text.count("the index of faces is built") == 1


async def test_a_start_without_the_gallery_is_told_and_the_first_search_reads_it(
    store: FaceStore,
    people: Iterator[Description],
    empty: None,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    known = await enrolled(store, people, "an")

    async def away(*_: object, **__: object) -> sql.Changed:
        raise OSError("the database is away")

    monkeypatch.setattr(sql, "changes", away)
    await store.warm()
    assert "was not built at the start" in caplog.text
    monkeypatch.undo()
    assert await store.find(again(known["an"])) == Found("an")


async def test_concurrent_enrolments_are_all_seen(
    store: FaceStore, people: Iterator[Description], empty: None, faces_db: Database
) -> None:
    # A number that is visible before a lower one would hide the lower one for ever.
    known = {f"person-{number}": next(people) for number in range(24)}
    elsewhere = FaceStore(faces_db, KeysOf(1))

    async def search() -> None:
        for description in itertools.islice(known.values(), 8):
            await elsewhere.find(again(description))

    async with anyio.create_task_group() as group:
        for ref, description in known.items():
            group.start_soon(store.enrol, ref, description, CONSENT)
        group.start_soon(search)
    for ref, description in known.items():
        assert await elsewhere.find(again(description)) == Found(ref)


async def test_under_a_new_key_the_index_holds_only_who_enrolled_under_it(
    store: FaceStore, people: Iterator[Description], empty: None, faces_db: Database
) -> None:
    known = await enrolled(store, people, "an", "binh")
    assert await store.find(again(known["an"])) == Found("an")
    renewed = FaceStore(faces_db, KeysOf(2))
    assert await renewed.find(again(known["an"])) is None
    await renewed.enrol("an", known["an"], CONSENT)
    assert await renewed.find(again(known["an"])) == Found("an")
    assert await rows(faces_db, "select outcome, gallery_size from face_searches order by id") == [
        ("found", 2),
        ("not_found", 0),
        ("found", 1),
    ]
    # Whose vector was turned anew is no longer anybody under the old key.
    assert await store.find(again(known["an"])) is None
    assert await store.find(again(known["binh"])) == Found("binh")


async def test_who_enrolled_before_changes_were_numbered_is_found(
    store: FaceStore, people: Iterator[Description], empty: None, faces_db: Database
) -> None:
    known = await enrolled(store, people, "an", "binh", "chi")
    await store.withdraw("binh")
    await anyio.to_thread.run_sync(migrations.downgrade, faces_db.url, "faces", "0001")
    await anyio.to_thread.run_sync(migrations.upgrade, faces_db.url, "faces")
    later = FaceStore(faces_db, KeysOf(1))
    assert await later.find(again(known["an"])) == Found("an")
    assert await later.find(again(known["binh"])) is None
    known |= await enrolled(later, people, "dung")
    assert await later.find(again(known["dung"])) == Found("dung")


async def test_the_api_reads_the_index_beside_its_start(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A city's gallery takes a minute to read: nobody waits for it at the start, nor at the end."""
    told: list[str] = []

    async def for_ever(_: FaceStore) -> None:
        told.append("begun")
        try:
            await anyio.sleep_forever()
        finally:
            told.append("ended")

    monkeypatch.setattr(FaceStore, "warm", for_ever)
    with anyio.fail_after(30):
        async with create_app(settings, pool=InferencePool(workers=1, queue=0)).lifespan():
            await anyio.wait_all_tasks_blocked()
            assert told == ["begun"]
    assert told == ["begun", "ended"]
