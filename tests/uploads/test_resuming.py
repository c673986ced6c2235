"""Resumable uploads: pieces, broken lines, two at once, checksums; whole before it is a file, and the file's owner's alone."""

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from kit import clock
from tests.dossiers.test_lifecycle import later
from tests.people import CityPeople, Person
from tests.uploads.test_examining import archive, pdf, picture
from uploads import resuming, scanning
from uploads.refusals import FileInfected, OffsetMismatch, ScannerAway

pytestmark = pytest.mark.anyio

PATH = "/v1/uploads/resumable"
TUS = {"Tus-Resumable": "1.0.0"}


async def call(person: Person, method: str, path: str, **headers: str) -> httpx.Response:
    body = headers.pop("body", "").encode("latin-1")
    sent = person.headers(method, path) | TUS | {name.replace("_", "-"): value for name, value in headers.items()}
    return await person.client.request(method, path, headers=sent, content=body or None)


async def created(person: Person, length: int, **headers: str) -> str:
    answer = await call(person, "POST", PATH, Upload_Length=str(length), **headers)
    assert answer.status_code == 201, answer.text
    assert answer.headers["tus-resumable"] == "1.0.0"
    assert answer.headers["upload-expires"].endswith("GMT")
    return answer.headers["location"]


async def send(person: Person, at: str, data: bytes, offset: int, **headers: str) -> httpx.Response:
    headers = {"Content_Type": "application/offset+octet-stream", "Upload_Offset": str(offset)} | headers
    sent = person.headers("PATCH", at) | TUS | {name.replace("_", "-"): value for name, value in headers.items()}
    return await person.client.request("PATCH", at, headers=sent, content=data)


async def offset_of(person: Person, at: str) -> int:
    answer = await call(person, "HEAD", at)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    return int(answer.headers["upload-offset"])


async def test_nobody_401_the_stranger_404_the_parent_sends_in_pieces(city: CityPeople) -> None:
    parent, stranger = await city.signed_in("parent"), await city.signed_in("stranger")
    assert (await call(city.nobody, "POST", PATH, Upload_Length="10")).status_code == 401
    data = picture(size=(1200, 900), quality=95)
    at = await created(parent, len(data))
    upload_id = at.rpartition("/")[2]
    for method in ("HEAD", "PATCH", "DELETE"):
        more = {"Content_Type": "application/offset+octet-stream", "Upload_Offset": "0"} if method == "PATCH" else {}
        assert (await call(city.nobody, method, at, **more)).status_code == 401
        assert (await call(stranger, method, at, **more)).status_code == 404
    third = len(data) // 3
    for begin in (0, third):
        answer = await send(parent, at, data[begin : begin + third], begin)
        assert (answer.status_code, answer.headers["upload-offset"]) == (204, str(begin + third))
        assert await offset_of(parent, at) == begin + third
        await parent.get(f"/v1/uploads/{upload_id}", expect=404, code="not-found")
    assert (await send(parent, at, data[2 * third :], 2 * third)).status_code == 204
    kept = await parent.get(f"/v1/uploads/{upload_id}", expect=200)
    assert (kept["sha256"], kept["size_bytes"]) == (hashlib.sha256(data).hexdigest(), len(data))
    assert await offset_of(parent, at) == len(data), "a client whose last reply was lost asks, and is done"
    assert not list(city.house.vault._directory.glob(f"pieces/{upload_id}/*")), "pieces are gone with the whole"
    await stranger.get(f"/v1/uploads/{upload_id}", expect=404)


