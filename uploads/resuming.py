"""Uploads that go on after a bad line (tus 1.0): pieces sealed and on the disk before the offset moves, whole before it is a file."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, Final

import msgspec

from kit import clock, ids
from kit.db import Database
from kit.refusal import NotFound, Refusal
from uploads import service, store
from uploads.messages import Resumable, Upload
from uploads.refusals import (
    ChecksumMismatch,
    OffsetMismatch,
    TooManyUnfinished,
    UploadDamaged,
    UploadGone,
    UploadIncomplete,
    UploadTooLarge,
)
from uploads.service import MAX_BYTES, Keeper
from uploads.vault import Vault

KEPT_FOR: Final = timedelta(days=1)
UNFINISHED_PER_ACCOUNT: Final = 20
# What one upload holds in memory, and what a bad line can lose.
PIECE_BYTES: Final = 256 * 1024


async def create(db: Database, *, account_id: str, length: int, sha256: bytes | None) -> Resumable:
    """An empty place for a file of `length` bytes, kept a day. Refuses UploadTooLarge, TooManyUnfinished."""
    if length > MAX_BYTES:
        raise UploadTooLarge(megabytes=MAX_BYTES // 1024 // 1024)
    upload_id, now = ids.new_id("upl"), clock.now()
    async with db.begin() as conn:
        await store.hold_unfinished(conn, account_id)
        if await store.count_unfinished(conn, account_id, after=now) >= UNFINISHED_PER_ACCOUNT:
            raise TooManyUnfinished(most=UNFINISHED_PER_ACCOUNT)
        await store.add_unfinished(
            conn,
            id=upload_id,
            account_id=account_id,
            length=length,
            sha256=sha256,
            pieces=[],
            received=0,
            expires_at=now + KEPT_FOR,
        )
    return Resumable(id=upload_id, length=length, received=0, expires_at=now + KEPT_FOR)


async def look(db: Database, keeper: Keeper, upload_id: str, account_id: str) -> Resumable:
    """How much of it is here; one that is whole and was not kept yet, for the process died over it, is kept now.

    Refuses NotFound for somebody else's as for a missing one, UploadGone, and what keeping a file refuses.
    """
    row = await _row(db, upload_id, account_id)
    if row.received == row.length and not row.kept:
        await finish(db, keeper, upload_id, account_id)
    return _resumable(row)


async def receive(
    db: Database,
    keeper: Keeper,
    upload_id: str,
    account_id: str,
    *,
    offset: int,
    body: AsyncIterator[bytes],
    checksum: tuple[str, bytes] | None = None,
) -> Resumable:
    """Appends what comes from `offset` on, piece by piece; the last piece makes the file.

    With a checksum (its algorithm, its bytes) nothing is kept unless the whole of this body fits it. Whatever had come
    before the line broke is kept. Refuses OffsetMismatch (of two at once, one), ChecksumMismatch, UploadTooLarge, UploadGone.
    """
    row = await _row(db, upload_id, account_id)
    if row.received != offset:
        raise OffsetMismatch(received=row.received)
    held = bytearray()
    whole = checksum is not None
    try:
        async for chunk in body:
            held += chunk
            if offset + len(held) > row.length:
                raise UploadTooLarge(megabytes=MAX_BYTES // 1024 // 1024)
            while len(held) >= PIECE_BYTES and not whole:
                offset = await _append(db, keeper.vault, upload_id, offset, bytes(held[:PIECE_BYTES]))
                del held[:PIECE_BYTES]
    finally:
        if held and not whole and offset + len(held) <= row.length:
            # On a line that broke as well: asyncio.shield, for the caller's task is being cancelled then.
            offset = await asyncio.shield(_append(db, keeper.vault, upload_id, offset, bytes(held)))
    if checksum is not None:
        algorithm, digest = checksum
        if hashlib.new(algorithm, held).digest() != digest:
            raise ChecksumMismatch
        if held:
            offset = await _append(db, keeper.vault, upload_id, offset, bytes(held))
    if offset == row.length:
        await finish(db, keeper, upload_id, account_id)
    return msgspec.structs.replace(_resumable(row), received=offset)


async def finish(db: Database, keeper: Keeper, upload_id: str, account_id: str) -> Upload:
    """The pieces become the file under the same id; asked again, it is the same one. A file that is refused is gone."""
    row = await _row(db, upload_id, account_id)
    if row.kept:
        async with db.connect() as conn:
            return await service.own_upload(conn, upload_id, account_id)
    if row.received != row.length:
        raise UploadIncomplete(received=row.received, length=row.length)
    try:
        data = b"".join([await keeper.vault.piece(upload_id, name) for name in row.pieces])
    except UploadDamaged:
        # Another request finished it meanwhile and took the pieces away.
        if (await _row(db, upload_id, account_id)).kept:
            return await finish(db, keeper, upload_id, account_id)
        raise
    sha256 = (await asyncio.to_thread(hashlib.sha256, data)).digest()
    try:
        if row.sha256 is not None and bytes(row.sha256) != sha256:
            raise ChecksumMismatch
        kept = await keeper.keep(upload_id, data, sha256)
    except Refusal as refusal:
        if refusal.status < 500:
            await forget(db, keeper.vault, upload_id, account_id)
        raise
    async with db.begin() as conn:
        # Of two that finish one upload at once the second finds the row.
        await service.add(conn, account_id, kept)
        await store.note_kept(conn, upload_id)
    await keeper.vault.erase_pieces(upload_id)
    return kept


async def forget(db: Database, vault: Vault, upload_id: str, account_id: str) -> None:
    """Given up by its owner, or refused. Refuses NotFound. A file that was kept stays."""
    await _row(db, upload_id, account_id)
    async with db.begin() as conn:
        await store.remove_unfinished(conn, upload_id)
    await vault.erase_pieces(upload_id)


async def forget_expired(db: Database, vault: Vault) -> None:
    """Pieces of uploads nobody went on with within a day."""
    async with db.begin() as conn:
        gone = await store.forget_expired(conn, before=clock.now())
    for upload_id in gone:
        await vault.erase_pieces(upload_id)


async def _append(db: Database, vault: Vault, upload_id: str, offset: int, piece: bytes) -> int:
    """On the disk first; then the offset moves, for one of those who wrote at it. Refuses OffsetMismatch."""
    name = await vault.put_piece(upload_id, piece)
    async with db.begin() as conn:
        moved = await store.append_piece(
            conn, upload_id, offset=offset, size=len(piece), name=name, expires_at=clock.now() + KEPT_FOR
        )
    if not moved:
        await vault.erase_piece(upload_id, name)
        raise OffsetMismatch(received=offset)
    return offset + len(piece)


async def _row(db: Database, upload_id: str, account_id: str) -> Any:
    async with db.connect() as conn:
        row = await store.unfinished(conn, upload_id)
    if row is None or row.account_id != account_id:
        raise NotFound
    if row.expires_at <= clock.now() and not row.kept:
        raise UploadGone
    return row


def _resumable(row: Any) -> Resumable:
    return Resumable(id=row.id, length=row.length, received=row.received, expires_at=row.expires_at)
