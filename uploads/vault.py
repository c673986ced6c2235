"""Files on disk: sealed under their id, complete or absent."""

import asyncio
import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Literal

from kit import crypto
from uploads.refusals import StorageFull, UploadDamaged

Part = Literal["original", "shown"]
PARTS: tuple[Part, ...] = ("original", "shown")


class Vault:
    """One directory that every process of the deployment sees. The key is not in it."""

    def __init__(self, directory: Path, key: bytes) -> None:
        self._directory, self._key = directory, key
        directory.mkdir(parents=True, exist_ok=True)
        directory.chmod(0o700)

    async def put(self, upload_id: str, part: Part, data: bytes) -> None:
        """Returns when the bytes are on the disk, so that the row that names them may follow. Refuses StorageFull."""
        await asyncio.to_thread(self._put, upload_id, part, data)

    async def get(self, upload_id: str, part: Part) -> bytes:
        """Refuses UploadDamaged when the file is gone or is not what was sealed."""
        return await asyncio.to_thread(self._get, upload_id, part)

    async def erase(self, upload_id: str) -> None:
        """Both parts, if they are there."""
        await asyncio.to_thread(self._erase, upload_id)

    def ids_before(self, at: datetime) -> Iterator[str]:
        """Ids of files written before `at`; half-written ones of dead processes are removed on the way."""
        for file in self._directory.glob("*/*"):
            if file.is_dir():
                continue
            if file.stat().st_mtime >= at.timestamp():
                continue
            if file.suffix == ".part":
                file.unlink(missing_ok=True)
            elif file.suffix == ".original":
                yield file.stem

    async def put_piece(self, upload_id: str, data: bytes) -> str:
        """A part of a file on its way, sealed like a whole one; its name. Refuses StorageFull."""
        name = secrets.token_hex(8)
        await asyncio.to_thread(self._write, self._piece(upload_id, name), data, f"{upload_id}/{name}".encode())
        return name

    async def piece(self, upload_id: str, name: str) -> bytes:
        """Refuses UploadDamaged."""
        return await asyncio.to_thread(self._read, self._piece(upload_id, name), f"{upload_id}/{name}".encode())

    async def erase_piece(self, upload_id: str, name: str) -> None:
        await asyncio.to_thread(self._piece(upload_id, name).unlink, missing_ok=True)

    async def erase_pieces(self, upload_id: str) -> None:
        """All of them, if they are there; also those no row came to name."""
        folder = self._piece(upload_id, "x").parent
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    def piece_ids_before(self, at: datetime) -> Iterator[str]:
        """Ids of uploads on their way none of whose pieces came after `at`."""
        for folder in self._directory.glob("pieces/*"):
            if folder.stat().st_mtime < at.timestamp():
                yield folder.name

    def _piece(self, upload_id: str, name: str) -> Path:
        if not upload_id.replace("_", "").isalnum() or not name.isalnum():
            raise UploadDamaged
        return self._directory / "pieces" / upload_id / name

    def _put(self, upload_id: str, part: Part, data: bytes) -> None:
        self._write(self._file(upload_id, part), data, _aad(upload_id, part))

    def _write(self, file: Path, data: bytes, aad: bytes) -> None:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # A name of its own: two requests may finish one upload at once, in one process as well.
        half = file.with_name(f"{file.name}.{secrets.token_hex(8)}.part")
        try:
            with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
                out.write(crypto.seal(self._key, data, aad))
                out.flush()
                os.fsync(out.fileno())
            half.rename(file)
        except OSError as error:
            # Half a file on a full disk would keep it full.
            half.unlink(missing_ok=True)
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise StorageFull(retry_after_seconds=300) from error
            raise
        # The name must survive a power cut as well as the bytes.
        for folder in (file.parent, file.parent.parent):
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)

    def _get(self, upload_id: str, part: Part) -> bytes:
        return self._read(self._file(upload_id, part), _aad(upload_id, part))

    def _read(self, file: Path, aad: bytes) -> bytes:
        try:
            return crypto.unseal(self._key, file.read_bytes(), aad)
        except (FileNotFoundError, crypto.Tampered) as error:
            raise UploadDamaged from error

    def _erase(self, upload_id: str) -> None:
        # The original last: it is what a sweep finds a file by, should the process die in between.
        for part in reversed(PARTS):
            self._file(upload_id, part).unlink(missing_ok=True)

    def _file(self, upload_id: str, part: Part) -> Path:
        # Ids are ours; this only keeps a mistake elsewhere from leaving the directory.
        if not upload_id.replace("_", "").isalnum():
            raise UploadDamaged
        return self._directory / upload_id[-2:] / f"{upload_id}.{part}"


def _aad(upload_id: str, part: Part) -> bytes:
    return f"{upload_id}/{part}".encode()
