"""Uploads over HTTP: the owner's alone, shown without the camera's memory, erased when nobody claims them."""

import asyncio
import errno
import hashlib
import io
import os
import re
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import text

import uploads
from kit import clock
from kit.pool import Busy
from kit.refusal import NotFound
from tests.uploads.test_examining import pdf, picture
from uploads import service
from uploads.examining import examine

pytestmark = pytest.mark.anyio


async def send(person, data, name="photo.jpg", kind="image/jpeg", **expected):
    return await person.post("/v1/uploads", files={"file": (name, data, kind)}, **expected)


async def test_nobody_401_the_owner_sees_the_stranger_404(city):
    parent, stranger = await city.signed_in("parent"), await city.signed_in("stranger")
    await send(city.nobody, picture(), expect=401)
    data = picture()
    sent = await send(parent, data, expect=201)
    assert sent["sha256"] == hashlib.sha256(data).hexdigest()
    assert (sent["size_bytes"], sent["media_type"], sent["pages"]) == (len(data), "image/jpeg", None)
    for path in (f"/v1/uploads/{sent['id']}", f"/v1/uploads/{sent['id']}/content"):
        await city.nobody.get(path, expect=401)
        await stranger.get(path, expect=404, code="not-found")
        await parent.get(path, expect=200)
    await parent.get("/v1/uploads/upl_00000000000000000000000000", expect=404, code="not-found")
    for odd in ("..%2F..%2Fetc", "upl_'--", "x" * 300):
        await parent.get(f"/v1/uploads/{odd}", expect=404)


async def test_a_file_does_not_wait_for_the_models_of_cards_and_faces(city, monkeypatch):
    """After a start the first paper waited, in the same processes, for the card reader's models to load."""
    parent, pool = await city.signed_in("parent"), city.house.pool
    monkeypatch.setattr(pool, "_taken", pool._places)
    with pytest.raises(Busy):
        await pool.run(os.getpid)
    await send(parent, picture(), expect=201)
    await send(parent, pdf(), name="paper.pdf", kind="application/pdf", expect=201)


async def test_the_worker_of_files_holds_no_model_and_spreads_over_no_core(files):
    await files.run(examine, picture())
    loaded, threads = await files.run(_worker)
    assert loaded == set()
    assert threads == 1


def _worker():
    """In the worker: which libraries of models it has loaded, and how many threads it runs."""
    status = Path("/proc/self/status").read_text("ascii")
    models = {"cv2", "onnxruntime", "paddleocr", "face_recognition", "dlib"}
    return models & sys.modules.keys(), int(re.search(r"Threads:\s+(\d+)", status)[1])


async def test_a_retry_on_a_bad_line_gives_the_same_upload(city):
    """A reply lost on the way made the app send the file again: two uploads, two places of the limit, two files."""
    parent, stranger = await city.signed_in("parent"), await city.signed_in("stranger")
    again = {"headers": {"Idempotency-Key": "retry-1"}}
    first = await send(parent, picture(), expect=201, **again)
    assert await send(parent, picture(), expect=201, **again) == first
    await send(parent, pdf(), expect=422, code="idempotency-key-reused", **again)
    assert (await send(stranger, picture(), expect=201, **again))["id"] != first["id"]
    assert (await send(parent, picture(), expect=201))["id"] != first["id"]
    await send(parent, picture(), expect=400, code="idempotency-key-too-long", headers={"Idempotency-Key": "x" * 201})
    await send(parent, b"no file", expect=415, headers={"Idempotency-Key": "refused-1"})
    await send(parent, picture(), expect=201, headers={"Idempotency-Key": "refused-1"})


async def test_twins_at_once_leave_one_upload_and_one_file(city):
    parent = await city.signed_in("parent")
    data, again = picture(), {"headers": {"Idempotency-Key": "twins-1"}}
    twins = await asyncio.gather(*(send(parent, data, **again) for _ in range(4)))
    made = {twin["id"] for twin in twins if "id" in twin}
    assert len(made) == 1
    assert {twin.get("code", "request-in-progress") for twin in twins} == {"request-in-progress"}
    assert (await send(parent, data, expect=201, **again))["id"] in made


async def test_a_file_half_erased_is_found_again(city, monkeypatch):
    """Erased original first: a process that died then left a picture of a paper on the disk that no sweep looked for."""
    vault, gone = city.house.vault, []

    def dies(file, **_):
        gone.append(file.suffix)
        raise OSError("the process dies here")

    monkeypatch.setattr(Path, "unlink", dies)
    with pytest.raises(OSError, match="dies here"):
        await vault.erase("upl_half00")
    assert gone == [".shown"]


async def test_what_the_sender_calls_it_does_not_matter(city):
    parent = await city.signed_in("parent")
    sent = await send(parent, pdf(2), "harmless.jpg", "image/jpeg", expect=201)
    assert (sent["media_type"], sent["pages"]) == ("application/pdf", 2)
    await send(parent, b"<html>", "photo.jpg", "image/jpeg", expect=415, code="unsupported-file-type")
    sent = await send(parent, picture("PNG"), "../../etc/passwd\r\nX: y", "text/html", expect=201)
    assert sent["media_type"] == "image/png"


async def test_a_photo_is_shown_without_where_it_was_taken(city):
    parent = await city.signed_in("parent")
    exif = Image.Exif()
    exif[0x010F] = "CameraOfSomebody"
    sent = await send(parent, picture(exif=exif), expect=201)
    shown = await parent.get(f"/v1/uploads/{sent['id']}/content", expect=200)
    assert shown.headers["content-type"] == "image/jpeg"
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert shown.headers["content-disposition"] == f'inline; filename="{sent["id"]}.jpg"'
    assert "no-store" in shown.headers["cache-control"]
    assert b"CameraOfSomebody" not in shown.content
    assert Image.open(io.BytesIO(shown.content)).size == (320, 200)


