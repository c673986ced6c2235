"""POST /v1/cards/readings: who may, one reading per key, nothing kept in the clear, and no worker lost to bad envelopes."""

import asyncio
import io
import logging
from collections.abc import AsyncIterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import httpx
import pillow_heif
import pytest
from PIL import Image
from sqlalchemy import text

from identity import tokens
from kit import clock, idempotency
from kit.valkey import ValkeyGone
from tests.people import CityPeople, Person

from .conftest import FACTS, scene, shot

pytestmark = pytest.mark.anyio

PATH = "/v1/cards/readings"


def front() -> bytes:
    return shot("can_cuoc_2024", "front", scene(seed=1))


def back() -> bytes:
    return shot("can_cuoc_2024", "back", scene(seed=2))


def no_card(colour: str = "white") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (800, 600), colour).save(out, "JPEG")
    return out.getvalue()


async def send(person: Person, *photos: bytes, key: str | None = None, **expected: Any) -> Any:
    files = {
        name: ("photo", photo, "application/octet-stream")
        for name, photo in zip(("front", "back"), photos, strict=False)
    }
    return await person.post(PATH, files=files, headers={} if key is None else {"Idempotency-Key": key}, **expected)


@pytest.fixture(autouse=True)
async def _uncounted(city: CityPeople) -> AsyncIterator[None]:
    city.house.limits._scale = 1000  # pyright: ignore[reportPrivateUsage]
    yield
    city.house.limits._scale = 1  # pyright: ignore[reportPrivateUsage]


