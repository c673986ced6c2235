"""The gallery on a real PostgreSQL with pgvector; faces are made of numbers here, so that their distances are known."""

import math
import random
from array import array
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from identity.faces import Consent, Description, FaceStore, Found
from identity.faces.calibration import default
from identity.faces.messages import Template
from kit.db import Database

pytestmark = pytest.mark.anyio

CONSENT = Consent(
    purpose="find-my-dossier-by-face", wording="face-lookup-1", given_at=datetime(2026, 11, 22, tzinfo=UTC)
)


class KeysOf:
    """Keys derived from one byte; another byte is another deployment."""

    development_only = True

    def __init__(self, byte: int) -> None:
        self._key = bytes([byte]) * 32

    def key(self, name: str) -> bytes:
        assert name == "faces"
        return self._key

    def secret(self, name: str) -> None: ...

    def signing_keys(self) -> dict[str, object]:
        return {}


@pytest.fixture
def store(faces_db: Database) -> FaceStore:
    return FaceStore(faces_db, KeysOf(1))


@pytest.fixture
async def empty(faces_db: Database) -> None:
    async with faces_db.begin() as conn:
        await conn.execute(text("truncate face_gallery, face_keys, face_deletions, face_consents, face_searches"))


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
            sface=pack([x / length for x in sface]),
            dlib=pack([x * 0.87 / math.sqrt(2 * 128) for x in dlib]),
        ),
        picture=0,
        image_sha256=b"",
    )


def again(description: Description, noise: float = 0.4, photo: int = 1) -> Description:
    """The same person in another photo."""
    chance = random.Random(photo)
    sface, dlib = (unpack(packed) for packed in (description.template.sface, description.template.dlib))
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
        assert template.sface[start : start + 16] not in row[0]
        assert template.dlib[start : start + 16] not in row[0]
    stored = [float(number) for number in str(row[1]).strip("[]").split(",")]
    assert abs(sum(x * y for x, y in zip(stored, unpack(template.sface), strict=True))) < 0.4


async def test_another_deployments_key_finds_nobody(
    store: FaceStore, people: Iterator[Description], empty: None, faces_db: Database
) -> None:
    known = await enrolled(store, people, "an")
    elsewhere = FaceStore(faces_db, KeysOf(2))
    assert await elsewhere.find(again(known["an"])) is None