async def test_what_the_protocol_asks_for(city: CityPeople) -> None:
    parent = await city.signed_in("parent")
    spoken = await city.client.options(PATH)
    assert spoken.status_code == 204
    assert spoken.headers["tus-version"] == "1.0.0"
    assert {"creation", "checksum", "termination"} <= set(spoken.headers["tus-extension"].split(","))
    at = await created(parent, 10)
    for answer, status, code in (
        (await call(parent, "POST", PATH), 400, "bad-upload-request"),
        (await call(parent, "POST", PATH, Upload_Length=str(10**9)), 413, "upload-too-large"),
        (await call(parent, "POST", PATH, Upload_Length="-1"), 400, "malformed-request"),
        (await call(parent, "POST", PATH, Upload_Length="1", Tus_Resumable="0.2.2"), 412, "upload-protocol-version"),
        (await send(parent, at, b"x", 0, Content_Type="text/plain"), 400, "bad-upload-request"),
        (await send(parent, at, b"x", 5), 409, "upload-offset-mismatch"),
        (await send(parent, at, b"x" * 11, 0), 413, "upload-too-large"),
        (await send(parent, at, b"x", 0, Upload_Checksum="md5 x"), 400, "bad-upload-request"),
        (await call(parent, "POST", PATH, Upload_Length="1", Upload_Metadata="sha256 !"), 400, "bad-upload-request"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await offset_of(parent, at) == 0
    assert (await call(parent, "DELETE", at)).status_code == 204
    assert (await call(parent, "HEAD", at)).status_code == 404


async def test_a_checksum_that_does_not_fit_keeps_nothing(city: CityPeople) -> None:
    parent, data = await city.signed_in("parent"), pdf()
    at = await created(parent, len(data))
    wrong = base64.b64encode(hashlib.sha256(b"other").digest()).decode()
    answer = await send(parent, at, data, 0, Upload_Checksum=f"sha256 {wrong}")
    assert (answer.status_code, answer.json()["code"]) == (460, "upload-checksum-mismatch")
    assert await offset_of(parent, at) == 0
    right = base64.b64encode(hashlib.sha1(data).digest()).decode()
    assert (await send(parent, at, data, 0, Upload_Checksum=f"sha1 {right}")).status_code == 204


async def test_the_digest_of_the_whole_is_held_against_what_came(city: CityPeople) -> None:
    parent, data = await city.signed_in("parent"), pdf()
    said = base64.b64encode(hashlib.sha256(b"other").hexdigest().encode()).decode()
    at = await created(
        parent, len(data), Upload_Metadata=f"filename {base64.b64encode(b'a.pdf').decode()},sha256 {said}"
    )
    answer = await send(parent, at, data, 0)
    assert (answer.status_code, answer.json()["code"]) == (460, "upload-checksum-mismatch")
    assert (await call(parent, "HEAD", at)).status_code == 404, "it begins anew"


async def test_a_file_that_is_not_taken_is_not_left(city: CityPeople) -> None:
    parent, data = await city.signed_in("parent"), archive()
    at = await created(parent, len(data))
    answer = await send(parent, at, data, 0)
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported-file-type")
    assert answer.headers["tus-resumable"] == "1.0.0"
    assert (await call(parent, "HEAD", at)).status_code == 404
    assert not list(city.house.vault._directory.glob(f"pieces/{at.rpartition('/')[2]}/*"))


async def test_an_unfinished_file_is_no_paper(city: CityPeople) -> None:
    """Citizens have had dossiers arrive with no attachments: a draft takes no file that is not whole."""
    parent = await city.signed_in("parent")
    at = await created(parent, 1000)
    await send(parent, at, b"x" * 500, 0)
    draft = await parent.post("/v1/dossiers", json={"procedure": "3.000722"}, expect=201)
    body = {"upload_id": at.rpartition("/")[2]}
    await parent.put(f"/v1/dossiers/{draft['id']}/documents/birth_notification", json=body, expect=404)


async def test_row_22_a_line_that_breaks_loses_what_had_not_come(city: CityPeople) -> None:
    """The sender goes away in the middle of a body: what had come is kept, and it goes on from there, from anywhere."""
    parent, house = await city.signed_in("parent"), city.house
    data = picture(size=(1600, 1600), quality=100)
    assert len(data) > resuming.PIECE_BYTES
    at = await created(parent, len(data))
    upload_id = at.rpartition("/")[2]
    async with house.db.connect() as conn:
        from uploads import store

        account_id = (await store.unfinished(conn, upload_id)).account_id

    async def broken() -> AsyncIterator[bytes]:
        yield data[: resuming.PIECE_BYTES + 1000]
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await resuming.receive(house.db, house.keeper, upload_id, account_id, offset=0, body=broken())
    come = await offset_of(parent, at)
    assert come == resuming.PIECE_BYTES + 1000
    assert (await send(parent, at, data[come:], come)).status_code == 204
    assert (await parent.get(f"/v1/uploads/{upload_id}", expect=200))["sha256"] == hashlib.sha256(data).hexdigest()


async def test_row_26_two_at_one_offset_and_one_wins(city: CityPeople) -> None:
    parent, data = await city.signed_in("parent"), pdf()
    at = await created(parent, len(data))
    half = len(data) // 2
    answers = await asyncio.gather(*(send(parent, at, data[:half], 0) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [204, 409, 409, 409, 409, 409]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"upload-offset-mismatch"}
    assert await offset_of(parent, at) == half
    assert (await send(parent, at, data[half:], half)).status_code == 204
    kept = await parent.get(f"/v1/uploads/{at.rpartition('/')[2]}", expect=200)
    assert kept["sha256"] == hashlib.sha256(data).hexdigest()


async def test_row_27_a_process_that_dies_leaves_no_false_whole(
    city: CityPeople, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the piece on the disk and the offset; and between the last offset and the file."""
    from uploads import store

    parent, house, data = await city.signed_in("parent"), city.house, pdf()
    at = await created(parent, len(data))

    async def dies(*_: Any, **__: Any) -> bool:
        raise OSError("the process dies here")

    with monkeypatch.context() as patched:
        patched.setattr(store, "append_piece", dies)
        assert (await send(parent, at, data, 0)).status_code == 500
    assert await offset_of(parent, at) == 0
    with monkeypatch.context() as patched:
        patched.setattr(type(house.keeper), "keep", dies)
        assert (await send(parent, at, data, 0)).status_code == 500
    upload_id = at.rpartition("/")[2]
    await parent.get(f"/v1/uploads/{upload_id}", expect=404)
    assert await offset_of(parent, at) == len(data), "asked, what is whole is made the file it is"
    assert (await parent.get(f"/v1/uploads/{upload_id}", expect=200))["sha256"] == hashlib.sha256(data).hexdigest()


async def test_what_nobody_goes_on_with_is_forgotten_in_a_day(city: CityPeople) -> None:
    parent, house = await city.signed_in("parent"), city.house
    at = await created(parent, 1000)
    await send(parent, at, b"x" * 500, 0)
    async with later(city, timedelta(days=1, minutes=1)) as then:
        answer = await send(await then.signed_in("parent"), at, b"x" * 500, 500)
        assert (answer.status_code, answer.json()["code"]) == (410, "upload-gone")
        await resuming.forget_expired(house.db, house.vault)
    assert (await call(parent, "HEAD", at)).status_code == 404
    assert not list(house.vault._directory.glob(f"pieces/{at.rpartition('/')[2]}/*"))


async def test_one_account_fills_no_disk_with_beginnings(city: CityPeople) -> None:
    stranger = await city.signed_in("stranger")
    for _ in range(resuming.UNFINISHED_PER_ACCOUNT):
        await created(stranger, 10)
    answer = await call(stranger, "POST", PATH, Upload_Length="10")
    assert (answer.status_code, answer.json()["code"]) == (429, "too-many-unfinished-uploads")


async def test_pieces_lie_sealed(city: CityPeople) -> None:
    parent = await city.signed_in("parent")
    at = await created(parent, 1000)
    await send(parent, at, b"%PDF-secret" * 40, 0)
    files = list(city.house.vault._directory.glob(f"pieces/{at.rpartition('/')[2]}/*"))
    assert files
    assert all(b"secret" not in file.read_bytes() for file in files)


# --- the scanner ----------------------------------------------------------------------------------------------------------


class Clamd:
    """A daemon that speaks INSTREAM as clamd(8) says, and knows the test file."""

    def __init__(self, answer: bytes | None = None) -> None:
        self.answer, self.received = answer, b""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.readexactly(10) == b"zINSTREAM\0"
        while size := int.from_bytes(await reader.readexactly(4), "big"):
            self.received += await reader.readexactly(size)
        found = b"stream: Eicar-Test-Signature FOUND" if scanning.EICAR in self.received else b"stream: OK"
        writer.write((self.answer or found) + b"\0")
        await writer.drain()
        writer.close()


@pytest.mark.parametrize("adapter", ["sandbox", "clamd"])
async def test_every_scanner_finds_the_test_file_and_passes_others(adapter: str) -> None:
    server = await asyncio.start_server(Clamd().serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    scanner = scanning.SandboxScanner() if adapter == "sandbox" else scanning.ClamdScanner("127.0.0.1", port)
    await scanner.refuse_harmful(b"x" * 200_000)
    with pytest.raises(FileInfected):
        await scanner.refuse_harmful(b"%PDF-1.4 " + scanning.EICAR)
    server.close()


async def test_a_scanner_that_is_away_or_confused_lets_nothing_in() -> None:
    server = await asyncio.start_server(Clamd(b"INSTREAM size limit exceeded. ERROR").serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(ScannerAway):
        await scanning.ClamdScanner("127.0.0.1", port).refuse_harmful(b"x")
    server.close()
    with pytest.raises(ScannerAway):
        await scanning.ClamdScanner("127.0.0.1", port).refuse_harmful(b"x")


async def test_a_harmful_file_is_refused_by_every_door(city: CityPeople) -> None:
    parent, data = await city.signed_in("parent"), pdf() + scanning.EICAR
    files = {"file": ("a.pdf", data, "application/pdf")}
    await parent.post("/v1/uploads", files=files, expect=422, code="file-infected")
    at = await created(parent, len(data))
    answer = await send(parent, at, data, 0)
    assert (answer.status_code, answer.json()["code"]) == (422, "file-infected")


async def test_two_who_write_one_piece_at_once_are_told_apart(city: CityPeople) -> None:
    """Below HTTP: the loser's bytes are gone from the disk as well."""
    parent, house = await city.signed_in("parent"), city.house
    at = await created(parent, 1000)
    upload_id = at.rpartition("/")[2]
    names = [await house.vault.put_piece(upload_id, b"x" * 100) for _ in range(2)]
    from uploads import store

    async with house.db.begin() as conn:
        moved = [
            await store.append_piece(conn, upload_id, offset=0, size=100, name=name, expires_at=clock.now())
            for name in names
        ]
    assert moved == [True, False]
    with pytest.raises(OffsetMismatch):
        await resuming._append(house.db, house.vault, upload_id, 0, b"y" * 100)
    assert len(list(house.vault._directory.glob(f"pieces/{upload_id}/*"))) == 2