async def test_a_pdf_is_given_to_save(city):
    parent = await city.signed_in("parent")
    data = pdf()
    sent = await send(parent, data, expect=201)
    shown = await parent.get(f"/v1/uploads/{sent['id']}/content", expect=200)
    assert shown.headers["content-disposition"] == f'attachment; filename="{sent["id"]}.pdf"'
    assert "sandbox" in shown.headers["content-security-policy"]
    assert shown.content == data


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"", 422, "empty-file"),
        (picture()[:3000], 422, "bad-image"),
        (pdf()[:-20], 422, "pdf-damaged"),
        (picture() + b"<script>", 422, "file-of-two-kinds"),
        (b"\0" * (service.MAX_BYTES + 1), 413, "upload-too-large"),
    ],
)
async def test_bad_files_are_refused_by_code(city, data, status, code):
    problem = await send(await city.signed_in("parent"), data, expect=status, code=code)
    assert problem["message"]["vi"]
    assert problem["message"]["en"]


async def test_a_body_beyond_the_limit_is_413(city):
    await send(await city.signed_in("parent"), b"\0" * (service.MAX_BYTES + 1_000_000), expect=413)


async def test_a_body_without_a_file_is_400(city):
    parent = await city.signed_in("parent")
    await parent.post("/v1/uploads", data={"file": "just text"}, expect=400)
    await parent.post("/v1/uploads", json={"file": "x"}, expect=400)
    await parent.post("/v1/uploads", files=[("file", picture()), ("file", picture())], expect=400)


async def test_a_file_goes_into_one_dossier_of_its_owner(city):
    parent, stranger = await city.signed_in("parent"), await city.signed_in("stranger")
    mine, theirs = [(await one.get("/v1/me"))["account_id"] for one in (parent, stranger)]
    sent = await send(parent, picture(), expect=201)
    async with city.house.db.begin() as conn:
        with pytest.raises(NotFound):
            await uploads.claim(conn, sent["id"], theirs, "dos_1")
        with pytest.raises(NotFound):
            await uploads.claim(conn, "upl_\0", mine, "dos_1")
        with pytest.raises(NotFound):
            await uploads.upload(conn, "upl_\0")
        assert (await uploads.claim(conn, sent["id"], mine, "dos_1")).sha256 == sent["sha256"]
        await uploads.claim(conn, sent["id"], mine, "dos_1")
        with pytest.raises(uploads.UploadElsewhere):
            await uploads.claim(conn, sent["id"], mine, "dos_2")
        assert await uploads.original(conn, city.house.vault, sent["id"]) == picture()


async def test_what_nobody_claims_is_erased_after_thirty_days_and_the_rest_is_not(city):
    parent = await city.signed_in("parent")
    account_id = (await parent.get("/v1/me"))["account_id"]
    kept, dropped = [(await send(parent, picture(), expect=201))["id"] for _ in range(2)]
    async with city.house.db.begin() as conn:
        await uploads.claim(conn, kept, account_id, "dos_3")
    with clock.shifted(timedelta(days=29)):
        await service.forget_unclaimed(city.house.db, city.house.vault)
    await city.house.vault.get(dropped, "original")
    with clock.shifted(timedelta(days=31)):
        await service.forget_unclaimed(city.house.db, city.house.vault)
    await parent.get(f"/v1/uploads/{dropped}", expect=404)
    await parent.get(f"/v1/uploads/{kept}/content", expect=200)
    with pytest.raises(uploads.UploadDamaged):
        await city.house.vault.get(dropped, "original")


async def test_a_file_whose_row_never_came_is_swept(city):
    parent = await city.signed_in("parent")
    kept = (await send(parent, picture(), expect=201))["id"]
    await city.house.vault.put("upl_orphan00", "original", b"x")
    with clock.shifted(timedelta(days=2)):
        await service.forget_orphans(city.house.db, city.house.vault)
    with pytest.raises(uploads.UploadDamaged):
        await city.house.vault.get("upl_orphan00", "original")
    await parent.get(f"/v1/uploads/{kept}/content", expect=200)


async def test_a_file_gone_or_changed_on_the_disk_says_so(city):
    parent = await city.signed_in("parent")
    sent = await send(parent, picture(), expect=201)
    await city.house.vault.erase(sent["id"])
    await parent.get(f"/v1/uploads/{sent['id']}/content", expect=500, code="upload-damaged")


async def test_the_disk_holds_no_picture_in_the_clear(city):
    await send(await city.signed_in("parent"), picture(), expect=201)
    directory = city.house.settings.home / "uploads"
    files = [file for file in directory.rglob("*") if file.is_file()]
    assert files
    assert not [file for file in files if file.read_bytes().startswith((b"\xff\xd8\xff", b"%PDF"))]


async def test_the_row_names_the_owner_and_no_file_name(city):
    async with city.house.db.connect() as conn:
        columns = set(
            (
                await conn.scalars(
                    text("select column_name from information_schema.columns where table_name = 'uploads'")
                )
            ).all()
        )
    assert columns == {"id", "account_id", "dossier_id", "sha256", "size_bytes", "media_type", "pages", "uploaded_at"}


async def test_a_full_disk_is_told_and_keeps_no_half_files(city, monkeypatch):
    """It was a 500, and the half file kept the disk full until the next night."""

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    parent = await city.signed_in("parent")
    monkeypatch.setattr("uploads.vault.os.fsync", full)
    await send(parent, picture(), expect=507, code="upload-storage-full")
    monkeypatch.undo()
    assert not list((city.house.settings.home / "uploads").rglob("*.part"))
    await send(parent, picture(), expect=201)
