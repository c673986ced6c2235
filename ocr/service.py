"""The card room's one verb over HTTP: read photos in a worker, answer a retry with the same reading, keep no photo."""

import asyncio
import base64
import hashlib
import hmac
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

import msgspec

import ocr
from kit import crypto, idempotency
from kit.db import Database, raw
from kit.pool import InferencePool
from kit.refusal import Fault, Refusal
from kit.valkey import Valkey
from ocr.reading import CardReading

_ROUTE: Final = "POST /v1/cards/readings"
# As long as a photo may keep a worker busy, and somewhat more for waiting its turn.
_LONGEST_SECONDS: Final = 180


class Photos(msgspec.Struct, frozen=True):
    """As they were sent; `back` is None when there was one photo."""

    front: bytes
    back: bytes | None

    def secret(self) -> bytes:
        """32 bytes that only those have who have the photos: SHA-256 of each behind its length."""
        digest = hashlib.sha256()
        for photo in (self.front, self.back):
            digest.update(b"-" if photo is None else len(photo).to_bytes(8))
            digest.update(photo or b"")
        return digest.digest()


async def read_card(
    db: Database, valkey: Valkey, pool: InferencePool, *, caller: str, photos: Photos, key: str | None
) -> CardReading:
    """What `ocr.read_card` makes of them. With a `key`, the same photos are answered alike and read once.

    The answer kept for the retry is sealed under the photos themselves: it opens for whoever sends them again, and for
    nobody who has the database, or this server's keys. Refuses what `ocr` says of photos, Busy, WorkerLost, and the
    kit's refusals about the key.
    """
    if key is None:
        return await _read(pool, photos)
    key = idempotency.checked(key)
    secret = await asyncio.to_thread(photos.secret)
    slots = _Slots(db, caller, key, secret)
    async with slots.open() as slot:
        if (kept := slots.kept(slot)) is not None:
            return kept
    async with idempotency.alone(valkey, scope=caller, route=_ROUTE, key=key, at_most_seconds=_LONGEST_SECONDS):
        reading = await _read(pool, photos)
        # Asked again, not held since: no connection waits for a photo to be read. A twin may have been faster meanwhile.
        async with slots.open() as slot:
            if (kept := slots.kept(slot)) is not None:
                return kept
            slots.keep(slot, reading)
    return reading


async def _read(pool: InferencePool, photos: Photos) -> CardReading:
    """Of a refused photo the problem names, for machines too, which of the two it is."""
    try:
        return await pool.run(ocr.read_card, photos.front, photos.back)
    except Refusal as refusal:
        if (side := refusal.fields.get("side")) is not None:
            refusal.faults = [Fault(field=side, code=refusal.code, message=refusal.message)]
        raise


class _Slots:
    """The place of one key, and what is kept in it."""

    def __init__(self, db: Database, caller: str, key: str, secret: bytes) -> None:
        self._db, self._caller, self._key = db, caller, key
        self._digest = hmac.digest(secret, b"which photos", "sha256")
        self._seal = hmac.digest(secret, b"what was read", "sha256")

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[idempotency.Slot]:
        async with (
            self._db.begin() as conn,
            idempotency.once(
                await raw(conn), scope=self._caller, route=_ROUTE, key=self._key, body_digest=self._digest
            ) as slot,
        ):
            yield slot

    def keep(self, slot: idempotency.Slot, reading: CardReading) -> None:
        sealed = crypto.seal(self._seal, msgspec.json.encode(reading), self._owner)
        slot.keep({"sealed": base64.b64encode(sealed).decode()}, status=200)

    def kept(self, slot: idempotency.Slot) -> CardReading | None:
        """None, too, for a reading of another version's shape: the photos are here, and are read again."""
        if slot.reply is None:
            return None
        plain = crypto.unseal(self._seal, base64.b64decode(slot.reply["sealed"]), self._owner)
        try:
            return msgspec.json.decode(plain, type=CardReading)
        except msgspec.ValidationError:
            return None

    @property
    def _owner(self) -> bytes:
        return f"{self._caller}/{self._key}".encode()