@pytest.fixture
def readings(city: CityPeople, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was asked of the workers since the test began."""
    asked: list[str] = []
    run = city.house.pool.run

    async def counted(function: Any, *args: Any) -> Any:
        asked.append(function.__name__)
        return await run(function, *args)

    monkeypatch.setattr(city.house.pool, "run", counted)
    return asked


async def partner(city: CityPeople, client_id: str, *scopes: str) -> Person:
    """An application acting for itself."""
    async with city.house.db.begin() as conn:
        secret = await tokens.register_client(
            conn, client_id=client_id, name=client_id, kind="confidential", grants=["client_credentials"], scopes=scopes
        )
    assert secret is not None
    answer = await city.client.post(
        "/v1/oauth/token", data={"grant_type": "client_credentials"}, auth=(client_id, secret)
    )
    assert answer.status_code == 200, answer.text
    return Person(city.client, client_id, token=answer.json()["access_token"])


async def test_nobody_401_an_officer_404_a_citizen_and_a_partner_read(city: CityPeople) -> None:
    await send(city.nobody, front(), expect=401, code="not-signed-in")
    await send(await city.signed_in("civil_status"), front(), expect=404, code="not-found")
    await send(await city.signed_in("kiosk"), front(), expect=404, code="not-found")
    await send(await partner(city, "blind-partner"), front(), expect=403, code="insufficient-scope")
    parent, app = await city.signed_in("parent"), await partner(city, "bank-app", "cards:read")
    mine = await send(parent, front(), back(), expect=200)
    assert mine["document"]["kind"] == "can_cuoc_2024"
    assert mine["fields"]["number"]["value"] == FACTS.number
    assert mine["fields"]["full_name"]["value"] == FACTS.full_name
    assert {source["source"] for source in mine["fields"]["number"]["sources"]} >= {"print", "qr", "mrz"}
    assert await send(app, back(), front(), expect=200) | {"document": None, "fields": None} == mine | {
        "document": None,
        "fields": None,
    }


async def test_the_back_may_come_without_being_asked_for(city: CityPeople) -> None:
    alone = await send(await city.signed_in("parent"), front(), expect=200)
    assert alone["decision"] == "retake"
    assert alone["document"]["sides"] == ["front"]


async def test_a_phones_heic_reads_like_its_jpeg(city: CityPeople) -> None:
    """Taken upright and turned by the file's own word, as a phone does."""
    with Image.open(io.BytesIO(front())) as photo:
        turned = photo.convert("RGB").transpose(Image.Transpose.ROTATE_90)
    exif, out = Image.Exif(), io.BytesIO()
    exif[0x0112] = 6
    file = pillow_heif.from_pillow(turned)
    file.info["exif"] = exif.tobytes()
    file.save(out, quality=90, tile_size=512)
    assert b"irot" in out.getvalue()
    read = await send(await city.signed_in("parent"), out.getvalue(), back(), expect=200)
    assert read["fields"]["number"]["value"] == FACTS.number
    assert read["fields"]["full_name"]["value"] == FACTS.full_name


async def test_a_retry_gets_the_same_answer_and_costs_no_reading(city: CityPeople, readings: list[str]) -> None:
    parent, stranger = await city.signed_in("parent"), await city.signed_in("stranger")
    first = await send(parent, front(), back(), key="retry-1", expect=200)
    assert await send(parent, front(), back(), key="retry-1", expect=200) == first
    assert readings == ["read_card"]
    for other in ((front(),), (back(), front()), (front(), back() + b"\0"), (front(), b"")):
        await send(parent, *other, key="retry-1", expect=422, code="idempotency-key-reused")
    assert readings == ["read_card"]
    assert await send(stranger, front(), back(), key="retry-1", expect=200) == first
    assert readings == ["read_card"] * 2, "another caller's key is another key"
    for wrong in ("x" * 201, ""):
        code = "idempotency-key-too-long" if wrong else "idempotency-key-missing"
        await send(parent, front(), key=wrong, expect=400, code=code)


async def test_a_refused_photo_keeps_no_answer(city: CityPeople) -> None:
    parent = await city.signed_in("parent")
    told = await send(parent, no_card(), key="refused-1", expect=422, code="card-not-found")
    assert "bàn" in told["message"]["vi"]
    assert "table" in told["message"]["en"]
    assert [(fault["field"], fault["code"]) for fault in told["faults"]] == [("front", "card-not-found")]
    told = await send(parent, front(), no_card(), expect=422, code="card-not-found")
    assert [fault["field"] for fault in told["faults"]] == ["back"], "the problem says which photo to take again"
    told = await send(parent, front(), back()[:9_000], expect=422, code="bad-image")
    assert [fault["field"] for fault in told["faults"]] == ["back"], "so does that of a damaged file"
    assert (await send(parent, front(), key="refused-1", expect=200))["document"]["kind"] == "can_cuoc_2024"


async def test_a_twin_at_the_same_time_hears_409_and_then_the_same_answer(
    city: CityPeople, monkeypatch: pytest.MonkeyPatch
) -> None:
    parent, began, hold = await city.signed_in("parent"), asyncio.Event(), asyncio.Event()
    run, times = city.house.pool.run, 0

    async def slow(function: Any, *args: Any) -> Any:
        nonlocal times
        times += 1
        began.set()
        await hold.wait()
        return await run(function, *args)

    monkeypatch.setattr(city.house.pool, "run", slow)
    first = asyncio.create_task(send(parent, front(), key="twin-1", expect=200))
    await began.wait()
    for photo in (front(), back()):
        await send(parent, photo, key="twin-1", expect=409, code="request-in-progress")
    hold.set()
    answer = await first
    assert await send(parent, front(), key="twin-1", expect=200) == answer
    assert times == 1


async def test_after_a_lost_worker_the_key_is_free_at_once(city: CityPeople, monkeypatch: pytest.MonkeyPatch) -> None:
    parent = await city.signed_in("parent")

    async def lost(*_: Any) -> Any:
        raise RuntimeError("the process ended")

    monkeypatch.setattr(city.house.pool, "run", lost)
    problem = await send(parent, front(), key="lost-1", expect=500, code="unexpected")
    assert "the process ended" not in str(problem)
    monkeypatch.undo()
    city.house.limits._scale = 1000  # pyright: ignore[reportPrivateUsage]
    await send(parent, front(), key="lost-1", expect=200)


async def test_a_full_queue_is_503_and_says_when_to_come_back(
    city: CityPeople, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(city.house.pool, "_places", 0)
    parent = await city.signed_in("parent")
    token, device = parent.token, parent.device
    assert token is not None
    assert device is not None
    headers = device.headers("POST", str(city.house.settings.public_url) + PATH, token)
    answer = await city.client.post(PATH, headers=headers, files={"front": front()})
    assert (answer.status_code, answer.json()["code"]) == (503, "inference-busy")
    assert int(answer.headers["retry-after"]) > 0


async def test_a_caller_is_counted_and_without_valkey_refused(
    city: CityPeople, monkeypatch: pytest.MonkeyPatch, readings: list[str]
) -> None:
    parent = await city.signed_in("parent")

    async def gone(*_: Any, **__: Any) -> Any:
        raise ValkeyGone

    monkeypatch.setattr(city.house.valkey, "count", gone)
    await send(parent, front(), expect=503, code="limits-unavailable")
    monkeypatch.setattr(city.house.valkey, "count", counted := _Counted())
    await send(parent, no_card(), expect=422, code="card-not-found")
    assert counted.keys == ["limit:card"]
    counted.times = 30_001
    await send(parent, no_card(), expect=429, code="too-many-requests")
    assert readings == ["read_card"]


class _Counted:
    def __init__(self) -> None:
        self.keys: list[str] = []
        self.times = 1

    async def __call__(self, key: str, *, window_seconds: int) -> tuple[int, int]:
        if key.startswith("limit:card"):
            self.keys.append(key.rsplit(":", 1)[0])
            return self.times, window_seconds
        return 1, window_seconds


async def test_neither_photo_nor_field_is_kept_or_logged_in_the_clear(
    city: CityPeople, caplog: pytest.LogCaptureFixture
) -> None:
    """The answer kept for a retry is personal data of somebody whose consent nobody asked: it opens by the photos alone."""
    parent = await city.signed_in("parent")
    caplog.set_level(logging.DEBUG)
    await send(parent, front(), back(), key="private-1", expect=200)
    async with city.house.db.connect() as conn:
        rows = [
            str(row)
            for row in (await conn.execute(text("select * from idempotency_keys where key = 'private-1'"))).all()
        ]
        assert len(rows) == 1
        everything = "".join(
            [
                str(row)
                for name in (
                    await conn.scalars(text("select tablename from pg_tables where schemaname = 'public'"))
                ).all()
                for row in (await conn.execute(text(f'select t::text from "{name}" t'))).all()
            ]
        )
    for secret in (FACTS.number, FACTS.full_name, FACTS.residence, "can_cuoc_2024"):
        assert secret not in everything
        assert secret not in caplog.text
    home = city.house.settings.home
    files = {file.relative_to(home).parts[0] for file in home.rglob("*") if file.is_file()}
    assert files <= {"sandbox-secrets.json", "personal-keys"}


async def test_the_kept_answer_is_forgotten_after_seven_days(city: CityPeople, readings: list[str]) -> None:
    parent = await city.signed_in("parent")
    await send(parent, front(), key="week-1", expect=200)
    with clock.shifted(timedelta(days=7, seconds=1)):
        await idempotency.forget(SimpleNamespace(db=city.house.db))
    async with city.house.db.connect() as conn:
        left = await conn.scalar(text("select count(*) from idempotency_keys where key = 'week-1'"))
    assert left == 0
    await send(parent, front(), key="week-1", expect=200)
    assert readings == ["read_card"] * 2


async def test_a_kept_answer_of_another_shape_is_read_again(city: CityPeople, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new version with one more field must not answer 500 to a retry begun under the old one."""
    parent = await city.signed_in("parent")

    async def older(*_: Any) -> Any:
        return {"document": "of another version"}

    monkeypatch.setattr(city.house.pool, "run", older)
    await send(parent, front(), key="old-1", expect=200)
    monkeypatch.undo()
    assert (await send(parent, front(), key="old-1", expect=200))["document"]["kind"] == "can_cuoc_2024"


# Envelopes (SECURITY §6, multipart): the photos in them may be the best.


def envelope(*parts: tuple[str, bytes], boundary: str = "edge") -> bytes:
    body = b"".join(f"--{boundary}\r\n{head}\r\n\r\n".encode() + data + b"\r\n" for head, data in parts)
    return body + f"--{boundary}--\r\n".encode()


def part(name: str, filename: str = "a.jpg") -> str:
    return f'Content-Disposition: form-data; name="{name}"; filename="{filename}"\r\nContent-Type: image/jpeg'


async def post_raw(city: CityPeople, body: bytes, content_type: str) -> httpx.Response:
    parent = await city.signed_in("parent")
    assert parent.token is not None
    assert parent.device is not None
    headers = parent.device.headers("POST", str(city.house.settings.public_url) + PATH, parent.token)
    return await city.client.post(PATH, content=body, headers=headers | {"Content-Type": content_type})


_EDGE = "multipart/form-data; boundary=edge"
# Any part of any form: the framework asks Python for the codec, and a stranger's name for one was a 500.
_CHARSET = 'Content-Disposition: form-data; name="note"\r\nContent-Type: text/plain; charset='


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (envelope(*[(part(f"p{i}"), b"") for i in range(100_000)]), _EDGE, 400),
        (envelope(*[(part("front"), b"x") for _ in range(9)]), _EDGE, 400),
        (envelope((part("front"), b"x")), "multipart/form-data", 400),
        (envelope((part("front"), b"x")), "multipart/form-data; boundary=", 400),
        (envelope((part("front"), b"x")), "multipart/form-data; boundary=other", 400),
        (envelope((part("front"), b"x"))[:-12], _EDGE, 400),
        (envelope((part("front"), b"x"), (part("front"), b"y")), _EDGE, 400),
        (envelope((part("front"), b"x"), (part("back"), b"y"), (part("back"), b"z")), _EDGE, 400),
        (envelope((part("back"), b"x")), _EDGE, 400),
        (envelope(('Content-Disposition: form-data; name="front"', b"text, no file")), _EDGE, 400),
        (envelope(("X: y", b"x")), _EDGE, 400),
        (envelope((part("front"), b"x"), ('Content-Disposition: form-data; name="note"', b"\xff\xfe")), _EDGE, 400),
        (envelope((part("front"), b"x"), (_CHARSET + "x-nonsense", b"x")), _EDGE, 400),
        (envelope((part("front"), b"x"), (_CHARSET + "hex", b"x")), _EDGE, 400),
        (b"", _EDGE, 400),
        (b"\0" * 1000, _EDGE, 400),
        (b'{"front": "x"}', "application/json", 400),
        (b"front=x", "application/x-www-form-urlencoded", 400),
        (b"\0" * 25_000_000, _EDGE, 413),
        (envelope((part("front"), b"\0" * 25_000_000)), _EDGE, 413),
    ],
    ids=lambda value: None if isinstance(value, bytes) else str(value)[:40],
)
async def test_a_bad_envelope_is_refused_by_code(
    city: CityPeople, readings: list[str], body: bytes, content_type: str, status: int
) -> None:
    answer = await post_raw(city, body, content_type)
    assert answer.status_code == status, answer.text[:500]
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["code"] == ("body-too-large" if status == 413 else "malformed-request")
    assert "Traceback" not in answer.text
    assert "litestar" not in answer.text
    assert readings == []


async def test_a_boundary_of_a_megabyte_does_no_harm(city: CityPeople) -> None:
    """A server in front refuses such a header; behind it the photo is looked at as always."""
    edge = "e" * 1_000_000
    answer = await post_raw(
        city, envelope((part("front"), b"x"), boundary=edge), f"multipart/form-data; boundary={edge}"
    )
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported-image-type")
    assert "eeee" not in answer.text


@pytest.mark.parametrize(
    "filename",
    [
        "../../etc/passwd",
        "a\\0b.jpg",
        "a\0b.jpg",
        "x\r\nSet-Cookie: a=b",
        'q".jpg',
        "card.jpg.html",
        "ả" * 500,
        "%2e%2e%2f",
    ],
)
async def test_what_a_photo_is_called_does_not_matter(
    city: CityPeople, filename: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    answer = await post_raw(city, envelope((part("front", filename), no_card())), _EDGE)
    assert answer.status_code in {400, 422}, answer.text
    assert answer.json()["code"] in {"malformed-request", "card-not-found"}
    assert "set-cookie" not in answer.headers
    assert "etc/passwd" not in answer.text + caplog.text
