"""After proofing, enrolment and search with real photos and real models, no disk holds a picture of a face or a template."""

import io
import logging
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from identity import faces
from kit import logs
from kit.pool import InferencePool
from kit.settings import Settings
from tests.conftest import HOME
from tests.identity.faces import dumps
from tests.identity.faces.test_store import CONSENT
from tests.identity.proofing.conftest import Applicant
from tests.identity.proofing.test_real_photos import FACTS, photo, photographed
from tests.people import CityPeople

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

__all__ = ["photo"]


@pytest.fixture(scope="module")
def temporary(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where this process and its workers put what they put aside."""
    place, before = tmp_path_factory.mktemp("tmp"), os.environ.get("TMPDIR")
    os.environ["TMPDIR"], tempfile.tempdir = str(place), str(place)
    yield place
    tempfile.tempdir = None
    os.environ.pop("TMPDIR")
    if before is not None:
        os.environ["TMPDIR"] = before


@pytest.fixture(scope="module")
def pool(temporary: Path) -> Iterator[InferencePool]:
    """Workers of this module's own, born with its place for temporary files."""
    own = InferencePool(workers=1, queue=8)
    yield own
    own.close()


@pytest.fixture(scope="module")
def logged() -> Iterator[io.StringIO]:
    """Every line that would be logged, from DEBUG on."""
    root, lines = logging.getLogger(), io.StringIO()
    handler = logging.StreamHandler(lines)
    handler.setFormatter(logs.JsonLines())
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield lines
    root.setLevel(before)
    root.removeHandler(handler)


def needles(photographs: dict[str, bytes], described: dict[str, faces.Description]) -> dict[str, bytes]:
    sought = {} | dumps.SIGNATURES
    for name, whole in photographs.items():
        sought |= dumps.runs(name, whole)
    for name, one in described.items():
        for eye, vector in one.template.vectors.items():
            sought |= dumps.runs(f"{name} {eye}", vector) | dumps.printed(f"{name} {eye}", vector)
    return sought


def in_valkey(url: str) -> bytes:
    client = redis.Redis.from_url(url)
    return b"\n".join(bytes(key) + b"=" + (client.dump(key) or b"") for key in client.scan_iter())


def contents(directory: Path, pattern: str) -> bytes:
    return b"\n".join(file.read_bytes() for file in directory.glob(pattern) if file.is_file())


def written_since(wal: Path, before: dict[str, float]) -> dict[str, bytes]:
    return {f"WAL {name}": (wal / name).read_bytes() for name, at in segments(wal).items() if at > before.get(name, 0)}


def segments(wal: Path) -> dict[str, float]:
    """When each was written last."""
    return {file.name: file.stat().st_mtime for file in wal.iterdir() if file.is_file()}


async def test_no_picture_and_no_template_anywhere(
    city: CityPeople,
    photo: Any,
    settings: Settings,
    temporary: Path,
    pool: InferencePool,
    logged: io.StringIO,
) -> None:
    wal = HOME / "postgres" / "pg_wal"
    before = segments(wal)
    card = photographed(photo)
    applicant = Applicant(city, "+84900000990")
    await applicant.open()
    read = await applicant.post(applicant.path("card"), files=card, expect=200)
    assert read["passed"], read["shortfalls"]
    stranger = {"selfie": ("s.jpg", photo("biden"), "image/jpeg")}
    await applicant.post(applicant.path("selfie"), files=stranger, expect=422, code="face-does-not-match")
    # Half-way, while the portrait is still held: sealed.
    half_way = dumps.dump(settings.database_url or "")
    owner = {"selfie": ("s.jpg", photo("obama2"), "image/jpeg")}
    await applicant.post(applicant.path("selfie"), files=owner, expect=200)
    await applicant.contact()
    await applicant.code()
    await applicant.account()
    code = (await applicant.authorization())["authorization_code"]
    applicant.token = await city.token(applicant.device, "citizen-app", code, applicant.pkce.verifier)
    enrolled = {"selfie": ("s.jpg", photo("obama3"), "image/jpeg")}
    body = {"consent": faces.FACE_LOOKUP.purpose}
    await applicant.put("/v1/me/face-lookup", files=enrolled, data=body, expect=200)
    described = {name: await pool.run(faces.describe, photo(name)) for name in ("biden", "obama2", "obama3")}
    assert await city.house.faces.find(described["obama2"]) is not None
    await city.house.faces.enrol("somebody-else", described["biden"], CONSENT)
    assert await city.house.faces.withdraw("somebody-else")
    await city.run_jobs()

    photographs = {name: photo(name) for name in ("biden", "obama", "obama2", "obama3")}
    photographs |= {side: sent[1] for side, sent in card.items()}
    sought = needles(photographs, described)
    places = {
        "the city's dump, half-way": half_way,
        "the city's dump": dumps.dump(settings.database_url or ""),
        "the faces' dump": dumps.dump(settings.faces_database_url or ""),
        "Valkey": in_valkey(settings.redis_url or ""),
        "the log": logged.getvalue().encode(),
        "the engines' logs": contents(HOME, "*.log"),
        "temporary files": contents(temporary, "**/*"),
        "the home": contents(settings.home, "**/*"),
    }
    places |= written_since(wal, before)
    assert any(place.startswith("WAL") for place in places)
    # What is looked in was written: the search is no search of nothing.
    assert FACTS.full_name.encode() in places["the city's dump"]
    assert b"face_gallery" in places["the faces' dump"]
    assert places["the log"]
    assert places["Valkey"]
    found = {place: traces for place, content in places.items() if (traces := dumps.traces(content, sought))}
    assert found == {}
