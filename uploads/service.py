"""The verbs of the uploads: receive, claim, show; forget what nobody claimed."""

import asyncio
import hashlib
import itertools
import re
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from kit import clock, idempotency, ids
from kit.db import Database, raw
from kit.pool import InferencePool
from kit.refusal import NotFound
from uploads import store
from uploads.examining import PDF, examine
from uploads.messages import Content, Upload
from uploads.refusals import UploadElsewhere, UploadTooLarge
from uploads.scanning import Scanner
from uploads.splitting import split
from uploads.vault import Vault

MAX_BYTES = 20 * 1024 * 1024
UNCLAIMED_KEPT_FOR = timedelta(days=30)
# Longer than any request may last: a file without a row is then nobody's.
_ORPHAN_AFTER = timedelta(days=1)
_ID = re.compile(r"upl_[0-9a-z]{26}")


class Keeper(msgspec.Struct, frozen=True):
    """What it takes to keep a file."""

    vault: Vault
    pool: InferencePool
    scanner: Scanner | None

    async def split(self, data: bytes, parts: Mapping[str, list[int]], *, leave_out: bool) -> dict[str, bytes]:
        """A scan of several papers as one file each, by the pages of each. Refuses what `splitting.split` and the scanner do, UploadTooLarge."""
        if len(data) > MAX_BYTES:
            raise UploadTooLarge(megabytes=MAX_BYTES // 1024 // 1024)
        if self.scanner is not None:
            await self.scanner.refuse_harmful(data)
        return await self.pool.run(split, data, dict(parts), leave_out)

    async def keep(self, upload_id: str, data: bytes, sha256: bytes) -> Upload:
        """Scanned, told by its content, sealed and on the disk; its row is the caller's. Refuses what `examine` and the scanner do."""
        if self.scanner is not None:
            await self.scanner.refuse_harmful(data)
        examined = await self.pool.run(examine, data)
        await self.vault.put(upload_id, "original", data)
        if examined.shown is not None:
            await self.vault.put(upload_id, "shown", examined.shown)
        return Upload(
            id=upload_id,
            sha256=sha256.hex(),
            size_bytes=len(data),
            media_type=examined.media_type,
            pages=examined.pages,
            uploaded_at=clock.now(),
        )


async def receive(db: Database, keeper: Keeper, *, account_id: str, data: bytes, key: str | None = None) -> Upload:
    """The file first, sealed and on the disk; then its row. The same `key` and file give the same upload again.

    Refuses what `Keeper.keep` refuses, UploadTooLarge, and the kit's refusals about the key.
    """
    if len(data) > MAX_BYTES:
        raise UploadTooLarge(megabytes=MAX_BYTES // 1024 // 1024)
    sha256 = (await asyncio.to_thread(hashlib.sha256, data)).digest()
    if key is not None:
        async with db.begin() as conn, _once(conn, account_id, key, sha256) as slot:
            if slot.reply is not None:
                return msgspec.convert(slot.reply, Upload)
    upload = await keeper.keep(ids.new_id("upl"), data, sha256)
    if key is None:
        async with db.begin() as conn:
            await add(conn, account_id, upload)
        return upload
    # Asked again, not held since: no connection waits for a file to be looked at. A twin may have been faster meanwhile.
    async with db.begin() as conn, _once(conn, account_id, key, sha256) as slot:
        if slot.reply is None:
            await add(conn, account_id, upload)
            slot.keep(upload)
            return upload
    await keeper.vault.erase(upload.id)
    return msgspec.convert(slot.reply, Upload)


@asynccontextmanager
async def _once(conn: AsyncConnection, account_id: str, key: str, sha256: bytes) -> AsyncGenerator[idempotency.Slot]:
    async with idempotency.once(
        await raw(conn), scope=account_id, route="POST /v1/uploads", key=idempotency.checked(key), body_digest=sha256
    ) as slot:
        yield slot


async def add(conn: AsyncConnection, account_id: str, upload: Upload) -> None:
    await store.add(
        conn,
        id=upload.id,
        account_id=account_id,
        sha256=bytes.fromhex(upload.sha256),
        size_bytes=upload.size_bytes,
        media_type=upload.media_type,
        pages=upload.pages,
        uploaded_at=upload.uploaded_at,
    )


async def upload(conn: AsyncConnection, upload_id: str) -> Upload:
    """Refuses NotFound."""
    return _upload(await _row(conn, upload_id))


async def tied(conn: AsyncConnection, upload_ids: Sequence[str]) -> dict[str, str | None]:
    """The dossier each of these files is tied to, if it is; without those that did not arrive whole or are no more."""
    return await store.tied(conn, upload_ids) if upload_ids else {}


async def own_upload(conn: AsyncConnection, upload_id: str, account_id: str) -> Upload:
    """Refuses NotFound for somebody else's as for a missing one."""
    row = await _row(conn, upload_id)
    if row.account_id != account_id:
        raise NotFound
    return _upload(row)


async def claim(conn: AsyncConnection, upload_id: str, account_id: str, dossier_id: str) -> Upload:
    """Ties the file to one dossier of its owner, as long as there is that dossier. Refuses NotFound, UploadElsewhere."""
    known = _ID.fullmatch(upload_id)
    row = await store.claim(conn, upload_id, account_id=account_id, dossier_id=dossier_id) if known else None
    if row is None:
        await own_upload(conn, upload_id, account_id)
        raise UploadElsewhere
    return _upload(row)


async def release(conn: AsyncConnection, dossier_ids: Collection[str]) -> None:
    """The files of dossiers that are no more: erased like those nobody ever claimed."""
    await store.release(conn, dossier_ids)


async def content(conn: AsyncConnection, vault: Vault, upload_id: str) -> Content:
    """What a person is shown; who may see it is the caller's to decide. Refuses NotFound, UploadDamaged."""
    row = await _row(conn, upload_id)
    if row.media_type == PDF:
        return Content(upload_id=upload_id, media_type=PDF, data=await original(conn, vault, upload_id))
    return Content(upload_id=upload_id, media_type="image/jpeg", data=await vault.get(upload_id, "shown"))


async def original(conn: AsyncConnection, vault: Vault, upload_id: str) -> bytes:
    """The bytes as they were received. Refuses NotFound, UploadDamaged."""
    await _row(conn, upload_id)
    return await vault.get(upload_id, "original")


async def forget_unclaimed(db: Database, vault: Vault) -> None:
    """Erases files no dossier named within thirty days. Rows first: a file without a row is found again."""
    async with db.begin() as conn:
        gone = await store.forget_unclaimed(conn, before=clock.now() - UNCLAIMED_KEPT_FOR)
    for upload_id in gone:
        await vault.erase(upload_id)


async def forget_orphans(db: Database, vault: Vault) -> None:
    """Erases files whose row never came, because the process died between the two."""
    found = await asyncio.to_thread(lambda: list(vault.ids_before(clock.now() - _ORPHAN_AFTER)))
    for batch in _batches(found, 1000):
        async with db.connect() as conn:
            known = await store.known(conn, batch)
        for upload_id in set(batch) - known:
            await vault.erase(upload_id)
    pieces = await asyncio.to_thread(lambda: list(vault.piece_ids_before(clock.now() - _ORPHAN_AFTER)))
    for batch in _batches(pieces, 1000):
        async with db.connect() as conn:
            known = await store.known_unfinished(conn, batch)
        for upload_id in set(batch) - known:
            await vault.erase_pieces(upload_id)


def _batches(found: list[str], size: int) -> list[list[str]]:
    rest = iter(found)
    return list(iter(lambda: list(itertools.islice(rest, size)), []))


async def _row(conn: AsyncConnection, upload_id: str) -> Any:
    row = await store.one(conn, upload_id) if _ID.fullmatch(upload_id) else None
    if row is None:
        raise NotFound
    return row


def _upload(row: Any) -> Upload:
    return Upload(
        id=row.id,
        sha256=bytes(row.sha256).hex(),
        size_bytes=row.size_bytes,
        media_type=row.media_type,
        pages=row.pages,
        uploaded_at=row.uploaded_at,
    )
